/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logins that two lines tell; lines are given in order, as a source gives them. */
#include "core/joiner.h"
#include "core/login-line.h"

#include "corpus.h"

#define NOW_US (G_GINT64_CONSTANT (1795435200) * G_USEC_PER_SEC) /* 2026-11-23 12:00:00 UTC */

static const char *const any_host[] = { NULL };
static const char *const one_host[] = { "mx", NULL };
static const char *const dovecot_names[] = { "dovecot", NULL };

typedef struct
{
  PgLineKind  kind;
  PgLogin     login;
  const char *why;
} Result;

static Result
parse_by (PgJoiner *joiner, PgSpan line, PgHeadFormat format, const PgLineRules *rules)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_utc ();
  PgClock clock = { .zone = zone, .now_us = NOW_US };
  Result  result = { .login.time_us = -77 };

  result.kind = pg_login_line_parse (line, format, rules, &clock, joiner, &result.login, &result.why);
  return result;
}

static Result
parse_for (PgJoiner *joiner, PgSpan line, PgHeadFormat format, const char *const *hosts)
{
  PgLineRules rules = { .dovecot_names = dovecot_names, .hosts = hosts, .servers = ~0u };

  return parse_by (joiner, line, format, &rules);
}

static PgLineKind
feed (PgJoiner *joiner, const char *line)
{
  g_autofree char *block = NULL;

  return parse_for (joiner, exact_string (&block, line), PG_HEAD_SYSLOG, any_host).kind;
}

/* --- the corpus: the lines of a file, in order ----------------------------------------------------------------------- */

static PgHeadFormat
format_of (PgSpan word)
{
  if (pg_span_is (word, "dovecot-file"))
    return PG_HEAD_DOVECOT;
  return pg_span_is (word, "tai64n") ? PG_HEAD_TAI64N : PG_HEAD_SYSLOG;
}

static void
check_row (const CorpusRow *row, gpointer joiner)
{
  g_autofree char *block = NULL;
  PgSpan           line = exact (&block, row->columns[COLUMN_LINE]);
  Result           result = parse_for (joiner, line, format_of (row->columns[COLUMN_FORMAT]), any_host);

  corpus_check_kind (row, result.kind, result.why);
  if (result.kind == PG_LINE_LOGIN)
    {
      corpus_check_login (row, &result.login);
      assert_row (row->name, result.login.service == PG_SERVICE_POP3 || result.login.service == PG_SERVICE_IMAP);
      assert_row (row->name, result.login.time_us > 0 && result.login.time_us <= NOW_US);
    }
  else
    assert_row (row->name, result.login.time_us == -77);
}

static const struct
{
  const char *file;
  guint       min_rows;
} files[] = {
  { "logline/popa3d.tsv", 80 },          { "logline/popa3d-inetd.tsv", 60 },
  { "logline/mailutils.tsv", 120 },      { "logline/two-line-composed.tsv", 180 },
  { "logline/heads-composed.tsv", 60 },  { "logline/popa3d-live.tsv", 380 },
  { "logline/mailutils-live.tsv", 440 }, { "logline/courier-split.tsv", 55 },
  { "logline/courier-torn.tsv", 40 },
};

START_TEST (lines_in_order_are_read_as_it_says)
{
  g_autoptr (PgJoiner) joiner = pg_joiner_new ();

  ck_assert_uint_ge (corpus_each (files[_i].file, check_row, joiner), files[_i].min_rows);
}
END_TEST

/* --- the joiner ------------------------------------------------------------------------------------------------------ */

#define FIRST_LINE "Nov 23 11:00:00 mx popa3d[7]: Session from 203.0.113.7"
#define SECOND_LINE "Nov 23 11:00:01 mx popa3d[7]: Authentication passed for bob"
#define DOVECOT_LINE "Nov 23 11:00:01 mx dovecot: pop3-login: Login: user=<bob>, rip=203.0.113.7, lip=192.0.2.1, TLS"

START_TEST (without_a_joiner_nothing_is_joined)
{
  ck_assert (feed (NULL, FIRST_LINE) == PG_LINE_OTHER);
  ck_assert (feed (NULL, SECOND_LINE) == PG_LINE_REFUSED);
  ck_assert (feed (NULL, "Nov 23 11:00:01 mx popa3d[7]: Authentication passed for bob -- [203.0.113.7]") == PG_LINE_LOGIN);
  pg_joiner_restore (NULL);
  pg_joiner_settle (NULL);
}
END_TEST

