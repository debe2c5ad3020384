/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/histogram.h"

#include "common.h"

static const struct
{
  const char *name;
  gint64      us;
  guint       bucket;
} rows[] = {
  { "nothing", 0, 0 },
  { "less than nothing", -5, 0 },
  { "below the first bound", 9, 0 },
  { "a bound is within", 10, 0 },
  { "beyond it", 11, 1 },
  { "a millisecond", 1000, 6 },
  { "and a bit", 1001, 7 },
  { "the last bound", 10000000, PG_HISTOGRAM_BOUNDS - 1 },
  { "beyond the last", 10000001, PG_HISTOGRAM_BOUNDS },
  { "very long", (gint64) 1 << 52, PG_HISTOGRAM_BOUNDS },
};

START_TEST (buckets)
{
  PgHistogram histogram = { 0 };

  pg_histogram_add (&histogram, rows[_i].us, 3);
  for (guint i = 0; i <= PG_HISTOGRAM_BOUNDS; i++)
    assert_row (rows[_i].name, histogram.counts[i] == (i == rows[_i].bucket ? 3 : 0));
  assert_row (rows[_i].name, histogram.sum_us == 3 * MAX (rows[_i].us, 0));
  assert_row (rows[_i].name, pg_histogram_count (&histogram) == 3);
}
END_TEST

START_TEST (bounds_grow)
{
  ck_assert_int_eq (pg_histogram_bound_us (0), 10);
  for (guint i = 1; i < PG_HISTOGRAM_BOUNDS; i++)
    ck_assert_int_gt (pg_histogram_bound_us (i), pg_histogram_bound_us (i - 1));
  ck_assert_int_eq (pg_histogram_bound_us (PG_HISTOGRAM_BOUNDS - 1), 10 * G_USEC_PER_SEC);
}
END_TEST

START_TEST (quantiles)
{
  PgHistogram histogram = { 0 };

  ck_assert_int_eq (pg_histogram_quantile_us (&histogram, 500), 0);
  pg_histogram_add (&histogram, 15, 90);
  pg_histogram_add (&histogram, 400, 9);
  pg_histogram_add (&histogram, G_USEC_PER_SEC * 20, 1);
  ck_assert_int_eq (pg_histogram_quantile_us (&histogram, 500), 20);
  ck_assert_int_eq (pg_histogram_quantile_us (&histogram, 900), 20);
  ck_assert_int_eq (pg_histogram_quantile_us (&histogram, 901), 500);
  ck_assert_int_eq (pg_histogram_quantile_us (&histogram, 990), 500);
  ck_assert_int_eq (pg_histogram_quantile_us (&histogram, 1000), G_MAXINT64);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, buckets, 0, G_N_ELEMENTS (rows));
  tcase_add_test (tests, bounds_grow);
  tcase_add_test (tests, quantiles);
}

PG_TEST_MAIN ("histogram", fill)
