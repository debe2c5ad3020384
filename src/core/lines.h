/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lines: bytes in any portions -> whole lines of bounded length.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-lines.c.
 *
 * A line ends at an LF; bytes without one are no line yet, and never will be if no LF comes. A line longer than
 * PG_LINES_MAX is dropped through its LF and counted: what follows in it is never taken for a line of its own.
 * Whole lines are handed out in place; only a line that spans two portions is copied.
 */
#pragma once

#include "core/span.h"

G_BEGIN_DECLS

/** PG_LINES_MAX: bytes of the longest line that is kept, without its LF. */
#define PG_LINES_MAX 16384

typedef struct _PgLines PgLines;

/**
 * pg_lines_new:
 * @in_line: TRUE if the first byte to come may stand in the middle of a line, which is then dropped through its LF
 *
 * Returns: (transfer full): free with pg_lines_free()
 */
PgLines *pg_lines_new (gboolean in_line);

/** pg_lines_free: ends @self; NULL is legal. */
void pg_lines_free (PgLines *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgLines, pg_lines_free)

/**
 * pg_lines_next:
 * @self: a splitter
 * @data: (inout): bytes in log order; moved behind what was taken
 * @out_line: (out): the next line without its LF; valid until the next call and while the bytes of @data live
 *
 * Call again until FALSE; then @data is empty and its unfinished end is kept. The lines are the same for every way to
 * cut the input into portions.
 *
 * Returns: FALSE if no further line is complete
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_lines_next (PgLines *self, PgSpan *data, PgSpan *out_line);

/** pg_lines_pending: bytes taken since the last LF: how far the unfinished line reaches back. */
guint64 pg_lines_pending (const PgLines *self);

/** pg_lines_number: which line was handed out last, from 1; lines that were dropped are counted. 0: none yet. */
guint64 pg_lines_number (const PgLines *self);

/** pg_lines_n_overlong: lines that were dropped for their length so far. */
guint64 pg_lines_n_overlong (const PgLines *self);

G_END_DECLS
