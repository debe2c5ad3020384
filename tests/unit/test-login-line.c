/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/login-line.h"
#include "core/server-dovecot.h"

#include "corpus.h"

#define NOW_US (G_GINT64_CONSTANT (1795435200) * G_USEC_PER_SEC) /* 2026-11-23 12:00:00 UTC */

static const char *const any_host[] = { NULL };
static const char *const dovecot_names[] = { "dovecot", NULL };
static const PgLineRules all_rules = { .dovecot_names = dovecot_names, .hosts = any_host, .servers = ~0u };

typedef struct
{
  PgLineKind  kind;
  PgLogin     login;
  const char *why;
} Result;

static Result
parse (PgSpan line, PgHeadFormat format, const PgLineRules *rules)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_utc ();
  PgClock clock = { .zone = zone, .now_us = NOW_US };
  Result  result = { .login.time_us = -77 };

  result.kind = pg_login_line_parse (line, format, rules, &clock, NULL, &result.login, &result.why);
  return result;
}

/* --- the corpus ------------------------------------------------------------------------------------------------------ */

static Result
parse_row (const CorpusRow *row, PgSpan line)
{
  PgSpan format = row->columns[COLUMN_FORMAT];
  Result result = { .login.time_us = -77 };
  PgHead head = { .message = line };

  if (pg_span_is (format, "syslog-rfc3164") || pg_span_is (format, "syslog-iso"))
    return parse (line, PG_HEAD_SYSLOG, &all_rules);
  if (pg_span_is (format, "dovecot-file"))
    return parse (line, PG_HEAD_DOVECOT, &all_rules);
  assert_row (row->name, pg_span_is (format, "journald-message"));
  if (pg_span_is (row->columns[COLUMN_SERVER], "dovecot"))
    result.kind = pg_server_dovecot_parse (&head, PG_HEAD_SYSLOG, &result.login, &result.why);
  return result;
}

static void
check_row (const CorpusRow *row, G_GNUC_UNUSED gpointer user_data)
{
  g_autofree char *block = NULL;
  PgSpan           line = exact (&block, row->columns[COLUMN_LINE]);
  Result           result = parse_row (row, line);

  corpus_check_kind (row, result.kind, result.why);
  if (result.kind == PG_LINE_LOGIN)
    corpus_check_login (row, &result.login);
  else
    assert_row (row->name, result.login.time_us == -77);
}

/* No line that ends early, at whatever byte, gives an address other than the whole line's. (A name that holds elements is
 * refused with the whole line only: nothing tells a line that was cut within it from a whole one.) */
static void
check_cuts (const CorpusRow *row, G_GNUC_UNUSED gpointer user_data)
{
  PgSpan whole = row->columns[COLUMN_LINE];
  Result expected = parse_row (row, whole);

  if (expected.kind == PG_LINE_REFUSED)
    return;
  for (gsize len = 0; len < whole.len; len++)
    {
      g_autofree char *block = NULL;
      Result           cut = parse_row (row, exact (&block, pg_span (whole.data, len)));

      if (cut.kind == PG_LINE_LOGIN)
        ck_assert_msg (expected.kind == PG_LINE_LOGIN && pg_address_equal (&cut.login.address, &expected.login.address),
                       "%s: cut behind %zu bytes", row->name, len);
    }
}

/* @ends_in_address: nothing follows the address in this server's lines, so that only the line's own end tells that it is whole.
 */
static const struct
{
  const char *file;
  guint       min_rows;
  gboolean    ends_in_address;
} files[] = {
  { "logline/dovecot-2.3.tsv", 380, FALSE },
  { "logline/dovecot-2.3-hostile.tsv", 1000, FALSE },
  { "logline/dovecot-composed.tsv", 400, FALSE },
  { "logline/postfix.tsv", 400, FALSE },
  { "logline/courier.tsv", 240, FALSE },
  { "logline/courier-live.tsv", 450, FALSE },
  { "logline/cyrus.tsv", 150, FALSE },
  { "logline/cyrus-live.tsv", 440, FALSE },
  { "logline/uw.tsv", 90, FALSE },
  { "logline/perdition.tsv", 170, FALSE },
  { "logline/perdition-live.tsv", 320, FALSE },
  { "logline/teapop.tsv", 50, FALSE },
  { "logline/popa3d-patched.tsv", 28, FALSE },
  { "logline/qpopper.tsv", 60, TRUE },
  { "logline/vpopmail.tsv", 85, TRUE },
  { "logline/gnu-pop3d.tsv", 50, TRUE },
  { "logline/vm-pop3d.tsv", 45, TRUE },
  { "logline/solid-pop3d.tsv", 100, TRUE },
  { "logline/solid-pop3d-live.tsv", 230, TRUE },
};

