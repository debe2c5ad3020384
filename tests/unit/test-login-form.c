/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/login-form.h"
#include "core/login-line.h"

#include "common.h"

/* --- sentences: one family with a form of each field ------------------------------------------------------------------ */

static const PgProgram programs[] = {
  PG_PROGRAM ("pop", PG_SERVICE_POP3),
  PG_PROGRAM ("any", 0),
  { 0 },
};

static const PgLoginForm forms[] = {
  { "A %u, ip=[!%a]{, n=%d}{ tls}", 0 },
  { "B !%U from %h[%a] by %m", 0 },
  { "C !\"%u\" \"%q\" %t at %c", 0 },
  { "D !%c->%S %u %P %w", 0 },
  { "E !%a->%s %u port=%o", 0 },
  { "F !%u:%a", PG_SERVICE_IMAP },
  { "G !%u at %a{ one}", 0 },
  { "G !%u at %a{ o}{ne}", 0 },
  { 0 },
};

static const PgFormFamily family = { PG_SERVER_TEAPOP, programs, forms };

#define PIECE ", ip=["
#define FOUR_PIECES PIECE PIECE PIECE PIECE
#define TEN_Ns "NNNNNNNNNN"
#define NINETY_Ns TEN_Ns TEN_Ns TEN_Ns TEN_Ns TEN_Ns TEN_Ns TEN_Ns TEN_Ns TEN_Ns

