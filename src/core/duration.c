/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/duration.h"

static const struct
{
  char   letter;
  gint64 us;
} units[] = {
  { 'w', 7 * PG_DAY }, { 'd', PG_DAY }, { 'h', PG_HOUR }, { 'm', PG_MINUTE }, { 's', PG_SECOND },
};

gboolean
pg_duration_parse (PgSpan text, gint64 *out_us)
{
  guint number;

  if (!pg_span_take_number (&text, 1, 9, &number) || text.len != 1)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (units); i++)
    if (text.data[0] == units[i].letter && number <= G_MAXINT64 / units[i].us)
      {
        *out_us = (gint64) number * units[i].us;
        return TRUE;
      }
  return FALSE;
}

char *
pg_duration_to_string (gint64 us)
{
  GString *out = g_string_new (NULL);
  guint    parts = 0;

  for (gsize i = 1; i < G_N_ELEMENTS (units) && parts < 2; i++)
    {
      gint64 count = us / units[i].us;

      us %= units[i].us;
      if (parts > 0)
        parts++;
      if (count == 0)
        continue;
      parts = MAX (parts, 1);
      g_string_append_printf (out, "%s%" G_GINT64_FORMAT "%c", out->len > 0 ? " " : "", count, units[i].letter);
    }
  if (out->len == 0)
    g_string_append (out, "0s");
  return g_string_free (out, FALSE);
}
