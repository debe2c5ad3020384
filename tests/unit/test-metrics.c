/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/metrics.h"

#include "common.h"

#include <string.h>

/* --- numbers --------------------------------------------------------------------------------------------------------- */

static const struct
{
  double      value;
  const char *text;
} numbers[] = {
  { 0, "0" },          { 1, "1" },     { -3, "-3" },         { 4503599627370497, "4503599627370497" },
  { 0.5, "0.5" },      { 0.1, "0.1" }, { 0.00001, "1e-05" }, { 1795669679.125, "1795669679.125" },
  { 1e300, "1e+300" },
};

START_TEST (number)
{
  g_autoptr (GString) text = g_string_new (NULL);

  pg_metrics_append_number (text, numbers[_i].value);
  ck_assert_str_eq (text->str, numbers[_i].text);
}
END_TEST

/* --- text ------------------------------------------------------------------------------------------------------------ */

static void
assert_text (const PgMetrics *metrics, const char *expected)
{
  g_autofree char *text = pg_metrics_to_text (metrics);

  ck_assert_str_eq (text, expected);
}

START_TEST (nothing)
{
  g_autoptr (PgMetrics) metrics = pg_metrics_new ();

  assert_text (metrics, "");
}
END_TEST

/* However they were added, a family's samples stand together, behind its one head. */
START_TEST (families_stand_together)
{
  g_autoptr (PgMetrics) metrics = pg_metrics_new ();

  pg_metrics_add (metrics, PG_METRIC_LINES, (const char *[]){ "login" }, 7);
  pg_metrics_add (metrics, PG_METRIC_UP, NULL, 1);
  pg_metrics_add (metrics, PG_METRIC_LINES, (const char *[]){ "other" }, 8);
  assert_text (metrics,
               "# HELP popgate_up 1 if popgated told these metrics, 0 if it could not be asked.\n"
               "# TYPE popgate_up gauge\n"
               "popgate_up 1\n"
               "# HELP popgate_lines_total Log lines that were read, by kind: foreign to popgate, other, refused since no "
               "plain login, logins.\n"
               "# TYPE popgate_lines_total counter\n"
               "popgate_lines_total{kind=\"login\"} 7\n"
               "popgate_lines_total{kind=\"other\"} 8\n");
}
END_TEST

static const struct
{
  const char *label;
  const char *line;
} labels[] = {
  { "file:/var/log/mail.log", "popgate_source_lag_seconds{source=\"file:/var/log/mail.log\"} 1.5" },
  { "a\"b", "popgate_source_lag_seconds{source=\"a\\\"b\"} 1.5" },
  { "a\\b", "popgate_source_lag_seconds{source=\"a\\\\b\"} 1.5" },
  { "a\nb", "popgate_source_lag_seconds{source=\"a\\nb\"} 1.5" },
  { "\"} 9\npopgate_up 0\n", "popgate_source_lag_seconds{source=\"\\\"} 9\\npopgate_up 0\\n\"} 1.5" },
  { "", "popgate_source_lag_seconds{source=\"\"} 1.5" },
  { "\303\244\377", "popgate_source_lag_seconds{source=\"\303\244\357\277\275\"} 1.5" },
};

START_TEST (label_is_escaped)
{
  g_autoptr (PgMetrics) metrics = pg_metrics_new ();
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;

  pg_metrics_add (metrics, PG_METRIC_SOURCE_LAG, (const char *[]){ labels[_i].label }, 1.5);
  text = pg_metrics_to_text (metrics);
  lines = g_strsplit (text, "\n", 0);
  ck_assert_uint_eq (g_strv_length (lines), 4);
  ck_assert_str_eq (lines[2], labels[_i].line);
  ck_assert_str_eq (lines[3], "");
}
END_TEST

