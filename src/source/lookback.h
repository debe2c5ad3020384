/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lookback: where in a log do the lines begin that are not older than a moment? */
#pragma once

#include "source/tail.h"

G_BEGIN_DECLS

/** pg_lookback_guess: the head format of the file's first lines, or PG_HEAD_UNKNOWN. */
PgHeadFormat pg_lookback_guess (const PgTail *tail);

/** pg_lookback_guess_lines: the head format of the whole lines in @data, or PG_HEAD_UNKNOWN. */
PgHeadFormat pg_lookback_guess_lines (PgSpan data);

/**
 * pg_lookback_is_older:
 * @data: lines; it begins with one
 * @format: their head format
 * @since_us: a moment
 * @clock: for reading stamps
 * @out_older: (out): whether the first line that tells its time is older
 *
 * Returns: FALSE if no line tells its time
 */
gboolean pg_lookback_is_older (PgSpan data, PgHeadFormat format, gint64 since_us, const PgClock *clock, gboolean *out_older);

/**
 * pg_lookback_seek:
 * @tail: (inout): moved to the start of a line, before which all lines are taken to be older than @since_us
 * @format: the file's head format
 * @since_us: the moment
 * @clock: for reading stamps
 *
 * Goes back from the end in steps, until one begins with a line that is older. No line is younger than the last change of the
 * file: stamps without a year are read so.
 *
 * Returns: TRUE if even the file's first line is not older: the file before it may hold wanted lines too
 */
gboolean pg_lookback_seek (PgTail *tail, PgHeadFormat format, gint64 since_us, const PgClock *clock);

G_END_DECLS
