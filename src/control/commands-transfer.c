/* SPDX-License-Identifier: GPL-3.0-or-later */
/* export, import. */
#include "config.h"

#include "control/command-private.h"
#include "control/portable.h"
#include "core/duration.h"
#include "core/error.h"
#include "engine/merge.h"

/* --- export ---------------------------------------------------------------------------------------------------------- */

void
pg_command_export (const PgCommandHost *host, G_GNUC_UNUSED JsonObject *request, PgAnswer *answer)
{
  g_autoptr (GPtrArray) notes = pg_noteset_list (pg_engine_notes (host->engine));
  GError *error = NULL;

  answer->listing = pg_listing_new_export (host->engine, host->now_us, notes->len, &error);
  if (answer->listing == NULL)
    {
      pg_answer_add_error (answer, error);
      return;
    }
  pg_answer_add_row (answer, pg_portable_header (PACKAGE_VERSION, host->now_us));
  for (guint i = 0; i < notes->len; i++)
    pg_answer_add_row (answer, pg_portable_note (g_ptr_array_index (notes, i)));
}

/* --- import ---------------------------------------------------------------------------------------------------------- */

/* What became of the objects of one request. */
typedef struct
{
  PgMerge    merge;
  guint      fates[PG_N_MERGE_FATES];
  JsonArray *refused; /* of {"index": I, "why": W} */
  JsonArray *bad;     /* the same: what is no grant or note */
} Import;

static void
add_failure (JsonArray *array, guint index, const char *why)
{
  JsonObject *one = json_object_new ();

  json_object_set_int_member (one, "index", index);
  pg_message_set_text (one, "why", pg_span_from_string (why));
  json_array_add_object_element (array, one);
}

static PgMergeFate
merge_grant (const PgMerge *merge, JsonObject *object, const char **out_why, GError **error)
{
  PgRecord record;

  return pg_portable_read_grant (object, &record, error) ? pg_merge_record (merge, &record, out_why, error) : PG_MERGE_FAILED;
}

static PgMergeFate
merge_note (const PgMerge *merge, JsonObject *object, const char **out_why, GError **error)
{
  PgNote note;

  return pg_portable_read_note (object, &note, error) ? pg_merge_note (merge, &note, out_why, error) : PG_MERGE_FAILED;
}

/* FALSE with @error set if no more can be stored; what was wrong with the object itself does not end it. */
static gboolean
take_object (Import *import, guint index, JsonObject *object, gboolean is_note, GError **error)
{
  g_autoptr (GError) cause = NULL;
  const char *why = NULL;
  PgMergeFate fate = (is_note ? merge_note : merge_grant) (&import->merge, object, &why, &cause);

  if (g_error_matches (cause, PG_ERROR, PG_ERROR_VALUE))
    add_failure (import->bad, index, cause->message);
  else if (fate == PG_MERGE_REFUSED)
    add_failure (import->refused, index, why);
  else if (fate != PG_MERGE_FAILED)
    import->fates[fate]++;
  else
    {
      g_propagate_error (error, g_steal_pointer (&cause));
      return FALSE;
    }
  return TRUE;
}

static gboolean
take_objects (Import *import, JsonArray *objects, gboolean are_notes, GError **error)
{
  for (guint i = 0; i < json_array_get_length (objects); i++)
    {
      JsonNode *node = json_array_get_element (objects, i);

      if (!JSON_NODE_HOLDS_OBJECT (node))
        add_failure (import->bad, i, "expected an object");
      else if (!take_object (import, i, json_node_get_object (node), are_notes, error))
        return FALSE;
    }
  return TRUE;
}

/* Takes the arrays of @import. */
static JsonObject *
describe_import (Import *import)
{
  JsonObject *row = json_object_new ();

  json_object_set_int_member (row, "new", import->fates[PG_MERGE_NEW]);
  json_object_set_int_member (row, "renewed", import->fates[PG_MERGE_RENEWED]);
  json_object_set_int_member (row, "kept", import->fates[PG_MERGE_KEPT]);
  json_object_set_array_member (row, "refused", import->refused);
  json_object_set_array_member (row, "bad", import->bad);
  return row;
}

static gboolean
read_import (const PgCommandHost *host, JsonObject *request, PgMerge *out, GError **error)
{
  gint64           told_us = pg_message_get_int (request, "told_us", -1);
  g_autofree char *ahead = NULL;

  *out = (PgMerge){
    .engine = host->engine, .told_us = told_us, .now_us = host->now_us, .dry_run = pg_message_get_flag (request, "dry_run")
  };
  if (told_us >= 0 && told_us <= host->now_us + PG_RULES_FUTURE_SLACK_US)
    return TRUE;
  ahead = pg_duration_to_string (MAX (told_us - host->now_us, 0));
  if (told_us < 0)
    g_set_error_literal (error, PG_ERROR, PG_ERROR_VALUE, "expected the time of the export");
  else
    g_set_error (error, PG_ERROR, PG_ERROR_VALUE,
                 "the export is of %s in the future: the clock here or there is wrong; set it right, and import again", ahead);
  return FALSE;
}

static JsonArray *
find_array (JsonObject *request, const char *name)
{
  JsonNode *node = json_object_get_member (request, name);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

gboolean
pg_command_import_brings_grants (JsonObject *request)
{
  return find_array (request, "grants") != NULL;
}

static void
import_objects (const PgCommandHost *host, JsonObject *request, JsonArray *objects, gboolean are_notes, PgAnswer *answer)
{
  GError *error = NULL;
  Import  import = { .refused = json_array_new (), .bad = json_array_new () };

  if (read_import (host, request, &import.merge, &error) && take_objects (&import, objects, are_notes, &error))
    {
      pg_answer_add_row (answer, describe_import (&import));
      pg_answer_add_exit (answer, PG_EXIT_OK);
      return;
    }
  json_array_unref (import.refused);
  json_array_unref (import.bad);
  pg_answer_add_error (answer, error);
}

void
pg_command_import (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  JsonArray *grants = find_array (request, "grants");
  JsonArray *notes = find_array (request, "notes");

  if (grants != NULL)
    import_objects (host, request, grants, FALSE, answer);
  else if (notes != NULL && json_array_get_length (notes) > 1)
    pg_answer_add_error (answer, g_error_new_literal (PG_ERROR, PG_ERROR_VALUE,
                                                      "expected one note in a request")); /* the log tells of each */
  else if (notes != NULL)
    import_objects (host, request, notes, TRUE, answer);
  else
    {
      answer->needs_commit = TRUE;
      pg_answer_add_exit (answer, PG_EXIT_OK);
    }
}
