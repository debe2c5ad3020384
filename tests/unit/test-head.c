/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/head.h"

#include "common.h"

#define RFC5424 "<22>1 2026-11-23T11:44:40.550565+00:00 "
#define TAI64N "@400000006b04273220d0f86f "

static const struct
{
  const char  *line;
  PgHeadFormat format;
  const char  *told; /* host|program|pid|message; NULL: no head */
} heads[] = {
  { "Nov 23 11:44:14 vm dovecot: pop3-login: x", PG_HEAD_SYSLOG, "vm|dovecot||pop3-login: x" },
  { "Nov 23 11:44:14 vm popa3d[197]: Session", PG_HEAD_SYSLOG, "vm|popa3d|197|Session" },
  { "Nov  3 11:44:14 vm postfix/smtpd[9]: x", PG_HEAD_SYSLOG, "vm|postfix/smtpd|9|x" },
  { "Nov 23 11:44:14 mx-1.example.org a_b.c: ", PG_HEAD_SYSLOG, "mx-1.example.org|a_b.c||" },
  { "Nov 23 11:44:14 2001:db8::1 dovecot: x", PG_HEAD_SYSLOG, "2001:db8::1|dovecot||x" },
  { "2026-11-23T11:44:40.550565+00:00 vm dovecot: x: y", PG_HEAD_SYSLOG, "vm|dovecot||x: y" },
  { "2026-11-23T11:44:40Z vm dovecot[12]:  x", PG_HEAD_SYSLOG, "vm|dovecot|12| x" },
  { "Nov 23 11:44:14 vm dovecot:x", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14 vm dovecot:", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14 vm dovecot", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14 vm", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14 ", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14  dovecot: x", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14 vm  dovecot: x", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14 vm x dovecot: x", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14 v(m dovecot: x", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14 vm : x", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14 vm [12]: x", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14 vm dovecot[]: x", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14 vm dovecot[12: x", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14 vm dovecot[12]]: x", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14 vm dovecot[1][2]: x", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14 vm dovecot[1 2]: x", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14 vm dovecot[12] : x", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:44:14 vm dove\"cot: x", PG_HEAD_SYSLOG, NULL },
  { "x Nov 23 11:44:14 vm dovecot: x", PG_HEAD_SYSLOG, NULL },
  { "<13>Nov 23 11:44:14 vm dovecot: x", PG_HEAD_SYSLOG, NULL },
  { "", PG_HEAD_SYSLOG, NULL },
  { "@400000006b04273220d0f86f vm dovecot: x", PG_HEAD_SYSLOG, NULL },
  /* RFC 5424 */
  { RFC5424 "vm dovecot 834 - - pop3-login: x", PG_HEAD_SYSLOG, "vm|dovecot|834|pop3-login: x" },
  { RFC5424 "vm dovecot - - -  pop3-login: x", PG_HEAD_SYSLOG, "vm|dovecot||pop3-login: x" },
  { RFC5424 "vm dovecot - - -   x", PG_HEAD_SYSLOG, "vm|dovecot|| x" },
  { RFC5424 "vm dovecot - - - \xef\xbb\xbfx", PG_HEAD_SYSLOG, "vm|dovecot||x" },
  { RFC5424 "vm dovecot - - - \xef\xbbx", PG_HEAD_SYSLOG, "vm|dovecot||\xef\xbbx" },
  { RFC5424 "vm dovecot - - -", PG_HEAD_SYSLOG, "vm|dovecot||" },
  { RFC5424 "vm dovecot - - - ", PG_HEAD_SYSLOG, "vm|dovecot||" },
  { RFC5424 "- dovecot 5 ID47 - x", PG_HEAD_SYSLOG, "-|dovecot|5|x" },
  { RFC5424 "vm - 5 ID47 - x", PG_HEAD_SYSLOG, "vm|-|5|x" },
  { RFC5424 "vm popa3d 5 - [timeQuality tzKnown=\"1\" isSynced=\"0\"] x", PG_HEAD_SYSLOG, "vm|popa3d|5|x" },
  { RFC5424 "vm popa3d 5 - [a@1][b@2 c=\"\"] x", PG_HEAD_SYSLOG, "vm|popa3d|5|x" },
  { RFC5424 "vm popa3d 5 - [a b=\"x\\\"] y\"] x", PG_HEAD_SYSLOG, NULL },
  { RFC5424 "vm popa3d 5 - [a b=\"x\\\"\\] y\\\\\"] x", PG_HEAD_SYSLOG, "vm|popa3d|5|x" },
  { RFC5424 "vm popa3d 5 - [a b=\"] popa3d: x", PG_HEAD_SYSLOG, NULL },
  { RFC5424 "vm popa3d 5 - [a b=\"c\"]x", PG_HEAD_SYSLOG, NULL },
  { RFC5424 "vm popa3d 5 - [a b=c] x", PG_HEAD_SYSLOG, NULL },
  { RFC5424 "vm popa3d 5 - [a b] x", PG_HEAD_SYSLOG, NULL },
  { RFC5424 "vm popa3d 5 - [] x", PG_HEAD_SYSLOG, NULL },
  { RFC5424 "vm popa3d 5 - [", PG_HEAD_SYSLOG, NULL },
  { RFC5424 "vm popa3d 5 - [a b=\"\\", PG_HEAD_SYSLOG, NULL },
  { RFC5424 "vm popa3d 5 - [a012345678901234567890123456789012 b=\"\"] x", PG_HEAD_SYSLOG, NULL },
  { RFC5424 "vm popa3d 5 - x", PG_HEAD_SYSLOG, NULL },
  { RFC5424 "vm popa3d 5 -", PG_HEAD_SYSLOG, NULL },
  { RFC5424 "vm  popa3d 5 - - x", PG_HEAD_SYSLOG, NULL },
  { RFC5424 "v(m popa3d 5 - - x", PG_HEAD_SYSLOG, NULL },
  { RFC5424 "vm popa3d: 5 - - x", PG_HEAD_SYSLOG, NULL },
  { RFC5424 "vm popa3d\t5 - - - x", PG_HEAD_SYSLOG, NULL },
  { RFC5424, PG_HEAD_SYSLOG, NULL },
  { "<191>1 2026-11-23T11:44:40Z vm a 5 - - x", PG_HEAD_SYSLOG, "vm|a|5|x" },
  { "<0>1 2026-11-23T11:44:40Z vm a 5 - - x", PG_HEAD_SYSLOG, "vm|a|5|x" },
  { "<192>1 2026-11-23T11:44:40Z vm a 5 - - x", PG_HEAD_SYSLOG, NULL },
  { "<1234>1 2026-11-23T11:44:40Z vm a 5 - - x", PG_HEAD_SYSLOG, NULL },
  { "<>1 2026-11-23T11:44:40Z vm a 5 - - x", PG_HEAD_SYSLOG, NULL },
  { "<22>2 2026-11-23T11:44:40Z vm a 5 - - x", PG_HEAD_SYSLOG, NULL },
  { "<22> 2026-11-23T11:44:40Z vm a 5 - - x", PG_HEAD_SYSLOG, NULL },
  { "<22>1 - vm a 5 - - x", PG_HEAD_SYSLOG, NULL },
  { "<22>1 Nov 23 11:44:14 vm a 5 - - x", PG_HEAD_SYSLOG, NULL },
  { "<22>1 2026-11-23 11:44:40 vm a 5 - - x", PG_HEAD_SYSLOG, NULL },
  { "<22>1 @400000006b04273220d0f86f vm a 5 - - x", PG_HEAD_SYSLOG, NULL },
  { "<22", PG_HEAD_SYSLOG, NULL },
  { "<", PG_HEAD_SYSLOG, NULL },
  { "Nov 23 11:41:27 imap-login: Info: x", PG_HEAD_DOVECOT, "|||imap-login: Info: x" },
  { "2026-11-23 11:41:27 imap-login: Info: x", PG_HEAD_DOVECOT, "|||imap-login: Info: x" },
  { "Nov 23 11:41:27 ", PG_HEAD_DOVECOT, "|||" },
  { "Nov 23 11:41:27", PG_HEAD_DOVECOT, NULL },
  { "Nov 23 11:41:27imap-login: Info: x", PG_HEAD_DOVECOT, NULL },
  { "imap-login: Info: x", PG_HEAD_DOVECOT, NULL },
  { "dovecot: 2008-10-02 23:34:07 Info: x", PG_HEAD_DOVECOT, "|dovecot||Info: x" },
  { "pop3-login: Oct 02 23:34:07 Info: x", PG_HEAD_DOVECOT, "|pop3-login||Info: x" },
  { "imap(x): Oct 02 23:34:07 Info: x", PG_HEAD_DOVECOT, NULL },
  { "dovecot:2008-10-02 23:34:07 Info: x", PG_HEAD_DOVECOT, NULL },
  { "dovecot: @400000006b04273220d0f86f Info: x", PG_HEAD_DOVECOT, NULL },
  { TAI64N "imap-login: Info: x", PG_HEAD_DOVECOT, "|||imap-login: Info: x" },
  { TAI64N "Nov 23 11:41:27 imap-login: Info: x", PG_HEAD_DOVECOT, "|||imap-login: Info: x" },
  { TAI64N "dovecot: 2008-10-02 23:34:07 Info: x", PG_HEAD_DOVECOT, "|dovecot||Info: x" },
  { TAI64N TAI64N "x", PG_HEAD_DOVECOT, "|||" TAI64N "x" },
  { TAI64N "popa3d[5]: x", PG_HEAD_TAI64N, "|popa3d|5|x" },
  { TAI64N "pop3d: x", PG_HEAD_TAI64N, "|pop3d||x" },
  { TAI64N "vm pop3d: x", PG_HEAD_TAI64N, NULL },
  { TAI64N "x", PG_HEAD_TAI64N, NULL },
  { "@400000006b04273220d0f86f", PG_HEAD_TAI64N, NULL },
  { "Nov 23 11:44:14 pop3d: x", PG_HEAD_TAI64N, NULL },
  { "Nov 23 11:44:14 vm dovecot: x", PG_HEAD_UNKNOWN, NULL },
};

