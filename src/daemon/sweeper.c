/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/sweeper.h"

#include "core/duration.h"
#include "core/steady.h"

/* Records looked at, or removed, in one turn of the main loop. */
#define SLICE 256

/* Addresses collected in one walk; the rest is for the next one. */
#define FOUND_MAX 100000
#define USAGES_MAX 4096

/* A clock that was stepped, or was wrong when we started, may be put right soon: what seems to be years old until then is not. */
#define STEADY_US PG_HOUR

struct _PgSweeper
{
  PgEngine      *engine;
  PgSteady       steady;
  PgStoreCursor *cursor; /* while looking */
  GArray        *found;  /* of PgAddress, to be removed when the walk is over */
  GArray        *usages; /* of PgUsagePair, the same */
  guint          source;
};

PgSweeper *
pg_sweeper_new (PgEngine *engine)
{
  PgSweeper *self = g_new0 (PgSweeper, 1);

  self->engine = engine;
  self->found = g_array_new (FALSE, FALSE, sizeof (PgAddress));
  self->usages = g_array_new (FALSE, FALSE, sizeof (PgUsagePair));
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
  g_array_unref (self->usages);
  g_free (self);
}

static void
judge (PgSweeper *self, const PgStoreItem *item, gint64 now_us)
{
  if (item->kind == PG_STORE_GRANT && pg_engine_is_outdated (&item->grant, now_us))
    g_array_append_val (self->found, item->grant.address);
  if (item->kind == PG_STORE_USAGE && self->usages->len < USAGES_MAX && pg_usage_is_outdated (&item->usage, now_us))
    g_array_append_val (self->usages, item->usage.pair);
}

/* Returns TRUE while there is more to look at. */
static gboolean
look (PgSweeper *self, gint64 now_us)
{
  PgStoreItem item;

  for (guint i = 0; i < SLICE && self->found->len < FOUND_MAX; i++)
    {
      if (!pg_store_cursor_step_over (self->cursor, &item))
        return FALSE;
      judge (self, &item, now_us);
    }
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

static gboolean
remove_usage (PgSweeper *self, const PgUsagePair *pair, gint64 now_us)
{
  PgStore *store = pg_engine_store (self->engine);
  PgUsage  usage;

  if (pg_store_get_usage (store, pair, &usage, NULL) != PG_STORE_FOUND || !pg_usage_is_outdated (&usage, now_us))
    return TRUE;
  return pg_store_remove_usage (store, pair, NULL);
}

/* If the store failed it will say so itself. */
static void
forget_all (PgSweeper *self)
{
  g_array_set_size (self->found, 0);
  g_array_set_size (self->usages, 0);
}

static gboolean
remove_one (PgSweeper *self, gint64 now_us)
{
  PgAddress   address;
  PgUsagePair pair;

  if (self->found->len > 0)
    {
      address = g_array_index (self->found, PgAddress, self->found->len - 1);
      g_array_set_size (self->found, self->found->len - 1);
      return remove_outdated (self, &address, now_us);
    }
  pair = g_array_index (self->usages, PgUsagePair, self->usages->len - 1);
  g_array_set_size (self->usages, self->usages->len - 1);
  return remove_usage (self, &pair, now_us);
}

/* Returns TRUE while there is more to remove. */
static gboolean
remove_some (PgSweeper *self, gint64 now_us)
{
  for (guint i = 0; i < SLICE && self->found->len + self->usages->len > 0; i++)
    if (!remove_one (self, now_us))
      forget_all (self);
  return self->found->len + self->usages->len > 0;
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
  forget_all (self);
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
