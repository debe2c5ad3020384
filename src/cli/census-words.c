/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/census-words.h"

#include "core/duration.h"

char *
pg_census_number (guint64 number)
{
  GString *text = g_string_new (NULL);

  g_string_printf (text, "%" G_GUINT64_FORMAT, number);
  for (gssize at = (gssize) text->len - 3; at > 0; at -= 3)
    g_string_insert_c (text, at, ',');
  return g_string_free (text, FALSE);
}

char *
pg_census_count (guint64 number, const char *one, const char *many)
{
  g_autofree char *text = pg_census_number (number);

  return g_strdup_printf ("%s %s", text, number == 1 ? one : many);
}

char *
pg_census_date (guint32 day, const char *format)
{
  return pg_census_time ((gint64) day * (PG_DAY / PG_SECOND), format);
}

char *
pg_census_time (gint64 epoch_s, const char *format)
{
  g_autoptr (GDateTime) moment = epoch_s > 0 ? g_date_time_new_from_unix_utc (epoch_s) : NULL;

  return moment != NULL ? g_date_time_format (moment, format) : g_strdup ("");
}

const char *
pg_census_moved (const PgCensusPair *pair)
{
  static const char *const words[] = { [PG_CENSUS_DEPENDS] = "no", [PG_CENSUS_BOTH] = "both", [PG_CENSUS_MOVED] = "yes" };

  return pair->way == PG_USAGE_LOGIN ? words[pair->owner->state] : "";
}
