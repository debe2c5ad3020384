/* SPDX-License-Identifier: GPL-3.0-or-later */
/* joiner: logins that are told in two lines: who connected from where, and then who has logged in.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-joiner.c.
 *
 * The first line's address comes from the server, the second line's name from the client. They are joined by host, program
 * and process id, within one source, so that no client can borrow another one's address:
 *  - a first line is used once, within PG_JOINER_AGE of log time, and never by a line that is stamped before it;
 *  - a new first line of the same process replaces the old one, and its last line ends it: when the system gives the same
 *    process id again, an old address waits no longer;
 *  - a line that tells name and address both must not contradict a first line that waits;
 *  - without a process id nothing is joined.
 * Bounds: PG_JOINER_MAX first lines wait, then the one that has waited longest goes: its login is missed.
 * What waits is not saved. Where reading begins between two lines, after a restart too, that one login is missed: the place to
 * read on from is behind whole lines, not before all that still wait, and the client logs in again soon.
 */
#pragma once

#include "core/duration.h"
#include "core/half.h"
#include "core/server.h"
#include "core/torn.h"

G_BEGIN_DECLS

/** PG_JOINER_MAX: first lines that wait at once. */
#define PG_JOINER_MAX 1024

/** PG_JOINER_AGE: how long after the first line the second may come, microseconds of log time. */
#define PG_JOINER_AGE PG_MINUTE

typedef struct _PgJoiner PgJoiner;

/** pg_joiner_new: one for each source, and only for it. Returns: (transfer full): free with pg_joiner_free(). */
PgJoiner *pg_joiner_new (void) G_GNUC_WARN_UNUSED_RESULT;

/** pg_joiner_free: ends @self; NULL is legal. */
void pg_joiner_free (PgJoiner *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgJoiner, pg_joiner_free)

/**
 * pg_joiner_join:
 * @self: (nullable): of the source that the line is from; without one no two lines are joined
 * @half: what the line is; PG_HALF_NONE: a login that is told in one line
 * @head: its head
 * @refusal: (nullable): why the line may tell nothing, whoever logged in; its time is then not known
 * @login: (inout): the time, and what the line tells; gets the address for PG_HALF_USER
 * @out_why: (out) (transfer none): for PG_LINE_REFUSED a phrase that says why, else NULL
 *
 * Lines have to come in the order in which they were logged.
 *
 * Returns: PG_LINE_LOGIN, PG_LINE_REFUSED, or PG_LINE_OTHER if the line is no login by itself
 */
PgLineKind pg_joiner_join (PgJoiner *self, PgHalf half, const PgHead *head, const char *refusal, PgLogin *login,
                           const char **out_why);

/**
 * pg_joiner_restore:
 * @self: (nullable): a joiner
 *
 * The login that was told last could not be taken, and its line will be read again: what it used waits again. To be called
 * before the next line is given.
 */
void pg_joiner_restore (PgJoiner *self);

/** pg_joiner_settle: what was used stays used, whatever pg_joiner_restore() is told; NULL is legal. */
void pg_joiner_settle (PgJoiner *self);

/** pg_joiner_torn: what the same source's lines tell of torn ones; lives as long as @self. */
PgTorn *pg_joiner_torn (PgJoiner *self);

/** pg_joiner_n_waiting: first lines that wait, at most PG_JOINER_MAX. */
guint pg_joiner_n_waiting (const PgJoiner *self);

G_END_DECLS
