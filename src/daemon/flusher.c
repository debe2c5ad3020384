/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/flusher.h"

#include "daemon/failure-log.h"

/* For so long in a turn of the main loop: mail waits meanwhile. It has its turn beside what else is ready, or it would never come
 * to its end where mail never ceases. */
#define SLICE_US 100

struct _PgFlusher
{
  PgStore     *store;
  guint        source; /* 0: nothing is under way */
  PgFailureLog failures;
};

PgFlusher *
pg_flusher_new (PgStore *store)
{
  PgFlusher *self = g_new0 (PgFlusher, 1);

  self->store = store;
  return self;
}

void
pg_flusher_free (PgFlusher *self)
{
  if (self == NULL)
    return;
  if (self->source != 0)
    g_source_remove (self->source);
  pg_failure_log_clear (&self->failures);
  g_free (self);
}

/* A store that was closed by what happened says so itself. One that is still open keeps what it has no room for, and all answers
 * are right: but the redo log grows until there is room. */
static void
tell (PgFlusher *self, GError *error)
{
  if (error != NULL && pg_store_problem (self->store) != NULL)
    return;
  if (error != NULL)
    g_prefix_error (&error, "grants stay in the redo log: ");
  pg_failure_log_tell (&self->failures, error != NULL ? error->message : NULL);
}

/* What can't be flushed now is tried again at the next tick. */
static gboolean
flush (gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  PgFlusher *self = user_data;
  gint64     end_us = g_get_monotonic_time () + SLICE_US;

  while (pg_store_n_pending (self->store) > 0 && pg_store_flush (self->store, 1, &error))
    if (g_get_monotonic_time () >= end_us)
      return G_SOURCE_CONTINUE;
  tell (self, error);
  self->source = 0;
  return G_SOURCE_REMOVE;
}

void
pg_flusher_tick (PgFlusher *self)
{
  if (self->source == 0 && pg_store_n_pending (self->store) > 0)
    self->source = g_idle_add_full (G_PRIORITY_DEFAULT, flush, self, NULL);
}
