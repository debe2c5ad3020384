/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/span.h"

gboolean
pg_span_only_has (PgSpan span, const char *extra)
{
  gsize n_extra = strlen (extra);

  for (gsize i = 0; i < span.len; i++)
    if (!g_ascii_isalnum (span.data[i]) && memchr (extra, span.data[i], n_extra) == NULL)
      return FALSE;
  return span.len > 0;
}

char *
pg_span_escape (PgSpan span, gsize max_bytes)
{
  GString *out = g_string_sized_new (span.len + 1);

  for (gsize i = 0; i < MIN (span.len, max_bytes); i++)
    {
      char c = span.data[i];

      if (c == '\\' || c == '"')
        g_string_append_c (out, '\\');
      if (g_ascii_isprint (c))
        g_string_append_c (out, c);
      else
        g_string_append_printf (out, "\\x%02x", (guint) (guchar) c);
    }
  if (span.len > max_bytes)
    g_string_append (out, "...");
  return g_string_free (out, FALSE);
}
