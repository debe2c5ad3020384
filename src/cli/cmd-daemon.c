/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status, reload: the daemon itself. */
#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/frozen.h"
#include "cli/note-line.h"
#include "cli/output.h"
#include "core/duration.h"

/* Where the second column begins. */
#define INDENT 13

static char *
say_seconds (gint64 seconds)
{
  return pg_duration_to_string (seconds * PG_SECOND);
}

static void show_line (PgOutputTone tone, const char *label, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* What is wrong is shouted: its label is in capitals. */
static void
show_line (PgOutputTone tone, const char *label, const char *format, ...)
{
  va_list          arguments;
  g_autofree char *shown = tone == PG_OUTPUT_BAD ? g_ascii_strup (label, -1) : g_strdup (label);
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  pg_output_hang (tone, shown, INDENT, text);
}

static void
show_daemon (JsonObject *row)
{
  g_autofree char *uptime = say_seconds (pg_message_get_int (row, "uptime", 0));
  g_autofree char *window = say_seconds (pg_message_get_int (row, "window", 0));

  show_line (PG_OUTPUT_PLAIN, "popgated", "%s, pid %" G_GINT64_FORMAT ", up %s, window %s",
             pg_message_get_string (row, "version"), pg_message_get_int (row, "pid", 0), uptime, window);
  if (pg_message_get_flag (row, "frozen"))
    show_line (PG_OUTPUT_BAD, "frozen", "nobody relays by popgate, mail waits; popgate thaw ends it");
}

static void
show_store (JsonObject *store)
{
  g_autofree char *path = pg_output_text (store, "path");
  g_autofree char *problem = pg_output_text (store, "problem");
  g_autofree char *write_problem = pg_output_text (store, "write_problem");
  gint64           n_made = pg_message_get_int (store, "made", -1);

  if (n_made >= 0)
    show_line (PG_OUTPUT_BAD, "store", "%s, %" G_GINT64_FORMAT " records done; refusals are deferred", problem, n_made);
  else if (pg_message_get_string (store, "problem") != NULL)
    show_line (PG_OUTPUT_BAD, "store", "%s; refusals are deferred", problem);
  else
    show_line (PG_OUTPUT_PLAIN, "store", "%s, %" G_GINT64_FORMAT " grants", path, pg_message_get_int (store, "grants", 0));
  if (pg_message_get_string (store, "write_problem") != NULL)
    show_line (PG_OUTPUT_BAD, "unsynced", "%" G_GINT64_FORMAT " bytes: %s", pg_message_get_int (store, "unsynced", 0),
               write_problem);
}

static void
show_source (JsonObject *source)
{
  g_autofree char *name = pg_output_text (source, "name");
  g_autofree char *problem = pg_output_text (source, "problem");
  g_autofree char *warning = pg_output_text (source, "warning");
  g_autofree char *since = say_seconds (pg_message_get_int (source, "since", 0));
  const char      *state = pg_message_get_string (source, "state");
  gboolean         is_blind = g_strcmp0 (state, "blind") == 0;

  if (g_strcmp0 (state, "current") == 0)
    show_line (PG_OUTPUT_PLAIN, "source", "%s, read to its end", name);
  else
    show_line (PG_OUTPUT_BAD, "source", "%s, %s for %s%s%s", name, state, since, is_blind ? ": " : "", is_blind ? problem : "");
  if (!g_str_equal (warning, "-"))
    show_line (PG_OUTPUT_BAD, "", "%s", warning);
}

static char *
say_counters (JsonObject *counters)
{
  GString *text = g_string_new (NULL);
  g_autoptr (GList) names = json_object_get_members (counters);

  for (GList *link = names; link != NULL; link = link->next)
    {
      gint64 count = pg_message_get_int (counters, link->data, 0);

      if (count != 0)
        g_string_append_printf (text, "%s%s %" G_GINT64_FORMAT, text->len > 0 ? ", " : "", (const char *) link->data, count);
    }
  if (text->len == 0)
    g_string_append (text, "none yet");
  return g_string_free (text, FALSE);
}

static void
show_counters (JsonObject *row, const char *title, const char *name)
{
  g_autofree char *text = say_counters (json_object_get_object_member (row, name));

  show_line (PG_OUTPUT_PLAIN, title, "%s", text);
}

static void
show_note (JsonObject *note)
{
  pg_note_line_print (note, INDENT, g_get_real_time () / G_USEC_PER_SEC);
}

static void
show_each (JsonObject *row, const char *name, void (*show) (JsonObject *))
{
  JsonArray *array = json_object_get_array_member (row, name);

  for (guint i = 0; i < json_array_get_length (array); i++)
    show (json_array_get_object_element (array, i));
}

static void
show_status (JsonObject *row, G_GNUC_UNUSED gpointer user_data)
{
  show_daemon (row);
  show_store (json_object_get_object_member (row, "store"));
  show_each (row, "sources", show_source);
  show_line (PG_OUTPUT_PLAIN, "connections", "%" G_GINT64_FORMAT " now, %" G_GINT64_FORMAT " in all, %" G_GINT64_FORMAT " failed",
             pg_message_get_int (row, "connections", 0), pg_message_get_int (row, "connections_accepted", 0),
             pg_message_get_int (row, "connections_failed", 0));
  show_counters (row, "lines", "lines");
  if (!json_object_get_null_member (row, "reports"))
    show_counters (row, "reports", "reports");
  show_counters (row, "logins", "logins");
  show_counters (row, "decisions", "decisions");
  show_each (row, "notes", show_note);
}

PgExit
pg_cmd_status (PgCli *cli, int argc, char **argv)
{
  PgExit code;

  if (!pg_arguments_parse (cli, NULL, &argc, &argv, 0, 0))
    return PG_EXIT_USAGE;
  code = pg_ask (cli, pg_ask_new ("status"), show_status);
  if (code == PG_EXIT_FAILED && pg_frozen_in_database (cli))
    pg_arguments_fail (code, "its database says %s; when it runs, popgate thaw ends that", PG_FROZEN_TEXT);
  return code;
}

PgExit
pg_cmd_reload (PgCli *cli, int argc, char **argv)
{
  if (!pg_arguments_parse (cli, NULL, &argc, &argv, 0, 0))
    return PG_EXIT_USAGE;
  return pg_ask (cli, pg_ask_new ("reload"), NULL);
}
