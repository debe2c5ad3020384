/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report: who depends and who has moved, out of rows as popgated gives them; and its forms. */
#include "cli/census-chart.h"
#include "cli/census-forms.h"
#include "cli/census-words.h"
#include "control/message.h"

#include "common.h"

#define TODAY "2026-11-26" /* a Thursday */
#define TODAY_S G_GINT64_CONSTANT (1795651200)
#define DAY_S 86400

static PgCensus *census;

static void
tear_down (void)
{
  g_clear_pointer (&census, pg_census_free);
}

static void
add_row (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) row = pg_message_parse (pg_span_from_string (text), &error);

  ck_assert_msg (row != NULL, "%s: %s", text, row == NULL ? error->message : "");
  pg_census_add_row (census, row);
}

static void
begin (guint n_days)
{
  g_autofree char *row = g_strdup_printf ("{\"today\":\"" TODAY "\",\"days\":%u,\"pairs\":7,\"pairs_max\":100,"
                                          "\"not_counted\":0}",
                                          n_days);

  census = pg_census_new ();
  add_row (row);
}

static char *
date_of (guint back)
{
  return pg_census_time (TODAY_S - (gint64) back * DAY_S, "%Y-%m-%d");
}

/* A pair that was used on two days, @first_back and @last_back days ago, at noon. */
static void
add_pair (const char *user, const char *address, const char *way, guint first_back, guint last_back)
{
  g_autofree char *first = date_of (first_back);
  g_autofree char *last = date_of (last_back);
  g_autofree char *row = g_strdup_printf ("{\"user\":\"%s\",\"address\":\"%s\",\"way\":\"%s\",\"first\":%" G_GINT64_FORMAT
                                          ",\"last\":%" G_GINT64_FORMAT ",\"total\":9,\"days\":{\"%s\":2,\"%s\":3}}",
                                          user, address, way, TODAY_S - (gint64) first_back * DAY_S + DAY_S / 2,
                                          TODAY_S - (gint64) last_back * DAY_S + DAY_S / 2, first, last);

  add_row (row);
}

/* --- who ------------------------------------------------------------------------------------------------------------- */

typedef struct
{
  const char *user;
  const char *address;
  const char *way;
  guint       first_back;
  guint       last_back;
} Row;

static const struct
{
  const char *name;
  Row         rows[4];
  const char *moved; /* of the first row */
  guint       n_depending, n_both, n_moved, n_allowed, n_older;
} stories[] = {
  { "a login only", { { "bob", "192.0.2.1", "login", 9, 0 } }, "no", 1, 0, 0, 0, 0 },
  { "AUTH since", { { "bob", "192.0.2.1", "login", 9, 5 }, { "bob", "", "auth", 4, 0 } }, "yes", 0, 0, 1, 0, 0 },
  { "AUTH since today", { { "bob", "192.0.2.1", "login", 9, 1 }, { "bob", "", "auth", 0, 0 } }, "yes", 0, 0, 1, 0, 0 },
  { "both, lately", { { "bob", "192.0.2.1", "login", 9, 3 }, { "bob", "", "auth", 8, 0 } }, "both", 1, 1, 0, 0, 0 },
  { "both, for six days", { { "bob", "192.0.2.1", "login", 9, 6 }, { "bob", "", "auth", 8, 0 } }, "both", 1, 1, 0, 0, 0 },
  { "quiet for a week", { { "bob", "192.0.2.1", "login", 9, 7 }, { "bob", "", "auth", 8, 0 } }, "yes", 0, 0, 1, 0, 0 },
  { "AUTH only before", { { "bob", "192.0.2.1", "login", 9, 8 }, { "bob", "", "auth", 20, 19 } }, "both", 1, 1, 0, 0, 0 },
  { "names differ by case", { { "Bob", "192.0.2.1", "login", 9, 5 }, { "bOB", "", "auth", 4, 0 } }, "yes", 0, 0, 1, 0, 0 },
  { "another user", { { "bob", "192.0.2.1", "login", 9, 5 }, { "bo", "", "auth", 4, 0 } }, "no", 1, 0, 0, 0, 0 },
  { "one of two addresses",
    { { "bob", "192.0.2.1", "login", 9, 2 }, { "bob", "192.0.2.2", "login", 9, 8 }, { "bob", "", "auth", 7, 0 } },
    "both",
    1,
    1,
    0,
    0,
    0 },
  { "an allow", { { "", "192.0.2.1", "allow", 9, 2 } }, "", 0, 0, 0, 1, 0 },
  { "nobody knows who", { { "", "192.0.2.1", "login", 9, 2 }, { "", "192.0.2.2", "login", 9, 3 } }, "no", 2, 0, 0, 0, 0 },
  { "long ago", { { "bob", "192.0.2.1", "login", 80, 40 } }, NULL, 0, 0, 0, 0, 1 },
  { "moved long ago", { { "bob", "192.0.2.1", "login", 80, 40 }, { "bob", "", "auth", 39, 0 } }, NULL, 0, 0, 1, 0, 1 },
  { "AUTH, never a login", { { "bob", "192.0.2.1", "auth", 4, 0 } }, NULL, 0, 0, 0, 0, 0 },
};

