/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "source/unpack-class.h"

#include "core/error.h"

#ifdef HAVE_LIBARCHIVE
#include <archive.h>
#include <archive_entry.h>

typedef struct
{
  PgUnpackInput  *input;
  struct archive *archive;
  GError         *failed; /* why the input can't be read */
} Archive;

static la_ssize_t
read_input (G_GNUC_UNUSED struct archive *archive, void *user_data, const void **out)
{
  Archive *self = user_data;
  PgSpan  *rest = &self->input->rest;
  gsize    len;

  if (!pg_unpack_input_fill (self->input, &self->failed))
    return ARCHIVE_FATAL;
  len = rest->len;
  *out = rest->data;
  pg_span_skip (rest, len);
  return (la_ssize_t) len;
}

/* Only these filters: some of the others run programs. */
static gboolean
open_archive (Archive *self)
{
  struct archive       *archive = self->archive;
  struct archive_entry *entry;

  archive_read_support_format_raw (archive);
  archive_read_support_format_empty (archive);
  if (archive_read_support_filter_bzip2 (archive) != ARCHIVE_OK || archive_read_support_filter_xz (archive) != ARCHIVE_OK
      || archive_read_support_filter_zstd (archive) != ARCHIVE_OK)
    return FALSE;
  /* What is too short for a filter to know it again would come out as it is: only the last of the filters is none. */
  return archive_read_open (archive, self, NULL, read_input, NULL) == ARCHIVE_OK && archive_filter_count (archive) > 1
         && archive_read_next_header (archive, &entry) >= ARCHIVE_OK;
}

static void
fail (Archive *self, GError **error)
{
  const char *cause = archive_error_string (self->archive);

  if (self->failed != NULL)
    g_propagate_error (error, g_steal_pointer (&self->failed));
  else
    g_set_error (error, PG_ERROR, PG_ERROR_DAMAGED, "it is cut or damaged%s%s", cause != NULL ? ": " : "",
                 cause != NULL ? cause : "");
}

gpointer
pg_unpack_archive_begin (PgUnpackInput *input, GError **error)
{
  Archive *self = g_new0 (Archive, 1);

  self->input = input;
  self->archive = archive_read_new ();
  if (open_archive (self))
    return self;
  fail (self, error);
  pg_unpack_archive_free (self);
  return NULL;
}

void
pg_unpack_archive_free (gpointer state)
{
  Archive *self = state;

  archive_read_free (self->archive);
  g_clear_error (&self->failed);
  g_free (self);
}

gboolean
pg_unpack_archive_next (gpointer state, PgSpan *out, GError **error)
{
  Archive    *self = state;
  const void *data = NULL;
  size_t      len = 0;
  la_int64_t  offset;
  int         result;

  do
    result = archive_read_data_block (self->archive, &data, &len, &offset);
  while (result == ARCHIVE_OK && len == 0);
  if (result != ARCHIVE_OK && result != ARCHIVE_EOF)
    {
      fail (self, error);
      g_prefix_error (error, "%s: ", self->input->name);
      return FALSE;
    }
  *out = pg_span (data, result == ARCHIVE_OK ? len : 0);
  return TRUE;
}

#else

gpointer
pg_unpack_archive_begin (G_GNUC_UNUSED PgUnpackInput *input, GError **error)
{
  g_set_error_literal (error, PG_ERROR, PG_ERROR_VALUE, "this popgate was built without libarchive and can't read it");
  return NULL;
}

void
pg_unpack_archive_free (G_GNUC_UNUSED gpointer state)
{
}

gboolean
pg_unpack_archive_next (G_GNUC_UNUSED gpointer state, PgSpan *out, G_GNUC_UNUSED GError **error)
{
  *out = pg_span (NULL, 0);
  return TRUE;
}
#endif
