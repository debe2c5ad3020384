/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/steady.h"

#include "core/duration.h"

#include "common.h"

#define BOOT_US (G_GINT64_CONSTANT (1795435200) * PG_SECOND) /* the clock when time is 0 */

typedef struct
{
  gint64 time_min; /* when it is looked */
  gint64 ahead_s;  /* what the clock is off by then */
  gint64 expected_min;
} Look;

static const struct
{
  const char *name;
  Look        looks[6];
} rows[] = {
  { "at first", { { 5, 0, 0 } } },
  { "steady", { { 5, 0, 0 }, { 6, 0, 1 }, { 65, 0, 60 } } },
  { "always wrong", { { 5, -9999999, 0 }, { 6, -9999999, 1 } } },
  { "put right by little", { { 5, 0, 0 }, { 6, 60, 1 }, { 7, 120, 2 }, { 8, 60, 3 }, { 9, 0, 4 } } },
  { "forth", { { 5, 0, 0 }, { 65, 61, 0 }, { 66, 61, 1 } } },
  { "back", { { 5, 0, 0 }, { 65, -61, 0 }, { 66, -61, 1 } } },
  { "forth and back", { { 5, 0, 0 }, { 65, 3600, 0 }, { 75, 0, 0 }, { 85, 0, 10 } } },
  { "far", { { 5, 0, 0 }, { 65, G_GINT64_CONSTANT (3000000000), 0 }, { 66, -1795435200, 0 }, { 67, -1795435200, 1 } } },
};

START_TEST (a_step_is_seen)
{
  PgSteady steady = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (rows[_i].looks) && rows[_i].looks[i].time_min != 0; i++)
    {
      const Look *look = &rows[_i].looks[i];
      gint64      time_us = look->time_min * PG_MINUTE;
      gint64      found = pg_steady_look (&steady, BOOT_US + time_us + look->ahead_s * PG_SECOND, time_us);

      ck_assert_msg (found == look->expected_min * PG_MINUTE, "%s, look %zu: %" G_GINT64_FORMAT " s", rows[_i].name, i,
                     found / PG_SECOND);
    }
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, a_step_is_seen, 0, G_N_ELEMENTS (rows));
}

PG_TEST_MAIN ("steady", fill)
