/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/usage-log.h"

#include "core/error.h"

/* Questions that are remembered; a question asked again comes a second later at the most. */
#define RECENT_MAX 2048

/* Of instance and recipient; a longer one is counted as often as it is asked. */
#define QUESTION_MAX 512

/* What is known of a pair, on one day, and not written yet. */
typedef struct
{
  PgUsagePair pair;
  guint64     hash;
  guint32     day;
  guint32     n;
  gint64      first_us;
  gint64      last_us;
} Entry;

typedef struct
{
  Entry      *entries; /* room for PG_USAGE_LOG_PAIRS; pages that were never needed take no memory */
  guint       n;
  GHashTable *index; /* a set of the entries */
} Batch;

struct _PgUsageLog
{
  PgEngine *engine;
  PgSecret  secret;
  Batch     counted; /* fills */
  Batch     writing; /* its last entry is written first */
  guint64   number;  /* of the batch that fills, from 1 */
  guint64   recent[RECENT_MAX];
  guint64   n_lost;
};

/* --- a batch --------------------------------------------------------------------------------------------------------- */

static guint
hash_entry (gconstpointer key)
{
  return (guint) ((const Entry *) key)->hash;
}

static gboolean
is_same_entry (gconstpointer a, gconstpointer b)
{
  const Entry *left = a;
  const Entry *right = b;

  return left->hash == right->hash && left->day == right->day && left->pair.way == right->pair.way
         && (left->pair.way == PG_USAGE_AUTH || pg_address_equal (&left->pair.address, &right->pair.address))
         && pg_span_equal (pg_usage_pair_user (&left->pair), pg_usage_pair_user (&right->pair));
}

static void
make_batch (Batch *batch)
{
  batch->entries = g_new0 (Entry, PG_USAGE_LOG_PAIRS);
  batch->index = g_hash_table_new (hash_entry, is_same_entry);
}

static void
clear_batch (Batch *batch)
{
  g_hash_table_unref (batch->index);
  g_free (batch->entries);
}

/* NULL: there is no room for a new one. */
static Entry *
find_entry (Batch *batch, const Entry *key)
{
  Entry *entry = g_hash_table_lookup (batch->index, key);

  if (entry != NULL || batch->n == PG_USAGE_LOG_PAIRS)
    return entry;
  entry = &batch->entries[batch->n++];
  *entry = *key;
  g_hash_table_add (batch->index, entry);
  return entry;
}

/* --- listening ------------------------------------------------------------------------------------------------------- */

/* NONE: nobody relays by what was answered, as far as we know. */
static PgUsageWay
way_of (const PgQuery *query, const PgDecision *decision)
{
  if (!query->is_rcpt)
    return PG_USAGE_NONE;
  if (query->sasl_username.len > 0)
    return PG_USAGE_AUTH;
  if (decision->verdict != PG_VERDICT_OK)
    return PG_USAGE_NONE;
  if (decision->rule == PG_RULE_LOGIN)
    return PG_USAGE_LOGIN;
  return decision->rule == PG_RULE_ALLOWED ? PG_USAGE_ALLOW : PG_USAGE_NONE;
}

static PgSpan
user_of (PgUsageWay way, const PgQuery *query, const PgFinding *finding)
{
  if (way == PG_USAGE_AUTH)
    return query->sasl_username;
  if (way == PG_USAGE_LOGIN && finding->decision.user >= 0)
    return pg_record_user_name (&finding->record, (guint) finding->decision.user);
  return pg_span (NULL, 0);
}

/* Was the same recipient of the same delivery counted a moment ago? */
static gboolean
is_repeated (PgUsageLog *self, const PgQuery *query)
{
  char     image[QUESTION_MAX];
  gsize    len = query->instance.len + query->recipient.len;
  guint64  hash;
  guint64 *place;

  if (query->instance.len == 0 || query->recipient.len == 0 || len > sizeof image)
    return FALSE;
  memcpy (image, query->instance.data, query->instance.len);
  memcpy (image + query->instance.len, query->recipient.data, query->recipient.len);
  hash = pg_siphash_64 (&self->secret, image, len);
  place = &self->recent[hash % RECENT_MAX];
  if (*place == hash)
    return TRUE;
  *place = hash;
  return FALSE;
}

