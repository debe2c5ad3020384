/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/session.h"

#include "core/error.h"
#include "store/base.h"
#include "store/segment-private.h"

#include <sys/stat.h>
#include <unistd.h>

/* The redo log is cut when it is a quarter of the base, as a start reads both; not for less than this. */
#define CHECKPOINT_MIN G_GUINT64_CONSTANT (33554432)

/* Each start begins a file: so many may be left behind a base. */
#define FILES_MAX 16

/* Ticks until a checkpoint that failed is tried again. */
#define CHECKPOINT_PAUSE 300

/* --- the files ------------------------------------------------------------------------------------------------------- */

static guint64
size_of (const char *name)
{
  struct stat status;

  return stat (name, &status) == 0 ? (guint64) status.st_size : 0;
}

static guint64
redo_size (const PgStore *self, guint64 number)
{
  g_autofree char *name = pg_family_redo_name (self->path, number);

  return size_of (name);
}

static guint64
base_size (const PgStore *self)
{
  g_autofree char *name = pg_family_base_name (self->path, self->base);

  return size_of (name);
}

/* Is the redo log, from the base through file @last, long enough for a checkpoint? */
static gboolean
is_long (const PgStore *self, guint64 last)
{
  guint64 limit = self->checkpoint_bytes != 0 ? self->checkpoint_bytes : MAX (CHECKPOINT_MIN, base_size (self) / 4);
  guint64 size = 0;

  for (guint64 number = self->base + 1; number <= last; number++)
    size += redo_size (self, number);
  return size > limit || last - self->base > FILES_MAX;
}

/* --- the beginning --------------------------------------------------------------------------------------------------- */

static gboolean
is_of_database (const PgStore *self, const PgFamily *family, guint64 base, guint64 newest)
{
  guint64       database = pg_root_database (&self->root);
  PgSegmentHead head;

  for (guint64 number = base + 1; number <= newest; number++)
    if (!pg_family_has_redo (family, number))
      return FALSE;
  return pg_base_database (self->path, base) == database
         && (newest == base || (pg_segment_read_head (self->path, newest, &head, NULL) && head.database == database));
}

/* Does the redo log end where the database was closed? Files that were begun since, and not written to, count for nothing. */
static gboolean
ends_there (const PgStore *self, guint64 newest)
{
  while (self->root.redo > 0 && newest > self->root.redo && redo_size (self, newest) == PG_SEGMENT_HEAD)
    newest--;
  return self->root.redo == newest;
}

/* Are base and redo log, put together, the database that was closed in order? */
static gboolean
has_base (PgStore *self, const PgFamily *family)
{
  guint64 newest = pg_family_newest (family);

  if (self->is_base_bad || family->bases->len == 0 || !ends_there (self, newest))
    return FALSE;
  self->base = g_array_index (family->bases, guint64, family->bases->len - 1);
  return is_of_database (self, family, self->base, newest);
}

static gboolean
make_base (PgStore *self, guint64 number, GError **error)
{
  if (!pg_checkpoint_of_database (self->path, number, self->work, error))
    return FALSE;
  self->base = number;
  self->is_base_bad = FALSE;
  return TRUE;
}

/* Nobody waits yet. If it fails, a checkpoint is tried later, which tells: base and redo log are as good as they were. */
static void
shorten (PgStore *self, guint64 newest)
{
  if (is_long (self, newest) && !make_base (self, newest, NULL))
    self->checkpoint_pause = 0;
}

/* Sees to it that there is a base, with a redo log that goes as far as the database does. */
static gboolean
prepare (PgStore *self, const PgFamily *family, GError **error)
{
  guint64 newest = pg_family_newest (family);

  if (has_base (self, family))
    {
      shorten (self, newest);
      return TRUE;
    }
  if (!pg_work_go_on (self->work, error))
    return FALSE;
  if (!pg_family_is_empty (family))
    {
      if (!pg_family_set_all_aside (self->path, error))
        return FALSE;
      pg_store_tell (self, "%s: its base and redo log do not belong to it: they are set aside as %s.damaged-*", self->path,
                     self->path);
    }
  return make_base (self, newest, error);
}

