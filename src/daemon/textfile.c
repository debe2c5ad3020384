/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/textfile.h"

#include "core/error.h"
#include "daemon/failure-log.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whoever reads it is another user; it holds no secrets. */
#define MODE 0644

/* One file that is written, or removed. */
typedef struct
{
  PgTextfile *owner; /* NULL: it was freed meanwhile */
  char       *path;
  char       *text;
  int         is_over; /* atomic: nobody wants the file any more */
} Job;

struct _PgTextfile
{
  char        *path;  /* "": nowhere */
  Job         *job;   /* under way, or NULL */
  guint        ticks; /* until the next one is due */
  PgFailureLog failures;
  gboolean     is_written;
};

/* --- in a thread ----------------------------------------------------------------------------------------------------- */

static gboolean
fail (const char *what, const char *path, GError **error)
{
  g_set_error (error, PG_ERROR, PG_ERROR_SYSTEM, "cannot %s %s: %s", what, path, g_strerror (errno));
  return FALSE;
}

static gboolean
write_all (int fd, const char *text)
{
  gsize len = strlen (text);

  while (len > 0)
    {
      gssize n = write (fd, text, len);

      if (n < 0 && errno != EINTR)
        return FALSE;
      text += MAX (n, 0);
      len -= (gsize) MAX (n, 0);
    }
  return TRUE;
}

/* What is in the way is removed, and what takes its place meanwhile is not followed: others may write to the folder. */
static gboolean
write_beside (const char *fresh, const char *text, GError **error)
{
  int      fd;
  gboolean ok;

  (void) unlink (fresh);
  fd = open (fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE);
  if (fd < 0)
    return fail ("make", fresh, error);
  ok = fchmod (fd, MODE) == 0 && write_all (fd, text);
  if (!ok)
    fail ("write", fresh, error);
  close (fd);
  return ok;
}

/* It is not synced: after a crash of the machine it is written anew anyhow. */
static gboolean
write_file (Job *job, GError **error)
{
  g_autofree char *fresh = g_strconcat (job->path, PG_TEXTFILE_SUFFIX, NULL);
  gboolean         ok = write_beside (fresh, job->text, error);

  if (ok && !g_atomic_int_get (&job->is_over))
    ok = rename (fresh, job->path) == 0 || fail ("rename to", job->path, error);
  (void) unlink (fresh); /* unless it was renamed */
  return ok;
}

static void
write_in_thread (GTask *task, G_GNUC_UNUSED gpointer source, gpointer data, G_GNUC_UNUSED GCancellable *cancellable)
{
  GError *error = NULL;

  if (write_file (data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/* --- in the loop ----------------------------------------------------------------------------------------------------- */

static void
free_job (gpointer data)
{
  Job *job = data;

  g_free (job->path);
  g_free (job->text);
  g_free (job);
}

static void
finish (G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  const Job  *job = user_data;
  PgTextfile *self = job->owner;
  g_autoptr (GError) error = NULL;
  gboolean ok = g_task_propagate_boolean (G_TASK (result), &error);

  if (self == NULL)
    return;
  self->job = NULL;
  if (!job->is_over)
    self->is_written |= ok;
  else if (ok && !g_str_equal (job->path, self->path))
    (void) unlink (job->path); /* it was renamed just then */
  g_prefix_error (&error, "[metrics] textfile: ");
  pg_failure_log_tell (&self->failures, ok ? NULL : error->message);
}

void
pg_textfile_write (PgTextfile *self, char *text)
{
  g_autoptr (GTask) task = NULL;

  self->job = g_new0 (Job, 1);
  *self->job = (Job){ .owner = self, .path = g_strdup (self->path), .text = text };
  task = g_task_new (NULL, NULL, finish, self->job);
  g_task_set_task_data (task, self->job, free_job);
  g_task_run_in_thread (task, write_in_thread);
}

gboolean
pg_textfile_is_due (PgTextfile *self)
{
  if (self->ticks > 0)
    self->ticks--;
  if (self->path[0] == '\0' || self->ticks > 0 || self->job != NULL)
    return FALSE;
  self->ticks = PG_TEXTFILE_EVERY_S;
  return TRUE;
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

PgTextfile *
pg_textfile_new (void)
{
  PgTextfile *self = g_new0 (PgTextfile, 1);

  self->path = g_strdup ("");
  return self;
}

/* The disk is not waited for: what is being renamed just now may stay. */
static void
remove_file (PgTextfile *self)
{
  if (self->job != NULL)
    g_atomic_int_set (&self->job->is_over, TRUE);
  if (self->is_written)
    (void) unlink (self->path);
  self->is_written = FALSE;
}

void
pg_textfile_set_path (PgTextfile *self, const char *path)
{
  if (g_str_equal (path, self->path))
    return;
  remove_file (self);
  g_free (self->path);
  self->path = g_strdup (path);
  self->ticks = PG_TEXTFILE_FIRST_S;
}

void
pg_textfile_free (PgTextfile *self)
{
  if (self == NULL)
    return;
  remove_file (self);
  if (self->job != NULL)
    self->job->owner = NULL;
  g_free (self->path);
  pg_failure_log_clear (&self->failures);
  g_free (self);
}
