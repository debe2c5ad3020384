/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/checkpoint.h"

#include "store/base.h"
#include "store/replay.h"

#include <unistd.h>

struct _PgCheckpoint
{
  char    *path;
  guint64  base;
  guint64  last;
  GThread *thread;
  PgWork   work;
  gint     is_done; /* atomic; the error is the caller's from then on */
  GError  *error;
};

/* Ends what was begun with a file that is open now: its root is no clean one, whatever was copied. */
static gboolean
finish_base (const char *path, PgFile *file, guint64 number, PgWork *work, GError **error)
{
  PgRoot root;

  return pg_file_mark_unclean (file, &root, error) && pg_file_close (file, error)
         && pg_base_finish (path, pg_root_database (&root), number, work, error);
}

static gboolean
make_base (PgCheckpoint *self, GError **error)
{
  g_autofree char *fresh = pg_base_new_name (self->path);
  PgFile          *file = pg_file_new (fresh);
  PgReplay         replayed;
  gboolean         ok = pg_replay_base (self->path, self->base, self->last, file, fresh, &self->work, &replayed, error)
                && finish_base (self->path, file, self->last, &self->work, error);

  pg_file_free (file);
  if (!ok)
    (void) unlink (fresh); /* it would take the room that the redo log needs */
  return ok;
}

static gpointer
run (gpointer data)
{
  PgCheckpoint *self = data;

  if (make_base (self, &self->error))
    pg_family_remove_until (self->path, self->last);
  g_atomic_int_set (&self->is_done, 1);
  return NULL;
}

PgCheckpoint *
pg_checkpoint_new (const char *path, guint64 base, guint64 last)
{
  PgCheckpoint *self = g_new0 (PgCheckpoint, 1);

  self->path = g_strdup (path);
  self->base = base;
  self->last = last;
  self->thread = g_thread_new ("checkpoint", run, self);
  return self;
}

gboolean
pg_checkpoint_is_done (PgCheckpoint *self)
{
  return g_atomic_int_get (&self->is_done) != 0;
}

gboolean
pg_checkpoint_finish (PgCheckpoint *self, GError **error)
{
  gboolean ok;

  g_thread_join (self->thread);
  ok = self->error == NULL;
  if (!ok)
    g_propagate_error (error, self->error);
  g_free (self->path);
  g_free (self);
  return ok;
}

void
pg_checkpoint_cancel (PgCheckpoint *self)
{
  if (self == NULL)
    return;
  g_atomic_int_set (&self->work.is_cancelled, 1);
  if (!pg_checkpoint_finish (self, NULL))
    return; /* as it was wished */
}

gboolean
pg_checkpoint_of_database (const char *path, guint64 number, PgWork *work, GError **error)
{
  g_autofree char *fresh = pg_base_new_name (path);
  PgFile          *file = pg_file_new (fresh);
  gboolean         ok = pg_base_copy (path, fresh, work, error) && pg_file_open (file, fresh, PG_FILE_LOAD, error)
                && finish_base (path, file, number, work, error);

  pg_file_free (file);
  if (ok)
    pg_family_remove_until (path, number);
  else
    (void) unlink (fresh);
  return ok;
}
