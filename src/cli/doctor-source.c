/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The logs that logins come from: can they be read, by whom can they be written, and what is in them? */
#include "cli/doctor-judges.h"

#include "core/duration.h"
#include "core/postconf-list.h"

/* A mail log in which nothing was written for so long. */
#define QUIET_MAX PG_DAY

/* Lines stamped further ahead than this come from another clock or zone. */
#define AHEAD_MAX (5 * PG_SECOND)

/* Zones differ by quarters of an hour; a line is written to its file this soon. */
#define ZONE_STEP (15 * PG_MINUTE)
#define WRITE_DELAY_MAX (20 * PG_SECOND)

/* So many users at one address are hardly one household or office. */
#define MANY_USERS 20

typedef void (*JudgeLog) (const PgDoctorFacts *facts, const PgDoctorLog *log, PgDoctorReport *report);

static gboolean
is_readable_file (const PgDoctorLog *log)
{
  return log->spec->kind == PG_SOURCE_FILE && log->problem == NULL;
}

/* @judge is for files that were read. */
static void
judge_files (const PgDoctorFacts *facts, JudgeLog judge, PgDoctorReport *report)
{
  for (guint i = 0; i < facts->logs->len; i++)
    {
      const PgDoctorLog *log = g_ptr_array_index (facts->logs, i);

      if (is_readable_file (log))
        judge (facts, log, report);
      else
        pg_doctor_unknown (report, "%s was not looked at", log->spec->name);
    }
  if (facts->logs->len == 0)
    pg_doctor_unknown (report, "no log is read");
}

/* --- log-access ------------------------------------------------------------------------------------------------------ */

/* Where Dovecot says that it logs logins; NULL: not to a file. */
static const char *
dovecot_path (const PgDoctorFacts *facts)
{
  const char *info = facts->dovecot != NULL ? pg_postconf_get (facts->dovecot, "info_log_path") : NULL;
  const char *path = facts->dovecot != NULL ? pg_postconf_get (facts->dovecot, "log_path") : NULL;

  if (info != NULL && info[0] != '\0')
    path = info;
  return path != NULL && path[0] == '/' ? path : NULL;
}

static void
find_unreadable (const PgDoctorFacts *facts, const PgDoctorLog *log, PgDoctorReport *report)
{
  const char      *dovecot = dovecot_path (facts);
  g_autofree char *elsewhere = dovecot != NULL ? g_strdup_printf ("[log]\nsource = file:%s,format=dovecot", dovecot)
                                               : g_strdup ("[log]\nsource = journal:dovecot,uid=root");

  if (log->is_absent)
    pg_doctor_find (report, facts->config_path, elsewhere, "%s", log->problem);
  else
    pg_doctor_find (report, NULL, NULL, "popgated cannot read it: %s", log->problem);
}

static void
judge_access (const PgDoctorFacts *facts, const PgDoctorLog *log, PgDoctorReport *report)
{
  if (is_readable_file (log))
    pg_doctor_ok (report, "%s", log->spec->path);
  else if (log->spec->kind != PG_SOURCE_FILE)
    pg_doctor_unknown (report, "%s: only popgated itself reads it; see the check of the daemon", log->spec->name);
  else if (log->is_ours)
    pg_doctor_unknown (report, "%s; ask as root", log->problem);
  else
    find_unreadable (facts, log, report);
}

void
pg_doctor_judge_log_access (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  for (guint i = 0; i < facts->logs->len; i++)
    judge_access (facts, g_ptr_array_index (facts->logs, i), report);
  if (facts->logs->len == 0)
    pg_doctor_ok (report, "no log is read: logins are reported by popgate-login");
}

/* --- log-writers ----------------------------------------------------------------------------------------------------- */

