/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/stamp.h"

/* The label that multilog writes at the epoch: 2^62, and the ten seconds of TAI. */
#define TAI64_EPOCH G_GUINT64_CONSTANT (0x400000000000000a)

/* 9999-12-31 23:59:59 UTC: what the other forms end with too. */
#define LAST_SECOND G_GUINT64_CONSTANT (253402300799)

static const char month_names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static gboolean
take_month_name (PgSpan *span, guint *out)
{
  for (guint i = 0; i < G_N_ELEMENTS (month_names); i++)
    if (pg_span_take (span, month_names[i]))
      {
        *out = i + 1;
        return TRUE;
      }
  return FALSE;
}

static gboolean
take_time_of_day (PgSpan *span, PgStamp *stamp)
{
  return pg_span_take_number (span, 2, 2, &stamp->hour) && pg_span_take (span, ":")
         && pg_span_take_number (span, 2, 2, &stamp->minute) && pg_span_take (span, ":")
         && pg_span_take_number (span, 2, 2, &stamp->second);
}

static gboolean
take_bsd (PgSpan *span, PgStamp *stamp)
{
  if (!take_month_name (span, &stamp->month) || !pg_span_take (span, " "))
    return FALSE;
  if (pg_span_take (span, " "))
    {
      if (!pg_span_take_number (span, 1, 1, &stamp->day))
        return FALSE;
    }
  else if (!pg_span_take_number (span, 2, 2, &stamp->day))
    return FALSE;
  return pg_span_take (span, " ") && take_time_of_day (span, stamp);
}

/* ".550565": digits behind the sixth do not count. */
static gboolean
take_fraction (PgSpan *span, guint *out_us)
{
  guint unit = 100000;
  guint digit;
  guint digits = 0;

  *out_us = 0;
  if (!pg_span_take (span, "."))
    return TRUE;
  for (; digits < 9 && pg_span_take_number (span, 1, 1, &digit); digits++, unit /= 10)
    *out_us += digit * unit;
  return digits > 0;
}

static gboolean
take_offset (PgSpan *span, PgStamp *stamp)
{
  gint  sign = 1;
  guint hours;
  guint minutes;

  stamp->has_offset = TRUE;
  if (pg_span_take (span, "Z"))
    return TRUE;
  if (pg_span_take (span, "-"))
    sign = -1;
  else if (!pg_span_take (span, "+"))
    return FALSE;
  if (!pg_span_take_number (span, 2, 2, &hours) || !pg_span_take (span, ":") || !pg_span_take_number (span, 2, 2, &minutes)
      || hours > 23 || minutes > 59)
    return FALSE;
  stamp->offset_s = sign * (gint) (hours * 3600 + minutes * 60);
  return TRUE;
}

static gboolean
take_iso (PgSpan *span, PgStamp *stamp)
{
  if (!pg_span_take_number (span, 4, 4, &stamp->year) || stamp->year < 1970 || !pg_span_take (span, "-")
      || !pg_span_take_number (span, 2, 2, &stamp->month) || !pg_span_take (span, "-")
      || !pg_span_take_number (span, 2, 2, &stamp->day))
    return FALSE;
  if (pg_span_take (span, " "))
    return take_time_of_day (span, stamp);
  return pg_span_take (span, "T") && take_time_of_day (span, stamp) && take_fraction (span, &stamp->microsecond)
         && take_offset (span, stamp);
}

static gboolean
take_hex (PgSpan *span, gsize digits, guint64 *out)
{
  guint64 value = 0;

  if (span->len < digits)
    return FALSE;
  for (gsize i = 0; i < digits; i++)
    {
      gint digit = g_ascii_xdigit_value (span->data[i]);

      if (digit < 0 || g_ascii_isupper (span->data[i]))
        return FALSE;
      value = value << 4 | (guint64) digit;
    }
  pg_span_skip (span, digits);
  *out = value;
  return TRUE;
}

/* "@", 16 digits of seconds and 8 of nanoseconds. */
static gboolean
take_tai64n (PgSpan *span, PgStamp *stamp)
{
  guint64 label;
  guint64 nanosecond;

  if (!pg_span_take (span, "@") || !take_hex (span, 16, &label) || !take_hex (span, 8, &nanosecond) || label < TAI64_EPOCH
      || label - TAI64_EPOCH > LAST_SECOND || nanosecond > 999999999)
    return FALSE;
  stamp->is_moment = TRUE;
  stamp->moment_s = (gint64) (label - TAI64_EPOCH);
  stamp->microsecond = (guint) (nanosecond / 1000);
  return TRUE;
}

