/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/salvage.h"

#include "core/error.h"
#include "core/record.h"
#include "core/usage.h"
#include "store/file-root.h"
#include "store/keys.h"
#include "store/place.h"
#include "store/replay.h"
#include "store/sieve.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#define NOTES_MISSING "an administrator's note could not be found"
#define NOTES_DOUBTFUL "an administrator's note was found in two forms"
#define NOTES_OLD "an administrator's note may be an old one"
#define NOTES_UNKNOWN "of the administrators' notes nothing was found"

/* The note of a place, or that it is free, as the base and the redo log have it, and as the database has it. */
typedef struct
{
  PgHash   key;
  guint8   of_log[PG_NOTE_SIZE];
  guint8   of_live[PG_NOTE_SIZE];
  gboolean has_log;
  gboolean has_live;
  gboolean is_doubtful;
} Place;

typedef struct
{
  const char     *path;
  const PgFamily *family;
  PgWork         *work;
  PgRoot          root; /* the best of the old ones */
  gboolean        has_root;
  GHashTable     *places; /* of Place, by its key */
  PgFile         *file;   /* the new one */
  PgRoot          fresh;
  gboolean        is_log_whole;
  gboolean        is_live_clean; /* the database itself was closed in order: each page of it is the newest */
  gboolean        is_live;       /* what is sifted now is the database itself */
  PgSalvage      *out;
  gboolean        is_failed; /* of the new file: all else is in vain */
  GError         *error;
} Salvage;

/* --- the old files --------------------------------------------------------------------------------------------------- */

typedef void (*Visit) (Salvage *self, const char *name);

static void
visit_numbered (Salvage *self, const GArray *numbers, char *(*name_of) (const char *, guint64), Visit visit)
{
  for (guint i = 0; i < numbers->len; i++)
    {
      g_autofree char *name = name_of (self->path, g_array_index (numbers, guint64, i));

      visit (self, name);
    }
}

/* From the oldest state to the newest. */
static void
visit_all (Salvage *self, Visit visit)
{
  self->is_live = FALSE;
  visit_numbered (self, self->family->bases, pg_family_base_name, visit);
  visit_numbered (self, self->family->redos, pg_family_redo_name, visit);
  self->is_live = TRUE;
  visit (self, self->path);
}

/* The secret is that of the database itself, or else of the newest file that has one; of its counters the highest hold. */
static void
take_root (const PgRoot *root, gpointer user_data)
{
  Salvage *self = user_data;

  if (!self->has_root || memcmp (&self->root.secret, &root->secret, sizeof root->secret) != 0)
    self->root = *root;
  self->has_root = TRUE;
  self->is_live_clean = self->is_live && root->is_clean;
  self->root.n_places = MAX (self->root.n_places, root->n_places);
  self->root.next_note_id = MAX (self->root.next_note_id, root->next_note_id);
  self->root.redo = MAX (self->root.redo, root->redo);
}

static void
find_roots (Salvage *self, const char *name)
{
  pg_sieve_roots (name, self->work, take_root, self);
}

/* --- grants ---------------------------------------------------------------------------------------------------------- */

/* Also if the new file can't be read: then it can't be written either, and says why. */
static gboolean
is_newer (Salvage *self, const PgHash *key, const PgRecord *record)
{
  PgRecord     there;
  PgSpan       value;
  PgFileAnswer answer = pg_file_get (self->file, pg_key_span (key), &value, NULL);
  gboolean     is_whole;

  if (answer != PG_FILE_FOUND)
    {
      self->out->n_grants++;
      return TRUE;
    }
  is_whole = pg_record_decode ((const guint8 *) value.data, value.len, &self->fresh.secret, key, &there, NULL);
  pg_file_free_span (&value);
  return !is_whole || record->newest_us > there.newest_us
         || (record->newest_us == there.newest_us && record->logins > there.logins);
}

static gboolean
save_grant (Salvage *self, const PgRecord *record)
{
  PgHash key = pg_key_of_grant (&self->fresh.secret, &record->address);
  guint8 image[PG_RECORD_SIZE];

  pg_record_encode (record, &self->fresh.secret, &key, image);
  return !is_newer (self, &key, record)
         || pg_file_put (self->file, pg_key_span (&key), pg_span ((const char *) image, sizeof image), &self->error);
}

