/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report as a page. */
#include "cli/census-chart.h"
#include "cli/census-forms.h"
#include "cli/census-page.h"
#include "cli/census-words.h"

/* Rows of a table: more are for a spreadsheet. */
#define ROWS_MAX 2000

#define DATE "%Y-%m-%d"
#define TIME "%Y-%m-%d %H:%M"

/* --- foreign text ---------------------------------------------------------------------------------------------------- */

/* Controls, and what turns the order of letters about: nothing that a name has to have. */
static gboolean
is_unfit (gunichar c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e)
         || (c >= 0x2066 && c <= 0x2069);
}

static char *
escape (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString         *fit = g_string_new (NULL);
  char            *escaped;

  for (const char *at = valid; *at != '\0'; at = g_utf8_next_char (at))
    g_string_append_unichar (fit, is_unfit (g_utf8_get_char (at)) ? 0xfffd : g_utf8_get_char (at));
  escaped = g_markup_escape_text (fit->str, (gssize) fit->len);
  g_string_free (fit, TRUE);
  return escaped;
}

/* A name may go on in the next line behind its at sign. */
static char *
escape_name (const char *text)
{
  g_autofree char *escaped = escape (text);
  char           **parts = g_strsplit (escaped, "@", -1);
  char            *joined = g_strjoinv ("@<wbr>", parts);

  g_strfreev (parts);
  return joined;
}

static char *
escape_or (const char *text, const char *empty)
{
  return text[0] != '\0' ? escape_name (text) : g_strdup (empty);
}

/* --- what it comes to ------------------------------------------------------------------------------------------------ */

static void
add_heading (const PgCensus *self, const char *host, gint64 now_s, GString *out)
{
  g_autofree char *from = pg_census_date (pg_census_first_day (self), "%-d %B %Y");
  g_autofree char *to = pg_census_date (self->today, "%-d %B %Y");
  g_autofree char *days = pg_census_count (self->n_days, "day", "days");
  g_autofree char *made = pg_census_time (now_s, TIME);
  g_autofree char *name = escape (host);

  g_string_append_printf (out,
                          "<h1>Who still depends on POP-before-SMTP</h1>\n<p class=\"faint\"><bdi>%s</bdi> &middot; %s to %s "
                          "(%s) &middot; made %s, all times UTC</p>\n",
                          name, from, to, days, made);
}

static void
add_verdict (const PgCensus *self, GString *out)
{
  g_autofree char *users = pg_census_count (self->n_depending, "user", "users");
  g_autofree char *addresses = pg_census_count (self->n_addresses, "address", "addresses");
  g_autofree char *moved = pg_census_count (self->n_moved, "user has", "users have");
  g_autofree char *allowed = pg_census_count (self->n_allowed, "address relays", "addresses relay");

  g_string_append (out, "<p class=\"verdict\">");
  if (self->n_depending > 0)
    g_string_append_printf (out, "%s at %s still relayed because of a login", users, addresses);
  else
    g_string_append (out, "Nobody depended on a login in this time");
  if (self->n_moved > 0)
    g_string_append_printf (out, "; %s moved to SMTP AUTH", moved);
  g_string_append_c (out, '.');
  if (self->n_allowed > 0)
    g_string_append_printf (out, " %s because of an administrator's allow.", allowed);
  g_string_append (out, "</p>\n");
  if (self->auths->len == 0)
    g_string_append (out, "<p class=\"hint\">SMTP AUTH was never seen. It is seen if main.cf asks popgate in front of "
                          "<code>permit_sasl_authenticated</code>.</p>\n");
}

static void
add_tile (const char *css, guint64 number, const char *what, const char *more, GString *out)
{
  g_autofree char *text = pg_census_number (number);

  g_string_append_printf (out, "<div class=\"card tile %s\"><b>%s</b>%s<p class=\"faint\">%s</p></div>\n", css, text, what, more);
}

static void
add_tiles (const PgCensus *self, GString *out)
{
  g_autofree char *addresses = pg_census_count (self->n_addresses, "address", "addresses");
  g_autofree char *at = g_strdup_printf ("at %s", addresses);
  g_autofree char *days = pg_census_count (self->n_days, "day", "days");
  g_autofree char *in = g_strdup_printf ("in %s", days);

  g_string_append (out, "<div class=\"tiles\">\n");
  add_tile ("depends", self->n_depending, self->n_depending == 1 ? "user depends on it" : "users depend on it", at, out);
  add_tile ("both", self->n_both, "of them with SMTP AUTH too", "a device may be left behind", out);
  add_tile ("moved", self->n_moved, self->n_moved == 1 ? "user has moved" : "users have moved", "to SMTP AUTH", out);
  add_tile ("use", self->n_recipients, self->n_recipients == 1 ? "recipient relayed" : "recipients relayed", in, out);
  g_string_append (out, "</div>\n");
}

