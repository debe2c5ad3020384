/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines: the same for every way to cut the input, and those that a plain search gives. */
#include "core/lines.h"

#include "common.h"

static void
tell_line (GString *told, PgSpan line)
{
  must (line.len <= PG_LINES_MAX);
  must (line.len == 0 || memchr (line.data, '\n', line.len) == NULL);
  g_string_append_len (told, line.data, (gssize) line.len);
  g_string_append_c (told, '\n');
}

static GString *
read_cut (PgSpan bytes, gboolean in_line, PgSpan steps)
{
  PgLines *lines = pg_lines_new (in_line);
  GString *told = g_string_new (NULL);

  for (gsize at = 0, turn = 0; at < bytes.len; turn++)
    {
      gsize            step = step_of (steps, turn, bytes.len);
      g_autofree char *block = NULL;
      PgSpan           data = exact (&block, pg_span (bytes.data + at, MIN (step, bytes.len - at)));
      PgSpan           line;

      at += data.len;
      while (pg_lines_next (lines, &data, &line))
        tell_line (told, line);
      must (data.len == 0);
    }
  g_string_append_printf (told, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, pg_lines_pending (lines),
                          pg_lines_n_overlong (lines));
  pg_lines_free (lines);
  return told;
}

static GString *
search (PgSpan bytes, gboolean in_line)
{
  GString *told = g_string_new (NULL);
  guint64  n_overlong = 0;
  PgSpan   line;

  while (pg_span_take_until (&bytes, '\n', &line))
    {
      if (line.len <= PG_LINES_MAX && !in_line)
        tell_line (told, line);
      else if (!in_line)
        n_overlong++;
      in_line = FALSE;
    }
  n_overlong += !in_line && bytes.len > PG_LINES_MAX;
  g_string_append_printf (told, "%" G_GSIZE_FORMAT " %" G_GUINT64_FORMAT, bytes.len, n_overlong);
  return told;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  PgSpan   input = pg_span ((const char *) data, size);
  gboolean in_line = take_byte (&input) & 1;
  PgSpan   steps = take_steps (&input);
  GString *bytes;
  GString *whole;
  GString *cut;
  GString *plain;

  bytes = unfold (input);
  whole = read_cut (pg_span (bytes->str, bytes->len), in_line, pg_span (NULL, 0));
  cut = read_cut (pg_span (bytes->str, bytes->len), in_line, steps);
  plain = search (pg_span (bytes->str, bytes->len), in_line);
  must (g_string_equal (whole, cut));
  must (g_string_equal (whole, plain));
  g_string_free (bytes, TRUE);
  g_string_free (whole, TRUE);
  g_string_free (cut, TRUE);
  g_string_free (plain, TRUE);
  return 0;
}
