/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/parse-rows.h"

#include "cli/output.h"
#include "core/duration.h"

#include <stdio.h>

/* So much of a refused line is shown to people. */
#define SHOWN_MAX 300

#define HELD_MAX 65536

#define CLOCK_MAX 32

struct _PgParseRows
{
  gboolean    json;
  gboolean    coloured;
  const char *file;
  GTimeZone  *zone;
  gsize       n_held;
  gint64      minute;                 /* whose local time @minute_text is */
  char        minute_text[CLOCK_MAX]; /* "2026-11-23 12:00"; empty: seconds do not count from it */
  char        held[HELD_MAX];
};

PgParseRows *
pg_parse_rows_new (gboolean json, GTimeZone *zone)
{
  PgParseRows *self = g_new0 (PgParseRows, 1);

  self->json = json;
  self->coloured = !json && pg_output_is_coloured ();
  self->zone = zone;
  self->minute = G_MININT64;
  return self;
}

void
pg_parse_rows_free (PgParseRows *self)
{
  g_free (self);
}

void
pg_parse_rows_set_file (PgParseRows *self, const char *file)
{
  self->file = file;
}

static gboolean
write_held (PgParseRows *self)
{
  gboolean ok = fwrite (self->held, 1, self->n_held, stdout) == self->n_held;

  self->n_held = 0;
  return ok;
}

gboolean
pg_parse_rows_flush (PgParseRows *self)
{
  return write_held (self) && fflush (stdout) == 0 && !ferror (stdout);
}

/* --- pieces ---------------------------------------------------------------------------------------------------------- */

/* That writing failed, whoever flushes last sees. */
static void
append_much (PgParseRows *self, const char *data, gsize len)
{
  (void) write_held (self);
  (void) fwrite (data, 1, len, stdout);
}

static inline void
append_bytes (PgParseRows *self, const char *data, gsize len)
{
  if (len > HELD_MAX - self->n_held)
    {
      append_much (self, data, len);
      return;
    }
  memcpy (self->held + self->n_held, data, len);
  self->n_held += len;
}

static inline void
append_byte (PgParseRows *self, char c)
{
  append_bytes (self, &c, 1);
}

static inline void
append (PgParseRows *self, const char *text)
{
  append_bytes (self, text, strlen (text));
}

/* Most numbers and names are short: padded to @width, on the left if it is negative. */
static void
append_padded (PgParseRows *self, const char *text, gint width)
{
  static const char blanks[] = "                ";
  gsize             len = strlen (text);
  gsize             wanted = MIN ((gsize) ABS (width), sizeof blanks - 1);
  gsize             n_blanks = wanted > len ? wanted - len : 0;

  if (width < 0)
    append_bytes (self, blanks, n_blanks);
  append_bytes (self, text, len);
  if (width > 0)
    append_bytes (self, blanks, n_blanks);
}

static void
append_number (PgParseRows *self, gint64 value, gint width)
{
  char    text[24];
  char   *at = text + sizeof text - 1;
  guint64 rest = value < 0 ? (guint64) - (value + 1) + 1 : (guint64) value;

  *at = '\0';
  do
    *--at = (char) ('0' + rest % 10);
  while ((rest /= 10) > 0);
  if (value < 0)
    *--at = '-';
  append_padded (self, at, width);
}

/* Text that can stand as it is, on a terminal and in JSON. */
static gboolean
is_plain (PgSpan text)
{
  for (gsize i = 0; i < text.len; i++)
    if (!g_ascii_isprint (text.data[i]) || text.data[i] == '"' || text.data[i] == '\\')
      return FALSE;
  return TRUE;
}

static void
append_escaped (PgParseRows *self, PgSpan text, gsize max_bytes)
{
  g_autofree char *escaped = NULL;

  if (text.len <= max_bytes && is_plain (text))
    {
      append_bytes (self, text.data, text.len);
      return;
    }
  escaped = pg_span_escape (text, max_bytes);
  append (self, escaped);
}

static void
append_json_byte (PgParseRows *self, char c)
{
  char code[8];

  if (c == '"' || c == '\\')
    append_byte (self, '\\');
  if ((guchar) c < 0x20 || c == 0x7f)
    {
      g_snprintf (code, sizeof code, "\\u%04x", (guint) c);
      append (self, code);
    }
  else
    append_byte (self, c);
}

static void
append_json_text (PgParseRows *self, PgSpan text)
{
  g_autofree char *valid = NULL;

  append_byte (self, '"');
  if (is_plain (text))
    append_bytes (self, text.data, text.len);
  else
    {
      valid = g_utf8_make_valid (text.data, (gssize) text.len);
      for (const char *at = valid; *at != '\0'; at++)
        append_json_byte (self, *at);
    }
  append_byte (self, '"');
}

/* ,"NAME":"TEXT" */
static void
append_member (PgParseRows *self, const char *name, PgSpan text)
{
  append (self, ",\"");
  append (self, name);
  append (self, "\":");
  append_json_text (self, text);
}

static void
append_json_begin (PgParseRows *self, guint64 line)
{
  append (self, "{");
  if (self->file != NULL)
    {
      append (self, "\"file\":");
      append_json_text (self, pg_span_from_string (self->file));
      append (self, ",");
    }
  append (self, "\"line\":");
  append_number (self, (gint64) line, 0);
}

