/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The values of a store, each change of which goes to the redo log as well. */
#include "core/error.h"
#include "store/keys.h"
#include "store/store-private.h"

G_STATIC_ASSERT ((int) PG_STORE_FAILED == (int) PG_FILE_FAILED && (int) PG_STORE_ABSENT == (int) PG_FILE_ABSENT
                 && (int) PG_STORE_FOUND == (int) PG_FILE_FOUND);

PgStoreAnswer
pg_store_get_value (PgStore *self, const PgHash *key, PgSpan *out_value, GError **error)
{
  PgStoreAnswer answer = (PgStoreAnswer) pg_file_get (self->file, pg_key_span (key), out_value, error);

  self->counters.reads[answer]++;
  return answer;
}

/* Each change of the file goes to the redo log as well; what can't go there is not made. */
static gboolean
may_write (PgStore *self, GError **error)
{
  if (!pg_file_is_open (self->file, error))
    return FALSE;
  if (self->is_begun)
    return pg_redo_has_room (self->redo, error);
  g_set_error (error, PG_ERROR, PG_ERROR_STORE, "%s: cannot be written: %s", self->path,
               self->begin_problem != NULL ? self->begin_problem : "it is open for reading only");
  return FALSE;
}

static void
count_write (PgStore *self, gboolean ok)
{
  if (ok)
    self->counters.writes++;
  else
    self->counters.write_failures++;
}

static gboolean
put_span (PgStore *self, PgSpan key, const guint8 *image, gsize size, GError **error)
{
  PgSpan   value = pg_span ((const char *) image, size);
  gboolean ok = may_write (self, error) && pg_file_put (self->file, key, value, error);

  count_write (self, ok);
  if (!ok)
    return FALSE;
  pg_redo_add (self->redo, &(PgChange){ .kind = PG_CHANGE_PUT, .key = key, .value_len = size, .value = value });
  return TRUE;
}

/* What waits to be put goes as well: it may be all that there is of it. */
PgStoreAnswer
pg_store_remove_value (PgStore *self, const PgHash *key, GError **error)
{
  PgSpan       span = pg_key_span (key);
  PgFileAnswer answer = may_write (self, error) ? pg_file_remove (self->file, span, error) : PG_FILE_FAILED;

  count_write (self, answer != PG_FILE_FAILED);
  if (answer == PG_FILE_ABSENT && pg_pending_find (self->pending, key) != NULL)
    answer = PG_FILE_FOUND;
  if (answer != PG_FILE_FOUND)
    return (PgStoreAnswer) answer;
  pg_pending_remove (self->pending, key);
  pg_redo_add (self->redo, &(PgChange){ .kind = PG_CHANGE_REMOVE, .key = span });
  return pg_file_expect (self->file, pg_pending_n_new (self->pending), error) ? PG_STORE_FOUND : PG_STORE_FAILED;
}

gboolean
pg_store_put_value (PgStore *self, const PgHash *key, const guint8 *image, gsize size, GError **error)
{
  return put_span (self, pg_key_span (key), image, size, error);
}

/* --- grants that wait ------------------------------------------------------------------------------------------------ */

static gboolean
flush_first (PgStore *self, GError **error)
{
  const PgPendingGrant *first = pg_pending_first (self->pending);
  PgHash                key = first->key;

  if (!pg_file_put_expected (self->file, pg_key_span (&key), pg_span ((const char *) first->image, PG_RECORD_SIZE), error))
    return FALSE;
  pg_pending_remove (self->pending, &key);
  return pg_file_expect (self->file, pg_pending_n_new (self->pending), error);
}

gboolean
pg_store_flush (PgStore *self, guint max, GError **error)
{
  if (!pg_file_is_open (self->file, error))
    return FALSE;
  for (; max > 0 && pg_pending_size (self->pending) > 0; max--)
    if (!flush_first (self, error))
      return FALSE;
  return TRUE;
}

guint
pg_store_n_pending (const PgStore *self)
{
  return pg_pending_size (self->pending);
}

/* What the file will have no room for does not wait for it. */
static gboolean
may_wait (PgStore *self, gboolean is_new, GError **error)
{
  if (pg_pending_is_full (self->pending) && !flush_first (self, error))
    return FALSE;
  return !is_new || pg_file_expect (self->file, pg_pending_n_new (self->pending) + 1, error);
}

gboolean
pg_store_put_later (PgStore *self, const PgHash *key, const guint8 image[PG_RECORD_SIZE], gboolean is_new, GError **error)
{
  gboolean ok = may_write (self, error) && may_wait (self, is_new, error);

  count_write (self, ok);
  if (!ok)
    return FALSE;
  pg_redo_add (self->redo, &(PgChange){ .kind = PG_CHANGE_PUT,
                                        .key = pg_key_span (key),
                                        .value_len = PG_RECORD_SIZE,
                                        .value = pg_span ((const char *) image, PG_RECORD_SIZE) });
  pg_pending_put (self->pending, key, image, is_new);
  return TRUE;
}

/* --- root, and what is damaged --------------------------------------------------------------------------------------- */

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

/* Base and redo log have what is damaged in the database, unless it was made of them. */
static gboolean
can_be_mended (const PgStore *self)
{
  return self->is_begun && !self->is_rebuilt;
}

PgStoreAnswer
pg_store_decode_grant (PgStore *self, const PgHash *key, PgSpan value, PgRecord *out, GError **error)
{
  GError  *cause = NULL;
  gboolean ok = pg_record_decode (pg_store_span_bytes (value), value.len, &self->root.secret, key, out, &cause);

  if (ok)
    return PG_STORE_FOUND;
  if (can_be_mended (self))
    {
      (void) pg_file_refuse (self->file, cause, error);
      return PG_STORE_FAILED;
    }
  g_propagate_prefixed_error (error, cause, "%s: ", self->path);
  return PG_STORE_FAILED;
}

PgStoreAnswer
pg_store_get_grant (PgStore *self, const PgHash *key, PgRecord *out, GError **error)
{
  const PgPendingGrant *pending = pg_pending_find (self->pending, key);
  PgSpan                value;
  PgStoreAnswer         answer;

  if (!pg_file_is_open (self->file, error))
    return PG_STORE_FAILED;
  if (pending != NULL)
    return pg_store_decode_grant (self, key, pg_span ((const char *) pending->image, PG_RECORD_SIZE), out, error);
  answer = pg_store_get_value (self, key, &value, error);
  if (answer != PG_STORE_FOUND)
    return answer;
  answer = pg_store_decode_grant (self, key, value, out, error);
  pg_file_free_span (&value);
  return answer;
}

void
pg_store_tell (PgStore *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_queue_push_tail (&self->news, g_strdup_vprintf (format, args));
  va_end (args);
}
