/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check, list: what may be asked of the grants. */
#include "cli/arguments.h"
#include "cli/list-table.h"
#include "cli/operands.h"
#include "cli/output.h"
#include "cli/verdict-line.h"

#include <stdio.h>

/* --- check ----------------------------------------------------------------------------------------------------------- */

static void
show_check (JsonObject *row, G_GNUC_UNUSED gpointer user_data)
{
  pg_verdict_line_print (row);
}

static JsonObject *
ask_to_check (const char *operand, gpointer user_data, G_GNUC_UNUSED GError **error)
{
  const char *sender = user_data;
  JsonObject *request = pg_ask_new ("check");

  pg_message_set_text (request, "address", pg_span_from_string (operand));
  if (sender != NULL)
    pg_message_set_text (request, "sender", pg_span_from_string (sender));
  return request;
}

PgExit
pg_cmd_check (PgCli *cli, int argc, char **argv)
{
  g_autofree char   *sender = NULL;
  const GOptionEntry own[] = {
    { "sender", 0, 0, G_OPTION_ARG_STRING, &sender, "As if the mail came from SENDER", "SENDER" },
    G_OPTION_ENTRY_NULL,
  };

  if (!pg_arguments_parse (cli, own, &argc, &argv, 1, -1))
    return PG_EXIT_USAGE;
  return pg_operands_ask (cli, argc, argv, ask_to_check, show_check, sender);
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
