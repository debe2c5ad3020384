/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/trace.h"

typedef struct
{
  PgAddress address;
  gint64    login_us;
  PgService service;
  PgServer  server;
} Found;

struct _PgTrace
{
  PgEngine      *engine;
  PgStoreCursor *cursor;
  char          *user;
  JsonObject    *row;
  PgExit         exit;
  Found          newest[PG_TRACE_LOGINS_MAX + 1]; /* newest first; one more to push the oldest out */
  guint          n_newest;
  gint64         n_found;
};

PgTrace *
pg_trace_new (PgEngine *engine, const char *user, JsonObject *row, PgExit exit)
{
  PgTrace *self = g_new0 (PgTrace, 1);

  self->engine = engine;
  self->cursor = pg_store_cursor_new (pg_engine_store (engine));
  self->user = g_strdup (user);
  self->row = row;
  self->exit = exit;
  return self;
}

void
pg_trace_free (PgTrace *self)
{
  if (self == NULL)
    return;
  pg_store_cursor_free (self->cursor);
  g_clear_pointer (&self->row, json_object_unref);
  g_free (self->user);
  g_free (self);
}

PgExit
pg_trace_exit (const PgTrace *self)
{
  return self->exit;
}

/* Puts @found at its place by time. */
static void
keep (PgTrace *self, const Found *found)
{
  guint at = self->n_newest;

  for (; at > 0 && self->newest[at - 1].login_us < found->login_us; at--)
    self->newest[at] = self->newest[at - 1];
  self->newest[at] = *found;
  self->n_newest = MIN (self->n_newest + 1, PG_TRACE_LOGINS_MAX);
}

/* Names that differ by case may both be there; the first is the newest. */
static void
look_at (PgTrace *self, const PgRecord *record)
{
  for (guint i = 0; i < record->n_users; i++)
    {
      const PgRecordUser *user = &record->users[i];
      PgSpan              name = pg_record_user_name (record, i);

      if (name.len != strlen (self->user) || g_ascii_strncasecmp (name.data, self->user, name.len) != 0)
        continue;
      self->n_found++;
      keep (self, &(Found){ record->address, user->login_us, user->service, user->server });
      return;
    }
}

static JsonObject *
describe (const PgTrace *self, const Found *found)
{
  JsonObject *login = json_object_new ();
  PgNetwork   network = pg_engine_grant_network (self->engine, &found->address);
  char        text[PG_NETWORK_TEXT_MAX];

  json_object_set_string_member (login, "address", pg_network_to_string (&network, text));
  pg_message_set_time (login, "time", found->login_us);
  json_object_set_string_member (login, "service", pg_service_to_string (found->service));
  json_object_set_string_member (login, "server", pg_server_to_string (found->server));
  return login;
}

static JsonObject *
complete (PgTrace *self)
{
  JsonArray *logins = json_array_new ();

  for (guint i = 0; i < self->n_newest; i++)
    json_array_add_object_element (logins, describe (self, &self->newest[i]));
  json_object_set_array_member (self->row, "user_logins", logins);
  json_object_set_int_member (self->row, "user_addresses", self->n_found);
  return g_steal_pointer (&self->row);
}

PgListingStep
pg_trace_next (PgTrace *self, JsonObject **out_row, GError **error)
{
  PgRecord      record;
  PgStoreAnswer answer = PG_STORE_FOUND;

  if (self->row == NULL)
    return PG_LISTING_END;
  for (guint i = 0; i < PG_LISTING_LOOKED_AT_MAX && answer == PG_STORE_FOUND; i++)
    {
      answer = pg_store_cursor_next (self->cursor, &record, error);
      if (answer == PG_STORE_FOUND)
        look_at (self, &record);
    }
  if (answer != PG_STORE_ABSENT)
    return answer == PG_STORE_FOUND ? PG_LISTING_MORE : PG_LISTING_FAILED;
  *out_row = complete (self);
  return PG_LISTING_ROW;
}
