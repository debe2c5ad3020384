/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/log.h"

#include <stdio.h>
#include <unistd.h>

#define PER_MINUTE 20

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

static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer to_journal)
{
  if ((level & (G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG)) != 0)
    return G_LOG_WRITER_HANDLED;
  if (to_journal != NULL && g_log_writer_journald (level, fields, n_fields, NULL) == G_LOG_WRITER_HANDLED)
    return G_LOG_WRITER_HANDLED;
  fprintf (stderr, "popgated[%d]: %s%s\n", (int) getpid (), level_word (level), find_message (fields, n_fields));
  return G_LOG_WRITER_HANDLED;
}

void
pg_log_init (void)
{
  g_log_set_writer_func (write_log, g_log_writer_is_journald (STDERR_FILENO) ? "journal" : NULL, NULL);
}

gboolean
pg_log_may (PgLogThrottle *self, const char *what)
{
  gint64 minute = g_get_monotonic_time () / (60 * G_USEC_PER_SEC);

  if (minute != self->minute)
    {
      if (self->n_dropped > 0)
        g_message ("%u more %s were not logged one by one", self->n_dropped, what);
      *self = (PgLogThrottle){ .minute = minute };
    }
  if (self->n_logged++ < PER_MINUTE)
    return TRUE;
  self->n_dropped++;
  return FALSE;
}
