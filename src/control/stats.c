/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/stats.h"

#include "control/message.h"

/* --- as rows --------------------------------------------------------------------------------------------------------- */

static JsonObject *
describe_labels (const PgMetricFamily *family, const PgMetricSample *sample)
{
  JsonObject *labels = json_object_new ();

  for (guint i = 0; family->labels[i] != NULL; i++)
    json_object_set_string_member (labels, family->labels[i], sample->labels[i]);
  return labels;
}

static JsonArray *
describe_buckets (const PgHistogram *histogram)
{
  JsonArray *buckets = json_array_new ();
  guint64    n = 0;

  for (guint i = 0; i < PG_HISTOGRAM_BOUNDS; i++)
    {
      JsonObject *bucket = json_object_new ();
      g_autoptr (GString) le = g_string_new (NULL);

      pg_metrics_append_number (le, (double) pg_histogram_bound_us (i) / G_USEC_PER_SEC);
      json_object_set_string_member (bucket, "le", le->str);
      json_object_set_int_member (bucket, "count", (gint64) (n += histogram->counts[i]));
      json_array_add_object_element (buckets, bucket);
    }
  return buckets;
}

/* A whole number as such, as all that is counted is. */
static void
set_number (JsonObject *row, const char *name, double value)
{
  if (value == (double) (gint64) value)
    json_object_set_int_member (row, name, (gint64) value);
  else
    json_object_set_double_member (row, name, value);
}

JsonObject *
pg_stats_describe (const PgMetricSample *sample)
{
  const PgMetricFamily *family = pg_metric_family (sample->metric);
  JsonObject           *row = json_object_new ();

  json_object_set_string_member (row, "name", family->name);
  json_object_set_string_member (row, "type", pg_metric_type_to_string (family->type));
  json_object_set_object_member (row, "labels", describe_labels (family, sample));
  if (family->type != PG_METRIC_HISTOGRAM)
    {
      set_number (row, "value", sample->value);
      return row;
    }
  json_object_set_int_member (row, "count", (gint64) pg_histogram_count (&sample->histogram));
  set_number (row, "sum", (double) sample->histogram.sum_us / G_USEC_PER_SEC);
  json_object_set_array_member (row, "buckets", describe_buckets (&sample->histogram));
  return row;
}

/* --- and back -------------------------------------------------------------------------------------------------------- */

static JsonNode *
get_value (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? node : NULL;
}

static gboolean
get_number (JsonObject *object, const char *name, double *out)
{
  JsonNode *node = get_value (object, name);
  GType     type = node != NULL ? json_node_get_value_type (node) : G_TYPE_INVALID;

  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return FALSE;
  *out = type == G_TYPE_INT64 ? (double) json_node_get_int (node) : json_node_get_double (node);
  return TRUE;
}

static gboolean
take_labels (JsonObject *row, const PgMetricFamily *family, const char *out[PG_METRIC_LABELS_MAX])
{
  JsonNode *node = json_object_get_member (row, "labels");

  for (guint i = 0; family->labels[i] != NULL; i++)
    {
      if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
        return FALSE;
      out[i] = pg_message_get_string (json_node_get_object (node), family->labels[i]);
      if (out[i] == NULL)
        return FALSE;
    }
  return TRUE;
}

/* Rows count all up to a bound, a histogram what is between two. */
static gboolean
take_bucket (JsonArray *buckets, guint index, guint64 n_before, guint64 *out)
{
  JsonNode *node = json_array_get_element (buckets, index);
  gint64    n = JSON_NODE_HOLDS_OBJECT (node) ? pg_message_get_int (json_node_get_object (node), "count", -1) : -1;

  if (n < 0 || (guint64) n < n_before)
    return FALSE;
  *out = (guint64) n - n_before;
  return TRUE;
}

static gboolean
take_histogram (JsonObject *row, PgHistogram *out)
{
  JsonNode  *node = json_object_get_member (row, "buckets");
  JsonArray *buckets = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  gint64     count = pg_message_get_int (row, "count", -1);
  guint64    n = 0;
  double     sum;

  if (buckets == NULL || json_array_get_length (buckets) != PG_HISTOGRAM_BOUNDS || !get_number (row, "sum", &sum))
    return FALSE;
  for (guint i = 0; i < PG_HISTOGRAM_BOUNDS; i++)
    {
      if (!take_bucket (buckets, i, n, &out->counts[i]))
        return FALSE;
      n += out->counts[i];
    }
  if (count < 0 || (guint64) count < n || !(sum >= 0 && sum < (double) G_MAXINT64 / G_USEC_PER_SEC))
    return FALSE;
  out->counts[PG_HISTOGRAM_BOUNDS] = (guint64) count - n;
  out->sum_us = (gint64) (sum * G_USEC_PER_SEC + 0.5);
  return TRUE;
}

gboolean
pg_stats_take (JsonObject *row, PgMetrics *out)
{
  const char *name = pg_message_get_string (row, "name");
  const char *labels[PG_METRIC_LABELS_MAX] = { NULL };
  PgHistogram histogram = { 0 };
  PgMetric    metric;
  double      value;

  if (name == NULL || !pg_metric_find (name, &metric) || !take_labels (row, pg_metric_family (metric), labels))
    return FALSE;
  if (pg_metric_family (metric)->type == PG_METRIC_HISTOGRAM)
    {
      if (!take_histogram (row, &histogram))
        return FALSE;
      pg_metrics_add_histogram (out, metric, labels, &histogram);
      return TRUE;
    }
  if (!get_number (row, "value", &value))
    return FALSE;
  pg_metrics_add (out, metric, labels, value);
  return TRUE;
}
