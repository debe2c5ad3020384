/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/stamp.h"

#include "common.h"

/* "2026-11-23T11:44:40Z", with a fraction if need be -> microseconds, by GLib's own calendar. */
static gint64
moment_of (const char *iso)
{
  g_autoptr (GDateTime) moment = g_date_time_new_from_iso8601 (iso, NULL);

  ck_assert_msg (moment != NULL, "%s", iso);
  return g_date_time_to_unix (moment) * PG_SECOND + g_date_time_get_microsecond (moment);
}

/* --- forms ----------------------------------------------------------------------------------------------------------- */

static const struct
{
  const char *text;
  const char *rest; /* NULL: no stamp */
} forms[] = {
  { "Nov 23 11:44:14 vm", " vm" },
  { "Nov  3 11:44:14 vm", " vm" },
  { "Nov 03 11:44:14 vm", " vm" },
  { "Jan  1 00:00:00", "" },
  { "2026-11-23T11:44:40.550565+00:00 vm", " vm" },
  { "2026-11-23T11:44:40+05:30 vm", " vm" },
  { "2026-11-23T11:44:40-08:00", "" },
  { "2026-11-23T11:44:40Z", "" },
  { "2026-11-23T11:44:40.1Z", "" },
  { "2026-11-23T11:44:40.123456789Z", "" },
  { "2026-11-23 11:44:40 pop3", " pop3" },
  { "2026-11-23 11:44:40.5 x", ".5 x" },
  { "1970-01-01 00:00:00", "" },
  { "9999-12-31 23:59:59", "" },
  { "Nov 23 11:44:14.5", ".5" },
  { "@400000006a12e5a20d1b2c3d x", " x" },
  { "@400000006a12e5a20d1b2c3d", "" },
  { "@400000006a12e5a20d1b2c3d9", "9" },
  { "@400000006a12e5a23b9ac9ff", "" },
  { "", NULL },
  { "N", NULL },
  { "Nov", NULL },
  { "nov 23 11:44:14", NULL },
  { "Nov 23 11:44", NULL },
  { "Nov 23 11:44:1", NULL },
  { "Nov 3 11:44:14", NULL },
  { "Nov  23 11:44:14", NULL },
  { "Nov   3 11:44:14", NULL },
  { "Nov 123 11:44:14", NULL },
  { "Nov-23 11:44:14", NULL },
  { "Nov 23  11:44:14", NULL },
  { "Nov 23 1:44:14", NULL },
  { "Nov 23 11.44.14", NULL },
  { " Nov 23 11:44:14", NULL },
  { "Mon Nov 23 11:44:14", NULL },
  { "<13>Nov 23 11:44:14", NULL },
  { "1969-12-31 23:59:59", NULL },
  { "0000-11-23 11:44:40", NULL },
  { "226-11-23 11:44:40", NULL },
  { "12026-11-23 11:44:40", NULL },
  { "2026-1-23 11:44:40", NULL },
  { "2026-11-23T11:44:40", NULL },
  { "2026-11-23T11:44:40.Z", NULL },
  { "2026-11-23T11:44:40.1234567890Z", NULL },
  { "2026-11-23T11:44:40+0000", NULL },
  { "2026-11-23T11:44:40+00", NULL },
  { "2026-11-23T11:44:40+24:00", NULL },
  { "2026-11-23T11:44:40+00:60", NULL },
  { "2026-11-23t11:44:40z", NULL },
  { "2026/11/23 11:44:40", NULL },
  { "2026-11-2311:44:40", NULL },
  { "@", NULL },
  { "@400000006a12e5a2", NULL },
  { "@400000006a12e5a20d1b2c3", NULL },
  { "@400000006A12E5A20D1B2C3D", NULL },
  { "@400000006a12e5a20d1b2c3g", NULL },
  { "@400000006a12e5a23b9aca00", NULL }, /* a whole second of nanoseconds */
  { "@400000000000000900000000", NULL }, /* before the epoch */
  { "@40000000000000\x00\x31 00000000", NULL },
  { "@4000003afff4418a00000000", NULL }, /* the year 10000 */
  { "@ffffffffffffffff00000000", NULL },
  { "@000000006a12e5a200000000", NULL },
  { " @400000006a12e5a20d1b2c3d", NULL },
};

