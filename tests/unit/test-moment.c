/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/moment.h"

#include "common.h"

#define NONE G_MININT64

/* 2026-11-26 05:00:00 UTC */
#define NOW_S G_GINT64_CONSTANT (1795669200)

static const struct
{
  const char *text;
  const char *zone;
  gint64      seconds; /* since the epoch; NONE: it is none */
} rows[] = {
  { "04:02", "UTC", NOW_S - 58 * 60 },
  { "04:02:30", "UTC", NOW_S - 58 * 60 + 30 },
  { "00:00", "UTC", NOW_S - 5 * 3600 },
  { "23:59:59", "UTC", NOW_S + 19 * 3600 - 1 },
  { "06:00", "Europe/Berlin", NOW_S },
  { "23:00", "America/New_York", NOW_S + 23 * 3600 }, /* there it is midnight now, and the 26th */
  { "16:00", "Pacific/Kiritimati", NOW_S - 3 * 3600 },
  { "23:30", "Pacific/Pago_Pago", NOW_S + 5 * 3600 + 1800 }, /* there it is the 25th still */
  { "2026-11-26 05:00", "UTC", NOW_S },
  { "2026-11-26 05:00:00", "UTC", NOW_S },
  { "2026-11-26T05:00", "UTC", NOW_S },
  { "2026-11-26T06:00:00+01:00", "UTC", NOW_S },
  { "2026-11-26T05:00:00Z", "Europe/Berlin", NOW_S },
  { "2026-11-26 06:00", "Europe/Berlin", NOW_S },
  { "2024-02-29 00:00", "UTC", 1709164800 },
  { "1970-01-01 00:00", "UTC", 0 },
  { "2026-10-25 02:30", "Europe/Berlin", 1792888200 }, /* comes twice */
  { "2026-03-29 02:30", "Europe/Berlin", NONE },       /* never was */
  { "@0", "UTC", 0 },
  { "@1795669200", "Europe/Berlin", NOW_S },
  { "@999999999999", "UTC", 999999999999 },
  { "@9999999999999", "UTC", NONE },
  { "@", "UTC", NONE },
  { "@-1", "UTC", NONE },
  { "@1 ", "UTC", NONE },
  { "", "UTC", NONE },
  { "4:02", "UTC", NONE },
  { "04:2", "UTC", NONE },
  { "04:02:", "UTC", NONE },
  { "04:02:1", "UTC", NONE },
  { "04:02:30.5", "UTC", NONE },
  { "04:02 ", "UTC", NONE },
  { " 04:02", "UTC", NONE },
  { "24:00", "UTC", NONE },
  { "04:60", "UTC", NONE },
  { "04", "UTC", NONE },
  { "yesterday", "UTC", NONE },
  { "2026-11-26", "UTC", NONE },
  { "2026-11-26 ", "UTC", NONE },
  { "2026-11-31 05:00", "UTC", NONE },
  { "2025-02-29 05:00", "UTC", NONE },
  { "1969-12-31 05:00", "UTC", NONE },
  { "2026-11-26  05:00", "UTC", NONE },
  { "Nov 26 05:00:00", "UTC", NONE },
  { "@400000006b04273220d0f86f", "UTC", NONE },
};

START_TEST (a_moment_is_parsed)
{
  const char *name = rows[_i].text;
  g_autoptr (GTimeZone) zone = g_time_zone_new_identifier (rows[_i].zone);
  PgClock  clock = { .zone = zone, .now_us = NOW_S * PG_SECOND + 7 };
  char    *block;
  gint64   us = NONE;
  gboolean ok;

  ck_assert_msg (zone != NULL, "no zone %s", rows[_i].zone);
  ok = pg_moment_parse (exact_string (&block, name), &clock, &us);
  assert_row (name, ok == (rows[_i].seconds != NONE));
  assert_row (name, us == (ok ? rows[_i].seconds * PG_SECOND : NONE));
  g_free (block);
}
END_TEST

/* Whatever day it is: midnight of it is at most a day ago, and the same by its date. */
START_TEST (today_is_the_day_of_the_clock)
{
  for (gint64 day = 0; day < 200 * 366; day += 17)
    {
      PgClock          clock = utc_clock ((day * 86400 + day % 86400) * PG_SECOND);
      g_autofree char *date = NULL;
      g_autoptr (GDateTime) moment = g_date_time_new_from_unix_utc (day * 86400 + day % 86400);
      gint64 us, by_date_us;

      date = g_date_time_format (moment, "%Y-%m-%d 00:00:00");
      ck_assert (pg_moment_parse (pg_span_from_string ("00:00"), &clock, &us));
      ck_assert (pg_moment_parse (pg_span_from_string (date), &clock, &by_date_us));
      ck_assert_int_eq (us, day * 86400 * PG_SECOND);
      ck_assert_int_eq (us, by_date_us);
    }
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, a_moment_is_parsed, 0, G_N_ELEMENTS (rows));
  tcase_add_test (tests, today_is_the_day_of_the_clock);
}

PG_TEST_MAIN ("moment", fill)
