/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/source.h"

#include "core/error.h"
#include "source/source-class.h"

#define FORMAT_OPTION "format="

static PgSource *
make_kind (const char *name)
{
  if (g_str_has_prefix (name, "file:/"))
    return pg_file_source_new (name + strlen ("file:"));
  if (g_str_equal (name, "stdin:"))
    return pg_stdin_source_new ();
  return NULL;
}

PgSource *
pg_source_new (const char *spec, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (spec, ",", 2);
  PgHeadFormat format = PG_HEAD_UNKNOWN;
  PgSpan       option = pg_span_from_string (parts[0] != NULL && parts[1] != NULL ? parts[1] : FORMAT_OPTION "auto");
  PgSource    *self = NULL;

  if (parts[0] != NULL && pg_span_take (&option, FORMAT_OPTION) && pg_head_format_from_span (option, &format))
    self = make_kind (parts[0]);
  if (self == NULL)
    {
      g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "\"%s\": expected file:/PATH or stdin:, perhaps with ,format=...", spec);
      return NULL;
    }
  self->name = g_strdup (parts[0]);
  self->format = format;
  return self;
}

void
pg_source_free (PgSource *self)
{
  if (self == NULL)
    return;
  g_free (self->name);
  self->class->free (self);
}

const char *
pg_source_name (const PgSource *self)
{
  return self->name;
}

void
pg_source_start (PgSource *self, GBytes *position, gint64 since_us, const PgClock *clock)
{
  self->class->start (self, position, since_us, clock);
}

int
pg_source_fd (const PgSource *self)
{
  return self->class->fd (self);
}

gboolean
pg_source_read (PgSource *self, gsize budget, const PgSourceSink *sink)
{
  return self->class->read (self, budget, sink);
}

void
pg_source_tick (PgSource *self)
{
  if (self->class->tick != NULL)
    self->class->tick (self);
}

PgSourceState
pg_source_state (const PgSource *self)
{
  return self->class->state (self);
}

const char *
pg_source_problem (const PgSource *self)
{
  return self->class->problem (self);
}

GBytes *
pg_source_position (PgSource *self)
{
  return self->class->position != NULL ? self->class->position (self) : NULL;
}
