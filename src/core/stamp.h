/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stamp: the time stamps of log lines -> microseconds since the epoch.
 *
 * Pure: no I/O, no clock, no log, no globals: time zone and present time are arguments. Fuzzed by tests/fuzz/fuzz-login-line.c.
 *
 * Taking a stamp (its form) and resolving it (its moment) are two steps: most lines are no login and need only the first.
 * On doubt a moment is the older one, so that no reading makes a login fresher than it is:
 *  - no year (RFC 3164): the latest year that puts the stamp at most PG_STAMP_AHEAD_MAX after now, and has that day;
 *  - a local hour that comes twice (end of summer time): its first coming;
 *  - a local time that never was (start of summer time): no moment;
 *  - digits below a microsecond are cut off, never rounded up.
 * TAI64N counts seconds of TAI. multilog and svlogd make the label out of the system's clock and the ten seconds that TAI was
 * ahead of UTC in 1970, without leap seconds, and so it is read. s6-log adds today's leap seconds too: its labels are ahead by
 * as many seconds (27 since 2017), which whoever takes a login for no later than now must bear.
 * Source: RFC 3164 4.1.2; RFC 3339 5.6; RFC 5424 6.2.3; cr.yp.to/libtai/tai64.html
 */
#pragma once

#include "core/duration.h"

G_BEGIN_DECLS

/** PG_STAMP_AHEAD_MAX: how far ahead of our clock a log line without a year may be; further ahead it is last year's. */
#define PG_STAMP_AHEAD_MAX PG_HOUR

/** PgClock: what "now" and "local" mean for the reader of a log. @zone is borrowed; @now_us: microseconds since the epoch. */
typedef struct
{
  GTimeZone *zone;
  gint64     now_us;
} PgClock;

/** PgStamp: a stamp as written, each field in its form's range but not yet checked against the calendar. */
typedef struct
{
  guint    year; /* 0: not written */
  guint    month;
  guint    day;
  guint    hour;
  guint    minute;
  guint    second; /* up to 60 */
  guint    microsecond;
  gboolean has_offset;
  gint     offset_s;  /* east of UTC */
  gboolean is_moment; /* TAI64N: @moment_s and @microsecond say all, the other fields nothing */
  gint64   moment_s;  /* seconds since the epoch */
} PgStamp;

/**
 * pg_stamp_take:
 * @span: (inout): a line; moved behind the stamp on success
 * @out: (out): the stamp
 *
 * Takes one of "Nov 23 11:44:14" (RFC 3164 4.1.2; a day below 10 may have a zero), "2026-11-23T11:44:40.550565+00:00"
 * (RFC 3339; "Z" and no fraction are legal), "2026-11-23 11:44:40" (Dovecot log_timestamp, local time) and
 * "@400000006b04273220d0f86f" (TAI64N, lower case).
 *
 * Returns: FALSE, with nothing moved, if @span begins with none of them
 */
gboolean pg_stamp_take (PgSpan *span, PgStamp *out);

/**
 * pg_stamp_resolve:
 * @stamp: a stamp
 * @clock: now and the zone of stamps without an offset
 * @out_us: (out): microseconds since the epoch; whole seconds mean their start
 *
 * Returns: FALSE if there is no such day or time
 */
gboolean pg_stamp_resolve (const PgStamp *stamp, const PgClock *clock, gint64 *out_us);

G_END_DECLS
