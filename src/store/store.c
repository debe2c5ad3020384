/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store.h"

#include "core/error.h"
#include "store/keys.h"
#include "store/session.h"
#include "store/store-private.h"

#define POSITION_VERSION 1
#define POSITION_LEN_AT PG_FRAME_HEADER
#define POSITION_AT (POSITION_LEN_AT + 1)

G_STATIC_ASSERT (POSITION_AT + PG_STORE_POSITION_MAX <= PG_STORE_POSITION_SIZE);
G_STATIC_ASSERT (PG_STORE_POSITION_MAX <= G_MAXUINT8);

/* --- life ------------------------------------------------------------------------------------------------------------ */

PgStore *
pg_store_new (const char *path, PgStoreMode mode)
{
  PgStore *self = g_new0 (PgStore, 1);

  self->path = g_strdup (path);
  self->mode = mode;
  self->file = pg_file_new (path);
  self->place_of = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  self->anew = g_strdup_printf ("%s: is being made anew", path);
  self->lock = -1;
  self->pending = pg_pending_new ();
  self->index = pg_index_new ();
  g_queue_init (&self->free_places);
  g_queue_init (&self->news);
  return self;
}

static gboolean
close_store (PgStore *self, GError **error)
{
  if (self->mode == PG_STORE_READ_WRITE)
    return pg_session_end (self, error);
  return pg_file_problem (self->file) != NULL || pg_file_close (self->file, error);
}

gboolean
pg_store_close_now (PgStore *self, GError **error)
{
  gboolean ok = close_store (self, error);

  pg_file_let_go (self->file);
  return ok;
}

void
pg_store_dispose (PgStore *self)
{
  g_warn_if_fail (self->n_cursors == 0);
  pg_store_close_now (self, NULL);
  pg_file_free (self->file);
  g_queue_clear_full (&self->free_places, g_free);
  g_queue_clear_full (&self->news, g_free);
  g_hash_table_unref (self->place_of);
  pg_noteset_free (self->loaded);
  pg_pending_free (self->pending);
  pg_index_free (self->index);
  g_free (self->begin_problem);
  g_free (self->anew);
  g_free (self->path);
  g_free (self);
}

char *
pg_store_take_news (PgStore *self)
{
  return g_queue_pop_head (&self->news);
}

const char *
pg_store_path (const PgStore *self)
{
  return self->path;
}

gboolean
pg_store_has_notes (const PgStore *self)
{
  return self->has_notes && pg_file_problem (self->file) == NULL;
}

guint64
pg_store_id (const PgStore *self)
{
  return pg_file_problem (self->file) == NULL ? pg_root_database (&self->root) : 0;
}

/* --- grants ---------------------------------------------------------------------------------------------------------- */

PgStoreAnswer
pg_store_get (PgStore *self, const PgAddress *address, PgRecord *out, GError **error)
{
  PgHash        key = pg_key_of_grant (&self->root.secret, address);
  PgIndexEntry *known;
  PgStoreAnswer answer;

  if (pg_store_recall_key (self, &key, &known) && known == NULL)
    return PG_STORE_ABSENT;
  answer = pg_store_get_grant (self, &key, out, error);
  if (answer == PG_STORE_FOUND && known == NULL)
    pg_store_know (self, &key, out->newest_us);
  return answer;
}

static gboolean
has_grant (PgStore *self, const PgHash *key)
{
  PgIndexEntry *known;

  if (pg_store_recall_key (self, key, &known))
    return known != NULL;
  return pg_pending_find (self->pending, key) != NULL || pg_file_has (self->file, pg_key_span (key));
}

gboolean
pg_store_put (PgStore *self, const PgRecord *record, GError **error)
{
  PgHash   key = pg_key_of_grant (&self->root.secret, &record->address);
  gboolean is_new = !has_grant (self, &key);
  guint8   image[PG_RECORD_SIZE];

  pg_record_encode (record, &self->root.secret, &key, image);
  if (!pg_store_put_later (self, &key, image, is_new, error))
    return FALSE;
  if (is_new)
    self->n_grants++;
  pg_store_know (self, &key, record->newest_us);
  return TRUE;
}

