/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What brings the lines: rsyslog, journald. */
#include "cli/doctor-judges.h"

/* Fewer lines a second than this are too few: a burst of logins is more, and each line that is dropped is a client refused. */
#define MIN_RATE 100.0

/* What holds where nothing is said: rsyslog's imjournal and journald. */
#define IMJOURNAL_INTERVAL_S 600.0
#define IMJOURNAL_BURST 20000.0
#define JOURNALD_INTERVAL_S 30.0
#define JOURNALD_BURST 10000.0

/* --- rsyslog --------------------------------------------------------------------------------------------------------- */

/* The number that stands behind @name and its "=", quote or blank in @text; @fallback if there is none. Letters' case is free. */
static double
find_number (const char *text, const char *name, double fallback)
{
  g_autofree char *lower = g_ascii_strdown (text, -1);
  g_autofree char *wanted = g_ascii_strdown (name, -1);
  const char      *hit = strstr (lower, wanted);

  if (hit == NULL)
    return fallback;
  hit += strlen (wanted);
  hit += strspn (hit, " \t=\"");
  return g_ascii_isdigit (*hit) ? g_ascii_strtod (hit, NULL) : fallback;
}

static gboolean
drops (double interval_s, double burst)
{
  return interval_s > 0 && burst / interval_s < MIN_RATE;
}

/* module(load="imjournal" ...): @statement up to its bracket. */
static void
judge_module (const char *file, const char *statement, PgDoctorReport *report)
{
  gboolean    is_journald = strstr (statement, "\"imjournal\"") != NULL;
  const char *what = is_journald ? "Ratelimit.Interval" : "SysSock.RateLimit.Interval";
  double      interval = find_number (statement, what, is_journald ? IMJOURNAL_INTERVAL_S : 0);
  double      burst =
      find_number (statement, is_journald ? "Ratelimit.Burst" : "SysSock.RateLimit.Burst", is_journald ? IMJOURNAL_BURST : 200);
  g_autoptr (GRegex) limits =
      g_regex_new ("\\s*(SysSock\\.)?RateLimit\\.(Interval|Burst)\\s*=\\s*\"[^\"]*\"", G_REGEX_CASELESS, 0, NULL);
  g_autofree char *rest = g_regex_replace_literal (limits, statement, -1, 0, "", 0, NULL);
  g_autofree char *change = g_strdup_printf ("%s %s=\"0\")", rest, what);

  if (drops (interval, burst))
    pg_doctor_find (report, file, change, "rsyslog drops lines: it takes %.0f in %.0f s%s", burst, interval,
                    is_journald ? " out of the journal" : " of a program");
}

/* $SystemLogRateLimitInterval 5 */
static void
judge_legacy (const char *file, const char *text, const char *prefix, double default_interval, double default_burst,
              PgDoctorReport *report)
{
  g_autofree char *interval_name = g_strconcat (prefix, "Interval", NULL);
  g_autofree char *burst_name = g_strconcat (prefix, "Burst", NULL);
  g_autofree char *change = g_strconcat (interval_name, " 0", NULL);
  double           interval = find_number (text, interval_name, default_interval);
  double           burst = find_number (text, burst_name, default_burst);

  if (drops (interval, burst))
    pg_doctor_find (report, file, change, "rsyslog drops lines: it takes %.0f in %.0f s of a program", burst, interval);
}

