/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/ask.h"

#include "cli/arguments.h"
#include "cli/output.h"
#include "control/commands.h"
#include "core/error.h"
#include "engine/config-file.h"

/* One of @client and @engine is there once it was asked successfully. */
struct _PgAsker
{
  PgCli    *cli;
  PgClient *client;
  PgEngine *engine;
  gboolean  is_lost;
};

typedef struct
{
  PgClientRow show;
  gpointer    user_data;
  gboolean    as_json;
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

  if (shower->as_json)
    pg_output_json (row);
  else if (shower->show != NULL)
    shower->show (row, shower->user_data);
}

/* --- whom to ask ----------------------------------------------------------------------------------------------------- */

PgAsker *
pg_asker_new (PgCli *cli)
{
  PgAsker *self = g_new0 (PgAsker, 1);

  self->cli = cli;
  return self;
}

void
pg_asker_free (PgAsker *self)
{
  if (self == NULL)
    return;
  pg_client_free (self->client);
  pg_engine_free (self->engine);
  g_free (self);
}

gboolean
pg_asker_is_lost (const PgAsker *self)
{
  return self->is_lost;
}

static PgExit
lose (PgAsker *self, PgExit code)
{
  self->is_lost = TRUE;
  return code;
}

static PgExit
open_database (PgAsker *self)
{
  PgConfig *config = pg_ask_config (self->cli);
  g_autoptr (PgEngine) engine = NULL;
  g_autoptr (GError) error = NULL;

  if (config == NULL)
    return lose (self, PG_EXIT_USAGE);
  engine = pg_engine_new (config, PG_STORE_READ_ONLY);
  if (!pg_engine_open (engine, &error))
    return lose (self, pg_arguments_fail (PG_EXIT_FAILED, "popgated does not run, and its database cannot be read: %s",
                                          error->message));
  if (pg_store_lacks_end (pg_engine_store (engine)))
    return lose (self, pg_arguments_fail (PG_EXIT_FAILED,
                                          "popgated does not run, and %s, its database, was not closed in order: newest logins "
                                          "may be lacking there; popgated makes it whole when it starts",
                                          pg_store_path (pg_engine_store (engine))));
  if (!self->cli->json)
    pg_arguments_fail (PG_EXIT_OK, "popgated does not run; answering from the database");
  self->engine = g_steal_pointer (&engine);
  return PG_EXIT_OK;
}

char *
pg_ask_socket (const PgCli *cli)
{
  g_autoptr (PgConfig) config = NULL;

  if (cli->socket != NULL)
    return g_strdup (cli->socket);
  config = pg_ask_config (cli);
  return config != NULL ? g_strdup (config->control_listen[0] + strlen ("unix:")) : NULL;
}

/* Finds who can carry @command out. */
static PgExit
find (PgAsker *self, const char *command)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  if (self->client != NULL || self->engine != NULL)
    return PG_EXIT_OK;
  path = pg_ask_socket (self->cli);
  if (path == NULL)
    return lose (self, PG_EXIT_USAGE);
  self->client = pg_client_connect (path, &error);
  if (self->client != NULL)
    return PG_EXIT_OK;
  if (!g_error_matches (error, PG_ERROR, PG_ERROR_ABSENT))
    return lose (self, pg_arguments_fail (PG_EXIT_FAILED, "%s", error->message));
  if (pg_command_is_reading (command))
    return open_database (self);
  return lose (self, pg_arguments_fail (PG_EXIT_FAILED, "%s needs popgated to run; %s", command, error->message));
}

/* --- asking ---------------------------------------------------------------------------------------------------------- */

/* What the daemon says to be wrong is told with its place; that there was no answer concerns all that would follow. */
static PgExit
ask_daemon (PgAsker *self, JsonObject *request, const char *place, Shower *shower)
{
  g_autoptr (GError) error = NULL;
  PgExit code;

  if (pg_client_ask (self->client, request, show_row, shower, &code, &error))
    return code;
  if (!g_error_matches (error, PG_ERROR, PG_ERROR_VALUE))
    self->is_lost = TRUE;
  return pg_arguments_fail (code, "%s%s", place, error->message);
}

static PgExit
take_exit (JsonObject *message, const char *place)
{
  PgExit      code = (PgExit) pg_message_get_int (message, "exit", PG_EXIT_FAILED);
  const char *error = pg_message_get_string (message, "error");

  return error != NULL ? pg_arguments_fail (code, "%s%s", place, error) : code;
}

static PgExit
ask_database (PgAsker *self, JsonObject *request, const char *place, Shower *shower)
{
  const PgCommandHost host = { .engine = self->engine, .by = g_get_user_name (), .now_us = g_get_real_time () };
  g_autoptr (PgAnswer) answer = pg_command_run (&host, request);
  JsonObject *message;
  PgExit      code = PG_EXIT_FAILED;

  while (pg_answer_next (answer, &message))
    {
      if (message == NULL)
        continue;
      if (json_object_has_member (message, "row"))
        show_row (json_object_get_object_member (message, "row"), shower);
      else
        code = take_exit (message, place);
      json_object_unref (message);
    }
  return code;
}

static PgExit
ask (PgAsker *self, JsonObject *request, const char *place, Shower *shower)
{
  PgExit code = find (self, pg_message_get_string (request, "command"));

  if (code == PG_EXIT_OK)
    code = self->client != NULL ? ask_daemon (self, request, place, shower) : ask_database (self, request, place, shower);
  json_object_unref (request);
  if (pg_output_finish ())
    return code;
  return lose (self, PG_EXIT_FAILED);
}

PgExit
pg_asker_ask (PgAsker *self, JsonObject *request, const char *place, PgClientRow show, gpointer user_data)
{
  return ask (self, request, place, &(Shower){ show, user_data, self->cli->json });
}

PgExit
pg_asker_collect (PgAsker *self, JsonObject *request, const char *place, PgClientRow take, gpointer user_data)
{
  return ask (self, request, place, &(Shower){ take, user_data, FALSE });
}

PgExit
pg_ask (PgCli *cli, JsonObject *request, PgClientRow show)
{
  g_autoptr (PgAsker) asker = pg_asker_new (cli);

  return pg_asker_ask (asker, request, "", show, NULL);
}
