/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/base.h"

#include "core/bytes.h"
#include "core/error.h"
#include "core/siphash.h"
#include "store/disk.h"
#include "store/family.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "pg-base\1"
#define DATABASE_AT 8
#define NUMBER_AT 16
#define SIZE_AT 24
#define CHECKSUM_AT 32
#define END_SIZE 40

#define BLOCK 262144

/* A checksum of a file, block by block: each block is summed up behind the sum of those before. */
typedef struct
{
  guint64 sum;
  guint8 *block; /* room for the sum, then BLOCK bytes */
} Summer;

typedef struct
{
  guint64 database;
  guint64 number;
  gint64  size;
} End;

static const PgSecret nobodys; /* against accidents, not against people */

static gboolean
fail (const char *name, GError **error)
{
  g_set_error (error, PG_ERROR, PG_ERROR_STORE, "%s: %s", name, g_strerror (errno));
  return FALSE;
}

static gboolean
refuse (const char *name, const char *why, GError **error)
{
  g_set_error (error, PG_ERROR, PG_ERROR_DAMAGED, "%s: %s", name, why);
  return FALSE;
}

/* --- bytes ----------------------------------------------------------------------------------------------------------- */

/* Sums up @size bytes of @fd, and copies them to @to, if that is not -1. FALSE with errno set. */
static gboolean
sum_up (Summer *self, int fd, gint64 size, int to, PgWork *work)
{
  for (gint64 at = 0; at < size; at += BLOCK)
    {
      gsize len = (gsize) MIN (BLOCK, size - at);

      if (!pg_work_go_on (work, NULL))
        {
          errno = ECANCELED;
          return FALSE;
        }
      pg_bytes_put_u64 (self->block, self->sum);
      if (!pg_disk_read (fd, self->block + 8, len, at) || (to >= 0 && !pg_disk_write (to, self->block + 8, len, at)))
        return FALSE;
      self->sum = pg_siphash_64 (&nobodys, self->block, len + 8);
    }
  return TRUE;
}

/* The sum, with the end's own fields. */
static guint64
finish_sum (const Summer *self, const guint8 end[END_SIZE])
{
  guint8 image[8 + CHECKSUM_AT];

  pg_bytes_put_u64 (image, self->sum);
  memcpy (image + 8, end, CHECKSUM_AT);
  return pg_siphash_64 (&nobodys, image, sizeof image);
}

/* --- the end --------------------------------------------------------------------------------------------------------- */

static void
encode_end (const End *self, guint8 out[END_SIZE])
{
  memset (out, 0, END_SIZE);
  memcpy (out, MAGIC, 8);
  pg_bytes_put_u64 (out + DATABASE_AT, self->database);
  pg_bytes_put_u64 (out + NUMBER_AT, self->number);
  pg_bytes_put_i64 (out + SIZE_AT, self->size);
}

/* Reads the end of the file; its checksum is the caller's matter. */
static gboolean
read_end (int fd, guint64 number, End *out, guint8 image[END_SIZE])
{
  struct stat status;

  if (fstat (fd, &status) != 0 || status.st_size < END_SIZE || !pg_disk_read (fd, image, END_SIZE, status.st_size - END_SIZE))
    return FALSE;
  out->database = pg_bytes_get_u64 (image + DATABASE_AT);
  out->number = pg_bytes_get_u64 (image + NUMBER_AT);
  out->size = pg_bytes_get_i64 (image + SIZE_AT);
  return memcmp (image, MAGIC, 8) == 0 && out->number == number && out->size == status.st_size - END_SIZE;
}

guint64
pg_base_database (const char *path, guint64 number)
{
  g_autofree char *name = pg_family_base_name (path, number);
  int              fd = open (name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  guint8           image[END_SIZE];
  End              end = { .database = 0 };

  if (fd < 0)
    return 0;
  if (!read_end (fd, number, &end, image))
    end.database = 0;
  close (fd);
  return end.database;
}

/* --- making and restoring -------------------------------------------------------------------------------------------- */

char *
pg_base_new_name (const char *path)
{
  return g_strconcat (path, ".base.new", NULL);
}

static int
open_fresh (const char *name)
{
  (void) unlink (name); /* a link there is not followed, and what has it open keeps what it has */
  return open (name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static gboolean
copy_whole (int from, int to, gint64 size, PgWork *work)
{
  Summer   summer = { .block = g_malloc (8 + BLOCK) };
  gboolean ok = sum_up (&summer, from, size, to, work);

  g_free (summer.block);
  return ok;
}

gboolean
pg_base_copy (const char *from, const char *to, PgWork *work, GError **error)
{
  int         in = open (from, O_RDONLY | O_CLOEXEC);
  int         out = open_fresh (to);
  struct stat status;
  gboolean    ok = in >= 0 && out >= 0 && fstat (in, &status) == 0 && copy_whole (in, out, status.st_size, work);

  if (!ok)
    (void) fail (to, error);
  if (in >= 0)
    close (in);
  if (out >= 0)
    close (out);
  return ok;
}

static gboolean
restore (const char *name, int fd, guint64 number, int to, PgWork *work, guint64 *out_database, GError **error)
{
  Summer   summer = { .block = g_malloc (8 + BLOCK) };
  guint8   image[END_SIZE];
  End      end;
  gboolean ok;

  errno = 0;
  ok = read_end (fd, number, &end, image) && sum_up (&summer, fd, end.size, to, work);
  g_free (summer.block);
  if (!ok && errno != 0 && errno != EIO)
    return fail (name, error);
  if (!ok || finish_sum (&summer, image) != pg_bytes_get_u64 (image + CHECKSUM_AT))
    return refuse (name, "is not whole", error);
  *out_database = end.database;
  return TRUE;
}

gboolean
pg_base_restore (const char *path, guint64 number, const char *to, PgWork *work, guint64 *out_database, GError **error)
{
  g_autofree char *name = pg_family_base_name (path, number);
  int              in = open (name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  int              out;
  gboolean         ok = FALSE;

  if (in < 0)
    return fail (name, error);
  pg_family_step ("restore base");
  out = open_fresh (to);
  if (out < 0)
    (void) fail (to, error);
  else
    {
      ok = restore (name, in, number, out, work, out_database, error);
      close (out);
    }
  close (in);
  return ok;
}

static gboolean
add_end (int fd, End *end, PgWork *work)
{
  Summer      summer = { .block = g_malloc (8 + BLOCK) };
  guint8      image[END_SIZE];
  struct stat status;
  gboolean    ok = fstat (fd, &status) == 0 && sum_up (&summer, fd, status.st_size, -1, work);

  g_free (summer.block);
  if (!ok)
    return FALSE;
  end->size = status.st_size;
  encode_end (end, image);
  pg_bytes_put_u64 (image + CHECKSUM_AT, finish_sum (&summer, image));
  return pg_disk_write (fd, image, sizeof image, status.st_size) && fsync (fd) == 0;
}

gboolean
pg_base_finish (const char *path, guint64 database, guint64 number, PgWork *work, GError **error)
{
  g_autofree char *fresh = pg_base_new_name (path);
  g_autofree char *name = pg_family_base_name (path, number);
  int              fd = open (fresh, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  End              end = { .database = database, .number = number };
  gboolean         ok = fd >= 0 && add_end (fd, &end, work);

  if (ok)
    {
      pg_family_step ("name base");
      ok = rename (fresh, name) == 0 && pg_family_sync_folder (path);
    }
  if (!ok)
    (void) fail (fresh, error);
  if (fd >= 0)
    close (fd);
  pg_family_step ("base is named");
  return ok;
}
