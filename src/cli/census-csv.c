/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report for a spreadsheet. Source: RFC 4180; OWASP, CSV Injection. */
#include "cli/census-forms.h"
#include "cli/census-words.h"

/* A user's name is the client's choice. */
static void
add_text (GString *out, const char *text)
{
  const char *guard = text[0] != '\0' && strchr ("=+-@\t\r\n", text[0]) != NULL ? "'" : "";
  gboolean    quoted = strpbrk (text, ",;\"\r\n'") != NULL || guard[0] != '\0';

  if (!quoted)
    {
      g_string_append (out, text);
      return;
    }
  g_string_append_printf (out, "\"%s", guard);
  for (const char *at = text; *at != '\0'; at++)
    g_string_append_printf (out, *at == '"' ? "\"\"" : "%c", *at);
  g_string_append_c (out, '"');
}

static void
add_heading (const PgCensus *self, GString *out)
{
  g_string_append (out, "user,address,way,first,last,days_used,recipients,total,moved,auth_last");
  for (guint i = 0; i < self->n_days; i++)
    {
      g_autofree char *date = pg_census_date (pg_census_first_day (self) + i, "%Y-%m-%d");

      g_string_append_printf (out, ",%s", date);
    }
  g_string_append (out, "\r\n");
}

static void
add_pair (const PgCensus *self, const PgCensusPair *pair, GString *out)
{
  g_autofree char *first = pg_census_time (pair->first_s, "%Y-%m-%dT%H:%M:%SZ");
  g_autofree char *last = pg_census_time (pair->last_s, "%Y-%m-%dT%H:%M:%SZ");
  g_autofree char *auth = pg_census_time (pair->owner != NULL ? pair->owner->auth_last_s : 0, "%Y-%m-%dT%H:%M:%SZ");

  add_text (out, pair->user);
  g_string_append_printf (out, ",%s,%s,%s,%s,%u,%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ",%s,%s", pair->address,
                          pg_usage_way_name (pair->way), first, last, pair->days_used, pair->recipients, pair->total,
                          pg_census_moved (pair), auth);
  for (guint i = 0; i < self->n_days; i++)
    g_string_append_printf (out, ",%" G_GUINT64_FORMAT, pair->days[i]);
  g_string_append (out, "\r\n");
}

void
pg_census_to_csv (const PgCensus *self, GString *out)
{
  add_heading (self, out);
  for (guint i = 0; i < self->pairs->len; i++)
    add_pair (self, g_ptr_array_index (self->pairs, i), out);
  for (guint i = 0; i < self->auths->len; i++)
    add_pair (self, g_ptr_array_index (self->auths, i), out);
}
