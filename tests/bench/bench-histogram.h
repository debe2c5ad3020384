/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-histogram: many latencies in little memory, told apart to 1/64 of their size.
 *
 * Adding is a few instructions, so that the measuring does not become the load.
 */
#pragma once
#include <glib.h>
G_BEGIN_DECLS

#define PG_BENCH_SLOTS_PER_OCTAVE 64
#define PG_BENCH_OCTAVES 40 /* the last one is above 10^13 ns, hours */

/* A zeroed one is empty. */
typedef struct
{
  guint64 slots[PG_BENCH_OCTAVES * PG_BENCH_SLOTS_PER_OCTAVE];
  guint64 count;
  gint64  max; /* exact */
} PgBenchHistogram;

/* Adds one latency, in nanoseconds; a negative one counts as 0. */
void pg_bench_histogram_add (PgBenchHistogram *self, gint64 ns);

/**
 * pg_bench_histogram_us:
 * @self: a histogram
 * @quantile: 0 to 1: 0.5 is the median, 1 the greatest
 *
 * Returns: microseconds that this share of the latencies does not exceed; at most 1/64 too high, the greatest exact;
 *   0 if there are none
 */
double pg_bench_histogram_us (const PgBenchHistogram *self, double quantile);

G_END_DECLS
