/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/verdict-line.h"

/* Where it goes on if it is long. */
#define INDENT 4

PgOutputTone
pg_verdict_tone (const char *verdict)
{
  if (g_strcmp0 (verdict, "OK") == 0)
    return PG_OUTPUT_GOOD;
  return g_strcmp0 (verdict, "DEFER_IF_REJECT") == 0 ? PG_OUTPUT_DOUBT : PG_OUTPUT_BAD;
}

static const char *
say_verdict (JsonObject *row)
{
  const char *verdict = pg_message_get_string (row, "verdict");

  if (g_strcmp0 (pg_message_get_string (row, "reason"), "frozen") == 0)
    return "has to wait, all are FROZEN";
  if (g_strcmp0 (verdict, "OK") == 0)
    return "may relay";
  return g_strcmp0 (verdict, "DEFER_IF_REJECT") == 0 ? "has to wait" : "may not relay";
}

/* A freeze is shouted: all mail that popgate might permit waits for it. */
static PgOutputTone
tone_of (JsonObject *row)
{
  if (g_strcmp0 (pg_message_get_string (row, "reason"), "frozen") == 0)
    return PG_OUTPUT_BAD;
  return pg_verdict_tone (pg_message_get_string (row, "verdict"));
}

void
pg_verdict_line_print (JsonObject *row)
{
  gint64           at_s = pg_message_get_int (row, "at", -1);
  gboolean         can_tell = at_s < 0 || pg_message_get_flag (row, "can_tell"); /* of an earlier moment perhaps nothing can be */
  g_autofree char *address = pg_output_text (row, "address");
  g_autofree char *label = g_strconcat (address, " ", NULL);
  g_autofree char *why = pg_output_text (row, "why");
  g_autofree char *clock = pg_output_clock (MAX (at_s, 0));
  g_autofree char *text = g_strdup_printf ("%s%s%s%s: %s", at_s >= 0 ? "at " : "", at_s >= 0 ? clock : "", at_s >= 0 ? ": " : "",
                                           can_tell ? say_verdict (row) : "cannot be told", why);

  pg_output_hang (can_tell ? tone_of (row) : PG_OUTPUT_DOUBT, label, INDENT, text);
}
