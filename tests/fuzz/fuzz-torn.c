/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logins by Courier, and failed ones whose names courierlogger tears. The input is a sequence of clients, each of five bytes
 * and a text up to an LF:
 *   who: host, program, process; whether reading ends here and is resumed (0x80), before which piece (0x60);
 *   seconds since the client before, and between its lines, each up to 4 minutes; an address;
 *   what: l  it logs in;   m  it connects and fails to log in, and the line lacks what stands before the text, as right behind
 *   torn ones;   else it fails to, under the text as it is, or put so that it is the second piece (p: behind blanks, b: at its
 *   beginning).
 * Nobody who failed may be taken for logged in, by whatever address. Who logs in is, where nothing is in doubt.
 */
#include "core/joiner.h"
#include "core/login-line.h"

#include "common.h"

#define BEGIN_S G_GINT64_CONSTANT (1795435200) /* 2026-11-23 12:00:00 UTC */

/* What Courier writes of a failed login at most, what courierlogger passes on at a time, and how much of that is the name. */
#define MESSAGE_MAX 1023
#define PIECE 511
#define BEFORE_NAME "INFO: LOGIN FAILED, user="
#define FIRST_NAME (PIECE - (sizeof BEFORE_NAME - 1))

#define N_WRITERS 8

static const char *const any_host[] = { NULL };
static const char *const no_names[] = { NULL };
static const char *const tags[N_WRITERS] = {
  "mx pop3d", "mx imapd", "mx pop3d-ssl", "mx pop3d[5]", "mx imapd[5]", "mx2 pop3d", "mx2 imapd", "mx2 imapd[6]",
};

/* When somebody wrote a line last that may be a piece, 0: never; whether his next one may be, too. */
typedef struct
{
  gint64   torn_s;
  gboolean is_open;
} Writer;

typedef struct
{
  PgJoiner *joiner;
  gint64    now_s;
  Writer    writers[N_WRITERS];
} Run;

typedef struct
{
  guint  who;
  guint  after_s;
  guint  between_s;
  guint  address;
  guint  what;
  PgSpan text;
} Client;

static Writer *
writer_of (Run *run, const Client *client)
{
  return &run->writers[client->who % N_WRITERS];
}

static void
follow (Writer *writer, gsize len, gint64 now_s)
{
  gboolean is_long = len > 480;

  if (is_long || writer->is_open)
    writer->torn_s = now_s;
  writer->is_open = is_long;
}

static PgLineKind
parse (Run *run, const Client *client, PgSpan message, PgLogin *out)
{
  static GTimeZone *utc = NULL;
  PgLineRules       rules = { .dovecot_names = no_names, .hosts = any_host, .servers = ~0u };
  PgClock           clock = { .now_us = run->now_s * PG_SECOND };
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_utc (run->now_s);
  g_autofree char *stamp = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ ");
  g_autoptr (GString) line = g_string_new (stamp);
  g_autofree char *block = NULL;
  const char      *why = NULL;
  PgLineKind       kind;

  if (utc == NULL)
    utc = g_time_zone_new_utc ();
  clock.zone = utc;
  g_string_append_printf (line, "%s: ", tags[client->who % N_WRITERS]);
  g_string_append_len (line, message.data, (gssize) message.len);
  kind = pg_login_line_parse (exact (&block, pg_span (line->str, line->len)), PG_HEAD_SYSLOG, &rules, &clock, run->joiner, out,
                              &why);
  follow (writer_of (run, client), message.len, run->now_s);
  must ((kind == PG_LINE_REFUSED) == (why != NULL));
  must (pg_torn_n_programs (pg_joiner_torn (run->joiner)) <= N_WRITERS);
  return kind;
}

static void
resume (Run *run)
{
  pg_joiner_free (run->joiner);
  run->joiner = pg_joiner_new ();
  pg_torn_resume (pg_joiner_torn (run->joiner));
  memset (run->writers, 0, sizeof run->writers); /* what is lost then is the second piece at most */
}

/* What the client does not choose: control bytes become dots, and the message ends at its most. */
static GString *
make_failure (const Client *client)
{
  GString *text = g_string_new (BEFORE_NAME);

  if (client->what == 'p' || client->what == 'b')
    {
      g_autofree char *name = g_strnfill (FIRST_NAME, 'x');

      g_string_append (text, name);
    }
  for (gsize i = client->text.len; client->what == 'p' && i < PIECE; i++)
    g_string_append_c (text, ' ');
  g_string_append_len (text, client->text.data, (gssize) client->text.len);
  g_string_append_printf (text, ", ip=[::ffff:198.51.100.%u], port=[4711]", client->address);
  g_string_truncate (text, MIN (text->len, MESSAGE_MAX));
  for (gsize i = 0; i < text->len; i++)
    if (text->str[i] < 0x20 || text->str[i] > 0x7e)
      text->str[i] = '.';
  return text;
}

