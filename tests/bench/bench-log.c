/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-log: writes the mail log of a busy day: Postfix and Dovecot in the mix of life, so many logins in a hundred lines.
 *
 * The same options give the same bytes. Prints one JSON object: how many lines and logins there are, and the address of the last
 * login.
 */
#include "bench-address.h"
#include "bench-tool.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define BATCH_BYTES 262144
#define LINES_PER_S 25
#define FIRST_S G_GINT64_CONSTANT (1795392000) /* 2026-11-23 00:00:00 UTC */

static struct
{
  char  *file;
  gint64 megabytes;
  int    percent, users;
  gint64 first_s;
  char  *head;
} options = { .megabytes = 300, .percent = 5, .users = 5000, .first_s = FIRST_S };

static const GOptionEntry entries[] = {
  { "file", 'f', 0, G_OPTION_ARG_FILENAME, &options.file, "The log; written anew", "PATH" },
  { "megabytes", 'm', 0, G_OPTION_ARG_INT64, &options.megabytes, "Its size, in millions of bytes (300)", "N" },
  { "logins", 'l', 0, G_OPTION_ARG_INT, &options.percent, "Logins in a hundred lines (5)", "N" },
  { "users", 'u', 0, G_OPTION_ARG_INT, &options.users, "Users, each with an address of his own (5000)", "N" },
  { "first", 0, 0, G_OPTION_ARG_INT64, &options.first_s, "Time of the first line, in seconds since 1970", "S" },
  { "head", 0, 0, G_OPTION_ARG_STRING, &options.head, "rfc3339 or rfc3164 (rfc3339)", "KIND" },
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  guint64 state;
  guint64 n_lines;
  guint64 n_logins;
  guint   last;    /* user who logged in */
  gint64  stamp_s; /* of the text in @stamp */
  char    stamp[32];
} Writer;

/* xorshift64*: fast, and the same on each machine. */
static guint
draw (Writer *self, guint below)
{
  self->state ^= self->state >> 12;
  self->state ^= self->state << 25;
  self->state ^= self->state >> 27;
  return (guint) ((self->state * G_GUINT64_CONSTANT (2685821657736338717)) >> 33) % below;
}

static void
append_head (Writer *self, GString *out, const char *tag)
{
  gboolean  is_3164 = g_strcmp0 (options.head, "rfc3164") == 0;
  gint64    now_s = options.first_s + (gint64) (self->n_lines / LINES_PER_S);
  time_t    seconds = (time_t) now_s;
  struct tm utc;

  if (now_s != self->stamp_s)
    {
      gmtime_r (&seconds, &utc);
      strftime (self->stamp, sizeof self->stamp, is_3164 ? "%b %e %H:%M:%S" : "%Y-%m-%dT%H:%M:%S", &utc);
      self->stamp_s = now_s;
    }
  g_string_append (out, self->stamp);
  if (!is_3164)
    g_string_append_printf (out, ".%06u+00:00",
                            (guint) (self->n_lines % LINES_PER_S) * (1000000 / LINES_PER_S) + draw (self, 9999));
  g_string_append_printf (out, " mx1 %s", tag);
}

/* 250 users a network. */
static const char *
address_of (guint user, char out[PG_BENCH_ADDRESS_MAX])
{
  g_snprintf (out, PG_BENCH_ADDRESS_MAX, "203.%u.%u.%u", user / 64000 % 256, user / 250 % 256, user % 250 + 1);
  return out;
}

static void
append_login (Writer *self, GString *out)
{
  guint user = draw (self, (guint) options.users);
  char  address[PG_BENCH_ADDRESS_MAX];

  self->last = user;
  append_head (self, out, "dovecot: ");
  g_string_append_printf (out,
                          "%s-login: Login: user=<user%u@example.org>, method=PLAIN, rip=%s, lip=192.0.2.25, mpid=%u, "
                          "TLS, session=<q7nP%08x>\n",
                          user % 3 == 0 ? "pop3" : "imap", user, address_of (user, address), 1000 + draw (self, 30000),
                          draw (self, G_MAXINT));
  self->n_logins++;
}

