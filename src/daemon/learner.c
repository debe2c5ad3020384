/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/learner.h"

/* For so long in a turn of the main loop: mail waits meanwhile. It has its turn beside what else is ready, or it would never come
 * to its end where mail never ceases. */
#define SLICE_US 100

/* A walk misses something if what stands beside it is put or removed meanwhile, which is rare: in the next one it is something
 * else. What is damaged is missed by all. */
#define WALKS_MAX 3

struct _PgLearner
{
  PgStore       *store;
  PgStoreCursor *cursor; /* NULL: nothing is under way */
  guint          source;
  guint          n_walks; /* that were begun */
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

/* FALSE: all is known, or it is not to be had. */
static gboolean
begin_walk (PgLearner *self)
{
  g_clear_pointer (&self->cursor, pg_store_cursor_free);
  if (self->n_walks == WALKS_MAX || pg_store_knows_all (self->store))
    return FALSE;
  self->cursor = pg_store_cursor_new_loose (self->store);
  self->n_walks++;
  return TRUE;
}

static gboolean
learn (gpointer user_data)
{
  PgLearner  *self = user_data;
  gint64      end_us = g_get_monotonic_time () + SLICE_US;
  PgStoreItem item;

  do
    if (!pg_store_cursor_step_over (self->cursor, &item) && !begin_walk (self))
      {
        self->source = 0;
        return G_SOURCE_REMOVE;
      }
  while (g_get_monotonic_time () < end_us);
  return G_SOURCE_CONTINUE;
}

void
pg_learner_start (PgLearner *self)
{
  stop (self);
  self->n_walks = 0;
  if (begin_walk (self))
    self->source = g_idle_add_full (G_PRIORITY_DEFAULT, learn, self, NULL);
}
