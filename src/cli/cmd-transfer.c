/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export, import: all grants and notes, from one database to another. */
#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/input.h"
#include "cli/output.h"
#include "control/portable.h"
#include "core/error.h"

/* Bytes of lines that go in one request. It has to be a legal one with all that JSON may add to them; and Postfix waits while it
 * is carried out, which takes half a millisecond for so many. */
#define BATCH_MAX 4096

/* Lines that are told of, of each kind; further ones are only counted. */
#define TOLD_MAX 20

/* --- export ---------------------------------------------------------------------------------------------------------- */

static void
print_row (JsonObject *row, G_GNUC_UNUSED gpointer user_data)
{
  pg_output_json (row);
}

PgExit
pg_cmd_export (PgCli *cli, int argc, char **argv)
{
  if (!pg_arguments_parse (cli, NULL, &argc, &argv, 0, 0))
    return PG_EXIT_USAGE;
  return pg_ask (cli, pg_ask_new ("export"), print_row);
}

/* --- import: what is counted and told -------------------------------------------------------------------------------- */

typedef struct
{
  PgAsker   *asker;
  gboolean   dry_run;
  gboolean   is_begun; /* a header was read, and no end since */
  gboolean   was_begun;
  gboolean   is_stopped;
  gboolean   brings_freeze;
  gint64     told_us;
  guint64    n_lines; /* since the header */
  JsonArray *batch;   /* NULL: none is waiting */
  GArray    *numbers; /* of guint64: the lines of @batch */
  gsize      batch_bytes;
  gboolean   are_notes; /* of @batch */
  guint64    n_new;
  guint64    n_renewed;
  guint64    n_kept;
  guint64    n_refused;
  guint64    n_bad;
  PgExit     code;
} Import;

static void
stop (Import *self, PgExit code)
{
  self->code = MAX (self->code, code);
  self->is_stopped = TRUE;
}

/* @count: of what is alike, this included. */
static void
tell_line (guint64 count, guint64 number, const char *what, const char *why)
{
  if (count <= TOLD_MAX)
    pg_arguments_fail (PG_EXIT_USAGE, "line %" G_GUINT64_FORMAT ": %s%s", number, what, why);
  else if (count == TOLD_MAX + 1)
    pg_arguments_fail (PG_EXIT_USAGE, "further lines of this kind are only counted");
}

static void
tell_bad (Import *self, guint64 number, const char *why)
{
  self->n_bad++;
  self->code = MAX (self->code, PG_EXIT_USAGE);
  tell_line (self->n_bad, number, "", why);
}

static guint64
number_of (const Import *self, JsonObject *failure)
{
  gint64 index = pg_message_get_int (failure, "index", 0);

  return index >= 0 && index < self->numbers->len ? g_array_index (self->numbers, guint64, index) : 0;
}

static void
take_result (JsonObject *row, gpointer user_data)
{
  Import     *self = user_data;
  JsonArray  *refused = json_object_get_array_member (row, "refused");
  JsonArray  *bad = json_object_get_array_member (row, "bad");
  JsonObject *first = json_array_get_object_element (self->batch, 0);
  gint64      n_taken = pg_message_get_int (row, "new", 0) + pg_message_get_int (row, "renewed", 0);

  self->n_new += (guint64) pg_message_get_int (row, "new", 0);
  self->n_renewed += (guint64) pg_message_get_int (row, "renewed", 0);
  self->n_kept += (guint64) pg_message_get_int (row, "kept", 0);
  if (n_taken > 0 && self->are_notes && g_strcmp0 (pg_message_get_string (first, "note"), "freeze") == 0)
    self->brings_freeze = TRUE;
  for (guint i = 0; i < json_array_get_length (refused); i++)
    {
      JsonObject *failure = json_array_get_object_element (refused, i);

      tell_line (++self->n_refused, number_of (self, failure), "not taken: ", pg_message_get_string (failure, "why"));
    }
  for (guint i = 0; i < json_array_get_length (bad); i++)
    {
      JsonObject *failure = json_array_get_object_element (bad, i);

      tell_bad (self, number_of (self, failure), pg_message_get_string (failure, "why"));
    }
}

/* --- import: requests ------------------------------------------------------------------------------------------------ */

