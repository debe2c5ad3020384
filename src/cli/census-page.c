/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/census-page.h"

static char *
join (const char *const *lines)
{
  GString *text = g_string_new ("\n");

  for (; *lines != NULL; lines++)
    g_string_append (text, *lines);
  return g_string_free (text, FALSE);
}

/* As a Content-Security-Policy (CSP Level 3, 2.3.1) names what may be. */
static char *
hash_of (const char *text)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8           digest[32];
  gsize            len = sizeof digest;
  g_autofree char *encoded = NULL;

  g_checksum_update (checksum, (const guchar *) text, -1);
  g_checksum_get_digest (checksum, digest, &len);
  encoded = g_base64_encode (digest, len);
  return g_strdup_printf ("'sha256-%s'", encoded);
}

void
pg_census_page_begin (const char *title, GString *out)
{
  g_autofree char *style = join (pg_census_page_style);
  g_autofree char *script = join (pg_census_page_script);
  g_autofree char *style_hash = hash_of (style);
  g_autofree char *script_hash = hash_of (script);

  g_string_append_printf (
      out,
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src %s; "
      "script-src %s; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<title>%s</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n",
      style_hash, script_hash, title, style);
}

void
pg_census_page_end (GString *out)
{
  g_autofree char *script = join (pg_census_page_script);

  g_string_append_printf (out, "</main>\n<script>%s</script>\n</body>\n</html>\n", script);
}
