/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/sweeper.h"

#include "core/duration.h"
#include "core/error.h"
#include "core/steady.h"

/* Records looked at, or removed, in one turn of the main loop. */
#define SLICE 256

/* Addresses collected in one walk; the rest is for the next one. */
#define FOUND_MAX 100000

/* A clock that was stepped, or was wrong when we started, may be put right soon: what seems to be years old until then is not. */
#define STEADY_US PG_HOUR

struct _PgSweeper
{
  PgEngine      *engine;
  PgSteady       steady;
  PgStoreCursor *cursor; /* while looking */
  GArray        *found;  /* of PgAddress, to be removed when the walk is over */
  guint          source;
};

PgSweeper *
pg_sweeper_new (PgEngine *engine)
{
  PgSweeper *self = g_new0 (PgSweeper, 1);

  self->engine = engine;
  self->found = g_array_new (FALSE, FALSE, sizeof (PgAddress));
  return self;
}

void
pg_sweeper_free (PgSweeper *self)
{
  if (self == NULL)
    return;
  if (self->source != 0)
    g_source_remove (self->source);
  pg_store_cursor_free (self->cursor);
  g_array_unref (self->found);
  g_free (self);
}

/* Looks at one more grant. FALSE: there is none, or the store failed. A grant that is damaged is stepped over. */
static gboolean
look_at_next (PgSweeper *self, gint64 now_us)
{
  PgRecord record;
  g_autoptr (GError) error = NULL;
  PgStoreAnswer answer = pg_store_cursor_next (self->cursor, &record, &error);

  if (answer == PG_STORE_FOUND && pg_engine_is_outdated (&record, now_us))
    g_array_append_val (self->found, record.address);
  return answer == PG_STORE_FOUND || (answer == PG_STORE_FAILED && !g_error_matches (error, PG_ERROR, PG_ERROR_STORE));
}

/* Returns TRUE while there is more to look at. */
static gboolean
look (PgSweeper *self, gint64 now_us)
{
  for (guint i = 0; i < SLICE && self->found->len < FOUND_MAX; i++)
    if (!look_at_next (self, now_us))
      return FALSE;
  return self->found->len < FOUND_MAX;
}

/* It may have logged in again since it was found. */
static gboolean
remove_outdated (PgSweeper *self, const PgAddress *address, gint64 now_us)
{
  PgStore *store = pg_engine_store (self->engine);
  PgRecord record;

  if (pg_store_get (store, address, &record, NULL) != PG_STORE_FOUND || !pg_engine_is_outdated (&record, now_us))
    return TRUE;
  return pg_store_remove (store, address, NULL);
}

/* Returns TRUE while there is more to remove. */
static gboolean
remove_some (PgSweeper *self, gint64 now_us)
{
  for (guint i = 0; i < SLICE && self->found->len > 0; i++)
    {
      PgAddress address = g_array_index (self->found, PgAddress, self->found->len - 1);

      g_array_set_size (self->found, self->found->len - 1);
      if (!remove_outdated (self, &address, now_us))
        g_array_set_size (self->found, 0); /* the store failed, and will say so itself */
    }
  return self->found->len > 0;
}

static gboolean
sweep_on (gpointer user_data)
{
  PgSweeper *self = user_data;
  gint64     now_us = g_get_real_time ();

  if (self->cursor != NULL)
    {
      if (!look (self, now_us))
        g_clear_pointer (&self->cursor, pg_store_cursor_free);
      return G_SOURCE_CONTINUE;
    }
  /* Removing moves records about: another walk would miss some. */
  if (pg_store_n_cursors (pg_engine_store (self->engine)) == 0 && remove_some (self, now_us))
    return G_SOURCE_CONTINUE;
  g_array_set_size (self->found, 0);
  self->source = 0;
  return G_SOURCE_REMOVE;
}

void
pg_sweeper_start (PgSweeper *self)
{
  gint64 steady_us = pg_steady_look (&self->steady, g_get_real_time (), g_get_monotonic_time ());

  if (steady_us < STEADY_US || self->source != 0 || pg_engine_problem (self->engine) != NULL)
    return;
  (void) pg_engine_forget_outdated_notes (self->engine, g_get_real_time (), NULL);
  self->cursor = pg_store_cursor_new (pg_engine_store (self->engine));
  self->source = g_idle_add (sweep_on, self);
}
