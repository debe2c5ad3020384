/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/reader.h"

void
pg_reader_clear (PgReader *self)
{
  g_clear_pointer (&self->lines, pg_lines_free);
  g_clear_pointer (&self->held, g_bytes_unref);
  self->rest = pg_span (NULL, 0);
}

void
pg_reader_begin (PgReader *self)
{
  pg_reader_clear (self);
  self->lines = pg_lines_new (FALSE);
}

gboolean
pg_reader_is_begun (const PgReader *self)
{
  return self->lines != NULL;
}

gboolean
pg_reader_is_empty (const PgReader *self)
{
  return self->held == NULL && self->rest.len == 0;
}

void
pg_reader_push (PgReader *self, PgSpan portion)
{
  g_return_if_fail (pg_reader_is_empty (self));
  self->rest = portion;
}

static gboolean
give_held (PgReader *self, PgSource *source, const PgSourceSink *sink)
{
  gsize       len;
  const char *data;

  if (self->held == NULL)
    return TRUE;
  data = g_bytes_get_data (self->held, &len);
  if (!pg_source_give (source, pg_span (data, len), sink))
    return FALSE;
  g_clear_pointer (&self->held, g_bytes_unref);
  return TRUE;
}

gboolean
pg_reader_give (PgReader *self, PgSource *source, const PgSourceSink *sink)
{
  PgSpan line;

  if (!give_held (self, source, sink))
    return FALSE;
  while (pg_lines_next (self->lines, &self->rest, &line))
    if (!pg_source_give (source, line, sink))
      {
        self->held = g_bytes_new (line.data, line.len);
        return FALSE;
      }
  return TRUE;
}

guint64
pg_reader_n_open (const PgReader *self)
{
  guint64 held = self->held != NULL ? g_bytes_get_size (self->held) + 1 : 0;

  return held + self->rest.len + pg_lines_pending (self->lines);
}
