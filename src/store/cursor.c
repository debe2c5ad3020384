/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walking over the grants and usages of a store.
 *
 * First come the grants that wait to be put into the file as new ones (values.c); then the file, in which they are passed over:
 * they may be there by then.
 *
 * GDBM walks from bucket to bucket, in the order of its hash, and finds the next key by the one that was met last. A new key
 * may split a bucket in two: what of it was not met yet may then lie before the key that was met last, and would never be
 * met; what was met may lie behind it. A key that is removed moves others in its bucket, and behind it GDBM finds none. But other
 * buckets stay in order. So when keys were added or removed since the last step, the walk is repeated, at once, from a key that
 * certainly lies in an earlier bucket up to the one that was met last.
 * Source: GDBM 1.23, bucket.c (_gdbm_split_bucket), gdbmseq.c
 */
#include "core/error.h"
#include "store/keys.h"
#include "store/store-private.h"

/* More keys than a bucket of GDBM's holds, which are 166 with file.c's block size. */
#define BUCKET_MAX 512
#define PATH_MAX_LEN (8 * BUCKET_MAX)

/* Most keys are never met again, and stay among those that may be; with no memory for more, one may be told twice. */
#define AHEAD_MAX 100000

struct _PgStoreCursor
{
  PgStore    *store;
  guint       generation;
  gboolean    is_loose; /* never repeats */
  gboolean    is_at_end;
  GArray     *waiting;   /* of PgHash, sorted: those that waited when the walk was begun */
  guint       n_waiting; /* of these, so many were told */
  PgSpan      key;       /* met last */
  guint64     n_changes; /* to the file's keys, when that was */
  GArray     *path;      /* of PgHash: keys met lately, in the file's order */
  GQueue      late;      /* of PgHash, owned: keys met only when the walk was repeated, still to be told */
  GHashTable *ahead;     /* of PgHash, owned: keys that were met and may be met again */
};

/* Grows by each key that is put into the file, and by each that is removed from it: either moves others in their bucket. */
static guint64
count_changes (const PgStore *store)
{
  guint64 n_keys =
      store->n_grants - pg_pending_n_new (store->pending) + store->root.n_places + store->root.n_positions + store->root.n_usages;

  return n_keys + 2 * pg_file_n_removed (store->file);
}

static gint
compare_keys (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (PgHash));
}

static void
take_waiting (const PgPendingGrant *grant, gpointer user_data)
{
  g_array_append_val ((GArray *) user_data, grant->key);
}

static gboolean
has_waited (const PgStoreCursor *self, gconstpointer key)
{
  return g_array_binary_search (self->waiting, key, compare_keys, NULL);
}

PgStoreCursor *
pg_store_cursor_new (PgStore *self)
{
  PgStoreCursor *cursor = g_new0 (PgStoreCursor, 1);

  cursor->store = self;
  cursor->generation = pg_file_generation (self->file);
  cursor->n_changes = count_changes (self);
  cursor->path = g_array_new (FALSE, FALSE, sizeof (PgHash));
  g_queue_init (&cursor->late);
  cursor->ahead = g_hash_table_new_full (pg_key_hash, pg_key_equal, g_free, NULL);
  cursor->waiting = g_array_new (FALSE, FALSE, sizeof (PgHash));
  pg_pending_see_new (self->pending, take_waiting, cursor->waiting);
  g_array_sort (cursor->waiting, compare_keys);
  self->n_cursors++;
  return cursor;
}

PgStoreCursor *
pg_store_cursor_new_loose (PgStore *self)
{
  PgStoreCursor *cursor = pg_store_cursor_new (self);

  cursor->is_loose = TRUE;
  return cursor;
}

void
pg_store_cursor_free (PgStoreCursor *self)
{
  if (self == NULL)
    return;
  self->store->n_cursors--;
  pg_file_free_span (&self->key);
  g_array_unref (self->waiting);
  g_array_unref (self->path);
  g_queue_clear_full (&self->late, g_free);
  g_hash_table_unref (self->ahead);
  g_free (self);
}

guint
pg_store_n_cursors (const PgStore *self)
{
  return self->n_cursors;
}

/* A usage that is damaged is none: no answer depends on it. */
static PgStoreAnswer
read_usage (const PgStoreCursor *self, const PgHash *key, PgSpan value, PgStoreItem *out)
{
  if (pg_usage_decode (pg_store_span_bytes (value), value.len, &self->store->root.secret, key, &out->usage, NULL))
    out->kind = PG_STORE_USAGE;
  return PG_STORE_FOUND;
}

