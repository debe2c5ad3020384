/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/tail.h"

#include "core/bytes.h"
#include "core/error.h"
#include "core/siphash.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PORTION 65536
#define KEPT_MAX 64

struct _PgTail
{
  int      fd;
  guint64  device;
  guint64  inode;
  guint64  offset;     /* of the next byte to read */
  gint64   written_us; /* the portion read last, at the latest */
  gsize    n_kept;
  char     kept[KEPT_MAX]; /* the last bytes before offset */
  PgReader reader;
  char     buffer[KEPT_MAX + PORTION]; /* the kept bytes once more, and a portion */
};

static PgTail *
new_tail (int fd, const struct stat *status)
{
  PgTail *self = g_new0 (PgTail, 1);

  self->fd = fd;
  self->device = status->st_dev;
  self->inode = status->st_ino;
  self->written_us = G_MAXINT64;
  pg_reader_begin (&self->reader);
  return self;
}

PgTail *
pg_tail_open (const char *path, PgTrust trust, GError **error)
{
  struct stat status;
  /* Looked at first: to open a pipe is to take part in it. */
  gboolean    is_other = stat (path, &status) == 0 && !S_ISREG (status.st_mode);
  int         fd = is_other ? -1 : open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  const char *wrong = NULL;

  if (is_other)
    wrong = "not a regular file";
  else if (fd < 0 || fstat (fd, &status) != 0)
    wrong = g_strerror (errno);
  else if (!S_ISREG (status.st_mode))
    wrong = "not a regular file";
  if (wrong != NULL)
    g_set_error (error, PG_ERROR, PG_ERROR_SYSTEM, "cannot open %s: %s", path, wrong);
  else if (trust == PG_TRUST_ANY || pg_trust_check_file (path, fd, error))
    return new_tail (fd, &status);
  if (fd >= 0)
    close (fd);
  return NULL;
}

PgTail *
pg_tail_new (int fd)
{
  struct stat status;

  if (fstat (fd, &status) == 0)
    return new_tail (fd, &status);
  close (fd);
  return NULL;
}

void
pg_tail_free (PgTail *self)
{
  if (self == NULL)
    return;
  close (self->fd);
  pg_reader_clear (&self->reader);
  g_free (self);
}

int
pg_tail_fd (const PgTail *self)
{
  return self->fd;
}

/* Reads up to @size bytes at @offset; fewer only at the end. -1 with errno set: it can't be read. */
static gssize
read_at (const PgTail *self, guint64 offset, char *out, gsize size)
{
  gsize  got = 0;
  gssize n;

  while (got < size)
    {
      n = pread (self->fd, out + got, size - got, (off_t) (offset + got));
      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        return -1;
      if (n == 0)
        break;
      got += (gsize) n;
    }
  return (gssize) got;
}

static void
keep (PgTail *self, const char *end, gsize n_before)
{
  self->n_kept = MIN (n_before, KEPT_MAX);
  memcpy (self->kept, end - self->n_kept, self->n_kept);
}

void
pg_tail_seek (PgTail *self, guint64 offset)
{
  char   before[KEPT_MAX];
  gsize  want = (gsize) MIN (offset, KEPT_MAX);
  gssize got = read_at (self, offset - want, before, want);

  /* Shorter than just now: it was cut, and begins anew. Else what grows there later would be read from the middle of a line. */
  self->offset = got == (gssize) want ? offset : 0;
  self->n_kept = 0;
  if (self->offset > 0)
    keep (self, before + want, want);
  pg_reader_begin (&self->reader);
}

/* Reads the next portion into the buffer, behind the kept bytes, which must still be those of the file. */
static PgTailResult
read_portion (PgTail *self, gsize *budget)
{
  gsize  want = MIN (*budget, PORTION);
  gssize got = read_at (self, self->offset - self->n_kept, self->buffer, self->n_kept + want);
  gsize  fresh;

  if (got < 0)
    return PG_TAIL_FAILED;
  if ((gsize) got < self->n_kept || memcmp (self->buffer, self->kept, self->n_kept) != 0)
    return PG_TAIL_CUT;
  self->written_us = pg_tail_written_us (self); /* behind the read, so that no byte of it is younger */
  fresh = (gsize) got - self->n_kept;
  *budget -= fresh;
  self->offset += fresh;
  pg_reader_push (&self->reader, pg_span (self->buffer + self->n_kept, fresh));
  keep (self, self->buffer + got, (gsize) got);
  return fresh < want ? PG_TAIL_END : PG_TAIL_MORE;
}

