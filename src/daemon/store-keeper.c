/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/store-keeper.h"

#include "daemon/flusher.h"
#include "daemon/learner.h"

struct _PgStoreKeeper
{
  PgEngine         *engine;
  PgStoreKeeperHost host;
  PgFlusher        *flusher;
  PgLearner        *learner;
  guint64           store_id; /* of the database that was open last; 0: none was yet */
  char             *told;     /* what is wrong with it, as it was logged last */
};

PgStoreKeeper *
pg_store_keeper_new (PgEngine *engine, PgStoreKeeperHost host)
{
  PgStoreKeeper *self = g_new0 (PgStoreKeeper, 1);

  self->engine = engine;
  self->host = host;
  self->flusher = pg_flusher_new (pg_engine_store (engine));
  self->learner = pg_learner_new (pg_engine_store (engine));
  return self;
}

void
pg_store_keeper_free (PgStoreKeeper *self)
{
  if (self == NULL)
    return;
  pg_flusher_free (self->flusher);
  pg_learner_free (self->learner);
  g_free (self->told);
  g_free (self);
}

/* What is wrong with the store is said when it changes. That it is only not open yet is not logged, but who looks in sees it; so
 * it is told whenever it is open. */
static void
tell (PgStoreKeeper *self, const char *problem)
{
  PgStore *store = pg_engine_store (self->engine);
  gboolean is_news = g_strcmp0 (problem, self->told) != 0;

  if (is_news || problem == NULL)
    pg_events_tell (pg_engine_events (self->engine), &(PgEvent){ .kind = PG_EVENT_STORE, .problem = problem });
  if (!is_news)
    return;
  if (problem != NULL)
    g_warning ("%s; refusals are deferred until the database can be used", problem);
  else
    g_message ("%s: open, %" G_GUINT64_FORMAT " grants, %u notes", pg_store_path (store), pg_store_n_grants (store),
               pg_noteset_size (pg_engine_notes (self->engine)));
  g_free (self->told);
  self->told = g_strdup (problem);
}

/* Another database knows nothing of the logins that are read already. */
static void
follow (PgStoreKeeper *self)
{
  guint64 id = pg_store_id (pg_engine_store (self->engine));

  if (self->store_id != 0 && self->store_id != id)
    {
      g_warning ("%s is another database than before: the logs are read again", pg_store_path (pg_engine_store (self->engine)));
      self->host.moved (self->host.user_data);
    }
  self->store_id = id;
}

/* Of a store that is open, what was not brought before. */
static void
bring (PgStoreKeeper *self)
{
  g_autoptr (GError) error = NULL;

  if (pg_engine_problem (self->engine) == NULL)
    return;
  if (pg_engine_bring (self->engine, &error))
    {
      follow (self);
      tell (self, NULL);
      pg_learner_start (self->learner);
    }
  else
    tell (self, error->message);
}

static void
tell_news (PgStore *store)
{
  char *news;

  while ((news = pg_store_take_news (store)) != NULL)
    {
      g_warning ("%s", news);
      g_free (news);
    }
}

/* The store could be opened, or may be written now, or neither. */
static void
store_changed (PgStore *store, gpointer user_data)
{
  PgStoreKeeper *self = user_data;

  if (pg_store_problem (store) != NULL)
    tell (self, pg_store_problem (store));
  else
    bring (self);
  tell_news (store);
  self->host.changed (self->host.user_data);
}

/* A store that failed is tried once a second. What was wrong with it is told once it was open: before, it is only not open yet.
 */
void
pg_store_keeper_tick (PgStoreKeeper *self)
{
  PgStore *store = pg_engine_store (self->engine);

  pg_store_tick_async (store, store_changed, self);
  if (pg_store_problem (store) == NULL)
    bring (self);
  else if (self->store_id != 0 || pg_store_n_made (store) >= 0)
    tell (self, pg_store_problem (store));
  tell_news (store);
  pg_flusher_tick (self->flusher);
}
