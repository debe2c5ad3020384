/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/input.h"

#include "core/error.h"
#include "core/lines.h"

#include <errno.h>
#include <unistd.h>

#define PORTION 65536

/* Lines that were dropped all lie before the one that is handed out next: that one waits until they are told of. */
struct _PgInput
{
  PgLines *lines;
  PgSpan   rest; /* of @portion, or the LF that a last line lacks */
  PgSpan   line;
  guint64  n_overlong; /* told of */
  guint64  number;     /* of what was told last */
  gboolean has_line;
  gboolean is_at_end;
  char     portion[PORTION];
};

PgInput *
pg_input_new (void)
{
  PgInput *self = g_new0 (PgInput, 1);

  self->lines = pg_lines_new (FALSE);
  return self;
}

void
pg_input_free (PgInput *self)
{
  if (self == NULL)
    return;
  pg_lines_free (self->lines);
  g_free (self);
}

static gboolean
read_portion (PgInput *self, GError **error)
{
  gssize n;

  do
    n = read (STDIN_FILENO, self->portion, sizeof self->portion);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    g_set_error (error, PG_ERROR, PG_ERROR_SYSTEM, "cannot read the standard input: %s", g_strerror (errno));
  self->is_at_end = n <= 0;
  if (n > 0)
    self->rest = pg_span (self->portion, (gsize) n);
  else if (n == 0 && pg_lines_pending (self->lines) > 0)
    self->rest = pg_span ("\n", 1);
  return n >= 0;
}

/* Finds the next line, and with it all that were dropped before it. */
static gboolean
look_ahead (PgInput *self, GError **error)
{
  while (!self->has_line && pg_lines_n_overlong (self->lines) == self->n_overlong)
    {
      self->has_line = pg_lines_next (self->lines, &self->rest, &self->line);
      if (self->has_line)
        break;
      if (self->is_at_end)
        return TRUE;
      if (!read_portion (self, error))
        return FALSE;
    }
  return TRUE;
}

PgInputStep
pg_input_next (PgInput *self, PgSpan *out_line, GError **error)
{
  if (!look_ahead (self, error))
    return PG_INPUT_FAILED;
  if (pg_lines_n_overlong (self->lines) > self->n_overlong)
    {
      self->n_overlong++;
      self->number++;
      return PG_INPUT_OVERLONG;
    }
  if (!self->has_line)
    return PG_INPUT_END;
  self->has_line = FALSE;
  self->number = pg_lines_number (self->lines);
  *out_line = self->line;
  return PG_INPUT_LINE;
}

guint64
pg_input_number (const PgInput *self)
{
  return self->number;
}
