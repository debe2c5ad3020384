/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store.h"

#include "core/error.h"
#include "store/keys.h"
#include "store/store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#define POSITION_SIZE 240
#define POSITION_VERSION 1
#define POSITION_LEN_AT PG_FRAME_HEADER
#define POSITION_AT (POSITION_LEN_AT + 1)

G_STATIC_ASSERT (POSITION_AT + PG_STORE_POSITION_MAX <= POSITION_SIZE);
G_STATIC_ASSERT (PG_STORE_POSITION_MAX <= G_MAXUINT8);
G_STATIC_ASSERT ((int) PG_STORE_FAILED == (int) PG_FILE_FAILED && (int) PG_STORE_ABSENT == (int) PG_FILE_ABSENT
                 && (int) PG_STORE_FOUND == (int) PG_FILE_FOUND);

/* --- values ---------------------------------------------------------------------------------------------------------- */

PgStoreAnswer
pg_store_get_value (PgStore *self, const PgHash *key, PgSpan *out_value, GError **error)
{
  return (PgStoreAnswer) pg_file_get (self->file, pg_key_span (key), out_value, error);
}

static gboolean
put_span (PgStore *self, PgSpan key, const guint8 *image, gsize size, GError **error)
{
  self->is_dirty = TRUE;
  return pg_file_put (self->file, key, pg_span ((const char *) image, size), error);
}

gboolean
pg_store_put_value (PgStore *self, const PgHash *key, const guint8 *image, gsize size, GError **error)
{
  return put_span (self, pg_key_span (key), image, size, error);
}

gboolean
pg_store_put_root (PgStore *self, GError **error)
{
  guint8 image[PG_ROOT_SIZE];

  pg_root_encode (&self->root, image);
  return put_span (self, pg_span_from_string (PG_ROOT_KEY), image, sizeof image, error);
}

gboolean
pg_store_refuse_damaged (PgStore *self, const char *what, GError **error)
{
  return pg_file_refuse (self->file, g_error_new_literal (PG_ERROR, PG_ERROR_DAMAGED, what), error);
}

/* --- opening --------------------------------------------------------------------------------------------------------- */

PgStore *
pg_store_new (const char *path, PgStoreMode mode)
{
  PgStore *self = g_new0 (PgStore, 1);

  self->path = g_strdup (path);
  self->mode = mode;
  self->file = pg_file_new (path);
  self->place_of = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_queue_init (&self->free_places);
  return self;
}

static gboolean
fill_root (PgStore *self, GError **error)
{
  self->root = (PgRoot){ .next_note_id = 1, .is_clean = TRUE };
  if (getrandom (self->root.secret.bytes, sizeof self->root.secret.bytes, 0) == (gssize) sizeof self->root.secret.bytes)
    return TRUE;
  return pg_file_refuse (self->file, g_error_new (PG_ERROR, PG_ERROR_STORE, "no random bytes: %s", g_strerror (errno)), error);
}

static void
sync_folder (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int              fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return;
  (void) fsync (fd); /* not every file system can; the rename is then as durable as it is */
  close (fd);
}