/* @untrusted begins with the file or folder that it speaks of. */
static char *
tell_command (const PgDoctorLog *log)
{
  const char      *end = strstr (log->untrusted, " is not trusted");
  g_autofree char *place = end != NULL ? g_strndup (log->untrusted, (gsize) (end - log->untrusted)) : g_strdup (log->spec->path);

  return g_strdup_printf (strstr (log->untrusted, ", its owner,") != NULL ? "chown root %s" : "chmod go-w %s", place);
}

static void
judge_writers (G_GNUC_UNUSED const PgDoctorFacts *facts, const PgDoctorLog *log, PgDoctorReport *report)
{
  const char      *path = log->spec->path;
  g_autofree char *command = log->untrusted != NULL ? tell_command (log) : NULL;

  if (log->untrusted == NULL)
    pg_doctor_ok (report, "%s: root and syslog alone", path);
  else if (log->spec->trusts_any)
    pg_doctor_ok (report, "%s: trust=any, so whoever may write to it lets any address relay", path);
  else
    pg_doctor_find (report, PG_DOCTOR_RUN, command, "%s", log->untrusted);
}

void
pg_doctor_judge_log_writers (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  judge_files (facts, judge_writers, report);
}

/* --- log-fresh ------------------------------------------------------------------------------------------------------- */

static char *
say_age (const PgDoctorFacts *facts, gint64 time_us)
{
  return pg_duration_to_string (time_us == PG_DOCTOR_NEVER ? 0 : MAX (facts->now_us - time_us, 0) / PG_SECOND * PG_SECOND);
}

static void
judge_fresh (const PgDoctorFacts *facts, const PgDoctorLog *log, PgDoctorReport *report)
{
  g_autofree char *line = say_age (facts, log->line_us);
  g_autofree char *login = say_age (facts, log->login_us);

  if (log->n_lines == 0)
    pg_doctor_unknown (report, "%s has no line that tells its time", log->spec->path);
  else if (facts->now_us - log->line_us > QUIET_MAX && facts->now_us - log->modified_us > QUIET_MAX)
    pg_doctor_find (report, PG_DOCTOR_RUN, "systemctl restart rsyslog",
                    "%s: the newest line is %s old, so logins are logged elsewhere or not at all", log->spec->path, line);
  else if (log->n_logins == 0)
    pg_doctor_ok (report, "%s: newest line %s ago", log->spec->path, line);
  else
    pg_doctor_ok (report, "%s: newest line %s ago, newest login %s ago", log->spec->path, line, login);
}

void
pg_doctor_judge_log_fresh (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  judge_files (facts, judge_fresh, report);
}

/* --- log-time -------------------------------------------------------------------------------------------------------- */

/* TRUE if lines are stamped by whole quarters of an hour before they were written: in another zone, west of ours. */
static gboolean
is_in_a_zone_behind (const PgDoctorLog *log)
{
  gint64 behind = log->modified_us - log->line_us;

  return behind > ZONE_STEP - WRITE_DELAY_MAX && behind < PG_DAY && behind % ZONE_STEP < WRITE_DELAY_MAX;
}

static void
find_time (const PgDoctorFacts *facts, const PgDoctorLog *log, PgDoctorReport *report, const char *what)
{
  g_autofree char *file = g_strconcat (facts->etc, "/rsyslog.conf", NULL);

  if (log->format == PG_HEAD_DOVECOT)
    pg_doctor_find (report, PG_DOCTOR_RUN, "systemctl restart dovecot popgated", "%s: %s", log->spec->path, what);
  else
    pg_doctor_find (report, file, "module(load=\"builtin:omfile\" template=\"RSYSLOG_FileFormat\")", "%s: %s", log->spec->path,
                    what);
}

static void
judge_time (const PgDoctorFacts *facts, const PgDoctorLog *log, PgDoctorReport *report)
{
  if (log->n_lines == 0)
    pg_doctor_unknown (report, "%s has no line that tells its time", log->spec->path);
  else if (log->line_us > facts->now_us + AHEAD_MAX)
    find_time (facts, log, report, "the newest line is stamped in the future: another time zone, or another clock");
  else if (is_in_a_zone_behind (log))
    find_time (facts, log, report, "lines are stamped long before they are written: another time zone, and logins count less");
  else
    pg_doctor_ok (report, "%s: stamps and clock agree", log->spec->path);
}