static char *
tell (const PgHead *head)
{
  g_autofree char *host = span_to_string (head->host);
  g_autofree char *program = span_to_string (head->program);
  g_autofree char *pid = span_to_string (head->pid);
  g_autofree char *message = span_to_string (head->message);

  return g_strjoin ("|", host, program, pid, message, NULL);
}

START_TEST (head_is_parsed)
{
  const char      *name = heads[_i].line;
  g_autofree char *block = NULL;
  g_autofree char *told = NULL;
  PgHead           head = { .pid = pg_span ("untouched", 9) };
  gboolean         ok = pg_head_parse (exact_string (&block, name), heads[_i].format, &head);

  assert_row (name, ok == (heads[_i].told != NULL));
  if (!ok)
    assert_row (name, pg_span_is (head.pid, "untouched"));
  else
    assert_row_text (name, told = tell (&head), heads[_i].told);
}
END_TEST

static const struct
{
  const char  *line;
  PgHeadFormat format;
} guesses[] = {
  { "2026-11-23T11:44:40.550565+00:00 vm dovecot: x", PG_HEAD_SYSLOG },
  { "2026-11-23T11:44:40Z x", PG_HEAD_SYSLOG },
  { "Nov 23 11:44:14 vm dovecot: pop3-login: x", PG_HEAD_SYSLOG },
  { "Nov 23 11:44:14 vm postfix/smtpd[12]: x", PG_HEAD_SYSLOG },
  { "Nov 23 11:44:14 vm kernel: Info: x", PG_HEAD_SYSLOG },
  { "Nov 23 11:41:27 imap-login: Info: x", PG_HEAD_DOVECOT },
  { "Nov 23 11:41:27 master: Warning: x", PG_HEAD_DOVECOT },
  { "2026-11-23 11:41:27 auth: Error: x", PG_HEAD_DOVECOT },
  { "Nov 23 11:41:27 auth: Debug: x", PG_HEAD_DOVECOT },
  { "Nov 23 11:41:27 auth: Fatal: x", PG_HEAD_DOVECOT },
  { "Nov 23 11:41:27 auth: Panic: x", PG_HEAD_DOVECOT },
  { "Nov 23 11:41:27 imap(bob)<1><x>: Info: x", PG_HEAD_UNKNOWN },
  { "Nov 23 11:41:27 auth: x", PG_HEAD_UNKNOWN },
  { "Nov 23 11:41:27 x", PG_HEAD_UNKNOWN },
  { "Nov 23 11:41:27 ", PG_HEAD_UNKNOWN },
  { "junk", PG_HEAD_UNKNOWN },
  { RFC5424 "vm dovecot - - - x", PG_HEAD_SYSLOG },
  { RFC5424 "vm kernel - - - imap-login: Info: x", PG_HEAD_SYSLOG },
  { RFC5424 "vm dovecot - - x", PG_HEAD_UNKNOWN },
  { "<22>Nov 23 11:44:14 vm dovecot: x", PG_HEAD_UNKNOWN },
  { "dovecot: 2008-10-02 23:34:07 Info: x", PG_HEAD_DOVECOT },
  { "pop3-login: Oct 02 23:34:07 Error: x", PG_HEAD_DOVECOT },
  { "pop3-login: Oct 02 23:34:07 x", PG_HEAD_UNKNOWN },
  { TAI64N "imap-login: Info: x", PG_HEAD_DOVECOT },
  { TAI64N "Nov 23 11:41:27 imap-login: Info: x", PG_HEAD_DOVECOT },
  { TAI64N "2026-11-23T11:41:27Z imap-login: Info: x", PG_HEAD_DOVECOT },
  { TAI64N "pop3d: imap-login: Info: x", PG_HEAD_TAI64N },
  { TAI64N "popa3d[12]: Info: x", PG_HEAD_TAI64N },
  { TAI64N "x", PG_HEAD_UNKNOWN },
  { "@", PG_HEAD_UNKNOWN },
  { "", PG_HEAD_UNKNOWN },
  /* what a client chose stands behind the first colon and cannot turn the format */
  { "Nov 23 11:44:14 vm dovecot: imap-login: Info: Login: user=<a>", PG_HEAD_SYSLOG },
  { "Nov 23 11:44:14 vm postfix/smtpd[1]: NOQUEUE: imap-login: Info: x", PG_HEAD_SYSLOG },
  { "Nov 23 11:41:27 imap-login: Info: vm dovecot: imap-login: Login: x", PG_HEAD_DOVECOT },
  { "Nov 23 11:41:27 imap(x dovecot: y)<1><x>: Info: x", PG_HEAD_UNKNOWN },
  { RFC5424 "vm a 5 - [x y=\"Nov 23 11:41:27 imap-login: Info: x\"] x", PG_HEAD_SYSLOG },
};

