/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/command-private.h"

/* What a command is: looks at the store, looks at the daemon, or changes something. */
typedef enum
{
  LOOK,
  ASK_DAEMON,
  CHANGE,
} Nature;

typedef struct
{
  const char *name;
  Nature      nature;
  void (*run) (const PgCommandHost *host, JsonObject *request, PgAnswer *answer);
} Command;

/* clang-format off */
static const Command commands[] = {
  { "check", LOOK, pg_command_check },
  { "explain", LOOK, pg_command_explain },
  { "list", LOOK, pg_command_list },
  { "allow", CHANGE, pg_command_allow },
  { "deny", CHANGE, pg_command_deny },
  { "revoke", CHANGE, pg_command_revoke },
  { "forget", CHANGE, pg_command_forget },
  { "freeze", CHANGE, pg_command_freeze },
  { "thaw", CHANGE, pg_command_thaw },
  { "report", LOOK, pg_command_report },
  { "export", LOOK, pg_command_export },
  { "import", CHANGE, pg_command_import },
  { "status", ASK_DAEMON, pg_command_status },
  { "stats", ASK_DAEMON, pg_command_stats },
  { "watch", ASK_DAEMON, pg_command_watch },
  { "reload", CHANGE, pg_command_reload },
};
/* clang-format on */

static const Command *
find_command (const char *name)
{
  for (gsize i = 0; name != NULL && i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i].name, name))
      return &commands[i];
  return NULL;
}

gboolean
pg_command_is_reading (const char *command)
{
  const Command *found = find_command (command);

  return found != NULL && found->nature == LOOK;
}

gboolean
pg_command_only_looks (const char *command)
{
  const Command *found = find_command (command);

  return found == NULL || found->nature != CHANGE;
}

gboolean
pg_command_is_worth_a_line (JsonObject *request)
{
  const char *command = pg_message_get_string (request, "command");
  gboolean    is_part = g_strcmp0 (command, "import") == 0
                     && (pg_command_import_brings_grants (request) || pg_message_get_flag (request, "dry_run"));

  return !pg_command_only_looks (command) && !is_part;
}

PgAnswer *
pg_command_run (const PgCommandHost *host, JsonObject *request)
{
  PgAnswer      *answer = g_new0 (PgAnswer, 1);
  const Command *command = find_command (pg_message_get_string (request, "command"));

  g_queue_init (&answer->messages);
  if (command == NULL)
    pg_answer_add_failure (answer, PG_EXIT_USAGE, "unknown command");
  else if (command->nature != LOOK && !pg_command_has_daemon (host))
    pg_answer_add_failure (answer, PG_EXIT_FAILED, "this needs popgated to run");
  else
    command->run (host, request, answer);
  return answer;
}
