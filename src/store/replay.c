/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/replay.h"

#include "core/error.h"
#include "store/base.h"
#include "store/place.h"
#include "store/segment.h"

#include <unistd.h>

typedef struct
{
  PgFile *file;
  PgWork *work;
  guint64 n_changes;
} Replayer;

static gboolean
take (const PgChange *change, gpointer user_data, GError **error)
{
  Replayer *self = user_data;
  guint8    value[PG_FRAME_MAX];

  if (!pg_work_step (self->work, error))
    return FALSE;
  self->n_changes++;
  if (change->kind == PG_CHANGE_REMOVE)
    return pg_file_remove (self->file, change->key, error) != PG_FILE_FAILED;
  pg_change_get_value (change, value);
  return pg_file_put (self->file, change->key, pg_span ((const char *) value, change->value_len), error);
}

/* How far a file goes, as the next one says; -1: there is no next one. */
static gboolean
find_end (const char *path, guint64 number, const PgFamily *family, gint64 *out, GError **error)
{
  PgSegmentHead next;

  *out = -1;
  if (!pg_family_has_redo (family, number + 1))
    return TRUE;
  if (!pg_segment_read_head (path, number + 1, &next, error))
    return FALSE;
  *out = next.end_before;
  return TRUE;
}

static gboolean
replay_files (const char *path, guint64 database, guint64 last, const PgFamily *family, Replayer *self, PgReplay *out,
              GError **error)
{
  for (guint64 number = out->base + 1; number <= last; number++)
    {
      gint64 end;

      if (!find_end (path, number, family, &end, error)
          || !pg_segment_read (path, number, database, end, take, self, &out->end, error))
        return FALSE;
      out->number = number;
    }
  out->n_changes = self->n_changes;
  return TRUE;
}

static gboolean
replay (const char *path, const PgFamily *family, guint64 base, guint64 last, PgFile *file, const char *to, PgWork *work,
        PgReplay *out, GError **error)
{
  Replayer self = { .file = file, .work = work };
  guint64  database;

  *out = (PgReplay){ .base = base, .number = base };
  return pg_base_restore (path, base, to, work, &database, error) && pg_file_open (file, to, PG_FILE_LOAD, error)
         && replay_files (path, database, last, family, &self, out, error);
}

gboolean
pg_replay_base (const char *path, guint64 base, guint64 last, PgFile *file, const char *to, PgWork *work, PgReplay *out,
                GError **error)
{
  PgFamily family;
  gboolean ok;

  if (!pg_family_list (path, &family, error))
    return FALSE;
  ok = replay (path, &family, base, last, file, to, work, out, error);
  pg_family_clear (&family);
  return ok;
}

static gboolean
take_nothing (G_GNUC_UNUSED const PgChange *change, gpointer work, GError **error)
{
  return pg_work_step (work, error);
}

gboolean
pg_replay_is_log_whole (const char *path, const PgFamily *family, const PgRoot *root, PgWork *work)
{
  guint64 newest = pg_family_newest (family);
  guint64 first = family->redos->len > 0 ? g_array_index (family->redos, guint64, 0) : newest + 1;
  guint64 base = family->bases->len > 0 ? g_array_index (family->bases, guint64, family->bases->len - 1) : first - 1;
  gint64  end;

  for (guint64 number = MIN (first, base + 1); number <= newest; number++)
    if (!find_end (path, number, family, &end, NULL)
        || !pg_segment_read (path, number, pg_root_database (root), end, take_nothing, work, &end, NULL))
      return FALSE;
  return root->redo <= newest;
}

/* --- all of it ------------------------------------------------------------------------------------------------------- */

static gboolean
refuse (const char *path, const char *why, GError **error)
{
  g_set_error (error, PG_ERROR, PG_ERROR_DAMAGED, "%s: %s", path, why);
  return FALSE;
}

/* Is this what the database said of itself? */
static gboolean
fits (const char *path, const PgRoot *known, const PgRoot *root, const PgReplay *replayed, GError **error)
{
  if (known != NULL && pg_root_database (known) != pg_root_database (root))
    return refuse (path, "is another database than its base", error);
  if (known != NULL && known->redo > replayed->number)
    return refuse (path, "the end of its redo log is missing", error);
  return TRUE;
}

static gboolean
rebuild (const char *path, const PgFamily *family, guint64 base, const PgRoot *known, PgFile *file, const char *to, PgWork *work,
         PgReplay *out, GError **error)
{
  PgRoot root;

  return replay (path, family, base, MAX (pg_family_newest (family), base), file, to, work, out, error)
         && pg_file_mark_unclean (file, &root, error) && fits (path, known, &root, out, error)
         && pg_place_prove_all (file, &root, error) && pg_file_close (file, error);
}

gboolean
pg_replay_all (const char *path, const PgFamily *family, const PgRoot *known, const char *to, PgWork *work, PgReplay *out,
               GError **error)
{
  GError *first = NULL;

  for (guint i = family->bases->len; i > 0; i--)
    {
      PgFile  *file = pg_file_new (to);
      GError  *cause = NULL;
      gboolean ok = rebuild (path, family, g_array_index (family->bases, guint64, i - 1), known, file, to, work, out, &cause);

      pg_file_free (file);
      if (!ok)
        (void) unlink (to);
      if (ok || !g_error_matches (cause, PG_ERROR, PG_ERROR_DAMAGED))
        {
          g_clear_error (&first);
          if (!ok)
            g_propagate_error (error, cause);
          return ok;
        }
      if (first == NULL)
        first = cause;
      else
        g_error_free (cause);
    }
  if (first == NULL)
    return refuse (path, "has no base", error);
  g_propagate_error (error, first);
  return FALSE;
}