static void
add_shares (const PgCensus *self, GString *out)
{
  const PgChartShare shares[] = {
    { self->n_depending - self->n_both, "depends", "by a login only" },
    { self->n_both, "both", "both" },
    { self->n_moved, "moved", "moved to SMTP AUTH" },
  };

  if (self->n_depending + self->n_moved == 0)
    return;
  g_string_append (out, "<section class=\"card\"><div class=\"head\"><h2>How far it is</h2></div>\n");
  pg_chart_add_shares (shares, G_N_ELEMENTS (shares), out);
  g_string_append (out, "</section>\n");
}

/* NULL: the period is too short for that. */
static char *
say_week (const PgCensus *self, guint64 week, guint64 before)
{
  g_autofree char *now = pg_census_number (week);
  g_autofree char *then = pg_census_number (before);

  return self->has_trend ? g_strdup_printf ("%s in the last 7 days, %s in the 7 before", now, then) : NULL;
}

static void
add_charts (const PgCensus *self, GString *out)
{
  const PgChartSeries recipients[] = { { self->recipients, "use", "recipient", "recipients" } };
  const PgChartSeries users[] = {
    { self->dependants, "depends", "user by a login or an allow", "users by a login or an allow" },
    { self->auth_users, "moved", "by SMTP AUTH", "by SMTP AUTH" },
  };
  g_autofree char *recipients_trend = say_week (self, self->n_recipients_week, self->n_recipients_before);
  g_autofree char *users_trend = say_week (self, self->n_dependants_week, self->n_dependants_before);
  PgChart          chart = { .first_day = pg_census_first_day (self), .n_days = self->n_days };

  g_string_append (out, "<div class=\"charts\">\n");
  chart.title = "Relayed recipients a day";
  chart.more = recipients_trend;
  chart.series = recipients;
  chart.n_series = G_N_ELEMENTS (recipients);
  pg_chart_add_bars (&chart, out);
  chart.title = "Users a day";
  chart.more = users_trend;
  chart.series = users;
  chart.n_series = G_N_ELEMENTS (users);
  pg_chart_add_lines (&chart, out);
  g_string_append (out, "</div>\n");
}

/* --- tables ---------------------------------------------------------------------------------------------------------- */

static void
add_time (const char *css, const char *label, const char *format, gint64 time_s, GString *out)
{
  g_autofree char *text = pg_census_time (time_s, format);

  g_string_append_printf (out, "<td class=\"%s\" data-label=\"%s\" data-v=\"%" G_GINT64_FORMAT "\">%s</td>", css, label, time_s,
                          text[0] != '\0' ? text : "&ndash;");
}

static void
add_count (const char *css, const char *label, guint64 number, GString *out)
{
  g_autofree char *text = pg_census_number (number);

  g_string_append_printf (out, "<td class=\"%s\" data-label=\"%s\" data-v=\"%" G_GUINT64_FORMAT "\">%s</td>", css, label, number,
                          text);
}

static void
add_who (const PgCensusPair *pair, GString *out)
{
  g_autofree char *user = escape_or (pair->user, pair->way == PG_USAGE_ALLOW ? "(allowed)" : "(unknown)");
  g_autofree char *address = escape_or (pair->address, "&ndash;");

  g_string_append_printf (out,
                          "<tr><td class=\"who\"><bdi>%s</bdi></td><td class=\"from\" data-label=\"Address\"><bdi>%s</bdi></td>",
                          user, address);
}

static void
add_tag (const PgCensusPair *pair, GString *out)
{
  static const char *const tags[] = {
    [PG_CENSUS_DEPENDS] = "<span class=\"tag depends\">no</span>",
    [PG_CENSUS_BOTH] = "<span class=\"tag both\">uses both</span>",
    [PG_CENSUS_MOVED] = "<span class=\"tag moved\">moved</span>",
  };

  g_string_append_printf (out, "<td data-label=\"Moved\">%s</td></tr>\n",
                          pair->owner != NULL ? tags[pair->owner->state] : "<span class=\"tag allow\">allow</span>");
}

static void
add_pair (const PgCensus *self, const PgCensusPair *pair, GString *out)
{
  add_who (pair, out);
  g_string_append_printf (out, "<td class=\"days\" data-v=\"%u\">", pair->days_used);
  pg_chart_add_spark (pair->days, self->n_days, out);
  g_string_append (out, "</td>");
  add_time ("t", "Last use", TIME, pair->last_s, out);
  add_time ("t less", "First use", DATE, pair->first_s, out);
  add_count ("n less", "Days used", pair->days_used, out);
  add_count ("n", "Recipients", pair->recipients, out);
  add_tag (pair, out);
}