START_TEST (histogram)
{
  g_autoptr (PgMetrics) metrics = pg_metrics_new ();
  g_autofree char *text = NULL;
  PgHistogram      taken = { 0 };

  pg_histogram_add (&taken, 15, 4);
  pg_histogram_add (&taken, 20 * G_USEC_PER_SEC, 1);
  pg_metrics_add_histogram (metrics, PG_METRIC_REQUEST_DURATION, NULL, &taken);
  text = pg_metrics_to_text (metrics);
  ck_assert_ptr_nonnull (strstr (text, "# TYPE popgate_request_duration_seconds histogram\n"
                                       "popgate_request_duration_seconds_bucket{le=\"1e-05\"} 0\n"
                                       "popgate_request_duration_seconds_bucket{le=\"2e-05\"} 4\n"
                                       "popgate_request_duration_seconds_bucket{le=\"5e-05\"} 4\n"));
  ck_assert_ptr_nonnull (strstr (text, "popgate_request_duration_seconds_bucket{le=\"10\"} 4\n"
                                       "popgate_request_duration_seconds_bucket{le=\"+Inf\"} 5\n"
                                       "popgate_request_duration_seconds_sum 20.00006\n"
                                       "popgate_request_duration_seconds_count 5\n"));
}
END_TEST

/* Transfer full. */
static char *
read_manual (void)
{
  const char      *top = g_getenv ("top_srcdir");
  g_autofree char *path = g_build_filename (top != NULL ? top : ".", "doc", "popgate.1", NULL);
  char            *manual;

  ck_assert_msg (g_file_get_contents (path, &manual, NULL, NULL), "%s cannot be read", path);
  return manual;
}

/* --- the table ------------------------------------------------------------------------------------------------------- */

START_TEST (table)
{
  const PgMetricFamily *family = pg_metric_family ((PgMetric) _i);
  PgMetric              found;

  ck_assert_ptr_nonnull (family->name);
  ck_assert (g_str_has_prefix (family->name, "popgate_"));
  ck_assert_uint_eq (strspn (family->name, "abcdefghijklmnopqrstuvwxyz_"), strlen (family->name));
  assert_row (family->name, (family->type == PG_METRIC_COUNTER) == g_str_has_suffix (family->name, "_total"));
  assert_row (family->name, g_str_has_suffix (family->help, "."));
  assert_row (family->name, family->labels[PG_METRIC_LABELS_MAX] == NULL);
  assert_row (family->name, pg_metric_find (family->name, &found) && found == (PgMetric) _i);
}
END_TEST

/* ".It Li NAME" or ".It Li NAME Ar LABEL ...", and the type in the line below. */
static char *
documented (const PgMetricFamily *family)
{
  GString *text = g_string_new (NULL);

  g_string_printf (text, "\n.It Li %s%s", family->name, family->labels[0] != NULL ? " Ar" : "");
  for (guint i = 0; family->labels[i] != NULL; i++)
    g_string_append_printf (text, " %s", family->labels[i]);
  g_string_append_printf (text, "\n%s; ", pg_metric_type_to_string (family->type));
  return g_string_free (text, FALSE);
}

START_TEST (manual_has_it)
{
  const PgMetricFamily *family = pg_metric_family ((PgMetric) _i);
  g_autofree char      *manual = read_manual ();
  g_autofree char      *wanted = documented (family);

  ck_assert_msg (strstr (manual, wanted) != NULL, "popgate.1: expected%s", wanted);
}
END_TEST

START_TEST (manual_has_no_other)
{
  g_autofree char *manual = read_manual ();
  guint            n = 0;

  for (const char *at = manual; (at = strstr (at, "\n.It Li popgate_")) != NULL; at++)
    n++;
  ck_assert_uint_eq (n, PG_N_METRICS);
}
END_TEST

START_TEST (no_such_metric)
{
  PgMetric found;

  ck_assert (!pg_metric_find ("popgate_", &found));
  ck_assert (!pg_metric_find ("", &found));
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, number, 0, G_N_ELEMENTS (numbers));
  tcase_add_test (tests, nothing);
  tcase_add_test (tests, families_stand_together);
  tcase_add_loop_test (tests, label_is_escaped, 0, G_N_ELEMENTS (labels));
  tcase_add_test (tests, histogram);
  tcase_add_loop_test (tests, table, 0, PG_N_METRICS);
  tcase_add_loop_test (tests, manual_has_it, 0, PG_N_METRICS);
  tcase_add_test (tests, manual_has_no_other);
  tcase_add_test (tests, no_such_metric);
}

PG_TEST_MAIN ("metrics", fill)
