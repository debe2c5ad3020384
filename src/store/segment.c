/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing the redo log's files; segment-read.c reads them. */
#include "store/segment.h"

#include "core/error.h"
#include "store/disk.h"
#include "store/family.h"
#include "store/segment-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

struct _PgSegment
{
  char    *path;
  guint64  database;
  guint64  number;
  int      fd;       /* -1: the next append begins a file */
  gint64   end;      /* of what is on the disk */
  gboolean has_tail; /* there is more behind the end, which counts for nothing */
  PgSecret secret;
};

PgSegment *
pg_segment_new (const char *path, guint64 database, guint64 number, gint64 end)
{
  PgSegment *self = g_new0 (PgSegment, 1);

  self->path = g_strdup (path);
  self->database = database;
  self->number = number;
  self->end = end;
  self->fd = -1;
  return self;
}

static void
close_file (PgSegment *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
}

void
pg_segment_free (PgSegment *self)
{
  if (self == NULL)
    return;
  close_file (self);
  g_free (self->path);
  g_free (self);
}

guint64
pg_segment_number (const PgSegment *self)
{
  return self->number;
}

gint64
pg_segment_end (const PgSegment *self)
{
  return self->end;
}

static gboolean
fail (const PgSegment *self, const char *what, GError **error)
{
  g_set_error (error, PG_ERROR, PG_ERROR_STORE, "%s: cannot %s the redo log: %s", self->path, what, g_strerror (errno));
  return FALSE;
}

static gboolean
write_head (int fd, const PgSegmentHead *head)
{
  guint8 image[PG_SEGMENT_HEAD];

  pg_segment_head_encode (head, image);
  return pg_disk_write (fd, image, sizeof image, 0) && fsync (fd) == 0;
}

/* Makes the file under another name, so that the right name only ever stands for one with a whole head. Once it has that name it
 * says where the file before ends, also if that is all: to that one nothing is added any more. */
static int
make_file (PgSegment *self, const PgSegmentHead *head)
{
  g_autofree char *fresh = g_strconcat (self->path, ".redo.new", NULL);
  g_autofree char *name = pg_family_redo_name (self->path, head->number);
  int              fd = open (fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  int              reason;

  if (fd < 0)
    return -1;
  pg_family_step ("write redo head");
  if (write_head (fd, head) && rename (fresh, name) == 0)
    {
      close_file (self);
      if (pg_family_sync_folder (self->path))
        return fd;
    }
  reason = errno;
  close (fd);
  errno = reason;
  return -1;
}

gboolean
pg_segment_begin (PgSegment *self, GError **error)
{
  PgSegmentHead head = { .database = self->database, .number = self->number + 1, .end_before = self->end };
  int           fd = -1;

  if (getrandom (&head.secret, sizeof head.secret, 0) == (gssize) sizeof head.secret)
    fd = make_file (self, &head);
  if (fd < 0)
    return fail (self, "begin a file of", error);
  self->fd = fd;
  self->number = head.number;
  self->end = PG_SEGMENT_HEAD;
  self->secret = head.secret;
  self->has_tail = FALSE;
  return TRUE;
}

gboolean
pg_segment_trim (PgSegment *self)
{
  if (!self->has_tail)
    return TRUE;
  self->has_tail = self->fd < 0 || ftruncate (self->fd, self->end) != 0;
  return !self->has_tail;
}

/* All of the group, its mark first. */
static gboolean
write_group (PgSegment *self, guint8 *changes, gsize len)
{
  g_autoptr (GByteArray) mark = g_byte_array_new ();

  pg_change_append (&(PgChange){ .kind = PG_CHANGE_MARK }, mark);
  pg_change_seal_all (mark->data, mark->len, &self->secret, (guint64) self->end);
  pg_change_seal_all (changes, len, &self->secret, (guint64) self->end + mark->len);
  self->has_tail = TRUE;
  if (!pg_disk_write (self->fd, mark->data, mark->len, self->end) || !pg_disk_write (self->fd, changes, len, self->end + mark->len))
    return FALSE;
  return TRUE;
}

gboolean
pg_segment_append (PgSegment *self, guint8 *changes, gsize len, GError **error)
{
  if (self->fd < 0 && !pg_segment_begin (self, error))
    return FALSE;
  if (!pg_segment_trim (self) || !write_group (self, changes, len))
    return fail (self, "write", error);
  if (fdatasync (self->fd) != 0)
    {
      (void) fail (self, "sync", error);
      close_file (self); /* the kernel tells a failed write once, and takes the pages for clean from then on */
      return FALSE;
    }
  self->end += PG_CHANGE_HEADER + (gint64) len;
  self->has_tail = FALSE;
  return TRUE;
}
