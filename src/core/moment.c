/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/moment.h"

#define DAY_S ((gint64) 86400)

/* "14:02" or "14:02:30", and nothing behind it. */
static gboolean
take_time (PgSpan text, PgStamp *out)
{
  if (!pg_span_take_number (&text, 2, 2, &out->hour) || !pg_span_take (&text, ":")
      || !pg_span_take_number (&text, 2, 2, &out->minute))
    return FALSE;
  if (pg_span_take (&text, ":") && !pg_span_take_number (&text, 2, 2, &out->second))
    return FALSE;
  return text.len == 0;
}

static gboolean
take_date (PgSpan *text, PgStamp *out)
{
  return pg_span_take_number (text, 4, 4, &out->year) && out->year >= 1970 && pg_span_take (text, "-")
         && pg_span_take_number (text, 2, 2, &out->month) && pg_span_take (text, "-")
         && pg_span_take_number (text, 2, 2, &out->day) && (pg_span_take (text, " ") || pg_span_take (text, "T"));
}

/* The days since the epoch as a date: the years are counted from a 1 March, so that a leap day is the last of one. */
static void
set_date (PgStamp *stamp, gint64 days)
{
  gint64 since = days + 719468; /* from 0000-03-01 */
  gint64 era = since / 146097;
  gint64 of_era = since % 146097;
  gint64 year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  gint64 of_year = of_era - (365 * year + year / 4 - year / 100);
  gint64 month = (5 * of_year + 2) / 153;

  stamp->day = (guint) (of_year - (153 * month + 2) / 5 + 1);
  stamp->month = (guint) (month < 10 ? month + 3 : month - 9);
  stamp->year = (guint) (year + era * 400 + (stamp->month <= 2 ? 1 : 0));
}

static gboolean
set_today (PgStamp *stamp, const PgClock *clock)
{
  gint64 now_s = clock->now_us / PG_SECOND;
  gint   interval = g_time_zone_find_interval (clock->zone, G_TIME_TYPE_UNIVERSAL, now_s);

  now_s += g_time_zone_get_offset (clock->zone, interval);
  if (now_s < 0)
    return FALSE;
  set_date (stamp, now_s / DAY_S);
  return TRUE;
}

static gboolean
parse_local (PgSpan text, const PgClock *clock, gint64 *out_us)
{
  PgStamp stamp = { 0 };
  PgSpan  rest = text;

  if (take_date (&rest, &stamp))
    return take_time (rest, &stamp) && pg_stamp_resolve (&stamp, clock, out_us);
  stamp = (PgStamp){ 0 };
  return take_time (text, &stamp) && set_today (&stamp, clock) && pg_stamp_resolve (&stamp, clock, out_us);
}

static gboolean
parse_epoch (PgSpan text, gint64 *out_us)
{
  gint64 seconds = 0;
  gsize  digits = 0;

  for (; digits < text.len && digits < 13 && g_ascii_isdigit (text.data[digits]); digits++)
    seconds = seconds * 10 + (text.data[digits] - '0');
  if (digits == 0 || digits > 12 || digits < text.len)
    return FALSE;
  *out_us = seconds * PG_SECOND;
  return TRUE;
}

gboolean
pg_moment_parse (PgSpan text, const PgClock *clock, gint64 *out_us)
{
  PgStamp stamp;
  PgSpan  rest = text;

  if (pg_span_take (&rest, "@"))
    return parse_epoch (rest, out_us);
  if (pg_stamp_take (&rest, &stamp) && rest.len == 0 && stamp.year != 0)
    return pg_stamp_resolve (&stamp, clock, out_us);
  return parse_local (text, clock, out_us);
}