/* --- usages ---------------------------------------------------------------------------------------------------------- */

/* What is stored grows with each use. */
static gboolean
is_more (Salvage *self, const PgHash *key, const PgUsage *usage)
{
  PgUsage      there;
  PgSpan       value;
  PgFileAnswer answer = pg_file_get (self->file, pg_key_span (key), &value, NULL);
  gboolean     is_whole;

  if (answer != PG_FILE_FOUND)
    {
      self->fresh.n_usages++;
      return TRUE;
    }
  is_whole = pg_usage_decode ((const guint8 *) value.data, value.len, &self->fresh.secret, key, &there, NULL);
  pg_file_free_span (&value);
  return !is_whole || usage->total > there.total;
}

static gboolean
save_usage (Salvage *self, const PgUsage *usage)
{
  PgHash key = pg_key_of_usage (&self->fresh.secret, &usage->pair);
  guint8 image[PG_USAGE_SIZE];

  pg_usage_encode (usage, &self->fresh.secret, &key, image);
  return !is_more (self, &key, usage)
         || pg_file_put (self->file, pg_key_span (&key), pg_span ((const char *) image, sizeof image), &self->error);
}

/* --- notes ----------------------------------------------------------------------------------------------------------- */

static void
list_places (Salvage *self)
{
  self->places = g_hash_table_new_full (pg_key_hash, pg_key_equal, NULL, g_free);
  for (guint64 number = 0; self->has_root && number < self->root.n_places; number++)
    {
      Place *place = g_new0 (Place, 1);

      place->key = pg_key_of_place (&self->root.secret, number);
      g_hash_table_insert (self->places, &place->key, place);
    }
}

static void
take_place (Salvage *self, const PgHash *key, const guint8 *value)
{
  Place *place = g_hash_table_lookup (self->places, key);

  if (place == NULL)
    return; /* written before the root counted it */
  if (!self->is_live)
    memcpy (place->of_log, value, PG_NOTE_SIZE);
  else if (!place->has_live)
    memcpy (place->of_live, value, PG_NOTE_SIZE);
  else if (memcmp (place->of_live, value, PG_NOTE_SIZE) != 0)
    place->is_doubtful = TRUE;
  place->has_log = place->has_log || !self->is_live;
  place->has_live = place->has_live || self->is_live;
}

static gboolean
put_note (Salvage *self, const PgNote *note)
{
  PgHash key = pg_key_of_place (&self->fresh.secret, self->fresh.n_places);
  guint8 image[PG_NOTE_SIZE];

  pg_place_encode (note, &self->fresh.secret, &key, image);
  self->fresh.n_places++;
  self->fresh.next_note_id = MAX (self->fresh.next_note_id, note->id + 1);
  return pg_file_put (self->file, pg_key_span (&key), pg_span ((const char *) image, sizeof image), &self->error);
}

/* What the database itself says was written last; the redo log may lack its end. */
static void
save_place (Salvage *self, Place *place)
{
  const guint8 *image = place->has_live ? place->of_live : place->of_log;
  PgSpan        value = pg_span ((const char *) image, PG_NOTE_SIZE);
  PgNote        note;
  PgPlace       found = PG_PLACE_DAMAGED;

  if (place->has_live || place->has_log)
    found = pg_place_decode (value, &self->root.secret, &place->key, &note, NULL);
  if (found == PG_PLACE_DAMAGED)
    self->out->lost_notes = NOTES_MISSING;
  else if (place->is_doubtful || (place->has_live && place->has_log && memcmp (place->of_live, place->of_log, PG_NOTE_SIZE) != 0))
    self->out->lost_notes = NOTES_DOUBTFUL;
  else if (!place->has_live && !self->is_log_whole)
    self->out->lost_notes = NOTES_OLD;
  if (found != PG_PLACE_NOTE || self->is_failed)
    return;
  self->is_failed = !put_note (self, &note);
  self->out->n_notes++;
}

