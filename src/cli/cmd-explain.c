/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain: the whole story of a verdict, as a support desk tells it. */
#include "cli/arguments.h"
#include "cli/note-line.h"
#include "cli/operands.h"
#include "cli/verdict-line.h"
#include "core/moment.h"

/* Where the second column begins: of rules behind number and title, of logins behind date, time and how long ago that is. */
#define RULE_INDENT 36
#define LOGIN_INDENT 34
#define NOTE_INDENT 11

/* What is asked of each address. */
typedef struct
{
  char  *sender; /* NULL: none was given */
  char  *user;   /* the same */
  char  *at;     /* the same */
  gint64 at_us;
  guint  n_told;
} Question;

/* --- showing --------------------------------------------------------------------------------------------------------- */

static void
show_step (JsonObject *step)
{
  g_autofree char *title = pg_output_text (step, "title");
  g_autofree char *saw = pg_output_text (step, "saw");
  const char      *verdict = pg_message_get_string (step, "verdict");
  gboolean         decides = pg_message_get_flag (step, "decides");
  g_autofree char *label =
      g_strdup_printf ("%s %2d  %-28s ", decides ? "->" : "  ", (int) pg_message_get_int (step, "rule", 0), title);
  g_autofree char *text = g_strconcat (saw, decides ? " => " : "", decides ? verdict : "", NULL);

  pg_output_hang (decides ? pg_verdict_tone (verdict) : PG_OUTPUT_PLAIN, label, RULE_INDENT, text);
}

static char *
label_of (JsonObject *login, gint64 now_s)
{
  gint64           time_s = pg_message_get_int (login, "time", 0);
  g_autofree char *clock = pg_output_clock (time_s);
  g_autofree char *since = pg_output_since (time_s, now_s, FALSE);

  return g_strdup_printf ("  %s  %-9s", clock, since);
}

/* Until when it permits, or why it does not. */
static char *
say_worth (JsonObject *login, gint64 now_s)
{
  gint64           until_s = pg_message_get_int (login, "until", 0);
  g_autofree char *until = pg_output_clock (until_s);
  g_autofree char *span = pg_output_span (MAX (until_s - now_s, 0));
  g_autofree char *why_not = pg_output_text (login, "why_not");

  if (!pg_message_get_flag (login, "counts"))
    return g_strdup_printf ("%s (until %s)", why_not, until);
  return until_s >= now_s ? g_strdup_printf ("permits for %s more, until %s", span, until)
                          : g_strdup_printf ("permitted until %s", until);
}

static void
show_login (JsonObject *login, gint64 now_s)
{
  g_autofree char *label = label_of (login, now_s);
  g_autofree char *user = pg_output_text (login, "user");
  g_autofree char *worth = say_worth (login, now_s);
  g_autofree char *text = g_strdup_printf ("%s by %s (%s): %s", pg_message_get_string (login, "service"), user,
                                           pg_message_get_string (login, "server"), worth);

  pg_output_hang (PG_OUTPUT_PLAIN, label, LOGIN_INDENT, text);
}

static void show_title (const char *format, ...) G_GNUC_PRINTF (1, 2);

static void
show_title (const char *format, ...)
{
  va_list          arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  pg_output_print (PG_OUTPUT_PLAIN, "%s", "");
  pg_output_title (text);
}

static void
show_stored (JsonObject *row, gint64 now_s)
{
  JsonArray       *logins = json_object_get_array_member (row, "logins");
  JsonObject      *stored = json_object_get_null_member (row, "stored") ? NULL : json_object_get_object_member (row, "stored");
  g_autofree char *first = stored != NULL ? pg_output_clock (pg_message_get_int (stored, "first", 0)) : NULL;
  g_autofree char *address = stored != NULL ? pg_output_text (stored, "address") : NULL;

  if (stored == NULL)
    return;
  show_title ("Logins from %s, each user's newest:", address);
  for (guint i = 0; i < json_array_get_length (logins); i++)
    show_login (json_array_get_object_element (logins, i), now_s);
  pg_output_print (PG_OUTPUT_PLAIN, "  %" G_GINT64_FORMAT " stored since %s%s", pg_message_get_int (stored, "count", 0), first,
                   pg_message_get_int (stored, "dropped", 0) != 0 ? "; some users found no room" : "");
}

static void
show_notes (JsonObject *row, gint64 now_s)
{
  JsonArray *notes = json_object_get_array_member (row, "notes");

  if (json_array_get_length (notes) == 0)
    return;
  show_title ("Notes that concern it:");
  for (guint i = 0; i < json_array_get_length (notes); i++)
    pg_note_line_print (json_array_get_object_element (notes, i), NOTE_INDENT, now_s);
}

