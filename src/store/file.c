/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/file.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <gdbm.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Said outright: 0 would take the file system's, and small blocks make small buckets. */
#define BLOCK_SIZE 4096

/* GDBM looks at its own structures first, where it can. */
#ifdef GDBM_XVERIFY
#define VERIFY GDBM_XVERIFY
#else
#define VERIFY 0
#endif

/* What one write may add to a file of @size bytes: a data block and a split, which may double GDBM's directory. */
#define GROWTH_MAX(size) (G_GINT64_CONSTANT (262144) + (size) / 64)

/* What is expected has room for so many more, as the file's size is not known too well. */
#define SLACK 256

/* Of a disk that is nearly full so much is left: to the redo log above all, which holds what the file has no room for. */
#define LEFT_MIN 65536

struct _PgFile
{
  char     *path;
  GDBM_FILE handle; /* NULL: closed, and problem says why */
  GDBM_FILE failed; /* one that is still to be closed, or NULL */
  char     *problem;
  guint     generation;
  gint64    reserved; /* the disk has room for the file up to this size */
  gint64    size;     /* as it was seen last: a GDBM file never shrinks */
  guint     n_expected;
  guint64   n_removed; /* keys, by this and all handles before */
};

PgFile *
pg_file_new (const char *path)
{
  PgFile *self = g_new0 (PgFile, 1);

  self->path = g_strdup (path);
  self->problem = g_strdup_printf ("%s: not opened yet", path);
  return self;
}

/* Gives back what was reserved behind the end, of the disk's room and not of the file. Who reserved it may have been killed, or
 * have got less than was wanted; so the disk is asked. Of who only reads nothing changes. */
static void
release (GDBM_FILE handle)
{
  int         fd = gdbm_fdesc (handle);
  struct stat status;

  if (fstat (fd, &status) == 0 && status.st_size < status.st_blocks * 512)
    (void) !ftruncate (fd, status.st_size); /* punching a hole there does nothing on ext4 */
}

static int
close_handle (GDBM_FILE handle)
{
  release (handle);
  return gdbm_close (handle);
}

void
pg_file_let_go (PgFile *self)
{
  g_clear_pointer (&self->failed, close_handle);
}

void
pg_file_free (PgFile *self)
{
  if (self == NULL)
    return;
  pg_file_let_go (self);
  g_clear_pointer (&self->handle, close_handle);
  g_free (self->problem);
  g_free (self->path);
  g_free (self);
}

void
pg_file_set_problem (PgFile *self, const char *problem)
{
  char *copy = g_strdup (problem);

  if (self->handle != NULL)
    {
      pg_file_let_go (self);
      self->failed = g_steal_pointer (&self->handle);
    }
  g_free (self->problem);
  self->problem = copy;
}

