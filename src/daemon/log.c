/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/log.h"

#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#define PER_MINUTE 20

/* Where peers are told apart, each may cause so many, and all together some more. */
#define PER_PEER_AND_MINUTE 20
#define PEERS_PER_MINUTE 40

static const char *
level_word (GLogLevelFlags level)
{
  if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) != 0)
    return "error: ";
  return (level & G_LOG_LEVEL_WARNING) != 0 ? "warning: " : "";
}

static const char *
find_message (const GLogField *fields, gsize n_fields)
{
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      return fields[i].value;
  return "";
}

/* The last defence: one message is one line of bounded length, whatever was said. */
static char *
tame (const char *message)
{
  char *line = g_strndup (message, PG_LOG_LINE_MAX);

  for (char *c = line; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = '?';
  return line;
}

/* As syslog(3) numbers them. */
static int
priority (GLogLevelFlags level)
{
  if ((level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) != 0)
    return LOG_ERR;
  return (level & G_LOG_LEVEL_WARNING) != 0 ? LOG_WARNING : LOG_NOTICE;
}

static void
tell_stderr (GLogLevelFlags level, const char *message)
{
  fprintf (stderr, "popgated[%d]: %s%s\n", (int) getpid (), level_word (level), message);
}

static void
tell_syslog (GLogLevelFlags level, const char *message)
{
  syslog (priority (level), "%s%s", level_word (level), message);
}

static void
tell_journal (GLogLevelFlags level, const char *message)
{
  const char      number[] = { (char) ('0' + priority (level)), '\0' };
  const GLogField fields[] = {
    { "MESSAGE", message, -1 },
    { "PRIORITY", number, -1 },
    { "SYSLOG_IDENTIFIER", "popgated", -1 },
  };

  if (g_log_writer_journald (level, fields, G_N_ELEMENTS (fields), NULL) != G_LOG_WRITER_HANDLED)
    tell_stderr (level, message);
}

static void (*const tellers[]) (GLogLevelFlags level, const char *message) = {
  [PG_LOG_STDERR] = tell_stderr,
  [PG_LOG_SYSLOG] = tell_syslog,
  [PG_LOG_JOURNAL] = tell_journal,
};

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer target)
{
  g_autofree char *message = tame (find_message (fields, n_fields));

  if ((level & (G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG)) == 0)
    tellers[GPOINTER_TO_UINT (target)](level, message);
  return G_LOG_WRITER_HANDLED;
}

/* Opened at once: it may be out of reach when root is given up. */
void
pg_log_init (PgLogTarget target)
{
  if (target == PG_LOG_SYSLOG)
    openlog ("popgated", LOG_PID | LOG_NDELAY, LOG_MAIL);
  if (target == PG_LOG_STDERR && g_log_writer_is_journald (STDERR_FILENO))
    target = PG_LOG_JOURNAL;
  g_log_set_writer_func (write_log, GUINT_TO_POINTER (target), NULL);
}

static void
begin_minute (PgLogThrottle *self, const char *what)
{
  gint64 minute = g_get_monotonic_time () / (60 * G_USEC_PER_SEC);

  if (minute == self->minute)
    return;
  if (self->n_dropped > 0)
    g_message ("%u more %s were not logged one by one", self->n_dropped, what);
  *self = (PgLogThrottle){ .minute = minute };
}

static gboolean
may (PgLogThrottle *self, guint limit)
{
  if (self->n_logged < limit)
    {
      self->n_logged++;
      return TRUE;
    }
  self->n_dropped++;
  return FALSE;
}

gboolean
pg_log_may (PgLogThrottle *self, const char *what)
{
  begin_minute (self, what);
  return may (self, PER_MINUTE);
}

gboolean
pg_log_may_of (PgLogThrottle *self, guint peer, const char *what)
{
  guint8 *n_of_peer = &self->n_of[(peer * 2654435761U) >> 27];

  G_STATIC_ASSERT (PG_LOG_PEERS == 1 << (32 - 27));
  begin_minute (self, what);
  if (*n_of_peer >= PER_PEER_AND_MINUTE)
    {
      self->n_dropped++;
      return FALSE;
    }
  (*n_of_peer)++;
  return may (self, PEERS_PER_MINUTE);
}