static PgStoreAnswer
read_grant (const PgStoreCursor *self, const PgHash *key, PgSpan value, PgStoreItem *out, GError **error)
{
  PgStoreAnswer answer = pg_store_decode_grant (self->store, key, value, &out->grant, error);
  PgIndexEntry *known;

  out->kind = PG_STORE_GRANT;
  if (answer == PG_STORE_FOUND && !pg_store_recall_key (self->store, key, &known))
    pg_store_know (self->store, key, out->grant.newest_us);
  return answer;
}

/* @value: what stands in the file */
static PgStoreAnswer
read_value (PgStoreCursor *self, const PgHash *key, PgSpan value, PgStoreItem *out, GError **error)
{
  if (value.len > 0 && value.data[0] == PG_FRAME_USAGE)
    return read_usage (self, key, value, out);
  if (value.len > 0 && value.data[0] == PG_FRAME_GRANT)
    return read_grant (self, key, value, out, error);
  return PG_STORE_FOUND;
}

/* Reads what stands at @key, or waits to. ABSENT: it is gone, or is nothing of ours. */
static PgStoreAnswer
read_at (PgStoreCursor *self, PgSpan key, PgStoreItem *out, GError **error)
{
  const PgPendingGrant *pending;
  PgHash                hash;
  PgSpan                value;
  PgStoreAnswer         answer;

  out->kind = PG_STORE_OTHER;
  if (key.len != sizeof hash.bytes)
    return PG_STORE_ABSENT;
  memcpy (hash.bytes, key.data, sizeof hash.bytes);
  pending = pg_pending_find (self->store->pending, &hash);
  if (pending != NULL)
    return read_grant (self, &hash, pg_span ((const char *) pending->image, sizeof pending->image), out, error);
  answer = (PgStoreAnswer) pg_file_get (self->store->file, key, &value, error);
  if (answer != PG_STORE_FOUND)
    return answer;
  answer = read_value (self, &hash, value, out, error);
  pg_file_free_span (&value);
  return answer;
}

/* --- the path -------------------------------------------------------------------------------------------------------- */

static const PgHash *
nth (const GArray *path, guint n)
{
  return &g_array_index (path, PgHash, n);
}

static void
append_key (GArray *path, PgSpan key)
{
  if (key.len == sizeof (PgHash))
    g_array_append_vals (path, key.data, 1);
}

static gboolean
is_key (PgSpan key)
{
  return key.len == sizeof (PgHash);
}

/* ABSENT: there is no further key, or it was met before. */
static PgStoreAnswer
step (PgStoreCursor *self, GError **error)
{
  PgFileAnswer answer = pg_file_next (self->store->file, &self->key, error);

  self->is_at_end = answer != PG_FILE_FOUND;
  if (self->is_at_end || !is_key (self->key))
    return (PgStoreAnswer) answer;
  if (self->path->len == PATH_MAX_LEN)
    g_array_remove_range (self->path, 0, PATH_MAX_LEN / 2);
  append_key (self->path, self->key);
  return g_hash_table_remove (self->ahead, self->key.data) || has_waited (self, self->key.data) ? PG_STORE_ABSENT
                                                                                                : PG_STORE_FOUND;
}

/* Places the walk behind @key, or, if that is NULL, before all. */
static void
place (PgStoreCursor *self, const PgHash *key)
{
  char *copy = key != NULL ? malloc (sizeof *key) : NULL; /* as GDBM's keys are */

  pg_file_free_span (&self->key);
  if (copy == NULL)
    return;
  memcpy (copy, key, sizeof *key);
  self->key = pg_span (copy, sizeof *key);
}

/* Walks up to @last; what was not met before is late. */
static PgFileAnswer
walk_again (PgStoreCursor *self, const PgHash *last, GError **error)
{
  PgFileAnswer answer;

  while ((answer = pg_file_next (self->store->file, &self->key, error)) == PG_FILE_FOUND)
    {
      if (!is_key (self->key))
        continue;
      append_key (self->path, self->key);
      if (!g_hash_table_remove (self->ahead, self->key.data) && !has_waited (self, self->key.data))
        g_queue_push_tail (&self->late, g_memdup2 (self->key.data, self->key.len));
      if (pg_key_equal (self->key.data, last))
        break;
    }
  self->is_at_end = answer != PG_FILE_FOUND;
  return answer;
}

static gboolean
needs_repeat (const PgStoreCursor *self)
{
  return !self->is_loose && !self->is_at_end && self->n_changes != count_changes (self->store);
}

/* How many of the first @n keys of the path come up to the last one that is still in the file: nothing is found behind a key that
 * is gone. */
