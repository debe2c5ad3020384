/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walking over the grants of a store. */
#include "core/error.h"
#include "store/store-private.h"

struct _PgStoreCursor
{
  PgStore *store;
  guint    generation;
  gboolean is_at_end;
  PgSpan   key; /* met last */
};

PgStoreCursor *
pg_store_cursor_new (PgStore *self)
{
  PgStoreCursor *cursor = g_new0 (PgStoreCursor, 1);

  cursor->store = self;
  cursor->generation = pg_file_generation (self->file);
  self->n_cursors++;
  return cursor;
}

void
pg_store_cursor_free (PgStoreCursor *self)
{
  if (self == NULL)
    return;
  self->store->n_cursors--;
  pg_file_free_span (&self->key);
  g_free (self);
}

guint
pg_store_n_cursors (const PgStore *self)
{
  return self->n_cursors;
}

/* Reads the grant at the cursor's key. ABSENT: what stands there is no grant. */
static PgStoreAnswer
read_at (PgStoreCursor *self, PgRecord *out, GError **error)
{
  PgHash       hash;
  PgSpan       value;
  PgFileAnswer answer;

  if (self->key.len != sizeof hash.bytes)
    return PG_STORE_ABSENT;
  answer = pg_file_get (self->store->file, self->key, &value, error);
  if (answer != PG_FILE_FOUND)
    return (PgStoreAnswer) answer;
  memcpy (hash.bytes, self->key.data, sizeof hash.bytes);
  if (value.len > 0 && value.data[0] == PG_FRAME_GRANT)
    return pg_store_decode_grant (self->store, &hash, value, out, error);
  pg_file_free_span (&value);
  return PG_STORE_ABSENT;
}

static PgStoreAnswer
step (PgStoreCursor *self, GError **error)
{
  PgFileAnswer answer = pg_file_next (self->store->file, &self->key, error);

  self->is_at_end = answer != PG_FILE_FOUND;
  return (PgStoreAnswer) answer;
}

PgStoreAnswer
pg_store_cursor_next (PgStoreCursor *self, PgRecord *out, GError **error)
{
  PgStoreAnswer answer = PG_STORE_ABSENT;

  if (!pg_file_is_open (self->store->file, error))
    return PG_STORE_FAILED;
  if (self->generation != pg_file_generation (self->store->file))
    {
      g_set_error (error, PG_ERROR, PG_ERROR_STORE, "%s: was opened anew meanwhile", self->store->path);
      return PG_STORE_FAILED;
    }
  while (!self->is_at_end && answer == PG_STORE_ABSENT)
    if ((answer = step (self, error)) == PG_STORE_FOUND)
      answer = read_at (self, out, error);
    else if (answer == PG_STORE_ABSENT)
      break;
  return answer;
}
