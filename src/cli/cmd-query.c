/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check, explain, list: what may be asked of the grants. */
#include "cli/arguments.h"
#include "cli/list-table.h"
#include "cli/operands.h"
#include "cli/output.h"

#include <stdio.h>

/* --- check ----------------------------------------------------------------------------------------------------------- */

static PgOutputTone
tone_of (const char *verdict)
{
  if (g_strcmp0 (verdict, "OK") == 0)
    return PG_OUTPUT_GOOD;
  return g_strcmp0 (verdict, "DEFER_IF_REJECT") == 0 ? PG_OUTPUT_DOUBT : PG_OUTPUT_BAD;
}

static const char *
say_verdict (const char *verdict)
{
  if (g_strcmp0 (verdict, "OK") == 0)
    return "may relay";
  return g_strcmp0 (verdict, "DEFER_IF_REJECT") == 0 ? "has to wait" : "may not relay";
}

static void
show_check (JsonObject *row, G_GNUC_UNUSED gpointer user_data)
{
  const char      *verdict = pg_message_get_string (row, "verdict");
  g_autofree char *address = pg_output_text (row, "address");
  g_autofree char *why = pg_output_text (row, "why");

  if (g_strcmp0 (pg_message_get_string (row, "reason"), "frozen") == 0)
    pg_output_print (PG_OUTPUT_BAD, "%s has to wait, all are FROZEN: %s", address, why);
  else
    pg_output_print (tone_of (verdict), "%s %s: %s", address, say_verdict (verdict), why);
}

static void
show_step (JsonObject *step)
{
  g_autofree char *title = pg_output_text (step, "title");
  g_autofree char *saw = pg_output_text (step, "saw");
  const char      *verdict = pg_message_get_string (step, "verdict");
  gboolean         decides = pg_message_get_flag (step, "decides");

  pg_output_print (decides ? tone_of (verdict) : PG_OUTPUT_PLAIN, "%s %2d  %-28s %s%s%s", decides ? "->" : "  ",
                   (int) pg_message_get_int (step, "rule", 0), title, saw, decides ? " => " : "", decides ? verdict : "");
}

static void
show_login (JsonObject *login)
{
  g_autofree char *user = pg_output_text (login, "user");
  g_autofree char *when = pg_output_clock (pg_message_get_int (login, "time", 0));

  pg_output_print (PG_OUTPUT_PLAIN, "  %s  %s by %s (%s)", when, pg_message_get_string (login, "service"), user,
                   pg_message_get_string (login, "server"));
}

static void
show_explain (JsonObject *row, gpointer user_data)
{
  JsonArray *steps = json_object_get_array_member (row, "steps");
  JsonArray *logins = json_object_get_array_member (row, "logins");

  show_check (row, user_data);
  pg_output_print (PG_OUTPUT_PLAIN, "\nThe rules, the first that matches decides:");
  for (guint i = 0; i < json_array_get_length (steps); i++)
    show_step (json_array_get_object_element (steps, i));
  if (json_array_get_length (logins) == 0)
    return;
  pg_output_print (PG_OUTPUT_PLAIN, "\nLogins from there, each user's newest:");
  for (guint i = 0; i < json_array_get_length (logins); i++)
    show_login (json_array_get_object_element (logins, i));
}

/* What is asked of each address. */
typedef struct
{
  const char *command;
  const char *sender; /* NULL: none was given */
} Question;

static JsonObject *
ask_of (const char *operand, gpointer user_data, G_GNUC_UNUSED GError **error)
{
  const Question *question = user_data;
  JsonObject     *request = pg_ask_new (question->command);

  pg_message_set_text (request, "address", pg_span_from_string (operand));
  if (question->sender != NULL)
    pg_message_set_text (request, "sender", pg_span_from_string (question->sender));
  return request;
}

static PgExit
ask_about (PgCli *cli, int argc, char **argv, PgClientRow show)
{
  g_autofree char   *sender = NULL;
  const GOptionEntry own[] = {
    { "sender", 0, 0, G_OPTION_ARG_STRING, &sender, "As if the mail came from SENDER", "SENDER" },
    G_OPTION_ENTRY_NULL,
  };
  Question question = { .command = cli->subcommand->name };

  if (!pg_arguments_parse (cli, own, &argc, &argv, 1, -1))
    return PG_EXIT_USAGE;
  question.sender = sender;
  return pg_operands_ask (cli, argc, argv, ask_of, show, &question);
}

PgExit
pg_cmd_check (PgCli *cli, int argc, char **argv)
{
  return ask_about (cli, argc, argv, show_check);
}

PgExit
pg_cmd_explain (PgCli *cli, int argc, char **argv)
{
  return ask_about (cli, argc, argv, show_explain);
}

/* --- list ------------------------------------------------------------------------------------------------------------ */

/* A line for programs; where somebody looks, the row of a table. */
static void
show_grant (JsonObject *row, gpointer user_data)
{
  PgListTable     *table = user_data;
  g_autofree char *user = pg_output_text (row, "user");
  g_autofree char *service = pg_output_text (row, "service");
  g_autofree char *by = pg_output_text (row, "by");

  if (table != NULL)
    {
      pg_list_table_add (table, row);
      return;
    }
  printf ("%s\t%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT "\t%s\t%s\t%" G_GINT64_FORMAT "\t%s\n",
          pg_message_get_string (row, "address"), pg_message_get_int (row, "newest", 0), pg_message_get_int (row, "until", 0),
          user, service, pg_message_get_int (row, "count", 0), by);
}

static PgExit
ask_for_list (PgCli *cli, JsonObject *request)
{
  g_autoptr (PgAsker) asker = pg_asker_new (cli);
  PgListTable *table = pg_output_is_terminal () ? pg_list_table_new (g_get_real_time ()) : NULL;
  PgExit       code = pg_asker_ask (asker, request, "", show_grant, table);

  pg_list_table_free (table);
  return pg_output_finish () ? code : PG_EXIT_FAILED;
}

PgExit
pg_cmd_list (PgCli *cli, int argc, char **argv)
{
  g_autofree char   *user = NULL;
  g_autofree char   *net = NULL;
  gboolean           expired = FALSE;
  const GOptionEntry own[] = {
    { "user", 0, 0, G_OPTION_ARG_STRING, &user, "Only where USER logged in", "USER" },
    { "net", 0, 0, G_OPTION_ARG_STRING, &net, "Only addresses of CIDR", "CIDR" },
    { "expired", 0, 0, G_OPTION_ARG_NONE, &expired, "Those whose window is over as well", NULL },
    G_OPTION_ENTRY_NULL,
  };
  JsonObject *request;

  if (!pg_arguments_parse (cli, own, &argc, &argv, 0, 0))
    return PG_EXIT_USAGE;
  request = pg_ask_new ("list");
  if (user != NULL)
    pg_message_set_text (request, "user", pg_span_from_string (user));
  if (net != NULL)
    pg_message_set_text (request, "net", pg_span_from_string (net));
  json_object_set_boolean_member (request, "expired", expired);
  return ask_for_list (cli, request);
}
