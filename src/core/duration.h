/* SPDX-License-Identifier: GPL-3.0-or-later */
/* duration: "30m" <-> microseconds. Pure: no I/O, no clock, no log, no globals. */
#pragma once

#include "core/span.h"

G_BEGIN_DECLS

#define PG_SECOND ((gint64) G_USEC_PER_SEC)
#define PG_MINUTE (60 * PG_SECOND)
#define PG_HOUR (60 * PG_MINUTE)
#define PG_DAY (24 * PG_HOUR)

/**
 * pg_duration_parse:
 * @text: 1 to 9 digits and a unit: s, m, h, d or w, as in Postfix's postconf(5); nothing else, and no more than 2^63 - 1 us
 * @out_us: (out): microseconds, 0 or more; untouched on failure
 *
 * Returns: FALSE if @text is no duration
 */
gboolean pg_duration_parse (PgSpan text, gint64 *out_us);

/** pg_duration_to_string: @us (0 or more) as people say it, in two units at most: "29m 58s", "2d 3h", "0s". Transfer full. */
char *pg_duration_to_string (gint64 us) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