static gboolean
take_any (PgSpan *span, PgStamp *stamp)
{
  if (span->len == 0)
    return FALSE;
  if (g_ascii_isdigit (span->data[0]))
    return take_iso (span, stamp);
  return span->data[0] == '@' ? take_tai64n (span, stamp) : take_bsd (span, stamp);
}

gboolean
pg_stamp_take (PgSpan *span, PgStamp *out)
{
  PgSpan  rest = *span;
  PgStamp stamp = { 0 };

  if (!take_any (&rest, &stamp))
    return FALSE;
  *span = rest;
  *out = stamp;
  return TRUE;
}

static gboolean
is_leap_year (guint year)
{
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static gboolean
is_on_calendar (const PgStamp *stamp, guint year)
{
  static const guint8 days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  guint               last;

  if (stamp->month < 1 || stamp->month > 12 || stamp->hour > 23 || stamp->minute > 59 || stamp->second > 60)
    return FALSE;
  last = days[stamp->month - 1] + (stamp->month == 2 && is_leap_year (year) ? 1u : 0u);
  return stamp->day >= 1 && stamp->day <= last;
}

/* Days from 1970-01-01 in the Gregorian calendar, for years of 1970 and later. */
static gint64
days_since_epoch (guint year, guint month, guint day)
{
  static const guint16 before_month[12] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
  guint                past = year - 1;
  guint                leap_days = past / 4 - past / 100 + past / 400 - 477; /* 477 of them before 1970 */

  if (month > 2 && is_leap_year (year))
    leap_days++;
  return (gint64) (year - 1970) * 365 + leap_days + before_month[month - 1] + day - 1;
}

/* Of the one or two moments at which clocks in @zone showed @local_s, the first. */
static gboolean
find_first_moment (GTimeZone *zone, gint64 local_s, gint64 *out_s)
{
  gboolean found = FALSE;

  for (GTimeType type = G_TIME_TYPE_STANDARD; type <= G_TIME_TYPE_DAYLIGHT; type++)
    {
      gint   interval = g_time_zone_find_interval (zone, type, local_s);
      gint64 moment;

      if (interval < 0)
        continue;
      moment = local_s - g_time_zone_get_offset (zone, interval);
      *out_s = found ? MIN (*out_s, moment) : moment;
      found = TRUE;
    }
  return found;
}

static gboolean
resolve_in_year (const PgStamp *stamp, guint year, GTimeZone *zone, gint64 *out_us)
{
  gint64 seconds;

  if (!is_on_calendar (stamp, year))
    return FALSE;
  seconds = days_since_epoch (year, stamp->month, stamp->day) * 86400 + stamp->hour * 3600 + stamp->minute * 60 + stamp->second;
  if (stamp->has_offset)
    seconds -= stamp->offset_s;
  else if (!find_first_moment (zone, seconds, &seconds))
    return FALSE;
  *out_us = seconds * PG_SECOND + stamp->microsecond;
  return TRUE;
}

/* A lower bound of the year of @us: never later than the true one, at most one too early. */
static guint
year_about (gint64 us)
{
  return 1970 + (guint) (MAX (us, 0) / (366 * PG_DAY));
}

gboolean
pg_stamp_resolve (const PgStamp *stamp, const PgClock *clock, gint64 *out_us)
{
  guint first = year_about (clock->now_us);

  if (stamp->is_moment)
    {
      *out_us = stamp->moment_s * PG_SECOND + stamp->microsecond;
      return TRUE;
    }
  if (stamp->year != 0)
    return resolve_in_year (stamp, stamp->year, clock->zone, out_us);
  /* eight years hold every 29 February, over a century without leap year too */
  for (guint year = first + 2; year + 8 > first && year >= 1970; year--)
    {
      gint64 moment;

      if (!resolve_in_year (stamp, year, clock->zone, &moment) || moment > clock->now_us + PG_STAMP_AHEAD_MAX)
        continue;
      *out_us = moment;
      return TRUE;
    }
  return FALSE;
}
