/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/suspect.h"

#include "common.h"

static const struct
{
  const char *line;
  gboolean    expected;
} rows[] = {
  { "dovecot: pop3-login: Login : user=<bob>, rip=192.0.2.1", FALSE },
  { "dovecot: imap-login: Logged in, but you should use this server instead: user=<bob>", TRUE },
  { "dovecot: lmtp-login: Login: user=<bob>", TRUE },
  { "pop3d: LOGIN, user=bob, ip=[unknown]", TRUE },
  { "ipop3d[1]: Login user=bob host=mail.example.org", TRUE },
  { "popa3d[1]: Authentication passed for bob", TRUE },
  { "pop3d: LOGIN FAILED, user=bob, ip=[192.0.2.1]", FALSE },
  { "pop3d: LOGOUT, user=bob", FALSE },
  { "cyrus/pop3[1]: badlogin: [192.0.2.1] plaintext bob", FALSE },
  { "dovecot: imap-login: Aborted login (auth failed, 1 attempts): user=<bob>", FALSE },
  { "dovecot: imap-login: Disconnected: Inactivity (no auth attempts)", FALSE },
  { "dovecot: imap(bob)<1><x>: Disconnected: Logged out in=1 out=2", FALSE },
  { "dovecot: auth: passwd-file(bob,192.0.2.1): unknown user", FALSE },
  { "dovecot: lmtp(bob): msgid=<1@mail.example.org>: saved mail to INBOX", FALSE },
  { "", FALSE },
};

START_TEST (row)
{
  char  *block;
  PgSpan line = exact_string (&block, rows[_i].line);

  ck_assert_msg (pg_suspect_is_login (line) == rows[_i].expected, "%s", rows[_i].line);
  g_free (block);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, row, 0, G_N_ELEMENTS (rows));
}

PG_TEST_MAIN ("suspect", fill)
