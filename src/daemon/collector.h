/* SPDX-License-Identifier: GPL-3.0-or-later */
/* collector: gathers the metrics from all parts of the daemon, and counts what these do not count themselves. */
#pragma once

#include "core/metrics.h"
#include "daemon/parts.h"

G_BEGIN_DECLS

typedef struct _PgCollector PgCollector;

/** pg_collector_new: hears of what happens in @engine, which must outlive it; free with pg_collector_free(). */
PgCollector *pg_collector_new (PgEngine *engine);

/** pg_collector_free: ends @self; NULL is legal. */
void pg_collector_free (PgCollector *self);

/** pg_collector_tick: to be called about once a second: sees faults that no event tells. */
void pg_collector_tick (PgCollector *self);

/** pg_collector_collect: all metrics as they are now; (transfer full): free with pg_metrics_free(). */
PgMetrics *pg_collector_collect (const PgCollector *self, const PgParts *parts);

G_END_DECLS