static void
add_rest (guint n_rows, GString *out)
{
  g_autofree char *all = pg_census_number (n_rows);

  if (n_rows > ROWS_MAX)
    g_string_append_printf (out, "<p class=\"faint\">The first %d of %s; popgate report --csv has them all.</p>\n", ROWS_MAX,
                            all);
}

static void
add_pairs (const PgCensus *self, GString *out)
{
  g_string_append (out, "<section class=\"card\"><div class=\"head\"><h2>By user and address</h2></div>\n");
  if (self->pairs->len == 0)
    g_string_append (out, "<p class=\"faint\">Nobody relayed because of a login or an allow.</p>\n");
  else
    g_string_append (
        out, "<table>\n<thead><tr><th scope=\"col\">User</th><th scope=\"col\">Address</th><th scope=\"col\">Day by "
             "day</th><th scope=\"col\" aria-sort=\"descending\">Last use</th><th scope=\"col\" class=\"less\">First use</th>"
             "<th scope=\"col\" class=\"n less\">Days</th><th scope=\"col\" class=\"n\">Recipients</th>"
             "<th scope=\"col\">Moved</th></tr></thead>\n<tbody>\n");
  for (guint i = 0; i < MIN (self->pairs->len, ROWS_MAX); i++)
    add_pair (self, g_ptr_array_index (self->pairs, i), out);
  if (self->pairs->len > 0)
    g_string_append (out, "</tbody>\n</table>\n");
  add_rest (self->pairs->len, out);
  g_string_append (out, "</section>\n");
}

static void
add_auth (const PgCensusPair *pair, GString *out)
{
  add_who (pair, out);
  add_time ("t", "Last use", TIME, pair->last_s, out);
  add_time ("t less", "First use", DATE, pair->first_s, out);
  add_time ("t", "Last by a login", TIME, pair->owner->login_last_s, out);
  g_string_append (out, "</tr>\n");
}

static void
add_auths (const PgCensus *self, GString *out)
{
  g_autofree char *users = pg_census_count (self->auths->len, "user", "users");

  if (self->auths->len == 0)
    return;
  g_string_append_printf (
      out,
      "<details class=\"card\"><summary>Seen with SMTP AUTH: %s</summary><div class=\"head\"></div>\n<table>\n"
      "<thead><tr><th scope=\"col\">User</th><th scope=\"col\">Address</th><th scope=\"col\" "
      "aria-sort=\"descending\">Last use</th><th scope=\"col\" class=\"less\">First use</th><th scope=\"col\">Last by a "
      "login</th></tr></thead>\n<tbody>\n",
      users);
  for (guint i = 0; i < MIN (self->auths->len, ROWS_MAX); i++)
    add_auth (g_ptr_array_index (self->auths, i), out);
  g_string_append (out, "</tbody>\n</table>\n");
  add_rest (self->auths->len, out);
  g_string_append (out, "</details>\n");
}

static void
add_footer (const PgCensus *self, GString *out)
{
  g_autofree char *older = pg_census_count (self->n_older, "user and address was", "users and addresses were");
  g_autofree char *lost =
      pg_census_count (self->n_not_counted > 0 ? (guint64) self->n_not_counted : 0, "recipient", "recipients");

  g_string_append_printf (
      out,
      "<footer><p>Moved: uses SMTP AUTH, and did not relay because of a login since then, or for %d days. "
      "Both: does either. A device that speaks once a month shows only in a report of more days than that.</p>\n",
      PG_CENSUS_QUIET_DAYS);
  if (self->n_older > 0)
    g_string_append_printf (out, "<p>%s in use before this time, and not in it%s.</p>\n", older,
                            self->n_days < PG_USAGE_DAYS ? ": see popgate report --days" : "");
  if (self->n_not_counted > 0)
    g_string_append_printf (out, "<p><b>%s not counted</b> since popgated began: too many users and addresses were new.</p>\n",
                            lost);
  g_string_append (out, "</footer>\n");
}

void
pg_census_to_html (const PgCensus *self, const char *host, gint64 now_s, GString *out)
{
  pg_census_page_begin ("Who still depends on POP-before-SMTP", out);
  add_heading (self, host, now_s, out);
  add_verdict (self, out);
  add_tiles (self, out);
  add_shares (self, out);
  add_charts (self, out);
  add_pairs (self, out);
  add_auths (self, out);
  add_footer (self, out);
  pg_census_page_end (out);
}
