/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report for a terminal. */
#include "cli/census-forms.h"
#include "cli/census-words.h"
#include "cli/output.h"
#include "core/span.h"

/* Widths of the first two columns; what is wider has a line of its own. All that stands in a line fits 80 columns. */
#define USER_WIDTH 24
#define ADDRESS_WIDTH 15
#define LINE_WIDTH 79

static char *
escape (const char *text)
{
  return text[0] != '\0' ? pg_span_escape (pg_span_from_string (text), LINE_WIDTH) : g_strdup ("-");
}

/* --- what it comes to ------------------------------------------------------------------------------------------------ */

static void
add_heading (const PgCensus *self, GString *out)
{
  g_autofree char *from = pg_census_date (pg_census_first_day (self), "%Y-%m-%d");
  g_autofree char *to = pg_census_date (self->today, "%Y-%m-%d");
  g_autofree char *days = pg_census_count (self->n_days, "day", "days");

  g_string_append_printf (out, "POP-before-SMTP, %s to %s (%s, UTC)\n\n", from, to, days);
}

static void
add_depending (const PgCensus *self, GString *out)
{
  g_autofree char *users = pg_census_count (self->n_depending, "user", "users");
  g_autofree char *addresses = pg_census_count (self->n_addresses, "address", "addresses");
  g_autofree char *allowed = pg_census_count (self->n_allowed, "address", "addresses");
  g_autofree char *both = pg_census_number (self->n_both);
  g_autofree char *moved = pg_census_count (self->n_moved, "user", "users");

  g_string_append_printf (out, "still depend  %s at %s", users, addresses);
  if (self->n_both > 0)
    g_string_append_printf (out, "; %s with SMTP AUTH as well", both);
  g_string_append_printf (out, "\nmoved         %s, to SMTP AUTH\n", moved);
  if (self->n_allowed > 0)
    g_string_append_printf (out, "by an allow   %s\n", allowed);
}

static void
add_trend (const PgCensus *self, GString *out)
{
  g_autofree char *recipients = pg_census_number (self->n_recipients);
  g_autofree char *week = pg_census_number (self->n_recipients_week);
  g_autofree char *before = pg_census_number (self->n_recipients_before);
  g_autofree char *users = pg_census_number (self->n_dependants_week);
  g_autofree char *users_before = pg_census_number (self->n_dependants_before);

  g_string_append_printf (out, "recipients    %s", recipients);
  if (self->has_trend)
    g_string_append_printf (
        out, "; %s in the last 7 days, %s in the 7 before\nin use        by %s in the last 7 days, %s in the 7 before", week,
        before, users, users_before);
  g_string_append_c (out, '\n');
}

static void
add_doubts (const PgCensus *self, GString *out)
{
  g_autofree char *older = pg_census_count (self->n_older, "user and address", "users and addresses");
  g_autofree char *lost =
      pg_census_count (self->n_not_counted > 0 ? (guint64) self->n_not_counted : 0, "recipient", "recipients");

  if (self->n_older > 0)
    g_string_append_printf (out, "not shown     %s, used before that%s\n", older,
                            self->n_days < PG_USAGE_DAYS ? "; see --days" : "");
  if (self->auths->len == 0)
    g_string_append (out, "SMTP AUTH     never seen; see popgate(1) for how main.cf has to ask\n");
  if (self->n_not_counted > 0)
    g_string_append_printf (out, "not counted   %s: too many users and addresses\n", lost);
}

/* --- the table ------------------------------------------------------------------------------------------------------- */

static void
add_moved (const PgCensusPair *pair, gboolean coloured, GString *out)
{
  static const char *const colours[] = {
    [PG_CENSUS_DEPENDS] = "",
    [PG_CENSUS_BOTH] = PG_OUTPUT_COLOUR_DOUBT,
    [PG_CENSUS_MOVED] = PG_OUTPUT_COLOUR_GOOD,
  };
  const char *colour = coloured && pair->owner != NULL ? colours[pair->owner->state] : "";

  g_string_append_printf (out, "%s%s%s\n", colour, pair->way == PG_USAGE_ALLOW ? "allow" : pg_census_moved (pair),
                          colour[0] != '\0' ? PG_OUTPUT_COLOUR_OFF : "");
}

static void
add_pair (const PgCensusPair *pair, gboolean coloured, GString *out)
{
  g_autofree char *user = escape (pair->user);
  g_autofree char *address = escape (pair->address);
  g_autofree char *last = pg_census_time (pair->last_s, "%Y-%m-%d");
  g_autofree char *recipients = pg_census_number (pair->recipients);

  if (strlen (user) <= USER_WIDTH && strlen (address) <= ADDRESS_WIDTH)
    g_string_append_printf (out, "%-*s  %-*s", USER_WIDTH, user, ADDRESS_WIDTH, address);
  else
    g_string_append_printf (out, "%.*s\n  %-*s", LINE_WIDTH, user, USER_WIDTH + ADDRESS_WIDTH, address);
  g_string_append_printf (out, "  %10s  %4u  %10s  ", last, pair->days_used, recipients);
  add_moved (pair, coloured, out);
}

static void
add_table (const PgCensus *self, gboolean coloured, GString *out)
{
  if (self->pairs->len == 0)
    {
      g_string_append (out, "\nNobody relayed because of a login.\n");
      return;
    }
  g_string_append_printf (out, "\n%-*s  %-*s  %10s  %4s  %10s  %s\n", USER_WIDTH, "USER", ADDRESS_WIDTH, "ADDRESS", "LAST USE",
                          "DAYS", "RECIPIENTS", "MOVED");
  for (guint i = 0; i < self->pairs->len; i++)
    add_pair (g_ptr_array_index (self->pairs, i), coloured, out);
}

void
pg_census_to_text (const PgCensus *self, gboolean coloured, GString *out)
{
  add_heading (self, out);
  add_depending (self, out);
  add_trend (self, out);
  add_doubts (self, out);
  add_table (self, coloured, out);
}
