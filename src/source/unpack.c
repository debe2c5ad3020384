/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/unpack-class.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define MAGIC_MAX 6

struct _PgUnpack
{
  const PgUnpackClass *class;
  gpointer      state; /* what the class's begin() gave, or the input */
  PgUnpackInput input;
};

/* --- the input ------------------------------------------------------------------------------------------------------- */

static gboolean
read_behind (PgUnpackInput *self, gsize kept, GError **error)
{
  gssize n;

  do
    n = read (self->fd, self->buffer + kept, sizeof self->buffer - kept);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    {
      g_set_error (error, PG_ERROR, PG_ERROR_SYSTEM, "cannot read %s: %s", self->name, g_strerror (errno));
      return FALSE;
    }
  self->is_at_end = n == 0;
  self->rest = pg_span (self->buffer, kept + (gsize) n);
  return TRUE;
}

gboolean
pg_unpack_input_fill (PgUnpackInput *self, GError **error)
{
  return self->rest.len > 0 || self->is_at_end || read_behind (self, 0, error);
}

/* --- what is not packed ---------------------------------------------------------------------------------------------- */

static gboolean
next_plain (gpointer state, PgSpan *out, GError **error)
{
  PgUnpackInput *input = state;

  if (!pg_unpack_input_fill (input, error))
    return FALSE;
  *out = input->rest;
  pg_span_skip (&input->rest, input->rest.len);
  return TRUE;
}

static const PgUnpackClass plain = { .next = next_plain };

/* --- which it is ----------------------------------------------------------------------------------------------------- */

static const PgUnpackClass classes[] = {
  { "gzip", "\x1f\x8b", 2, pg_unpack_gzip_begin, pg_unpack_gzip_next, pg_unpack_gzip_free },
  { "bzip2", "BZh", 3, pg_unpack_archive_begin, pg_unpack_archive_next, pg_unpack_archive_free },
  { "xz",
    "\xfd"
    "7zXZ\0",
    6, pg_unpack_archive_begin, pg_unpack_archive_next, pg_unpack_archive_free },
  { "zstd", "\x28\xb5\x2f\xfd", 4, pg_unpack_archive_begin, pg_unpack_archive_next, pg_unpack_archive_free },
};

static const PgUnpackClass *
find_class (PgSpan begin)
{
  for (gsize i = 0; i < G_N_ELEMENTS (classes); i++)
    if (begin.len >= classes[i].magic_len && memcmp (begin.data, classes[i].magic, classes[i].magic_len) == 0)
      return &classes[i];
  return &plain;
}

/* A pipe may give its first bytes one by one. */
static gboolean
read_magic (PgUnpackInput *self, GError **error)
{
  while (self->rest.len < MAGIC_MAX && !self->is_at_end)
    if (!read_behind (self, self->rest.len, error))
      return FALSE;
  return TRUE;
}

static gboolean
begin (PgUnpack *self, GError **error)
{
  if (!read_magic (&self->input, error))
    return FALSE;
  self->class = find_class (self->input.rest);
  if (self->class->begin == NULL)
    {
      self->state = &self->input;
      return TRUE;
    }
  self->state = self->class->begin (&self->input, error);
  if (self->state == NULL)
    g_prefix_error (error, "%s is packed by %s: ", self->input.name, self->class->name);
  return self->state != NULL;
}

PgUnpack *
pg_unpack_new (int fd, const char *name, GError **error)
{
  g_autoptr (PgUnpack) self = g_new (PgUnpack, 1);

  self->class = NULL;
  self->state = NULL;
  self->input.fd = fd;
  self->input.name = g_strdup (name);
  self->input.rest = pg_span (self->input.buffer, 0);
  self->input.is_at_end = FALSE;
  return begin (self, error) ? g_steal_pointer (&self) : NULL;
}

PgUnpack *
pg_unpack_open (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

  if (fd >= 0)
    return pg_unpack_new (fd, path, error);
  g_set_error (error, PG_ERROR, PG_ERROR_SYSTEM, "cannot open %s: %s", path, g_strerror (errno));
  return NULL;
}

void
pg_unpack_free (PgUnpack *self)
{
  if (self == NULL)
    return;
  if (self->state != NULL && self->class->free != NULL)
    self->class->free (self->state);
  close (self->input.fd);
  g_free (self->input.name);
  g_free (self);
}

gboolean
pg_unpack_next (PgUnpack *self, PgSpan *out, GError **error)
{
  return self->class->next (self->state, out, error);
}
