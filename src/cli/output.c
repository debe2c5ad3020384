/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/output.h"

#include "core/duration.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

gboolean
pg_output_is_terminal (void)
{
  return isatty (STDOUT_FILENO);
}

guint
pg_output_width (void)
{
  struct winsize size;

  return ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? MAX (size.ws_col, PG_OUTPUT_WIDTH) : PG_OUTPUT_WIDTH;
}

gboolean
pg_output_is_coloured (void)
{
  const char *no_color = g_getenv ("NO_COLOR");

  return pg_output_is_terminal () && (no_color == NULL || no_color[0] == '\0');
}

static const char *
colour_of (PgOutputTone tone)
{
  static const char *const colours[] = {
    [PG_OUTPUT_PLAIN] = "",
    [PG_OUTPUT_GOOD] = PG_OUTPUT_COLOUR_GOOD,
    [PG_OUTPUT_BAD] = PG_OUTPUT_COLOUR_BAD,
    [PG_OUTPUT_DOUBT] = PG_OUTPUT_COLOUR_DOUBT,
  };

  return pg_output_is_coloured () ? colours[tone] : "";
}

static void
print_line (const char *colour, const char *text)
{
  printf ("%s%s%s\n", colour, text, colour[0] != '\0' ? PG_OUTPUT_COLOUR_OFF : "");
}

void
pg_output_print (PgOutputTone tone, const char *format, ...)
{
  va_list          arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  print_line (colour_of (tone), text);
}

void
pg_output_title (const char *text)
{
  print_line (pg_output_is_coloured () ? PG_OUTPUT_COLOUR_TITLE : "", text);
}

/* How many bytes of @text go in @columns: up to a blank, if there is one. */
static gsize
fitting (const char *text, gsize columns)
{
  gsize len = strlen (text);

  if (len <= columns)
    return len;
  for (gsize at = columns; at > 0; at--)
    if (text[at] == ' ')
      return at;
  return columns;
}

void
pg_output_hang (PgOutputTone tone, const char *label, guint indent, const char *text)
{
  gboolean is_terminal = pg_output_is_terminal ();

  do
    {
      gsize            taken = MAX (indent, strlen (label));
      gsize            len = fitting (text, is_terminal ? MAX (pg_output_width () - taken, 1) : G_MAXSIZE);
      g_autofree char *line = g_strdup_printf ("%-*s%.*s", (int) indent, label, (int) len, text);

      print_line (colour_of (tone), line);
      label = "";
      text += len + (text[len] == ' ' ? 1 : 0);
    }
  while (text[0] != '\0');
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

char *
pg_output_span (gint64 seconds)
{
  char *text = pg_duration_to_string (seconds * PG_SECOND);

  text[strcspn (text, " ")] = '\0';
  return text;
}

char *
pg_output_since (gint64 epoch_s, gint64 now_s, gboolean in_full)
{
  gint64           distance = ABS (now_s - epoch_s);
  g_autofree char *text = in_full ? pg_duration_to_string (distance * PG_SECOND) : pg_output_span (distance);

  if (distance == 0)
    return g_strdup ("now");
  return epoch_s < now_s ? g_strconcat (text, " ago", NULL) : g_strconcat ("in ", text, NULL);
}

gboolean
pg_output_finish (void)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return TRUE;
  fprintf (stderr, "popgate: cannot write: %s\n", g_strerror (errno));
  return FALSE;
}