START_TEST (each_source_has_its_own)
{
  g_autoptr (PgJoiner) one = pg_joiner_new ();
  g_autoptr (PgJoiner) other = pg_joiner_new ();

  ck_assert (feed (one, FIRST_LINE) == PG_LINE_OTHER);
  ck_assert (feed (other, SECOND_LINE) == PG_LINE_REFUSED);
  ck_assert (feed (one, SECOND_LINE) == PG_LINE_LOGIN);
}
END_TEST

static void
feed_numbered (PgJoiner *joiner, const char *message, guint number, PgLineKind kind)
{
  g_autofree char *line = g_strdup_printf ("Nov 23 11:00:00 mx popa3d[%u]: %s", number, message);

  ck_assert_msg (feed (joiner, line) == kind, "%s", line);
}

START_TEST (what_waits_is_bounded)
{
  g_autoptr (PgJoiner) joiner = pg_joiner_new ();

  for (guint i = 0; i < PG_JOINER_MAX; i++)
    feed_numbered (joiner, "Session from 203.0.113.1", i, PG_LINE_OTHER);
  ck_assert_uint_eq (pg_joiner_n_waiting (joiner), PG_JOINER_MAX);
  feed_numbered (joiner, "Session from 203.0.113.1", 0, PG_LINE_OTHER); /* now the newest */
  ck_assert_uint_eq (pg_joiner_n_waiting (joiner), PG_JOINER_MAX);
  for (guint i = PG_JOINER_MAX; i < PG_JOINER_MAX + 10; i++)
    feed_numbered (joiner, "Session from 203.0.113.1", i, PG_LINE_OTHER);
  ck_assert_uint_eq (pg_joiner_n_waiting (joiner), PG_JOINER_MAX);
  feed_numbered (joiner, "Authentication passed for bob", 0, PG_LINE_LOGIN);
  for (guint i = 1; i <= 10; i++)
    feed_numbered (joiner, "Authentication passed for bob", i, PG_LINE_REFUSED);
  for (guint i = 11; i < PG_JOINER_MAX + 10; i++)
    feed_numbered (joiner, "Authentication passed for bob", i, PG_LINE_LOGIN);
  ck_assert_uint_eq (pg_joiner_n_waiting (joiner), 0);
}
END_TEST

/* A login that the database could not take is read again. */
START_TEST (a_line_that_was_not_taken_is_joined_again)
{
  g_autoptr (PgJoiner) joiner = pg_joiner_new ();

  feed (joiner, FIRST_LINE);
  for (guint round = 0; round < 3; round++)
    {
      ck_assert (feed (joiner, SECOND_LINE) == PG_LINE_LOGIN);
      pg_joiner_restore (joiner);
      pg_joiner_restore (joiner);
      ck_assert_uint_eq (pg_joiner_n_waiting (joiner), 1);
    }
  ck_assert (feed (joiner, SECOND_LINE) == PG_LINE_LOGIN);
  ck_assert (feed (joiner, DOVECOT_LINE) == PG_LINE_LOGIN);
  pg_joiner_restore (joiner); /* of the line that used nothing */
  ck_assert_uint_eq (pg_joiner_n_waiting (joiner), 0);
  ck_assert (feed (joiner, SECOND_LINE) == PG_LINE_REFUSED);
}
END_TEST

START_TEST (a_host_that_may_not_speak_tells_no_address)
{
  g_autoptr (PgJoiner) joiner = pg_joiner_new ();
  static const char *const lines[] = { "Nov 23 11:00:00 mx2 popa3d[7]: Session from 203.0.113.7",
                                       "Nov 23 11:00:01 mx2 popa3d[7]: Authentication passed for bob" };

  ck_assert (parse_for (joiner, pg_span_from_string (lines[0]), PG_HEAD_SYSLOG, one_host).kind == PG_LINE_OTHER);
  ck_assert_uint_eq (pg_joiner_n_waiting (joiner), 0);
  ck_assert (parse_for (joiner, pg_span_from_string (lines[1]), PG_HEAD_SYSLOG, one_host).kind == PG_LINE_REFUSED);
  ck_assert (parse_for (joiner, pg_span_from_string (lines[0]), PG_HEAD_SYSLOG, any_host).kind == PG_LINE_OTHER);
  ck_assert (parse_for (joiner, pg_span_from_string (lines[1]), PG_HEAD_SYSLOG, one_host).kind == PG_LINE_REFUSED);
  ck_assert (parse_for (joiner, pg_span_from_string (FIRST_LINE), PG_HEAD_SYSLOG, one_host).kind == PG_LINE_OTHER);
  ck_assert (parse_for (joiner, pg_span_from_string (SECOND_LINE), PG_HEAD_SYSLOG, one_host).kind == PG_LINE_LOGIN);
}
END_TEST