static void
flush_batch (Import *self)
{
  JsonObject      *request;
  g_autofree char *place = NULL;
  PgExit           code;

  if (self->batch == NULL || self->is_stopped)
    return;
  request = pg_ask_new ("import");
  place = g_strdup_printf ("line %" G_GUINT64_FORMAT ": ", g_array_index (self->numbers, guint64, 0));
  json_object_set_int_member (request, "told_us", self->told_us);
  json_object_set_boolean_member (request, "dry_run", self->dry_run);
  json_object_set_array_member (request, self->are_notes ? "notes" : "grants", json_array_ref (self->batch));
  code = pg_asker_collect (self->asker, request, place, take_result, self);
  if (code != PG_EXIT_OK)
    stop (self, code);
  g_clear_pointer (&self->batch, json_array_unref);
  g_array_set_size (self->numbers, 0);
  self->batch_bytes = 0;
}

/* Grants go together; each note goes alone, so that the log tells of each. */
static void
add_object (Import *self, JsonObject *object, gsize len, gboolean is_note, guint64 number)
{
  if (is_note || self->are_notes || self->batch_bytes + len > BATCH_MAX)
    flush_batch (self);
  if (self->batch == NULL)
    self->batch = json_array_new ();
  self->are_notes = is_note;
  self->batch_bytes += len;
  json_array_add_object_element (self->batch, json_object_ref (object));
  g_array_append_val (self->numbers, number);
}

static void
finish (Import *self)
{
  JsonObject *request = pg_ask_new ("import");
  PgExit      code;

  json_object_set_int_member (request, "new", (gint64) self->n_new);
  json_object_set_int_member (request, "renewed", (gint64) self->n_renewed);
  json_object_set_int_member (request, "kept", (gint64) self->n_kept);
  json_object_set_int_member (request, "refused", (gint64) (self->n_refused + self->n_bad));
  code = pg_asker_collect (self->asker, request, "", NULL, NULL);
  self->code = MAX (self->code, code);
}

/* --- import: lines --------------------------------------------------------------------------------------------------- */

static void
tell_cut (Import *self, guint64 number)
{
  self->code = MAX (self->code, PG_EXIT_USAGE);
  pg_arguments_fail (PG_EXIT_USAGE,
                     "line %" G_GUINT64_FORMAT ": the export before it is cut: its last line is missing; export it again",
                     number);
}

static void
begin (Import *self, JsonObject *object, guint64 number)
{
  g_autoptr (GError) error = NULL;

  flush_batch (self);
  if (self->is_begun)
    tell_cut (self, number);
  self->is_begun = self->was_begun = pg_portable_read_header (object, &self->told_us, &error);
  self->n_lines = 0;
  if (!self->is_begun)
    stop (self, pg_arguments_fail (PG_EXIT_USAGE, "line %" G_GUINT64_FORMAT ": %s", number, error->message));
}

static void
end (Import *self, JsonObject *object, guint64 number)
{
  g_autoptr (GError) error = NULL;
  guint64 n_notes, n_grants;

  flush_batch (self);
  if (!pg_portable_read_end (object, &n_notes, &n_grants, &error))
    tell_bad (self, number, error->message);
  else if (n_notes + n_grants != self->n_lines)
    {
      self->code = MAX (self->code, PG_EXIT_USAGE);
      pg_arguments_fail (PG_EXIT_USAGE,
                         "line %" G_GUINT64_FORMAT ": expected %" G_GUINT64_FORMAT
                         " lines of notes and grants before it, and there "
                         "are %" G_GUINT64_FORMAT,
                         number, n_notes + n_grants, self->n_lines);
    }
  self->is_begun = FALSE;
}

static void
take_object (Import *self, JsonObject *object, gsize len, guint64 number)
{
  PgPortableKind kind = pg_portable_kind (object);

  if (kind == PG_PORTABLE_HEADER)
    begin (self, object, number);
  else if (!self->is_begun)
    stop (self,
          pg_arguments_fail (PG_EXIT_USAGE,
                             "line %" G_GUINT64_FORMAT ": expected the first line of an export, {\"popgate_export\":%d,...}",
                             number, PG_PORTABLE_VERSION));
  else if (kind == PG_PORTABLE_END)
    end (self, object, number);
  else
    {
      self->n_lines++;
      if (kind == PG_PORTABLE_UNKNOWN)
        tell_bad (self, number, "expected a note, a grant or the end of an export");
      else
        add_object (self, object, len, kind == PG_PORTABLE_NOTE, number);
    }
}

