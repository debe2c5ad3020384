/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/health.h"

#include "core/duration.h"

void
pg_health_clear (PgHealth *self)
{
  g_free (self->told);
  g_free (self->jump);
  g_free (self->warning);
}

static void
set_text (char **text, const char *value)
{
  g_free (*text);
  *text = g_strdup (value);
}

/* Said when it changes: a log that has vanished may come back as something that can't be read either. */
static void
tell_blind (PgHealth *self, const PgSource *source)
{
  const char *problem = pg_source_problem (source);

  if (g_strcmp0 (problem, self->told) == 0)
    return;
  g_warning ("%s: %s", pg_source_name (source), problem);
  set_text (&self->told, problem);
}

static void
be_current (PgHealth *self, const PgSource *source)
{
  if (self->told != NULL)
    g_message ("%s: can be read again", pg_source_name (source));
  g_clear_pointer (&self->told, g_free);
  self->was_current = TRUE;
  self->not_current_since_us = 0;
}

static void
follow_state (PgHealth *self, const PgSource *source, gint64 stale_us, gint64 time_us)
{
  PgSourceState state = pg_source_state (source);

  if (state == PG_SOURCE_CURRENT)
    {
      be_current (self, source);
      return;
    }
  if (self->not_current_since_us == 0)
    self->not_current_since_us = time_us;
  if (state != PG_SOURCE_BLIND)
    return;
  tell_blind (self, source);
  /* What is found when it can be read again is an outage's worth of lines. */
  if (pg_health_not_current_for (self, time_us) > stale_us)
    self->was_current = FALSE;
}

static void
follow_warning (PgHealth *self, const PgSource *source, gint64 time_us)
{
  const char *warning = pg_source_warning (source);

  if (g_strcmp0 (warning, self->warning) == 0)
    return;
  set_text (&self->warning, warning);
  self->warned_us = time_us;
  if (warning != NULL)
    g_warning ("%s: %s", pg_source_name (source), warning);
}

void
pg_health_follow (PgHealth *self, const PgSource *source, gint64 stale_us, gint64 time_us)
{
  follow_state (self, source, stale_us, time_us);
  follow_warning (self, source, time_us);
}

void
pg_health_stamp (PgHealth *self, const char *name, gint64 login_us, gint64 now_us)
{
  g_autofree char *back = NULL;

  if (login_us >= self->newest_us - PG_HEALTH_JUMP_US)
    {
      self->newest_us = MAX (self->newest_us, MIN (login_us, now_us));
      g_clear_pointer (&self->jump, g_free);
      return;
    }
  if (self->jump != NULL)
    return;
  back = pg_duration_to_string ((self->newest_us - login_us) / PG_SECOND * PG_SECOND);
  self->jump = g_strdup_printf ("its stamps jumped back by %s: old lines, or a clock that was set back", back);
  if (self->jump_told_us != 0 && ABS (now_us - self->jump_told_us) < PG_HEALTH_JUMP_TOLD_US)
    return;
  self->jump_told_us = now_us;
  g_warning ("%s: %s", name, self->jump);
}

char *
pg_health_problem (const PgHealth *self, const PgSource *source, gint64 stale_us, gint64 time_us)
{
  const char   *name = pg_source_name (source);
  PgSourceState state = pg_source_state (source);
  gint64        for_us = pg_health_not_current_for (self, time_us);

  if (state == PG_SOURCE_BLIND && (!self->was_current || for_us > stale_us))
    return g_strdup_printf ("%s: %s", name, pg_source_problem (source));
  if (state == PG_SOURCE_BEHIND && (!self->was_current || for_us > PG_HEALTH_BEHIND_US))
    return g_strdup_printf ("%s: catching up", name);
  return NULL;
}

const char *
pg_health_warning (const PgHealth *self, gint64 window_us, gint64 time_us)
{
  if (self->jump != NULL)
    return self->jump;
  return self->warning != NULL && time_us - self->warned_us < window_us ? self->warning : NULL;
}

gint64
pg_health_not_current_for (const PgHealth *self, gint64 time_us)
{
  return self->not_current_since_us != 0 ? time_us - self->not_current_since_us : 0;
}
