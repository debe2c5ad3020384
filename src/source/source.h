/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source: where log lines come from.
 *
 * A source has no loop and no clock: its owner waits until its descriptor is readable, or a second has passed, and then
 * reads. Lines are handed out whole, in order, with the head format that was decided for the source.
 */
#pragma once

#include "core/head.h"

G_BEGIN_DECLS

typedef struct _PgSource PgSource;

/**
 * PgSourceTake:
 * @line: a whole line without its LF, valid during the call
 * @format: the source's head format
 *
 * Returns: FALSE if it can't be taken now: it comes again at the next read, and nothing behind it before
 */
typedef gboolean (*PgSourceTake) (PgSpan line, PgHeadFormat format, gpointer user_data);

/** PgSourceSink: who takes the lines. */
typedef struct
{
  PgSourceTake take;
  gpointer     user_data;
} PgSourceSink;

/**
 * PgSourceState:
 * @PG_SOURCE_BLIND: there is nothing to read from; the problem says why
 * @PG_SOURCE_BEHIND: there is more to read
 * @PG_SOURCE_CURRENT: all there is was read and taken
 */
typedef enum
{
  PG_SOURCE_BLIND,
  PG_SOURCE_BEHIND,
  PG_SOURCE_CURRENT,
} PgSourceState;

/**
 * pg_source_new:
 * @text: as in [log] source: see core/source-spec.h
 * @error: PG_ERROR_VALUE
 *
 * Returns: (transfer full): a source that is not started; free with pg_source_free()
 */
G_GNUC_WARN_UNUSED_RESULT
PgSource *pg_source_new (const char *text, GError **error);

/** pg_source_free: ends @self; NULL is legal. */
void pg_source_free (PgSource *self);

/** pg_source_name: what is read, without the options that say how: names the source in messages and stored positions; borrowed.
 */
const char *pg_source_name (const PgSource *self);

/**
 * pg_source_start:
 * @position: (nullable): what pg_source_position() gave in an earlier run
 * @since_us: without a position that still fits, lines from this moment on are wanted; older ones may come too
 * @clock: now, and the zone of the stamps
 *
 * Finds where to begin. What can't be opened is no error: the source is blind then.
 */
void pg_source_start (PgSource *self, GBytes *position, gint64 since_us, const PgClock *clock);

/** pg_source_fd: readable when pg_source_read() may find something; -1: there is none to wait for (any more). */
int pg_source_fd (const PgSource *self);

/**
 * pg_source_read:
 * @budget: stop after about so many bytes
 * @sink: who takes the lines
 *
 * Returns: TRUE if there is more to read at once; FALSE at the end, or if a line was not taken
 */
gboolean pg_source_read (PgSource *self, gsize budget, const PgSourceSink *sink);

/** pg_source_tick: to be called about once a second: looks for what no event tells. Read afterwards. */
void pg_source_tick (PgSource *self);

/** pg_source_state: as of the last read or tick. */
PgSourceState pg_source_state (const PgSource *self);

/** pg_source_problem: why it is blind, or NULL; valid until the next read or tick. */
const char *pg_source_problem (const PgSource *self);

/** pg_source_warning: what was met that can't be read though the source is not blind, as damaged predecessors, or NULL; valid
 * until the next read or tick. */
const char *pg_source_warning (const PgSource *self);

/** pg_source_written_us: while a line is taken: the line was written at this moment or before; G_MAXINT64: nobody knows. */
gint64 pg_source_written_us (const PgSource *self);

/** pg_source_is_over: TRUE if it has come to its end, all of it was taken, and nothing will ever come any more. */
gboolean pg_source_is_over (const PgSource *self);

/** pg_source_position: (transfer full) (nullable): behind the last line that was taken; NULL: this kind has none. */
GBytes *pg_source_position (PgSource *self);

G_END_DECLS
