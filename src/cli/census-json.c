/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report for a program. */
#include "cli/census-forms.h"
#include "cli/census-words.h"
#include "cli/output.h"

static void
set_count (JsonObject *row, const char *name, guint64 number)
{
  json_object_set_int_member (row, name, (gint64) MIN (number, G_MAXINT64));
}

/* -1 and, of a time, 0: not known. */
static void
set_known (JsonObject *row, const char *name, gint64 number, gint64 unknown)
{
  if (number != unknown)
    json_object_set_int_member (row, name, number);
  else
    json_object_set_null_member (row, name);
}

static void
set_string (JsonObject *row, const char *name, const char *text)
{
  if (text[0] != '\0')
    json_object_set_string_member (row, name, text);
  else
    json_object_set_null_member (row, name);
}

static void
set_date (JsonObject *row, const char *name, guint32 day)
{
  g_autofree char *date = pg_census_date (day, "%Y-%m-%d");

  json_object_set_string_member (row, name, date);
}

static JsonObject *
describe_summary (const PgCensus *self)
{
  JsonObject *summary = json_object_new ();

  set_date (summary, "since", pg_census_first_day (self));
  set_date (summary, "until", self->today);
  set_count (summary, "users", self->n_depending);
  set_count (summary, "addresses", self->n_addresses);
  set_count (summary, "both", self->n_both);
  set_count (summary, "moved", self->n_moved);
  set_count (summary, "allowed", self->n_allowed);
  set_count (summary, "recipients", self->n_recipients);
  set_count (summary, "older", self->n_older);
  set_known (summary, "pairs", self->n_stored, -1);
  set_known (summary, "pairs_max", self->n_stored_max, -1);
  set_known (summary, "not_counted", self->n_not_counted, -1);
  return summary;
}

static JsonObject *
describe_days (const PgCensus *self, const PgCensusPair *pair)
{
  JsonObject *days = json_object_new ();

  for (guint i = 0; i < self->n_days; i++)
    if (pair->days[i] > 0)
      {
        g_autofree char *date = pg_census_date (pg_census_first_day (self) + i, "%Y-%m-%d");

        set_count (days, date, pair->days[i]);
      }
  return days;
}

static JsonObject *
describe_pair (const PgCensus *self, const PgCensusPair *pair)
{
  JsonObject *row = json_object_new ();

  set_string (row, "user", pair->user);
  set_string (row, "address", pair->address);
  json_object_set_string_member (row, "way", pg_usage_way_name (pair->way));
  set_known (row, "first", pair->first_s, 0);
  set_known (row, "last", pair->last_s, 0);
  set_count (row, "days_used", pair->days_used);
  set_count (row, "recipients", pair->recipients);
  set_count (row, "total", pair->total);
  set_string (row, "moved", pg_census_moved (pair));
  set_known (row, "auth_last", pair->owner != NULL ? pair->owner->auth_last_s : 0, 0);
  json_object_set_object_member (row, "days", describe_days (self, pair));
  return row;
}

/* Takes @row. */
static void
print_row (JsonObject *row)
{
  pg_output_json (row);
  json_object_unref (row);
}

void
pg_census_print_json (const PgCensus *self)
{
  JsonObject *first = json_object_new ();

  json_object_set_object_member (first, "summary", describe_summary (self));
  print_row (first);
  for (guint i = 0; i < self->pairs->len; i++)
    print_row (describe_pair (self, g_ptr_array_index (self->pairs, i)));
  for (guint i = 0; i < self->auths->len; i++)
    print_row (describe_pair (self, g_ptr_array_index (self->auths, i)));
}
