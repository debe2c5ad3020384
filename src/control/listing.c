/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/listing.h"

#include "control/message.h"
#include "control/portable.h"
#include "core/error.h"

struct _PgListing
{
  PgEngine      *engine;
  PgStoreCursor *cursor;
  gint64         now_us;
  char          *user; /* NULL: any */
  PgNetwork      net;
  gboolean       has_net;
  gboolean       expired;
  gboolean       is_export;
  gint64         told_us; /* of an export: when it was begun */
  guint          n_notes; /* told of in the end of an export */
  guint64        n_told;
};

static gboolean
read_net (PgListing *self, JsonObject *request, GError **error)
{
  const char *net = pg_message_get_string (request, "net");

  self->has_net = net != NULL;
  return net == NULL || pg_network_parse (pg_span_from_string (net), &self->net, error);
}

static gboolean
begin (PgListing *self, GError **error)
{
  const char *problem = pg_engine_problem (self->engine);

  if (problem != NULL)
    g_set_error_literal (error, PG_ERROR, PG_ERROR_STORE, problem);
  else
    self->cursor = pg_store_cursor_new (pg_engine_store (self->engine));
  return problem == NULL;
}

PgListing *
pg_listing_new (PgEngine *engine, JsonObject *request, gint64 now_us, GError **error)
{
  g_autoptr (PgListing) self = g_new0 (PgListing, 1);

  self->engine = engine;
  self->now_us = now_us;
  self->user = g_strdup (pg_message_get_string (request, "user"));
  self->expired = pg_message_get_flag (request, "expired");
  return read_net (self, request, error) && begin (self, error) ? g_steal_pointer (&self) : NULL;
}

PgListing *
pg_listing_new_export (PgEngine *engine, gint64 told_us, guint n_notes, GError **error)
{
  g_autoptr (PgListing) self = g_new0 (PgListing, 1);

  self->engine = engine;
  self->is_export = TRUE;
  self->told_us = told_us;
  self->n_notes = n_notes;
  return begin (self, error) ? g_steal_pointer (&self) : NULL;
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
is_alive (const PgListing *self, const PgRecord *record)
{
  gint64 login_us = pg_engine_counting_login (self->engine, pg_engine_notes (self->engine), record, self->now_us);

  return login_us != PG_RECORD_NEVER && self->now_us - login_us <= pg_engine_config (self->engine)->window_us;
}

static gboolean
is_wanted (const PgListing *self, const PgRecord *record)
{
  if (self->is_export)
    return record->newest_us != PG_RECORD_NEVER; /* a clock that ran ahead may have left nothing */
  if (self->has_net && !pg_network_covers (&self->net, &record->address))
    return FALSE;
  if (self->user != NULL && !pg_record_has_user (record, pg_span_from_string (self->user)))
    return FALSE;
  return self->expired || is_alive (self, record);
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

/* An export is of its first moment: who logs in while it is told must not look as if he had done so in its future. */
static JsonObject *export(const PgListing *self, const PgRecord *record)
{
  PgRecord told = *record;

  pg_record_cap (&told, self->told_us, g_get_real_time ());
  return pg_portable_grant (&told);
}

static JsonObject *
make_row (PgListing *self, const PgRecord *record)
{
  self->n_told++;
  return self->is_export ? export(self, record) : describe (self, record);
}

JsonObject *
pg_listing_make_end (const PgListing *self)
{
  return self->is_export ? pg_portable_end (self->n_notes, self->n_told) : NULL;
}

PgListingStep
pg_listing_next (PgListing *self, JsonObject **out_row, GError **error)
{
  PgStoreItem   item;
  PgStoreAnswer answer;

  for (guint i = 0; i < PG_LISTING_LOOKED_AT_MAX; i++)
    {
      answer = pg_store_cursor_step (self->cursor, &item, error);
      if (answer != PG_STORE_FOUND)
        return answer == PG_STORE_ABSENT ? PG_LISTING_END : PG_LISTING_FAILED;
      if (item.kind == PG_STORE_GRANT && is_wanted (self, &item.grant))
        {
          *out_row = make_row (self, &item.grant);
          return PG_LISTING_ROW;
        }
    }
  return PG_LISTING_MORE;
}