/* What Dovecot says beside logins. */
static void
append_dovecot (Writer *self, GString *out)
{
  guint user = draw (self, (guint) options.users);
  guint pid = 1000 + draw (self, 30000);
  guint id = draw (self, G_MAXINT);

  append_head (self, out, "dovecot: ");
  if (user % 10 == 0)
    g_string_append_printf (out,
                            "imap-login: Disconnected: Connection closed (auth failed, 1 attempts in 2 secs): user=<user%u>, "
                            "method=PLAIN, rip=198.51.100.%u, lip=192.0.2.25, TLS, session=<Zk3w%08x>\n",
                            user, user % 250, id);
  else if (user % 10 < 5)
    g_string_append_printf (out,
                            "lmtp(user%u@example.org)<%u><kK1S%08x>: msgid=<%08x.20261123@example.net>: saved mail to INBOX\n",
                            user, pid, id, id);
  else
    g_string_append_printf (out,
                            "imap(user%u@example.org)<%u><q7nP%08x>: Disconnected: Logged out in=%u out=%u deleted=0 expunged=0 "
                            "trashed=0 hdr_count=0 hdr_bytes=0 body_count=0 body_bytes=0\n",
                            user, pid, id, pid % 997, id % 99991);
}

static void
append_smtp (Writer *self, GString *out, guint id)
{
  append_head (self, out, "postfix/smtp[");
  g_string_append_printf (out,
                          "%u]: 4F%08X: to=<somebody%u@example.com>, relay=mail.example.com[198.51.100.%u]:25, delay=0.%u, "
                          "delays=0.05/0.01/0.4/0.3, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4G%08X)\n",
                          1000 + id % 30000, id, id % 9973, id % 250, id % 1000, id ^ 0x5a5a5a5a);
}

static void
append_postfix (Writer *self, GString *out)
{
  guint id = draw (self, G_MAXINT);
  guint pid = 1000 + id % 30000;

  switch (draw (self, 7))
    {
    case 0:
      append_head (self, out, "postfix/smtpd[");
      g_string_append_printf (out, "%u]: connect from mail%u.example.net[198.51.100.%u]\n", pid, id % 99, id % 250);
      break;
    case 1:
      append_head (self, out, "postfix/smtpd[");
      g_string_append_printf (out,
                              "%u]: disconnect from mail%u.example.net[198.51.100.%u] ehlo=2 starttls=1 mail=1 rcpt=1 data=1 "
                              "quit=1 commands=7\n",
                              pid, id % 99, id % 250);
      break;
    case 2:
      append_head (self, out, "postfix/cleanup[");
      g_string_append_printf (out, "%u]: 4F%08X: message-id=<%08x.20261123@example.net>\n", pid, id, id);
      break;
    case 3:
      append_head (self, out, "postfix/qmgr[");
      g_string_append_printf (out, "812]: 4F%08X: from=<sender%u@example.net>, size=%u, nrcpt=1 (queue active)\n", id, id % 9973,
                              id % 999983);
      break;
    case 4:
      append_head (self, out, "postfix/qmgr[");
      g_string_append_printf (out, "812]: 4F%08X: removed\n", id);
      break;
    default:
      append_smtp (self, out, id);
    }
}

static void
append_line (Writer *self, GString *out)
{
  if (draw (self, 100) < (guint) options.percent)
    append_login (self, out);
  else if (draw (self, 100) < 15)
    append_dovecot (self, out);
  else
    append_postfix (self, out);
  self->n_lines++;
}

int
main (int argc, char **argv)
{
  Writer   writer = { .state = 88172645463325252u };
  GString *batch = g_string_sized_new (BATCH_BYTES + 1024);
  gint64   written = 0;
  char     last[PG_BENCH_ADDRESS_MAX];
  int      fd;

  pg_bench_parse_options ("Writes the mail log of a busy day.", entries, &argc, &argv);
  if (options.file == NULL || options.megabytes < 1 || options.percent < 0 || options.percent > 100 || options.users < 1)
    pg_bench_die (PG_BENCH_USAGE, "--file is missing, or a number is out of range");
  fd = open (options.file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0)
    pg_bench_die (PG_BENCH_FAILED, "cannot write %s", options.file);
  for (; written < options.megabytes * 1000000; written += (gint64) batch->len)
    {
      g_string_truncate (batch, 0);
      while (batch->len < BATCH_BYTES)
        append_line (&writer, batch);
      pg_bench_write (fd, batch->str, batch->len);
    }
  printf ("{\"bytes\": %" G_GINT64_FORMAT ", \"lines\": %" G_GUINT64_FORMAT ", \"logins\": %" G_GUINT64_FORMAT
          ", \"last\": \"%s\"}\n",
          written, writer.n_lines, writer.n_logins, address_of (writer.last, last));
  g_string_free (batch, TRUE);
  close (fd);
  return PG_BENCH_DONE;
}