/* Lines come by the minute: its date and hour are worked out once. */
static void
set_minute (PgParseRows *self, gint64 minute)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (minute * 60);
  g_autoptr (GDateTime) moment = utc != NULL ? g_date_time_to_timezone (utc, self->zone) : NULL;
  g_autofree char *text = moment != NULL ? g_date_time_format (moment, "%Y-%m-%d %H:%M:") : NULL;

  self->minute = minute;
  self->minute_text[0] = '\0';
  if (text != NULL && g_date_time_get_second (moment) == 0)
    g_strlcpy (self->minute_text, text, sizeof self->minute_text);
}

static void
append_clock (PgParseRows *self, gint64 epoch_s)
{
  g_autofree char *text = NULL;
  gint64           minute = epoch_s / 60;
  guint            second = (guint) (epoch_s % 60);

  if (minute != self->minute && epoch_s > 0)
    set_minute (self, minute);
  if (epoch_s <= 0 || self->minute_text[0] == '\0')
    {
      text = pg_output_clock (epoch_s);
      append (self, text);
      return;
    }
  append (self, self->minute_text);
  append_byte (self, (char) ('0' + second / 10));
  append_byte (self, (char) ('0' + second % 10));
}

static void
begin_tone (PgParseRows *self, const char *colour)
{
  if (self->coloured)
    append (self, colour);
}

static void
end_row (PgParseRows *self, gboolean had_tone)
{
  append (self, self->json ? "}\n" : self->coloured && had_tone ? PG_OUTPUT_COLOUR_OFF "\n" : "\n");
}

/* --- rows ------------------------------------------------------------------------------------------------------------ */

static void
add_login_as_json (PgParseRows *self, guint64 line, const PgLogin *login, const char *refusal)
{
  char address[PG_ADDRESS_TEXT_MAX];

  append_json_begin (self, line);
  append (self, ",\"time\":");
  append_number (self, login->time_us / PG_SECOND, 0);
  append_member (self, "address", pg_span_from_string (pg_address_to_string (&login->address, address)));
  append_member (self, "user", login->user);
  append_member (self, "service", pg_span_from_string (pg_service_to_string (login->service)));
  append_member (self, "server", pg_span_from_string (pg_server_to_string (login->server)));
  append (self, refusal == NULL ? ",\"grants\":true" : ",\"grants\":false");
  append_member (self, "why", pg_span_from_string (refusal != NULL ? refusal : ""));
  end_row (self, FALSE);
}

void
pg_parse_rows_add_login (PgParseRows *self, guint64 line, const PgLogin *login, const char *refusal)
{
  char address[PG_ADDRESS_TEXT_MAX];

  if (self->json)
    {
      add_login_as_json (self, line, login, refusal);
      return;
    }
  if (refusal == NULL)
    begin_tone (self, PG_OUTPUT_COLOUR_GOOD);
  append_clock (self, login->time_us / PG_SECOND);
  append (self, refusal == NULL ? "  grants  " : "  nothing ");
  append_padded (self, pg_address_to_string (&login->address, address), 15);
  append (self, "  ");
  append (self, pg_service_to_string (login->service));
  append (self, " by ");
  append_escaped (self, login->user, PG_USER_MAX);
  append (self, " (");
  append (self, pg_server_to_string (login->server));
  append (self, refusal != NULL ? "): " : ")");
  append (self, refusal != NULL ? refusal : "");
  end_row (self, refusal == NULL);
}

void
pg_parse_rows_add_refused (PgParseRows *self, guint64 line, PgSpan text, const char *why)
{
  if (self->json)
    {
      append_json_begin (self, line);
      append_member (self, "refused", pg_span_from_string (why));
      append_member (self, "text", text);
      end_row (self, FALSE);
      return;
    }
  begin_tone (self, PG_OUTPUT_COLOUR_DOUBT);
  if (self->file != NULL)
    {
      append_escaped (self, pg_span_from_string (self->file), SHOWN_MAX);
      append (self, ": ");
    }
  append (self, "line ");
  append_number (self, (gint64) line, 0);
  append (self, " not taken for a login (");
  append (self, why);
  append (self, "): ");
  append_escaped (self, text, SHOWN_MAX);
  end_row (self, TRUE);
}

void
pg_parse_rows_add_heading (PgParseRows *self)
{
  if (self->json)
    return;
  append (self, "  logins    grant  server     service    user");
  end_row (self, FALSE);
}

void
pg_parse_rows_add_count (PgParseRows *self, PgServer server, PgService service, const PgSpan *user, guint64 n_logins,
                         guint64 n_grants)
{
  if (self->json)
    {
      append (self, "{\"count\":");
      append_number (self, (gint64) n_logins, 0);
      append (self, ",\"grants\":");
      append_number (self, (gint64) n_grants, 0);
      append_member (self, "server", pg_span_from_string (pg_server_to_string (server)));
      append_member (self, "service", pg_span_from_string (pg_service_to_string (service)));
      if (user != NULL)
        append_member (self, "user", *user);
      else
        append (self, ",\"others\":true");
      end_row (self, FALSE);
      return;
    }
  append_number (self, (gint64) n_logins, -8);
  append_number (self, (gint64) n_grants, -9);
  append (self, "  ");
  append_padded (self, pg_server_to_string (server), 11);
  append_padded (self, pg_service_to_string (service), 11);
  append_escaped (self, user != NULL ? *user : pg_span_from_string ("(others)"), PG_USER_MAX);
  end_row (self, FALSE);
}
