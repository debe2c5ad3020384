/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the redo log's files. */
#include "core/bytes.h"
#include "core/error.h"
#include "store/family.h"
#include "store/segment-private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "pg-redo\1"
#define DATABASE_AT 8
#define NUMBER_AT 16
#define END_BEFORE_AT 24
#define SECRET_AT 32
#define CHECKSUM_AT 48

/* Read at once; at least two of the longest changes. */
#define BUFFER 262144

typedef struct
{
  char    *name;
  int      fd;
  gint64   size;
  PgSecret secret;
  guint8  *buffer;
  gsize    filled;
  gsize    taken; /* of the buffer */
  gint64   at;    /* in the file: where the first byte not taken stands */
} Reader;

/* --- the head -------------------------------------------------------------------------------------------------------- */

void
pg_segment_head_encode (const PgSegmentHead *self, guint8 out[PG_SEGMENT_HEAD])
{
  memset (out, 0, PG_SEGMENT_HEAD);
  memcpy (out, MAGIC, 8);
  pg_bytes_put_u64 (out + DATABASE_AT, self->database);
  pg_bytes_put_u64 (out + NUMBER_AT, self->number);
  pg_bytes_put_i64 (out + END_BEFORE_AT, self->end_before);
  memcpy (out + SECRET_AT, self->secret.bytes, sizeof self->secret.bytes);
  pg_bytes_put_u64 (out + CHECKSUM_AT, pg_siphash_64 (&self->secret, out, CHECKSUM_AT));
}

static gboolean
decode_head (const guint8 image[PG_SEGMENT_HEAD], PgSegmentHead *out)
{
  out->database = pg_bytes_get_u64 (image + DATABASE_AT);
  out->number = pg_bytes_get_u64 (image + NUMBER_AT);
  out->end_before = pg_bytes_get_i64 (image + END_BEFORE_AT);
  memcpy (out->secret.bytes, image + SECRET_AT, sizeof out->secret.bytes);
  return memcmp (image, MAGIC, 8) == 0
         && pg_bytes_get_u64 (image + CHECKSUM_AT) == pg_siphash_64 (&out->secret, image, CHECKSUM_AT);
}

/* --- a buffer that moves over the file ------------------------------------------------------------------------------- */

static gboolean
refuse (const Reader *self, const char *why, GError **error)
{
  g_set_error (error, PG_ERROR, PG_ERROR_DAMAGED, "%s: damaged at byte %" G_GINT64_FORMAT ": %s", self->name, self->at, why);
  return FALSE;
}

static gboolean
open_reader (Reader *self, const char *path, guint64 number, GError **error)
{
  struct stat status;
  int         reason;

  *self = (Reader){ .name = pg_family_redo_name (path, number) };
  self->fd = open (self->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (self->fd >= 0 && fstat (self->fd, &status) == 0)
    {
      self->size = status.st_size;
      self->buffer = g_malloc (BUFFER);
      return TRUE;
    }
  reason = errno;
  g_set_error (error, PG_ERROR, reason == ENOENT ? PG_ERROR_DAMAGED : PG_ERROR_STORE, "%s: %s", self->name,
               reason == ENOENT ? "is missing" : g_strerror (reason));
  return FALSE;
}

static void
close_reader (Reader *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->buffer);
  g_free (self->name);
}

/* Fills the buffer as far as it can. FALSE with @error set: the file can't be read. */
static gboolean
fill (Reader *self, GError **error)
{
  memmove (self->buffer, self->buffer + self->taken, self->filled - self->taken);
  self->filled -= self->taken;
  self->taken = 0;
  while (self->filled < BUFFER)
    {
      gssize n = pread (self->fd, self->buffer + self->filled, BUFFER - self->filled, self->at + (gint64) self->filled);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          g_set_error (error, PG_ERROR, errno == EIO ? PG_ERROR_DAMAGED : PG_ERROR_STORE, "%s: cannot be read: %s", self->name,
                       g_strerror (errno));
          return FALSE;
        }
      if (n == 0)
        break;
      self->filled += (gsize) n;
    }
  return TRUE;
}

/* What is buffered of the file, after the next bytes were brought if they may be needed. */
static gboolean
look (Reader *self, PgSpan *out, GError **error)
{
  if (self->filled - self->taken < PG_CHANGE_MAX && self->at + (gint64) (self->filled - self->taken) < self->size
      && !fill (self, error))
    return FALSE;
  *out = pg_span ((const char *) self->buffer + self->taken, self->filled - self->taken);
  return TRUE;
}

