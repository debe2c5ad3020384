/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/config-file.h"

#include "core/error.h"

/* The file's text; empty if nobody named one and the usual one is absent. */
static gboolean
read_text (const char *path, char **out_text, gsize *out_len, GError **error)
{
  g_autoptr (GError) cause = NULL;

  if (g_file_get_contents (path != NULL ? path : PG_CONFIG_FILE, out_text, out_len, &cause))
    return TRUE;
  if (path == NULL && g_error_matches (cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    return TRUE;
  g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "cannot read the configuration: %s", cause->message);
  return FALSE;
}

/* The file is read alone first: then it is known whose fault an error is. */
PgConfig *
pg_config_file_load (const char *path, const char *const *overrides, GError **error)
{
  g_autofree char *text = NULL;
  gsize            len = 0;
  PgConfig        *config;

  if (!read_text (path, &text, &len, error))
    return NULL;
  config = pg_config_parse (pg_span (text, len), NULL, error);
  if (config == NULL)
    g_prefix_error (error, "%s: ", path != NULL ? path : PG_CONFIG_FILE);
  if (config == NULL || overrides == NULL)
    return config;
  pg_config_free (config);
  config = pg_config_parse (pg_span (text, len), overrides, error);
  if (config == NULL)
    g_prefix_error (error, "option -o: ");
  return config;
}
