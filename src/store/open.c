/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening a store: what is whole is used, what is not is made anew. */
#include "core/error.h"
#include "store/base.h"
#include "store/salvage.h"
#include "store/session.h"
#include "store/sieve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

/* What GDBM files begin with, in either byte order and any of its forms: 0x13579acd to 0x13579ad1. */
#define MAGIC_LOW 0x13579acdU
#define MAGIC_HIGH 0x13579ad1U

/* Live: what stands under the database's name. */
typedef enum
{
  LIVE_FAILED, /* no way to it now: the error says why */
  LIVE_ABSENT,
  LIVE_DAMAGED,
  LIVE_UNCLEAN, /* what it holds proves nothing, but its root was read */
  LIVE_CLEAN,   /* and open */
} Live;

static char *
fresh_name (const PgStore *self)
{
  return g_strconcat (self->path, ".new", NULL);
}

/* --- looking --------------------------------------------------------------------------------------------------------- */

/* To have GDBM count reads all buckets, which is most of what a start takes. So a database that is closed in order says how many
 * it has; who reads it does not believe that of any other. */
static gboolean
count_grants (PgStore *self, GError **error)
{
  guint64 n_others = 1 + self->root.n_places + self->root.n_positions + self->root.n_usages;
  guint64 n_records;

  if (self->root.is_clean && self->root.has_count)
    {
      self->n_grants = self->root.n_grants;
      return TRUE;
    }
  if (!pg_file_count (self->file, &n_records, error))
    return FALSE;
  self->n_grants = n_records > n_others ? n_records - n_others : 0;
  return TRUE;
}

static void
take_root (const PgRoot *root, gpointer user_data)
{
  PgRoot *last = user_data;

  *last = *root;
}

/* A crash in the middle of a write may leave a file that GDBM can't read: its root still says that it was in use, and which part
 * of the redo log there must be. Without a root next_note_id is 0. */
static Live
judge_damaged (PgStore *self)
{
  PgRoot root = { .is_clean = TRUE };

  pg_sieve_roots (self->path, self->work, take_root, &root);
  self->root = root;
  return root.is_clean ? LIVE_DAMAGED : LIVE_UNCLEAN;
}

/* What was open here, and failed, is not to be believed when it says that it is clean. */
static Live
judge_root (PgStore *self)
{
  gboolean is_suspect = self->suspect != 0 && self->suspect == pg_root_database (&self->root);

  if (!self->root.is_clean || is_suspect)
    return LIVE_UNCLEAN;
  return count_grants (self, NULL) ? LIVE_CLEAN : LIVE_DAMAGED;
}

static Live
look (PgStore *self, GError **error)
{
  g_autoptr (GError) cause = NULL;
  gboolean is_gdbm = pg_file_open (self->file, self->path, PG_FILE_WRITE, &cause);

  self->is_rebuilt = FALSE;
  if (is_gdbm && pg_file_get_root (self->file, &self->root, &cause))
    return judge_root (self);
  if (g_error_matches (cause, PG_ERROR, PG_ERROR_ABSENT))
    return LIVE_ABSENT;
  if (g_error_matches (cause, PG_ERROR, PG_ERROR_DAMAGED) || (is_gdbm && !g_error_matches (cause, PG_ERROR, PG_ERROR_VERSION)))
    return judge_damaged (self);
  g_propagate_error (error, g_steal_pointer (&cause));
  return LIVE_FAILED;
}

