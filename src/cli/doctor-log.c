/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/doctor-log.h"

#include "core/duration.h"
#include "core/lines.h"
#include "core/suspect.h"

typedef struct
{
  PgDoctorLog *log;
  PgLineRules  rules;
  PgClock      clock;
  PgJoiner    *joiner;
} Reader;

static void
unref_table (gpointer table)
{
  g_hash_table_unref (table);
}

PgDoctorLog *
pg_doctor_log_new (const char *source)
{
  PgDoctorLog *self = g_new0 (PgDoctorLog, 1);

  self->spec = pg_source_spec_parse (source, NULL);
  self->format = self->spec->format;
  self->line_us = PG_DOCTOR_NEVER;
  self->login_us = PG_DOCTOR_NEVER;
  self->addresses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, unref_table);
  return self;
}

void
pg_doctor_log_free (gpointer log)
{
  PgDoctorLog *self = log;

  if (self == NULL)
    return;
  pg_source_spec_free (self->spec);
  g_free (self->problem);
  g_free (self->untrusted);
  g_hash_table_unref (self->addresses);
  g_free (self);
}

static void
take_user (PgDoctorLog *self, const PgLogin *login)
{
  char        address[PG_ADDRESS_TEXT_MAX];
  GHashTable *users = g_hash_table_lookup (self->addresses, pg_address_to_string (&login->address, address));

  if (users == NULL)
    {
      if (g_hash_table_size (self->addresses) == PG_DOCTOR_LOG_ADDRESSES)
        return;
      users = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_hash_table_insert (self->addresses, g_strdup (address), users);
    }
  if (g_hash_table_size (users) < PG_DOCTOR_LOG_USERS)
    g_hash_table_add (users, g_strndup (login->user.data, login->user.len));
}

static void
take_login (PgDoctorLog *self, const PgLogin *login)
{
  self->n_logins++;
  self->login_us = MAX (self->login_us, login->time_us);
  take_user (self, login);
}

static void
take_time (Reader *reader, PgSpan line)
{
  PgHead head;
  gint64 time_us;

  if (pg_head_parse (line, reader->log->format, &head) && pg_stamp_resolve (&head.stamp, &reader->clock, &time_us))
    {
      reader->log->n_lines++;
      reader->log->line_us = MAX (reader->log->line_us, time_us);
    }
}

static void
take_line (Reader *reader, PgSpan line)
{
  PgDoctorLog *log = reader->log;
  const char  *why;
  PgLogin      login;

  if (log->format == PG_HEAD_UNKNOWN && (log->format = pg_head_guess (line)) == PG_HEAD_UNKNOWN)
    return;
  take_time (reader, line);
  switch (pg_login_line_parse (line, log->format, &reader->rules, &reader->clock, reader->joiner, &login, &why))
    {
    case PG_LINE_LOGIN:
      take_login (log, &login);
      break;
    case PG_LINE_REFUSED:
      log->n_refused++;
      break;
    case PG_LINE_OTHER:
      log->n_refused += pg_suspect_is_login (line) ? 1 : 0;
      break;
    case PG_LINE_FOREIGN:
      break;
    }
}

void
pg_doctor_log_feed (PgDoctorLog *self, PgSpan text, const PgConfig *config, GTimeZone *zone, gint64 now_us)
{
  g_autoptr (PgLines) lines = pg_lines_new (FALSE);
  g_autoptr (PgJoiner) joiner = pg_joiner_new ();
  Reader reader = { self, pg_config_line_rules (config), { zone, now_us + PG_DAY }, joiner };
  PgSpan line;

  if (self->format == PG_HEAD_UNKNOWN && config->hosts[0] != NULL)
    self->format = PG_HEAD_SYSLOG; /* as popgated has it */
  while (pg_lines_next (lines, &text, &line))
    take_line (&reader, line);
}
