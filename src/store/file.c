/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/file.h"

#include "core/error.h"
#include "store/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <gdbm.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Said outright: 0 would take the file system's, and small blocks make small buckets. */
#define BLOCK_SIZE 4096

/* What one write may add to a file of @size bytes: a data block and a split, which may double GDBM's directory. */
#define GROWTH_MAX(size) (G_GINT64_CONSTANT (262144) + (size) / 64)

typedef struct
{
  int   fd;
  gint *has_failed; /* the file's */
} Sync;

struct _PgFile
{
  char     *path;
  GDBM_FILE handle; /* NULL: closed, and problem says why */
  char     *problem;
  guint     generation;
  gint64    reserved;        /* the disk has room for the file up to this size */
  gint     *has_sync_failed; /* shared with the threads that sync this handle; atomic */
};

PgFile *
pg_file_new (const char *path)
{
  PgFile *self = g_new0 (PgFile, 1);

  self->path = g_strdup (path);
  self->problem = g_strdup_printf ("%s: not opened yet", path);
  self->has_sync_failed = g_atomic_rc_box_new0 (gint);
  return self;
}

static int
close_guarded (GDBM_FILE handle)
{
  int closed;

  pg_guard_enter ();
  closed = gdbm_close (handle);
  return pg_guard_leave () ? closed : -1;
}

void
pg_file_free (PgFile *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->handle, close_guarded);
  g_atomic_rc_box_release (self->has_sync_failed);
  g_free (self->problem);
  g_free (self->path);
  g_free (self);
}

gboolean
pg_file_refuse (PgFile *self, GError *cause, GError **error)
{
  g_clear_pointer (&self->handle, close_guarded);
  g_prefix_error (&cause, "%s: ", self->path);
  g_free (self->problem);
  self->problem = g_strdup (cause->message);
  g_propagate_error (error, cause);
  return FALSE;
}

/* Takes what GDBM just said for the end of this handle. */
static gboolean
fail (PgFile *self, const char *doing, GError **error)
{
  gdbm_error code = gdbm_errno;
  int        reason = errno;
  gboolean   has_reason = gdbm_check_syserr (code) != 0;
  GError    *cause = NULL;

  g_set_error (&cause, PG_ERROR, PG_ERROR_STORE, "cannot %s: %s%s%s", doing, gdbm_strerror (code), has_reason ? ": " : "",
               has_reason ? g_strerror (reason) : "");
  return pg_file_refuse (self, cause, error);
}

/* The file lost pages while it was in use: whatever GDBM says, nothing of this can be believed. */
static gboolean
fail_cut (PgFile *self, GError **error)
{
  return pg_file_refuse (self, g_error_new_literal (PG_ERROR, PG_ERROR_STORE, "was cut, or cannot be read, while in use"), error);
}

gboolean
pg_file_open (PgFile *self, const char *path, PgFileMode mode, GError **error)
{
  static const int how[] = { [PG_FILE_READ] = GDBM_READER, [PG_FILE_WRITE] = GDBM_WRITER, [PG_FILE_CREATE] = GDBM_NEWDB };
  GError          *cause = NULL;

  g_return_val_if_fail (self->handle == NULL, FALSE);
  /* Mapped: a hit costs no system call. */
  pg_guard_enter ();
  self->handle = gdbm_open (path, BLOCK_SIZE, how[mode] | GDBM_CLOEXEC, 0600, NULL);
  self->generation++;
  self->reserved = 0;
  g_atomic_rc_box_release (self->has_sync_failed);
  self->has_sync_failed = g_atomic_rc_box_new0 (gint);
  if (!pg_guard_leave ())
    return fail_cut (self, error);
  if (self->handle != NULL)
    {
      g_clear_pointer (&self->problem, g_free);
      return TRUE;
    }
  if (gdbm_errno != GDBM_CANT_BE_WRITER && gdbm_errno != GDBM_CANT_BE_READER)
    return fail (self, "open", error);
  g_set_error_literal (&cause, PG_ERROR, PG_ERROR_BUSY, "in use by another process");
  return pg_file_refuse (self, cause, error);
}

