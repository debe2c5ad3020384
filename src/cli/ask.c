/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/ask.h"

#include "cli/arguments.h"
#include "cli/output.h"
#include "control/commands.h"
#include "core/error.h"
#include "engine/config-file.h"

typedef struct
{
  const PgCli *cli;
  PgClientRow  show;
} Shower;

PgConfig *
pg_ask_config (const PgCli *cli)
{
  g_autoptr (GError) error = NULL;
  PgConfig *config = pg_config_file_load (cli->config, NULL, &error);

  if (config == NULL)
    pg_arguments_fail (PG_EXIT_USAGE, "%s", error->message);
  return config;
}

JsonObject *
pg_ask_new (const char *command)
{
  JsonObject *request = json_object_new ();

  json_object_set_string_member (request, "command", command);
  return request;
}

static void
show_row (JsonObject *row, gpointer user_data)
{
  const Shower *shower = user_data;

  if (shower->cli->json)
    pg_output_json (row);
  else if (shower->show != NULL)
    shower->show (row, NULL);
}

static PgExit
end_with (PgExit code, const GError *error)
{
  if (error != NULL)
    pg_arguments_fail (code, "%s", error->message);
  return pg_output_finish () ? code : PG_EXIT_FAILED;
}

/* Gives each message of @answer to @shower. */
static PgExit
show_answer (PgAnswer *answer, Shower *shower)
{
  JsonObject *message;
  PgExit      code = PG_EXIT_FAILED;

  while (pg_answer_next (answer, &message))
    {
      if (message == NULL)
        continue;
      if (json_object_has_member (message, "row"))
        show_row (json_object_get_object_member (message, "row"), shower);
      else
        {
          code = (PgExit) pg_message_get_int (message, "exit", PG_EXIT_FAILED);
          if (pg_message_get_string (message, "error") != NULL)
            pg_arguments_fail (code, "%s", pg_message_get_string (message, "error"));
        }
      json_object_unref (message);
    }
  return end_with (code, NULL);
}

static PgExit
ask_database (const PgCli *cli, JsonObject *request, Shower *shower)
{
  PgConfig *config = pg_ask_config (cli);
  g_autoptr (PgEngine) engine = NULL;
  g_autoptr (PgAnswer) answer = NULL;
  g_autoptr (GError) error = NULL;
  PgCommandHost host = { .by = g_get_user_name (), .now_us = g_get_real_time () };

  if (config == NULL)
    return PG_EXIT_USAGE;
  engine = pg_engine_new (config, PG_STORE_READ_ONLY);
  if (!pg_engine_open (engine, &error))
    return pg_arguments_fail (PG_EXIT_FAILED, "popgated does not run, and its database cannot be read: %s", error->message);
  if (!cli->json)
    pg_arguments_fail (PG_EXIT_OK, "popgated does not run; answering from the database");
  host.engine = engine;
  answer = pg_command_run (&host, request);
  return show_answer (answer, shower);
}

static char *
find_socket (const PgCli *cli)
{
  g_autoptr (PgConfig) config = NULL;

  if (cli->socket != NULL)
    return g_strdup (cli->socket);
  config = pg_ask_config (cli);
  return config != NULL ? g_strdup (config->control_listen[0] + strlen ("unix:")) : NULL;
}

static PgExit
ask (PgCli *cli, JsonObject *request, const char *path, Shower *shower)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PgClient) client = pg_client_connect (path, &error);
  PgExit   code;
  gboolean ok;

  if (client != NULL)
    {
      ok = pg_client_ask (client, request, show_row, shower, &code, &error);
      return end_with (code, ok ? NULL : error);
    }
  if (g_error_matches (error, PG_ERROR, PG_ERROR_ABSENT) && pg_command_is_reading (pg_message_get_string (request, "command")))
    return ask_database (cli, request, shower);
  return pg_arguments_fail (PG_EXIT_FAILED, "%s", error->message);
}

PgExit
pg_ask (PgCli *cli, JsonObject *request, PgClientRow show)
{
  g_autofree char *path = find_socket (cli);
  Shower           shower = { cli, show };
  PgExit           code = path != NULL ? ask (cli, request, path, &shower) : PG_EXIT_USAGE;

  json_object_unref (request);
  return code;
}
