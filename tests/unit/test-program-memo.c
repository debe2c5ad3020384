/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/login-line.h"
#include "core/program-memo.h"

#include "common.h"

/* 2026-11-23 12:00:00 UTC */
#define NOW_US G_GINT64_CONSTANT (1795435200000000)
#define LOGIN "Login: user=<bob>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.25, mpid=1, session=<x>"
#define COURIER "LOGIN, user=bob, ip=[::ffff:192.0.2.1], port=[1024], protocol=IMAP"

static const char *const any_host[] = { NULL };
static const char *const dovecot_names[] = { "dovecot", "imapd", NULL };

static void
check_line (const char *line, const PgLineRules *rules, PgProgramMemo *memo)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  PgClock     clock = { .zone = utc, .now_us = NOW_US };
  PgLineRules with_memo = *rules;
  char       *block;
  PgSpan      text = exact_string (&block, line);
  PgLogin     login;
  const char *why;
  PgLineKind  expected = pg_login_line_parse (text, PG_HEAD_SYSLOG, rules, &clock, NULL, &login, &why);
  PgLineKind  kind;

  with_memo.memo = memo;
  kind = pg_login_line_parse (text, PG_HEAD_SYSLOG, &with_memo, &clock, NULL, &login, &why);
  ck_assert_msg (kind == expected || (kind == PG_LINE_OTHER && expected == PG_LINE_FOREIGN), "%s: %d, without a memo %d", line,
                 (int) kind, (int) expected);
  g_free (block);
}

/* Heads of all kinds, whole and spoilt, around programs of all kinds: none may be taken for another one that was there before. */
static const char *const heads[] = {
  "Nov 23 11:44:14 mx %s: ",
  "Nov  3 11:44:14 mx %s[12]: ",
  "2026-11-23T11:44:14.123456+01:00 mx %s[12]: ",
  "2026-11-23T11:44:14Z mx %s: ",
  "2026-11-23 11:44:14 mx %s: ",
  "<22>1 2026-11-23T11:44:14Z mx %s 12 - - ",
  "<22>1 2026-11-23T11:44:14Z mx %s - - [a b=\"c: d\"] ",
  "Nov 23 11:44:14 postfix/smtpd: %s: ",
  "Nov 23 11:44:14 dovecot: %s: ",
  "Nov 23 11:44:14  mx %s: ",
  "Nov 23 11:44 mx %s: ",
  "2026-11-23T11:44:14Z  mx %s: ",
  "@400000006a12e5a21f3b8c04 %s: ",
  "%s: ",
  "",
};
static const char *const programs[] = { "dovecot", "postfix/smtpd", "mx", "imapd", "pop3d", "kernel", "dovecot[1", "a:b", "" };
static const char *const messages[] = {
  "pop3-login: " LOGIN,
  "pop3-login: Info: " LOGIN,
  "imap(bob): Disconnected: Logged out",
  COURIER,
  LOGIN,
  "dovecot: pop3-login: " LOGIN,
  "pop3-login: Login: user=<>",
  "",
};

static void
check_all (const PgLineRules *rules)
{
  PgProgramMemo memo = { 0 };

  for (guint round = 0; round < 2; round++)
    for (gsize program = 0; program < G_N_ELEMENTS (programs); program++)
      for (gsize head = 0; head < G_N_ELEMENTS (heads); head++)
        for (gsize message = 0; message < G_N_ELEMENTS (messages); message++)
          {
            g_auto (GStrv) parts = g_strsplit (heads[head], "%s", 2);
            g_autofree char *before = g_strjoinv (programs[program], parts);
            g_autofree char *line = g_strconcat (before, messages[message], NULL);

            check_line (line, rules, &memo);
          }
}

START_TEST (nothing_is_taken_for_something_else)
{
  check_all (&(PgLineRules){ .dovecot_names = dovecot_names, .hosts = any_host, .servers = ~0u });
}
END_TEST

START_TEST (servers_that_do_not_count)
{
  check_all (&(PgLineRules){ .dovecot_names = dovecot_names, .hosts = any_host, .servers = 1u << PG_SERVER_DOVECOT });
  check_all (&(PgLineRules){ .dovecot_names = dovecot_names, .hosts = any_host, .servers = 1u << PG_SERVER_COURIER });
}
END_TEST

/* So many names that they push one another out: what is told is true, or nothing. */
START_TEST (names_do_not_mix)
{
  PgProgramMemo memo = { 0 };
  guint         n_known = 0;

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *name = g_strdup_printf ("program%u", i);

      pg_program_memo_put (&memo, pg_span_from_string (name), i % 255 + 1);
      ck_assert_uint_eq (pg_program_memo_get (&memo, pg_span_from_string (name)), i % 255 + 1);
    }
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *name = g_strdup_printf ("program%u", i);
      guint            what = pg_program_memo_get (&memo, pg_span_from_string (name));

      ck_assert (what == 0 || what == i % 255 + 1);
      n_known += what != 0 ? 1 : 0;
    }
  ck_assert_uint_gt (n_known, 0);
  ck_assert_uint_le (n_known, PG_PROGRAM_MEMO_PLACES);
}
END_TEST

START_TEST (long_and_empty_names)
{
  PgProgramMemo memo = { 0 };
  char          name[PG_PROGRAM_MEMO_NAME_MAX + 1];

  memset (name, 'x', sizeof name);
  pg_program_memo_put (&memo, pg_span (name, sizeof name), 1);
  pg_program_memo_put (&memo, pg_span (name, 0), 1);
  ck_assert_uint_eq (pg_program_memo_get (&memo, pg_span (name, sizeof name)), 0);
  ck_assert_uint_eq (pg_program_memo_get (&memo, pg_span (name, sizeof name - 1)), 0);
  ck_assert_uint_eq (pg_program_memo_get (&memo, pg_span (name, 0)), 0);
  pg_program_memo_put (&memo, pg_span (name, sizeof name - 1), 2);
  ck_assert_uint_eq (pg_program_memo_get (&memo, pg_span (name, sizeof name - 1)), 2);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_test (tests, nothing_is_taken_for_something_else);
  tcase_add_test (tests, servers_that_do_not_count);
  tcase_add_test (tests, names_do_not_mix);
  tcase_add_test (tests, long_and_empty_names);
}

PG_TEST_MAIN ("program-memo", fill)
