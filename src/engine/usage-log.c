/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/usage-log.h"

#include "core/error.h"

/* Questions that are remembered; a question asked again comes a second later at the most. */
#define QUESTIONS_MAX 2048

/* Entries that are found without their keyed hash. */
#define LATELY_MAX 1024

/* What is known of a pair, on one day, and not written yet. */
typedef struct
{
  PgUsagePair pair;
  guint64     hash; /* keyed */
  guint32     day;
  guint32     n;
  gint64      first_us;
  gint64      last_us;
  gint64      login_us; /* of LOGIN: with this login its user was the one who counts */
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
  guint64   seed;
  guint64   questions[QUESTIONS_MAX]; /* hashes */
  Entry    *lately[LATELY_MAX];       /* of counted; NULL: none */
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

/* Quick, and can be made to collide: whoever does it is counted less, or found later. */
static guint64
mix (guint64 hash, gconstpointer data, gsize len)
{
  const guint8 *at = data;
  guint64       part;

  for (; len >= sizeof part; at += sizeof part, len -= sizeof part)
    {
      memcpy (&part, at, sizeof part);
      hash = (hash ^ part) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
      hash ^= hash >> 32;
    }
  for (part = len; len > 0; at++, len--)
    part = part << 8 | *at;
  hash = (hash ^ part) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  return hash ^ hash >> 32;
}

/* Was the same recipient of the same delivery counted a moment ago? */
static gboolean
is_repeated (PgUsageLog *self, const PgQuery *query)
{
  guint64  hash;
  guint64 *place;

  if (query->instance.len == 0 || query->recipient.len == 0)
    return FALSE;
  hash = mix (mix (self->seed, query->instance.data, query->instance.len), query->recipient.data, query->recipient.len);
  place = &self->questions[hash % QUESTIONS_MAX];
  if (*place == hash)
    return TRUE;
  *place = hash;
  return FALSE;
}

static gboolean
is_of (const Entry *entry, PgUsageWay way, const PgAddress *address, PgSpan user, guint32 day)
{
  return entry->day == day && entry->pair.way == way && pg_address_equal (&entry->pair.address, address)
         && pg_span_equal (pg_usage_pair_user (&entry->pair), user);
}

/* NULL: there is no room for a new one. */
static Entry *
find_or_add (PgUsageLog *self, PgUsageWay way, const PgAddress *address, PgSpan user, guint32 day)
{
  guint8 name[PG_USAGE_NAME_MAX];
  Entry  key;
  Entry *entry;

  pg_usage_pair_set (&key.pair, way, address, user);
  key.hash = pg_siphash_64 (&self->secret, name, pg_usage_pair_name (&key.pair, name));
  key.day = day;
  key.n = 0;
  entry = find_entry (&self->counted, &key);
  if (entry != NULL)
    entry->pair.address = *address; /* of AUTH: the last one */
  return entry;
}

static Entry **
lately (PgUsageLog *self, PgUsageWay way, const PgAddress *address)
{
  return &self->lately[mix (self->seed + way, address->bytes, sizeof address->bytes) % LATELY_MAX];
}

static Entry *
find (PgUsageLog *self, PgUsageWay way, const PgAddress *address, PgSpan user, guint32 day)
{
  Entry **place = lately (self, way, address);

  if (*place == NULL || !is_of (*place, way, address, user, day))
    *place = find_or_add (self, way, address, user, day);
  return *place;
}

/* The entry for a login that was recalled: who it is of, is known if it was counted lately. */
static Entry *
find_recalled (PgUsageLog *self, const PgAddress *address, gint64 login_us, guint32 day)
{
  Entry *entry = *lately (self, PG_USAGE_LOGIN, address);

  if (entry == NULL || entry->day != day || entry->pair.way != PG_USAGE_LOGIN || entry->login_us != login_us
      || !pg_address_equal (&entry->pair.address, address))
    return NULL;
  return entry;
}

/* Whose entry counts this. NULL: there is no room for a new one. */
static Entry *
find_for (PgUsageLog *self, PgUsageWay way, const PgEvent *event)
{
  static const PgAddress nowhere = { { 0 } };
  const PgQuery         *query = event->query;
  PgFinding             *finding = event->finding;
  const PgAddress       *address = query->has_address ? &query->address : &nowhere;
  guint32                day = pg_usage_day_of (event->now_us);
  Entry                 *entry;

  if (way == PG_USAGE_LOGIN && finding->is_recalled)
    {
      entry = find_recalled (self, address, finding->decision.login_us, day);
      if (entry != NULL || self->counted.n == PG_USAGE_LOG_PAIRS)
        return entry;
      pg_engine_read_record (self->engine, finding);
    }
  entry = find (self, way, address, user_of (way, query, finding), day);
  if (entry != NULL && way == PG_USAGE_LOGIN)
    entry->login_us = finding->decision.login_us;
  return entry;
}

static void
hear (const PgEvent *event, gpointer user_data)
{
  PgUsageLog *self = user_data;
  PgUsageWay  way = way_of (event->query, &event->finding->decision);
  Entry      *entry;

  if (way == PG_USAGE_NONE || is_repeated (self, event->query))
    return;
  entry = find_for (self, way, event);
  if (entry == NULL)
    {
      self->n_lost++;
      return;
    }
  if (entry->n == 0)
    entry->first_us = event->now_us;
  entry->last_us = event->now_us;
  entry->n++;
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
  self->seed = (guint64) g_random_int () << 32 | g_random_int ();
  make_batch (&self->counted);
  make_batch (&self->writing);
  pg_events_subscribe (pg_engine_events (engine), 1U << PG_EVENT_VERDICT | PG_EVENT_RECALLED, hear, self);
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
  memset (self->lately, 0, sizeof self->lately);
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

/* A batch may be half written, and behind it another one waits. */
gboolean
pg_usage_log_write_all (PgUsageLog *self, GError **error)
{
  guint64 mark = pg_usage_log_mark (self);

  while (!pg_usage_log_is_written (self, mark))
    if (pg_usage_log_write (self, PG_USAGE_LOG_PAIRS, error) == PG_USAGE_LOG_FAILED)
      return FALSE;
  return TRUE;
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