START_TEST (who_depends_and_who_has_moved)
{
  const char *name = stories[_i].name;

  begin (30);
  for (const Row *row = stories[_i].rows; row < stories[_i].rows + 4 && row->user != NULL; row++)
    add_pair (row->user, row->address, row->way, row->first_back, row->last_back);
  pg_census_finish (census);
  assert_row (name, (census->pairs->len == 0) == (stories[_i].moved == NULL));
  if (stories[_i].moved != NULL)
    assert_row_text (name, pg_census_moved (g_ptr_array_index (census->pairs, 0)), stories[_i].moved);
  assert_row (name, census->n_depending == stories[_i].n_depending && census->n_both == stories[_i].n_both);
  assert_row (name, census->n_moved == stories[_i].n_moved && census->n_allowed == stories[_i].n_allowed);
  assert_row (name, census->n_older == stories[_i].n_older);
}
END_TEST

START_TEST (days_add_up)
{
  begin (14);
  add_pair ("bob", "192.0.2.1", "login", 13, 0);
  add_pair ("bob", "192.0.2.2", "login", 14, 0); /* the first day is before the period */
  add_pair ("alice", "192.0.2.1", "login", 7, 6);
  add_pair ("", "192.0.2.9", "allow", 1, 0);
  add_pair ("carol", "", "auth", 1, 0);
  pg_census_finish (census);
  ck_assert_uint_eq (census->recipients[0], 2);
  ck_assert_uint_eq (census->recipients[13], 3 + 3 + 3);
  ck_assert_uint_eq (census->n_recipients, 5 + 3 + 5 + 5);
  ck_assert (census->dependants[0] == 1 && census->dependants[6] == 1 && census->dependants[13] == 2);
  ck_assert (census->auth_users[12] == 1 && census->auth_users[13] == 1 && census->auth_users[0] == 0);
  ck_assert (census->has_trend);
  ck_assert (census->n_dependants_week == 3 && census->n_dependants_before == 2);
  ck_assert (census->n_recipients_week == 3 + 3 + 3 + 5 && census->n_recipients_before == 2 + 2);
  ck_assert_uint_eq (census->n_addresses, 2);
}
END_TEST

START_TEST (used_last_comes_first)
{
  static const char *const order[] = { "c", "a", "b", "d" };

  begin (30);
  add_pair ("a", "192.0.2.1", "login", 9, 2);
  add_pair ("b", "192.0.2.1", "login", 9, 2);
  add_pair ("c", "192.0.2.1", "login", 9, 1);
  add_pair ("d", "192.0.2.1", "login", 9, 3);
  pg_census_finish (census);
  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    ck_assert_str_eq (((const PgCensusPair *) g_ptr_array_index (census->pairs, i))->user, order[i]);
}
END_TEST

static const char *const strange_rows[] = {
  "{}",
  "{\"user\":\"bob\"}",
  "{\"user\":\"bob\",\"way\":\"login\"}",
  "{\"user\":\"bob\",\"way\":\"login\",\"days\":7}",
  "{\"user\":\"bob\",\"way\":\"?\",\"days\":{}}",
  "{\"user\":7,\"address\":null,\"way\":\"nothing\",\"days\":{\"2026-11-26\":1}}",
  "{\"today\":\"2026-13-01\",\"days\":3}",
  "{\"today\":\"2026-11-26\",\"days\":93}",
  "{\"today\":\"2026-11-26\",\"days\":0}",
  "{\"today\":7,\"days\":3}",
};

