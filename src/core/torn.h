/* SPDX-License-Identifier: GPL-3.0-or-later */
/* torn: which of Courier's lines may be pieces that courierlogger tore out of longer ones, and so tell no login.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-torn.c.
 *
 * Courier's programs write to courierlogger, which passes on 511 bytes at a time, "INFO: " before them too, and each piece is a
 * line of its own. Who fails to log in chooses, by a long name, with what a piece begins; blanks before it go, so that a piece
 * looks as short and as whole as he likes. A failed login is at most 1023 bytes: the first piece is told by its length, the
 * second may look like any line, the third is one byte. The second may come long after the first: for a piece without an end,
 * courierlogger waits for another line. And what it reads to that end is lost, up to 4096 bytes at a time: a line soon after may
 * lack its beginning.
 * One courierlogger writes for a host and program. There, behind a line of more than PG_LOGIN_FORM_MAX bytes,
 *  - the next line, whenever it comes, tells nothing;
 *  - then, for PG_TORN_AGE, a login counts only if "Connection, ip=[...]" of the same client came before it, and that at least
 *    PG_TORN_MARGIN behind the pieces.
 * Where reading begins behind what was read before, the first line of each program may be such a piece.
 * Programs of other servers have the same names; they write their process id, and what is kept is kept for each.
 * Bounds: PG_TORN_MAX programs, PG_TORN_PEERS_MAX clients of each. A client that was pushed out is refused; where a program was,
 * all that are not known are refused for PG_TORN_AGE.
 * What remains: a log that loses lines (limits of rate) may lose the first piece, and so does a stream that is read from its
 * middle without telling so; two Courier servers under one name hide each other's pieces.
 * Source: Courier 1.0.16 as it runs; courierlogger's and courier-authlib's sources
 */
#pragma once

#include "core/duration.h"
#include "core/head.h"

G_BEGIN_DECLS

#define PG_TORN_AGE (3 * PG_MINUTE)
#define PG_TORN_MARGIN (2 * PG_SECOND)
#define PG_TORN_MAX 1024
#define PG_TORN_PEERS_MAX 256

typedef struct _PgTorn PgTorn;

/** pg_torn_new: of one source, that is read from its beginning. Returns: (transfer full): free with pg_torn_free(). */
PgTorn *pg_torn_new (void) G_GNUC_WARN_UNUSED_RESULT;

/** pg_torn_free: ends @self; NULL is legal. */
void pg_torn_free (PgTorn *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgTorn, pg_torn_free)

/** pg_torn_resume: reading goes on behind lines that are not known. */
void pg_torn_resume (PgTorn *self);

/** pg_torn_minds: whether pg_torn_take() has to be told of this line, that one of Courier's programs wrote. */
gboolean pg_torn_minds (const PgTorn *self, PgSpan message);

/**
 * pg_torn_take:
 * @head: of a line by one of Courier's programs; they have to come in the order in which they were logged
 * @time_us: of the line
 *
 * The same line may be given twice running.
 *
 * Returns: (nullable) (transfer none): a phrase that says why no login may be read in it; NULL: one may
 */
const char *pg_torn_take (PgTorn *self, const PgHead *head, gint64 time_us);

/** pg_torn_n_programs: of how many programs something is kept, at most PG_TORN_MAX. */
guint pg_torn_n_programs (const PgTorn *self);

G_END_DECLS
