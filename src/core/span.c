/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/span.h"

gboolean
pg_span_find (PgSpan span, const char *needle, gsize *out_at)
{
  const char *hit;

  if (span.len == 0)
    return FALSE;
  hit = memmem (span.data, span.len, needle, strlen (needle));
  if (hit == NULL)
    return FALSE;
  *out_at = (gsize) (hit - span.data);
  return TRUE;
}

gboolean
pg_span_take (PgSpan *span, const char *literal)
{
  gsize len = strlen (literal);

  if (span->len < len || memcmp (span->data, literal, len) != 0)
    return FALSE;
  pg_span_skip (span, len);
  return TRUE;
}

gboolean
pg_span_take_until (PgSpan *span, char stop, PgSpan *out)
{
  const char *hit;
  gsize       len;

  if (span->len == 0)
    return FALSE;
  hit = memchr (span->data, stop, span->len);
  if (hit == NULL)
    return FALSE;
  len = (gsize) (hit - span->data);
  *out = pg_span (span->data, len);
  pg_span_skip (span, len + 1);
  return TRUE;
}

gboolean
pg_span_take_number (PgSpan *span, guint min_digits, guint max_digits, guint *out)
{
  guint value = 0;
  guint digits = 0;

  while (digits < max_digits && digits < span->len && g_ascii_isdigit (span->data[digits]))
    value = value * 10 + (guint) (span->data[digits++] - '0');
  if (digits < min_digits)
    return FALSE;
  pg_span_skip (span, digits);
  *out = value;
  return TRUE;
}

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
