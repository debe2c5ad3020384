/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench-address.h"

#define FIRST_NETWORK 10
#define SPREAD 0x9e3779b1U /* odd: multiplying by it is one to one modulo a power of two */

static char *
put_octet (char *at, guint octet)
{
  if (octet >= 100)
    *at++ = (char) ('0' + octet / 100);
  if (octet >= 10)
    *at++ = (char) ('0' + octet / 10 % 10);
  *at++ = (char) ('0' + octet % 10);
  return at;
}

gsize
pg_bench_address_text (PgBenchSet set, guint32 index, char *out_text)
{
  guint32 spread = (index * SPREAD) % PG_BENCH_SET_SIZE;
  char   *at = out_text;

  at = put_octet (at, FIRST_NETWORK + (guint) set);
  for (int shift = 16; shift >= 0; shift -= 8)
    {
      *at++ = '.';
      at = put_octet (at, (spread >> shift) & 0xff);
    }
  *at = '\0';
  return (gsize) (at - out_text);
}
