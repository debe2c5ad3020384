/* SPDX-License-Identifier: GPL-3.0-or-later */
/* allow, deny, revoke, forget, freeze, thaw: what an admin adds by hand, and takes back. */
#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/output.h"
#include "core/duration.h"

static void
show_note (JsonObject *row, G_GNUC_UNUSED gpointer user_data)
{
  g_autofree char *target = pg_output_text (row, "target");
  g_autofree char *until = pg_output_clock (pg_message_get_int (row, "until", 0));
  gboolean         ends = pg_message_get_int (row, "until", 0) != 0;

  pg_output_print (PG_OUTPUT_PLAIN, "note %" G_GINT64_FORMAT ": %s %s%s%s", pg_message_get_int (row, "note", 0),
                   pg_message_get_string (row, "kind"), target, ends ? " until " : "", ends ? until : "");
}

static void
show_forgotten (JsonObject *row, G_GNUC_UNUSED gpointer user_data)
{
  g_autofree char *target = pg_output_text (row, "target");

  pg_output_print (PG_OUTPUT_PLAIN, "forgotten: note %" G_GINT64_FORMAT ", %s %s", pg_message_get_int (row, "note", 0),
                   pg_message_get_string (row, "kind"), target);
}

/* Options of a note; @for_text NULL: none was given. FALSE: told what is wrong. */
static gboolean
add_options (JsonObject *request, const char *for_text, const char *why)
{
  gint64 us;

  if (why != NULL)
    pg_message_set_text (request, "why", pg_span_from_string (why));
  if (for_text == NULL)
    return TRUE;
  if (pg_duration_parse (pg_span_from_string (for_text), &us) && us > 0)
    {
      json_object_set_int_member (request, "for", us / PG_SECOND);
      return TRUE;
    }
  pg_arguments_fail (PG_EXIT_USAGE, "--for \"%s\": expected a duration, as 2h or 30m", for_text);
  return FALSE;
}

static PgExit
add_note (PgCli *cli, int argc, char **argv, gboolean has_target)
{
  g_autofree char   *for_text = NULL;
  g_autofree char   *why = NULL;
  const GOptionEntry own[] = {
    { "for", 0, 0, G_OPTION_ARG_STRING, &for_text, "Ends by itself after DURATION, as 2h", "DURATION" },
    { "why", 0, 0, G_OPTION_ARG_STRING, &why, "A word to those who read it later", "TEXT" },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (JsonObject) request = NULL;

  if (!pg_arguments_parse (cli, own, &argc, &argv, has_target, has_target))
    return PG_EXIT_USAGE;
  request = pg_ask_new (argv[0]);
  if (has_target)
    pg_message_set_text (request, "target", pg_span_from_string (argv[1]));
  if (!add_options (request, for_text, why))
    return PG_EXIT_USAGE;
  return pg_ask (cli, g_steal_pointer (&request), show_note);
}

PgExit
pg_cmd_allow (PgCli *cli, int argc, char **argv)
{
  return add_note (cli, argc, argv, TRUE);
}

PgExit
pg_cmd_deny (PgCli *cli, int argc, char **argv)
{
  return add_note (cli, argc, argv, TRUE);
}

PgExit
pg_cmd_freeze (PgCli *cli, int argc, char **argv)
{
  return add_note (cli, argc, argv, FALSE);
}

PgExit
pg_cmd_revoke (PgCli *cli, int argc, char **argv)
{
  JsonObject *request;

  if (!pg_arguments_parse (cli, NULL, &argc, &argv, 1, 1))
    return PG_EXIT_USAGE;
  request = pg_ask_new ("revoke");
  pg_message_set_text (request, "target", pg_span_from_string (argv[1]));
  return pg_ask (cli, request, show_note);
}

PgExit
pg_cmd_forget (PgCli *cli, int argc, char **argv)
{
  JsonObject *request;
  guint64     id;

  if (!pg_arguments_parse (cli, NULL, &argc, &argv, 1, 1))
    return PG_EXIT_USAGE;
  if (!g_ascii_string_to_unsigned (argv[1], 10, 1, G_MAXINT64, &id, NULL))
    return pg_arguments_fail (PG_EXIT_USAGE, "forget \"%s\": expected the number of a note, as popgate status lists them",
                              argv[1]);
  request = pg_ask_new ("forget");
  json_object_set_int_member (request, "note", (gint64) id);
  return pg_ask (cli, request, show_forgotten);
}

PgExit
pg_cmd_thaw (PgCli *cli, int argc, char **argv)
{
  if (!pg_arguments_parse (cli, NULL, &argc, &argv, 0, 0))
    return PG_EXIT_USAGE;
  return pg_ask (cli, pg_ask_new ("thaw"), show_forgotten);
}
