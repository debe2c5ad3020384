/* SPDX-License-Identifier: GPL-3.0-or-later */
/* usage-listing: who relays, from where and how, one row at a time, behind a row about all of them. popgate report makes its
 * report of them.
 *
 * First row:     today (YYYY-MM-DD), days (asked for, today included), pairs, pairs_max, not_counted (recipients, since popgated
 *                began, or null: there is no daemon)
 * Row of a pair: user, address (null: not known), way ("login", "allow" or "auth"), first, last, total, and days: an object of
 *                "YYYY-MM-DD": recipients, with the days of UTC that have any. A pair that was not used of late has none
 */
#pragma once

#include "control/listing.h"
#include "engine/usage-log.h"

G_BEGIN_DECLS

typedef struct _PgUsageListing PgUsageListing;

/**
 * pg_usage_listing_new:
 * @engine: must outlive it
 * @log: (nullable): what was counted so far is written first; must outlive it
 * @request: its member "days" says of how many days: 1 to PG_USAGE_DAYS, which is the default
 * @error: PG_ERROR_VALUE, or PG_ERROR_STORE if the store is not open
 *
 * Returns: (transfer full): free with pg_usage_listing_free()
 */
G_GNUC_WARN_UNUSED_RESULT
PgUsageListing *pg_usage_listing_new (PgEngine *engine, PgUsageLog *log, JsonObject *request, gint64 now_us, GError **error);

/** pg_usage_listing_free: ends @self; NULL is legal. */
void pg_usage_listing_free (PgUsageListing *self);

/** pg_usage_listing_next: as pg_listing_next(). */
G_GNUC_WARN_UNUSED_RESULT
PgListingStep pg_usage_listing_next (PgUsageListing *self, JsonObject **out_row, GError **error);

G_END_DECLS