static void
skip (Reader *self, gsize len)
{
  self->taken += len;
  self->at += (gint64) len;
}

static gboolean
read_head (Reader *self, guint64 number, PgSegmentHead *out, GError **error)
{
  PgSpan bytes;

  if (!look (self, &bytes, error))
    return FALSE;
  if (bytes.len < PG_SEGMENT_HEAD || !decode_head ((const guint8 *) bytes.data, out) || out->number != number)
    return refuse (self, "its head is not whole", error);
  skip (self, PG_SEGMENT_HEAD);
  return TRUE;
}

gboolean
pg_segment_read_head (const char *path, guint64 number, PgSegmentHead *out, GError **error)
{
  Reader   reader;
  gboolean ok = open_reader (&reader, path, number, error) && read_head (&reader, number, out, error);

  close_reader (&reader);
  return ok;
}

/* --- changes --------------------------------------------------------------------------------------------------------- */

/* Takes changes until one is not whole, or @end. */
static gboolean
take_changes (Reader *self, gint64 end, PgSegmentTake take, gpointer user_data, GError **error)
{
  PgSpan   bytes;
  PgChange change;
  gsize    size;

  while (end < 0 || self->at < end)
    {
      if (!look (self, &bytes, error))
        return FALSE;
      size = pg_change_decode (bytes, &self->secret, (guint64) self->at, &change);
      if (size == 0)
        break;
      if (change.kind != PG_CHANGE_MARK && !take (&change, user_data, error))
        return FALSE;
      skip (self, size);
    }
  return TRUE;
}

static gboolean
is_mark (const Reader *self, PgSpan bytes)
{
  PgChange change;

  return bytes.len >= PG_CHANGE_HEADER && pg_change_parse (pg_span (bytes.data, PG_CHANGE_HEADER), &change) > 0
         && change.kind == PG_CHANGE_MARK && pg_change_decode (bytes, &self->secret, (guint64) self->at, &change) > 0;
}

/* A mark behind what is not whole: it was written when that was on the disk. */
static gboolean
has_mark_behind (Reader *self, gboolean *out, GError **error)
{
  PgSpan bytes;

  *out = FALSE;
  do
    {
      if (!look (self, &bytes, error))
        return FALSE;
      *out = is_mark (self, bytes);
      skip (self, bytes.len > 0 ? 1 : 0);
    }
  while (!*out && bytes.len > 0);
  return TRUE;
}

/* Who goes on behind the last file relies on all of it, and a process that died may not have waited for the disk. */
static gboolean
wait_for_disk (const Reader *self, GError **error)
{
  if (fdatasync (self->fd) == 0 || errno == EINVAL || errno == EROFS)
    return TRUE;
  g_set_error (error, PG_ERROR, PG_ERROR_STORE, "%s: cannot be brought to the disk: %s", self->name, g_strerror (errno));
  return FALSE;
}

/* Is what follows only torn by a crash? */
static gboolean
judge_tail (Reader *self, GError **error)
{
  gint64   end = self->at;
  gboolean is_damaged;

  if (!has_mark_behind (self, &is_damaged, error))
    return FALSE;
  self->at = end;
  return !is_damaged || refuse (self, "a change is not whole, though later ones are", error);
}

static gboolean
read_all (Reader *self, guint64 number, guint64 database, gint64 end, PgSegmentTake take, gpointer user_data, gint64 *out_end,
          GError **error)
{
  PgSegmentHead head;

  if (!read_head (self, number, &head, error))
    return FALSE;
  if (head.database != database)
    return refuse (self, "it belongs to another database", error);
  self->secret = head.secret;
  if (!take_changes (self, end, take, user_data, error))
    return FALSE;
  *out_end = self->at;
  if (end >= 0)
    return self->at == end || refuse (self, "a change is not whole", error);
  return judge_tail (self, error) && wait_for_disk (self, error);
}

gboolean
pg_segment_read (const char *path, guint64 number, guint64 database, gint64 end, PgSegmentTake take, gpointer user_data,
                 gint64 *out_end, GError **error)
{
  Reader   reader;
  gboolean ok =
      open_reader (&reader, path, number, error) && read_all (&reader, number, database, end, take, user_data, out_end, error);

  close_reader (&reader);
  return ok;
}
