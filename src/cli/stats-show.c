/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/stats-show.h"

#include "cli/output.h"
#include "core/duration.h"

#include <stdio.h>
#include <string.h>

/* Columns of what a figure is of, and of the figure. */
#define LEFT 54
#define RIGHT 22

typedef enum
{
  HIDDEN,
  COUNT,
  YES_NO,
  MOMENT,
  DURATION,
  BYTES,
  TIMES, /* a histogram */
  LABEL, /* the last label is what there is to tell, where the value is 1 */
} Form;

/* clang-format off */
static const struct
{
  const char *group; /* NULL: the one before */
  const char *text;
  Form        form;
} rows[PG_N_METRICS] = {
  [PG_METRIC_UP] = { "popgated", "", HIDDEN },
  [PG_METRIC_BUILD] = { NULL, "version", LABEL },
  [PG_METRIC_STARTED] = { NULL, "started", MOMENT },
  [PG_METRIC_COLLECTED] = { NULL, "", HIDDEN },
  [PG_METRIC_WINDOW] = { NULL, "window", DURATION },
  [PG_METRIC_FROZEN] = { NULL, "frozen", YES_NO },
  [PG_METRIC_FAULT] = { NULL, "fault now", YES_NO },
  [PG_METRIC_FAULTS] = { NULL, "faults", COUNT },
  [PG_METRIC_REQUESTS] = { "requests", "answered", COUNT },
  [PG_METRIC_REQUEST_DURATION] = { NULL, "time", TIMES },
  [PG_METRIC_CONNECTIONS] = { "connections", "open", COUNT },
  [PG_METRIC_CONNECTIONS_MAX] = { NULL, "at most", COUNT },
  [PG_METRIC_CONNECTIONS_ACCEPTED] = { NULL, "accepted", COUNT },
  [PG_METRIC_CONNECTIONS_FAILED] = { NULL, "failed", COUNT },
  [PG_METRIC_CONNECTIONS_DISPLACED] = { NULL, "displaced by new ones", COUNT },
  [PG_METRIC_LOGINS] = { "logins", "read or reported", COUNT },
  [PG_METRIC_NEWEST_LOGIN] = { NULL, "newest", MOMENT },
  [PG_METRIC_LINES] = { NULL, "log lines", COUNT },
  [PG_METRIC_REPORTS] = { NULL, "reports", COUNT },
  [PG_METRIC_REPORTS_WAITING] = { NULL, "reports that wait", COUNT },
  [PG_METRIC_SOURCE_STATE] = { "sources", "state", LABEL },
  [PG_METRIC_SOURCE_LAG] = { NULL, "not read to its end for", DURATION },
  [PG_METRIC_SOURCE_WARNING] = { NULL, "warning", YES_NO },
  [PG_METRIC_SOURCE_NEWEST_LOGIN] = { NULL, "newest login", MOMENT },
  [PG_METRIC_SOURCE_POSITION_AGE] = { NULL, "age of its position", DURATION },
  [PG_METRIC_GRANTS] = { "store", "grants", COUNT },
  [PG_METRIC_GRANTS_WAITING] = { NULL, "grants that wait", COUNT },
  [PG_METRIC_NOTES] = { NULL, "notes", COUNT },
  [PG_METRIC_USAGES] = { NULL, "usages", COUNT },
  [PG_METRIC_USAGES_LOST] = { NULL, "recipients not counted", COUNT },
  [PG_METRIC_STORE_READS] = { NULL, "reads", COUNT },
  [PG_METRIC_STORE_WRITES] = { NULL, "writes", COUNT },
  [PG_METRIC_STORE_UNSYNCED] = { NULL, "not on the disk", BYTES },
  [PG_METRIC_STORE_SYNC_DURATION] = { NULL, "sync", TIMES },
  [PG_METRIC_STORE_SYNC_FAILURES] = { NULL, "syncs that failed", COUNT },
  [PG_METRIC_STORE_CHECKPOINTS] = { NULL, "checkpoints", COUNT },
  [PG_METRIC_STORE_CHECKPOINT_FAILURES] = { NULL, "checkpoints that failed", COUNT },
  [PG_METRIC_PROCESS_MEMORY] = { "process", "memory", BYTES },
  [PG_METRIC_PROCESS_CPU] = { NULL, "processor time", DURATION },
  [PG_METRIC_PROCESS_FDS] = { NULL, "descriptors", COUNT },
  [PG_METRIC_PROCESS_FDS_MAX] = { NULL, "descriptors at most", COUNT },
};
/* clang-format on */

/* --- figures --------------------------------------------------------------------------------------------------------- */

/* Transfer full; in one unit below a second, in two above. */
static char *
say_duration (gint64 us)
{
  if (us >= PG_SECOND)
    return pg_duration_to_string (us);
  return us < 1000 ? g_strdup_printf ("%" G_GINT64_FORMAT "us", us) : g_strdup_printf ("%.1fms", (double) us / 1000);
}

