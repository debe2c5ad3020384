/* SPDX-License-Identifier: GPL-3.0-or-later */
/* popgated itself, and what it stands on: configuration, sockets, database, unit, clock. */
#include "cli/doctor-judges.h"
#include "cli/frozen.h"

#include <errno.h>

/* A request takes less than a millisecond. */
#define SLOW_MS 1000

/* A log that popgated has not read to its end for so long, seconds. */
#define BEHIND_MAX_S 60

#define UNIT_FILE "/etc/systemd/system/popgated.service.d/override.conf"
#define SOCKET_UNIT_FILE "/etc/systemd/system/popgated.socket.d/override.conf"

/* --- config ---------------------------------------------------------------------------------------------------------- */

void
pg_doctor_judge_config (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  if (facts->config_problem != NULL)
    pg_doctor_find (report, PG_DOCTOR_RUN, "popgated --check-config", "%s", facts->config_problem);
  else if (facts->config->never_none)
    pg_doctor_find (report, facts->config_path, "[log]\nnever_grant =",
                    "never_grant = none lets logins of this host's own programs open the relay to all who can use them");
  else
    pg_doctor_ok (report, "%s", facts->config_path);
}

/* --- socket-rights --------------------------------------------------------------------------------------------------- */

static void
find_denied (const PgDoctorFacts *facts, const PgDoctorSocket *socket, PgDoctorReport *report)
{
  g_autofree char *command = NULL;

  if (g_strcmp0 (socket->blocker, socket->path) == 0)
    {
      pg_doctor_find (report, facts->is_passed ? SOCKET_UNIT_FILE : facts->config_path,
                      facts->is_passed ? "[Socket]\nSocketMode=0660\nSocketUser=postfix\nSocketGroup=postfix"
                                       : "[policy]\nsocket_mode = 0660\nsocket_owner = postfix\nsocket_group = postfix",
                      "user postfix may not write to the socket %s", socket->path);
      return;
    }
  command = g_strdup_printf ("chmod o+x %s", socket->blocker);
  pg_doctor_find (report, PG_DOCTOR_RUN, command, "user postfix cannot reach %s: it may not pass %s", socket->path,
                  socket->blocker);
}

static void
judge_socket (const PgDoctorFacts *facts, const PgDoctorSocket *socket, PgDoctorReport *report)
{
  if (socket->untried != NULL)
    pg_doctor_unknown (report, "%s: %s", socket->name, socket->untried);
  else if (socket->failure == 0)
    pg_doctor_ok (report, "user postfix can connect to %s", socket->name);
  else if (socket->failure == EACCES && socket->blocker != NULL)
    find_denied (facts, socket, report);
  else
    pg_doctor_find (report, PG_DOCTOR_RUN, "systemctl restart popgated", "nobody listens at %s: %s", socket->name,
                    g_strerror (socket->failure));
}

void
pg_doctor_judge_socket_rights (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  if (facts->sockets->len == 0)
    pg_doctor_unknown (report, "where popgated listens is not known");
  for (guint i = 0; i < facts->sockets->len; i++)
    judge_socket (facts, g_ptr_array_index (facts->sockets, i), report);
}

/* --- live-query ------------------------------------------------------------------------------------------------------ */

static void
judge_answer (const PgDoctorSocket *socket, PgDoctorReport *report)
{
  if (socket->action == NULL && socket->ask_problem != NULL)
    pg_doctor_find (report, PG_DOCTOR_RUN, "systemctl restart popgated", "%s: no answer: %s", socket->name, socket->ask_problem);
  else if (socket->action == NULL)
    pg_doctor_unknown (report, "%s was not asked", socket->name);
  else if (g_str_has_prefix (socket->action, "DEFER_IF_REJECT"))
    pg_doctor_find (report, PG_DOCTOR_RUN, "popgate explain " PG_DOCTOR_ADDRESS, "%s: strangers have to wait: %s", socket->name,
                    socket->action);
  else if (!g_str_equal (socket->action, "DUNNO"))
    pg_doctor_find (report, PG_DOCTOR_RUN, "popgate explain " PG_DOCTOR_ADDRESS,
                    "%s: a stranger, " PG_DOCTOR_ADDRESS ", is answered %s", socket->name, socket->action);
  else if (socket->ask_ms > SLOW_MS)
    pg_doctor_find (report, NULL, NULL, "%s: the answer took %u ms", socket->name, socket->ask_ms);
  else
    pg_doctor_ok (report, "%s answers DUNNO for a stranger in %u ms", socket->name, socket->ask_ms);
}

