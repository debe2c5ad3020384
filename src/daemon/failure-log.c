/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/failure-log.h"

/* A disk that stays full would be told of for ever, on the same disk perhaps. */
#define TELL_AGAIN_US (10 * 60 * G_USEC_PER_SEC)

void
pg_failure_log_clear (PgFailureLog *self)
{
  g_clear_pointer (&self->told, g_free);
}

void
pg_failure_log_tell (PgFailureLog *self, const char *what)
{
  gint64 now_us = g_get_monotonic_time ();

  if (what != NULL && g_strcmp0 (what, self->told) == 0 && now_us - self->told_us < TELL_AGAIN_US)
    return;
  if (what != NULL)
    g_warning ("%s", what);
  g_free (self->told);
  self->told = g_strdup (what);
  self->told_us = now_us;
}
