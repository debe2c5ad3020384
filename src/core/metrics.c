/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/metrics.h"

/* Whole numbers up to here are exact in a double. */
#define WHOLE_MAX 9007199254740992.0

struct _PgMetrics
{
  GPtrArray *samples; /* of PgMetricSample */
};

static void
free_sample (gpointer data)
{
  PgMetricSample *sample = data;

  for (guint i = 0; i < PG_METRIC_LABELS_MAX; i++)
    g_free (sample->labels[i]);
  g_free (sample);
}

PgMetrics *
pg_metrics_new (void)
{
  PgMetrics *self = g_new0 (PgMetrics, 1);

  self->samples = g_ptr_array_new_with_free_func (free_sample);
  return self;
}

void
pg_metrics_free (PgMetrics *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->samples);
  g_free (self);
}

static PgMetricSample *
add_sample (PgMetrics *self, PgMetric metric, const char *const *labels)
{
  PgMetricSample *sample = g_new0 (PgMetricSample, 1);

  sample->metric = metric;
  for (guint i = 0; pg_metric_family (metric)->labels[i] != NULL; i++)
    sample->labels[i] = g_utf8_make_valid (labels[i], -1);
  g_ptr_array_add (self->samples, sample);
  return sample;
}

void
pg_metrics_add (PgMetrics *self, PgMetric metric, const char *const *labels, double value)
{
  add_sample (self, metric, labels)->value = value;
}

void
pg_metrics_add_histogram (PgMetrics *self, PgMetric metric, const char *const *labels, const PgHistogram *histogram)
{
  add_sample (self, metric, labels)->histogram = *histogram;
}

guint
pg_metrics_n_samples (const PgMetrics *self)
{
  return self->samples->len;
}

const PgMetricSample *
pg_metrics_sample (const PgMetrics *self, guint index)
{
  return g_ptr_array_index (self->samples, index);
}

/* --- text ------------------------------------------------------------------------------------------------------------ */

void
pg_metrics_append_number (GString *text, double value)
{
  char     digits[G_ASCII_DTOSTR_BUF_SIZE];
  gboolean is_whole = value > -WHOLE_MAX && value < WHOLE_MAX && value == (double) (gint64) value;

  g_string_append (text, g_ascii_formatd (digits, sizeof digits, is_whole ? "%.0f" : "%.15g", value));
}

/* What stands in a label's quotes, or, without @quotes, in a HELP line. */
static void
append_escaped (GString *text, const char *raw, gboolean quotes)
{
  for (; *raw != '\0'; raw++)
    if (*raw == '\n')
      g_string_append (text, "\\n");
    else if (*raw == '\\' || (quotes && *raw == '"'))
      g_string_append_printf (text, "\\%c", *raw);
    else
      g_string_append_c (text, *raw);
}

static void
append_label (GString *text, const char *separator, const char *name, const char *value)
{
  g_string_append_printf (text, "%s%s=\"", separator, name);
  append_escaped (text, value, TRUE);
  g_string_append_c (text, '"');
}

/* One line: the family's name and @suffix, its labels and, with @le, that one. */
static void
append_line (GString *text, const PgMetricSample *sample, const char *suffix, const char *le, double value)
{
  const PgMetricFamily *family = pg_metric_family (sample->metric);
  guint                 i;

  g_string_append_printf (text, "%s%s", family->name, suffix);
  for (i = 0; family->labels[i] != NULL; i++)
    append_label (text, i == 0 ? "{" : ",", family->labels[i], sample->labels[i]);
  if (le != NULL)
    append_label (text, i++ == 0 ? "{" : ",", "le", le);
  g_string_append (text, i > 0 ? "} " : " ");
  pg_metrics_append_number (text, value);
  g_string_append_c (text, '\n');
}

static void
append_bucket (GString *text, const PgMetricSample *sample, double bound_s, guint64 n)
{
  g_autoptr (GString) le = g_string_new (NULL);

  pg_metrics_append_number (le, bound_s);
  append_line (text, sample, "_bucket", le->str, (double) n);
}

static void
append_histogram (GString *text, const PgMetricSample *sample)
{
  const PgHistogram *histogram = &sample->histogram;
  guint64            n = 0;

  for (guint i = 0; i < PG_HISTOGRAM_BOUNDS; i++)
    append_bucket (text, sample, (double) pg_histogram_bound_us (i) / G_USEC_PER_SEC, n += histogram->counts[i]);
  n += histogram->counts[PG_HISTOGRAM_BOUNDS];
  append_line (text, sample, "_bucket", "+Inf", (double) n);
  append_line (text, sample, "_sum", NULL, (double) histogram->sum_us / G_USEC_PER_SEC);
  append_line (text, sample, "_count", NULL, (double) n);
}

static void
append_head (GString *text, const PgMetricFamily *family)
{
  g_string_append_printf (text, "# HELP %s ", family->name);
  append_escaped (text, family->help, FALSE);
  g_string_append_printf (text, "\n# TYPE %s %s\n", family->name, pg_metric_type_to_string (family->type));
}

static void
append_family (GString *text, const PgMetrics *self, PgMetric metric)
{
  const PgMetricFamily *family = pg_metric_family (metric);
  gboolean              has_head = FALSE;

  for (guint i = 0; i < self->samples->len; i++)
    {
      const PgMetricSample *sample = pg_metrics_sample (self, i);

      if (sample->metric != metric)
        continue;
      if (!has_head)
        append_head (text, family);
      has_head = TRUE;
      if (family->type == PG_METRIC_HISTOGRAM)
        append_histogram (text, sample);
      else
        append_line (text, sample, "", NULL, sample->value);
    }
}

char *
pg_metrics_to_text (const PgMetrics *self)
{
  GString *text = g_string_new (NULL);

  for (PgMetric metric = 0; metric < PG_N_METRICS; metric++)
    append_family (text, self, metric);
  return g_string_free (text, FALSE);
}
