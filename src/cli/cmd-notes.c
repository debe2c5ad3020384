/* SPDX-License-Identifier: GPL-3.0-or-later */
/* allow, deny, revoke, forget, freeze, thaw: what an admin adds by hand, and takes back. */
#include "cli/arguments.h"
#include "cli/operands.h"
#include "cli/output.h"
#include "core/duration.h"
#include "core/error.h"

static void
show_note (JsonObject *row, G_GNUC_UNUSED gpointer user_data)
{
  g_autofree char *target = pg_output_text (row, "target");
  g_autofree char *until = pg_output_clock (pg_message_get_int (row, "until", 0));
  gboolean         ends = pg_message_get_int (row, "until", 0) != 0;

  pg_output_print (PG_OUTPUT_PLAIN, "note %" G_GINT64_FORMAT ": %s %s%s%s", pg_message_get_int (row, "note", 0),
                   pg_message_get_string (row, "kind"), target, ends ? " until " : "", ends ? until : "");
}

/* Transfer full. */
static char *
say_users (JsonArray *users)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < json_array_get_length (users); i++)
    {
      g_autofree char *user = pg_span_escape (pg_span_from_string (json_array_get_string_element (users, i)), 500);

      g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", user);
    }
  return g_string_free (text, FALSE);
}

static void
show_ended (JsonObject *grant)
{
  gint64           now_us = g_get_real_time ();
  gint64           login_us = pg_message_get_int (grant, "login", 0) * PG_SECOND;
  gint64           until_us = pg_message_get_int (grant, "until", 0) * PG_SECOND;
  g_autofree char *users = say_users (json_object_get_array_member (grant, "users"));
  g_autofree char *age = pg_duration_to_string (MAX (now_us - login_us, 0) / PG_SECOND * PG_SECOND);
  g_autofree char *left = pg_duration_to_string (MAX (until_us - now_us, 0) / PG_SECOND * PG_SECOND);

  pg_output_print (PG_OUTPUT_PLAIN, "ended: %s, by %s, newest login %s ago, %s before its time",
                   pg_message_get_string (grant, "address"), users, age, left);
}

/* The note, and what it has ended. */
static void
show_revoke (JsonObject *row, gpointer user_data)
{
  JsonArray       *grants = json_object_get_array_member (row, "grants");
  guint            n_shown = json_array_get_length (grants);
  gint64           n_ended = pg_message_get_int (row, "ended", 0);
  gint64           n_kept = pg_message_get_int (row, "kept", 0);
  g_autofree char *problem = pg_output_text (row, "problem");

  show_note (row, user_data);
  for (guint i = 0; i < n_shown; i++)
    show_ended (json_array_get_object_element (grants, i));
  if (n_ended > n_shown)
    pg_output_print (PG_OUTPUT_PLAIN, "ended: %" G_GINT64_FORMAT " more", n_ended - n_shown);
  if (n_kept > 0)
    pg_output_print (PG_OUTPUT_PLAIN, "kept: %" G_GINT64_FORMAT ", where another login permits", n_kept);
  if (pg_message_get_string (row, "problem") != NULL)
    pg_output_print (PG_OUTPUT_BAD, "what else it ended is not known: %s", problem);
  else if (n_ended == 0)
    pg_output_print (PG_OUTPUT_PLAIN, "ended: nothing%s", n_kept > 0 ? "" : ", no login there permitted");
}

static void
show_forgotten (JsonObject *row, G_GNUC_UNUSED gpointer user_data)
{
  g_autofree char *target = pg_output_text (row, "target");

  pg_output_print (PG_OUTPUT_PLAIN, "forgotten: note %" G_GINT64_FORMAT ", %s %s", pg_message_get_int (row, "note", 0),
                   pg_message_get_string (row, "kind"), target);
}

typedef struct
{
  const char *command;
  gint64      for_us; /* 0: it stays */
  char       *why;    /* NULL: none was given */
} NoteOptions;