void
pg_doctor_judge_log_time (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  judge_files (facts, judge_time, report);
}

/* --- log-logins ------------------------------------------------------------------------------------------------------ */

static guint
count_logins (const PgDoctorFacts *facts)
{
  guint n_logins = 0;

  for (guint i = 0; i < facts->logs->len; i++)
    n_logins += ((const PgDoctorLog *) g_ptr_array_index (facts->logs, i))->n_logins;
  return n_logins;
}

static void
judge_logins (const PgDoctorFacts *facts, const PgDoctorLog *log, PgDoctorReport *report)
{
  g_autofree char *command = g_strdup_printf ("popgate parse --unmatched %s", log->spec->path);

  if (log->n_logins > 0)
    pg_doctor_ok (report, "%s: %u logins in %u lines, %u not taken", log->spec->path, log->n_logins, log->n_lines,
                  log->n_refused);
  else if (log->format == PG_HEAD_UNKNOWN)
    pg_doctor_unknown (report, "%s: no line tells its format", log->spec->path);
  else if (log->n_refused > 0)
    pg_doctor_find (report, PG_DOCTOR_RUN, command, "%s: %u lines look like logins, and none is taken", log->spec->path,
                    log->n_refused);
  else if (count_logins (facts) > 0 || log->n_lines == 0)
    pg_doctor_ok (report, "%s: no logins in %u lines", log->spec->path, log->n_lines);
  else
    pg_doctor_find (report, PG_DOCTOR_RUN, command, "%s: no logins in the last %u lines", log->spec->path, log->n_lines);
}

void
pg_doctor_judge_log_logins (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  judge_files (facts, judge_logins, report);
}

/* --- shared-addresses ------------------------------------------------------------------------------------------------ */

static gboolean
is_in_mynetworks (const PgDoctorFacts *facts, const PgAddress *address)
{
  const char *networks = facts->postfix != NULL ? pg_postconf_get (facts->postfix, "mynetworks") : NULL;
  PgSpan      list = pg_span_from_string (networks != NULL ? networks : "");
  PgSpan      word;
  PgNetwork   network;

  while (pg_postconf_take_word (&list, &word))
    if (pg_postconf_network_parse (word, &network) && pg_network_covers (&network, address))
      return TRUE;
  return FALSE;
}

static void
judge_address (const PgDoctorFacts *facts, const char *text, guint n_users, PgDoctorReport *report)
{
  g_autofree char *change = g_strdup_printf ("[log]\nnever_grant = %s", text);
  PgAddress        address;

  if (n_users < 2 || !pg_address_parse (pg_span_from_string (text), &address)
      || pg_netset_covers (facts->config->never_grant, &address, NULL))
    return;
  if (is_in_mynetworks (facts, &address))
    pg_doctor_find (report, facts->config_path, change,
                    "%u users log in from %s, which is in mynetworks: if that is webmail or a proxy, it should never grant",
                    n_users, text);
  else if (n_users >= MANY_USERS)
    pg_doctor_unknown (report, "%u users or more log in from %s: if that is webmail, a proxy or a carrier, add it to never_grant",
                       n_users, text);
}

void
pg_doctor_judge_shared_addresses (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  for (guint i = 0; i < facts->logs->len; i++)
    {
      const PgDoctorLog *log = g_ptr_array_index (facts->logs, i);
      g_autoptr (GList) addresses = g_list_sort (g_hash_table_get_keys (log->addresses), (GCompareFunc) g_strcmp0);

      for (GList *link = addresses; link != NULL; link = link->next)
        judge_address (facts, link->data, g_hash_table_size (g_hash_table_lookup (log->addresses, link->data)), report);
    }
  if (pg_doctor_report_size (report) == 0)
    pg_doctor_ok (report, "no address in the logs is many users'");
}
