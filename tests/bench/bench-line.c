/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench-line.h"

#include <time.h>

static void
append_stamp (GString *out)
{
  gint64    now_us = g_get_real_time ();
  time_t    seconds = (time_t) (now_us / G_USEC_PER_SEC);
  struct tm utc;
  char      text[32];

  gmtime_r (&seconds, &utc);
  strftime (text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  g_string_append_printf (out, "%s.%06d+00:00", text, (int) (now_us % G_USEC_PER_SEC));
}

void
pg_bench_line_append (GString *out, PgBenchSet set, guint32 index)
{
  char address[PG_BENCH_ADDRESS_MAX];

  pg_bench_address_text (set, index, address);
  append_stamp (out);
  g_string_append_printf (out,
                          " mail dovecot: pop3-login: Login: user=<user%u@example.org>, method=PLAIN, rip=%s, "
                          "lip=192.0.2.25, mpid=%u, TLS, session=<q7nP%08x>\n",
                          index, address, 1000 + index % 30000, index);
}
