/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Login lines. The first byte says what the rest is:
 *   s, d, T  a line of syslog, of Dovecot's own file, behind multilog: what is read from it must stand in it;
 *   m     the message of a line, without its head;
 *   n, N  a user name that somebody logged in with (2.3, 2.4): no other name and no other address may come out;
 *   f     a user name that somebody failed to log in with: no login may come out;
 *   t     a time stamp, behind 8 bytes that say what time it is now.
 */
#include "core/bytes.h"
#include "core/login-line.h"
#include "core/server-dovecot.h"

#include "common.h"

#define REAL_ADDRESS "203.0.113.17"

/* What came before must not change what a line is. */
static void
must_agree_with_memo (PgSpan line, PgHeadFormat format, PgLineKind expected)
{
  static PgProgramMemo memo; /* for the whole run */
  const char          *why;
  PgLogin              login;
  PgLineKind           kind = read_line (line, format, &memo, &login, &why);

  must (kind == expected || (kind == PG_LINE_OTHER && expected == PG_LINE_FOREIGN));
}

static PgLineKind
parse (PgSpan line, PgHeadFormat format, PgLogin *out)
{
  const char *why = NULL;
  PgLineKind  kind = read_line (line, format, NULL, out, &why);

  must (kind <= PG_LINE_LOGIN);
  must_agree_with_memo (line, format, kind);
  must (kind != PG_LINE_REFUSED || why != NULL);
  return kind;
}

static gboolean
holds (PgSpan text, const char *needle)
{
  gsize at;

  return pg_span_find (text, needle, &at);
}

/* The address stands behind the one "rip=", and something follows it. */
static void
check_address (PgSpan text, const PgLogin *login)
{
  PgSpan    rest = text;
  PgSpan    value;
  PgAddress address;
  gsize     at;

  must (pg_span_find (rest, "rip=", &at));
  for (; pg_span_find (rest, "rip=", &at); pg_span_skip (&rest, at + 4))
    {
      PgSpan behind = pg_span (rest.data + at + 4, rest.len - at - 4);

      if (pg_span_take_until (&behind, ',', &value) && pg_address_parse (value, &address)
          && pg_address_equal (&address, &login->address))
        return;
    }
  fail (__FILE__, __LINE__, "the address does not stand in the line");
}

/* Up to 1.x: "Login: name [address]", and that is the end. */
static gboolean
is_early (PgSpan text, const PgLogin *login)
{
  const char *behind = login->user.data + login->user.len;
  PgSpan      rest = pg_span (behind, (gsize) (text.data + text.len - behind));
  PgSpan      value;
  PgAddress   address;

  return login->user.data - text.data >= 7 && memcmp (login->user.data - 7, "Login: ", 7) == 0 && pg_span_take (&rest, " [")
         && pg_span_take_until (&rest, ']', &value) && rest.len == 0 && pg_address_parse (value, &address)
         && pg_address_equal (&address, &login->address);
}

static void
check_dovecot_login (PgSpan text, const PgLogin *login)
{
  must (holds (text, "-login: ") && (holds (text, "Login: ") || holds (text, "Logged in: ")));
  if (is_early (text, login))
    return;
  must (memcmp (login->user.data - 6, "user=<", 6) == 0 && login->user.data[login->user.len] == '>');
  check_address (text, login);
}

static void
check_login (PgSpan text, const PgLogin *login)
{
  must (login->user.len >= 1 && login->user.len <= PG_USER_MAX);
  must (login->user.data > text.data && login->user.data + login->user.len <= text.data + text.len);
  must (login->service >= PG_SERVICE_POP3 && login->service < PG_N_SERVICES);
  if (login->server == PG_SERVER_DOVECOT)
    check_dovecot_login (text, login);
}

