/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/sieve.h"

#include "core/change.h"
#include "core/note.h"
#include "core/record.h"
#include "core/usage.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Read at once; what stands across two portions is met in the second. */
#define PORTION 1048576
#define OVERLAP (PG_CHANGE_MAX + (gsize) sizeof (PgHash))

typedef struct
{
  PgWork         *work;
  const PgSecret *secret;
  PgSieveTake     take;
  PgSieveTakeRoot take_root;
  gpointer        user_data;
} Sieve;

/* Bytes of a record of that kind, or 0: it is not looked for. */
static gsize
size_of_kind (guint8 kind)
{
  switch (kind)
    {
    case PG_FRAME_GRANT:
      return PG_RECORD_SIZE;
    case PG_FRAME_NOTE:
    case PG_FRAME_FREE:
      return PG_NOTE_SIZE;
    case PG_FRAME_USAGE:
      return PG_USAGE_SIZE;
    default:
      return 0;
    }
}

/* Does a frame's header of that size stand there? Cheap: it is asked of each byte of a file. */
static gboolean
has_header (const guint8 *at, gsize size)
{
  return size > 0 && at[1] >= 1 && at[1] <= PG_FRAME_VERSION_MAX && at[2] == (size & 0xff) && at[3] == size >> 8;
}

static void
take_record (const Sieve *self, const guint8 *key, const guint8 *value, gsize size)
{
  PgHash hash;

  memcpy (hash.bytes, key, sizeof hash.bytes);
  if (pg_frame_check (value, size, size, (PgFrameKind) value[0], value[1], self->secret, &hash, NULL))
    self->take (&hash, value, size, self->user_data);
}

static void
take_root (const Sieve *self, const guint8 *value)
{
  PgRoot root;

  if (pg_root_decode (value, PG_ROOT_SIZE, &root, NULL))
    self->take_root (&root, self->user_data);
}

/* As it stands in a GDBM file: the key, then the value. */
static void
try_plain (const Sieve *self, const guint8 *at, gsize len)
{
  const guint8 *value = at + sizeof (PgHash);
  gsize         size;

  if (self->take_root != NULL && len >= PG_ROOT_SIZE && at[0] == PG_FRAME_ROOT && has_header (at, PG_ROOT_SIZE))
    take_root (self, at);
  if (self->take == NULL || len < sizeof (PgHash) + PG_FRAME_HEADER)
    return;
  size = size_of_kind (value[0]);
  if (has_header (value, size) && len >= sizeof (PgHash) + size)
    take_record (self, at, value, size);
}

/* As it stands in the redo log. Of the change only the form is looked at: the record in it proves itself. */
static void
try_change (const Sieve *self, const guint8 *at, gsize len)
{
  guint8   value[PG_FRAME_MAX];
  PgChange change;

  if (len < PG_CHANGE_HEADER || at[8] != PG_CHANGE_PUT || pg_change_parse (pg_span ((const char *) at, len), &change) == 0)
    return;
  pg_change_get_value (&change, value);
  if (self->take_root != NULL && change.value_len == PG_ROOT_SIZE && value[0] == PG_FRAME_ROOT)
    take_root (self, value);
  if (self->take != NULL && change.key.len == sizeof (PgHash) && change.value_len >= PG_FRAME_HEADER
      && change.value_len == size_of_kind (value[0]))
    take_record (self, (const guint8 *) change.key.data, value, change.value_len);
}

/* Fills @buffer from @at on; what can't be read of it is taken for zeros, a page at a time. */
static gsize
read_portion (int fd, guint8 *buffer, gsize len, gint64 at)
{
  gsize filled = 0;

  while (filled < len)
    {
      gssize n = pread (fd, buffer + filled, MIN (len - filled, 4096), at + (gint64) filled);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          n = (gssize) MIN (len - filled, 4096);
          memset (buffer + filled, 0, (gsize) n);
        }
      if (n == 0)
        break;
      filled += (gsize) n;
    }
  return filled;
}

static void
sift (const Sieve *self, int fd, gint64 size)
{
  g_autofree guint8 *buffer = g_malloc (PORTION + OVERLAP);

  for (gint64 at = 0; at < size && pg_work_go_on (self->work, NULL); at += PORTION)
    {
      gsize filled = read_portion (fd, buffer, (gsize) MIN (PORTION + (gint64) OVERLAP, size - at), at);

      for (gsize i = 0; i < MIN (filled, PORTION); i++)
        {
          try_plain (self, buffer + i, filled - i);
          try_change (self, buffer + i, filled - i);
        }
    }
}

static void
sift_file (const Sieve *self, const char *name)
{
  int         fd = open (name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status;

  if (fd < 0)
    return;
  if (fstat (fd, &status) == 0 && S_ISREG (status.st_mode))
    sift (self, fd, status.st_size);
  close (fd);
}

void
pg_sieve_records (const char *name, const PgSecret *secret, PgWork *work, PgSieveTake take, gpointer user_data)
{
  const Sieve self = { .work = work, .secret = secret, .take = take, .user_data = user_data };

  sift_file (&self, name);
}

void
pg_sieve_roots (const char *name, PgWork *work, PgSieveTakeRoot take, gpointer user_data)
{
  const Sieve self = { .work = work, .take_root = take, .user_data = user_data };

  sift_file (&self, name);
}
