/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stats-show: metrics for people: in groups, a figure a line, within 80 columns. */
#pragma once

#include "core/metrics.h"

G_BEGIN_DECLS

/** pg_stats_show: prints @metrics. Of what has labels, what is 0 is left out. */
void pg_stats_show (const PgMetrics *metrics);

G_END_DECLS
