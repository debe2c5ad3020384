/* SPDX-License-Identifier: GPL-3.0-or-later */
/* steady: for how long has the clock gone on as time does, without a step?
 *
 * Pure: no I/O, no clock, no log, no globals.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** PG_STEADY_SLACK_US: a clock that is put right by less than this between two looks was not stepped. */
#define PG_STEADY_SLACK_US ((gint64) 60 * G_USEC_PER_SEC)

/** PgSteady: zero has never been looked at. */
typedef struct
{
  gboolean has_looked;
  gint64   ahead_us; /* the clock of time, when it was looked at last */
  gint64   since_us; /* time: when it was found to be stepped last, or was looked at first */
} PgSteady;

/**
 * pg_steady_look:
 * @self: (inout): what was seen before
 * @clock_us: what the clock shows, microseconds since the epoch
 * @time_us: time that has passed since whenever: monotonic
 *
 * Returns: for how long, as far as was looked, the clock has not been stepped; 0 or more
 */
gint64 pg_steady_look (PgSteady *self, gint64 clock_us, gint64 time_us);

G_END_DECLS