gboolean
pg_file_close (PgFile *self, GError **error)
{
  g_return_val_if_fail (self->handle != NULL, FALSE);
  self->problem = g_strdup_printf ("%s: closed", self->path);
  if (close_guarded (g_steal_pointer (&self->handle)) == 0)
    return TRUE;
  return fail (self, "close", error);
}

gboolean
pg_file_is_open (const PgFile *self, GError **error)
{
  if (self->handle == NULL)
    g_set_error_literal (error, PG_ERROR, PG_ERROR_STORE, self->problem);
  return self->handle != NULL;
}

const char *
pg_file_problem (const PgFile *self)
{
  return self->problem;
}

guint
pg_file_generation (const PgFile *self)
{
  return self->generation;
}

static datum
as_datum (PgSpan span)
{
  return (datum){ .dptr = (char *) span.data, .dsize = (int) span.len };
}

/* What GDBM's answer to a read is worth; @out takes the datum, if there is one. */
static PgFileAnswer
judge (PgFile *self, datum answer, PgSpan *out, GError **error)
{
  gboolean whole = pg_guard_leave ();

  if (whole && answer.dptr == NULL && gdbm_errno == GDBM_ITEM_NOT_FOUND)
    return PG_FILE_ABSENT;
  if (whole && answer.dptr != NULL)
    {
      *out = pg_span (answer.dptr, (gsize) answer.dsize);
      return PG_FILE_FOUND;
    }
  free (answer.dptr);
  if (whole)
    fail (self, "read", error);
  else
    fail_cut (self, error);
  return PG_FILE_FAILED;
}

PgFileAnswer
pg_file_get (PgFile *self, PgSpan key, PgSpan *out_value, GError **error)
{
  datum value;

  if (!pg_file_is_open (self, error))
    return PG_FILE_FAILED;
  pg_guard_enter ();
  value = gdbm_fetch (self->handle, as_datum (key));
  return judge (self, value, out_value, error);
}

gboolean
pg_file_has (PgFile *self, PgSpan key)
{
  gboolean has;

  if (self->handle == NULL)
    return FALSE;
  pg_guard_enter ();
  has = gdbm_exists (self->handle, as_datum (key)) != 0;
  if (pg_guard_leave ())
    return has;
  fail_cut (self, NULL); /* now, as the missing page is one of zeros from here on */
  return FALSE;
}

/* Takes disk space behind the file's end; its size stays. FALSE with errno set: there is none. */
static gboolean
reserve (PgFile *self, gint64 from, gint64 to)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && (guint64) to > limit.rlim_cur)
    {
      errno = EFBIG;
      return FALSE;
    }
  while (fallocate (gdbm_fdesc (self->handle), FALLOC_FL_KEEP_SIZE, from, to - from) != 0)
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
      return FALSE;
    else if (errno != EINTR)
      break; /* not every file system can */
  self->reserved = to;
  return TRUE;
}

/* A disk that gets full in the middle of a split costs records that were there: so a file grows only into space it has. */
static gboolean
has_room (PgFile *self)
{
  struct stat status;
  gint64      growth;

  if (fstat (gdbm_fdesc (self->handle), &status) != 0)
    return FALSE;
  growth = GROWTH_MAX (status.st_size);
  return status.st_size + growth <= self->reserved || reserve (self, status.st_size, status.st_size + 2 * growth);
}

gboolean
pg_file_put (PgFile *self, PgSpan key, PgSpan value, GError **error)
{
  int stored;

  if (!pg_file_is_open (self, error))
    return FALSE;
  if (!has_room (self))
    {
      int reason = errno;

      if (!pg_file_has (self, key))
        {
          g_set_error (error, PG_ERROR, PG_ERROR_STORE, "%s: no room for a new record: %s", self->path, g_strerror (reason));
          return FALSE;
        }
    }
  pg_guard_enter ();
  stored = gdbm_store (self->handle, as_datum (key), as_datum (value), GDBM_REPLACE);
  if (!pg_guard_leave ())
    return fail_cut (self, error);
  return stored == 0 || fail (self, "write", error);
}

