/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/source.h"

#include "source/source-class.h"

PgSource *
pg_source_new (const char *text, GError **error)
{
  static PgSourceNew *const kinds[] = {
    [PG_SOURCE_FILE] = pg_file_source_new,
    [PG_SOURCE_STDIN] = pg_stdin_source_new,
    [PG_SOURCE_JOURNAL] = pg_journal_source_new,
  };
  g_autoptr (PgSourceSpec) spec = pg_source_spec_parse (text, error);
  PgSource *self;

  if (spec == NULL)
    return NULL;
  self = kinds[spec->kind](spec, error);
  if (self == NULL)
    {
      g_prefix_error (error, "[log] source = \"%s\": ", text);
      return NULL;
    }
  self->name = g_strdup (spec->name);
  self->written_us = G_MAXINT64;
  if (spec->kind != PG_SOURCE_JOURNAL)
    self->format = spec->format;
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

const char *
pg_source_warning (const PgSource *self)
{
  return self->class->warning != NULL ? self->class->warning (self) : NULL;
}

gint64
pg_source_written_us (const PgSource *self)
{
  return self->written_us;
}

gboolean
pg_source_is_over (const PgSource *self)
{
  return self->class->is_over != NULL && self->class->is_over (self);
}

GBytes *
pg_source_position (PgSource *self)
{
  return self->class->position != NULL ? self->class->position (self) : NULL;
}
