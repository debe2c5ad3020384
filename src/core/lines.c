/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/lines.h"

struct _PgLines
{
  GString *partial;    /* the unfinished line, unless it is dropped */
  gboolean dropping;   /* the unfinished line goes nowhere */
  gboolean handed_out; /* @partial was given as a line and is to be emptied */
  guint64  pending;
  guint64  n_overlong;
  guint64  number; /* LFs that were seen */
};

PgLines *
pg_lines_new (gboolean in_line)
{
  PgLines *self = g_new0 (PgLines, 1);

  self->partial = g_string_new (NULL);
  self->dropping = in_line;
  return self;
}

void
pg_lines_free (PgLines *self)
{
  if (self == NULL)
    return;
  g_string_free (self->partial, TRUE);
  g_free (self);
}

/* Adds @piece to the unfinished line, and gives the line up when it has become too long. */
static void
keep_piece (PgLines *self, PgSpan piece)
{
  self->pending += piece.len;
  if (self->dropping)
    return;
  if (self->partial->len + piece.len > PG_LINES_MAX)
    {
      self->dropping = TRUE;
      self->n_overlong++;
      g_string_truncate (self->partial, 0);
      return;
    }
  g_string_append_len (self->partial, piece.data, (gssize) piece.len);
}

/* An LF came: the line is @piece alone, as nearly always, or what was kept of it before and @piece. */
static inline gboolean
finish_line (PgLines *self, PgSpan piece, PgSpan *out_line)
{
  gboolean dropped;

  if (G_LIKELY (self->pending == 0 && !self->dropping && piece.len <= PG_LINES_MAX))
    {
      *out_line = piece;
      return TRUE;
    }
  keep_piece (self, piece);
  dropped = self->dropping;
  self->dropping = FALSE;
  self->pending = 0;
  self->handed_out = TRUE;
  *out_line = pg_span (self->partial->str, self->partial->len);
  return !dropped;
}

gboolean
pg_lines_next (PgLines *self, PgSpan *data, PgSpan *out_line)
{
  PgSpan piece;

  if (self->handed_out)
    {
      g_string_truncate (self->partial, 0);
      self->handed_out = FALSE;
    }
  while (pg_span_take_until (data, '\n', &piece))
    {
      self->number++;
      if (finish_line (self, piece, out_line))
        return TRUE;
      g_string_truncate (self->partial, 0);
      self->handed_out = FALSE;
    }
  keep_piece (self, *data);
  pg_span_skip (data, data->len);
  return FALSE;
}

guint64
pg_lines_pending (const PgLines *self)
{
  return self->pending;
}

guint64
pg_lines_number (const PgLines *self)
{
  return self->number;
}

guint64
pg_lines_n_overlong (const PgLines *self)
{
  return self->n_overlong;
}