static const struct
{
  const char *program;
  PgSpan      message;
  PgLineKind  kind;
  const char *user;
  const char *address;
  PgService   service;
} sentences[] = {
  { "pop", BYTES ("A bob, ip=[203.0.113.17]"), PG_LINE_LOGIN, "bob", "203.0.113.17", PG_SERVICE_POP3 },
  { "pop", BYTES ("A bob, ip=[::ffff:203.0.113.17], n=12"), PG_LINE_LOGIN, "bob", "203.0.113.17", PG_SERVICE_POP3 },
  { "pop", BYTES ("A bob, ip=[2001:db8::5], n=-12 tls"), PG_LINE_LOGIN, "bob", "2001:db8::5", PG_SERVICE_POP3 },
  { "pop", BYTES ("A bob, ip=[2001:db8::5] tls"), PG_LINE_LOGIN, "bob", "2001:db8::5", PG_SERVICE_POP3 },
  { "pop", BYTES ("A bob, ip=[2001:db8::5] tls, n=1"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A bob, ip=[2001:db8::5], n=-"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A bob, ip=[2001:db8::5], n="), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A bob, ip=[2001:db8::5], n=1 "), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A bob, ip=[203.0.113.17x]"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A bob, ip=[203.0.113.17.]"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A bob, ip=[203.0.113.17%eth0]"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A bob, ip=[203.0.113.17"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A bob, ip=["), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A bob, ip="), PG_LINE_OTHER, NULL, NULL, 0 },
  { "pop", BYTES (" A bob, ip=[203.0.113.17]"), PG_LINE_OTHER, NULL, NULL, 0 },
  { "pop", BYTES ("A"), PG_LINE_OTHER, NULL, NULL, 0 },
  { "pop", BYTES (""), PG_LINE_OTHER, NULL, NULL, 0 },
  { "any", BYTES ("A bob, ip=[203.0.113.17]"), PG_LINE_REFUSED, NULL, NULL, 0 },
  /* the name */
  { "pop", BYTES ("A , ip=[203.0.113.17]"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A john smith, ip=[203.0.113.17]"), PG_LINE_LOGIN, "john smith", "203.0.113.17", PG_SERVICE_POP3 },
  { "pop", BYTES ("A a\"b'c>[d]%s, ip=[203.0.113.17]"), PG_LINE_LOGIN, "a\"b'c>[d]%s", "203.0.113.17", PG_SERVICE_POP3 },
  { "pop", BYTES ("A j\xc3\xbcrgen \xff, ip=[203.0.113.17]"), PG_LINE_LOGIN, "j\xc3\xbcrgen \xff", "203.0.113.17",
    PG_SERVICE_POP3 },
  { "pop", BYTES ("A a\0b, ip=[203.0.113.17]"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A a\tb, ip=[203.0.113.17]"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A a\x7f, ip=[203.0.113.17]"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A ANONYMOUS, ip=[203.0.113.17]"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A anonymous2, ip=[203.0.113.17]"), PG_LINE_LOGIN, "anonymous2", "203.0.113.17", PG_SERVICE_POP3 },
  { "pop", BYTES ("A " NINETY_Ns NINETY_Ns ", ip=[203.0.113.17]"), PG_LINE_LOGIN, NINETY_Ns NINETY_Ns, "203.0.113.17",
    PG_SERVICE_POP3 },
  { "pop", BYTES ("A " NINETY_Ns NINETY_Ns "N, ip=[203.0.113.17]"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A x, ip=[6.6.6.6], ip=[203.0.113.17]"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A x, ip=[, ip=[203.0.113.17]"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A x, ip=[203.0.113.17], ip=["), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A x" FOUR_PIECES FOUR_PIECES FOUR_PIECES FOUR_PIECES ", ip=[203.0.113.17]"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A b, ip=[0.0.0.0]"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("A b, ip=[::]"), PG_LINE_REFUSED, NULL, NULL, 0 },
  /* hosts and mechanisms */
  { "pop", BYTES ("B bob from h.example.org[203.0.113.17] by PLAIN+TLS"), PG_LINE_LOGIN, "bob", "203.0.113.17", PG_SERVICE_POP3 },
  { "pop", BYTES ("B bob from [203.0.113.17] by PLAIN"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("B bob from h[6.6.6.6] [203.0.113.17] by PLAIN"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("B bob from h [203.0.113.17] by PLAIN"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("B john smith from h[203.0.113.17] by PLAIN"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("B bob from h[203.0.113.17] by nopassword"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("B bob from h[203.0.113.17] by nopassword+TLS"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("B bob from h[203.0.113.17] by "), PG_LINE_REFUSED, NULL, NULL, 0 },
  /* texts and quotation marks */
  { "pop", BYTES ("C \"bob\" \"a b\" any text at 203.0.113.17:1"), PG_LINE_LOGIN, "bob", "203.0.113.17", PG_SERVICE_POP3 },
  { "pop", BYTES ("C \"bob\" \"\"  at 203.0.113.17:1"), PG_LINE_LOGIN, "bob", "203.0.113.17", PG_SERVICE_POP3 },
  { "pop", BYTES ("C \"bob\" \"a\" any at 6.6.6.6:1 at 203.0.113.17:1"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("C \"x\" \"y\" z at 6.6.6.6:1\" \"a\" any at 203.0.113.17:1"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("C \"x\" \"y"), PG_LINE_REFUSED, NULL, NULL, 0 },
  /* addresses with ports */
  { "any", BYTES ("D 203.0.113.17:1->192.0.2.1:110 bob POP3 x"), PG_LINE_LOGIN, "bob", "203.0.113.17", PG_SERVICE_POP3 },
  { "any", BYTES ("D 2001:db8::5:65535->2001:db8::1:143 bob IMAP4S x"), PG_LINE_LOGIN, "bob", "2001:db8::5", PG_SERVICE_IMAP },
  { "pop", BYTES ("D 203.0.113.17:1->192.0.2.1:110 bob POP3S x"), PG_LINE_LOGIN, "bob", "203.0.113.17", PG_SERVICE_POP3 },
  { "pop", BYTES ("D 203.0.113.17:1->192.0.2.1:110 bob IMAP x"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "any", BYTES ("D 203.0.113.17:1->192.0.2.1:110 bob SMTP x"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "any", BYTES ("D 203.0.113.17:1->192.0.2.1:110 bob  x"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "any", BYTES ("D 203.0.113.17->192.0.2.1:110 bob POP3 x"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "any", BYTES ("D 203.0.113.17:->192.0.2.1:110 bob POP3 x"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "any", BYTES ("D 203.0.113.17:ab->192.0.2.1:110 bob POP3 x"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "any", BYTES ("D 203.0.113.17:123456->192.0.2.1:110 bob POP3 x"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "any", BYTES ("D :1->192.0.2.1:110 bob POP3 x"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "any", BYTES ("D ->192.0.2.1:110 bob POP3 x"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "any", BYTES ("D 203.0.113.17:1->mx:110 bob POP3 x"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "any", BYTES ("E 203.0.113.17->192.0.2.1 bob port=995"), PG_LINE_LOGIN, "bob", "203.0.113.17", PG_SERVICE_POP3 },
  { "any", BYTES ("E 203.0.113.17->192.0.2.1 bob port=imap"), PG_LINE_LOGIN, "bob", "203.0.113.17", PG_SERVICE_IMAP },
  { "any", BYTES ("E 203.0.113.17->192.0.2.1 bob port=IMAP"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "any", BYTES ("E 203.0.113.17->192.0.2.1 bob port=2110"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("E 203.0.113.17->192.0.2.1 bob port=2110"), PG_LINE_LOGIN, "bob", "203.0.113.17", PG_SERVICE_POP3 },
  { "pop", BYTES ("E 203.0.113.17->192.0.2.1 bob port="), PG_LINE_REFUSED, NULL, NULL, 0 },
  /* what can be read in two ways */
  { "any", BYTES ("F bob:203.0.113.17"), PG_LINE_LOGIN, "bob", "203.0.113.17", PG_SERVICE_IMAP },
  { "any", BYTES ("F bob:2001:db8::5"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "any", BYTES ("F x:2001:db8::203.0.113.17"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "any", BYTES ("F x:6.6.6.6:203.0.113.17"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("G bob at 203.0.113.17 one"), PG_LINE_REFUSED, NULL, NULL, 0 },
  { "pop", BYTES ("G bob at 203.0.113.17 o"), PG_LINE_LOGIN, "bob", "203.0.113.17", PG_SERVICE_POP3 },
};

START_TEST (a_sentence_is_read_exactly)
{
  g_autofree char *block = NULL;
  PgSpan           message = exact (&block, sentences[_i].message);
  const PgProgram *program = pg_form_family_find (&family, pg_span_from_string (sentences[_i].program));
  PgLogin          login = { .time_us = -77 };
  const char      *why = NULL;
  PgLineKind       kind = pg_form_family_parse (&family, program, message, &login, &why);
  char             buffer[PG_ADDRESS_TEXT_MAX];

  ck_assert_msg (kind == sentences[_i].kind, "row %d: %s: %d %s", _i, sentences[_i].message.data, (int) kind, why);
  ck_assert_msg ((kind == PG_LINE_REFUSED) == (why != NULL), "row %d", _i);
  if (kind != PG_LINE_LOGIN)
    {
      ck_assert (login.time_us == -77);
      return;
    }
  assert_row (sentences[_i].message.data, pg_span_is (login.user, sentences[_i].user));
  assert_row_text (sentences[_i].message.data, pg_address_to_string (&login.address, buffer), sentences[_i].address);
  assert_row (sentences[_i].message.data, login.service == sentences[_i].service && login.server == PG_SERVER_TEAPOP);
}
END_TEST

START_TEST (a_proxy_tells_the_address_of_ours)
{
  const PgProgram *program = pg_form_family_find (&family, pg_span_from_string ("pop"));
  PgSpan           with = pg_span_from_string ("D 203.0.113.17:1->192.0.2.1:110 bob POP3 x");
  PgSpan           without = pg_span_from_string ("A bob, ip=[203.0.113.17]");
  const char      *why = NULL;
  char             buffer[PG_ADDRESS_TEXT_MAX];
  PgLogin          login;

  ck_assert (pg_form_family_parse (&family, program, with, &login, &why) == PG_LINE_LOGIN);
  ck_assert (login.has_server_address);
  ck_assert_str_eq (pg_address_to_string (&login.server_address, buffer), "192.0.2.1");
  ck_assert (pg_form_family_parse (&family, program, without, &login, &why) == PG_LINE_LOGIN);
  ck_assert (!login.has_server_address);
}
END_TEST

/* However it is filled: what syslog may have cut is not read. */
START_TEST (a_long_message_is_refused)
{
  const PgProgram *program = pg_form_family_find (&family, pg_span_from_string ("pop"));
  GString         *text = g_string_new ("C \"bob\" \"");
  const char      *why = NULL;
  PgLogin          login;

  while (text->len + strlen ("\" x at 203.0.113.17:1") < PG_LOGIN_FORM_MAX)
    g_string_append_c (text, 'x');
  g_string_append (text, "\" x at 203.0.113.17:1");
  ck_assert_uint_eq (text->len, PG_LOGIN_FORM_MAX);
  ck_assert (pg_form_family_parse (&family, program, pg_span (text->str, text->len), &login, &why) == PG_LINE_LOGIN);
  g_string_insert_c (text, 10, 'x');
  ck_assert (pg_form_family_parse (&family, program, pg_span (text->str, text->len), &login, &why) == PG_LINE_REFUSED);
  g_string_free (text, TRUE);
}
END_TEST

START_TEST (programs_are_found_by_their_exact_name)
{
  ck_assert (pg_form_family_find (&family, pg_span_from_string ("pop")) == &programs[0]);
  ck_assert (pg_form_family_find (&family, pg_span_from_string ("any")) == &programs[1]);
  ck_assert (pg_form_family_find (&family, pg_span_from_string ("po")) == NULL);
  ck_assert (pg_form_family_find (&family, pg_span_from_string ("pop3")) == NULL);
  ck_assert (pg_form_family_find (&family, pg_span_from_string ("POP")) == NULL);
  ck_assert (pg_form_family_find (&family, pg_span (NULL, 0)) == NULL);
}
END_TEST

/* A parser that tried every way to read a line would need minutes for these. */
START_TEST (a_hostile_message_costs_little)
{
  static const char *const pieces[] = { ", ip=[", "\" \"", " at ", ":", "A ", "203.0.113.17", " from h[", "x" };
  static const char *const starts[] = { "A ", "B ", "C \"", "D 203.0.113.17:1->192.0.2.1:110 ", "F ", "G " };
  const PgProgram         *program = pg_form_family_find (&family, pg_span_from_string ("pop"));
  gint64                   begun_us = g_get_monotonic_time ();

  for (gsize i = 0; i < G_N_ELEMENTS (starts); i++)
    {
      GString    *text = g_string_new (starts[i]);
      const char *why = NULL;
      PgLogin     login;

      while (text->len < 64000)
        g_string_append (text, pieces[_i]);
      ck_assert (pg_form_family_parse (&family, program, pg_span (text->str, text->len), &login, &why) != PG_LINE_LOGIN);
      g_string_free (text, TRUE);
    }
  ck_assert_msg (g_get_monotonic_time () - begun_us < 2 * G_USEC_PER_SEC, "%s", pieces[_i]);
}
END_TEST

/* --- programs whose name several servers have ------------------------------------------------------------------------- */

#define HEAD "Nov 23 11:59:00 mx imapd[5]: "
#define COURIER HEAD "LOGIN, user=bob, ip=[203.0.113.17]"
#define CYRUS HEAD "login: [203.0.113.17] bob plaintext User logged in"
#define UW HEAD "Login user=bob host=[203.0.113.17]"
#define BIT(server) (1u << PG_SERVER_##server)

static const struct
{
  const char *line;
  const char *dovecot_name;
  guint       servers;
  PgLineKind  kind;
  PgServer    server;
} shared_names[] = {
  { COURIER, "dovecot", ~0u, PG_LINE_LOGIN, PG_SERVER_COURIER },
  { CYRUS, "dovecot", ~0u, PG_LINE_LOGIN, PG_SERVER_CYRUS },
  { UW, "dovecot", ~0u, PG_LINE_LOGIN, PG_SERVER_UW },
  { COURIER, "imapd", ~0u, PG_LINE_LOGIN, PG_SERVER_COURIER },
  { COURIER, "dovecot", BIT (COURIER), PG_LINE_LOGIN, PG_SERVER_COURIER },
  { COURIER, "dovecot", BIT (CYRUS) | BIT (UW), PG_LINE_OTHER, 0 },
  { COURIER, "dovecot", BIT (DOVECOT) | BIT (QPOPPER), PG_LINE_FOREIGN, 0 },
  { UW, "dovecot", ~BIT (UW), PG_LINE_OTHER, 0 },
  { HEAD "hello", "dovecot", ~0u, PG_LINE_OTHER, 0 },
};

START_TEST (servers_may_share_a_name)
{
  const char *const dovecot_names[] = { shared_names[_i].dovecot_name, NULL };
  const char *const any_host[] = { NULL };
  g_autoptr (GTimeZone) zone = g_time_zone_new_utc ();
  PgClock     clock = { .zone = zone, .now_us = G_GINT64_CONSTANT (1795435200) * G_USEC_PER_SEC };
  PgLineRules rules = { .dovecot_names = dovecot_names, .hosts = any_host, .servers = shared_names[_i].servers };
  PgSpan      line = pg_span_from_string (shared_names[_i].line);
  const char *why = NULL;
  PgLogin     login;
  PgLineKind  kind = pg_login_line_parse (line, PG_HEAD_SYSLOG, &rules, &clock, NULL, &login, &why);

  ck_assert_msg (kind == shared_names[_i].kind, "row %d: %s", _i, shared_names[_i].line);
  ck_assert (kind != PG_LINE_LOGIN || login.server == shared_names[_i].server);
  ck_assert (pg_login_line_parse (line, PG_HEAD_DOVECOT, &rules, &clock, NULL, &login, &why) != PG_LINE_LOGIN);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, a_sentence_is_read_exactly, 0, G_N_ELEMENTS (sentences));
  tcase_add_test (tests, a_proxy_tells_the_address_of_ours);
  tcase_add_test (tests, a_long_message_is_refused);
  tcase_add_test (tests, programs_are_found_by_their_exact_name);
  tcase_add_loop_test (tests, a_hostile_message_costs_little, 0, 8);
  tcase_add_loop_test (tests, servers_may_share_a_name, 0, G_N_ELEMENTS (shared_names));
}

PG_TEST_MAIN ("login-form", fill)