static gboolean
find_base (PgStore *self, GError **error)
{
  PgFamily family;
  gboolean ok;

  if (!pg_family_list (self->path, &family, error))
    return FALSE;
  ok = prepare (self, &family, error);
  self->replayed.number = MAX (pg_family_newest (&family), self->base);
  self->replayed.end = (gint64) redo_size (self, self->replayed.number);
  pg_family_clear (&family);
  return ok;
}

gboolean
pg_session_prepare (PgStore *self, GError **error)
{
  if (!self->is_rebuilt && !find_base (self, error))
    return FALSE;
  g_clear_pointer (&self->redo, pg_redo_free);
  self->redo =
      pg_redo_new (pg_segment_new (self->path, pg_root_database (&self->root), self->replayed.number, self->replayed.end));
  return pg_redo_begin (self->redo, error);
}

gboolean
pg_session_mark (PgStore *self, GError **error)
{
  self->root.is_clean = self->root.has_count = FALSE;
  self->root.redo = (guint32) pg_redo_number (self->redo);
  return pg_file_put_root (self->file, &self->root, error);
}

/* The root is in the redo log too: what is left of that may be all that there is of the database. */
gboolean
pg_session_go (PgStore *self, GError **error)
{
  self->is_begun = TRUE;
  g_clear_pointer (&self->begin_problem, g_free);
  return pg_store_put_root (self, error);
}

void
pg_session_fail (PgStore *self, const GError *cause)
{
  self->is_begun = FALSE;
  g_free (self->begin_problem);
  self->begin_problem = g_strdup (cause->message);
}

gboolean
pg_session_begin (PgStore *self, GError **error)
{
  GError *cause = NULL;

  if (pg_session_prepare (self, &cause) && pg_session_mark (self, &cause) && pg_file_sync (self->file, &cause)
      && pg_session_go (self, &cause))
    return TRUE;
  pg_session_fail (self, cause);
  g_propagate_error (error, cause);
  return FALSE;
}

void
pg_session_tell_problem (PgStore *self)
{
  if (pg_file_problem (self->file) == NULL && self->begin_problem != NULL)
    pg_store_tell (self, "%s: can be read, but not written: %s", self->path, self->begin_problem);
}

/* --- the end --------------------------------------------------------------------------------------------------------- */

gboolean
pg_session_save (PgStore *self, GError **error)
{
  pg_checkpoint_cancel (g_steal_pointer (&self->checkpoint));
  self->closing = 0;
  if (self->redo != NULL && !pg_redo_sync (self->redo, error))
    return FALSE;
  g_clear_pointer (&self->redo, pg_redo_free);
  self->is_begun = FALSE;
  return TRUE;
}

/* What the file has no room for is in the redo log; so the file is left as one that was not closed in order. */
static gboolean
flush_all (PgStore *self, GError **error)
{
  if (pg_store_flush (self, G_MAXUINT, error))
    return TRUE;
  if (pg_file_problem (self->file) == NULL)
    pg_file_set_problem (self->file, "has no room for all of it");
  return FALSE;
}

/* The root is written last, when all the rest is on the disk, and not to the redo log, which has no clean ones. */
static gboolean
close_clean (PgStore *self, guint64 last, GError **error)
{
  if (!flush_all (self, error))
    return FALSE;
  self->root.is_clean = self->root.has_count = TRUE;
  self->root.n_grants = self->n_grants;
  self->root.redo = (guint32) last;
  return pg_file_sync (self->file, error) && pg_file_put_root (self->file, &self->root, error) && pg_file_sync (self->file, error)
         && pg_file_close (self->file, error);
}

static gboolean
close_file (PgStore *self, GError **error)
{
  GError  *cause = NULL;
  gboolean was_begun = self->is_begun;
  gboolean is_saved;
  guint64  last = 0;

  is_saved = self->redo == NULL || pg_redo_sync (self->redo, &cause);
  if (was_begun && is_saved && pg_redo_trim (self->redo))
    last = pg_redo_number (self->redo);
  self->is_begun = FALSE;
  if (pg_file_problem (self->file) != NULL)
    {
      if (!is_saved)
        g_propagate_error (error, cause);
      return is_saved;
    }
  g_clear_error (&cause); /* the database itself will have it all */
  if (!(was_begun ? close_clean (self, last, error) : pg_file_close (self->file, error)))
    return FALSE;
  self->suspect = 0; /* what it says of itself holds again */
  return TRUE;
}

