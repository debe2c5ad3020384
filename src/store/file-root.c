/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/file-root.h"

#include "core/error.h"

gboolean
pg_file_get_root (PgFile *self, PgRoot *out, GError **error)
{
  GError      *cause = NULL;
  PgSpan       value;
  PgFileAnswer answer = pg_file_get (self, pg_span_from_string (PG_ROOT_KEY), &value, error);
  gboolean     ok;

  if (answer == PG_FILE_FAILED)
    return FALSE;
  if (answer == PG_FILE_ABSENT)
    return pg_file_refuse (self, g_error_new_literal (PG_ERROR, PG_ERROR_DAMAGED, "not a database of popgate: it has no root"),
                           error);
  ok = pg_root_decode ((const guint8 *) value.data, value.len, out, &cause);
  pg_file_free_span (&value);
  return ok || pg_file_refuse (self, cause, error);
}

gboolean
pg_file_put_root (PgFile *self, const PgRoot *root, GError **error)
{
  guint8 image[PG_ROOT_SIZE];

  pg_root_encode (root, image);
  return pg_file_put (self, pg_span_from_string (PG_ROOT_KEY), pg_span ((const char *) image, sizeof image), error);
}

gboolean
pg_file_mark_unclean (PgFile *self, PgRoot *out_root, GError **error)
{
  if (!pg_file_get_root (self, out_root, error))
    return FALSE;
  out_root->is_clean = FALSE;
  return pg_file_put_root (self, out_root, error);
}