static void
count (PgUsageLog *self, Entry *key, gint64 now_us)
{
  guint8 name[PG_USAGE_NAME_MAX];
  Entry *entry;

  key->hash = pg_siphash_64 (&self->secret, name, pg_usage_pair_name (&key->pair, name));
  key->day = pg_usage_day_of (now_us);
  entry = find_entry (&self->counted, key);
  if (entry == NULL)
    {
      self->n_lost++;
      return;
    }
  entry->pair.address = key->pair.address; /* of AUTH: the last one */
  if (entry->n == 0)
    entry->first_us = now_us;
  entry->last_us = now_us;
  entry->n++;
}

static void
hear (const PgEvent *event, gpointer user_data)
{
  PgUsageLog *self = user_data;
  PgUsageWay  way = way_of (event->query, &event->finding->decision);
  Entry       key;

  if (way == PG_USAGE_NONE || is_repeated (self, event->query))
    return;
  key.n = 0;
  pg_usage_pair_set (&key.pair, way, event->query->has_address ? &event->query->address : &(PgAddress){ { 0 } },
                     user_of (way, event->query, event->finding));
  count (self, &key, event->now_us);
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

PgUsageLog *
pg_usage_log_new (PgEngine *engine)
{
  PgUsageLog *self = g_new0 (PgUsageLog, 1);

  self->engine = engine;
  self->number = 1;
  for (gsize i = 0; i < sizeof self->secret.bytes; i++)
    self->secret.bytes[i] = (guint8) g_random_int ();
  make_batch (&self->counted);
  make_batch (&self->writing);
  pg_events_subscribe (pg_engine_events (engine), 1U << PG_EVENT_VERDICT, hear, self);
  return self;
}

void
pg_usage_log_free (PgUsageLog *self)
{
  if (self == NULL)
    return;
  pg_events_unsubscribe (pg_engine_events (self->engine), self);
  clear_batch (&self->counted);
  clear_batch (&self->writing);
  g_free (self);
}

/* --- writing --------------------------------------------------------------------------------------------------------- */

/* What is stored and damaged is nothing. */
static gboolean
read_usage (PgStore *store, const Entry *entry, PgUsage *out, GError **error)
{
  g_autoptr (GError) cause = NULL;
  PgStoreAnswer answer = pg_store_get_usage (store, &entry->pair, out, &cause);

  if (answer == PG_STORE_FAILED && !g_error_matches (cause, PG_ERROR, PG_ERROR_DAMAGED))
    {
      g_propagate_error (error, g_steal_pointer (&cause));
      return FALSE;
    }
  if (answer != PG_STORE_FOUND)
    pg_usage_init (out, &entry->pair);
  return TRUE;
}

static gboolean
write_entry (PgUsageLog *self, const Entry *entry, GError **error)
{
  PgStore *store = pg_engine_store (self->engine);
  g_autoptr (GError) cause = NULL;
  PgUsage usage;

  if (!read_usage (store, entry, &usage, error))
    return FALSE;
  pg_usage_add (&usage, &entry->pair, entry->first_us, entry->last_us, entry->n);
  if (pg_store_put_usage (store, &usage, &cause))
    return TRUE;
  if (g_error_matches (cause, PG_ERROR, PG_ERROR_LIMIT))
    {
      self->n_lost += entry->n;
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

static void
swap (PgUsageLog *self)
{
  Batch empty = self->writing;

  g_hash_table_remove_all (self->counted.index);
  self->writing = self->counted;
  self->counted = empty;
  self->number++;
}

PgUsageLogWrite
pg_usage_log_write (PgUsageLog *self, guint max, GError **error)
{
  if (self->writing.n == 0 && self->counted.n > 0)
    swap (self);
  for (guint i = 0; i < max && self->writing.n > 0; i++)
    {
      if (!write_entry (self, &self->writing.entries[self->writing.n - 1], error))
        return PG_USAGE_LOG_FAILED;
      self->writing.n--;
    }
  return self->writing.n > 0 ? PG_USAGE_LOG_MORE : PG_USAGE_LOG_DONE;
}

guint64
pg_usage_log_mark (const PgUsageLog *self)
{
  return self->counted.n > 0 ? self->number : self->number - 1;
}

gboolean
pg_usage_log_is_written (const PgUsageLog *self, guint64 mark)
{
  return self->number > mark + 1 || (self->number == mark + 1 && self->writing.n == 0);
}

guint64
pg_usage_log_n_lost (const PgUsageLog *self)
{
  return self->n_lost;
}
