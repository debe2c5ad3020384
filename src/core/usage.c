/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/usage.h"

#include "core/bytes.h"
#include "core/duration.h"
#include "core/error.h"

#define VERSION 1
#define WAY_AT 16
#define USER_LEN_AT 17
#define NEWEST_DAY_AT 20
#define ADDRESS_AT 24
#define FIRST_AT 40
#define LAST_AT 48
#define TOTAL_AT 56
#define USER_AT 64
#define DAY_SIZE 4

G_STATIC_ASSERT (VERSION <= PG_FRAME_VERSION_MAX);
G_STATIC_ASSERT (USER_AT + PG_USER_MAX + PG_USAGE_DAYS * DAY_SIZE <= PG_USAGE_SIZE && PG_USAGE_SIZE <= PG_FRAME_MAX);
G_STATIC_ASSERT (PG_USER_MAX <= G_MAXUINT8);

const char *
pg_usage_way_name (PgUsageWay way)
{
  static const char *const names[PG_N_USAGE_WAYS] = {
    [PG_USAGE_LOGIN] = "login",
    [PG_USAGE_ALLOW] = "allow",
    [PG_USAGE_AUTH] = "auth",
  };

  return way >= PG_USAGE_LOGIN && way < PG_N_USAGE_WAYS ? names[way] : "?";
}

/* --- who ------------------------------------------------------------------------------------------------------------- */

void
pg_usage_pair_set (PgUsagePair *self, PgUsageWay way, const PgAddress *address, PgSpan user)
{
  self->way = way;
  self->address = *address;
  self->user_len = (guint8) MIN (user.len, PG_USER_MAX);
  if (self->user_len > 0)
    memcpy (self->user, user.data, self->user_len);
}

PgSpan
pg_usage_pair_user (const PgUsagePair *self)
{
  return pg_span (self->user, self->user_len);
}

gsize
pg_usage_pair_name (const PgUsagePair *self, guint8 out[PG_USAGE_NAME_MAX])
{
  const PgAddress any = { { 0 } };
  const gsize     user_at = 1 + sizeof self->address.bytes;

  out[0] = (guint8) self->way;
  memcpy (out + 1, self->way == PG_USAGE_AUTH ? any.bytes : self->address.bytes, sizeof any.bytes);
  memcpy (out + user_at, self->user, self->user_len);
  return user_at + self->user_len;
}

/* --- days ------------------------------------------------------------------------------------------------------------ */

guint32
pg_usage_day_of (gint64 time_us)
{
  return time_us > 0 ? (guint32) MIN (time_us / PG_DAY, G_MAXUINT32) : 0;
}

void
pg_usage_init (PgUsage *self, const PgUsagePair *pair)
{
  *self = (PgUsage){ .pair = *pair };
}

/* Makes room for @day in front of the others. */
static void
begin_day (PgUsage *self, guint32 day)
{
  guint32 n_new = MIN (day - self->newest_day, PG_USAGE_DAYS);

  memmove (self->days + n_new, self->days, (PG_USAGE_DAYS - n_new) * sizeof self->days[0]);
  memset (self->days, 0, n_new * sizeof self->days[0]);
  self->newest_day = day;
}

static void
count_on (PgUsage *self, guint32 day, guint32 n)
{
  guint32 *count;

  if (self->newest_day > day && self->newest_day - day >= PG_USAGE_DAYS)
    {
      memset (self->days, 0, sizeof self->days);
      self->newest_day = day;
    }
  if (day > self->newest_day)
    begin_day (self, day);
  count = &self->days[self->newest_day - day];
  *count += MIN (n, G_MAXUINT32 - *count);
}

void
pg_usage_add (PgUsage *self, const PgUsagePair *pair, gint64 first_us, gint64 last_us, guint32 n)
{
  self->pair.address = pair->address;
  self->first_us = self->total > 0 ? MIN (self->first_us, first_us) : first_us;
  self->last_us = last_us;
  self->total += MIN (n, G_MAXUINT64 - self->total);
  count_on (self, pg_usage_day_of (last_us), n);
}

guint32
pg_usage_on (const PgUsage *self, guint32 day)
{
  return day <= self->newest_day && self->newest_day - day < PG_USAGE_DAYS ? self->days[self->newest_day - day] : 0;
}

gboolean
pg_usage_is_outdated (const PgUsage *self, gint64 now_us)
{
  return (guint64) self->newest_day + PG_USAGE_DAYS <= pg_usage_day_of (now_us);
}

/* --- the stored form ------------------------------------------------------------------------------------------------- */

void
pg_usage_encode (const PgUsage *self, const PgSecret *secret, const PgHash *key, guint8 out[PG_USAGE_SIZE])
{
  guint8 *days = out + USER_AT + self->pair.user_len;

  memset (out, 0, PG_USAGE_SIZE);
  out[WAY_AT] = (guint8) self->pair.way;
  out[USER_LEN_AT] = self->pair.user_len;
  pg_bytes_put_u32 (out + NEWEST_DAY_AT, self->newest_day);
  memcpy (out + ADDRESS_AT, self->pair.address.bytes, sizeof self->pair.address.bytes);
  pg_bytes_put_i64 (out + FIRST_AT, self->first_us);
  pg_bytes_put_i64 (out + LAST_AT, self->last_us);
  pg_bytes_put_u64 (out + TOTAL_AT, self->total);
  memcpy (out + USER_AT, self->pair.user, self->pair.user_len);
  for (guint i = 0; i < PG_USAGE_DAYS; i++)
    pg_bytes_put_u32 (days + i * DAY_SIZE, self->days[i]);
  pg_frame_seal (out, PG_USAGE_SIZE, PG_FRAME_USAGE, VERSION, secret, key);
}

gboolean
pg_usage_decode (const guint8 *data, gsize size, const PgSecret *secret, const PgHash *key, PgUsage *out, GError **error)
{
  PgAddress     address;
  const guint8 *days;

  if (!pg_frame_check (data, size, PG_USAGE_SIZE, PG_FRAME_USAGE, VERSION, secret, key, error))
    return FALSE;
  if (data[WAY_AT] < PG_USAGE_LOGIN || data[WAY_AT] >= PG_N_USAGE_WAYS || data[USER_LEN_AT] > PG_USER_MAX)
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_DAMAGED, "a stored usage has a field out of range");
      return FALSE;
    }
  memcpy (address.bytes, data + ADDRESS_AT, sizeof address.bytes);
  pg_usage_pair_set (&out->pair, (PgUsageWay) data[WAY_AT], &address, pg_span ((const char *) data + USER_AT, data[USER_LEN_AT]));
  out->newest_day = pg_bytes_get_u32 (data + NEWEST_DAY_AT);
  out->first_us = pg_bytes_get_i64 (data + FIRST_AT);
  out->last_us = pg_bytes_get_i64 (data + LAST_AT);
  out->total = pg_bytes_get_u64 (data + TOTAL_AT);
  days = data + USER_AT + data[USER_LEN_AT];
  for (guint i = 0; i < PG_USAGE_DAYS; i++)
    out->days[i] = pg_bytes_get_u32 (days + i * DAY_SIZE);
  return TRUE;
}
