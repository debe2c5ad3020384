/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/committer.h"

#include "core/error.h"
#include "daemon/failure-log.h"

/* What may be lost if the machine dies: grants are gathered for so long. */
#define SOON_MS 100

typedef struct
{
  PgCommitted done;
  gpointer    user_data;
} Waiter;

/* One sync at a time: who asks while one is under way waits for the next, since this one may have begun too early. */
typedef struct
{
  PgCommitter *owner; /* NULL: it was freed meanwhile */
  GArray      *waiters;
  gint64       begun_us; /* monotonic */
} Sync;

struct _PgCommitter
{
  PgEngine    *engine;
  PgWatcher   *watcher;
  GArray      *waiting;     /* of Waiter */
  Sync        *sync;        /* under way, or NULL */
  guint        soon_source; /* begins one; 0: none */
  PgFailureLog failures;

  PgCommitterCounters counters;
};

static GArray *
new_waiters (void)
{
  return g_array_new (FALSE, FALSE, sizeof (Waiter));
}

PgCommitter *
pg_committer_new (PgEngine *engine)
{
  PgCommitter *self = g_new0 (PgCommitter, 1);

  self->engine = engine;
  self->waiting = new_waiters ();
  return self;
}

static void
tell_all (GArray *waiters, const GError *error)
{
  for (guint i = 0; i < waiters->len; i++)
    {
      const Waiter *waiter = &g_array_index (waiters, Waiter, i);

      waiter->done (error, waiter->user_data);
    }
  g_array_unref (waiters);
}

void
pg_committer_free (PgCommitter *self)
{
  g_autoptr (GError) error = g_error_new_literal (PG_ERROR, PG_ERROR_STORE, "popgated is ending");

  if (self == NULL)
    return;
  if (self->sync != NULL)
    {
      self->sync->owner = NULL;
      tell_all (g_steal_pointer (&self->sync->waiters), error);
    }
  tell_all (self->waiting, error);
  if (self->soon_source != 0)
    g_source_remove (self->soon_source);
  pg_failure_log_clear (&self->failures);
  g_free (self);
}

void
pg_committer_set_watcher (PgCommitter *self, PgWatcher *watcher)
{
  self->watcher = watcher;
}

static void begin (PgCommitter *self);

static void
save_positions (PgCommitter *self)
{
  g_autoptr (GError) error = NULL;

  if (self->watcher != NULL && !pg_watcher_save_positions (self->watcher, &error))
    g_prefix_error (&error, "cannot save how far the logs were read: ");
  pg_failure_log_tell (&self->failures, error != NULL ? error->message : NULL);
}

static void
finish (G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Sync *sync = user_data;
  g_autoptr (GError) error = NULL;
  PgCommitter *self = sync->owner;
  gboolean     ok = pg_store_sync_finish (result, &error);

  if (self == NULL)
    return;
  self->sync = NULL;
  pg_histogram_add (&self->counters.syncs, g_get_monotonic_time () - sync->begun_us, 1);
  self->counters.failures += !ok;
  if (ok)
    save_positions (self);
  else
    pg_failure_log_tell (&self->failures, error->message);
  tell_all (sync->waiters, error);
  if (self->waiting->len > 0)
    begin (self);
  else if (ok && pg_store_is_dirty (pg_engine_store (self->engine)))
    pg_committer_soon (self);
}

static void
note_positions (PgCommitter *self)
{
  if (self->watcher != NULL)
    pg_watcher_note_positions (self->watcher);
}

static void
begin (PgCommitter *self)
{
  self->sync = g_new0 (Sync, 1);
  self->sync->owner = self;
  self->sync->waiters = self->waiting;
  self->sync->begun_us = g_get_monotonic_time ();
  self->waiting = new_waiters ();
  note_positions (self);
  pg_store_sync_async (pg_engine_store (self->engine), finish, self->sync);
}

void
pg_committer_tick (PgCommitter *self)
{
  if (pg_engine_problem (self->engine) != NULL || pg_store_is_busy (pg_engine_store (self->engine)) || self->sync != NULL)
    return;
  if (pg_store_is_dirty (pg_engine_store (self->engine)))
    {
      begin (self);
      return;
    }
  /* All grants are on the disk; what was read since held none. */
  note_positions (self);
  save_positions (self);
}

static gboolean
sync_now (gpointer user_data)
{
  PgCommitter *self = user_data;

  self->soon_source = 0;
  pg_committer_tick (self);
  return G_SOURCE_REMOVE;
}

void
pg_committer_soon (PgCommitter *self)
{
  if (self->soon_source == 0)
    self->soon_source = g_timeout_add (SOON_MS, sync_now, self);
}

void
pg_committer_commit (PgCommitter *self, PgCommitted done, gpointer user_data)
{
  Waiter waiter = { .done = done, .user_data = user_data };

  g_array_append_val (self->waiting, waiter);
  if (self->sync == NULL)
    begin (self);
}

const PgCommitterCounters *
pg_committer_counters (const PgCommitter *self)
{
  return &self->counters;
}
