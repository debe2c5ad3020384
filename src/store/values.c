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

PgStoreAnswer
pg_store_remove_value (PgStore *self, const PgHash *key, GError **error)
{
  PgSpan       span = pg_key_span (key);
  PgFileAnswer answer = may_write (self, error) ? pg_file_remove (self->file, span, error) : PG_FILE_FAILED;

  count_write (self, answer != PG_FILE_FAILED);
  if (answer == PG_FILE_FOUND)
    pg_redo_add (self->redo, &(PgChange){ .kind = PG_CHANGE_REMOVE, .key = span });
  return (PgStoreAnswer) answer;
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

  pg_file_free_span (&value);
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

void
pg_store_tell (PgStore *self, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_queue_push_tail (&self->news, g_strdup_vprintf (format, args));
  va_end (args);
}
