/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/packed.h"

#include "core/error.h"
#include "source/lookback.h"
#include "source/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  PgPackedWant     *want;
  PgClock           writer; /* no line is younger than the file */
  const PgTailMark *mark;
  PgTail           *tail;   /* of the file without a name */
  guint64           offset; /* of the next portion */
  guint64           start;  /* where reading is to begin */
  gboolean          is_it;  /* the mark was made of this log, or there is none */
  gboolean          found_older;
} Packed;

/* A file that nobody else can open, and that goes when it is closed. */
static PgTail *
make_nameless (void)
{
  g_autofree char *path = NULL;
  int              fd = g_file_open_tmp ("popgate-XXXXXX", &path, NULL);

  if (fd < 0)
    return NULL;
  (void) g_unlink (path);
  return pg_tail_new (fd);
}

static gboolean
write_at (int fd, PgSpan data, guint64 offset)
{
  while (data.len > 0)
    {
      gssize n = pwrite (fd, data.data, data.len, (off_t) offset);

      if (n < 0 && errno != EINTR)
        return FALSE;
      if (n < 0)
        continue;
      pg_span_skip (&data, (gsize) n);
      offset += (guint64) n;
    }
  return TRUE;
}

/* If the portion at @begin begins with older lines, nothing before them is wanted. */
static gboolean
drop_older (Packed *self, PgSpan portion, guint64 begin)
{
  PgSpan   lines = portion;
  PgSpan   cut;
  gboolean older;
  int      fd = pg_tail_fd (self->tail);

  if (begin < self->start || (begin > 0 && !pg_span_take_until (&lines, '\n', &cut))
      || !pg_lookback_is_older (lines, self->want->format, self->want->since_us, &self->writer, &older) || !older)
    return TRUE;
  self->found_older = TRUE;
  self->start = begin + (guint64) (lines.data - portion.data);
  return ftruncate (fd, 0) == 0 && write_at (fd, portion, begin);
}

static gboolean
take_portion (Packed *self, PgSpan portion)
{
  guint64 begin = self->offset;
  guint64 end = begin + portion.len;

  self->offset = end;
  if (self->want->format == PG_HEAD_UNKNOWN)
    self->want->format = pg_lookback_guess_lines (portion);
  if (!self->is_it && end + PG_TAIL_FINGERPRINT_MAX <= self->mark->offset)
    return TRUE;
  if (!write_at (pg_tail_fd (self->tail), portion, begin))
    return FALSE;
  if (!self->is_it && end >= self->mark->offset)
    {
      self->is_it = pg_tail_fits (self->tail, self->mark);
      return self->is_it;
    }
  return !self->is_it || drop_older (self, portion, begin);
}

/* FALSE: it is not what is wanted, or takes too much. That it is damaged is no reason not to take what came before. */
static gboolean
take_all (Packed *self, const char *path, PgUnpack *unpack, GError **error)
{
  PgSpan portion;

  while (pg_unpack_next (unpack, &portion, error) && portion.len > 0)
    {
      if (portion.len > self->want->budget)
        {
          g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "%s is too large to be unpacked", path);
          return FALSE;
        }
      self->want->budget -= portion.len;
      if (!take_portion (self, portion))
        return FALSE;
    }
  return self->is_it;
}

/* Hosts and programs stamp before they write: what is older by a minute is old. */
static gboolean
is_old (const struct stat *status, gint64 since_us)
{
  return (gint64) status->st_mtim.tv_sec * PG_SECOND < since_us - PG_MINUTE;
}

/* NULL without an error: it is too old. */
static PgUnpack *
open_packed (const char *path, const PgPackedWant *want, gint64 *out_written_us, gboolean *out_is_old, GError **error)
{
  struct stat status;
  int         fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);

  if (fd < 0 || fstat (fd, &status) != 0)
    {
      g_set_error (error, PG_ERROR, PG_ERROR_SYSTEM, "cannot open %s: %s", path, g_strerror (errno));
      if (fd >= 0)
        close (fd);
      return NULL;
    }
  *out_written_us = (gint64) status.st_mtim.tv_sec * PG_SECOND;
  *out_is_old = is_old (&status, want->since_us);
  if (!*out_is_old && (want->trust == PG_TRUST_ANY || pg_trust_check_file (path, fd, error)))
    return pg_unpack_new (fd, path, error);
  close (fd);
  return NULL;
}

/* Its lines are as old as those of the packed file. */
static void
make_as_old (const PgTail *tail, gint64 written_us)
{
  const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = written_us / PG_SECOND + 1 } };

  (void) futimens (pg_tail_fd (tail), times);
}

static PgTail *
unpack_wanted (Packed *self, const char *path, PgUnpack *unpack, gint64 written_us, GError **error)
{
  g_autoptr (PgTail) tail = make_nameless ();

  if (tail == NULL)
    {
      g_set_error (error, PG_ERROR, PG_ERROR_SYSTEM, "no room to unpack %s", path);
      return NULL;
    }
  self->tail = tail;
  if (!take_all (self, path, unpack, error))
    return NULL;
  make_as_old (tail, written_us);
  pg_tail_seek (tail, self->start);
  return g_steal_pointer (&tail);
}

PgTail *
pg_packed_open (const char *path, PgPackedWant *want, const PgTailMark *mark, gboolean *out_goes_on, GError **out_damage)
{
  gboolean is_too_old = FALSE;
  gint64   written_us = 0;
  g_autoptr (PgUnpack) unpack = open_packed (path, want, &written_us, &is_too_old, out_damage);
  Packed self = {
    .want = want,
    .writer = { .zone = want->clock->zone, .now_us = MIN (want->clock->now_us, written_us + PG_SECOND) },
    .mark = mark,
    .is_it = mark == NULL,
    .start = mark != NULL ? mark->offset : 0,
  };
  PgTail *tail = unpack != NULL ? unpack_wanted (&self, path, unpack, written_us, out_damage) : NULL;

  if (is_too_old || (tail != NULL && self.found_older))
    *out_goes_on = FALSE;
  return tail;
}
