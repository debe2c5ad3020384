/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ended: what a revoke has ended: the row of its note, and in it which addresses can relay no more.
 *
 * The note is in force before this is looked at; grants are compared by the notes of before and of now, a few at a time.
 */
#pragma once

#include "control/listing.h"

G_BEGIN_DECLS

/** PG_ENDED_GRANTS_MAX: so many are told one by one; the others are counted. */
#define PG_ENDED_GRANTS_MAX 20

typedef struct _PgEnded PgEnded;

/** pg_ended_remember: (transfer full): a copy of the notes by which logins count or don't, to be made before the revoke is. */
PgNoteset *pg_ended_remember (PgEngine *engine);

/**
 * pg_ended_new:
 * @engine: must outlive it; its store is open
 * @before: (transfer full): by pg_ended_remember()
 * @revoke: copied
 *
 * Returns: (transfer full): free with pg_ended_free()
 */
PgEnded *pg_ended_new (PgEngine *engine, PgNoteset *before, const PgNote *revoke, gint64 now_us);

/** pg_ended_free: ends @self; NULL is legal. */
void pg_ended_free (PgEnded *self);

/** pg_ended_next: as pg_listing_next(), but it does not fail: what can't be read is told in its one row. */
G_GNUC_WARN_UNUSED_RESULT
PgListingStep pg_ended_next (PgEnded *self, JsonObject **out_row);

G_END_DECLS
