/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/duration.h"

#include "common.h"

static const struct
{
  PgSpan text;
  gint64 us; /* -1: no duration */
} durations[] = {
  { BYTES ("0s"), 0 },
  { BYTES ("1s"), PG_SECOND },
  { BYTES ("30m"), 30 * PG_MINUTE },
  { BYTES ("2h"), 2 * PG_HOUR },
  { BYTES ("7d"), 7 * PG_DAY },
  { BYTES ("1w"), 7 * PG_DAY },
  { BYTES ("007s"), 7 * PG_SECOND },
  { BYTES ("999999999h"), 999999999 * PG_HOUR },
  { BYTES ("106751991d"), 106751991 * PG_DAY },
  { BYTES (""), -1 },
  { BYTES ("30"), -1 },
  { BYTES ("m"), -1 },
  { BYTES ("30 m"), -1 },
  { BYTES (" 30m"), -1 },
  { BYTES ("30m "), -1 },
  { BYTES ("30M"), -1 },
  { BYTES ("30min"), -1 },
  { BYTES ("1h30m"), -1 },
  { BYTES ("-1s"), -1 },
  { BYTES ("+1s"), -1 },
  { BYTES ("1.5h"), -1 },
  { BYTES ("0x1s"), -1 },
  { BYTES ("30m\0"), -1 },
  { BYTES ("30\0"), -1 },
  { BYTES ("106751992d"), -1 },
  { BYTES ("15250285w"), -1 },
  { BYTES ("30500569w"), -1 }, /* 2^64 us and 16 hours */
  { BYTES ("999999999w"), -1 },
  { BYTES ("1000000000s"), -1 },
  { BYTES ("18446744073709551617s"), -1 },
};

START_TEST (duration_is_parsed)
{
  const char      *name = durations[_i].text.data;
  g_autofree char *block = NULL;
  gint64           us = -1;

  assert_row (name, pg_duration_parse (exact (&block, durations[_i].text), &us) == (durations[_i].us >= 0));
  assert_row (name, us == durations[_i].us);
}
END_TEST

static const struct
{
  gint64      us;
  const char *text;
} texts[] = {
  { 0, "0s" },
  { 1, "0s" },
  { PG_SECOND - 1, "0s" },
  { PG_SECOND, "1s" },
  { 59 * PG_SECOND, "59s" },
  { PG_MINUTE, "1m" },
  { 29 * PG_MINUTE + 58 * PG_SECOND, "29m 58s" },
  { PG_HOUR + 5 * PG_SECOND, "1h" },
  { PG_HOUR + PG_MINUTE + 5 * PG_SECOND, "1h 1m" },
  { 2 * PG_DAY + 3 * PG_HOUR + 59 * PG_MINUTE, "2d 3h" },
  { 400 * PG_DAY, "400d" },
  { G_MAXINT64, "106751991d 4h" },
};

START_TEST (duration_is_told_in_two_units)
{
  g_autofree char *text = pg_duration_to_string (texts[_i].us);

  assert_row_text (texts[_i].text, text, texts[_i].text);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, duration_is_parsed, 0, G_N_ELEMENTS (durations));
  tcase_add_loop_test (tests, duration_is_told_in_two_units, 0, G_N_ELEMENTS (texts));
}

PG_TEST_MAIN ("duration", fill)
