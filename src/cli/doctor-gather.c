/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/doctor-gather.h"

#include "cli/doctor-look.h"
#include "cli/doctor-probe.h"
#include "cli/frozen.h"
#include "control/client.h"
#include "core/error.h"
#include "engine/config-file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>

/* --- popgate's own --------------------------------------------------------------------------------------------------- */

static void
gather_config (PgDoctorFacts *facts, const PgCli *cli)
{
  g_autoptr (GError) error = NULL;
  PgConfig *config = pg_config_file_load (cli->config, NULL, &error);

  facts->config_path = g_strdup (cli->config != NULL ? cli->config : PG_CONFIG_FILE);
  if (config == NULL)
    {
      facts->config_problem = g_strdup (error->message);
      return;
    }
  pg_config_free (facts->config);
  facts->config = config;
}

static void
keep_row (JsonObject *row, gpointer user_data)
{
  PgDoctorFacts *facts = user_data;

  g_clear_pointer (&facts->status, json_object_unref);
  facts->status = json_object_ref (row);
}

static void
gather_status (PgDoctorFacts *facts, const PgCli *cli)
{
  const char *path = cli->socket != NULL ? cli->socket : facts->config->control_listen[0] + strlen ("unix:");
  g_autoptr (GError) error = NULL;
  g_autoptr (PgClient) client = pg_client_connect (path, &error);
  g_autoptr (JsonObject) request = json_object_new ();
  PgExit code;

  json_object_set_string_member (request, "command", "status");
  facts->daemon_absent = g_error_matches (error, PG_ERROR, PG_ERROR_ABSENT);
  facts->is_frozen = facts->daemon_absent && pg_frozen_in_database (cli);
  if (client == NULL || !pg_client_ask (client, request, keep_row, facts, &code, &error))
    {
      g_clear_pointer (&facts->status, json_object_unref);
      facts->status_problem = g_strdup (error->message);
    }
  else if (facts->status == NULL)
    facts->status_problem = g_strdup ("popgated tells no status");
}

static void
gather_daemon_uid (PgDoctorFacts *facts)
{
  g_autofree char *path = NULL;
  struct stat      status;

  if (facts->status == NULL)
    return;
  path = g_strdup_printf ("/proc/%" G_GINT64_FORMAT, pg_message_get_int (facts->status, "pid", 0));
  if (stat (path, &status) == 0)
    facts->daemon_uid = (gint64) status.st_uid;
}

static void
gather_place (const char *path, PgDoctorPlace *out)
{
  struct stat status;

  if (stat (path, &status) == 0)
    *out = (PgDoctorPlace){ TRUE, (guint) status.st_mode & 07777u, (guint) status.st_uid, (guint64) status.st_size };
}

static void
gather_store (PgDoctorFacts *facts)
{
  g_autofree char *folder = g_path_get_dirname (facts->config->store);

  gather_place (facts->config->store, &facts->store);
  gather_place (folder, &facts->store_folder);
}

/* --- settings of others ---------------------------------------------------------------------------------------------- */

/* Runs @argv and reads what it prints into @into. FALSE: @out_problem says why not. */
static gboolean
read_output (const char *const *argv, gboolean services, PgPostconf *into, char **out_problem)
{
  g_autofree char *text = pg_doctor_run (argv, out_problem);
  g_autoptr (GError) error = NULL;

  if (text == NULL)
    return FALSE;
  if (services ? pg_postconf_add_services (into, pg_span_from_string (text), &error)
               : pg_postconf_add_settings (into, pg_span_from_string (text), &error))
    return TRUE;
  *out_problem = g_strdup_printf ("%s: %s", argv[0], error->message);
  return FALSE;
}

static void
gather_postfix (PgDoctorFacts *facts, const char *folder)
{
  const char *settings[] = { "postconf", "-x", folder != NULL ? "-c" : NULL, folder, NULL };
  const char *overrides[] = { "postconf", "-xP", folder != NULL ? "-c" : NULL, folder, NULL };
  const char *services[] = { "postconf", "-M", folder != NULL ? "-c" : NULL, folder, NULL };
  g_autoptr (PgPostconf) postfix = pg_postconf_new ();
  const char *queue;

  if (!read_output (settings, FALSE, postfix, &facts->postfix_problem)
      || !read_output (overrides, FALSE, postfix, &facts->postfix_problem)
      || !read_output (services, TRUE, postfix, &facts->postfix_problem))
    return;
  queue = pg_postconf_get (postfix, "queue_directory");
  facts->queue = queue != NULL ? realpath (queue, NULL) : NULL;
  if (facts->queue == NULL)
    facts->queue = g_strdup (queue);
  facts->postfix_folder = g_strdup (pg_postconf_get (postfix, "config_directory"));
  if (facts->postfix_folder == NULL)
    facts->postfix_folder = g_strdup (folder != NULL ? folder : "/etc/postfix");
  facts->postfix = g_steal_pointer (&postfix);
}