static void
show_trace (JsonObject *row, const char *asked_user, gint64 now_s)
{
  JsonArray       *logins = json_object_get_array_member (row, "user_logins");
  gint64           n_more = pg_message_get_int (row, "user_addresses", 0) - json_array_get_length (logins);
  g_autofree char *user = pg_span_escape (pg_span_from_string (asked_user), 80);

  show_title ("Logins of %s, the newest of each address:", user);
  for (guint i = 0; i < json_array_get_length (logins); i++)
    {
      JsonObject      *login = json_array_get_object_element (logins, i);
      g_autofree char *label = label_of (login, now_s);
      g_autofree char *address = pg_output_text (login, "address");
      g_autofree char *text = g_strdup_printf ("%s, %s (%s)", address, pg_message_get_string (login, "service"),
                                               pg_message_get_string (login, "server"));

      pg_output_hang (PG_OUTPUT_PLAIN, label, LOGIN_INDENT, text);
    }
  if (n_more > 0)
    pg_output_print (PG_OUTPUT_PLAIN, "  and of %" G_GINT64_FORMAT " other addresses: popgate list --user --expired", n_more);
  if (json_array_get_length (logins) == 0)
    pg_output_print (PG_OUTPUT_PLAIN, "  none is stored");
}

static void
show_unknown (JsonObject *row)
{
  JsonArray *unknown = json_object_get_array_member (row, "unknown");

  if (json_array_get_length (unknown) == 0)
    return;
  show_title ("This is by what is stored now. Not known of that moment is:");
  for (guint i = 0; i < json_array_get_length (unknown); i++)
    pg_output_hang (PG_OUTPUT_PLAIN, "  -", 4, json_array_get_string_element (unknown, i));
}

static void
show_explain (JsonObject *row, gpointer user_data)
{
  Question  *question = user_data;
  JsonArray *steps = json_object_get_array_member (row, "steps");
  gint64     now_s = g_get_real_time () / G_USEC_PER_SEC;

  if (question->n_told++ > 0)
    pg_output_print (PG_OUTPUT_PLAIN, "%s", "");
  pg_verdict_line_print (row);
  show_title ("The rules, the first that matches decides:");
  for (guint i = 0; i < json_array_get_length (steps); i++)
    show_step (json_array_get_object_element (steps, i));
  show_stored (row, now_s);
  show_notes (row, now_s);
  if (json_object_has_member (row, "user_logins"))
    show_trace (row, question->user, now_s);
  show_unknown (row);
}

/* --- asking ---------------------------------------------------------------------------------------------------------- */

static JsonObject *
ask_to_explain (const char *operand, gpointer user_data, G_GNUC_UNUSED GError **error)
{
  const Question *question = user_data;
  JsonObject     *request = pg_ask_new ("explain");

  pg_message_set_text (request, "address", pg_span_from_string (operand));
  if (question->sender != NULL)
    pg_message_set_text (request, "sender", pg_span_from_string (question->sender));
  if (question->user != NULL)
    pg_message_set_text (request, "user", pg_span_from_string (question->user));
  if (question->at != NULL)
    json_object_set_int_member (request, "at_us", question->at_us);
  return request;
}

/* FALSE: told what is wrong. */
static gboolean
read_moment (Question *question)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_local ();
  PgClock          clock = { .zone = zone, .now_us = g_get_real_time () };
  g_autofree char *shown = NULL;

  if (question->at == NULL)
    return TRUE;
  shown = pg_span_escape (pg_span_from_string (question->at), 80);
  if (!pg_moment_parse (pg_span_from_string (question->at), &clock, &question->at_us))
    pg_arguments_fail (PG_EXIT_USAGE, "--at \"%s\": expected HH:MM, \"YYYY-MM-DD HH:MM\" or @SECONDS", shown);
  else if (question->at_us > clock.now_us)
    pg_arguments_fail (PG_EXIT_USAGE, "--at \"%s\": expected a moment that has been; put a date before a time of yesterday",
                       shown);
  else
    return TRUE;
  return FALSE;
}

static PgExit
explain (PgCli *cli, Question *question, int argc, char **argv)
{
  const GOptionEntry own[] = {
    { "sender", 0, 0, G_OPTION_ARG_STRING, &question->sender, "As if the mail came from SENDER", "SENDER" },
    { "user", 0, 0, G_OPTION_ARG_STRING, &question->user, "Tell also where USER has logged in", "USER" },
    { "at", 0, 0, G_OPTION_ARG_STRING, &question->at, "As it was then: \"[YYYY-MM-DD ]HH:MM[:SS]\" or @SECONDS", "TIME" },
    G_OPTION_ENTRY_NULL,
  };

  if (!pg_arguments_parse (cli, own, &argc, &argv, 1, -1) || !read_moment (question))
    return PG_EXIT_USAGE;
  return pg_operands_ask (cli, argc, argv, ask_to_explain, show_explain, question);
}

PgExit
pg_cmd_explain (PgCli *cli, int argc, char **argv)
{
  Question question = { 0 };
  PgExit   code = explain (cli, &question, argc, argv);

  g_free (question.sender);
  g_free (question.user);
  g_free (question.at);
  return code;
}