void
pg_doctor_judge_live_query (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  if (facts->sockets->len == 0)
    pg_doctor_unknown (report, "where popgated listens is not known");
  for (guint i = 0; i < facts->sockets->len; i++)
    judge_answer (g_ptr_array_index (facts->sockets, i), report);
}

/* --- daemon ---------------------------------------------------------------------------------------------------------- */

static void
find_blind (const char *name, const char *problem, PgDoctorReport *report)
{
  const char      *path = name != NULL && g_str_has_prefix (name, "file:") ? name + strlen ("file:") : NULL;
  gboolean         is_denied = path != NULL && problem != NULL && strstr (problem, g_strerror (EACCES)) != NULL;
  g_autofree char *command = is_denied ? g_strdup_printf ("chgrp adm %s; chmod 640 %s", path, path) : NULL;

  pg_doctor_find (report, is_denied ? PG_DOCTOR_RUN : NULL, command, "popgated cannot read %s: %s", name, problem);
}

static void
judge_source (JsonObject *source, PgDoctorReport *report)
{
  const char *name = pg_message_get_string (source, "name");
  const char *state = pg_message_get_string (source, "state");
  gint64      since = pg_message_get_int (source, "since", 0);

  if (g_strcmp0 (state, "blind") == 0)
    find_blind (name, pg_message_get_string (source, "problem"), report);
  else if (g_strcmp0 (state, "behind") == 0 && since > BEHIND_MAX_S)
    pg_doctor_find (report, NULL, NULL, "popgated is behind in reading %s, for %" G_GINT64_FORMAT " s now", name, since);
}

static void
find_frozen (PgDoctorReport *report)
{
  pg_doctor_find (report, PG_DOCTOR_RUN, "popgate thaw", PG_FROZEN_TEXT);
}

static void
judge_state (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  JsonObject *store = json_object_get_object_member (facts->status, "store");
  JsonArray  *sources = json_object_get_array_member (facts->status, "sources");
  const char *problem = store != NULL ? pg_message_get_string (store, "problem") : NULL;

  if (pg_message_get_flag (facts->status, "frozen"))
    find_frozen (report);
  if (problem != NULL)
    pg_doctor_find (report, NULL, NULL, "the database cannot be used: %s", problem);
  problem = store != NULL ? pg_message_get_string (store, "write_problem") : NULL;
  if (problem != NULL)
    pg_doctor_find (report, NULL, NULL, "the database cannot be written to: %s", problem);
  for (guint i = 0; sources != NULL && i < json_array_get_length (sources); i++)
    judge_source (json_array_get_object_element (sources, i), report);
}

void
pg_doctor_judge_daemon (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  const char *version;

  if (facts->status == NULL)
    {
      if (facts->daemon_absent)
        pg_doctor_find (report, PG_DOCTOR_RUN, "systemctl enable --now popgated", "%s", facts->status_problem);
      else
        pg_doctor_unknown (report, "%s", facts->status_problem);
      if (facts->is_frozen)
        find_frozen (report);
      return;
    }
  version = pg_message_get_string (facts->status, "version");
  if (g_strcmp0 (version, facts->version) != 0)
    pg_doctor_find (report, PG_DOCTOR_RUN, "systemctl restart popgated", "popgated is version %s, popgate is %s", version,
                    facts->version);
  judge_state (facts, report);
  if (pg_doctor_report_size (report) == 0)
    pg_doctor_ok (report, "version %s, up for %" G_GINT64_FORMAT " s, all logs read", version,
                  pg_message_get_int (facts->status, "uptime", 0));
}

/* --- database -------------------------------------------------------------------------------------------------------- */

static void
judge_file (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  const char      *path = facts->config->store;
  g_autofree char *narrow = g_strdup_printf ("chmod 600 %s", path);
  g_autofree char *own = g_strdup_printf ("chown %" G_GINT64_FORMAT " %s", facts->daemon_uid, path);

  if ((facts->store.mode & 0077) != 0)
    pg_doctor_find (report, PG_DOCTOR_RUN, narrow, "%s has mode %04o: others can read who logged in from where, or change it",
                    path, facts->store.mode);
  if (facts->daemon_uid >= 0 && facts->store.uid != facts->daemon_uid)
    pg_doctor_find (report, PG_DOCTOR_RUN, own, "%s belongs to user %u, and popgated runs as %" G_GINT64_FORMAT, path,
                    facts->store.uid, facts->daemon_uid);
}