static void
gather_dovecot (PgDoctorFacts *facts, const char *file)
{
  const char *with_file[] = {
    "doveconf", "-c", file, "instance_name", "listen", "log_path", "info_log_path", "login_log_format_elements", NULL
  };
  const char *plain[] = { "doveconf", "instance_name", "listen", "log_path", "info_log_path", "login_log_format_elements", NULL };
  g_autoptr (PgPostconf) dovecot = pg_postconf_new ();

  if (read_output (file != NULL ? with_file : plain, FALSE, dovecot, &facts->dovecot_problem))
    facts->dovecot = g_steal_pointer (&dovecot);
}

static void
gather_unit (PgDoctorFacts *facts)
{
  const char *argv[] = { "systemctl", "show", "popgated.service", NULL };
  g_autoptr (PgPostconf) unit = pg_postconf_new ();

  if (read_output (argv, FALSE, unit, &facts->unit_problem))
    facts->unit = g_steal_pointer (&unit);
}

/* timedatectl knows of all that may set the clock; the kernel, only whether somebody told it. */
static void
gather_clock (PgDoctorFacts *facts)
{
  const char      *argv[] = { "timedatectl", "show", "--property=NTPSynchronized", "--value", NULL };
  g_autofree char *problem = NULL;
  g_autofree char *text = pg_doctor_run (argv, &problem);
  struct timex     state = { .modes = 0 };

  if (text != NULL && (g_str_equal (g_strchomp (text), "yes") || g_str_equal (text, "no")))
    facts->clock_synchronised = g_str_equal (text, "yes");
  else if (adjtimex (&state) >= 0 && (state.status & STA_UNSYNC) == 0)
    facts->clock_synchronised = 1;
}

/* --- sockets --------------------------------------------------------------------------------------------------------- */

/* @path with its folder's true name, as Postfix and popgated may name it in two ways. */
static char *
resolve (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  char            *real = realpath (folder, NULL);
  char            *resolved = g_build_filename (real != NULL ? real : folder, name, NULL);

  free (real);
  return resolved;
}

static void
gather_socket (PgDoctorFacts *facts, const char *name)
{
  PgDoctorSocket *socket = g_new0 (PgDoctorSocket, 1);
  const char     *user = facts->postfix != NULL ? pg_postconf_get (facts->postfix, "mail_owner") : NULL;

  socket->name = g_strdup (name);
  if (g_str_has_prefix (name, "unix:"))
    {
      socket->path = resolve (name + strlen ("unix:"));
      pg_doctor_connect_as (user != NULL ? user : "postfix", socket);
    }
  pg_doctor_ask (socket);
  if (socket->path == NULL && socket->action == NULL)
    socket->untried = g_strdup (socket->ask_problem != NULL ? socket->ask_problem : "it does not answer");
  g_ptr_array_add (facts->sockets, socket);
}

/* Sockets that systemd passes: what [policy] listen says is not looked at then. FALSE: it passes none. */
static gboolean
gather_passed (PgDoctorFacts *facts)
{
  const char      *argv[] = { "systemctl", "show", "--property=ActiveState,Listen", "popgated.socket", NULL };
  g_autofree char *problem = NULL;
  g_autofree char *text = pg_doctor_run (argv, &problem);
  g_auto (GStrv) names = pg_doctor_passed (text != NULL ? text : "");

  for (guint i = 0; names[i] != NULL; i++)
    gather_socket (facts, names[i]);
  facts->is_passed = names[0] != NULL;
  return facts->is_passed;
}

static void
gather_sockets (PgDoctorFacts *facts)
{
  if (facts->config_problem != NULL || gather_passed (facts))
    return;
  for (char **name = facts->config->policy_listen; *name != NULL; name++)
    gather_socket (facts, *name);
}

PgDoctorFacts *
pg_doctor_gather (const PgCli *cli, const PgDoctorPlaces *places)
{
  PgDoctorFacts *facts = pg_doctor_facts_new ();

  facts->now_us = g_get_real_time ();
  facts->version = PACKAGE_VERSION;
  facts->etc = g_strdup (places->etc != NULL ? places->etc : "/etc");
  gather_config (facts, cli);
  gather_status (facts, cli);
  gather_daemon_uid (facts);
  gather_postfix (facts, places->postfix);
  gather_dovecot (facts, places->dovecot);
  gather_sockets (facts);
  for (char **source = facts->config->sources; facts->config_problem == NULL && *source != NULL; source++)
    g_ptr_array_add (facts->logs, pg_doctor_look (facts, *source));
  facts->rsyslog = pg_doctor_look_rsyslog (facts->etc);
  facts->journald = pg_doctor_look_journald (facts->etc);
  gather_unit (facts);
  gather_store (facts);
  gather_clock (facts);
  return facts;
}