PgFileAnswer
pg_file_remove (PgFile *self, PgSpan key, GError **error)
{
  int removed;

  if (!pg_file_is_open (self, error))
    return PG_FILE_FAILED;
  pg_guard_enter ();
  removed = gdbm_delete (self->handle, as_datum (key));
  if (!pg_guard_leave ())
    fail_cut (self, error);
  else if (removed == 0)
    return PG_FILE_FOUND;
  else if (gdbm_errno == GDBM_ITEM_NOT_FOUND)
    return PG_FILE_ABSENT;
  else
    fail (self, "delete", error);
  return PG_FILE_FAILED;
}

gboolean
pg_file_count (PgFile *self, guint64 *out, GError **error)
{
  gdbm_count_t count;
  int          counted;

  if (!pg_file_is_open (self, error))
    return FALSE;
  pg_guard_enter ();
  counted = gdbm_count (self->handle, &count);
  if (!pg_guard_leave ())
    return fail_cut (self, error);
  if (counted != 0)
    return fail (self, "read", error);
  *out = count;
  return TRUE;
}

PgFileAnswer
pg_file_next (PgFile *self, PgSpan *key, GError **error)
{
  datum next;

  if (!pg_file_is_open (self, error))
    return PG_FILE_FAILED;
  pg_guard_enter ();
  next = key->data != NULL ? gdbm_nextkey (self->handle, as_datum (*key)) : gdbm_firstkey (self->handle);
  pg_file_free_span (key);
  return judge (self, next, key, error);
}

void
pg_file_free_span (PgSpan *span)
{
  free ((char *) span->data); /* GDBM's, by malloc(3) */
  *span = pg_span (NULL, 0);
}

gboolean
pg_file_sync (PgFile *self, GError **error)
{
  if (!pg_file_is_open (self, error))
    return FALSE;
  /* The kernel tells a failed write once, and calls the pages clean from then on. */
  if (g_atomic_int_get (self->has_sync_failed) == 0 && fdatasync (gdbm_fdesc (self->handle)) == 0)
    return TRUE;
  gdbm_errno = GDBM_FILE_SYNC_ERROR;
  return fail (self, "sync", error);
}

static void
sync_in_thread (GTask *task, G_GNUC_UNUSED gpointer source, gpointer data, G_GNUC_UNUSED GCancellable *cancellable)
{
  const Sync *sync = data;
  int         reason = sync->fd >= 0 && fdatasync (sync->fd) == 0 ? 0 : errno;

  if (sync->fd >= 0)
    close (sync->fd);
  if (reason != 0)
    {
      g_atomic_int_set (sync->has_failed, 1);
      g_task_return_new_error (task, PG_ERROR, PG_ERROR_STORE, "cannot sync the database: %s", g_strerror (reason));
    }
  else
    g_task_return_boolean (task, TRUE);
}

static void
free_sync (gpointer data)
{
  Sync *sync = data;

  g_atomic_rc_box_release (sync->has_failed);
  g_free (sync);
}

void
pg_file_sync_async (PgFile *self, GAsyncReadyCallback done, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, done, user_data);
  Sync *sync;

  if (self->handle == NULL)
    {
      g_task_return_new_error (task, PG_ERROR, PG_ERROR_STORE, "%s", self->problem);
      return;
    }
  sync = g_new0 (Sync, 1);
  /* A descriptor of its own: the file may be closed before the disk is done. */
  sync->fd = fcntl (gdbm_fdesc (self->handle), F_DUPFD_CLOEXEC, 0);
  sync->has_failed = g_atomic_rc_box_acquire (self->has_sync_failed);
  g_task_set_task_data (task, sync, free_sync);
  g_task_run_in_thread (task, sync_in_thread);
}
