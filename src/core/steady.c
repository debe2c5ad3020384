/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/steady.h"

gint64
pg_steady_look (PgSteady *self, gint64 clock_us, gint64 time_us)
{
  gint64   ahead_us = clock_us - time_us;
  gboolean is_stepped = ABS (ahead_us - self->ahead_us) > PG_STEADY_SLACK_US;

  if (!self->has_looked || is_stepped)
    self->since_us = time_us;
  self->has_looked = TRUE;
  self->ahead_us = ahead_us;
  return time_us - self->since_us;
}
