/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/listing.h"

#include "control/message.h"
#include "core/error.h"

/* Looked at in one step: mail is not to wait for a search. */
#define LOOKED_AT_MAX 200

struct _PgListing
{
  PgEngine      *engine;
  PgStoreCursor *cursor;
  gint64         now_us;
  char          *user; /* NULL: any */
  PgNetwork      net;
  gboolean       has_net;
  gboolean       expired;
};

static gboolean
read_net (PgListing *self, JsonObject *request, GError **error)
{
  const char *net = pg_message_get_string (request, "net");

  self->has_net = net != NULL;
  return net == NULL || pg_network_parse (pg_span_from_string (net), &self->net, error);
}

PgListing *
pg_listing_new (PgEngine *engine, JsonObject *request, gint64 now_us, GError **error)
{
  PgListing *self = g_new0 (PgListing, 1);

  self->engine = engine;
  self->now_us = now_us;
  self->user = g_strdup (pg_message_get_string (request, "user"));
  self->expired = pg_message_get_flag (request, "expired");
  if (!read_net (self, request, error))
    {
      pg_listing_free (self);
      return NULL;
    }
  if (pg_engine_problem (engine) != NULL)
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_STORE, pg_engine_problem (engine));
      pg_listing_free (self);
      return NULL;
    }
  self->cursor = pg_store_cursor_new (pg_engine_store (engine));
  return self;
}

void
pg_listing_free (PgListing *self)
{
  if (self == NULL)
    return;
  pg_store_cursor_free (self->cursor);
  g_free (self->user);
  g_free (self);
}

static gboolean
is_of_user (const PgListing *self, const PgRecord *record)
{
  for (guint i = 0; self->user != NULL && i < record->n_users; i++)
    {
      PgSpan name = pg_record_user_name (record, i);

      if (name.len == strlen (self->user) && g_ascii_strncasecmp (name.data, self->user, name.len) == 0)
        return TRUE;
    }
  return self->user == NULL;
}

static gboolean
is_alive (const PgListing *self, const PgRecord *record)
{
  gint64 login_us = pg_engine_counting_login (self->engine, record, self->now_us);

  return login_us != PG_RECORD_NEVER && self->now_us - login_us <= pg_engine_config (self->engine)->window_us;
}

static gboolean
is_wanted (const PgListing *self, const PgRecord *record)
{
  if (self->has_net && !pg_network_covers (&self->net, &record->address))
    return FALSE;
  return is_of_user (self, record) && (self->expired || is_alive (self, record));
}

static JsonObject *
describe (const PgListing *self, const PgRecord *record)
{
  JsonObject *row = json_object_new ();
  PgNetwork   network = pg_engine_grant_network (self->engine, &record->address);
  char        text[PG_NETWORK_TEXT_MAX];

  json_object_set_string_member (row, "address", pg_network_to_string (&network, text));
  pg_message_set_time (row, "newest", record->newest_us);
  pg_message_set_time (row, "until", record->newest_us + pg_engine_config (self->engine)->window_us);
  if (record->n_users > 0)
    {
      pg_message_set_text (row, "user", pg_record_user_name (record, 0));
      json_object_set_string_member (row, "service", pg_service_to_string (record->users[0].service));
      json_object_set_int_member (row, "count", (gint64) record->logins);
      json_object_set_string_member (row, "by", pg_server_to_string (record->users[0].server));
    }
  return row;
}

PgListingStep
pg_listing_next (PgListing *self, JsonObject **out_row, GError **error)
{
  PgStoreItem   item;
  PgStoreAnswer answer;

  for (guint i = 0; i < LOOKED_AT_MAX; i++)
    {
      answer = pg_store_cursor_step (self->cursor, &item, error);
      if (answer != PG_STORE_FOUND)
        return answer == PG_STORE_ABSENT ? PG_LISTING_END : PG_LISTING_FAILED;
      if (item.kind == PG_STORE_GRANT && is_wanted (self, &item.grant))
        {
          *out_row = describe (self, &item.grant);
          return PG_LISTING_ROW;
        }
    }
  return PG_LISTING_MORE;
}