static char *
say_value (Form form, double value)
{
  switch (form)
    {
    case YES_NO:
      return g_strdup (value != 0 ? "yes" : "no");
    case MOMENT:
      return pg_output_clock ((gint64) value);
    case DURATION:
      return value > 0 ? say_duration ((gint64) (value * G_USEC_PER_SEC)) : g_strdup ("0s");
    case BYTES:
      return g_format_size_full ((guint64) value, G_FORMAT_SIZE_IEC_UNITS);
    default:
      return g_strdup_printf ("%.0f", value);
    }
}

/* --- lines ----------------------------------------------------------------------------------------------------------- */

/* What is too long for its column, as the path of a log may be, has a line of its own. */
static void
print_line (const char *left, const char *right, gboolean is_bad)
{
  gboolean fits = g_utf8_strlen (left, -1) <= LEFT;

  if (!fits)
    pg_output_print (PG_OUTPUT_PLAIN, "  %s", left);
  pg_output_print (is_bad ? PG_OUTPUT_BAD : PG_OUTPUT_PLAIN, "  %-*s %*s", LEFT, fits ? left : "", RIGHT, right);
}

/* Transfer full: what @sample is of: the text of its family and @n_labels labels. */
static char *
say_left (const PgMetricSample *sample, guint n_labels)
{
  GString *left = g_string_new (rows[sample->metric].text);

  for (guint i = 0; i < n_labels; i++)
    {
      g_autofree char *label = pg_span_escape (pg_span_from_string (sample->labels[i]), 500);

      g_string_append_printf (left, "%s%s", i == 0 ? ": " : ", ", label);
    }
  return g_string_free (left, FALSE);
}

static void
show_quantile (const PgMetricSample *sample, const char *name, guint per_mille)
{
  gint64           us = pg_histogram_quantile_us (&sample->histogram, per_mille);
  g_autofree char *bound = say_duration (us == G_MAXINT64 ? pg_histogram_bound_us (PG_HISTOGRAM_BOUNDS - 1) : us);
  g_autofree char *right = g_strdup_printf ("%s %s", us == G_MAXINT64 ? "over" : "up to", bound);
  g_autofree char *left = g_strdup_printf ("%s, %s", rows[sample->metric].text, name);

  print_line (left, right, FALSE);
}

static void
show_times (const PgMetricSample *sample)
{
  guint64          count = pg_histogram_count (&sample->histogram);
  g_autofree char *n = g_strdup_printf ("%" G_GUINT64_FORMAT, count);
  g_autofree char *left = g_strdup_printf ("%s, measured", rows[sample->metric].text);
  g_autofree char *mean_left = g_strdup_printf ("%s, mean", rows[sample->metric].text);
  g_autofree char *mean = say_duration (sample->histogram.sum_us / (gint64) MAX (count, 1));

  print_line (left, n, FALSE);
  if (count == 0)
    return;
  print_line (mean_left, mean, FALSE);
  show_quantile (sample, "half of them", 500);
  show_quantile (sample, "99 of 100", 990);
  show_quantile (sample, "999 of 1000", 999);
}

static gboolean
is_bad (const PgMetricSample *sample)
{
  if (sample->metric == PG_METRIC_SOURCE_STATE)
    return !g_str_equal (sample->labels[1], "current");
  return rows[sample->metric].form == YES_NO && sample->value != 0;
}

static guint
n_labels (const PgMetricSample *sample)
{
  return g_strv_length ((char **) pg_metric_family (sample->metric)->labels);
}

static void
show_sample (const PgMetricSample *sample)
{
  Form             form = rows[sample->metric].form;
  guint            n = n_labels (sample);
  g_autofree char *left = say_left (sample, form == LABEL ? n - 1 : n);
  g_autofree char *right =
      form == LABEL ? pg_span_escape (pg_span_from_string (sample->labels[n - 1]), RIGHT) : say_value (form, sample->value);

  if (form == TIMES)
    show_times (sample);
  else if (n == 0 || sample->value != 0)
    print_line (left, right, is_bad (sample));
}

static void
show_metric (const PgMetrics *metrics, PgMetric metric)
{
  for (guint i = 0; i < pg_metrics_n_samples (metrics) && rows[metric].form != HIDDEN; i++)
    if (pg_metrics_sample (metrics, i)->metric == metric)
      show_sample (pg_metrics_sample (metrics, i));
}

void
pg_stats_show (const PgMetrics *metrics)
{
  for (PgMetric metric = 0; metric < PG_N_METRICS; metric++)
    {
      if (rows[metric].group != NULL)
        pg_output_print (PG_OUTPUT_PLAIN, "%s%s", metric > 0 ? "\n" : "", rows[metric].group);
      show_metric (metrics, metric);
    }
}