START_TEST (format_is_guessed)
{
  g_autofree char *block = NULL;

  ck_assert_msg (pg_head_guess (exact_string (&block, guesses[_i].line)) == guesses[_i].format, "%s", guesses[_i].line);
}
END_TEST

START_TEST (formats_have_names)
{
  PgHeadFormat format = PG_HEAD_UNKNOWN;

  ck_assert (pg_head_format_from_span (pg_span_from_string ("syslog"), &format) && format == PG_HEAD_SYSLOG);
  ck_assert (!pg_head_format_from_span (pg_span_from_string ("Syslog"), &format));
  ck_assert (!pg_head_format_from_span (pg_span_from_string (""), &format));
  ck_assert (format == PG_HEAD_SYSLOG);
  ck_assert (pg_head_format_from_span (pg_span_from_string ("dovecot"), &format) && format == PG_HEAD_DOVECOT);
  ck_assert (pg_head_format_from_span (pg_span_from_string ("tai64n"), &format) && format == PG_HEAD_TAI64N);
  ck_assert (pg_head_format_from_span (pg_span_from_string ("auto"), &format) && format == PG_HEAD_UNKNOWN);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, head_is_parsed, 0, G_N_ELEMENTS (heads));
  tcase_add_loop_test (tests, format_is_guessed, 0, G_N_ELEMENTS (guesses));
  tcase_add_test (tests, formats_have_names);
}

PG_TEST_MAIN ("head", fill)