PgTailResult
pg_tail_read (PgTail *self, gsize *budget, PgSource *source, const PgSourceSink *sink)
{
  PgTailResult result = PG_TAIL_MORE;

  source->written_us = self->written_us;
  if (!pg_reader_give (&self->reader, source, sink))
    return PG_TAIL_HELD;
  while (result == PG_TAIL_MORE && *budget > 0)
    {
      result = read_portion (self, budget);
      source->written_us = self->written_us;
      if (result >= PG_TAIL_MORE && !pg_reader_give (&self->reader, source, sink))
        return PG_TAIL_HELD;
    }
  return result;
}

gboolean
pg_tail_is_file (const PgTail *self, guint64 device, guint64 inode)
{
  return self->device == device && self->inode == inode;
}

gboolean
pg_tail_is_same (const PgTail *self, const PgTail *other)
{
  return pg_tail_is_file (self, other->device, other->inode);
}

gboolean
pg_tail_is_unlinked (const PgTail *self)
{
  struct stat status;

  return fstat (self->fd, &status) == 0 && status.st_nlink == 0;
}

gint64
pg_tail_changed_ns (const struct stat *status)
{
  return status->st_mtim.tv_sec * G_GINT64_CONSTANT (1000000000) + status->st_mtim.tv_nsec;
}

gint64
pg_tail_written_us (const PgTail *self)
{
  struct stat status;

  if (fstat (self->fd, &status) != 0)
    return G_MAXINT64;
  return pg_tail_changed_ns (&status) / 1000;
}

guint64
pg_tail_line_start (const PgTail *self)
{
  return self->offset - pg_reader_n_open (&self->reader);
}

/* FALSE if the file does not reach to @offset. */
static gboolean
fingerprint (const PgTail *self, guint64 offset, guint64 *out)
{
  static const PgSecret no_secret; /* it is compared, not trusted */
  char                  before[PG_TAIL_FINGERPRINT_MAX];
  gsize                 want = (gsize) MIN (offset, PG_TAIL_FINGERPRINT_MAX);

  if (read_at (self, offset - want, before, want) != (gssize) want)
    return FALSE;
  *out = pg_siphash_64 (&no_secret, before, want);
  return TRUE;
}

/* TRUE if in @file, which may be another one, stands what @self read last. */
static gboolean
holds_kept (const PgTail *self, const PgTail *file)
{
  char before[KEPT_MAX];

  return read_at (file, self->offset - self->n_kept, before, self->n_kept) == (gssize) self->n_kept
         && memcmp (before, self->kept, self->n_kept) == 0;
}

PgTailMark
pg_tail_mark (const PgTail *self)
{
  PgTailMark mark = { .device = self->device, .inode = self->inode, .offset = pg_tail_line_start (self) };

  /* In this order: if what was read last still stands there, the fingerprint is of what was read, and of no newer text. */
  if (!fingerprint (self, mark.offset, &mark.fingerprint) || !holds_kept (self, self))
    mark.offset = 0; /* cut meanwhile: whoever takes this up begins at the start */
  if (mark.offset == 0)
    (void) fingerprint (self, 0, &mark.fingerprint);
  return mark;
}

gboolean
pg_tail_fits (const PgTail *self, const PgTailMark *mark)
{
  guint64 found;

  return fingerprint (self, mark->offset, &found) && found == mark->fingerprint;
}

gboolean
pg_tail_continues (const PgTail *self, const PgTail *copy)
{
  return self->n_kept > 0 && holds_kept (self, copy);
}

gboolean
pg_tail_is_unread (const PgTail *self)
{
  return self->offset == 0;
}

gboolean
pg_tail_begins_as (const PgTail *self, const PgTail *copy)
{
  char   ours[PG_TAIL_FINGERPRINT_MAX];
  char   theirs[PG_TAIL_FINGERPRINT_MAX];
  gssize n_theirs = read_at (copy, 0, theirs, sizeof theirs);
  gssize n_ours = read_at (self, 0, ours, sizeof ours);

  /* Shorter than its copy it was cut, and is written anew, perhaps with the same first bytes: those of a date. */
  return n_theirs <= 0 || (n_ours >= n_theirs && memcmp (ours, theirs, (gsize) n_theirs) == 0);
}

void
pg_tail_mark_put (const PgTailMark *mark, guint8 out[PG_TAIL_MARK_SIZE])
{
  pg_bytes_put_u64 (out, mark->device);
  pg_bytes_put_u64 (out + 8, mark->inode);
  pg_bytes_put_u64 (out + 16, mark->offset);
  pg_bytes_put_u64 (out + 24, mark->fingerprint);
}

PgTailMark
pg_tail_mark_get (const guint8 data[PG_TAIL_MARK_SIZE])
{
  return (PgTailMark){
    .device = pg_bytes_get_u64 (data),
    .inode = pg_bytes_get_u64 (data + 8),
    .offset = pg_bytes_get_u64 (data + 16),
    .fingerprint = pg_bytes_get_u64 (data + 24),
  };
}
