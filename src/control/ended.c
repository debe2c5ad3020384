/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/ended.h"

#include "control/describe.h"
#include "control/message.h"

struct _PgEnded
{
  PgEngine      *engine;
  PgNoteset     *before;
  PgNote         revoke;
  gint64         now_us;
  PgStoreCursor *cursor; /* NULL: there is but one grant to look at */
  JsonArray     *grants;
  gint64         n_ended;
  gint64         n_kept; /* where the user logged in, and somebody else did too */
  gboolean       is_told;
};

PgNoteset *
pg_ended_remember (PgEngine *engine)
{
  PgNoteset *copy = pg_noteset_new ();
  g_autoptr (GPtrArray) notes = pg_noteset_list (pg_engine_notes (engine));

  for (guint i = 0; i < notes->len; i++)
    {
      const PgNote *note = g_ptr_array_index (notes, i);

      if (note->kind == PG_NOTE_REVOKE || (note->kind == PG_NOTE_DENY && note->target == PG_NOTE_USER))
        pg_noteset_add (copy, note);
    }
  return copy;
}

/* It is about the network of just one grant: then that is looked up. */
static gboolean
is_of_one_grant (const PgEnded *self)
{
  return self->revoke.target == PG_NOTE_NETWORK
         && self->revoke.network.prefix == pg_engine_grant_network (self->engine, &self->revoke.network.base).prefix;
}

PgEnded *
pg_ended_new (PgEngine *engine, PgNoteset *before, const PgNote *revoke, gint64 now_us)
{
  PgEnded *self = g_new0 (PgEnded, 1);

  self->engine = engine;
  self->before = before;
  self->revoke = *revoke;
  self->now_us = now_us;
  self->grants = json_array_new ();
  if (!is_of_one_grant (self))
    self->cursor = pg_store_cursor_new (pg_engine_store (engine));
  return self;
}

void
pg_ended_free (PgEnded *self)
{
  if (self == NULL)
    return;
  pg_noteset_free (self->before);
  pg_store_cursor_free (self->cursor);
  json_array_unref (self->grants);
  g_free (self);
}

/* --- looking --------------------------------------------------------------------------------------------------------- */

static gboolean
is_target (const PgEnded *self, const PgRecord *record)
{
  if (self->revoke.target == PG_NOTE_USER)
    return pg_record_has_user (record, pg_span_from_string (self->revoke.user));
  return pg_network_covers (&self->revoke.network, &record->address);
}

static gboolean
is_alive (const PgEnded *self, const PgNoteset *notes, const PgRecord *record)
{
  gint64 login_us = pg_engine_counting_login (self->engine, notes, record, self->now_us);

  return login_us != PG_RECORD_NEVER && self->now_us - login_us <= pg_engine_config (self->engine)->window_us;
}

static JsonArray *
describe_users (const PgRecord *record)
{
  JsonArray *users = json_array_new ();

  for (guint i = 0; i < record->n_users; i++)
    pg_message_add_text (users, pg_record_user_name (record, i));
  return users;
}

static void
tell_grant (PgEnded *self, const PgRecord *record)
{
  JsonObject *grant = json_object_new ();
  PgNetwork   network = pg_engine_grant_network (self->engine, &record->address);
  gint64      login_us = pg_engine_counting_login (self->engine, self->before, record, self->now_us);
  char        text[PG_NETWORK_TEXT_MAX];

  json_object_set_string_member (grant, "address", pg_network_to_string (&network, text));
  json_object_set_array_member (grant, "users", describe_users (record));
  pg_message_set_time (grant, "login", login_us);
  pg_message_set_time (grant, "until", login_us + pg_engine_config (self->engine)->window_us);
  json_array_add_object_element (self->grants, grant);
}

static void
look_at (PgEnded *self, const PgRecord *record)
{
  if (!is_target (self, record) || !is_alive (self, self->before, record))
    return;
  if (is_alive (self, pg_engine_notes (self->engine), record))
    {
      self->n_kept++;
      return;
    }
  if (self->n_ended++ < PG_ENDED_GRANTS_MAX)
    tell_grant (self, record);
}

/* --- telling --------------------------------------------------------------------------------------------------------- */

static JsonObject *
describe (PgEnded *self, const char *problem)
{
  JsonObject *row = json_object_new ();

  pg_describe_note (row, &self->revoke, self->now_us);
  json_object_set_int_member (row, "ended", self->n_ended);
  json_object_set_int_member (row, "kept", self->n_kept);
  json_object_set_array_member (row, "grants", json_array_ref (self->grants));
  pg_message_set_nullable (row, "problem", problem);
  return row;
}

/* PG_STORE_FOUND: there may be another. */
static PgStoreAnswer
look_at_next (PgEnded *self, GError **error)
{
  PgStoreItem   item = { .kind = PG_STORE_GRANT };
  PgStoreAnswer answer = self->cursor != NULL
                             ? pg_store_cursor_step (self->cursor, &item, error)
                             : pg_store_get (pg_engine_store (self->engine), &self->revoke.network.base, &item.grant, error);

  if (answer == PG_STORE_FOUND && item.kind == PG_STORE_GRANT)
    look_at (self, &item.grant);
  return answer == PG_STORE_FOUND && self->cursor == NULL ? PG_STORE_ABSENT : answer;
}

PgListingStep
pg_ended_next (PgEnded *self, JsonObject **out_row)
{
  g_autoptr (GError) error = NULL;
  PgStoreAnswer answer = PG_STORE_FOUND;

  if (self->is_told)
    return PG_LISTING_END;
  for (guint i = 0; i < PG_LISTING_LOOKED_AT_MAX && answer == PG_STORE_FOUND; i++)
    answer = look_at_next (self, &error);
  if (answer == PG_STORE_FOUND)
    return PG_LISTING_MORE;
  self->is_told = TRUE;
  *out_row = describe (self, error != NULL ? error->message : NULL);
  return PG_LISTING_ROW;
}
