/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/lines.h"

#include "common.h"

#define TAIL_MAX 200

/* What came out of a splitter: each line as "<LINE>", then how it ended. */
typedef struct
{
  PgLines *lines;
  GString *out;
} Reader;

static void
begin (Reader *reader, gboolean in_line)
{
  reader->lines = pg_lines_new (in_line);
  reader->out = g_string_new (NULL);
}

static void
read_portion (Reader *reader, PgSpan bytes)
{
  g_autofree char *block = NULL;
  PgSpan           data = exact (&block, bytes);
  PgSpan           line;

  while (pg_lines_next (reader->lines, &data, &line))
    {
      g_string_append_c (reader->out, '<');
      g_string_append_len (reader->out, line.data != NULL ? line.data : "", (gssize) line.len);
      g_string_append_c (reader->out, '>');
    }
  ck_assert (data.len == 0);
}

static GString *
end (Reader *reader)
{
  g_string_append_printf (reader->out, " pending %" G_GUINT64_FORMAT " overlong %" G_GUINT64_FORMAT,
                          pg_lines_pending (reader->lines), pg_lines_n_overlong (reader->lines));
  pg_lines_free (reader->lines);
  return reader->out;
}

/* Reads @bytes in portions: the first @first bytes, then @step at a time (0: the rest at once). */
static GString *
read_cut (PgSpan bytes, gboolean in_line, gsize first, gsize step)
{
  Reader reader;

  begin (&reader, in_line);
  read_portion (&reader, pg_span (bytes.data, first));
  for (gsize at = first; at < bytes.len;)
    {
      gsize len = step == 0 ? bytes.len - at : MIN (step, bytes.len - at);

      read_portion (&reader, pg_span (bytes.data + at, len));
      at += len;
    }
  return end (&reader);
}

static void
check_cut (const char *name, GString *got, PgSpan expected)
{
  if (got->len != expected.len || memcmp (got->str, expected.data, got->len) != 0)
    ck_abort_msg ("%s: got \"%.*s\"", name, TAIL_MAX, got->len > TAIL_MAX ? got->str + got->len - TAIL_MAX : got->str);
  g_string_free (got, TRUE);
}

static const struct
{
  PgSpan   bytes;
  gboolean in_line;
  PgSpan   expected;
} rows[] = {
  { BYTES (""), FALSE, BYTES (" pending 0 overlong 0") },
  { BYTES ("\n"), FALSE, BYTES ("<> pending 0 overlong 0") },
  { BYTES ("a\nbc\n"), FALSE, BYTES ("<a><bc> pending 0 overlong 0") },
  { BYTES ("a\n\n\nb\n"), FALSE, BYTES ("<a><><><b> pending 0 overlong 0") },
  { BYTES ("a\nbc"), FALSE, BYTES ("<a> pending 2 overlong 0") },
  { BYTES ("a\r\n\0b\n"), FALSE, BYTES ("<a\r><\0b> pending 0 overlong 0") },
  { BYTES ("\xff\xfe\n"), FALSE, BYTES ("<\xff\xfe> pending 0 overlong 0") },
  { BYTES ("end of one\nnext\n"), TRUE, BYTES ("<next> pending 0 overlong 0") },
  { BYTES ("\nnext\n"), TRUE, BYTES ("<next> pending 0 overlong 0") },
  { BYTES ("no end"), TRUE, BYTES (" pending 6 overlong 0") },
  { BYTES (""), TRUE, BYTES (" pending 0 overlong 0") },
};

START_TEST (lines_are_the_same_for_every_cut)
{
  const char *name = rows[_i].expected.data;
  PgSpan      bytes = rows[_i].bytes;

  for (gsize first = 0; first <= bytes.len; first++)
    {
      check_cut (name, read_cut (bytes, rows[_i].in_line, first, 0), rows[_i].expected);
      check_cut (name, read_cut (bytes, rows[_i].in_line, first, 1), rows[_i].expected);
    }
}
END_TEST