START_TEST (corpus_is_read_as_it_says)
{
  ck_assert_uint_ge (corpus_each (files[_i].file, check_row, NULL), files[_i].min_rows);
}
END_TEST

START_TEST (a_cut_line_gives_no_other_address)
{
  if (!files[_i].ends_in_address)
    corpus_each (files[_i].file, check_cuts, NULL);
}
END_TEST

/* --- who may say so -------------------------------------------------------------------------------------------------- */

#define ELEMENTS "user=<bob>, method=PLAIN, rip=203.0.113.17, lip=192.0.2.1, mpid=5, TLS, session=<abc>"
#define LINE_OF(host, program) "Nov 23 11:59:00 " host " " program ": pop3-login: Login: " ELEMENTS

static const char *const two_names[] = { "dovecot", "mail2", NULL };
static const char *const no_names[] = { NULL };
static const char *const two_hosts[] = { "mx1", "mx2.example.org", NULL };

static const struct
{
  const char        *line;
  PgHeadFormat       format;
  const char *const *names;
  const char *const *hosts;
  guint              servers;
  PgLineKind         kind;
} speakers[] = {
  { LINE_OF ("mx1", "dovecot"), PG_HEAD_SYSLOG, dovecot_names, any_host, ~0u, PG_LINE_LOGIN },
  { LINE_OF ("mx1", "mail2"), PG_HEAD_SYSLOG, dovecot_names, any_host, ~0u, PG_LINE_FOREIGN },
  { LINE_OF ("mx1", "mail2"), PG_HEAD_SYSLOG, two_names, any_host, ~0u, PG_LINE_LOGIN },
  { LINE_OF ("mx1", "mail2[5]"), PG_HEAD_SYSLOG, two_names, any_host, ~0u, PG_LINE_LOGIN },
  { LINE_OF ("mx1", "dovecot"), PG_HEAD_SYSLOG, two_names, any_host, ~0u, PG_LINE_LOGIN },
  { LINE_OF ("mx1", "dovecot"), PG_HEAD_SYSLOG, no_names, any_host, ~0u, PG_LINE_FOREIGN },
  { LINE_OF ("mx1", "dovecot"), PG_HEAD_SYSLOG, dovecot_names, two_hosts, ~0u, PG_LINE_LOGIN },
  { LINE_OF ("mx2.example.org", "dovecot"), PG_HEAD_SYSLOG, dovecot_names, two_hosts, ~0u, PG_LINE_LOGIN },
  { LINE_OF ("mx2", "dovecot"), PG_HEAD_SYSLOG, dovecot_names, two_hosts, ~0u, PG_LINE_REFUSED },
  { LINE_OF ("MX1", "dovecot"), PG_HEAD_SYSLOG, dovecot_names, two_hosts, ~0u, PG_LINE_REFUSED },
  { LINE_OF ("mx1", "dovecot"), PG_HEAD_SYSLOG, dovecot_names, any_host, 1u << PG_SERVER_DOVECOT, PG_LINE_LOGIN },
  { LINE_OF ("mx1", "dovecot"), PG_HEAD_SYSLOG, dovecot_names, any_host, ~(1u << PG_SERVER_DOVECOT), PG_LINE_FOREIGN },
  { LINE_OF ("mx1", "dovecot"), PG_HEAD_SYSLOG, dovecot_names, any_host, 0, PG_LINE_FOREIGN },
  { LINE_OF ("mx1", "dovecot"), PG_HEAD_UNKNOWN, dovecot_names, any_host, ~0u, PG_LINE_FOREIGN },
  { LINE_OF ("mx1", "dovecot"), PG_HEAD_DOVECOT, dovecot_names, any_host, ~0u, PG_LINE_OTHER },
  { "Nov 23 11:59:00 pop3-login: Info: Login: " ELEMENTS, PG_HEAD_DOVECOT, no_names, two_hosts, ~0u, PG_LINE_LOGIN },
  { "Nov 23 11:59:00 pop3-login: Info: Login: " ELEMENTS, PG_HEAD_DOVECOT, no_names, two_hosts, 0, PG_LINE_FOREIGN },
  { "Nov 23 11:59:00 pop3-login: Info: Login: " ELEMENTS, PG_HEAD_SYSLOG, dovecot_names, any_host, ~0u, PG_LINE_FOREIGN },
};

START_TEST (only_who_may_says_it)
{
  PgLineRules rules = { .dovecot_names = speakers[_i].names, .hosts = speakers[_i].hosts, .servers = speakers[_i].servers };
  Result      result = parse (pg_span_from_string (speakers[_i].line), speakers[_i].format, &rules);

  ck_assert_msg (result.kind == speakers[_i].kind, "row %d: %s: %s", _i, speakers[_i].line, corpus_kinds[result.kind]);
}
END_TEST