START_TEST (stamp_is_taken)
{
  const char      *name = forms[_i].text;
  g_autofree char *block = NULL;
  PgSpan           span = exact_string (&block, name);
  PgStamp          stamp = { .day = 77 };
  gboolean         ok = pg_stamp_take (&span, &stamp);

  assert_row (name, ok == (forms[_i].rest != NULL));
  assert_row (name, pg_span_is (span, ok ? forms[_i].rest : name));
  assert_row (name, ok || stamp.day == 77);
}
END_TEST

/* --- moments --------------------------------------------------------------------------------------------------------- */

static const struct
{
  const char *stamp;
  const char *zone;
  const char *now;
  const char *moment; /* NULL: there is none */
} moments[] = {
  /* the year that is not written */
  { "Nov 23 11:44:14", "UTC", "2026-11-23T11:44:15Z", "2026-11-23T11:44:14Z" },
  { "Nov 23 12:44:15", "UTC", "2026-11-23T11:44:15Z", "2026-11-23T12:44:15Z" },
  { "Nov 23 12:44:16", "UTC", "2026-11-23T11:44:15Z", "2025-11-23T12:44:16Z" },
  { "Dec 31 23:59:59", "UTC", "2027-01-01T00:00:00Z", "2026-12-31T23:59:59Z" },
  { "Jan  1 00:00:00", "UTC", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z" },
  { "Jan  1 00:59:59", "UTC", "2026-12-31T23:59:59Z", "2027-01-01T00:59:59Z" },
  { "Jan  1 01:00:00", "UTC", "2026-12-31T23:59:59Z", "2026-01-01T01:00:00Z" },
  { "Dec 31 23:59:59", "UTC", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z" },
  { "Jan  1 00:00:00", "Asia/Kolkata", "2025-12-31T18:30:01Z", "2025-12-31T18:30:00Z" },
  { "Feb 29 12:00:00", "UTC", "2028-02-29T12:00:01Z", "2028-02-29T12:00:00Z" },
  { "Feb 29 12:00:00", "UTC", "2027-03-01T00:00:00Z", "2024-02-29T12:00:00Z" },
  { "Feb 29 12:00:00", "UTC", "2103-03-01T00:00:00Z", "2096-02-29T12:00:00Z" },
  { "Feb 29 12:00:00", "UTC", "2104-02-28T00:00:00Z", "2096-02-29T12:00:00Z" },
  { "Jan  1 00:00:00", "UTC", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z" },
  { "Jun  1 00:00:00", "UTC", "1970-01-01T00:00:00Z", NULL },
  { "Nov 23 11:44:14", "UTC", "2199-11-23T11:44:15Z", "2199-11-23T11:44:14Z" },
  { "Feb 29 23:59:59", "UTC", "2028-03-01T00:00:10Z", "2028-02-29T23:59:59Z" },
  { "Feb 29 00:30:00", "UTC", "2028-02-28T23:45:00Z", "2028-02-29T00:30:00Z" },
  { "Feb 29 00:45:01", "UTC", "2028-02-28T23:45:00Z", "2024-02-29T00:45:01Z" },
  { "Feb 28 23:59:59", "UTC", "2027-03-01T00:00:10Z", "2027-02-28T23:59:59Z" },
  { "Mar  1 00:00:01", "UTC", "2028-02-29T23:59:59Z", "2028-03-01T00:00:01Z" },
  { "Dec 31 23:59:60", "UTC", "2017-01-01T00:00:01Z", "2017-01-01T00:00:00Z" },
  { "Dec 31 23:30:00", "America/New_York", "2027-01-01T05:00:00Z", "2027-01-01T04:30:00Z" },
  { "Jan  1 00:10:00", "Europe/Berlin", "2026-12-31T23:11:00Z", "2026-12-31T23:10:00Z" },
  { "Dec 31 23:10:00", "Europe/Berlin", "2026-12-31T23:11:00Z", "2026-12-31T22:10:00Z" },
  /* a year that is written is believed */
  { "2026-11-23 11:44:40", "UTC", "2026-01-01T00:00:00Z", "2026-11-23T11:44:40Z" },
  { "2025-11-23 11:44:40", "UTC", "2026-01-01T00:00:00Z", "2025-11-23T11:44:40Z" },
  /* offsets */
  { "2026-11-23T11:44:40.550565+00:00", "America/New_York", "2026-11-23T11:44:41Z", "2026-11-23T11:44:40.550565Z" },
  { "2026-11-23T11:44:40.5+05:30", "UTC", "2026-11-23T11:44:41Z", "2026-11-23T06:14:40.500000Z" },
  { "2026-11-23T11:44:40.123456999-08:00", "UTC", "2026-11-23T11:44:41Z", "2026-11-23T19:44:40.123456Z" },
  { "2026-11-23T11:44:40-00:00", "UTC", "2026-11-23T11:44:41Z", "2026-11-23T11:44:40Z" },
  { "2026-12-31T23:30:00-02:00", "UTC", "2026-11-23T11:44:41Z", "2027-01-01T01:30:00Z" },
  /* local time */
  { "Jul  1 12:00:00", "Europe/Berlin", "2026-07-01T12:00:00Z", "2026-07-01T10:00:00Z" },
  { "Jan  1 12:00:00", "Europe/Berlin", "2026-07-01T12:00:00Z", "2026-01-01T11:00:00Z" },
  { "2026-07-01 12:00:00", "America/New_York", "2026-07-01T12:00:00Z", "2026-07-01T16:00:00Z" },
  { "2026-03-29 01:59:59", "Europe/Berlin", "2026-07-01T12:00:00Z", "2026-03-29T00:59:59Z" },
  { "2026-03-29 02:30:00", "Europe/Berlin", "2026-07-01T12:00:00Z", NULL },
  { "2026-03-29 03:00:00", "Europe/Berlin", "2026-07-01T12:00:00Z", "2026-03-29T01:00:00Z" },
  { "2026-10-25 01:59:59", "Europe/Berlin", "2026-11-01T12:00:00Z", "2026-10-24T23:59:59Z" },
  { "2026-10-25 02:00:00", "Europe/Berlin", "2026-11-01T12:00:00Z", "2026-10-25T00:00:00Z" },
  { "2026-10-25 02:30:00", "Europe/Berlin", "2026-11-01T12:00:00Z", "2026-10-25T00:30:00Z" },
  { "2026-10-25 02:59:59", "Europe/Berlin", "2026-11-01T12:00:00Z", "2026-10-25T00:59:59Z" },
  { "2026-10-25 03:00:00", "Europe/Berlin", "2026-11-01T12:00:00Z", "2026-10-25T02:00:00Z" },
  { "Oct 25 02:30:00", "Europe/Berlin", "2026-10-25T01:45:00Z", "2026-10-25T00:30:00Z" },
  { "Oct 25 02:59:59", "Europe/Berlin", "2026-10-25T01:59:59Z", "2026-10-25T00:59:59Z" },
  { "Nov  1 01:30:00", "America/New_York", "2026-11-01T06:31:00Z", "2026-11-01T05:30:00Z" },
  { "Mar 29 02:30:00", "Europe/Berlin", "2026-03-29T01:31:00Z", "2025-03-29T01:30:00Z" },
  { "2014-10-26 01:30:00", "Europe/Moscow", "2014-11-01T12:00:00Z", "2014-10-25T21:30:00Z" },
  { "2026-04-05 01:45:00", "Australia/Lord_Howe", "2026-11-01T12:00:00Z", "2026-04-04T14:45:00Z" },
  { "2011-12-30 12:00:00", "Pacific/Apia", "2012-11-01T12:00:00Z", NULL },
  /* TAI64N: ten seconds ahead of the clock and no leap second, whatever the zone; fractions are cut off */
  { "@400000000000000a00000000", "UTC", "2026-11-23T11:44:41Z", "1970-01-01T00:00:00Z" },
  { "@400000006b04273220d0f86f", "Europe/Berlin", "2026-11-23T11:44:41Z", "2026-11-23T11:44:40.550565Z" },
  { "@400000005868468900000000", "UTC", "2026-11-23T11:44:41Z", "2016-12-31T23:59:59Z" },
  { "@400000005868468a00000000", "UTC", "2026-11-23T11:44:41Z", "2017-01-01T00:00:00Z" },
  { "@400000005868468a3b9ac9ff", "UTC", "2026-11-23T11:44:41Z", "2017-01-01T00:00:00.999999Z" },
  { "@4000003afff4418900000000", "UTC", "2026-11-23T11:44:41Z", "9999-12-31T23:59:59Z" },
  /* the calendar */
  { "2026-02-29 00:00:00", "UTC", "2026-11-23T11:44:15Z", NULL },
  { "2100-02-29 00:00:00", "UTC", "2026-11-23T11:44:15Z", NULL },
  { "2000-02-29 00:00:00", "UTC", "2026-11-23T11:44:15Z", "2000-02-29T00:00:00Z" },
  { "2026-04-31 00:00:00", "UTC", "2026-11-23T11:44:15Z", NULL },
  { "2026-00-10 00:00:00", "UTC", "2026-11-23T11:44:15Z", NULL },
  { "2026-13-10 00:00:00", "UTC", "2026-11-23T11:44:15Z", NULL },
  { "2026-10-00 00:00:00", "UTC", "2026-11-23T11:44:15Z", NULL },
  { "2026-10-10 24:00:00", "UTC", "2026-11-23T11:44:15Z", NULL },
  { "2026-10-10 00:60:00", "UTC", "2026-11-23T11:44:15Z", NULL },
  { "2026-10-10 00:00:61", "UTC", "2026-11-23T11:44:15Z", NULL },
  { "2016-12-31 23:59:60", "UTC", "2026-11-23T11:44:15Z", "2017-01-01T00:00:00Z" },
  { "Nov 31 00:00:00", "UTC", "2026-11-23T11:44:15Z", NULL },
  { "Feb 30 00:00:00", "UTC", "2026-11-23T11:44:15Z", NULL },
  { "9999-12-31 23:59:59", "UTC", "2026-11-23T11:44:15Z", "9999-12-31T23:59:59Z" },
};

START_TEST (stamp_is_a_moment)
{
  const char *name = moments[_i].stamp;
  g_autoptr (GTimeZone) zone = g_time_zone_new_identifier (moments[_i].zone);
  PgSpan  span = pg_span_from_string (name);
  gint64  us = -77;
  PgClock clock;
  PgStamp stamp;

  ck_assert_msg (zone != NULL, "%s: no such time zone: install tzdata", moments[_i].zone);
  clock = (PgClock){ .zone = zone, .now_us = moment_of (moments[_i].now) };
  assert_row (name, pg_stamp_take (&span, &stamp));
  assert_row (name, pg_stamp_resolve (&stamp, &clock, &us) == (moments[_i].moment != NULL));
  if (moments[_i].moment == NULL)
    assert_row (name, us == -77);
  else
    ck_assert_msg (us == moment_of (moments[_i].moment), "%s in %s: %+" G_GINT64_FORMAT " us off", name, moments[_i].zone,
                   us - moment_of (moments[_i].moment));
}
END_TEST

/* What the clocks in @zone showed at that moment. */
static char *
local_text (GTimeZone *zone, gint64 us)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (us / PG_SECOND);
  g_autoptr (GDateTime) local = g_date_time_to_timezone (utc, zone);

  return g_date_time_format (local, "%Y-%m-%d %H:%M:%S");
}

/* No reading makes a login fresher than it is: of the moments at which the clocks showed this, it is the first. */
static void
check_local_moment (GTimeZone *zone, gint64 us)
{
  g_autofree char *text = local_text (zone, us);
  g_autofree char *again = NULL;
  PgSpan           span = pg_span_from_string (text);
  PgClock          clock = { .zone = zone, .now_us = us };
  PgStamp          stamp;
  gint64           found;

  ck_assert_msg (pg_stamp_take (&span, &stamp) && pg_stamp_resolve (&stamp, &clock, &found), "%s", text);
  ck_assert_msg (found <= us, "%s: %" G_GINT64_FORMAT " s later", text, (found - us) / PG_SECOND);
  again = local_text (zone, found);
  ck_assert_str_eq (again, text);
  for (gint64 earlier = 1; earlier <= 4; earlier++)
    {
      g_autofree char *other = local_text (zone, found - earlier * 30 * PG_MINUTE);

      ck_assert_str_ne (other, text);
    }
}

static const char *const names[] = { "UTC",           "Europe/Berlin",     "America/New_York",  "Australia/Lord_Howe",
                                     "Asia/Kolkata",  "America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia",
                                     "Europe/Dublin", "Antarctica/Troll" };

START_TEST (local_time_is_resolved_to_its_first_coming)
{
  g_autoptr (GTimeZone) zone = g_time_zone_new_identifier (names[_i]);
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) _i);

  ck_assert_msg (zone != NULL, "%s: no such time zone: install tzdata", names[_i]);
  for (guint round = 0; round < 500; round++)
    check_local_moment (zone, g_rand_int_range (rand, 946684800, G_MAXINT32) * PG_SECOND);
  for (gint64 us = moment_of ("2025-03-01T00:15:00Z"); us < moment_of ("2026-03-01T00:00:00Z"); us += 30 * PG_MINUTE)
    check_local_moment (zone, us);
}
END_TEST

