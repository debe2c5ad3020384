/* SPDX-License-Identifier: GPL-3.0-or-later */
/* usage-keeper: has what the usage-log counts written to the store, a little at a time. Its failures are told, and hurt nobody.
 */
#pragma once

#include "engine/usage-log.h"

G_BEGIN_DECLS

typedef struct _PgUsageKeeper PgUsageKeeper;

/** pg_usage_keeper_new: counts from now on; @engine must outlive it. Free with pg_usage_keeper_free(). */
PgUsageKeeper *pg_usage_keeper_new (PgEngine *engine);

/** pg_usage_keeper_free: writes what is not written yet, if that can be done, and ends @self; NULL is legal. */
void pg_usage_keeper_free (PgUsageKeeper *self);

/** pg_usage_keeper_tick: to be called once a second. */
void pg_usage_keeper_tick (PgUsageKeeper *self);

/** pg_usage_keeper_log: what is counted; borrowed. */
PgUsageLog *pg_usage_keeper_log (const PgUsageKeeper *self);

G_END_DECLS