/* Was it a GDBM file that is none any more? Then it may have been ours. */
static gboolean
may_have_been_ours (const PgStore *self)
{
  PgFile  *file = pg_file_new (self->path);
  gboolean is_foreign = pg_file_open (file, self->path, PG_FILE_READ, NULL);
  int      fd = open (self->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  guint32  magic = 0;
  gboolean has_magic = fd >= 0 && read (fd, &magic, sizeof magic) == (gssize) sizeof magic;

  if (fd >= 0)
    close (fd);
  if (is_foreign)
    is_foreign = !pg_file_has (file, pg_span_from_string (PG_ROOT_KEY)) && pg_file_problem (file) == NULL;
  pg_file_free (file);
  has_magic = has_magic
              && ((magic >= MAGIC_LOW && magic <= MAGIC_HIGH)
                  || (GUINT32_SWAP_LE_BE (magic) >= MAGIC_LOW && GUINT32_SWAP_LE_BE (magic) <= MAGIC_HIGH));
  return has_magic && !is_foreign;
}

/* Counts what is there: the counters in the root may be behind by what stood at the redo log's torn end. */
static gboolean
count_all (PgStore *self, GError **error)
{
  PgSpan       key = { NULL, 0 };
  PgSpan       value;
  PgFileAnswer answer;

  self->n_grants = 0;
  self->root.n_positions = self->root.n_usages = 0;
  while ((answer = pg_file_next (self->file, &key, error)) == PG_FILE_FOUND
         && (answer = pg_file_get (self->file, key, &value, error)) == PG_FILE_FOUND)
    {
      gboolean goes_on = pg_work_step (self->work, error);

      if (value.len > 0 && value.data[0] == PG_FRAME_GRANT)
        self->n_grants++;
      if (value.len > 0 && value.data[0] == PG_FRAME_POSITION)
        self->root.n_positions++;
      if (value.len > 0 && value.data[0] == PG_FRAME_USAGE)
        self->root.n_usages++;
      pg_file_free_span (&value);
      if (!goes_on)
        break;
    }
  pg_file_free_span (&key);
  return answer == PG_FILE_ABSENT;
}

/* --- making a file anew ---------------------------------------------------------------------------------------------- */

static gboolean
fill_root (PgStore *self, GError **error)
{
  self->root = (PgRoot){ .next_note_id = 1, .is_clean = TRUE };
  if (getrandom (self->root.secret.bytes, sizeof self->root.secret.bytes, 0) == (gssize) sizeof self->root.secret.bytes)
    return TRUE;
  return pg_file_refuse (self->file, g_error_new (PG_ERROR, PG_ERROR_STORE, "no random bytes: %s", g_strerror (errno)), error);
}

static gboolean
create (PgStore *self, GError **error)
{
  g_autofree char *fresh = fresh_name (self);

  (void) unlink (fresh);
  return pg_file_open (self->file, fresh, PG_FILE_CREATE, error) && fill_root (self, error)
         && pg_file_put_root (self->file, &self->root, error) && pg_file_sync (self->file, error)
         && pg_file_close (self->file, error);
}

/* Gives the new file its name, and the one that has it another, in one step if the file system can. */
static gboolean
exchange (PgStore *self, const char *fresh, GError **error)
{
  g_autofree char *aside = NULL;

  pg_family_step ("exchange");
  if (renameat2 (AT_FDCWD, fresh, AT_FDCWD, self->path, RENAME_EXCHANGE) == 0)
    {
      g_autofree char *live_new = g_strconcat (self->path, ".new", NULL);

      if (!pg_family_set_aside (self->path, live_new, &aside, error))
        return FALSE;
    }
  else if ((errno != EINVAL && errno != ENOENT) || (errno == EINVAL && !pg_family_set_aside (self->path, NULL, &aside, error))
           || rename (fresh, self->path) != 0)
    {
      if (error != NULL && *error == NULL)
        g_set_error (error, PG_ERROR, PG_ERROR_STORE, "%s: cannot be replaced: %s", self->path, g_strerror (errno));
      return FALSE;
    }
  if (aside != NULL)
    pg_store_tell (self, "%s: what stood there is kept as %s", self->path, aside);
  return TRUE;
}

/* Only what is damaged is worth keeping: what a crash left is in the base and the redo log. Nothing is put anywhere when all was
 * cancelled: who looks for something then finds less than there is. */
static gboolean
put_in_place (PgStore *self, gboolean keeps_old, GError **error)
{
  g_autofree char *fresh = fresh_name (self);

  if (!pg_work_go_on (self->work, error))
    return FALSE;
  if (keeps_old && !exchange (self, fresh, error))
    return FALSE;
  pg_family_step ("name database");
  if ((keeps_old || rename (fresh, self->path) == 0) && pg_family_sync_folder (self->path))
    return TRUE;
  g_set_error (error, PG_ERROR, PG_ERROR_STORE, "%s: cannot rename %s: %s", self->path, fresh, g_strerror (errno));
  return FALSE;
}

static gboolean
reopen (PgStore *self, GError **error)
{
  return pg_file_open (self->file, self->path, PG_FILE_WRITE, error) && pg_file_get_root (self->file, &self->root, error);
}

/* Does @known, which was found in what stands there, tell what must be in base and redo log? */
static gboolean
is_known (const PgStore *self, const PgFamily *family, Live live, const PgRoot *known)
{
  const GArray *bases = family->bases;

  if (live != LIVE_DAMAGED)
    return live == LIVE_UNCLEAN;
  return known->next_note_id > 0 && bases->len > 0
         && pg_base_database (self->path, g_array_index (bases, guint64, bases->len - 1)) == pg_root_database (known);
}

/* Out of base and redo log. PG_ERROR_DAMAGED: they are not whole. */
static gboolean
rebuild (PgStore *self, const PgFamily *family, Live live, GError **error)
{
  g_autofree char *fresh = fresh_name (self);
  const PgRoot     known = self->root;

  if (!pg_replay_all (self->path, family, is_known (self, family, live, &known) ? &known : NULL, fresh, self->work,
                      &self->replayed, error)
      || !put_in_place (self, live == LIVE_DAMAGED, error) || !reopen (self, error) || !count_all (self, error))
    return FALSE;
  self->is_rebuilt = TRUE;
  self->base = self->replayed.base;
  pg_store_tell (self,
                 "%s: %s; made anew of base %" G_GUINT64_FORMAT " and %" G_GUINT64_FORMAT " changes: %" G_GUINT64_FORMAT
                 " grants",
                 self->path,
                 live == LIVE_UNCLEAN   ? "was not closed in order"
                 : live == LIVE_DAMAGED ? "was damaged"
                                        : "was missing",
                 self->replayed.base, self->replayed.n_changes, self->n_grants);
  return TRUE;
}

static void
tell_salvage (PgStore *self, const PgSalvage *saved, const GError *why)
{
  pg_store_tell (self, "%s: damaged (%s); %" G_GUINT64_FORMAT " grants and %" G_GUINT64_FORMAT " notes could be saved%s%s%s",
                 self->path, why->message, saved->n_grants, saved->n_notes, saved->lost_notes != NULL ? "; " : "",
                 saved->lost_notes != NULL ? saved->lost_notes : "",
                 saved->lost_notes != NULL ? ": frozen, until an administrator has added what is missing and said popgate thaw"
                                           : "");
}

/* Out of what proves itself, wherever it stands. */
static gboolean
salvage (PgStore *self, const PgFamily *family, Live live, const GError *why, GError **error)
{
  g_autofree char *fresh = fresh_name (self);
  PgSalvage        saved;

  if (!pg_salvage (self->path, family, fresh, g_get_real_time (), self->work, &saved, error)
      || !put_in_place (self, live != LIVE_ABSENT, error))
    return FALSE;
  tell_salvage (self, &saved, why);
  return reopen (self, error) && count_grants (self, error);
}

/* Nothing of it was ever ours. */
static gboolean
begin_anew (PgStore *self, Live live, GError **error)
{
  if (!create (self, error) || !put_in_place (self, live != LIVE_ABSENT, error))
    return FALSE;
  if (live != LIVE_ABSENT)
    pg_store_tell (self, "%s: was no database of popgate; a new one is begun", self->path);
  return reopen (self, error) && count_grants (self, error);
}

static gboolean
recover (PgStore *self, const PgFamily *family, Live live, GError **error)
{
  GError  *cause = NULL;
  gboolean ok;

  if (pg_family_is_empty (family) && (live == LIVE_ABSENT || (live == LIVE_DAMAGED && !may_have_been_ours (self))))
    return begin_anew (self, live, error);
  if (self->work != NULL)
    g_atomic_int_set (&self->work->is_anew, 1);
  ok = rebuild (self, family, live, &cause);
  if (ok)
    return TRUE;
  if (!g_error_matches (cause, PG_ERROR, PG_ERROR_DAMAGED))
    {
      g_propagate_error (error, cause);
      return FALSE;
    }
  ok = salvage (self, family, live, cause, error);
  g_error_free (cause);
  return ok;
}

/* --- opening --------------------------------------------------------------------------------------------------------- */

static gboolean
take_lock (PgStore *self, GError **error)
{
  if (self->lock >= 0 && pg_family_is_locked (self->path, self->lock))
    return TRUE;
  if (self->lock >= 0)
    close (self->lock);
  self->lock = pg_family_lock (self->path, error);
  return self->lock >= 0;
}

static gboolean
open_or_recover (PgStore *self, GError **error)
{
  PgFamily family;
  Live     live = look (self, error);
  gboolean ok;

  if (live == LIVE_CLEAN)
    return TRUE;
  if (live == LIVE_FAILED || !pg_family_list (self->path, &family, error))
    return FALSE;
  if (pg_file_problem (self->file) == NULL)
    pg_file_set_problem (self->file, "is being made anew");
  pg_file_let_go (self->file);
  ok = recover (self, &family, live, error);
  pg_family_clear (&family);
  return ok;
}

/* The redo log has them, and it is on the disk. */
static gboolean
forget_pending (PgStore *self)
{
  pg_pending_clear (self->pending);
  return TRUE;
}

/* Whatever went wrong, the file says it from now on. */
gboolean
pg_store_open_file (PgStore *self, GError **error)
{
  GError *cause = NULL;

  if (take_lock (self, &cause) && pg_session_save (self, &cause) && forget_pending (self) && open_or_recover (self, &cause))
    {
      self->suspect = pg_root_database (&self->root);
      return TRUE;
    }
  if (pg_file_problem (self->file) == NULL || strcmp (pg_file_problem (self->file), cause->message) != 0)
    pg_file_set_problem (self->file, cause->message);
  g_propagate_error (error, cause);
  return FALSE;
}

static gboolean
open_to_write (PgStore *self, GError **error)
{
  if (!pg_store_open_file (self, error))
    return FALSE;
  if (!pg_session_begin (self, NULL))
    pg_session_tell_problem (self);
  return pg_file_is_open (self->file, error);
}

static gboolean
open_to_read (PgStore *self, GError **error)
{
  GError  *cause = NULL;
  PgFamily family;

  if (pg_file_open (self->file, self->path, PG_FILE_READ, &cause))
    return pg_file_get_root (self->file, &self->root, error) && count_grants (self, error);
  if (g_error_matches (cause, PG_ERROR, PG_ERROR_ABSENT) && pg_family_list (self->path, &family, NULL))
    {
      if (!pg_family_is_empty (&family))
        g_prefix_error (&cause, "popgated can make it anew of its base and redo log: ");
      pg_family_clear (&family);
    }
  pg_file_set_problem (self->file, cause->message);
  g_propagate_error (error, cause);
  return FALSE;
}

gboolean
pg_store_lacks_end (const PgStore *self)
{
  return self->mode == PG_STORE_READ_ONLY && pg_file_problem (self->file) == NULL && !self->root.is_clean;
}

gboolean
pg_store_open_now (PgStore *self, GError **error)
{
  if (pg_file_problem (self->file) == NULL)
    return TRUE;
  self->has_notes = FALSE;
  g_clear_pointer (&self->loaded, pg_noteset_free);
  return self->mode == PG_STORE_READ_WRITE ? open_to_write (self, error) : open_to_read (self, error);
}