/* Gives @fresh the right name, unless that is taken. */
static gboolean
name_file (const char *fresh, const char *path)
{
  if (renameat2 (AT_FDCWD, fresh, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
    return TRUE;
  /* EINVAL: a file system without that flag, such as NFS; a link does not replace either. */
  return errno == EINVAL && link (fresh, path) == 0 && unlink (fresh) == 0;
}

/* Makes the file under another name, so that the right name only ever stands for a whole database. */
static gboolean
create (PgStore *self, GError **error)
{
  g_autofree char *fresh = g_strconcat (self->path, ".new", NULL);

  if (!pg_file_open (self->file, fresh, PG_FILE_CREATE, error) || !fill_root (self, error) || !pg_store_put_root (self, error)
      || !pg_file_sync (self->file, error) || !pg_file_close (self->file, error))
    return FALSE;
  if (!name_file (fresh, self->path))
    return pg_file_refuse (self->file, g_error_new (PG_ERROR, PG_ERROR_STORE, "cannot rename %s: %s", fresh, g_strerror (errno)),
                           error);
  sync_folder (self->path);
  return TRUE;
}

static gboolean
read_root (PgStore *self, GError **error)
{
  GError      *cause = NULL;
  PgSpan       value;
  PgFileAnswer answer = pg_file_get (self->file, pg_span_from_string (PG_ROOT_KEY), &value, error);
  gboolean     ok;

  if (answer == PG_FILE_FAILED)
    return FALSE;
  if (answer == PG_FILE_ABSENT)
    return pg_store_refuse_damaged (self, "not a database of popgate: it has no root", error);
  ok = pg_root_decode (pg_store_span_bytes (value), value.len, &self->root, &cause);
  pg_file_free_span (&value);
  return ok || pg_file_refuse (self->file, cause, error);
}

static gboolean
check_position (const PgStore *self, const PgHash *key, PgSpan value, GError **error)
{
  return pg_frame_check (pg_store_span_bytes (value), value.len, POSITION_SIZE, PG_FRAME_POSITION, POSITION_VERSION,
                         &self->root.secret, key, error);
}

/* Verifies what stands under @key. Notes are proven by pg_store_load_notes(), each at its place. */
static gboolean
verify_value (PgStore *self, PgSpan key, PgSpan value, guint64 *n_positions, GError **error)
{
  PgRecord record;
  PgHash   hash;

  if (pg_span_is (key, PG_ROOT_KEY))
    return TRUE;
  if (key.len != sizeof hash.bytes || value.len == 0)
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_DAMAGED, "holds a record that popgate does not write");
      return FALSE;
    }
  memcpy (hash.bytes, key.data, sizeof hash.bytes);
  if (value.data[0] == PG_FRAME_GRANT)
    return pg_record_decode (pg_store_span_bytes (value), value.len, &self->root.secret, &hash, &record, error);
  if (value.data[0] != PG_FRAME_POSITION)
    return TRUE;
  (*n_positions)++;
  return check_position (self, &hash, value, error);
}

static gboolean
verify_at (PgStore *self, PgSpan key, guint64 *n_positions, GError **error)
{
  GError      *cause = NULL;
  PgSpan       value;
  PgFileAnswer answer = pg_file_get (self->file, key, &value, error);
  gboolean     ok;

  if (answer == PG_FILE_FAILED)
    return FALSE;
  if (answer == PG_FILE_ABSENT)
    return pg_store_refuse_damaged (self, "holds a key without a value", error);
  ok = verify_value (self, key, value, n_positions, &cause);
  pg_file_free_span (&value);
  return ok || pg_file_refuse (self->file, cause, error);
}

/* Reads every record: gdbm_needs_recovery(3) misses half of the damaged files. */
static gboolean
verify (PgStore *self, GError **error)
{
  PgSpan       key = { NULL, 0 };
  guint64      n_positions = 0;
  PgFileAnswer answer;

  while ((answer = pg_file_next (self->file, &key, error)) == PG_FILE_FOUND)
    if (!verify_at (self, key, &n_positions, error))
      {
        pg_file_free_span (&key);
        return FALSE;
      }
  self->root.n_positions = n_positions;
  return answer == PG_FILE_ABSENT;
}

static gboolean
count_grants (PgStore *self, GError **error)
{
  guint64 n_others = 1 + self->root.n_places + self->root.n_positions;
  guint64 n_records;

  if (!pg_file_count (self->file, &n_records, error))
    return FALSE;
  self->n_grants = n_records > n_others ? n_records - n_others : 0;
  return TRUE;
}

/* From the first write on the file is not clean, until it is closed in order. */
static gboolean
begin_writing (PgStore *self, GError **error)
{
  self->root.is_clean = FALSE;
  return pg_store_put_root (self, error) && pg_file_sync (self->file, error);
}

static gboolean
is_absent (const char *path)
{
  return access (path, F_OK) != 0 && errno == ENOENT;
}

gboolean
pg_store_open (PgStore *self, GError **error)
{
  gboolean writes = self->mode == PG_STORE_READ_WRITE;

  if (pg_file_problem (self->file) == NULL)
    return TRUE;
  self->has_notes = FALSE;
  if (writes && is_absent (self->path) && !create (self, error))
    return FALSE;
  if (!pg_file_open (self->file, self->path, writes ? PG_FILE_WRITE : PG_FILE_READ, error) || !read_root (self, error))
    return FALSE;
  if (writes && !self->root.is_clean && !verify (self, error))
    return FALSE;
  return count_grants (self, error) && (!writes || begin_writing (self, error));
}

