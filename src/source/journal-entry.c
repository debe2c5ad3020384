/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/duration.h"
#include "core/error.h"

#ifdef HAVE_SYSTEMD

#include "source/journal-entry.h"

#include <pwd.h>
#include <time.h>

/* As core/head.c takes them. */
#define HOST_BYTES "-_.:"
#define PROGRAM_BYTES "-_./"

#define NAMES_MAX 4096

static gboolean
find_user (const char *user, guint64 *uid)
{
  char           names[NAMES_MAX];
  struct passwd  entry;
  struct passwd *found = NULL;

  if (g_ascii_string_to_unsigned (user, 10, 0, G_MAXUINT32, uid, NULL))
    return TRUE;
  if (getpwnam_r (user, &entry, names, sizeof names, &found) != 0 || found == NULL)
    return FALSE;
  *uid = entry.pw_uid;
  return TRUE;
}

gboolean
pg_entry_reader_init (PgEntryReader *self, const char *user, GError **error)
{
  *self = (PgEntryReader){ .users = PG_ENTRY_SYSTEM };
  if (user == NULL)
    return TRUE;
  self->users = g_str_equal (user, "any") ? PG_ENTRY_ANY : PG_ENTRY_ONE;
  if (self->users == PG_ENTRY_ANY || find_user (user, &self->uid))
    return TRUE;
  g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "uid=%s: expected a user that exists, a number, or any", user);
  return FALSE;
}

/* Valid until the next field is looked at. */
static gboolean
find_field (sd_journal *journal, const char *name, PgSpan *out)
{
  const void *data;
  gsize       len;

  if (sd_journal_get_data (journal, name, &data, &len) < 0 || len >= PG_ENTRY_FIELD_MAX)
    return FALSE;
  *out = pg_span (data, len);
  return pg_span_take (out, name) && pg_span_take (out, "=");
}

/* As journald divides them. */
static gboolean
is_system (guint64 uid)
{
  return uid < 1000 || (uid >= 61184 && uid <= 65519) || uid == 65534;
}

/* Each process has a user: an entry without one was made by hand, as whoever may write the files can. Where one user is named,
 * it is not his. */
static gboolean
is_by_user (const PgEntryReader *self, sd_journal *journal)
{
  char    text[24];
  PgSpan  field;
  guint64 uid;

  if (self->users == PG_ENTRY_ANY)
    return TRUE;
  if (!find_field (journal, "_UID", &field))
    return self->users == PG_ENTRY_SYSTEM;
  if (field.len >= sizeof text)
    return FALSE;
  memcpy (text, field.data, field.len);
  text[field.len] = '\0';
  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32, &uid, NULL))
    return FALSE;
  return self->users == PG_ENTRY_ONE ? uid == self->uid : is_system (uid);
}

/* What a process writes to its standard output is cut into entries at line feeds, and where a line gets too long, too. */
static gboolean
is_torn (PgEntryReader *self, sd_journal *journal)
{
  char     stream[sizeof self->torn] = "";
  PgSpan   field;
  gboolean ends_torn = find_field (journal, "_LINE_BREAK", &field);
  gboolean begins_torn;

  if (!find_field (journal, "_STREAM_ID", &field) || field.len >= sizeof stream)
    return ends_torn;
  memcpy (stream, field.data, field.len);
  begins_torn = g_str_equal (stream, self->torn);
  if (ends_torn)
    memcpy (self->torn, stream, sizeof stream);
  else if (begins_torn)
    self->torn[0] = '\0';
  return ends_torn || begins_torn;
}

static gboolean
append_stamp (sd_journal *journal, GString *out)
{
  guint64   now_us;
  time_t    seconds;
  struct tm parts;

  if (sd_journal_get_realtime_usec (journal, &now_us) < 0)
    return FALSE;
  seconds = (time_t) (now_us / PG_SECOND);
  if (gmtime_r (&seconds, &parts) == NULL)
    return FALSE;
  g_string_append_printf (out, "%04d-%02d-%02dT%02d:%02d:%02d.%06uZ ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                          parts.tm_hour, parts.tm_min, parts.tm_sec, (guint) (now_us % PG_SECOND));
  return TRUE;
}

static void
append_host (sd_journal *journal, GString *out)
{
  PgSpan field;

  if (find_field (journal, "_HOSTNAME", &field) && pg_span_only_has (field, HOST_BYTES))
    g_string_append_len (out, field.data, (gssize) field.len);
  else
    g_string_append_c (out, '-');
}

static gboolean
append_tag (sd_journal *journal, GString *out)
{
  PgSpan field;

  if (!find_field (journal, "SYSLOG_IDENTIFIER", &field) || !pg_span_only_has (field, PROGRAM_BYTES))
    return FALSE;
  g_string_append_c (out, ' ');
  g_string_append_len (out, field.data, (gssize) field.len);
  if (find_field (journal, "_PID", &field) && pg_span_only_has (field, ""))
    g_string_append_printf (out, "[%.*s]", (int) field.len, field.data);
  g_string_append (out, ": ");
  return TRUE;
}

static gboolean
append_message (sd_journal *journal, GString *out)
{
  PgSpan field;

  if (!find_field (journal, "MESSAGE", &field) || field.len == 0 || memchr (field.data, '\n', field.len) != NULL)
    return FALSE;
  g_string_append_len (out, field.data, (gssize) field.len);
  return TRUE;
}

gboolean
pg_entry_reader_read (PgEntryReader *self, sd_journal *journal, GString *out)
{
  g_string_truncate (out, 0);
  if (is_torn (self, journal) || !is_by_user (self, journal) || !append_stamp (journal, out))
    return FALSE;
  append_host (journal, out);
  return append_tag (journal, out) && append_message (journal, out);
}

#endif