START_TEST (all_of_the_login_is_told)
{
  const char *line = "2026-11-23T11:59:30.250000+01:00 mx dovecot: imap-login: Logged in: " ELEMENTS;
  Result      result = parse (pg_span_from_string (line), PG_HEAD_SYSLOG, &all_rules);
  char        buffer[PG_ADDRESS_TEXT_MAX];

  ck_assert (result.kind == PG_LINE_LOGIN);
  ck_assert (result.login.time_us == NOW_US - (gint64) 3630 * G_USEC_PER_SEC + 250000 + (gint64) 0);
  ck_assert (result.login.service == PG_SERVICE_IMAP);
  ck_assert (result.login.has_server_address);
  ck_assert_str_eq (pg_address_to_string (&result.login.server_address, buffer), "192.0.2.1");
  ck_assert (result.login.user.data > line && result.login.user.data < line + strlen (line));
}
END_TEST

START_TEST (a_login_without_lip_says_so)
{
  const char *line = "Nov 23 11:59:00 mx dovecot: pop3-login: Login: user=<bob>, rip=203.0.113.17, session=<abc>";
  Result      result = parse (pg_span_from_string (line), PG_HEAD_SYSLOG, &all_rules);

  ck_assert (result.kind == PG_LINE_LOGIN);
  ck_assert (!result.login.has_server_address);
}
END_TEST

/* A parser that tried every way to read a line would need minutes for these. */
START_TEST (a_hostile_line_costs_little)
{
  static const char *const pieces[] = { ">, ", ">, x=<", ", ", ">", "<", "=", "rip=", "user=<", "a, b>, c=<d" };
  GString                 *line = g_string_new ("Nov 23 11:59:00 mx dovecot: pop3-login: Login: user=<");
  gint64                   begun_us = g_get_monotonic_time ();

  while (line->len < 16000)
    g_string_append (line, pieces[_i]);
  g_string_append (line, ">, rip=203.0.113.17, lip=192.0.2.1, session=<abc>");
  for (guint round = 0; round < 10; round++)
    {
      Result result = parse (pg_span (line->str, line->len), PG_HEAD_SYSLOG, &all_rules);

      ck_assert_msg (result.kind == PG_LINE_REFUSED, "%s", pieces[_i]);
    }
  ck_assert_msg (g_get_monotonic_time () - begun_us < 5 * G_USEC_PER_SEC, "%s", pieces[_i]);
  g_string_free (line, TRUE);
}
END_TEST

START_TEST (services_and_servers_have_names)
{
  PgService service = PG_SERVICE_POP3;
  PgServer  server = PG_SERVER_DOVECOT;

  for (PgService each = PG_SERVICE_POP3; each < PG_N_SERVICES; each++)
    ck_assert (pg_service_from_span (pg_span_from_string (pg_service_to_string (each)), &service) && service == each);
  for (PgServer each = PG_SERVER_DOVECOT; each < PG_N_SERVERS; each++)
    if (!g_str_equal (pg_server_to_string (each), "?")) /* not all numbers are taken */
      ck_assert (pg_server_from_span (pg_span_from_string (pg_server_to_string (each)), &server) && server == each);
  ck_assert_str_eq (pg_server_to_string ((PgServer) 20), "popgate-login");
  ck_assert (!pg_service_from_span (pg_span_from_string ("POP3"), &service));
  ck_assert (!pg_service_from_span (pg_span_from_string (""), &service));
  ck_assert (!pg_server_from_span (pg_span_from_string ("?"), &server));
  ck_assert_str_eq (pg_service_to_string ((PgService) 0), "?");
  ck_assert_str_eq (pg_service_to_string (PG_N_SERVICES), "?");
  ck_assert_str_eq (pg_server_to_string ((PgServer) 0), "?");
  ck_assert_str_eq (pg_server_to_string ((PgServer) 255), "?");
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, corpus_is_read_as_it_says, 0, G_N_ELEMENTS (files));
  tcase_add_loop_test (tests, a_cut_line_gives_no_other_address, 0, G_N_ELEMENTS (files));
  tcase_add_loop_test (tests, only_who_may_says_it, 0, G_N_ELEMENTS (speakers));
  tcase_add_test (tests, all_of_the_login_is_told);
  tcase_add_test (tests, a_login_without_lip_says_so);
  tcase_add_loop_test (tests, a_hostile_line_costs_little, 0, 9);
  tcase_add_test (tests, services_and_servers_have_names);
}

PG_TEST_MAIN ("login-line", fill)