gboolean
pg_store_close (PgStore *self, GError **error)
{
  if (pg_file_problem (self->file) != NULL)
    return TRUE;
  if (self->mode == PG_STORE_READ_ONLY)
    return pg_file_close (self->file, error);
  self->root.is_clean = TRUE; /* said last, when all the rest is on the disk */
  return pg_file_sync (self->file, error) && pg_store_put_root (self, error) && pg_file_sync (self->file, error)
         && pg_file_close (self->file, error);
}

void
pg_store_free (PgStore *self)
{
  if (self == NULL)
    return;
  g_warn_if_fail (self->n_cursors == 0);
  (void) pg_store_close (self, NULL);
  pg_file_free (self->file);
  g_queue_clear_full (&self->free_places, g_free);
  g_hash_table_unref (self->place_of);
  g_free (self->path);
  g_free (self);
}

const char *
pg_store_path (const PgStore *self)
{
  return self->path;
}

const char *
pg_store_problem (const PgStore *self)
{
  return pg_file_problem (self->file);
}

guint64
pg_store_id (const PgStore *self)
{
  return pg_file_problem (self->file) == NULL ? pg_siphash_64 (&self->root.secret, "id", 2) : 0;
}

/* --- grants ---------------------------------------------------------------------------------------------------------- */

PgStoreAnswer
pg_store_decode_grant (PgStore *self, const PgHash *key, PgSpan value, PgRecord *out, GError **error)
{
  gboolean ok = pg_record_decode (pg_store_span_bytes (value), value.len, &self->root.secret, key, out, error);

  pg_file_free_span (&value);
  if (!ok)
    g_prefix_error (error, "%s: ", self->path);
  return ok ? PG_STORE_FOUND : PG_STORE_FAILED;
}

PgStoreAnswer
pg_store_get (PgStore *self, const PgAddress *address, PgRecord *out, GError **error)
{
  PgHash        key = pg_key_of_grant (&self->root.secret, address);
  PgSpan        value;
  PgStoreAnswer answer = pg_store_get_value (self, &key, &value, error);

  return answer == PG_STORE_FOUND ? pg_store_decode_grant (self, &key, value, out, error) : answer;
}

gboolean
pg_store_put (PgStore *self, const PgRecord *record, GError **error)
{
  PgHash   key = pg_key_of_grant (&self->root.secret, &record->address);
  gboolean is_new = !pg_file_has (self->file, pg_key_span (&key));
  guint8   image[PG_RECORD_SIZE];

  pg_record_encode (record, &self->root.secret, &key, image);
  if (!pg_store_put_value (self, &key, image, sizeof image, error))
    return FALSE;
  if (is_new)
    self->n_grants++;
  return TRUE;
}

gboolean
pg_store_remove (PgStore *self, const PgAddress *address, GError **error)
{
  PgHash       key = pg_key_of_grant (&self->root.secret, address);
  PgFileAnswer answer = pg_file_remove (self->file, pg_key_span (&key), error);

  if (answer == PG_FILE_FOUND)
    {
      self->is_dirty = TRUE;
      self->n_grants--;
    }
  return answer != PG_FILE_FAILED;
}

guint64
pg_store_n_grants (const PgStore *self)
{
  return pg_file_problem (self->file) == NULL ? self->n_grants : 0;
}

/* --- positions ------------------------------------------------------------------------------------------------------- */

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
  guint8        image[POSITION_SIZE] = { 0 };
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
  return self->is_dirty;
}

gboolean
pg_store_sync (PgStore *self, GError **error)
{
  self->is_dirty = FALSE;
  return pg_file_sync (self->file, error);
}

void
pg_store_sync_async (PgStore *self, GAsyncReadyCallback done, gpointer user_data)
{
  self->is_dirty = FALSE;
  pg_file_sync_async (self->file, done, user_data);
}

gboolean
pg_store_sync_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
