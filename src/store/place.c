/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/place.h"

#include "core/error.h"
#include "store/keys.h"

#define FREE_VERSION 1

G_STATIC_ASSERT (PG_NOTE_SIZE <= PG_FRAME_MAX);

PgPlace
pg_place_decode (PgSpan value, const PgSecret *secret, const PgHash *key, PgNote *out, GError **error)
{
  const guint8 *bytes = (const guint8 *) value.data;

  if (pg_frame_check (bytes, value.len, PG_NOTE_SIZE, PG_FRAME_FREE, FREE_VERSION, secret, key, NULL))
    return PG_PLACE_FREE;
  return pg_note_decode (bytes, value.len, secret, key, out, error) ? PG_PLACE_NOTE : PG_PLACE_DAMAGED;
}

void
pg_place_encode (const PgNote *note, const PgSecret *secret, const PgHash *key, guint8 out[PG_NOTE_SIZE])
{
  memset (out, 0, PG_NOTE_SIZE);
  if (note != NULL)
    pg_note_encode (note, secret, key, out);
  else
    pg_frame_seal (out, PG_NOTE_SIZE, PG_FRAME_FREE, FREE_VERSION, secret, key);
}

static gboolean
prove (PgFile *file, const PgRoot *root, guint64 place, GError **error)
{
  PgHash       key = pg_key_of_place (&root->secret, place);
  PgNote       note;
  PgSpan       value;
  PgFileAnswer answer = pg_file_get (file, pg_key_span (&key), &value, error);
  PgPlace      found;

  if (answer == PG_FILE_ABSENT)
    g_set_error_literal (error, PG_ERROR, PG_ERROR_DAMAGED, "a note is missing");
  if (answer != PG_FILE_FOUND)
    return FALSE;
  found = pg_place_decode (value, &root->secret, &key, &note, error);
  pg_file_free_span (&value);
  return found != PG_PLACE_DAMAGED;
}

gboolean
pg_place_prove_all (PgFile *file, const PgRoot *root, GError **error)
{
  for (guint64 place = 0; place < root->n_places; place++)
    if (!prove (file, root, place, error))
      return FALSE;
  return TRUE;
}