gboolean
pg_store_remove (PgStore *self, const PgAddress *address, GError **error)
{
  PgHash        key = pg_key_of_grant (&self->root.secret, address);
  PgStoreAnswer answer = pg_store_remove_value (self, &key, error);

  if (answer == PG_STORE_FOUND)
    self->n_grants--;
  if (answer != PG_STORE_FAILED)
    pg_store_forget (self, &key);
  return answer != PG_STORE_FAILED;
}

guint64
pg_store_n_grants (const PgStore *self)
{
  return pg_file_problem (self->file) == NULL ? self->n_grants : 0;
}

const PgStoreCounters *
pg_store_counters (const PgStore *self)
{
  return &self->counters;
}

/* --- positions ------------------------------------------------------------------------------------------------------- */

static gboolean
check_position (const PgStore *self, const PgHash *key, PgSpan value, GError **error)
{
  return pg_frame_check (pg_store_span_bytes (value), value.len, PG_STORE_POSITION_SIZE, PG_FRAME_POSITION, POSITION_VERSION,
                         &self->root.secret, key, error);
}

PgStoreAnswer
pg_store_get_position (PgStore *self, const char *source, GBytes **out, GError **error)
{
  PgHash        key = pg_key_of_position (&self->root.secret, source);
  PgSpan        value;
  PgStoreAnswer answer = pg_store_get_value (self, &key, &value, error);
  const guint8 *bytes;

  if (answer != PG_STORE_FOUND)
    return answer;
  bytes = pg_store_span_bytes (value);
  if (check_position (self, &key, value, error))
    *out = g_bytes_new (bytes + POSITION_AT, MIN (bytes[POSITION_LEN_AT], PG_STORE_POSITION_MAX));
  else
    {
      g_prefix_error (error, "%s: ", self->path);
      answer = PG_STORE_FAILED;
    }
  pg_file_free_span (&value);
  return answer;
}

gboolean
pg_store_put_position (PgStore *self, const char *source, GBytes *position, GError **error)
{
  PgHash        key = pg_key_of_position (&self->root.secret, source);
  gboolean      is_new = !pg_file_has (self->file, pg_key_span (&key));
  guint8        image[PG_STORE_POSITION_SIZE] = { 0 };
  gsize         len;
  gconstpointer data = g_bytes_get_data (position, &len);

  g_return_val_if_fail (len > 0 && len <= PG_STORE_POSITION_MAX, FALSE);
  image[POSITION_LEN_AT] = (guint8) len;
  memcpy (image + POSITION_AT, data, len);
  pg_frame_seal (image, sizeof image, PG_FRAME_POSITION, POSITION_VERSION, &self->root.secret, &key);
  if (!pg_store_put_value (self, &key, image, sizeof image, error))
    return FALSE;
  if (!is_new)
    return TRUE;
  self->root.n_positions++;
  return pg_store_put_root (self, error);
}

/* --- syncing --------------------------------------------------------------------------------------------------------- */

gboolean
pg_store_is_dirty (const PgStore *self)
{
  return self->redo != NULL && pg_redo_is_dirty (self->redo);
}

gsize
pg_store_waiting (const PgStore *self)
{
  return self->redo != NULL ? pg_redo_waiting (self->redo) : 0;
}

const char *
pg_store_write_problem (const PgStore *self)
{
  if (self->begin_problem != NULL)
    return self->begin_problem;
  return self->redo != NULL ? pg_redo_problem (self->redo) : NULL;
}

/* Without a redo log nothing was written; but a closed store may have lost something. */
static gboolean
sync_nothing (const PgStore *self, GError **error)
{
  return pg_file_is_open (self->file, error);
}

gboolean
pg_store_sync (PgStore *self, GError **error)
{
  return self->redo != NULL ? pg_redo_sync (self->redo, error) : sync_nothing (self, error);
}

void
pg_store_sync_async (PgStore *self, GAsyncReadyCallback done, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  GError *error = NULL;

  if (self->redo != NULL)
    {
      pg_redo_sync_async (self->redo, done, user_data);
      return;
    }
  task = g_task_new (NULL, NULL, done, user_data);
  if (sync_nothing (self, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

gboolean
pg_store_sync_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