/* Of a daemon of another version, perhaps. */
START_TEST (strange_rows_are_left_away)
{
  census = pg_census_new ();
  add_row (strange_rows[_i]);
  ck_assert (census->n_days == 0 && census->pairs->len == 0);
  pg_census_free (census);
  begin (30);
  add_row (strange_rows[_i]);
  add_row ("{\"user\":\"bob\",\"way\":\"login\",\"days\":{\"x\":1,\"2026-11-27\":1,\"2026-02-30\":2,\"2026-11-26\":-3,"
           "\"2026-11-25\":\"4\",\"0001-01-01\":4,\"2026-11-24\":5,\"2026-11-24x\":9}}");
  pg_census_finish (census);
  ck_assert (census->n_days == 30 && census->pairs->len == 1 && census->n_recipients == 5);
}
END_TEST

/* --- forms ----------------------------------------------------------------------------------------------------------- */

static char *
write_form (void (*write) (const PgCensus *, GString *))
{
  GString *out = g_string_new (NULL);

  write (census, out);
  return g_string_free (out, FALSE);
}

static void
write_text (const PgCensus *self, GString *out)
{
  pg_census_to_text (self, FALSE, out);
}

static void
write_html (const PgCensus *self, GString *out)
{
  pg_census_to_html (self, "mx.<b>", TODAY_S + 3600, out);
}

START_TEST (text_says_it_all_in_80_columns)
{
  g_autofree char *text = NULL;

  begin (30);
  add_pair ("bob", "192.0.2.1", "login", 9, 0);
  add_pair ("alice@example.org", "2001:db8:1234:5678:9abc:def0:1234:5678", "login", 9, 2);
  add_pair ("alice@example.org", "", "auth", 1, 0);
  add_pair ("carol", "192.0.2.3", "login", 9, 4);
  add_pair ("carol", "", "auth", 9, 0);
  add_pair ("", "192.0.2.200", "allow", 3, 3);
  add_pair ("dave", "192.0.2.4", "login", 80, 40);
  pg_census_finish (census);
  text = write_form (write_text);
  assert_row_text ("text", text,
                   "POP-before-SMTP, 2026-10-28 to 2026-11-26 (30 days, UTC)\n"
                   "\n"
                   "still depend  2 users at 2 addresses; 1 with SMTP AUTH as well\n"
                   "moved         1 user, to SMTP AUTH\n"
                   "by an allow   1 address\n"
                   "recipients    18; 12 in the last 7 days, 6 in the 7 before\n"
                   "in use        by 4 in the last 7 days, 3 in the 7 before\n"
                   "not shown     1 user and address, used before that; see --days\n"
                   "\n"
                   "USER                      ADDRESS            LAST USE  DAYS  RECIPIENTS  MOVED\n"
                   "bob                       192.0.2.1        2026-11-26     2           5  no\n"
                   "alice@example.org\n"
                   "  2001:db8:1234:5678:9abc:def0:1234:5678   2026-11-24     2           5  yes\n"
                   "-                         192.0.2.200      2026-11-23     1           3  allow\n"
                   "carol                     192.0.2.3        2026-11-22     2           5  both\n");
}
END_TEST

START_TEST (colours_are_all_that_a_terminal_has_more)
{
  g_autofree char *plain = NULL;
  g_autoptr (GString) coloured = g_string_new (NULL);

  begin (30);
  add_pair ("bob", "192.0.2.1", "login", 9, 0);
  add_pair ("alice", "192.0.2.2", "login", 9, 2);
  add_pair ("alice", "", "auth", 1, 0);
  add_pair ("carol", "192.0.2.3", "login", 9, 4);
  add_pair ("carol", "", "auth", 9, 0);
  pg_census_finish (census);
  plain = write_form (write_text);
  pg_census_to_text (census, TRUE, coloured);
  ck_assert (strstr (coloured->str, "\033[32myes\033[0m\n") != NULL && strstr (coloured->str, "\033[33mboth\033[0m\n") != NULL);
  g_string_replace (coloured, "\033[32m", "", 0);
  g_string_replace (coloured, "\033[33m", "", 0);
  g_string_replace (coloured, "\033[0m", "", 0);
  ck_assert_str_eq (coloured->str, plain);
}
END_TEST

