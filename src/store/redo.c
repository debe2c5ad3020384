/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/redo.h"

#include "core/error.h"

/* One sync. The segment and the changes are the thread's until it is done, then the log's again. */
typedef struct
{
  GMutex      lock;
  GCond       ended;
  gboolean    is_done;
  gboolean    begins; /* a file first */
  PgSegment  *segment;
  GByteArray *changes;
  GError     *error;
} Job;

struct _PgRedo
{
  PgSegment  *segment; /* NULL: a job has it */
  GByteArray *changes; /* behind those of the job */
  Job        *job;     /* under way, or NULL */
  gboolean    begins;  /* the next sync begins a file */
  guint64     number;  /* as the segment said when it was here last */
  gint64      end;
  char       *problem;
};

PgRedo *
pg_redo_new (PgSegment *segment)
{
  PgRedo *self = g_new0 (PgRedo, 1);

  self->segment = segment;
  self->number = pg_segment_number (segment);
  self->end = pg_segment_end (segment);
  self->changes = g_byte_array_new ();
  return self;
}

/* --- one sync -------------------------------------------------------------------------------------------------------- */

static void
clear_job (gpointer data)
{
  Job *job = data;

  pg_segment_free (job->segment);
  g_clear_pointer (&job->changes, g_byte_array_unref);
  g_clear_error (&job->error);
  g_mutex_clear (&job->lock);
  g_cond_clear (&job->ended);
}

static void
release_job (gpointer job)
{
  g_atomic_rc_box_release_full (job, clear_job);
}

/* Hands over the segment and what is to be written. */
static Job *
begin_job (PgRedo *self)
{
  Job *job = g_atomic_rc_box_new0 (Job);

  g_mutex_init (&job->lock);
  g_cond_init (&job->ended);
  job->segment = g_steal_pointer (&self->segment);
  job->changes = g_steal_pointer (&self->changes);
  job->begins = self->begins;
  self->begins = FALSE;
  self->changes = g_byte_array_new ();
  self->job = job;
  return job;
}

/* Fails only with the changes: if no file can be begun for want of room, they may still fit into the one there is. */
static gboolean
write_job (Job *job, GError **error)
{
  if (job->begins && pg_segment_begin (job->segment, NULL))
    job->begins = FALSE;
  return job->changes->len == 0 || pg_segment_append (job->segment, job->changes->data, job->changes->len, error);
}

static void
run_job (Job *job)
{
  GError *error = NULL;

  (void) write_job (job, &error);
  g_mutex_lock (&job->lock);
  job->error = error;
  job->is_done = TRUE;
  g_cond_broadcast (&job->ended);
  g_mutex_unlock (&job->lock);
}

static gboolean
is_done (Job *job, gboolean waits)
{
  gboolean done;

  g_mutex_lock (&job->lock);
  while (waits && !job->is_done)
    g_cond_wait (&job->ended, &job->lock);
  done = job->is_done;
  g_mutex_unlock (&job->lock);
  return done;
}

/* What could not be written goes first with the next sync. */
static void
keep_changes (PgRedo *self, Job *job)
{
  g_byte_array_append (job->changes, self->changes->data, self->changes->len);
  g_byte_array_unref (self->changes);
  self->changes = g_steal_pointer (&job->changes);
}

/* Takes back what a job that is done has; the task of it may still be to be told. */
static void
settle (PgRedo *self, gboolean waits)
{
  Job *job = self->job;

  if (job == NULL || !is_done (job, waits))
    return;
  self->job = NULL;
  self->segment = g_steal_pointer (&job->segment);
  self->number = pg_segment_number (self->segment);
  self->end = pg_segment_end (self->segment);
  self->begins = self->begins || job->begins;
  g_free (self->problem);
  self->problem = job->error != NULL ? g_strdup (job->error->message) : NULL;
  if (job->error != NULL)
    keep_changes (self, job);
  release_job (job);
}

void
pg_redo_free (PgRedo *self)
{
  if (self == NULL)
    return;
  settle (self, TRUE);
  pg_segment_free (self->segment);
  g_byte_array_unref (self->changes);
  g_free (self->problem);
  g_free (self);
}

/* --- changes --------------------------------------------------------------------------------------------------------- */

gboolean
pg_redo_begin (PgRedo *self, GError **error)
{
  gboolean ok;

  settle (self, TRUE);
  ok = pg_segment_begin (self->segment, error);
  self->number = pg_segment_number (self->segment);
  self->end = pg_segment_end (self->segment);
  return ok;
}

void
pg_redo_begin_later (PgRedo *self)
{
  self->begins = TRUE;
}

gboolean
pg_redo_has_room (PgRedo *self, GError **error)
{
  if (self->changes->len < PG_REDO_MAX)
    return TRUE;
  settle (self, FALSE);
  g_set_error (error, PG_ERROR, PG_ERROR_STORE, "too much waits for the disk already: %s",
               self->problem != NULL ? self->problem : "it is slow");
  return FALSE;
}

void
pg_redo_add (PgRedo *self, const PgChange *change)
{
  pg_change_append (change, self->changes);
}

gboolean
pg_redo_is_dirty (PgRedo *self)
{
  settle (self, FALSE);
  return self->changes->len > 0 || self->begins;
}

/* --- syncing --------------------------------------------------------------------------------------------------------- */

gboolean
pg_redo_sync (PgRedo *self, GError **error)
{
  Job *job;

  settle (self, TRUE);
  job = g_atomic_rc_box_acquire (begin_job (self));
  run_job (job);
  settle (self, TRUE);
  if (job->error != NULL)
    g_propagate_error (error, g_error_copy (job->error));
  release_job (job);
  return self->problem == NULL;
}

static void
sync_in_thread (GTask *task, G_GNUC_UNUSED gpointer source, gpointer data, G_GNUC_UNUSED GCancellable *cancellable)
{
  Job *job = data;

  run_job (job);
  if (job->error != NULL)
    g_task_return_error (task, g_error_copy (job->error));
  else
    g_task_return_boolean (task, TRUE);
}

void
pg_redo_sync_async (PgRedo *self, GAsyncReadyCallback done, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, done, user_data);

  settle (self, TRUE); /* one at a time is the callers' rule */
  g_task_set_task_data (task, g_atomic_rc_box_acquire (begin_job (self)), release_job);
  g_task_run_in_thread (task, sync_in_thread);
}

gboolean
pg_redo_trim (PgRedo *self)
{
  settle (self, TRUE);
  return self->changes->len == 0 && pg_segment_trim (self->segment);
}

/* --- how it is ------------------------------------------------------------------------------------------------------- */

guint64
pg_redo_number (PgRedo *self)
{
  settle (self, FALSE);
  return self->number;
}

gint64
pg_redo_end (PgRedo *self)
{
  settle (self, FALSE);
  return self->end;
}

gsize
pg_redo_waiting (PgRedo *self)
{
  settle (self, FALSE);
  return self->changes->len + (self->job != NULL ? self->job->changes->len : 0);
}

const char *
pg_redo_problem (PgRedo *self)
{
  settle (self, FALSE);
  return self->problem;
}
