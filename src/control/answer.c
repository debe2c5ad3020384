/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers, message by message; commands.h describes them. */
#include "control/command-private.h"

#include "control/describe.h"
#include "core/error.h"

void
pg_answer_add_row (PgAnswer *answer, JsonObject *row)
{
  g_queue_push_tail (&answer->messages, pg_message_new_row (row));
}

void
pg_answer_add_exit (PgAnswer *answer, PgExit code)
{
  g_queue_push_tail (&answer->messages, pg_message_new_exit (code, NULL));
}

void
pg_answer_add_failure (PgAnswer *answer, PgExit code, const char *error)
{
  g_queue_push_tail (&answer->messages, pg_message_new_exit (code, error));
}

void
pg_answer_add_error (PgAnswer *answer, GError *error)
{
  gboolean is_usage = g_error_matches (error, PG_ERROR, PG_ERROR_VALUE) || g_error_matches (error, PG_ERROR, PG_ERROR_SYNTAX);

  pg_answer_add_failure (answer, is_usage ? PG_EXIT_USAGE : PG_EXIT_FAILED, error->message);
  g_error_free (error);
}

void
pg_answer_set_note (PgAnswer *self, const PgNote *note)
{
  g_autofree char *target = pg_note_target_to_string (note);

  self->needs_commit = TRUE;
  self->note = note->id;
  self->about = g_strdup_printf ("%s %s", pg_note_kind_to_string (note->kind), target);
}

static void
clear_messages (PgAnswer *self)
{
  JsonObject *message;

  while ((message = g_queue_pop_head (&self->messages)) != NULL)
    json_object_unref (message);
}

void
pg_answer_free (PgAnswer *self)
{
  if (self == NULL)
    return;
  clear_messages (self);
  pg_listing_free (self->listing);
  pg_usage_listing_free (self->usages);
  pg_ended_free (self->ended);
  pg_trace_free (self->trace);
  pg_feed_free (self->feed);
  g_free (self->about);
  g_free (self);
}

gboolean
pg_answer_needs_commit (const PgAnswer *self)
{
  return self->needs_commit;
}

void
pg_answer_outcome (const PgAnswer *self, PgOutcome *out)
{
  JsonObject *last = self->messages.tail != NULL ? self->messages.tail->data : NULL;

  *out = (PgOutcome){
    .note = self->note,
    .about = self->about,
    .error = last != NULL ? pg_message_get_string (last, "error") : NULL,
  };
}

void
pg_answer_fail (PgAnswer *self, const char *error)
{
  clear_messages (self);
  g_clear_pointer (&self->listing, pg_listing_free);
  g_clear_pointer (&self->usages, pg_usage_listing_free);
  g_clear_pointer (&self->ended, pg_ended_free);
  g_clear_pointer (&self->trace, pg_trace_free);
  g_clear_pointer (&self->feed, pg_feed_free);
  pg_answer_add_failure (self, PG_EXIT_FAILED, error);
}

static gboolean
is_listing (const PgAnswer *self)
{
  return self->listing != NULL || self->usages != NULL || self->ended != NULL || self->trace != NULL;
}

gboolean
pg_answer_is_live (const PgAnswer *self)
{
  return self->feed != NULL;
}

void
pg_answer_set_wake (PgAnswer *self, void (*wake) (gpointer user_data), gpointer user_data)
{
  pg_feed_set_wake (self->feed, wake, user_data);
}

gboolean
pg_answer_is_asleep (const PgAnswer *self)
{
  return self->feed != NULL && self->messages.length == 0 && pg_feed_is_empty (self->feed);
}

/* NULL: nothing for now. */
static JsonObject *
next_told (PgAnswer *self)
{
  g_autofree PgEvent *event = NULL;
  guint64             n_lost;

  if (!pg_feed_next (self->feed, &event, &n_lost))
    return NULL;
  if (event == NULL)
    return pg_message_new_row (pg_describe_loss (n_lost, g_get_real_time ()));
  return pg_message_new_row (pg_describe_event (event, pg_engine_config (self->engine)->window_us));
}

static PgListingStep
step_on (PgAnswer *self, JsonObject **out_row, GError **error)
{
  if (self->listing != NULL)
    return pg_listing_next (self->listing, out_row, error);
  if (self->usages != NULL)
    return pg_usage_listing_next (self->usages, out_row, error);
  if (self->trace != NULL)
    return pg_trace_next (self->trace, out_row, error);
  return pg_ended_next (self->ended, out_row);
}

/* The last row, if there is one, and the end. */
static void
end_listing (PgAnswer *self, GError *error)
{
  JsonObject *row = error == NULL && self->listing != NULL ? pg_listing_make_end (self->listing) : NULL;
  PgExit      code = self->trace != NULL ? pg_trace_exit (self->trace) : PG_EXIT_OK;

  g_clear_pointer (&self->listing, pg_listing_free);
  g_clear_pointer (&self->usages, pg_usage_listing_free);
  g_clear_pointer (&self->ended, pg_ended_free);
  g_clear_pointer (&self->trace, pg_trace_free);
  if (row != NULL)
    pg_answer_add_row (self, row);
  if (error != NULL)
    pg_answer_add_error (self, error);
  else
    pg_answer_add_exit (self, code);
}

/* NULL: nothing for now. */
static JsonObject *
next_listed (PgAnswer *self)
{
  GError       *error = NULL;
  JsonObject   *row;
  PgListingStep step = step_on (self, &row, &error);

  if (step == PG_LISTING_ROW)
    return pg_message_new_row (row);
  if (step != PG_LISTING_MORE)
    end_listing (self, error);
  return NULL;
}

gboolean
pg_answer_next (PgAnswer *self, JsonObject **out)
{
  *out = g_queue_pop_head (&self->messages); /* what there is stands before what is listed */
  if (*out == NULL && is_listing (self))
    *out = next_listed (self);
  if (*out == NULL && self->feed != NULL)
    *out = next_told (self);
  return *out != NULL || is_listing (self) || self->feed != NULL || !g_queue_is_empty (&self->messages);
}
