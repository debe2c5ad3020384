/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/doctor-report.h"

#include "cli/output.h"

#include <stdarg.h>
#include <stdio.h>

/* Bytes of an entry's text that are shown; main.cf has long lists. */
#define SHOWN_MAX 4000

struct _PgDoctorReport
{
  GPtrArray *entries; /* of PgDoctorEntry * */
};

static const char *const words[] = {
  [PG_DOCTOR_OK] = "ok",
  [PG_DOCTOR_UNKNOWN] = "unknown",
  [PG_DOCTOR_FINDING] = "finding",
};

static void
free_entry (gpointer data)
{
  PgDoctorEntry *entry = data;

  g_free (entry->what);
  g_free (entry->where);
  g_free (entry->change);
  g_free (entry);
}

PgDoctorReport *
pg_doctor_report_new (void)
{
  PgDoctorReport *self = g_new0 (PgDoctorReport, 1);

  self->entries = g_ptr_array_new_with_free_func (free_entry);
  return self;
}

void
pg_doctor_report_free (PgDoctorReport *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->entries);
  g_free (self);
}

/* Takes @what. */
static void
add (PgDoctorReport *self, PgDoctorResult result, char *what, const char *where, const char *change)
{
  PgDoctorEntry *entry = g_new0 (PgDoctorEntry, 1);

  *entry = (PgDoctorEntry){ result, what, g_strdup (where), g_strdup (change) };
  g_ptr_array_add (self->entries, entry);
}

void
pg_doctor_ok (PgDoctorReport *self, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  add (self, PG_DOCTOR_OK, g_strdup_vprintf (format, arguments), NULL, NULL);
  va_end (arguments);
}

void
pg_doctor_unknown (PgDoctorReport *self, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  add (self, PG_DOCTOR_UNKNOWN, g_strdup_vprintf (format, arguments), NULL, NULL);
  va_end (arguments);
}

void
pg_doctor_find (PgDoctorReport *self, const char *where, const char *change, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  add (self, PG_DOCTOR_FINDING, g_strdup_vprintf (format, arguments), where, change);
  va_end (arguments);
}

PgDoctorResult
pg_doctor_report_result (const PgDoctorReport *self)
{
  PgDoctorResult result = PG_DOCTOR_OK;

  for (guint i = 0; i < self->entries->len; i++)
    result = MAX (result, pg_doctor_report_entry (self, i)->result);
  return result;
}

guint
pg_doctor_report_size (const PgDoctorReport *self)
{
  return self->entries->len;
}

const PgDoctorEntry *
pg_doctor_report_entry (const PgDoctorReport *self, guint index)
{
  return g_ptr_array_index (self->entries, index);
}

/* --- for people ------------------------------------------------------------------------------------------------------ */

/* A line to be copied: quotes and backslashes stay as they are, what is not printable ASCII does not. */
static char *
show (const char *text)
{
  GString *out = g_string_new (NULL);

  for (gsize i = 0; text[i] != '\0' && i < SHOWN_MAX; i++)
    if (g_ascii_isprint (text[i]))
      g_string_append_c (out, text[i]);
    else
      g_string_append_printf (out, "\\x%02x", (guint) (guchar) text[i]);
  return g_string_free (out, FALSE);
}

static void
print_change (const PgDoctorEntry *entry)
{
  g_autofree char *where = show (entry->where);
  g_auto (GStrv) lines = g_strsplit (entry->change, "\n", -1);

  if (g_str_equal (entry->where, PG_DOCTOR_RUN))
    printf ("%10srun:\n", "");
  else
    printf ("%10sin %s:\n", "", where);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *line = show (lines[i]);

      printf ("%12s%s\n", "", line);
    }
}

static void
print_entry (const PgDoctorEntry *entry, const char *check)
{
  g_autofree char *what = show (entry->what);

  if (entry->result == PG_DOCTOR_FINDING)
    pg_output_print (PG_OUTPUT_BAD, "FINDING   %s: %s", check, what);
  else
    pg_output_print (PG_OUTPUT_DOUBT, "unknown   %s: %s", check, what);
  if (entry->change != NULL)
    print_change (entry);
}

static char *
join_well (const PgDoctorReport *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < self->entries->len; i++)
    {
      const PgDoctorEntry *entry = pg_doctor_report_entry (self, i);

      if (entry->result == PG_DOCTOR_OK)
        g_string_append_printf (text, "%s%s", text->len > 0 ? "; " : "", entry->what);
    }
  return g_string_free (text, FALSE);
}

void
pg_doctor_report_print (const PgDoctorReport *self, const char *check)
{
  g_autofree char *well = join_well (self);
  g_autofree char *shown = show (well);

  if (shown[0] != '\0')
    pg_output_print (PG_OUTPUT_PLAIN, "ok        %s: %s", check, shown);
  for (guint i = 0; i < self->entries->len; i++)
    if (pg_doctor_report_entry (self, i)->result != PG_DOCTOR_OK)
      print_entry (pg_doctor_report_entry (self, i), check);
}

/* --- JSON ------------------------------------------------------------------------------------------------------------ */

static void
set_text (JsonObject *object, const char *name, const char *text)
{
  if (text != NULL)
    pg_message_set_text (object, name, pg_span_from_string (text));
  else
    json_object_set_null_member (object, name);
}

static JsonObject *
entry_to_json (const PgDoctorEntry *entry)
{
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "result", words[entry->result]);
  set_text (object, "what", entry->what);
  set_text (object, "where", entry->where);
  set_text (object, "change", entry->change);
  return object;
}

JsonObject *
pg_doctor_report_to_json (const PgDoctorReport *self, const char *check, const char *about)
{
  JsonObject *object = json_object_new ();
  JsonArray  *entries = json_array_new ();

  json_object_set_string_member (object, "check", check);
  json_object_set_string_member (object, "about", about);
  json_object_set_string_member (object, "result", words[pg_doctor_report_result (self)]);
  for (guint i = 0; i < self->entries->len; i++)
    json_array_add_object_element (entries, entry_to_json (pg_doctor_report_entry (self, i)));
  json_object_set_array_member (object, "entries", entries);
  return object;
}
