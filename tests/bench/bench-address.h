/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-address: the addresses of the benchmarks, a function of a set and an index.
 *
 * Who fills the database and who asks about it use the same function, so both know what the answer must be.
 * Each set has a network of its own (10/8, 11/8, 12/8, 13/8); within it the index is spread over all three
 * other octets. Nothing is ever sent to these addresses.
 */
#pragma once
#include <glib.h>
G_BEGIN_DECLS

typedef enum
{
  PG_BENCH_SET_GRANTS,     /* logged in when the database was filled */
  PG_BENCH_SET_STRANGERS,  /* never logged in */
  PG_BENCH_SET_FRESH,      /* logs in while its latency is measured */
  PG_BENCH_SET_BACKGROUND, /* logs in beside the measurement */
  PG_BENCH_N_SETS
} PgBenchSet;

#define PG_BENCH_SET_SIZE (1U << 24) /* addresses in a set */
#define PG_BENCH_ADDRESS_MAX 16      /* "255.255.255.255" and a NUL */

/**
 * pg_bench_address_text:
 * @set: which set
 * @index: which address of it; taken modulo PG_BENCH_SET_SIZE, and no two below that are the same
 * @out_text: (out): at least PG_BENCH_ADDRESS_MAX bytes; NUL-terminated dotted IPv4
 *
 * Returns: the length without the NUL
 */
gsize pg_bench_address_text (PgBenchSet set, guint32 index, char *out_text);

G_END_DECLS
