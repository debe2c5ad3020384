/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stats: samples of metrics as rows of the control protocol, and back. popgate(1), --json, describes the rows. */
#pragma once

#include "core/metrics.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/** pg_stats_describe: a row of @sample; transfer full. */
JsonObject *pg_stats_describe (const PgMetricSample *sample);

/**
 * pg_stats_take:
 * @row: a row of pg_stats_describe(), perhaps of another version of popgate
 * @out: gets its sample
 *
 * Returns: FALSE, and nothing is added, if it is of a metric that is not known here, or not as it was expected
 */
gboolean pg_stats_take (JsonObject *row, PgMetrics *out);

G_END_DECLS
