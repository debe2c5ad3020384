/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/watch-line.h"

#include "cli/frozen.h"
#include "cli/output.h"

/* What to say of a row behind its time and its name. Each appends to @line, and tells its tone. */
typedef struct
{
  const char *event;
  PgOutputTone (*tell) (JsonObject *row, GString *line);
} Form;

static void
append_text (GString *line, const char *format, JsonObject *row, const char *name)
{
  g_autofree char *text = pg_output_text (row, name);

  g_string_append_printf (line, format, text);
}

static gboolean
has_text (JsonObject *row, const char *name)
{
  const char *text = pg_message_get_string (row, name);

  return text != NULL && text[0] != '\0';
}

static gboolean
is_text (JsonObject *row, const char *name, const char *text)
{
  return g_strcmp0 (pg_message_get_string (row, name), text) == 0;
}

static PgOutputTone
tell_login (JsonObject *row, GString *line)
{
  append_text (line, "%-15s  ", row, "address");
  append_text (line, "%s  ", row, "user");
  append_text (line, "%s ", row, "service");
  append_text (line, "%s  ", row, "server");
  append_text (line, "%s", row, "fate");
  if (has_text (row, "why"))
    append_text (line, ": %s", row, "why");
  if (is_text (row, "fate", "granted"))
    return PG_OUTPUT_GOOD;
  return is_text (row, "fate", "kept") ? PG_OUTPUT_PLAIN : PG_OUTPUT_BAD;
}

static PgOutputTone
tell_verdict (JsonObject *row, GString *line)
{
  append_text (line, "%-15s  ", row, "address");
  append_text (line, "%-5s  ", row, "verdict");
  append_text (line, "%-8s  ", row, "reason");
  append_text (line, "%s  ", row, "user");
  append_text (line, "from %s ", row, "sender");
  append_text (line, "to %s", row, "recipient");
  if (has_text (row, "sasl_username"))
    append_text (line, ", logged in to SMTP as %s", row, "sasl_username");
  if (is_text (row, "verdict", "OK"))
    return PG_OUTPUT_GOOD;
  return is_text (row, "verdict", "DEFER_IF_REJECT") ? PG_OUTPUT_DOUBT : PG_OUTPUT_PLAIN;
}

static PgOutputTone
tell_note (JsonObject *row, GString *line)
{
  gint64           until = pg_message_get_int (row, "until", 0);
  g_autofree char *end = pg_output_clock (until);

  g_string_append_printf (line, "%" G_GINT64_FORMAT " ", pg_message_get_int (row, "note", 0));
  append_text (line, "%s ", row, "kind");
  append_text (line, "%s, ", row, "target");
  append_text (line, "by %s", row, "by");
  if (until != 0)
    g_string_append_printf (line, ", until %s", end);
  if (has_text (row, "why"))
    append_text (line, ": %s", row, "why");
  return PG_OUTPUT_PLAIN;
}

static PgOutputTone
tell_made (JsonObject *row, GString *line)
{
  tell_note (row, line);
  if (!is_text (row, "kind", "freeze"))
    return PG_OUTPUT_PLAIN;
  g_string_append (line, "; " PG_FROZEN_TEXT);
  return PG_OUTPUT_BAD;
}

static PgOutputTone
tell_source (JsonObject *row, GString *line)
{
  if (has_text (row, "problem"))
    append_text (line, "%s; refusals are deferred", row, "problem");
  else
    g_string_append (line, "logins are read to their end");
  return has_text (row, "problem") ? PG_OUTPUT_BAD : PG_OUTPUT_GOOD;
}

static PgOutputTone
tell_store (JsonObject *row, GString *line)
{
  if (has_text (row, "problem"))
    append_text (line, "%s; refusals are deferred", row, "problem");
  else
    g_string_append (line, "the database can be used");
  return has_text (row, "problem") ? PG_OUTPUT_BAD : PG_OUTPUT_GOOD;
}

static PgOutputTone
tell_dropped (JsonObject *row, GString *line)
{
  g_string_append_printf (line, "%" G_GINT64_FORMAT " events are missing here: they came faster than they were read",
                          pg_message_get_int (row, "count", 0));
  return PG_OUTPUT_DOUBT;
}

static PgOutputTone
tell_watching (JsonObject *row, GString *line)
{
  gsize begin = line->len;

  if (pg_message_get_flag (row, "frozen"))
    g_string_append (line, PG_FROZEN_TEXT "; ");
  if (has_text (row, "store_problem"))
    append_text (line, "database: %s; ", row, "store_problem");
  if (has_text (row, "source_problem"))
    append_text (line, "logins: %s; ", row, "source_problem");
  if (line->len > begin)
    {
      g_string_truncate (line, line->len - strlen ("; "));
      return PG_OUTPUT_BAD;
    }
  g_string_append (line, "logins and database are well");
  return PG_OUTPUT_PLAIN;
}

static const Form forms[] = {
  { "login", tell_login },   { "verdict", tell_verdict }, { "note", tell_made },       { "forgotten", tell_note },
  { "source", tell_source }, { "store", tell_store },     { "dropped", tell_dropped }, { "watching", tell_watching },
};

static void
show_date (GDateTime *moment, PgWatchDay *day)
{
  PgWatchDay       today = { g_date_time_get_year (moment), g_date_time_get_day_of_year (moment) };
  g_autofree char *date = g_date_time_format (moment, "%a %Y-%m-%d");

  if (today.year != day->year || today.day != day->day)
    pg_output_print (PG_OUTPUT_PLAIN, "--- %s", date);
  *day = today;
}

void
pg_watch_line_show (JsonObject *row, PgWatchDay *day)
{
  g_autoptr (GDateTime) moment = g_date_time_new_from_unix_local (pg_message_get_int (row, "time", 0));
  g_autofree char *clock = g_date_time_format (moment, "%H:%M:%S");
  g_autofree char *event = pg_output_text (row, "event");
  g_autoptr (GString) line = g_string_new (NULL);
  PgOutputTone tone = PG_OUTPUT_PLAIN;

  show_date (moment, day);
  g_string_append_printf (line, "%s  %-9s  ", clock, event);
  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    if (g_str_equal (forms[i].event, event))
      tone = forms[i].tell (row, line);
  pg_output_print (tone, "%s", line->str);
}
