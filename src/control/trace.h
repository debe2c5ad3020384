/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace: where a user has logged in, looked for in all grants, a few at a time; it completes the row of popgate explain. */
#pragma once

#include "control/listing.h"
#include "control/message.h"

G_BEGIN_DECLS

/** PG_TRACE_LOGINS_MAX: so many are told, the newest; the others are counted. */
#define PG_TRACE_LOGINS_MAX 20

typedef struct _PgTrace PgTrace;

/**
 * pg_trace_new:
 * @engine: must outlive it; its store is open
 * @user: of whom; ASCII letters of either case are the same
 * @row: (transfer full): gets members "user_logins" and "user_addresses"
 * @exit: how the answer that @row is of ends
 *
 * Returns: (transfer full): free with pg_trace_free()
 */
PgTrace *pg_trace_new (PgEngine *engine, const char *user, JsonObject *row, PgExit exit);

/** pg_trace_free: ends @self; NULL is legal. */
void pg_trace_free (PgTrace *self);

/** pg_trace_exit: as it was given. */
PgExit pg_trace_exit (const PgTrace *self);

/** pg_trace_next: as pg_listing_next(); its one row comes when all was looked at. */
G_GNUC_WARN_UNUSED_RESULT
PgListingStep pg_trace_next (PgTrace *self, JsonObject **out_row, GError **error);

G_END_DECLS
