/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/histogram.h"

static const gint64 bounds_us[PG_HISTOGRAM_BOUNDS] = {
  10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000, 1000000, 2000000, 5000000, 10000000,
};

gint64
pg_histogram_bound_us (guint index)
{
  return bounds_us[index];
}

void
pg_histogram_add (PgHistogram *self, gint64 us, guint64 n)
{
  guint i = 0;

  us = MAX (us, 0);
  while (i < PG_HISTOGRAM_BOUNDS && us > bounds_us[i])
    i++;
  self->counts[i] += n;
  self->sum_us += us * (gint64) n;
}

guint64
pg_histogram_count (const PgHistogram *self)
{
  guint64 count = 0;

  for (guint i = 0; i <= PG_HISTOGRAM_BOUNDS; i++)
    count += self->counts[i];
  return count;
}

gint64
pg_histogram_quantile_us (const PgHistogram *self, guint per_mille)
{
  guint64 count = pg_histogram_count (self);
  guint64 wanted = (count * per_mille + 999) / 1000;
  guint64 seen = 0;

  if (count == 0)
    return 0;
  for (guint i = 0; i < PG_HISTOGRAM_BOUNDS; i++)
    {
      seen += self->counts[i];
      if (seen >= wanted)
        return bounds_us[i];
    }
  return G_MAXINT64;
}
