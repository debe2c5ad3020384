/* SPDX-License-Identifier: GPL-3.0-or-later */
/* metrics: what popgated counts and measures, as samples of named families, and their text for Prometheus.
 *
 * Pure: no I/O, no clock, no log, no globals.
 *
 * One table names each family with its type, meaning and labels; the text, the control socket's rows and the test of the
 * documentation all come from it. Names begin with popgate_ and carry base units. No label holds a user or a client's address.
 * Source: Prometheus, Exposition formats (text format 0.0.4), Metric and label naming; read November 2026
 */
#pragma once

#include "core/histogram.h"

G_BEGIN_DECLS

/** PG_METRIC_LABELS_MAX: labels that a family has at most. */
#define PG_METRIC_LABELS_MAX 3

/** PG_METRICS_CONTENT_TYPE: of the text, where it is served. */
#define PG_METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

typedef enum
{
  PG_METRIC_UP,
  PG_METRIC_BUILD,
  PG_METRIC_STARTED,
  PG_METRIC_COLLECTED,
  PG_METRIC_WINDOW,
  PG_METRIC_FROZEN,
  PG_METRIC_FAULT,
  PG_METRIC_FAULTS,
  PG_METRIC_REQUESTS,
  PG_METRIC_REQUEST_DURATION,
  PG_METRIC_CONNECTIONS,
  PG_METRIC_CONNECTIONS_MAX,
  PG_METRIC_CONNECTIONS_ACCEPTED,
  PG_METRIC_CONNECTIONS_FAILED,
  PG_METRIC_CONNECTIONS_DISPLACED,
  PG_METRIC_LOGINS,
  PG_METRIC_NEWEST_LOGIN,
  PG_METRIC_LINES,
  PG_METRIC_REPORTS,
  PG_METRIC_REPORTS_WAITING,
  PG_METRIC_SOURCE_STATE,
  PG_METRIC_SOURCE_LAG,
  PG_METRIC_SOURCE_WARNING,
  PG_METRIC_SOURCE_NEWEST_LOGIN,
  PG_METRIC_SOURCE_POSITION_AGE,
  PG_METRIC_GRANTS,
  PG_METRIC_GRANTS_WAITING,
  PG_METRIC_NOTES,
  PG_METRIC_USAGES,
  PG_METRIC_USAGES_LOST,
  PG_METRIC_STORE_READS,
  PG_METRIC_STORE_WRITES,
  PG_METRIC_STORE_UNSYNCED,
  PG_METRIC_STORE_SYNC_DURATION,
  PG_METRIC_STORE_SYNC_FAILURES,
  PG_METRIC_STORE_CHECKPOINTS,
  PG_METRIC_STORE_CHECKPOINT_FAILURES,
  PG_METRIC_PROCESS_MEMORY,
  PG_METRIC_PROCESS_CPU,
  PG_METRIC_PROCESS_FDS,
  PG_METRIC_PROCESS_FDS_MAX,
  PG_N_METRICS
} PgMetric;

typedef enum
{
  PG_METRIC_COUNTER,
  PG_METRIC_GAUGE,
  PG_METRIC_HISTOGRAM,
} PgMetricType;

/** PgMetricFamily: a row of the table. @help: one sentence; @labels: their names, NULL behind the last. */
typedef struct
{
  const char  *name;
  PgMetricType type;
  const char  *help;
  const char  *labels[PG_METRIC_LABELS_MAX + 1];
} PgMetricFamily;

/** PgMetricSample: @labels: a value for each of the family's labels, UTF-8, owned; @histogram: only of a histogram, which has no
 * @value. */
typedef struct
{
  PgMetric    metric;
  char       *labels[PG_METRIC_LABELS_MAX];
  double      value;
  PgHistogram histogram;
} PgMetricSample;

/** PgMetrics: samples, in the order in which they were added. */
typedef struct _PgMetrics PgMetrics;

/** pg_metric_family: the row of @metric. */
const PgMetricFamily *pg_metric_family (PgMetric metric);

/** pg_metric_find: the metric of that name; FALSE if there is none. */
gboolean pg_metric_find (const char *name, PgMetric *out);

/** pg_metric_type_to_string: "counter", "gauge" or "histogram". */
const char *pg_metric_type_to_string (PgMetricType type);

/** pg_metrics_new: (transfer full): free with pg_metrics_free(). */
PgMetrics *pg_metrics_new (void);

/** pg_metrics_free: ends @self; NULL is legal. */
void pg_metrics_free (PgMetrics *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgMetrics, pg_metrics_free)

/** pg_metrics_add: a sample of a counter or gauge. @labels: a value for each of its labels, any bytes; NULL: it has none. */
void pg_metrics_add (PgMetrics *self, PgMetric metric, const char *const *labels, double value);

/** pg_metrics_add_histogram: a sample of a histogram; @labels as of pg_metrics_add(). */
void pg_metrics_add_histogram (PgMetrics *self, PgMetric metric, const char *const *labels, const PgHistogram *histogram);

/** pg_metrics_n_samples: how many there are. */
guint pg_metrics_n_samples (const PgMetrics *self);

/** pg_metrics_sample: the one at @index; borrowed. */
const PgMetricSample *pg_metrics_sample (const PgMetrics *self, guint index);

/** pg_metrics_to_text: all samples in Prometheus's text format, family by family in the table's order; transfer full. */
char *pg_metrics_to_text (const PgMetrics *self) G_GNUC_WARN_UNUSED_RESULT;

/** pg_metrics_append_number: @value as the text format has it; whole numbers are written in full. */
void pg_metrics_append_number (GString *text, double value);

G_END_DECLS