static void
freeze (Salvage *self, gint64 now_us)
{
  PgNote note = { .id = self->fresh.next_note_id,
                  .kind = PG_NOTE_FREEZE,
                  .target = PG_NOTE_ALL,
                  .made_us = now_us,
                  .until_us = PG_NOTE_FOREVER,
                  .by = "popgated" };

  g_snprintf (note.why, sizeof note.why, "the database was damaged and %s: add what is missing, then popgate thaw",
              self->out->lost_notes);
  self->is_failed = !put_note (self, &note);
}

static void
save_notes (Salvage *self, gint64 now_us)
{
  if (!self->has_root)
    self->out->lost_notes = NOTES_UNKNOWN;
  else if (!self->is_log_whole && !self->is_live_clean)
    self->out->lost_notes = NOTES_OLD; /* changes of it, and that there is another, may be what is lost */
  self->fresh.next_note_id = self->has_root ? self->root.next_note_id : self->fresh.next_note_id;
  for (guint64 number = 0; self->has_root && number < self->root.n_places; number++)
    {
      PgHash key = pg_key_of_place (&self->root.secret, number);

      save_place (self, g_hash_table_lookup (self->places, &key));
    }
  if (self->out->lost_notes != NULL && !self->is_failed)
    freeze (self, now_us);
}

/* --- all of it ------------------------------------------------------------------------------------------------------- */

static void
take_record (const PgHash *key, const guint8 *value, gsize size, gpointer user_data)
{
  Salvage *self = user_data;
  PgRecord record;
  PgUsage  usage;

  if (self->is_failed)
    return;
  self->is_failed = !pg_work_step (self->work, &self->error);
  if (self->is_failed)
    return;
  if (value[0] == PG_FRAME_NOTE || value[0] == PG_FRAME_FREE)
    take_place (self, key, value);
  else if (value[0] == PG_FRAME_GRANT && pg_record_decode (value, size, &self->root.secret, key, &record, NULL))
    self->is_failed = !save_grant (self, &record);
  else if (value[0] == PG_FRAME_USAGE && pg_usage_decode (value, size, &self->root.secret, key, &usage, NULL))
    self->is_failed = !save_usage (self, &usage);
}

static void
find_records (Salvage *self, const char *name)
{
  pg_sieve_records (name, &self->root.secret, self->work, take_record, self);
}

static gboolean
begin_file (Salvage *self, const char *to)
{
  (void) unlink (to);
  self->fresh = (PgRoot){ .next_note_id = 1, .is_clean = TRUE };
  if (getrandom (&self->fresh.secret, sizeof self->fresh.secret, 0) == (gssize) sizeof self->fresh.secret)
    return pg_file_open (self->file, to, PG_FILE_CREATE, &self->error);
  g_set_error (&self->error, PG_ERROR, PG_ERROR_STORE, "no random bytes: %s", g_strerror (errno));
  return FALSE;
}

static gboolean
finish_file (Salvage *self)
{
  return !self->is_failed && pg_file_put_root (self->file, &self->fresh, &self->error) && pg_file_sync (self->file, &self->error)
         && pg_file_close (self->file, &self->error);
}

gboolean
pg_salvage (const char *path, const PgFamily *family, const char *to, gint64 now_us, PgWork *work, PgSalvage *out, GError **error)
{
  Salvage  self = { .path = path, .family = family, .work = work, .out = out, .file = pg_file_new (to) };
  gboolean ok;

  *out = (PgSalvage){ .n_grants = 0 };
  visit_all (&self, find_roots);
  self.is_log_whole = self.has_root && pg_replay_is_log_whole (path, family, &self.root, work);
  list_places (&self);
  ok = pg_work_go_on (work, &self.error) && begin_file (&self, to);
  if (ok && self.has_root)
    visit_all (&self, find_records);
  if (ok)
    save_notes (&self, now_us);
  ok = ok && finish_file (&self);
  g_hash_table_unref (self.places);
  pg_file_free (self.file);
  if (!ok)
    {
      (void) unlink (to);
      g_propagate_error (error, self.error);
    }
  return ok;
}
