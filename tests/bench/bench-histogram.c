/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench-histogram.h"

#define SLOT_BITS 6

G_STATIC_ASSERT (PG_BENCH_SLOTS_PER_OCTAVE == 1 << SLOT_BITS);

/* Values below 2^SLOT_BITS have a slot each; above, an octave has 2^SLOT_BITS slots. */
static gsize
slot_of (guint64 ns)
{
  guint bits = 64 - (guint) __builtin_clzll (ns | 1);
  guint octave = bits > SLOT_BITS ? bits - SLOT_BITS : 0;
  guint shift = octave > 0 ? octave - 1 : 0;
  gsize slot = octave * PG_BENCH_SLOTS_PER_OCTAVE + ((ns >> shift) & (PG_BENCH_SLOTS_PER_OCTAVE - 1));

  return MIN (slot, G_N_ELEMENTS (((PgBenchHistogram *) NULL)->slots) - 1);
}

static gint64
slot_upper_end (gsize slot)
{
  guint   octave = (guint) (slot / PG_BENCH_SLOTS_PER_OCTAVE);
  guint64 within = slot % PG_BENCH_SLOTS_PER_OCTAVE;

  if (octave == 0)
    return (gint64) within;
  return (gint64) (((PG_BENCH_SLOTS_PER_OCTAVE + within + 1) << (octave - 1)) - 1);
}

void
pg_bench_histogram_add (PgBenchHistogram *self, gint64 ns)
{
  self->slots[slot_of ((guint64) MAX (ns, 0))]++;
  self->count++;
  self->max = MAX (self->max, ns);
}

static gint64
quantile_ns (const PgBenchHistogram *self, double quantile)
{
  guint64 below = (guint64) (quantile * (double) self->count);
  guint64 wanted = MAX (below + ((double) below < quantile * (double) self->count), 1);
  guint64 seen = 0;

  for (gsize slot = 0; slot < G_N_ELEMENTS (self->slots); slot++)
    {
      seen += self->slots[slot];
      if (seen >= wanted)
        return MIN (slot_upper_end (slot), self->max);
    }
  return self->max;
}

double
pg_bench_histogram_us (const PgBenchHistogram *self, double quantile)
{
  return (double) quantile_ns (self, quantile) / 1e3;
}