/* FALSE: told what is wrong. */
static gboolean
parse_options (PgCli *cli, NoteOptions *out, int *argc, char ***argv, int min, int max)
{
  g_autofree char   *for_text = NULL;
  const GOptionEntry own[] = {
    { "for", 0, 0, G_OPTION_ARG_STRING, &for_text, "Ends by itself after DURATION, as 2h", "DURATION" },
    { "why", 0, 0, G_OPTION_ARG_STRING, &out->why, "A word to those who read it later", "TEXT" },
    G_OPTION_ENTRY_NULL,
  };

  *out = (NoteOptions){ .command = cli->subcommand->name };
  if (!pg_arguments_parse (cli, own, argc, argv, min, max))
    return FALSE;
  if (for_text == NULL || (pg_duration_parse (pg_span_from_string (for_text), &out->for_us) && out->for_us > 0))
    return TRUE;
  pg_arguments_fail (PG_EXIT_USAGE, "--for \"%s\": expected a duration, as 2h or 30m", for_text);
  return FALSE;
}

/* @target: (nullable): whom it is about. */
static JsonObject *
ask_for_note (const char *target, gpointer user_data, G_GNUC_UNUSED GError **error)
{
  const NoteOptions *options = user_data;
  JsonObject        *request = pg_ask_new (options->command);

  if (target != NULL)
    pg_message_set_text (request, "target", pg_span_from_string (target));
  if (options->why != NULL)
    pg_message_set_text (request, "why", pg_span_from_string (options->why));
  if (options->for_us > 0)
    json_object_set_int_member (request, "for", options->for_us / PG_SECOND);
  return request;
}

static PgExit
add_notes (PgCli *cli, int argc, char **argv)
{
  NoteOptions options;
  PgExit      code = PG_EXIT_USAGE;

  if (parse_options (cli, &options, &argc, &argv, 1, -1))
    code = pg_operands_ask (cli, argc, argv, ask_for_note, show_note, &options);
  g_free (options.why);
  return code;
}

PgExit
pg_cmd_allow (PgCli *cli, int argc, char **argv)
{
  return add_notes (cli, argc, argv);
}

PgExit
pg_cmd_deny (PgCli *cli, int argc, char **argv)
{
  return add_notes (cli, argc, argv);
}

PgExit
pg_cmd_freeze (PgCli *cli, int argc, char **argv)
{
  NoteOptions options;
  PgExit      code = PG_EXIT_USAGE;

  if (parse_options (cli, &options, &argc, &argv, 0, 0))
    code = pg_ask (cli, ask_for_note (NULL, &options, NULL), show_note);
  g_free (options.why);
  return code;
}

PgExit
pg_cmd_revoke (PgCli *cli, int argc, char **argv)
{
  NoteOptions options = { .command = "revoke" };

  if (!pg_arguments_parse (cli, NULL, &argc, &argv, 1, -1))
    return PG_EXIT_USAGE;
  return pg_operands_ask (cli, argc, argv, ask_for_note, show_revoke, &options);
}

static JsonObject *
ask_to_forget (const char *operand, G_GNUC_UNUSED gpointer user_data, GError **error)
{
  g_autofree char *shown = pg_span_escape (pg_span_from_string (operand), 80);
  JsonObject      *request;
  guint64          id;

  if (!g_ascii_string_to_unsigned (operand, 10, 1, G_MAXINT64, &id, NULL))
    {
      g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "forget \"%s\": expected the number of a note, as popgate status lists them",
                   shown);
      return NULL;
    }
  request = pg_ask_new ("forget");
  json_object_set_int_member (request, "note", (gint64) id);
  return request;
}

PgExit
pg_cmd_forget (PgCli *cli, int argc, char **argv)
{
  if (!pg_arguments_parse (cli, NULL, &argc, &argv, 1, -1))
    return PG_EXIT_USAGE;
  return pg_operands_ask (cli, argc, argv, ask_to_forget, show_forgotten, NULL);
}

PgExit
pg_cmd_thaw (PgCli *cli, int argc, char **argv)
{
  if (!pg_arguments_parse (cli, NULL, &argc, &argv, 0, 0))
    return PG_EXIT_USAGE;
  return pg_ask (cli, pg_ask_new ("thaw"), show_forgotten);
}
