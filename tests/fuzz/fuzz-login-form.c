/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The login lines that are sentences. The first byte says what the rest is:
 *   s  a message, behind a byte that says whose: the name and address that are read must stand in it;
 *   n  a user name that somebody logged in with, behind a byte that says how: no other name and address may come out;
 *   f  a user name that somebody failed to log in with, behind a byte that says how: no login may come out, also if syslog cut
 *      the line.
 */
#include "core/login-line.h"

#include "common.h"

#define REAL_ADDRESS "203.0.113.17"
#define FAILED_ADDRESS "192.0.2.9"

/* The shortest that a syslog daemon cuts a message to: 1024 bytes with its head. */
#define SYSLOG_CUT 900

static const char *const tags[] = {
  "pop3d: ",         "imapd: ",        "pop3d-ssl: ",    "couriertcpd[5]: ", "cyrus/pop3[5]: ",
  "imap[5]: ",       "ipop3d[5]: ",    "imapsd[5]: ",    "popper[5]: ",      "in.qpopper[5]: ",
  "vpopmail[5]: ",   "popa3d[5]: ",    "perdition[5]: ", "perdition.pop3: ", "teapop[5]: ",
  "teapop_ssl[5]: ", "gnu-pop3d[5]: ", "vm-pop3d[5]: ",  "spop3d[5]: ",      "solid-pop3d[5]: ",
};

/* A message is @before, the name, and @behind. */
typedef struct
{
  const char *tag;
  const char *before;
  const char *behind;
} Sentence;

#define PERDITION_SERVER "\" server=\"192.0.2.2:110\" protocol=POP3 server-secure=plaintext "
#define PERDITION(address) "Auth: " address ":4711->192.0.2.1:110 client-secure=plaintext "

static const Sentence logins[] = {
  { "pop3d: ", "LOGIN, user=", ", ip=[::ffff:" REAL_ADDRESS "], port=[4711]" },
  { "imapd: ", "LOGIN, user=", ", ip=[" REAL_ADDRESS "], port=[4711], protocol=IMAP" },
  { "imaplogin: ", "LOGIN, user=", ", ip=[" REAL_ADDRESS "]" },
  { "cyrus/pop3[5]: ", "login: client.example.org [" REAL_ADDRESS "] ", " plaintext+TLS User logged in SESSIONID=<cyrus-1-2>" },
  { "imapd[5]: ", "login: client.example.org[" REAL_ADDRESS "] ", " PLAIN User logged in" },
  { "ipop3d[5]: ", "Login user=", " host=client.example.org [" REAL_ADDRESS "] nmsgs=1/1" },
  { "imapd[5]: ", "Authenticated user=", " host=[" REAL_ADDRESS "]" },
  { "popper[5]: ", "(v4.0.9) POP login by user \"", "\" at (client.example.org) " REAL_ADDRESS " [pop_log.c:244]" },
  { "popper[5]: ", "(v4.0.9) POP login by user \"", "\" at (client.example.org) " REAL_ADDRESS },
  { "vpopmail[5]: ", "vchkpw-pop3: (PLAIN) login success ", ":" REAL_ADDRESS },
  { "vpopmail[5]: ", "vchkpw: login [", "] from " REAL_ADDRESS },
  { "popa3d[5]: ", "Authentication passed for ", " -- [" REAL_ADDRESS "]" },
  { "perdition.pop3[5]: ", PERDITION (REAL_ADDRESS) "authorisation_id=NONE authentication_id=\"",
    PERDITION_SERVER "status=\"ok\"" },
  { "perdition[5]: ", "Auth: " REAL_ADDRESS "->192.0.2.1 user=\"", "\" server=\"192.0.2.2\" port=\"110\" status=\"ok\"" },
  { "teapop[5]: ", "Successful login for ", " [" REAL_ADDRESS "]" },
  { "gnu-pop3d[5]: ", "User ", " logged in with mailbox /var/mail/x from " REAL_ADDRESS },
  { "vm-pop3d[5]: ", "User ", " logged in from " REAL_ADDRESS },
  { "solid-pop3d[5]: ", "user ", " authenticated - " REAL_ADDRESS },
  { "spop3d[5]: ", "mapped user ", " authenticated - client.example.org (" REAL_ADDRESS ")" },
};

