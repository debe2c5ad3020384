/* SPDX-License-Identifier: GPL-3.0-or-later */
/* allow, deny, revoke, forget, freeze, thaw. */
#include "control/command-private.h"

#include "control/describe.h"
#include "core/error.h"

#include <string.h>

JsonObject *
pg_command_describe_note (const PgNote *note, gint64 now_us)
{
  JsonObject *row = json_object_new ();

  pg_describe_note (row, note, now_us);
  return row;
}

static gboolean
copy_text (char *out, gsize size, const char *text, const char *what, GError **error)
{
  if (text == NULL)
    text = "";
  if (strlen (text) >= size)
    {
      g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "%s: expected at most %zu bytes", what, size - 1);
      return FALSE;
    }
  g_strlcpy (out, text, size);
  return TRUE;
}

/* A note of @kind as the request wants it, its target not yet set. */
static gboolean
fill_note (const PgCommandHost *host, JsonObject *request, PgNoteKind kind, PgNote *out, GError **error)
{
  gint64 for_s = pg_message_get_int (request, "for", 0);

  *out = (PgNote){ .kind = kind, .made_us = host->now_us, .until_us = PG_NOTE_FOREVER };
  if (for_s < 0 || for_s > 100 * 366 * (PG_DAY / PG_SECOND))
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_VALUE, "--for: expected a duration of up to 100 years");
      return FALSE;
    }
  if (for_s > 0)
    out->until_us = host->now_us + for_s * PG_SECOND;
  g_strlcpy (out->by, host->by, sizeof out->by);
  return copy_text (out->why, sizeof out->why, pg_message_get_string (request, "why"), "--why", error);
}

static gboolean
set_target (JsonObject *request, PgNote *note, GError **error)
{
  const char *target = pg_message_get_string (request, "target");

  return pg_note_set_target (note, pg_span_from_string (target != NULL ? target : ""), error);
}

/* FALSE: @answer says why not. */
static gboolean
store_note (const PgCommandHost *host, PgNote *note, PgAnswer *answer)
{
  GError *error = NULL;

  if (!pg_engine_add_note (host->engine, note, &error))
    {
      pg_answer_add_error (answer, error);
      return FALSE;
    }
  pg_answer_set_note (answer, note);
  return TRUE;
}

static void
add_note (const PgCommandHost *host, PgNote *note, PgAnswer *answer)
{
  if (!store_note (host, note, answer))
    return;
  pg_answer_add_row (answer, pg_command_describe_note (note, host->now_us));
  pg_answer_add_exit (answer, PG_EXIT_OK);
}

void
pg_command_allow (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  GError *error = NULL;
  PgNote  note;

  if (fill_note (host, request, PG_NOTE_ALLOW, &note, &error) && set_target (request, &note, &error)
      && note.target != PG_NOTE_NETWORK)
    g_set_error (&error, PG_ERROR, PG_ERROR_VALUE, "allow user:%s: expected an address or a network: users log in", note.user);
  if (error != NULL)
    pg_answer_add_error (answer, error);
  else
    add_note (host, &note, answer);
}

void
pg_command_deny (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  GError *error = NULL;
  PgNote  note;

  if (fill_note (host, request, PG_NOTE_DENY, &note, &error) && set_target (request, &note, &error))
    add_note (host, &note, answer);
  else
    pg_answer_add_error (answer, error);
}

/* A revoke covers what a login from the address has granted: with ipv6_prefix, its whole network; and every login that was
 * read before it, whatever its stamp says. */
void
pg_command_revoke (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  g_autoptr (PgNoteset) before = NULL;
  GError *error = NULL;
  PgNote  note;

  if (!fill_note (host, request, PG_NOTE_REVOKE, &note, &error) || !set_target (request, &note, &error))
    {
      pg_answer_add_error (answer, error);
      return;
    }
  if (note.target == PG_NOTE_NETWORK && note.network.prefix == 128)
    note.network = pg_engine_grant_network (host->engine, &note.network.base);
  note.made_us = pg_engine_revoke_us (host->engine, host->now_us);
  before = pg_ended_remember (host->engine);
  if (store_note (host, &note, answer))
    answer->ended = pg_ended_new (host->engine, g_steal_pointer (&before), &note, host->now_us);
}

void
pg_command_freeze (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  GError *error = NULL;
  PgNote  note;

  if (fill_note (host, request, PG_NOTE_FREEZE, &note, &error))
    add_note (host, &note, answer);
  else
    pg_answer_add_error (answer, error);
}

static void
forget (const PgCommandHost *host, guint64 id, PgAnswer *answer)
{
  const PgNote *note = pg_noteset_get (pg_engine_notes (host->engine), id);
  PgNote        removed = note != NULL ? *note : (PgNote){ 0 };
  GError       *error = NULL;

  if (!pg_engine_forget_note (host->engine, id, &error))
    {
      pg_answer_add_error (answer, error);
      return;
    }
  pg_answer_set_note (answer, &removed);
  pg_answer_add_row (answer, pg_command_describe_note (&removed, host->now_us));
  pg_answer_add_exit (answer, PG_EXIT_OK);
}

void
pg_command_forget (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  gint64 id = pg_message_get_int (request, "note", 0);

  if (id > 0)
    forget (host, (guint64) id, answer);
  else
    pg_answer_add_failure (answer, PG_EXIT_USAGE, "forget: expected the number of a note, as popgate status lists them");
}

void
pg_command_thaw (const PgCommandHost *host, G_GNUC_UNUSED JsonObject *request, PgAnswer *answer)
{
  PgNote        like = { .kind = PG_NOTE_FREEZE, .target = PG_NOTE_ALL };
  const PgNote *note = pg_noteset_find (pg_engine_notes (host->engine), PG_NOTE_FREEZE, &like);

  if (note != NULL)
    forget (host, note->id, answer);
  else
    pg_answer_add_exit (answer, PG_EXIT_OK); /* it is as it was wished */
}
