/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moments: what is taken is a moment after the epoch, of today if there was no date, and the same when its seconds are given. */
#include "core/moment.h"

#include "common.h"

#define TODAY_US (FUZZ_NOW_US / PG_DAY * PG_DAY)

static void
check_again (gint64 us, const PgClock *clock)
{
  g_autofree char *text = g_strdup_printf ("@%" G_GINT64_FORMAT, us / PG_SECOND);
  gint64           again_us;

  must (pg_moment_parse (pg_span_from_string (text), clock, &again_us));
  must (again_us == us - us % PG_SECOND);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static GTimeZone *utc = NULL;
  g_autofree char  *block = NULL;
  PgSpan            text = exact (&block, pg_span ((const char *) data, size));
  PgClock           clock = { .now_us = FUZZ_NOW_US };
  gint64            us = -1;

  if (utc == NULL)
    utc = g_time_zone_new_utc ();
  clock.zone = utc;
  if (!pg_moment_parse (text, &clock, &us))
    {
      must (us == -1);
      return 0;
    }
  if (text.len == 5 || text.len == 8)
    must (text.data[0] == '@' || (us >= TODAY_US && us <= TODAY_US + PG_DAY));
  if (us >= 0)
    check_again (us, &clock);
  return 0;
}