gboolean
pg_session_end (PgStore *self, GError **error)
{
  gboolean ok;

  pg_checkpoint_cancel (g_steal_pointer (&self->checkpoint));
  self->closing = 0;
  ok = close_file (self, error);
  g_clear_pointer (&self->redo, pg_redo_free);
  g_clear_pointer (&self->begin_problem, g_free);
  if (self->lock >= 0)
    close (self->lock);
  self->lock = -1;
  return ok;
}

/* --- once a second --------------------------------------------------------------------------------------------------- */

static void
finish_checkpoint (PgStore *self)
{
  g_autoptr (GError) error = NULL;

  if (pg_checkpoint_finish (g_steal_pointer (&self->checkpoint), &error))
    {
      self->base = self->closing;
      self->closing = 0;
      self->counters.checkpoints++;
      return;
    }
  self->counters.checkpoint_failures++;
  self->closing = 0;
  self->checkpoint_pause = CHECKPOINT_PAUSE;
  pg_store_tell (self, "%s: no checkpoint could be made: %s", self->path, error->message);
  self->is_base_bad = g_error_matches (error, PG_ERROR, PG_ERROR_DAMAGED);
}

/* One step: the redo log goes on in a new file; the ones before it are put into a new base; the old base and they go. */
static void
see_to_checkpoint (PgStore *self)
{
  guint64 number = pg_redo_number (self->redo);

  if (self->checkpoint_pause > 0)
    self->checkpoint_pause--;
  else if (self->checkpoint != NULL && pg_checkpoint_is_done (self->checkpoint))
    finish_checkpoint (self);
  else if (self->checkpoint == NULL && self->closing != 0 && number > self->closing)
    self->checkpoint = pg_checkpoint_new (self->path, self->base, self->closing);
  else if (self->checkpoint == NULL && self->closing == 0 && is_long (self, number))
    {
      self->closing = number;
      pg_redo_begin_later (self->redo);
    }
}

static gboolean
is_there (const PgStore *self)
{
  g_autofree char *base = pg_family_base_name (self->path, self->base);
  g_autofree char *redo = pg_family_redo_name (self->path, pg_redo_number (self->redo));

  /* While a checkpoint ends, the old base may be gone before we know of the new one. */
  return access (redo, F_OK) == 0 && (self->checkpoint != NULL || access (base, F_OK) == 0);
}

/* Without a base, or a part of the redo log, a crash would be a loss. Closed in order, the store makes a new base as it opens. */
static gboolean
has_lost_base (PgStore *self)
{
  if (!self->is_base_bad && is_there (self))
    return FALSE;
  if (!self->is_base_bad)
    pg_store_tell (self, "%s: its base or its redo log was removed while in use; a new base is made", self->path);
  self->is_base_bad = TRUE;
  return TRUE;
}

void
pg_session_end_for_base (PgStore *self)
{
  if (pg_file_problem (self->file) == NULL && !pg_session_end (self, NULL))
    pg_store_tell (self, "%s", pg_file_problem (self->file));
}

/* The redo log may have gone on in a new file. */
static gboolean
follow_number (PgStore *self)
{
  guint32 number = (guint32) pg_redo_number (self->redo);

  if (number == self->root.redo)
    return TRUE;
  self->root.redo = number;
  return pg_store_put_root (self, NULL);
}

PgSessionNeed
pg_session_look (PgStore *self)
{
  if (!pg_file_check (self->file, NULL))
    return PG_SESSION_TO_OPEN;
  if (!self->is_begun)
    return PG_SESSION_TO_BEGIN;
  if (!follow_number (self))
    return PG_SESSION_TO_OPEN;
  see_to_checkpoint (self);
  return has_lost_base (self) ? PG_SESSION_TO_OPEN : PG_SESSION_WELL;
}

void
pg_store_tick (PgStore *self)
{
  PgSessionNeed need = self->mode == PG_STORE_READ_WRITE ? pg_session_look (self) : PG_SESSION_WELL;

  if (need == PG_SESSION_TO_BEGIN && !pg_session_begin (self, NULL))
    return; /* it is said by pg_store_write_problem() */
  if (need == PG_SESSION_TO_OPEN)
    pg_session_end_for_base (self);
}

void
pg_store_set_checkpoint (PgStore *self, guint64 bytes)
{
  self->checkpoint_bytes = bytes;
}
