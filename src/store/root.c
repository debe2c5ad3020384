/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/root.h"

#include "core/bytes.h"
#include "core/error.h"

#include <string.h>

#define SECRET_AT 16
#define NEXT_NOTE_ID_AT 32
#define N_PLACES_AT 40
#define N_USAGES_AT 44
#define N_POSITIONS_AT 48
#define N_GRANTS_AT 52
#define CLEAN_AT 56
#define REDO_AT 57

G_STATIC_ASSERT (PG_ROOT_VERSION <= PG_FRAME_VERSION_MAX);

static PgHash
own_key (void)
{
  PgHash key = { PG_ROOT_KEY };

  return key;
}

/* As it is stored. */
static guint32
count_of (const PgRoot *self)
{
  return self->is_clean && self->has_count && self->n_grants < G_MAXUINT32 ? (guint32) self->n_grants + 1 : 0;
}

void
pg_root_encode (const PgRoot *self, guint8 out[PG_ROOT_SIZE])
{
  PgHash key = own_key ();

  memset (out, 0, PG_ROOT_SIZE);
  memcpy (out + SECRET_AT, self->secret.bytes, sizeof self->secret.bytes);
  pg_bytes_put_u64 (out + NEXT_NOTE_ID_AT, self->next_note_id);
  pg_bytes_put_u32 (out + N_PLACES_AT, (guint32) self->n_places);
  pg_bytes_put_u32 (out + N_USAGES_AT, (guint32) self->n_usages);
  pg_bytes_put_u32 (out + N_POSITIONS_AT, (guint32) self->n_positions);
  pg_bytes_put_u32 (out + N_GRANTS_AT, count_of (self));
  out[CLEAN_AT] = self->is_clean ? 1 : 0;
  pg_bytes_put_u32 (out + REDO_AT, self->redo);
  pg_frame_seal (out, PG_ROOT_SIZE, PG_FRAME_ROOT, PG_ROOT_VERSION, &self->secret, &key);
}

static void
get_counts (const guint8 *data, guint8 version, PgRoot *out)
{
  guint32 count = version > 2 ? pg_bytes_get_u32 (data + N_GRANTS_AT) : 0;

  out->n_places = pg_bytes_get_u32 (data + N_PLACES_AT);
  out->n_usages = pg_bytes_get_u32 (data + N_USAGES_AT);
  out->has_count = count > 0;
  out->n_grants = out->has_count ? count - 1 : 0;
  out->n_positions = version > 2 ? pg_bytes_get_u32 (data + N_POSITIONS_AT) : pg_bytes_get_u64 (data + N_POSITIONS_AT);
}

gboolean
pg_root_decode (const guint8 *data, gsize size, PgRoot *out, GError **error)
{
  PgHash key = own_key ();
  guint8 version = size >= PG_FRAME_HEADER && data[1] > 0 && data[1] < PG_ROOT_VERSION ? data[1] : PG_ROOT_VERSION;

  if (size >= PG_FRAME_HEADER && data[0] == PG_FRAME_ROOT && data[1] > PG_ROOT_VERSION)
    {
      g_set_error (error, PG_ERROR, PG_ERROR_VERSION, "is of version %d; this popgate knows up to version %d", data[1],
                   PG_ROOT_VERSION);
      return FALSE;
    }
  if (size == PG_ROOT_SIZE)
    memcpy (out->secret.bytes, data + SECRET_AT, sizeof out->secret.bytes);
  if (!pg_frame_check (data, size, PG_ROOT_SIZE, PG_FRAME_ROOT, version, &out->secret, &key, error))
    return FALSE;
  out->next_note_id = pg_bytes_get_u64 (data + NEXT_NOTE_ID_AT);
  get_counts (data, version, out);
  out->is_clean = data[CLEAN_AT] == 1;
  out->redo = pg_bytes_get_u32 (data + REDO_AT);
  if (out->next_note_id > 0 && out->n_places <= PG_ROOT_PLACES_MAX && (version > 1 || out->n_usages == 0))
    return TRUE;
  g_set_error_literal (error, PG_ERROR, PG_ERROR_DAMAGED, "the database's root has a field out of range");
  return FALSE;
}

guint64
pg_root_database (const PgRoot *self)
{
  return MAX (pg_siphash_64 (&self->secret, "id", 2), 1);
}
