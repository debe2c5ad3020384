/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

gboolean
pg_output_is_coloured (void)
{
  const char *no_color = g_getenv ("NO_COLOR");

  return isatty (STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0');
}

void
pg_output_print (PgOutputTone tone, const char *format, ...)
{
  static const char *const colours[] = {
    [PG_OUTPUT_PLAIN] = "",
    [PG_OUTPUT_GOOD] = PG_OUTPUT_COLOUR_GOOD,
    [PG_OUTPUT_BAD] = PG_OUTPUT_COLOUR_BAD,
    [PG_OUTPUT_DOUBT] = PG_OUTPUT_COLOUR_DOUBT,
  };
  gboolean         coloured = tone != PG_OUTPUT_PLAIN && pg_output_is_coloured ();
  va_list          arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  printf ("%s%s%s\n", coloured ? colours[tone] : "", text, coloured ? PG_OUTPUT_COLOUR_OFF : "");
}

void
pg_output_json (JsonObject *row)
{
  g_autofree char *line = pg_message_to_line (row);

  fputs (line, stdout);
}

char *
pg_output_text (JsonObject *row, const char *name)
{
  const char *text = pg_message_get_string (row, name);

  return text != NULL && text[0] != '\0' ? pg_span_escape (pg_span_from_string (text), 500) : g_strdup ("-");
}

char *
pg_output_clock (gint64 epoch_s)
{
  g_autoptr (GDateTime) moment = epoch_s != 0 ? g_date_time_new_from_unix_local (epoch_s) : NULL;

  return moment != NULL ? g_date_time_format (moment, "%Y-%m-%d %H:%M:%S") : g_strdup ("-");
}

gboolean
pg_output_finish (void)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return TRUE;
  fprintf (stderr, "popgate: cannot write: %s\n", g_strerror (errno));
  return FALSE;
}