static guint
length_in_file (const PgStoreCursor *self, guint n)
{
  while (n > 0 && !pg_file_has (self->store->file, pg_key_span (nth (self->path, n - 1))))
    n--;
  return n;
}

/* Keys were added or removed since the last step. Where all that were met lately are gone, it begins anew, and may tell twice. */
static gboolean
repeat (PgStoreCursor *self, GError **error)
{
  guint  n_met = length_in_file (self, self->path->len);
  guint  n_kept = length_in_file (self, n_met > BUCKET_MAX ? n_met - BUCKET_MAX : 0);
  guint  n_sure = n_kept > BUCKET_MAX ? n_kept - BUCKET_MAX : 0; /* these stay before the key at which the walk begins */
  PgHash last;

  if (n_met == 0)
    {
      g_array_set_size (self->path, 0);
      place (self, NULL);
      return TRUE;
    }
  if (g_hash_table_size (self->ahead) > AHEAD_MAX)
    g_hash_table_remove_all (self->ahead);
  last = *nth (self->path, n_met - 1);
  for (guint i = n_sure; i < n_met; i++)
    g_hash_table_add (self->ahead, g_memdup2 (nth (self->path, i), sizeof last));
  g_array_set_size (self->path, n_kept);
  place (self, n_kept > 0 ? nth (self->path, n_kept - 1) : NULL);
  return walk_again (self, &last, error) != PG_FILE_FAILED;
}

/* --- walking --------------------------------------------------------------------------------------------------------- */

static PgStoreAnswer
take_next_waiting (PgStoreCursor *self, PgStoreItem *out, GError **error)
{
  const PgHash *key = nth (self->waiting, self->n_waiting++);

  return read_at (self, pg_key_span (key), out, error);
}

static PgStoreAnswer
take_late (PgStoreCursor *self, PgStoreItem *out, GError **error)
{
  g_autofree PgHash *key = g_queue_pop_head (&self->late);

  return read_at (self, pg_span ((const char *) key->bytes, sizeof key->bytes), out, error);
}

static gboolean
is_usable (const PgStoreCursor *self, GError **error)
{
  if (!pg_file_is_open (self->store->file, error))
    return FALSE;
  if (self->generation == pg_file_generation (self->store->file))
    return TRUE;
  g_set_error (error, PG_ERROR, PG_ERROR_STORE, "%s: was opened anew meanwhile", self->store->path);
  return FALSE;
}

/* ABSENT: nothing was met here that is to be told; there may be more. */
static PgStoreAnswer
go_on (PgStoreCursor *self, PgStoreItem *out, GError **error)
{
  PgStoreAnswer answer;

  if (self->n_waiting < self->waiting->len)
    return take_next_waiting (self, out, error);
  if (!g_queue_is_empty (&self->late))
    return take_late (self, out, error);
  answer = step (self, error);
  return answer == PG_STORE_FOUND ? read_at (self, self->key, out, error) : answer;
}

PgStoreAnswer
pg_store_cursor_step (PgStoreCursor *self, PgStoreItem *out, GError **error)
{
  PgStoreAnswer answer;

  if (!is_usable (self, error))
    return PG_STORE_FAILED;
  if (needs_repeat (self) && !repeat (self, error))
    return PG_STORE_FAILED;
  self->n_changes = count_changes (self->store);
  if (self->is_at_end && g_queue_is_empty (&self->late))
    {
      pg_store_set_walked (self->store);
      return PG_STORE_ABSENT;
    }
  out->kind = PG_STORE_OTHER;
  answer = go_on (self, out, error);
  return answer == PG_STORE_ABSENT ? PG_STORE_FOUND : answer;
}

gboolean
pg_store_cursor_step_over (PgStoreCursor *self, PgStoreItem *out)
{
  g_autoptr (GError) error = NULL;
  PgStoreAnswer answer = pg_store_cursor_step (self, out, &error);

  if (answer == PG_STORE_FAILED)
    out->kind = PG_STORE_OTHER;
  return answer == PG_STORE_FOUND || (answer == PG_STORE_FAILED && !g_error_matches (error, PG_ERROR, PG_ERROR_STORE));
}

PgStoreAnswer
pg_store_cursor_next (PgStoreCursor *self, PgRecord *out, GError **error)
{
  PgStoreItem   item = { .kind = PG_STORE_OTHER };
  PgStoreAnswer answer = PG_STORE_FOUND;

  while (answer == PG_STORE_FOUND && item.kind != PG_STORE_GRANT)
    answer = pg_store_cursor_step (self, &item, error);
  if (answer == PG_STORE_FOUND)
    *out = item.grant;
  return answer;
}