static PgSpan
strip_piece (PgSpan piece)
{
  static const char *const levels[] = { "ERR:", "WARN:", "ALERT:", "CRIT:", "DEBUG:", "INFO:" };

  for (gsize i = 0; i < G_N_ELEMENTS (levels); i++)
    if (pg_span_take (&piece, levels[i]))
      break;
  while (pg_span_take (&piece, " "))
    continue;
  return piece;
}

static void
fail_to_log_in (Run *run, const Client *client)
{
  GString *text = make_failure (client);
  guint    n_pieces = 0;
  PgLogin  login;

  for (gsize at = 0; at < text->len; at += PIECE, n_pieces++)
    {
      PgSpan piece = strip_piece (pg_span (text->str + at, MIN (text->len - at, PIECE)));

      if ((client->who & 0x80) && n_pieces == (client->who >> 5 & 3))
        resume (run);
      must (parse (run, client, piece, &login) != PG_LINE_LOGIN);
      run->now_s += client->between_s;
    }
  g_string_free (text, TRUE);
}

static void
fail_without_beginning (Run *run, const Client *client)
{
  const Writer    *writer = writer_of (run, client);
  g_autofree char *peer = g_strdup_printf ("ip=[::ffff:198.51.100.%u], port=[4711]", client->address);
  g_autofree char *connection = g_strconcat ("Connection, ", peer, NULL);
  GString         *text;
  PgLogin          login;

  if (writer->torn_s == 0 || (run->now_s - writer->torn_s) * PG_SECOND >= PG_TORN_MARGIN)
    return;
  text = g_string_new_len (client->text.data, (gssize) MIN (client->text.len, PIECE));
  g_string_append_printf (text, ", %s", peer);
  must (parse (run, client, pg_span_from_string (connection), &login) == PG_LINE_OTHER);
  run->now_s += client->between_s % (PG_TORN_AGE / PG_SECOND);
  must (parse (run, client, pg_span (text->str, text->len), &login) != PG_LINE_LOGIN);
  g_string_free (text, TRUE);
}

static void
log_in (Run *run, const Client *client)
{
  const Writer    *writer = writer_of (run, client);
  gboolean         is_sure = !writer->is_open && (writer->torn_s == 0 || run->now_s - writer->torn_s > PG_TORN_AGE / PG_SECOND);
  g_autofree char *peer = g_strdup_printf ("ip=[::ffff:203.0.113.%u], port=[%u]", client->address, client->after_s + 1);
  g_autofree char *connection = g_strconcat ("Connection, ", peer, NULL);
  g_autofree char *line = g_strconcat ("LOGIN, user=bob, ", peer, NULL);
  g_autofree char *expected = g_strdup_printf ("203.0.113.%u", client->address);
  char             buffer[PG_ADDRESS_TEXT_MAX];
  PgLogin          login;
  PgLineKind       kind;

  must (parse (run, client, pg_span_from_string (connection), &login) == PG_LINE_OTHER);
  run->now_s += client->between_s;
  kind = parse (run, client, pg_span_from_string (line), &login);
  must (kind == PG_LINE_LOGIN || !is_sure);
  if (kind == PG_LINE_LOGIN)
    must (g_str_equal (pg_address_to_string (&login.address, buffer), expected));
}

static gboolean
take_client (Run *run, PgSpan *input)
{
  Client   client = { 0 };
  GString *text;

  if (input->len < 5)
    return FALSE;
  client.who = take_byte (input);
  client.after_s = take_byte (input);
  client.between_s = take_byte (input) % 240;
  client.address = take_byte (input);
  client.what = take_byte (input);
  if (!pg_span_take_until (input, '\n', &client.text))
    {
      client.text = *input;
      *input = pg_span (NULL, 0);
    }
  text = unfold (client.text);
  client.text = pg_span (text->str, text->len);
  run->now_s += client.after_s;
  if (client.what == 'l')
    log_in (run, &client);
  else if (client.what == 'm')
    fail_without_beginning (run, &client);
  else
    fail_to_log_in (run, &client);
  g_string_free (text, TRUE);
  return TRUE;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  PgSpan input = pg_span ((const char *) data, size);
  Run    run = { .joiner = pg_joiner_new (), .now_s = BEGIN_S };

  while (take_client (&run, &input))
    continue;
  pg_joiner_free (run.joiner);
  return 0;
}