/* A line of @len bytes, with a short one before and behind it. */
static GString *
make_long (gsize len)
{
  GString *bytes = g_string_new ("before\n");

  for (gsize i = 0; i < len; i++)
    g_string_append_c (bytes, (char) ('a' + i % 26));
  g_string_append (bytes, "\nafter\n");
  return bytes;
}

static const gsize long_lengths[] = { PG_LINES_MAX - 1, PG_LINES_MAX, PG_LINES_MAX + 1, 2 * PG_LINES_MAX, 3 * PG_LINES_MAX + 1 };

START_TEST (an_overlong_line_is_dropped_through_its_end)
{
  static const gsize cuts[] = { 0, 7, 8, 100, PG_LINES_MAX, PG_LINES_MAX + 6, PG_LINES_MAX + 7, PG_LINES_MAX + 8 };
  gsize              len = long_lengths[_i];
  gboolean           kept = len <= PG_LINES_MAX;
  GString           *bytes = make_long (len);
  GString           *expected = g_string_new ("<before>");

  if (kept)
    g_string_append_printf (expected, "<%.*s>", (int) len, bytes->str + 7);
  g_string_append_printf (expected, "<after> pending 0 overlong %d", kept ? 0 : 1);
  for (gsize i = 0; i < G_N_ELEMENTS (cuts); i++)
    for (gsize step = 0; step < 3; step++)
      check_cut ("long", read_cut (pg_span (bytes->str, bytes->len), FALSE, cuts[i], step * 4093),
                 pg_span (expected->str, expected->len));
  check_cut ("byte by byte", read_cut (pg_span (bytes->str, bytes->len), FALSE, 0, 1), pg_span (expected->str, expected->len));
  g_string_free (bytes, TRUE);
  g_string_free (expected, TRUE);
}
END_TEST

START_TEST (an_overlong_line_is_counted_before_its_end)
{
  g_autoptr (PgLines) lines = pg_lines_new (FALSE);
  g_autofree char *bytes = g_strnfill (PG_LINES_MAX + 1, 'x');
  PgSpan           data = pg_span (bytes, PG_LINES_MAX + 1);
  PgSpan           line;

  ck_assert (!pg_lines_next (lines, &data, &line));
  ck_assert (pg_lines_n_overlong (lines) == 1);
  ck_assert (pg_lines_pending (lines) == PG_LINES_MAX + 1);
  data = pg_span ("y\nz\n", 4);
  ck_assert (pg_lines_next (lines, &data, &line));
  ck_assert (pg_span_is (line, "z"));
  ck_assert (pg_lines_n_overlong (lines) == 1);
}
END_TEST

START_TEST (a_line_outlives_the_portion_of_its_start)
{
  g_autoptr (PgLines) lines = pg_lines_new (FALSE);
  g_autofree char *first = g_strdup ("one t");
  PgSpan           data = pg_span (first, 5);
  PgSpan           line;

  ck_assert (!pg_lines_next (lines, &data, &line));
  memset (first, '#', 5);
  data = pg_span ("wo\nthree\n", 9);
  ck_assert (pg_lines_next (lines, &data, &line));
  ck_assert (pg_span_is (line, "one two"));
  ck_assert (pg_lines_next (lines, &data, &line));
  ck_assert (pg_span_is (line, "three"));
  ck_assert (!pg_lines_next (lines, &data, &line));
  pg_lines_free (NULL);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, lines_are_the_same_for_every_cut, 0, G_N_ELEMENTS (rows));
  tcase_add_loop_test (tests, an_overlong_line_is_dropped_through_its_end, 0, G_N_ELEMENTS (long_lengths));
  tcase_add_test (tests, an_overlong_line_is_counted_before_its_end);
  tcase_add_test (tests, a_line_outlives_the_portion_of_its_start);
}

PG_TEST_MAIN ("lines", fill)
