/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/doctor-facts.h"

void
pg_doctor_socket_free (gpointer socket)
{
  PgDoctorSocket *self = socket;

  g_free (self->name);
  g_free (self->path);
  g_free (self->blocker);
  g_free (self->untried);
  g_free (self->action);
  g_free (self->ask_problem);
  g_free (self);
}

PgDoctorFacts *
pg_doctor_facts_new (void)
{
  PgDoctorFacts *self = g_new0 (PgDoctorFacts, 1);

  self->config = pg_config_parse (pg_span ("", 0), NULL, NULL);
  self->sockets = g_ptr_array_new_with_free_func (pg_doctor_socket_free);
  self->logs = g_ptr_array_new_with_free_func (pg_doctor_log_free);
  self->daemon_uid = -1;
  self->clock_synchronised = PG_DOCTOR_CLOCK_UNKNOWN;
  return self;
}

static gboolean
is_journal (const PgDoctorLog *log)
{
  return log->spec->kind == PG_SOURCE_JOURNAL;
}

static gboolean
is_syslog (const PgDoctorLog *log)
{
  return !is_journal (log) && log->format != PG_HEAD_DOVECOT && log->spec->format != PG_HEAD_DOVECOT;
}

static gboolean
has_source (const PgDoctorFacts *self, gboolean (*is_wanted) (const PgDoctorLog *log))
{
  for (guint i = 0; i < self->logs->len; i++)
    if (is_wanted (g_ptr_array_index (self->logs, i)))
      return TRUE;
  return FALSE;
}

gboolean
pg_doctor_has_syslog (const PgDoctorFacts *self)
{
  return has_source (self, is_syslog);
}

gboolean
pg_doctor_has_journal (const PgDoctorFacts *self)
{
  return has_source (self, is_journal);
}

/* "Listen=/run/x (Stream)", "Listen=[::]:10040 (Stream)" */
static char *
read_listen (const char *line)
{
  g_autofree char *place = NULL;

  if (!g_str_has_prefix (line, "Listen=") || !g_str_has_suffix (line, " (Stream)"))
    return NULL;
  place = g_strndup (line + strlen ("Listen="), strlen (line) - strlen ("Listen=") - strlen (" (Stream)"));
  return g_strconcat (place[0] == '/' ? "unix:" : "inet:", place, NULL);
}

char **
pg_doctor_passed (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  for (guint i = 0; g_strv_contains ((const char *const *) lines, "ActiveState=active") && lines[i] != NULL; i++)
    {
      g_autofree char *name = read_listen (lines[i]);

      if (name != NULL)
        g_strv_builder_add (names, name);
    }
  return g_strv_builder_end (names);
}

static void
free_texts (PgDoctorFacts *self)
{
  char *const texts[] = { self->config_path, self->config_problem, self->postfix_problem, self->postfix_folder,
                          self->queue,       self->status_problem, self->dovecot_problem, self->etc,
                          self->rsyslog,     self->journald,       self->unit_problem };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
}

void
pg_doctor_facts_free (PgDoctorFacts *self)
{
  if (self == NULL)
    return;
  free_texts (self);
  pg_config_free (self->config);
  pg_postconf_free (self->postfix);
  pg_postconf_free (self->dovecot);
  pg_postconf_free (self->unit);
  g_ptr_array_unref (self->sockets);
  g_ptr_array_unref (self->logs);
  g_clear_pointer (&self->status, json_object_unref);
  g_free (self);
}
