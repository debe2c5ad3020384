/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/note-line.h"

/* ", for 2h more, until CLOCK"; a note that stays has none. */
static void
append_end (GString *text, JsonObject *note, gint64 now_s)
{
  gint64           until_s = pg_message_get_int (note, "until", 0);
  g_autofree char *clock = pg_output_clock (until_s);
  g_autofree char *span = pg_output_span (ABS (until_s - now_s));

  if (until_s == 0)
    return;
  if (until_s > now_s)
    g_string_append_printf (text, ", for %s more, until %s", span, clock);
  else
    g_string_append_printf (text, ", over since %s, %s ago", clock, span);
}

void
pg_note_line_print (JsonObject *note, guint indent, gint64 now_s)
{
  gint64           made_s = pg_message_get_int (note, "made", 0);
  g_autofree char *label = g_strdup_printf ("note %" G_GINT64_FORMAT " ", pg_message_get_int (note, "note", 0));
  g_autofree char *target = pg_output_text (note, "target");
  g_autofree char *by = pg_output_text (note, "by");
  g_autofree char *why = pg_output_text (note, "why");
  g_autofree char *clock = pg_output_clock (made_s);
  g_autofree char *since = pg_output_since (made_s, now_s, FALSE);
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, "%s %s, by %s at %s, %s", pg_message_get_string (note, "kind"), target, by, clock, since);
  append_end (text, note, now_s);
  if (!g_str_equal (why, "-"))
    g_string_append_printf (text, ": %s", why);
  pg_output_hang (PG_OUTPUT_PLAIN, label, indent, text->str);
}