static void
take_line (Import *self, PgSpan line, guint64 number)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) object = NULL;

  if (line.len == 0)
    return;
  object = pg_portable_parse (line, &error);
  if (object != NULL)
    {
      take_object (self, object, line.len, number);
      return;
    }
  self->n_lines++;
  tell_bad (self, number, error->message);
  if (!self->is_begun)
    stop (self, pg_arguments_fail (PG_EXIT_USAGE, "this is no export of popgate"));
}

static void
take_input (Import *self)
{
  g_autoptr (PgInput) input = pg_input_new ();
  g_autoptr (GError) error = NULL;
  PgInputStep step = PG_INPUT_END;
  PgSpan      line;

  while (!self->is_stopped && (step = pg_input_next (input, &line, &error)) > PG_INPUT_END)
    if (step == PG_INPUT_LINE)
      take_line (self, line, pg_input_number (input));
    else
      {
        self->n_lines++;
        tell_bad (self, pg_input_number (input), "the line is too long");
      }
  flush_batch (self);
  if (step == PG_INPUT_FAILED)
    stop (self, pg_arguments_fail (PG_EXIT_FAILED, "%s", error->message));
  else if (self->is_begun && !self->is_stopped)
    tell_cut (self, pg_input_number (input) + 1);
  else if (!self->was_begun && !self->is_stopped)
    stop (self, pg_arguments_fail (PG_EXIT_USAGE, "the standard input is empty: expected an export"));
}

/* --- import: the whole ----------------------------------------------------------------------------------------------- */

static void
show_total_json (const Import *self)
{
  g_autoptr (JsonObject) row = json_object_new ();

  json_object_set_int_member (row, "new", (gint64) self->n_new);
  json_object_set_int_member (row, "renewed", (gint64) self->n_renewed);
  json_object_set_int_member (row, "kept", (gint64) self->n_kept);
  json_object_set_int_member (row, "refused", (gint64) self->n_refused);
  json_object_set_int_member (row, "bad", (gint64) self->n_bad);
  json_object_set_boolean_member (row, "dry_run", self->dry_run);
  pg_output_json (row);
}

static void
show_total (const Import *self, gboolean as_json)
{
  if (as_json)
    {
      show_total_json (self);
      return;
    }
  pg_output_print (PG_OUTPUT_PLAIN,
                   "%s: %" G_GUINT64_FORMAT " new, %" G_GUINT64_FORMAT " renewed, %" G_GUINT64_FORMAT " kept, %" G_GUINT64_FORMAT
                   " not taken, %" G_GUINT64_FORMAT " bad lines",
                   self->dry_run ? "would be imported" : "imported", self->n_new, self->n_renewed, self->n_kept, self->n_refused,
                   self->n_bad);
  if (self->brings_freeze)
    pg_output_print (PG_OUTPUT_BAD, "the export %s a freeze: nobody relays by popgate until popgate thaw",
                     self->dry_run ? "would bring" : "has brought");
}

static PgExit
import (PgCli *cli, gboolean dry_run)
{
  g_autoptr (PgAsker) asker = pg_asker_new (cli);
  Import self = { .asker = asker, .dry_run = dry_run, .numbers = g_array_new (FALSE, FALSE, sizeof (guint64)) };

  take_input (&self);
  if (!dry_run && !pg_asker_is_lost (asker) && self.n_new + self.n_renewed > 0)
    finish (&self);
  if (self.code < PG_EXIT_FAILED)
    show_total (&self, cli->json);
  else if (self.n_new + self.n_renewed > 0 && !dry_run)
    pg_arguments_fail (PG_EXIT_FAILED, "it ended early: what was taken may not be on the disk; import it again");
  g_array_unref (self.numbers);
  g_clear_pointer (&self.batch, json_array_unref);
  return pg_output_finish () ? self.code : PG_EXIT_FAILED;
}

PgExit
pg_cmd_import (PgCli *cli, int argc, char **argv)
{
  gboolean           dry_run = FALSE;
  const GOptionEntry own[] = {
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, "Only say what would be imported", NULL },
    G_OPTION_ENTRY_NULL,
  };

  if (!pg_arguments_parse (cli, own, &argc, &argv, 0, 0))
    return PG_EXIT_USAGE;
  return import (cli, dry_run);
}
