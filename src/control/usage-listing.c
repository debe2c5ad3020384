/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/usage-listing.h"

#include "control/message.h"
#include "core/duration.h"
#include "core/error.h"

/* Written in one step: mail is not to wait for it. */
#define WRITTEN_MAX 4

struct _PgUsageListing
{
  PgEngine      *engine;
  PgUsageLog    *log; /* NULL: there is none */
  guint64        mark;
  PgStoreCursor *cursor; /* NULL: not begun yet */
  guint32        today;
  guint32        n_days;
};

PgUsageListing *
pg_usage_listing_new (PgEngine *engine, PgUsageLog *log, JsonObject *request, gint64 now_us, GError **error)
{
  gint64          n_days = pg_message_get_int (request, "days", PG_USAGE_DAYS);
  PgUsageListing *self;

  if (n_days < 1 || n_days > PG_USAGE_DAYS)
    {
      g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "--days: expected 1 to %d", PG_USAGE_DAYS);
      return NULL;
    }
  if (pg_engine_problem (engine) != NULL)
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_STORE, pg_engine_problem (engine));
      return NULL;
    }
  self = g_new0 (PgUsageListing, 1);
  self->engine = engine;
  self->log = log;
  self->mark = log != NULL ? pg_usage_log_mark (log) : 0;
  self->today = pg_usage_day_of (now_us);
  self->n_days = (guint32) n_days;
  return self;
}

void
pg_usage_listing_free (PgUsageListing *self)
{
  if (self == NULL)
    return;
  pg_store_cursor_free (self->cursor);
  g_free (self);
}

/* --- rows ------------------------------------------------------------------------------------------------------------ */

static char *
date_of (guint32 day)
{
  g_autoptr (GDateTime) moment = g_date_time_new_from_unix_utc ((gint64) day * (PG_DAY / PG_SECOND));

  return moment != NULL ? g_date_time_format (moment, "%Y-%m-%d") : g_strdup ("");
}

static JsonObject *
describe_days (const PgUsageListing *self, const PgUsage *usage)
{
  JsonObject *days = json_object_new ();

  for (guint32 i = MIN (self->n_days, self->today + 1); i > 0; i--)
    {
      guint32 day = self->today - (i - 1);
      guint32 n = pg_usage_on (usage, day);

      if (n > 0)
        {
          g_autofree char *date = date_of (day);

          json_object_set_int_member (days, date, (gint64) n);
        }
    }
  return days;
}

static JsonObject *
describe (const PgUsageListing *self, const PgUsage *usage)
{
  JsonObject *row = json_object_new ();
  char        address[PG_ADDRESS_TEXT_MAX];

  pg_message_set_text (row, "user", pg_usage_pair_user (&usage->pair));
  if (pg_address_is_unspecified (&usage->pair.address))
    json_object_set_null_member (row, "address");
  else
    json_object_set_string_member (row, "address", pg_address_to_string (&usage->pair.address, address));
  json_object_set_string_member (row, "way", pg_usage_way_name (usage->pair.way));
  pg_message_set_time (row, "first", usage->first_us);
  pg_message_set_time (row, "last", usage->last_us);
  json_object_set_int_member (row, "total", (gint64) MIN (usage->total, G_MAXINT64));
  json_object_set_object_member (row, "days", describe_days (self, usage));
  return row;
}

static JsonObject *
describe_all (const PgUsageListing *self)
{
  JsonObject      *row = json_object_new ();
  g_autofree char *today = date_of (self->today);

  json_object_set_string_member (row, "today", today);
  json_object_set_int_member (row, "days", (gint64) self->n_days);
  json_object_set_int_member (row, "pairs", (gint64) pg_store_n_usages (pg_engine_store (self->engine)));
  json_object_set_int_member (row, "pairs_max", PG_STORE_USAGES_MAX);
  if (self->log != NULL)
    json_object_set_int_member (row, "not_counted", (gint64) pg_usage_log_n_lost (self->log));
  else
    json_object_set_null_member (row, "not_counted");
  return row;
}

/* --- going on -------------------------------------------------------------------------------------------------------- */

/* What can't be written now is missing, and the next report has it: the rest is worth telling all the same. */
static gboolean
write_more (const PgUsageListing *self)
{
  if (self->log == NULL || pg_usage_log_is_written (self->log, self->mark))
    return FALSE;
  return pg_usage_log_write (self->log, WRITTEN_MAX, NULL) != PG_USAGE_LOG_FAILED;
}

static PgListingStep
look_on (PgUsageListing *self, JsonObject **out_row, GError **error)
{
  PgStoreItem item;

  for (guint i = 0; i < PG_LISTING_LOOKED_AT_MAX; i++)
    {
      PgStoreAnswer answer = pg_store_cursor_step (self->cursor, &item, error);

      if (answer != PG_STORE_FOUND)
        return answer == PG_STORE_ABSENT ? PG_LISTING_END : PG_LISTING_FAILED;
      if (item.kind == PG_STORE_USAGE)
        {
          *out_row = describe (self, &item.usage);
          return PG_LISTING_ROW;
        }
    }
  return PG_LISTING_MORE;
}

PgListingStep
pg_usage_listing_next (PgUsageListing *self, JsonObject **out_row, GError **error)
{
  if (self->cursor != NULL)
    return look_on (self, out_row, error);
  if (write_more (self))
    return PG_LISTING_MORE;
  self->cursor = pg_store_cursor_new (pg_engine_store (self->engine));
  *out_row = describe_all (self);
  return PG_LISTING_ROW;
}