static gboolean
lies_in (PgSpan part, PgSpan whole)
{
  return part.len == 0 || (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

/* The message is the line's end, the rest stands before it, and no head is of two kinds that differ in who speaks. */
static void
check_head (PgSpan line)
{
  static const PgHeadFormat formats[] = { PG_HEAD_SYSLOG, PG_HEAD_DOVECOT, PG_HEAD_TAI64N };
  PgHead                    head;
  PgHeadFormat              guess = pg_head_guess (line);

  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      if (!pg_head_parse (line, formats[i], &head))
        continue;
      must (lies_in (head.host, line) && lies_in (head.program, line) && lies_in (head.pid, line));
      must (head.message.data + head.message.len == line.data + line.len && head.message.data > line.data);
      must ((head.host.len > 0) == (formats[i] == PG_HEAD_SYSLOG));
      must (formats[i] == PG_HEAD_DOVECOT || head.program.len > 0);
      must (formats[i] != PG_HEAD_SYSLOG || !head.stamp.is_moment);
      must (guess != PG_HEAD_UNKNOWN || formats[i] == PG_HEAD_DOVECOT);
    }
}

static void
check_line (PgSpan line, guint format)
{
  PgLogin login = { .time_us = -77 };

  check_head (line);
  if (parse (line, (PgHeadFormat) format, &login) == PG_LINE_LOGIN)
    check_login (line, &login);
  else
    must (login.time_us == -77);
}

static void
check_message (PgSpan message, G_GNUC_UNUSED guint with)
{
  PgHead      head = { .message = message };
  const char *why = NULL;
  PgLogin     login;

  if (pg_server_dovecot_parse (&head, PG_HEAD_SYSLOG, &login, &why) == PG_LINE_LOGIN)
    check_login (message, &login);
}

/* As Dovecot's str_sanitize() does: no control byte gets into a line. */
static char *
sanitize (PgSpan name)
{
  GString *out = g_string_new (NULL);

  for (gsize i = 0; i < MIN (name.len, 400); i++)
    g_string_append_c (out, (guchar) name.data[i] < 0x20 ? '?' : name.data[i]);
  return g_string_free (out, FALSE);
}

static void
check_name (PgSpan input, guint which)
{
  static const char *const before[] = { "Nov 23 12:00:00 mx dovecot: pop3-login: Login: ",
                                        "2026-11-23T12:00:00Z mx dovecot[5]: imap-login: Logged in: " };
  g_autofree char         *name = sanitize (input);
  g_autofree char *line = g_strconcat (before[which], "user=<", name, ">, method=PLAIN, rip=" REAL_ADDRESS ", lip=192.0.2.1, ",
                                       "mpid=5, TLS, session=<3I5vIPBgq6R/AABC>", NULL);
  g_autofree char *block = NULL;
  char             buffer[PG_ADDRESS_TEXT_MAX];
  PgLogin          login;

  if (parse (exact (&block, pg_span_from_string (line)), PG_HEAD_SYSLOG, &login) != PG_LINE_LOGIN)
    return;
  must (g_str_equal (pg_address_to_string (&login.address, buffer), REAL_ADDRESS));
  must (pg_span_is (login.user, name));
}

static void
check_failure (PgSpan input, G_GNUC_UNUSED guint with)
{
  static const char *const before[] = {
    "Nov 23 12:00:00 mx dovecot: imap-login: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): user=<",
    "Nov 23 12:00:00 mx dovecot: pop3-login: Login aborted: Logged out (auth failed) (auth_failed): user=<",
    "Nov 23 12:00:00 mx dovecot: imap(",
    "Nov 23 12:00:00 mx dovecot: auth: passwd-file(",
    "Nov 23 12:00:00 mx postfix/smtpd[12]: NOQUEUE: reject: RCPT from unknown[192.0.2.9]: 550 <",
  };
  g_autofree char *name = sanitize (input);

  for (gsize i = 0; i < G_N_ELEMENTS (before); i++)
    {
      g_autofree char *line = g_strconcat (before[i], name, ">, method=PLAIN, rip=192.0.2.9, lip=192.0.2.1, session=<abc>", NULL);
      g_autofree char *block = NULL;
      PgLogin          login;

      must (parse (exact (&block, pg_span_from_string (line)), PG_HEAD_SYSLOG, &login) != PG_LINE_LOGIN);
    }
}

static void
check_stamp (PgSpan input, G_GNUC_UNUSED guint with)
{
  static GTimeZone *zone = NULL;
  PgClock           clock = { 0 };
  PgStamp           stamp;
  gint64            moment;

  if (zone == NULL)
    zone = g_time_zone_new_identifier ("Europe/Berlin");
  if (zone == NULL || input.len < 8)
    return;
  clock = (PgClock){ .zone = zone, .now_us = (gint64) (pg_bytes_get_u64 ((const guint8 *) input.data) % 8000000000000000u) };
  pg_span_skip (&input, 8);
  if (!pg_stamp_take (&input, &stamp) || !pg_stamp_resolve (&stamp, &clock, &moment))
    return;
  if (stamp.year != 0 || stamp.is_moment)
    return;
  must (moment <= clock.now_us + PG_STAMP_AHEAD_MAX);
  must (moment > clock.now_us - 9 * 366 * PG_DAY);
}

static const FuzzWay ways[] = {
  { 's', check_line, PG_HEAD_SYSLOG },
  { 'd', check_line, PG_HEAD_DOVECOT },
  { 'T', check_line, PG_HEAD_TAI64N },
  { 'm', check_message, 0 },
  { 'n', check_name, 0 },
  { 'N', check_name, 1 },
  { 'f', check_failure, 0 },
  { 't', check_stamp, 0 },
};

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  return take_way (ways, G_N_ELEMENTS (ways), data, size);
}
