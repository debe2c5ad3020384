/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The notes of a store: each at a place of its own, numbered from 0, which is used again when its note is gone. So all that
 * must be there is known, and a note that is missing is missed. */
#include "core/error.h"
#include "store/keys.h"
#include "store/place.h"
#include "store/store-private.h"

static void
remember_place (PgStore *self, guint64 id, guint64 place)
{
  guint64 *pair = g_new (guint64, 2);

  pair[0] = id;
  pair[1] = place;
  g_hash_table_replace (self->place_of, pair, pair + 1);
}

static void
remember_free_place (PgStore *self, guint64 place)
{
  g_queue_push_tail (&self->free_places, g_memdup2 (&place, sizeof place));
}

static gboolean
load_place (PgStore *self, guint64 place, PgNoteset *out, GError **error)
{
  PgHash        key = pg_key_of_place (&self->root.secret, place);
  GError       *cause = NULL;
  PgNote        note;
  PgSpan        value;
  PgStoreAnswer answer = pg_store_get_value (self, &key, &value, error);
  PgPlace       found;

  if (answer == PG_STORE_FAILED)
    return FALSE;
  if (answer == PG_STORE_ABSENT)
    return pg_store_refuse_damaged (self, "a note is missing", error);
  found = pg_place_decode (value, &self->root.secret, &key, &note, &cause);
  if (found == PG_PLACE_FREE)
    remember_free_place (self, place);
  if (found == PG_PLACE_NOTE)
    {
      remember_place (self, note.id, place);
      /* The root's write may have been lost in a crash that this one outlived. */
      self->root.next_note_id = MAX (self->root.next_note_id, note.id + 1);
      pg_noteset_add (out, &note);
    }
  pg_file_free_span (&value);
  return cause == NULL || pg_file_refuse (self->file, cause, error);
}

gboolean
pg_store_read_notes (PgStore *self, PgNoteset *out, GError **error)
{
  g_hash_table_remove_all (self->place_of);
  g_queue_clear_full (&self->free_places, g_free);
  for (guint64 place = 0; place < self->root.n_places; place++)
    if (!pg_work_go_on (self->work, error) || !load_place (self, place, out, error))
      return FALSE;
  return TRUE;
}

gboolean
pg_store_load_notes (PgStore *self, PgNoteset *out, GError **error)
{
  if (!pg_file_is_open (self->file, error))
    return FALSE;
  if (self->loaded != NULL)
    {
      pg_noteset_swap (self->loaded, out);
      g_clear_pointer (&self->loaded, pg_noteset_free);
    }
  else if (!pg_store_read_notes (self, out, error))
    return FALSE;
  self->has_notes = TRUE;
  return TRUE;
}

static gboolean
write_place (PgStore *self, guint64 place, const PgNote *note, GError **error)
{
  PgHash key = pg_key_of_place (&self->root.secret, place);
  guint8 image[PG_NOTE_SIZE];

  pg_place_encode (note, &self->root.secret, &key, image);
  return pg_store_put_value (self, &key, image, sizeof image, error);
}

/* The root is written last: until it counts the new place, the place doesn't exist. */
static gboolean
add_place (PgStore *self, const PgNote *note, guint64 *out_place, GError **error)
{
  if (self->root.n_places >= PG_ROOT_PLACES_MAX)
    {
      g_set_error (error, PG_ERROR, PG_ERROR_LIMIT, "%s: holds %d notes, and no more fit", self->path, PG_ROOT_PLACES_MAX);
      return FALSE;
    }
  *out_place = self->root.n_places;
  if (!write_place (self, *out_place, note, error))
    return FALSE;
  self->root.n_places++;
  if (pg_store_put_root (self, error))
    return TRUE;
  self->root.n_places--;
  return FALSE;
}

/* Finds room for a note that is not stored yet, and writes it there. */
static gboolean
place_note (PgStore *self, const PgNote *note, guint64 *out_place, GError **error)
{
  guint64 *free_place = g_queue_peek_head (&self->free_places);

  if (free_place == NULL)
    return add_place (self, note, out_place, error);
  *out_place = *free_place;
  if (!write_place (self, *out_place, note, error))
    return FALSE;
  g_free (g_queue_pop_head (&self->free_places));
  return TRUE;
}

/* An id is spent before it is used, so that no crash can make it come again; also one that came from elsewhere. */
static gboolean
spend_id (PgStore *self, guint64 id, GError **error)
{
  if (id < self->root.next_note_id)
    return TRUE;
  self->root.next_note_id = id + 1;
  return pg_store_put_root (self, error);
}

gboolean
pg_store_put_note (PgStore *self, PgNote *note, GError **error)
{
  const guint64 *known;
  guint64        place;

  if (!pg_file_is_open (self->file, error))
    return FALSE;
  g_return_val_if_fail (self->has_notes && note->id < G_MAXUINT64, FALSE);
  if (note->id == 0)
    note->id = self->root.next_note_id;
  if (!spend_id (self, note->id, error))
    return FALSE;
  known = g_hash_table_lookup (self->place_of, &note->id);
  if (known != NULL)
    return write_place (self, *known, note, error);
  if (!place_note (self, note, &place, error))
    return FALSE;
  remember_place (self, note->id, place);
  return TRUE;
}

gboolean
pg_store_remove_note (PgStore *self, guint64 id, GError **error)
{
  const guint64 *known = g_hash_table_lookup (self->place_of, &id);

  if (!pg_file_is_open (self->file, error))
    return FALSE;
  g_return_val_if_fail (self->has_notes, FALSE);
  if (known == NULL)
    return TRUE;
  if (!write_place (self, *known, NULL, error))
    return FALSE;
  remember_free_place (self, *known);
  g_hash_table_remove (self->place_of, &id);
  return TRUE;
}