static void
judge_folder (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  g_autofree char *folder = g_path_get_dirname (facts->config->store);
  g_autofree char *command = g_strdup_printf ("chmod go-w %s", folder);

  if ((facts->store_folder.mode & 0022) != 0)
    pg_doctor_find (report, PG_DOCTOR_RUN, command, "others may write to %s (mode %04o), and put another database there", folder,
                    facts->store_folder.mode);
}

void
pg_doctor_judge_database (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  if (facts->config_problem != NULL)
    pg_doctor_unknown (report, "where it is is not known: %s", facts->config_problem);
  else if (!facts->store.exists)
    pg_doctor_unknown (report, "%s cannot be looked at", facts->config->store);
  else
    {
      judge_file (facts, report);
      judge_folder (facts, report);
      if (pg_doctor_report_size (report) == 0)
        pg_doctor_ok (report, "%s, %" G_GUINT64_FORMAT " KiB, for popgated alone", facts->config->store,
                      facts->store.size / 1024);
    }
}

/* --- unit ------------------------------------------------------------------------------------------------------------ */

typedef struct
{
  const char *key;
  const char *bad; /* values, with a blank behind each */
  const char *good;
  const char *what;
} UnitRule;

static const UnitRule unit_rules[] = {
  { "Restart", "no ", "on-failure", "popgated is not started again when it fails" },
  { "NoNewPrivileges", "no ", "yes", "popgated could gain rights" },
  { "ProtectSystem", "no ", "strict", "popgated could write all over the system" },
  { "ProtectHome", "no ", "yes", "popgated could read people's homes" },
  { "PrivateDevices", "no ", "yes", "popgated could use devices" },
  { "ProtectKernelModules", "no ", "yes", "popgated could load kernel modules" },
  { "RestrictSUIDSGID", "no ", "yes", "popgated could make set-user-id files" },
  { "MemoryDenyWriteExecute", "no ", "yes", "popgated could make code while it runs" },
};

static void
judge_rule (const PgDoctorFacts *facts, const UnitRule *rule, PgDoctorReport *report)
{
  const char      *value = pg_postconf_get (facts->unit, rule->key);
  g_autofree char *word = g_strconcat (value != NULL ? value : "", " ", NULL);
  g_autofree char *change = g_strdup_printf ("[Service]\n%s=%s", rule->key, rule->good);

  if (value != NULL && strstr (rule->bad, word) != NULL)
    pg_doctor_find (report, UNIT_FILE, change, "%s=%s: %s", rule->key, value, rule->what);
}

static void
judge_descriptors (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  const char      *value = pg_postconf_get (facts->unit, "LimitNOFILE");
  guint64          wanted = (guint64) facts->config->max_connections + PG_CONFIG_SPARE_FDS;
  g_autofree char *change = g_strdup_printf ("[Service]\nLimitNOFILE=%" G_GUINT64_FORMAT, wanted);
  guint64          limit;

  if (value != NULL && g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT64, &limit, NULL) && limit < wanted)
    pg_doctor_find (report, UNIT_FILE, change, "LimitNOFILE=%s is too little for max_connections = %u", value,
                    facts->config->max_connections);
}

void
pg_doctor_judge_unit (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  const char *state = facts->unit != NULL ? pg_postconf_get (facts->unit, "UnitFileState") : NULL;

  if (facts->unit == NULL || g_strcmp0 (pg_postconf_get (facts->unit, "LoadState"), "loaded") != 0)
    {
      pg_doctor_unknown (report, "%s", facts->unit == NULL ? facts->unit_problem : "systemd has no unit popgated.service");
      return;
    }
  if (g_strcmp0 (state, "disabled") == 0)
    pg_doctor_find (report, PG_DOCTOR_RUN, "systemctl enable popgated", "popgated is not started when the host starts");
  for (gsize i = 0; i < G_N_ELEMENTS (unit_rules); i++)
    judge_rule (facts, &unit_rules[i], report);
  judge_descriptors (facts, report);
  if (pg_doctor_report_size (report) == 0)
    pg_doctor_ok (report, "popgated.service is started with the host, and confined");
}

/* --- clock ----------------------------------------------------------------------------------------------------------- */

void
pg_doctor_judge_clock (const PgDoctorFacts *facts, PgDoctorReport *report)
{
  if (facts->clock_synchronised == PG_DOCTOR_CLOCK_UNKNOWN)
    pg_doctor_unknown (report, "not known whether anything keeps the clock right");
  else if (facts->clock_synchronised == 0)
    pg_doctor_find (report, PG_DOCTOR_RUN, "timedatectl set-ntp true",
                    "nothing keeps the clock right: a login counts too long or too short if it is set");
  else
    pg_doctor_ok (report, "synchronised");
}