static const Sentence failures[] = {
  { "pop3d: ", "LOGIN FAILED, user=", ", ip=[::ffff:" FAILED_ADDRESS "], port=[4711]" },
  { "imapd: ", "LOGIN FAILED, method=", ", ip=[::ffff:" FAILED_ADDRESS "], port=[4711]" },
  { "cyrus/pop3[5]: ", "badlogin: [" FAILED_ADDRESS "] plaintext (", ") [SASL(-13): user not found: checkpass failed]" },
  { "imapd[5]: ", "login: [" FAILED_ADDRESS "] anonymous ", "" },
  { "imapd[5]: ", "Login failed user=", " auth=x host=[" FAILED_ADDRESS "]" },
  { "ipop3d[5]: ", "AUTHENTICATE ", " failure host=[" FAILED_ADDRESS "]" },
  { "popper[5]: ", "",
    " at client.example.org (" FAILED_ADDRESS "): -ERR [AUTH] Password supplied is incorrect. [pop_pass.c:1295]" },
  { "popper[5]: ", "[AUTH] Failed attempted login to ", " from host (client.example.org) " FAILED_ADDRESS },
  { "vpopmail[5]: ", "vchkpw-pop3: password fail ", "@example.org:" FAILED_ADDRESS },
  { "vpopmail[5]: ", "vchkpw-pop3: password fail (pass: '", "') x@example.org:" FAILED_ADDRESS },
  { "popa3d[5]: ", "Authentication failed for ", "" },
  { "perdition.pop3[5]: ", PERDITION (FAILED_ADDRESS) "authorisation_id=NONE authentication_id=\"",
    PERDITION_SERVER "status=\"failed: Re-Authentication Failure\"" },
  { "perdition.pop3[5]: ", PERDITION (FAILED_ADDRESS) "authorisation_id=\"",
    "\" authentication_id=\"x" PERDITION_SERVER "status=\"failed: Re-Authentication Failure\"" },
  { "teapop[5]: ", "Failed login for ", " [" FAILED_ADDRESS "]" },
  { "gnu-pop3d[5]: ", "Possible probe of account '", "'" },
  { "vm-pop3d[5]: ", "Failed login for ", " from " FAILED_ADDRESS },
  { "solid-pop3d[5]: ", "authentication failed: no such user: ", " - " FAILED_ADDRESS },
  { "postfix/smtpd[5]: ", "NOQUEUE: reject: RCPT from unknown[" FAILED_ADDRESS "]: 550 <", ">" },
};

static PgLineKind
parse (PgSpan line, PgLogin *out)
{
  const char *why = NULL;
  PgLineKind  kind = read_line (line, PG_HEAD_SYSLOG, NULL, out, &why);

  must (kind <= PG_LINE_LOGIN);
  must ((kind == PG_LINE_REFUSED) == (why != NULL));
  return kind;
}

static PgSpan
make_line (const char *tag, PgSpan message, char **block)
{
  g_autoptr (GString) line = g_string_new ("Nov 23 12:00:00 mx ");

  g_string_append (line, tag);
  g_string_append_len (line, message.data, (gssize) message.len);
  return exact (block, pg_span (line->str, line->len));
}

/* Does some run of the bytes of addresses, or a run up to its last colon, name @address? */
static gboolean
names_address (PgSpan text, const PgAddress *address)
{
  for (gsize from = 0; from < text.len; from++)
    {
      gsize     len = 0;
      PgAddress found;

      if (from > 0 && pg_span_only_has (pg_span (text.data + from - 1, 1), "."))
        continue;
      while (from + len < text.len && pg_span_only_has (pg_span (text.data + from + len, 1), ".:"))
        len++;
      for (gsize end = len; end > 0; end--)
        if ((end == len || text.data[from + end] == ':') && pg_address_parse (pg_span (text.data + from, end), &found)
            && pg_address_equal (&found, address))
          return TRUE;
    }
  return FALSE;
}

static void
check_message (PgSpan message, G_GNUC_UNUSED guint with)
{
  guint            whose = take_byte (&message);
  g_autofree char *block = NULL;
  PgSpan           line = make_line (tags[whose % G_N_ELEMENTS (tags)], message, &block);
  PgLogin          login = { .time_us = -77 };

  if (parse (line, &login) != PG_LINE_LOGIN)
    {
      must (login.time_us == -77);
      return;
    }
  must (message.len <= 480);
  must (login.user.len >= 1 && login.user.len <= PG_USER_MAX);
  must (login.user.data > line.data && login.user.data + login.user.len < line.data + line.len);
  must (login.service >= PG_SERVICE_POP3 && login.service <= PG_SERVICE_SUBMISSION);
  must (login.server > PG_SERVER_DOVECOT && login.server <= PG_SERVER_SOLID_POP3D);
  must (names_address (line, &login.address));
}

static void
check_login (PgSpan name, G_GNUC_UNUSED guint with)
{
  const Sentence *sentence = &logins[take_byte (&name) % G_N_ELEMENTS (logins)];
  g_autoptr (GString) text = g_string_new (sentence->before);
  g_autofree char *block = NULL;
  char             buffer[PG_ADDRESS_TEXT_MAX];
  PgLogin          login;

  g_string_append_len (text, name.data, (gssize) name.len);
  g_string_append (text, sentence->behind);
  if (parse (make_line (sentence->tag, pg_span (text->str, text->len), &block), &login) != PG_LINE_LOGIN)
    return;
  must (g_str_equal (pg_address_to_string (&login.address, buffer), REAL_ADDRESS));
  must (pg_span_equal (login.user, name));
}

static void
check_failure (PgSpan name, G_GNUC_UNUSED guint with)
{
  const Sentence *sentence = &failures[take_byte (&name) % G_N_ELEMENTS (failures)];
  g_autoptr (GString) text = g_string_new (sentence->before);
  PgLogin login;

  g_string_append_len (text, name.data, (gssize) name.len);
  g_string_append (text, sentence->behind);
  for (gsize len = text->len;; len = SYSLOG_CUT)
    {
      g_autofree char *block = NULL;

      must (parse (make_line (sentence->tag, pg_span (text->str, len), &block), &login) != PG_LINE_LOGIN);
      if (len <= SYSLOG_CUT)
        return;
    }
}

static const FuzzWay ways[] = {
  { 's', check_message, 0 },
  { 'n', check_login, 0 },
  { 'f', check_failure, 0 },
};

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  return take_way (ways, G_N_ELEMENTS (ways), data, size);
}