START_TEST (no_text_is_wider_than_a_terminal)
{
  g_autofree char *longest = g_strnfill (PG_USER_MAX, 'x');
  g_autofree char *text = NULL;
  char           **lines;

  begin (92);
  add_pair (longest, "2001:db8:1234:5678:9abc:def0:1234:5678", "login", 9, 0);
  add_pair ("\\u00e4\\u00f6\\u001b[31m\\u202e", "192.0.2.1", "login", 9, 0);
  census->n_not_counted = 1234567;
  pg_census_finish (census);
  text = write_form (write_text);
  lines = g_strsplit (text, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    ck_assert_msg (strlen (*line) <= 80, "%s", *line);
  g_strfreev (lines);
  for (const char *at = text; *at != '\0'; at++)
    ck_assert_msg (g_ascii_isprint (*at) || *at == '\n', "%s", text);
  ck_assert (strstr (text, "not counted   1,234,567 recipients") != NULL);
}
END_TEST

START_TEST (nobody_is_told_as_well)
{
  g_autofree char *text = NULL;
  g_autofree char *csv = NULL;
  g_autofree char *html = NULL;

  begin (1);
  pg_census_finish (census);
  text = write_form (write_text);
  csv = write_form (pg_census_to_csv);
  html = write_form (write_html);
  ck_assert (strstr (text, "Nobody relayed because of a login.") != NULL && strstr (text, "(1 day, UTC)") != NULL);
  ck_assert (strstr (text, "SMTP AUTH     never seen") != NULL);
  ck_assert_str_eq (csv, "user,address,way,first,last,days_used,recipients,total,moved,auth_last,2026-11-26\r\n");
  ck_assert (strstr (html, "SMTP AUTH was never seen") != NULL && strstr (html, "<tr>") == NULL);
}
END_TEST

/* What stands in JSON, in the first cell of a row of CSV, and in a page. */
static const struct
{
  const char *name;
  const char *json;
  const char *csv;
  const char *html;
} names[] = {
  { "plain", "bob", "bob", "<bdi>bob</bdi>" },
  { "an address", "bob@example.org", "bob@example.org", "<bdi>bob@<wbr>example.org</bdi>" },
  { "a comma", "a,b", "\"a,b\"", "<bdi>a,b</bdi>" },
  { "quotes", "a\\\"b'c", "\"a\"\"b'c\"", "<bdi>a&quot;b&apos;c</bdi>" },
  { "lines", "a\\r\\nb", "\"a\r\nb\"",
    "<bdi>a\xef\xbf\xbd\xef\xbf\xbd"
    "b</bdi>" },
  { "a formula", "=1+1", "\"'=1+1\"", "<bdi>=1+1</bdi>" },
  { "a sum", "+1", "\"'+1\"", "<bdi>+1</bdi>" },
  { "a difference", "-1", "\"'-1\"", "<bdi>-1</bdi>" },
  { "a function", "@SUM(1)", "\"'@SUM(1)\"", "<bdi>@<wbr>SUM(1)</bdi>" },
  { "a tab", "\\t=1", "\"'\t=1\"", "<bdi>\xef\xbf\xbd=1</bdi>" },
  { "a blank, which hides nothing", " =1", " =1", "<bdi> =1</bdi>" },
  { "a tag", "<script>alert(1)</script>", "<script>alert(1)</script>", "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>" },
  { "a formula in the next cell of others", "a;=1", "\"a;=1\"", "<bdi>a;=1</bdi>" },
  { "an entity", "&lt;", "\"&lt;\"", "<bdi>&amp;lt;</bdi>" },
  { "what turns letters about", "a\\u202eb\\u2066c",
    "a\xe2\x80\xae"
    "b\xe2\x81\xa6"
    "c",
    "<bdi>a\xef\xbf\xbd"
    "b\xef\xbf\xbd"
    "c</bdi>" },
  { "letters of others", "\\u00e4\\u4e2d", "\xc3\xa4\xe4\xb8\xad", "<bdi>\xc3\xa4\xe4\xb8\xad</bdi>" },
};

START_TEST (a_name_can_break_nothing)
{
  const char      *name = names[_i].name;
  g_autofree char *csv = NULL;
  g_autofree char *html = NULL;
  g_autofree char *expected =
      g_strdup_printf ("\r\n%s,192.0.2.1,login,2026-11-17T12:00:00Z,2026-11-26T12:00:00Z,1,3,9,no,,3\r\n", names[_i].csv);

  begin (1);
  add_pair (names[_i].json, "192.0.2.1", "login", 9, 0);
  pg_census_finish (census);
  csv = write_form (pg_census_to_csv);
  html = write_form (write_html);
  ck_assert_msg (strstr (csv, expected) != NULL, "%s: %s", name, csv);
  ck_assert_msg (strstr (html, names[_i].html) != NULL, "%s: %s", name, html);
  assert_row (name, strstr (html, "mx.<b>") == NULL && strstr (html, "mx.&lt;b&gt;") != NULL);
}
END_TEST

START_TEST (a_page_has_so_many_rows_and_no_more)
{
  g_autofree char *html = NULL;
  guint            n = 0;

  begin (30);
  for (guint i = 0; i < 2500; i++)
    {
      g_autofree char *user = g_strdup_printf ("user-%u", i);

      add_pair (user, "192.0.2.1", "login", 9, 0);
    }
  pg_census_finish (census);
  html = write_form (write_html);
  for (const char *at = html; (at = strstr (at, "<tr><td")) != NULL; at++)
    n++;
  ck_assert_uint_eq (n, 2000);
  ck_assert (strstr (html, "The first 2000 of 2,500") != NULL);
}
END_TEST

/* --- words and scales ------------------------------------------------------------------------------------------------ */

static const struct
{
  guint64     number;
  const char *text;
} numbers[] = {
  { 0, "0" },
  { 7, "7" },
  { 999, "999" },
  { 1000, "1,000" },
  { 12345, "12,345" },
  { 123456, "123,456" },
  { 1234567, "1,234,567" },
  { G_MAXUINT64, "18,446,744,073,709,551,615" },
};

START_TEST (numbers_are_easy_to_read)
{
  g_autofree char *text = pg_census_number (numbers[_i].number);

  ck_assert_str_eq (text, numbers[_i].text);
}
END_TEST

static const struct
{
  guint64 max;
  guint64 step;
  guint   n_steps;
} scales[] = {
  { 0, 1, 1 },  { 1, 1, 1 },   { 4, 1, 4 },    { 5, 1, 5 },      { 6, 2, 3 },      { 10, 2, 5 },
  { 11, 5, 3 }, { 26, 10, 3 }, { 139, 50, 3 }, { 1000, 200, 5 }, { 1001, 500, 3 }, { 123456789, 50000000, 3 },
};

START_TEST (a_scale_is_round_and_reaches_the_greatest)
{
  guint64 step;
  guint   n_steps = pg_chart_scale (scales[_i].max, &step);

  ck_assert_uint_eq (step, scales[_i].step);
  ck_assert_uint_eq (n_steps, scales[_i].n_steps);
}
END_TEST

START_TEST (a_scale_of_any_number_is_one)
{
  guint64 step;

  for (guint bits = 0; bits < 64; bits++)
    {
      guint n_steps = pg_chart_scale (G_MAXUINT64 >> bits, &step);

      ck_assert (step > 0 && n_steps >= 1 && n_steps <= 5);
    }
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, NULL, tear_down);
  tcase_add_loop_test (tests, who_depends_and_who_has_moved, 0, G_N_ELEMENTS (stories));
  tcase_add_test (tests, days_add_up);
  tcase_add_test (tests, used_last_comes_first);
  tcase_add_loop_test (tests, strange_rows_are_left_away, 0, G_N_ELEMENTS (strange_rows));
  tcase_add_test (tests, text_says_it_all_in_80_columns);
  tcase_add_test (tests, colours_are_all_that_a_terminal_has_more);
  tcase_add_test (tests, no_text_is_wider_than_a_terminal);
  tcase_add_test (tests, nobody_is_told_as_well);
  tcase_add_loop_test (tests, a_name_can_break_nothing, 0, G_N_ELEMENTS (names));
  tcase_add_test (tests, a_page_has_so_many_rows_and_no_more);
  tcase_add_loop_test (tests, numbers_are_easy_to_read, 0, G_N_ELEMENTS (numbers));
  tcase_add_loop_test (tests, a_scale_is_round_and_reaches_the_greatest, 0, G_N_ELEMENTS (scales));
  tcase_add_test (tests, a_scale_of_any_number_is_one);
}

PG_TEST_MAIN ("census", fill)