/* A line that was written at @us, without a year, and is read @delay_us later. */
static void
check_yearless (GTimeZone *zone, gint64 us, gint64 delay_us)
{
  static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (us / PG_SECOND);
  g_autoptr (GDateTime) local = g_date_time_to_timezone (utc, zone);
  g_autofree char *rest = g_date_time_format (local, "%d %H:%M:%S");
  g_autofree char *text = g_strconcat (months[g_date_time_get_month (local) - 1], " ", rest, NULL);
  PgSpan           span = pg_span_from_string (text);
  PgClock          clock = { .zone = zone, .now_us = us + delay_us };
  PgStamp          stamp;
  gint64           found;

  ck_assert_msg (pg_stamp_take (&span, &stamp) && pg_stamp_resolve (&stamp, &clock, &found), "%s", text);
  ck_assert_msg (found <= us, "%s: fresher by %" G_GINT64_FORMAT " s", text, (found - us) / PG_SECOND);
  ck_assert_msg (found >= us - 2 * PG_HOUR, "%s: older by %" G_GINT64_FORMAT " s", text, (us - found) / PG_SECOND);
}

/* Over New Year, 29 February and the hours that come twice; read at once, or as long as nearly a year later. */
START_TEST (without_a_year_it_is_no_fresher_than_it_is)
{
  static const char *const starts[] = { "2027-12-30T00:00:00Z", "2028-02-27T00:00:00Z", "2099-12-31T00:00:00Z",
                                        "2100-02-27T00:00:00Z", "2026-10-24T00:00:00Z", "2026-03-28T00:00:00Z" };
  g_autoptr (GTimeZone) zone = g_time_zone_new_identifier (names[_i]);
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) _i);

  ck_assert_msg (zone != NULL, "%s: no such time zone: install tzdata", names[_i]);
  for (gsize i = 0; i < G_N_ELEMENTS (starts); i++)
    for (gint64 us = moment_of (starts[i]), end_us = us + 4 * PG_DAY; us < end_us; us += 10 * PG_MINUTE)
      {
        check_yearless (zone, us, 0);
        check_yearless (zone, us, g_rand_int_range (rand, 0, 7200) * PG_SECOND);
        check_yearless (zone, us, g_rand_int_range (rand, 0, 364 * 86400) * PG_SECOND);
      }
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, stamp_is_taken, 0, G_N_ELEMENTS (forms));
  tcase_add_loop_test (tests, stamp_is_a_moment, 0, G_N_ELEMENTS (moments));
  tcase_add_loop_test (tests, local_time_is_resolved_to_its_first_coming, 0, G_N_ELEMENTS (names));
  tcase_add_loop_test (tests, without_a_year_it_is_no_fresher_than_it_is, 0, G_N_ELEMENTS (names));
}

PG_TEST_MAIN ("stamp", fill)
