/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/usage-keeper.h"

/* What may be lost if popgated is killed. */
#define WRITE_TICKS 10

/* Pairs written in one turn of the main loop, and how soon the next come: all that there may be are written in WRITE_TICKS. */
#define SLICE 8
#define SLICE_MS 15

struct _PgUsageKeeper
{
  PgEngine   *engine;
  PgUsageLog *log;
  guint       ticks;
  guint       source;   /* writes; 0: nothing is to be written now */
  guint64     lost;     /* as it was told last */
  gboolean    has_told; /* that it can't be written; until it can */
};

PgUsageKeeper *
pg_usage_keeper_new (PgEngine *engine)
{
  PgUsageKeeper *self = g_new0 (PgUsageKeeper, 1);

  self->engine = engine;
  self->log = pg_usage_log_new (engine);
  return self;
}

/* A store that can't be used says so itself. */
static void
tell_failure (PgUsageKeeper *self, const GError *error)
{
  if (!self->has_told && pg_engine_problem (self->engine) == NULL)
    {
      g_warning ("who relays cannot be written, and is kept in memory: %s", error->message);
      self->has_told = TRUE;
    }
}

static gboolean
write_some (gpointer user_data)
{
  PgUsageKeeper *self = user_data;
  g_autoptr (GError) error = NULL;
  PgUsageLogWrite result = pg_usage_log_write (self->log, SLICE, &error);

  if (result == PG_USAGE_LOG_MORE)
    return G_SOURCE_CONTINUE;
  if (result == PG_USAGE_LOG_FAILED)
    tell_failure (self, error);
  else
    self->has_told = FALSE;
  self->source = 0;
  return G_SOURCE_REMOVE;
}

static void
tell_lost (PgUsageKeeper *self)
{
  guint64 lost = pg_usage_log_n_lost (self->log);

  if (lost > 0 && self->lost == 0)
    g_warning ("more users and addresses relay than are kept: popgate report tells how many recipients are not counted");
  self->lost = lost;
}

void
pg_usage_keeper_tick (PgUsageKeeper *self)
{
  tell_lost (self);
  self->ticks++;
  if (self->ticks % WRITE_TICKS == 0 && self->source == 0 && pg_engine_problem (self->engine) == NULL
      && !pg_store_is_busy (pg_engine_store (self->engine)) && write_some (self) == G_SOURCE_CONTINUE)
    self->source = g_timeout_add (SLICE_MS, write_some, self);
}

PgUsageLog *
pg_usage_keeper_log (const PgUsageKeeper *self)
{
  return self->log;
}

void
pg_usage_keeper_free (PgUsageKeeper *self)
{
  g_autoptr (GError) error = NULL;

  if (self == NULL)
    return;
  if (self->source != 0)
    g_source_remove (self->source);
  if (pg_engine_problem (self->engine) == NULL && !pg_usage_log_write_all (self->log, &error))
    tell_failure (self, error);
  pg_usage_log_free (self->log);
  g_free (self);
}