static void
judge_modules (const char *file, const char *text, PgDoctorReport *report)
{
  g_autoptr (GRegex) module =
      g_regex_new ("module\\s*\\(\\s*load\\s*=\\s*\"im(uxsock|journal)\"[^)]*", G_REGEX_CASELESS, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;

  for (g_regex_match (module, text, 0, &match); g_match_info_matches (match); g_match_info_next (match, NULL))
    {
      g_autofree char *statement = g_match_info_fetch (match, 0);

      judge_module (file, statement, report);
    }
}

/* The text of one file without its comments. */
static char *
drop_comments (const char *text)
{
  GString *out = g_string_new (NULL);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    if (g_strchug (lines[i])[0] != '#')
      g_string_append_printf (out, "%s\n", lines[i]);
  return g_string_free (out, FALSE);
}

static void
judge_rsyslog_file (const char *marked, PgDoctorReport *report)
{
  const char      *end = strchrnul (marked, '\n');
  g_autofree char *file = g_strndup (marked, (gsize) (end - marked));
  g_autofree char *text = drop_comments (end);

  judge_modules (file, text, report);
  judge_legacy (file, text, "$SystemLogRateLimit", 0, 200, report);
  judge_legacy (file, text, "$IMUXSockRateLimit", 0, 200, report);
  judge_legacy (file, text, "$imjournalRatelimit", 0, IMJOURNAL_BURST, report);
}

void
pg_doctor_judge_rsyslog (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  g_auto (GStrv) files = g_strsplit (facts->rsyslog != NULL ? facts->rsyslog : "", "#file ", -1);

  if (!pg_doctor_has_syslog (facts))
    {
      pg_doctor_ok (report, "no source of logins comes through syslog");
      return;
    }
  if (facts->rsyslog == NULL)
    {
      pg_doctor_unknown (report, "there is no %s/rsyslog.conf that can be read", facts->etc);
      return;
    }
  for (guint i = 0; files[i] != NULL; i++)
    judge_rsyslog_file (files[i], report);
  if (pg_doctor_report_size (report) == 0)
    pg_doctor_ok (report, "rsyslog drops no lines");
}

/* --- journald -------------------------------------------------------------------------------------------------------- */

/* "30s", "1min", "500ms": in seconds, of one unit. */
static double
read_span (const char *text)
{
  char  *unit;
  double value = g_ascii_strtod (text, &unit);

  if (g_str_has_prefix (unit, "ms"))
    return value / 1000;
  if (unit[0] == 'm')
    return value * 60;
  return unit[0] == 'h' ? value * 3600 : value;
}

static void
judge_limits (const PgDoctorFacts *facts, const PgPostconf *settings, PgDoctorReport *report)
{
  const char      *interval = pg_postconf_get (settings, "RateLimitIntervalSec");
  const char      *burst = pg_postconf_get (settings, "RateLimitBurst");
  g_autofree char *file = g_strconcat (facts->etc, "/systemd/journald.conf", NULL);
  double           interval_s = interval != NULL && interval[0] != '\0' ? read_span (interval) : JOURNALD_INTERVAL_S;
  double           lines = burst != NULL && burst[0] != '\0' ? g_ascii_strtod (burst, NULL) : JOURNALD_BURST;

  if (lines > 0 && drops (interval_s, lines))
    pg_doctor_find (report, file, "[Journal]\nRateLimitIntervalSec=30s\nRateLimitBurst=10000",
                    "journald drops lines: it takes %.0f in %.0f s of a service", lines, interval_s);
}

static void
judge_storage (const PgDoctorFacts *facts, const PgPostconf *settings, PgDoctorReport *report)
{
  const char      *storage = pg_postconf_get (settings, "Storage");
  g_autofree char *file = g_strconcat (facts->etc, "/systemd/journald.conf", NULL);

  if (!pg_doctor_has_journal (facts) || storage == NULL)
    return;
  if (g_str_equal (storage, "none"))
    pg_doctor_find (report, file, "[Journal]\nStorage=persistent", "journald keeps nothing, so there is no journal to read");
  else if (g_str_equal (storage, "volatile"))
    pg_doctor_find (report, file, "[Journal]\nStorage=persistent",
                    "journald keeps nothing on the disk: logins from just before a reboot are lost");
}

void
pg_doctor_judge_journald (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  g_autoptr (PgPostconf) settings = pg_postconf_new ();

  if (!pg_doctor_has_syslog (facts) && !pg_doctor_has_journal (facts))
    {
      pg_doctor_ok (report, "no source of logins comes through journald");
      return;
    }
  if (facts->journald == NULL || !pg_postconf_add_settings (settings, pg_span_from_string (facts->journald), NULL))
    {
      pg_doctor_unknown (report, "there is no %s/systemd/journald.conf that can be read", facts->etc);
      return;
    }
  judge_limits (facts, settings, report);
  judge_storage (facts, settings, report);
  if (pg_doctor_report_size (report) == 0)
    pg_doctor_ok (report, "journald takes what a mail server writes");
}