gboolean
pg_file_refuse (PgFile *self, GError *cause, GError **error)
{
  g_prefix_error (&cause, "%s: ", self->path);
  pg_file_set_problem (self, cause->message);
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

/* Is it the file's fault, or is there only no way to it now? */
static gint
code_of_open (gdbm_error code, int reason)
{
  switch (code)
    {
    case GDBM_CANT_BE_READER:
    case GDBM_CANT_BE_WRITER:
      return PG_ERROR_BUSY;
    case GDBM_FILE_OPEN_ERROR:
      return reason == ENOENT ? PG_ERROR_ABSENT : reason == EISDIR || reason == ELOOP ? PG_ERROR_DAMAGED : PG_ERROR_STORE;
    case GDBM_MALLOC_ERROR:
    case GDBM_FILE_STAT_ERROR:
      return PG_ERROR_STORE;
    default:
      return PG_ERROR_DAMAGED;
    }
}

static gboolean
fail_open (PgFile *self, GError **error)
{
  gdbm_error code = gdbm_errno;
  int        reason = errno;
  GError    *cause = NULL;
  gint       kind = code_of_open (code, reason);

  if (kind == PG_ERROR_BUSY)
    g_set_error_literal (&cause, PG_ERROR, PG_ERROR_BUSY, "in use by another process");
  else
    g_set_error (&cause, PG_ERROR, kind, "cannot open: %s%s%s", gdbm_strerror (code), gdbm_check_syserr (code) ? ": " : "",
                 gdbm_check_syserr (code) ? g_strerror (reason) : "");
  return pg_file_refuse (self, cause, error);
}

/* GDBM would wait for ever for the other end of a pipe, and make a database of its own of an empty file. */
static gboolean
may_be_opened (const char *path)
{
  struct stat status;

  if (stat (path, &status) != 0 || (S_ISREG (status.st_mode) && status.st_size > 0))
    return TRUE; /* GDBM says why not */
  gdbm_errno = GDBM_BAD_MAGIC_NUMBER;
  return FALSE;
}

gboolean
pg_file_open (PgFile *self, const char *path, PgFileMode mode, GError **error)
{
  static const int how[] = { [PG_FILE_READ] = GDBM_READER,
                             [PG_FILE_WRITE] = GDBM_WRITER | VERIFY,
                             [PG_FILE_CREATE] = GDBM_NEWDB,
                             [PG_FILE_LOAD] = GDBM_WRITER };

  g_return_val_if_fail (self->handle == NULL, FALSE);
  pg_file_let_go (self);
  self->generation++;
  self->reserved = 0;
  self->size = 0;
  self->n_expected = 0;
  if (mode != PG_FILE_CREATE && !may_be_opened (path))
    return fail_open (self, error);
  /* Not mapped: nobody who cuts the file can kill us, and one that grows is not mapped, and read in, again and again. */
  self->handle = gdbm_open (path, BLOCK_SIZE, how[mode] | GDBM_NOMMAP | GDBM_CLOEXEC, 0600, NULL);
  if (self->handle == NULL)
    return fail_open (self, error);
  g_clear_pointer (&self->problem, g_free);
  return TRUE;
}

gboolean
pg_file_close (PgFile *self, GError **error)
{
  g_return_val_if_fail (self->handle != NULL, FALSE);
  self->problem = g_strdup_printf ("%s: closed", self->path);
  if (close_handle (g_steal_pointer (&self->handle)) == 0)
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
  if (answer.dptr != NULL)
    {
      *out = pg_span (answer.dptr, (gsize) answer.dsize);
      return PG_FILE_FOUND;
    }
  if (gdbm_errno == GDBM_ITEM_NOT_FOUND)
    return PG_FILE_ABSENT;
  fail (self, "read", error);
  return PG_FILE_FAILED;
}

PgFileAnswer
pg_file_get (PgFile *self, PgSpan key, PgSpan *out_value, GError **error)
{
  if (!pg_file_is_open (self, error))
    return PG_FILE_FAILED;
  return judge (self, gdbm_fetch (self->handle, as_datum (key)), out_value, error);
}

gboolean
pg_file_has (PgFile *self, PgSpan key)
{
  if (self->handle == NULL)
    return FALSE;
  gdbm_errno = GDBM_NO_ERROR;
  if (gdbm_exists (self->handle, as_datum (key)) != 0)
    return TRUE;
  if (gdbm_errno != GDBM_NO_ERROR && gdbm_errno != GDBM_ITEM_NOT_FOUND)
    fail (self, "read", NULL);
  return FALSE;
}

/* fallocate(2) that finds too little keeps what it found on many file systems: so it is not even tried. */
static gboolean
disk_has (const PgFile *self, gint64 size)
{
  struct statvfs disk;

  if (fstatvfs (gdbm_fdesc (self->handle), &disk) != 0 || disk.f_blocks == 0)
    return TRUE; /* it doesn't tell */
  return (guint64) disk.f_bavail * disk.f_frsize >= (guint64) size + LEFT_MIN;
}

/* Takes disk space behind the file's end; its size stays. FALSE with errno set: there is none. */
static gboolean
reserve (PgFile *self, gint64 from, gint64 to)
{
  struct rlimit limit;

  if (!disk_has (self, to - MAX (from, self->reserved)))
    {
      errno = ENOSPC;
      return FALSE;
    }
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

/* A disk that gets full in the middle of a split costs records that were there: so a file grows only into space it has. Where the
 * disk has it, it gets more, and is not asked for each record. */
static gboolean
has_room (PgFile *self, guint n_expected)
{
  gint64 more = GROWTH_MAX (self->size);
  gint64 end = self->size + more + (gint64) n_expected * PG_FILE_GROWTH_EACH;

  return end <= self->reserved || reserve (self, self->size, end + more) || reserve (self, self->size, end);
}

static gboolean
fail_room (const PgFile *self, int reason, GError **error)
{
  g_set_error (error, PG_ERROR, PG_ERROR_STORE, "%s: no room for a new record: %s", self->path, g_strerror (reason));
  return FALSE;
}

/* Before each write, as a write makes a file that was cut long again, with a hole in it. */
static gboolean
follow_size (PgFile *self, GError **error)
{
  struct stat status;

  if (fstat (gdbm_fdesc (self->handle), &status) != 0 || status.st_size < self->size)
    return fail_cut (self, error);
  self->size = status.st_size;
  return TRUE;
}

gboolean
pg_file_expect (PgFile *self, guint n_records, GError **error)
{
  if (!pg_file_is_open (self, error) || (self->size == 0 && !follow_size (self, error)))
    return FALSE;
  if (n_records > self->n_expected && !has_room (self, n_records + SLACK))
    return fail_room (self, errno, error);
  self->n_expected = n_records;
  return TRUE;
}

static gboolean
put (PgFile *self, PgSpan key, PgSpan value, guint n_expected, GError **error)
{
  if (!pg_file_is_open (self, error) || !follow_size (self, error))
    return FALSE;
  if (!has_room (self, n_expected))
    {
      int reason = errno;

      if (!pg_file_has (self, key))
        return fail_room (self, reason, error);
    }
  return gdbm_store (self->handle, as_datum (key), as_datum (value), GDBM_REPLACE) == 0 || fail (self, "write", error);
}

gboolean
pg_file_put (PgFile *self, PgSpan key, PgSpan value, GError **error)
{
  return put (self, key, value, self->n_expected + 1 + SLACK, error);
}

gboolean
pg_file_put_expected (PgFile *self, PgSpan key, PgSpan value, GError **error)
{
  return put (self, key, value, 0, error);
}

PgFileAnswer
pg_file_remove (PgFile *self, PgSpan key, GError **error)
{
  if (!pg_file_is_open (self, error))
    return PG_FILE_FAILED;
  if (gdbm_delete (self->handle, as_datum (key)) == 0)
    {
      self->n_removed++;
      return PG_FILE_FOUND;
    }
  if (gdbm_errno == GDBM_ITEM_NOT_FOUND)
    return PG_FILE_ABSENT;
  fail (self, "delete", error);
  return PG_FILE_FAILED;
}

guint64
pg_file_n_removed (const PgFile *self)
{
  return self->n_removed;
}

gboolean
pg_file_count (PgFile *self, guint64 *out, GError **error)
{
  gdbm_count_t count;

  if (!pg_file_is_open (self, error))
    return FALSE;
  if (gdbm_count (self->handle, &count) != 0)
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

int
pg_file_dup (const PgFile *self)
{
  return self->handle != NULL ? fcntl (gdbm_fdesc (self->handle), F_DUPFD_CLOEXEC, 0) : -1;
}

gboolean
pg_file_sync (PgFile *self, GError **error)
{
  if (!pg_file_is_open (self, error))
    return FALSE;
  if (fdatasync (gdbm_fdesc (self->handle)) == 0)
    return TRUE;
  gdbm_errno = GDBM_FILE_SYNC_ERROR;
  return fail (self, "sync", error);
}

gboolean
pg_file_check (PgFile *self, GError **error)
{
  struct stat ours;
  struct stat named;
  const char *wrong = NULL;

  if (!pg_file_is_open (self, error))
    return FALSE;
  if (fstat (gdbm_fdesc (self->handle), &ours) != 0 || stat (self->path, &named) != 0)
    wrong = "was removed while in use";
  else if (ours.st_ino != named.st_ino || ours.st_dev != named.st_dev)
    wrong = "was replaced while in use";
  else if (ours.st_size < self->size)
    wrong = "was cut while in use";
  if (wrong != NULL)
    return pg_file_refuse (self, g_error_new_literal (PG_ERROR, PG_ERROR_STORE, wrong), error);
  self->size = ours.st_size;
  return TRUE;
}
