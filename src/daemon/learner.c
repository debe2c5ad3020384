/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/learner.h"

#include "core/error.h"

/* For so long in a turn of the main loop: mail waits meanwhile. It has its turn beside what else is ready, or it would never come
 * to its end where mail never ceases. */
#define SLICE_US 100

struct _PgLearner
{
  PgStore       *store;
  PgStoreCursor *cursor; /* NULL: nothing is under way */
  guint          source;
};

PgLearner *
pg_learner_new (PgStore *store)
{
  PgLearner *self = g_new0 (PgLearner, 1);

  self->store = store;
  return self;
}

static void
stop (PgLearner *self)
{
  if (self->source != 0)
    g_source_remove (self->source);
  self->source = 0;
  g_clear_pointer (&self->cursor, pg_store_cursor_free);
}

void
pg_learner_free (PgLearner *self)
{
  if (self == NULL)
    return;
  stop (self);
  g_free (self);
}

/* FALSE: there is no further one, or the store failed. One that is damaged is stepped over. */
static gboolean
learn_next (PgLearner *self)
{
  g_autoptr (GError) error = NULL;
  PgStoreItem   item;
  PgStoreAnswer answer = pg_store_cursor_step (self->cursor, &item, &error);

  return answer == PG_STORE_FOUND || (answer == PG_STORE_FAILED && !g_error_matches (error, PG_ERROR, PG_ERROR_STORE));
}

static gboolean
learn (gpointer user_data)
{
  PgLearner *self = user_data;
  gint64     end_us = g_get_monotonic_time () + SLICE_US;

  while (learn_next (self))
    if (g_get_monotonic_time () >= end_us)
      return G_SOURCE_CONTINUE;
  self->source = 0;
  stop (self);
  return G_SOURCE_REMOVE;
}

void
pg_learner_start (PgLearner *self)
{
  stop (self);
  self->cursor = pg_store_cursor_new (self->store);
  self->source = g_idle_add_full (G_PRIORITY_DEFAULT, learn, self, NULL);
}
