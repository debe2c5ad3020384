/* SPDX-License-Identifier: GPL-3.0-or-later */
/* histogram: how long things took, counted in fixed buckets.
 *
 * Pure: no I/O, no clock, no log, no globals. Adding allocates nothing and divides nothing: a short time, the usual one, is
 * found after a few comparisons.
 * Bounds: 10 us to 10 s, as 1, 2, 5 in each power of ten; what took longer is counted beyond the last.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** PG_HISTOGRAM_BOUNDS: how many bounds there are; buckets are one more. */
#define PG_HISTOGRAM_BOUNDS 19

/** PgHistogram: zero is empty. @counts: of each bucket by itself, not of all up to it. */
typedef struct
{
  guint64 counts[PG_HISTOGRAM_BOUNDS + 1];
  gint64  sum_us;
} PgHistogram;

/** pg_histogram_bound_us: the longest time that bucket @index still holds; @index is less than PG_HISTOGRAM_BOUNDS. */
gint64 pg_histogram_bound_us (guint index);

/** pg_histogram_add: @n things took @us each; a negative time, of a clock that does not run evenly, is none. */
void pg_histogram_add (PgHistogram *self, gint64 us, guint64 n);

/** pg_histogram_count: how many things were counted. */
guint64 pg_histogram_count (const PgHistogram *self);

/**
 * pg_histogram_quantile_us:
 * @per_mille: 500 for the median, 990 for what one of a hundred exceeds
 *
 * Returns: the bound of the bucket in which that time is; G_MAXINT64 beyond the last bound; 0 if nothing was counted
 */
gint64 pg_histogram_quantile_us (const PgHistogram *self, guint per_mille);

G_END_DECLS