static PgLineKind
join (PgJoiner *joiner, PgHalf half, const PgHead *head)
{
  PgLogin     login = { .time_us = NOW_US, .user = pg_span ("bob", 3) };
  const char *why = NULL;

  return pg_joiner_join (joiner, half, head, NULL, &login, &why);
}

START_TEST (a_head_of_any_length_is_safe)
{
  static const gsize lengths[] = { 1, 100, 126, 127, 128, 200, 383, 384, 385, 1000 };
  g_autofree char   *name = g_strnfill (1000, 'a');
  g_autoptr (PgJoiner) joiner = pg_joiner_new ();
  gsize  len = lengths[_i];
  PgHead heads[] = {
    { .host = pg_span (name, len), .program = pg_span (name, 1), .pid = pg_span (name, 1) },
    { .host = pg_span (name, 1), .program = pg_span (name, len), .pid = pg_span (name, 1) },
    { .program = pg_span (name, 1), .pid = pg_span (name, len) },
    { .host = pg_span (name, len), .program = pg_span (name, len), .pid = pg_span (name, len) },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (heads); i++)
    {
      gboolean may = heads[i].host.len + heads[i].program.len + heads[i].pid.len <= 380;

      ck_assert (join (joiner, PG_HALF_ADDRESS, &heads[i]) == PG_LINE_OTHER);
      ck_assert_uint_eq (pg_joiner_n_waiting (joiner), may ? 1 : 0);
      ck_assert (join (joiner, PG_HALF_USER, &heads[i]) == (may ? PG_LINE_LOGIN : PG_LINE_REFUSED));
    }
}
END_TEST

/* "a" on host "b" is not "b" on host "a", however the parts lie side by side. */
START_TEST (parts_of_a_head_are_not_mixed_up)
{
  g_autoptr (PgJoiner) joiner = pg_joiner_new ();
  PgHead one = { .host = pg_span ("ab", 2), .program = pg_span ("c", 1), .pid = pg_span ("1", 1) };
  PgHead other = { .host = pg_span ("a", 1), .program = pg_span ("bc", 2), .pid = pg_span ("1", 1) };

  join (joiner, PG_HALF_ADDRESS, &one);
  ck_assert (join (joiner, PG_HALF_USER, &other) == PG_LINE_REFUSED);
  ck_assert (join (joiner, PG_HALF_USER, &one) == PG_LINE_LOGIN);
}
END_TEST

/* A piece may look like another server's line, of the same name. */
START_TEST (pieces_tell_nothing_where_courier_does_not_count)
{
  static const char piece[] = "Nov 23 11:00:01 mx imapd: Login user=bob host=[198.51.100.6]";
  g_autoptr (PgJoiner) joiner = pg_joiner_new ();
  g_autofree char *name = g_strnfill (486, 'x');
  g_autofree char *first = g_strconcat ("Nov 23 11:00:00 mx imapd: LOGIN FAILED, user=", name, NULL);
  PgLineRules      rules = { .dovecot_names = dovecot_names, .hosts = any_host, .servers = 1u << PG_SERVER_UW };

  ck_assert (parse_by (joiner, pg_span_from_string (piece), PG_HEAD_SYSLOG, &rules).kind == PG_LINE_LOGIN);
  ck_assert (parse_by (joiner, pg_span_from_string (first), PG_HEAD_SYSLOG, &rules).kind == PG_LINE_OTHER);
  ck_assert (parse_by (joiner, pg_span_from_string (piece), PG_HEAD_SYSLOG, &rules).kind == PG_LINE_REFUSED);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, lines_in_order_are_read_as_it_says, 0, G_N_ELEMENTS (files));
  tcase_add_test (tests, pieces_tell_nothing_where_courier_does_not_count);
  tcase_add_test (tests, without_a_joiner_nothing_is_joined);
  tcase_add_test (tests, each_source_has_its_own);
  tcase_add_test (tests, what_waits_is_bounded);
  tcase_add_test (tests, a_line_that_was_not_taken_is_joined_again);
  tcase_add_test (tests, a_host_that_may_not_speak_tells_no_address);
  tcase_add_loop_test (tests, a_head_of_any_length_is_safe, 0, 10);
  tcase_add_test (tests, parts_of_a_head_are_not_mixed_up);
}

PG_TEST_MAIN ("joiner", fill)
