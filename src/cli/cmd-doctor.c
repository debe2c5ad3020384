/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor: looks at Postfix, popgated, the logs and the host, and says what to change. Changes nothing itself. */
#include "cli/arguments.h"
#include "cli/doctor-gather.h"
#include "cli/doctor-judges.h"
#include "cli/output.h"

static guint
show_check (const PgCli *cli, const PgDoctorCheck *check, const PgDoctorFacts *facts)
{
  g_autoptr (PgDoctorReport) report = pg_doctor_check_run (check, facts);
  g_autoptr (JsonObject) row = NULL;

  if (cli->json)
    {
      row = pg_doctor_report_to_json (report, check->name, check->about);
      pg_output_json (row);
    }
  else
    pg_doctor_report_print (report, check->name);
  return pg_doctor_report_result (report) == PG_DOCTOR_FINDING ? 1 : 0;
}

static PgExit
show_all (const PgCli *cli, const PgDoctorFacts *facts)
{
  guint n_findings = 0;

  for (guint i = 0; pg_doctor_check_at (i) != NULL; i++)
    n_findings += show_check (cli, pg_doctor_check_at (i), facts);
  if (!pg_output_finish ())
    return PG_EXIT_FAILED;
  return n_findings > 0 ? PG_EXIT_NO : PG_EXIT_OK;
}

PgExit
pg_cmd_doctor (PgCli *cli, int argc, char **argv)
{
  g_autofree char   *postfix = NULL;
  g_autofree char   *dovecot = NULL;
  g_autofree char   *etc = NULL;
  const GOptionEntry own[] = {
    { "postfix-config", 0, 0, G_OPTION_ARG_FILENAME, &postfix, "Postfix's main.cf and master.cf are in FOLDER", "FOLDER" },
    { "dovecot-config", 0, 0, G_OPTION_ARG_FILENAME, &dovecot, "Dovecot's configuration is FILE", "FILE" },
    { "etc", 0, 0, G_OPTION_ARG_FILENAME, &etc, "rsyslog's and journald's settings are in FOLDER", "FOLDER" },
    G_OPTION_ENTRY_NULL,
  };
  PgDoctorPlaces places;
  g_autoptr (PgDoctorFacts) facts = NULL;

  if (!pg_arguments_parse (cli, own, &argc, &argv, 0, 0))
    return PG_EXIT_USAGE;
  places = (PgDoctorPlaces){ postfix, dovecot, etc };
  facts = pg_doctor_gather (cli, &places);
  return show_all (cli, facts);
}
