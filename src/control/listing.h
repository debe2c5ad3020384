/* SPDX-License-Identifier: GPL-3.0-or-later */
/* listing: the grants, one row at a time: as popgate list shows them, or as popgate export does. */
#pragma once

#include "engine/engine.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/** PG_LISTING_LOOKED_AT_MAX: grants that are looked at in one step, here and by whoever else looks at all: mail is not to wait.
 */
#define PG_LISTING_LOOKED_AT_MAX 25

typedef struct _PgListing PgListing;

/**
 * pg_listing_new:
 * @engine: must outlive it
 * @request: members "user", "net" and "expired", each optional, say which grants are wanted
 * @error: PG_ERROR_VALUE, or PG_ERROR_STORE if the store is not open
 *
 * Returns: (transfer full): free with pg_listing_free()
 */
G_GNUC_WARN_UNUSED_RESULT
PgListing *pg_listing_new (PgEngine *engine, JsonObject *request, gint64 now_us, GError **error);

/**
 * pg_listing_new_export: all grants, each as an object of portable.h, and behind them the end of an export.
 * @told_us: the present, which the export is of
 * @n_notes: how many notes were exported
 */
G_GNUC_WARN_UNUSED_RESULT
PgListing *pg_listing_new_export (PgEngine *engine, gint64 told_us, guint n_notes, GError **error);

/** pg_listing_free: ends @self; NULL is legal. */
void pg_listing_free (PgListing *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgListing, pg_listing_free)

/** PgListingStep: @PG_LISTING_MORE: nothing was found in a good number of grants, and there are more to look at. */
typedef enum
{
  PG_LISTING_FAILED = 0,
  PG_LISTING_END,
  PG_LISTING_MORE,
  PG_LISTING_ROW,
} PgListingStep;

/** pg_listing_next: goes on; with PG_LISTING_ROW @out_row (out) (transfer full) is set, with PG_LISTING_FAILED @error. */
G_GNUC_WARN_UNUSED_RESULT
PgListingStep pg_listing_next (PgListing *self, JsonObject **out_row, GError **error);

/** pg_listing_make_end: (transfer full) (nullable): a row to be told behind all others, once PG_LISTING_END came. */
JsonObject *pg_listing_make_end (const PgListing *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
