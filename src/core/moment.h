/* SPDX-License-Identifier: GPL-3.0-or-later */
/* moment: a moment as people name it on a command line -> microseconds since the epoch.
 *
 * Pure: no I/O, no clock, no log, no globals: time zone and present time are arguments. Fuzzed by tests/fuzz/fuzz-moment.c.
 *
 * Grammar:  moment = time / date (" " / "T") time / stamp / "@" 1*12DIGIT
 *           time = HH ":" MM [":" SS]      date = YYYY "-" MM "-" DD      stamp: RFC 3339 as pg_stamp_take() takes it
 * A time alone is one of today. Without seconds it is the minute's start. Local times are as stamp.h says: of an hour that comes
 * twice the first, and one that never was is none. "@" and a number are seconds since the epoch.
 */
#pragma once

#include "core/stamp.h"

G_BEGIN_DECLS

/**
 * pg_moment_parse:
 * @text: any bytes
 * @clock: what today is, and the zone of what has no offset
 * @out_us: (out): microseconds since the epoch; untouched on failure
 *
 * Returns: FALSE if @text is none, there is anything behind it, or there was no such time
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_moment_parse (PgSpan text, const PgClock *clock, gint64 *out_us);

G_END_DECLS
