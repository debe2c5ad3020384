/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/stats.h"

#include "common.h"
#include "control/message.h"

#include <string.h>

static JsonObject *
parse (const char *line)
{
  JsonObject *object = pg_message_parse (pg_span_from_string (line), NULL);

  ck_assert_ptr_nonnull (object);
  return object;
}

/* What came over the socket is what was sent. */
static PgMetrics *
send_over (const PgMetrics *metrics)
{
  PgMetrics *got = pg_metrics_new ();

  for (guint i = 0; i < pg_metrics_n_samples (metrics); i++)
    {
      g_autoptr (JsonObject) row = pg_stats_describe (pg_metrics_sample (metrics, i));
      g_autofree char *line = pg_message_to_line (row);
      g_autoptr (JsonObject) received = parse (line);

      ck_assert_msg (pg_stats_take (received, got), "not taken: %s", line);
    }
  return got;
}

START_TEST (there_and_back)
{
  static const double values[] = { 0, 1, 0.1, -2.5, 4503599627370497, 1795669679.125 };
  g_autoptr (PgMetrics) metrics = pg_metrics_new ();
  g_autoptr (PgMetrics) got = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  PgHistogram      histogram = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    pg_metrics_add (metrics, PG_METRIC_WINDOW, NULL, values[i]);
  pg_metrics_add (metrics, PG_METRIC_LOGINS, (const char *[]){ "dovecot", "a\"b\\c\nd", "granted" }, 3);
  for (gint64 us = 1; us < 100 * G_USEC_PER_SEC; us *= 3)
    pg_histogram_add (&histogram, us, (guint64) us);
  pg_metrics_add_histogram (metrics, PG_METRIC_REQUEST_DURATION, NULL, &histogram);
  got = send_over (metrics);
  before = pg_metrics_to_text (metrics);
  after = pg_metrics_to_text (got);
  ck_assert_str_eq (after, before);
}
END_TEST

/* --- rows that are not taken ----------------------------------------------------------------------------------------- */

static const struct
{
  const char *name;
  const char *row;
  gboolean    ok;
} rows[] = {
  { "a gauge", "{\"name\":\"popgate_up\",\"labels\":{},\"value\":1}", TRUE },
  { "no labels are needed", "{\"name\":\"popgate_up\",\"value\":1.5}", TRUE },
  { "a label", "{\"name\":\"popgate_lines_total\",\"labels\":{\"kind\":\"login\"},\"value\":1}", TRUE },
  { "one more", "{\"name\":\"popgate_lines_total\",\"labels\":{\"kind\":\"login\",\"x\":\"y\"},\"value\":1}", TRUE },
  { "nothing", "{}", FALSE },
  { "a later version's", "{\"name\":\"popgate_new\",\"labels\":{},\"value\":1}", FALSE },
  { "a name that is none", "{\"name\":7,\"labels\":{},\"value\":1}", FALSE },
  { "no value", "{\"name\":\"popgate_up\",\"labels\":{}}", FALSE },
  { "a value that is none", "{\"name\":\"popgate_up\",\"labels\":{},\"value\":\"1\"}", FALSE },
  { "a value in an array", "{\"name\":\"popgate_up\",\"labels\":{},\"value\":[1]}", FALSE },
  { "a label is missing", "{\"name\":\"popgate_lines_total\",\"labels\":{},\"value\":1}", FALSE },
  { "all are", "{\"name\":\"popgate_lines_total\",\"value\":1}", FALSE },
  { "labels that are none", "{\"name\":\"popgate_lines_total\",\"labels\":[\"login\"],\"value\":1}", FALSE },
  { "a label that is none", "{\"name\":\"popgate_lines_total\",\"labels\":{\"kind\":1},\"value\":1}", FALSE },
  { "a histogram without buckets", "{\"name\":\"popgate_request_duration_seconds\",\"labels\":{},\"count\":0,\"sum\":0}", FALSE },
  { "with too few", "{\"name\":\"popgate_request_duration_seconds\",\"labels\":{},\"count\":0,\"sum\":0,\"buckets\":[]}", FALSE },
};

START_TEST (take)
{
  g_autoptr (JsonObject) row = parse (rows[_i].row);
  g_autoptr (PgMetrics) metrics = pg_metrics_new ();

  assert_row (rows[_i].name, pg_stats_take (row, metrics) == rows[_i].ok);
  assert_row (rows[_i].name, pg_metrics_n_samples (metrics) == (guint) rows[_i].ok);
}
END_TEST

/* A whole histogram, of which one piece is changed. */
static const struct
{
  const char *name;
  const char *piece;
  const char *other;
} changes[] = {
  { "nothing", "", "" },
  { "falling", "\"le\":\"2e-05\",\"count\":5", "\"le\":\"2e-05\",\"count\":4" },
  { "negative", "\"le\":\"1e-05\",\"count\":5", "\"le\":\"1e-05\",\"count\":-5" },
  { "no count", "\"le\":\"1e-05\",\"count\":5", "\"le\":\"1e-05\"" },
  { "a number for a bucket", "{\"le\":\"1e-05\",\"count\":5}", "5" },
  { "fewer than in buckets", "\"count\":7,", "\"count\":4," },
  { "no whole count", "\"count\":7,", "" },
  { "no sum", "\"sum\":", "\"sun\":" },
  { "a negative sum", "\"sum\":", "\"sum\":-" },
  { "a huge sum", "\"sum\":", "\"sum\":1e300,\"x\":" },
};

START_TEST (take_histogram)
{
  g_autoptr (PgMetrics) metrics = pg_metrics_new ();
  g_autoptr (PgMetrics) got = pg_metrics_new ();
  g_autoptr (JsonObject) whole = NULL;
  g_autoptr (JsonObject) changed = NULL;
  g_autofree char *line = NULL;
  g_auto (GStrv) pieces = NULL;
  g_autofree char *other = NULL;
  PgHistogram      histogram = { 0 };

  pg_histogram_add (&histogram, 1, 5);
  pg_histogram_add (&histogram, 20 * G_USEC_PER_SEC, 2);
  pg_metrics_add_histogram (metrics, PG_METRIC_REQUEST_DURATION, NULL, &histogram);
  whole = pg_stats_describe (pg_metrics_sample (metrics, 0));
  line = pg_message_to_line (whole);
  ck_assert_ptr_nonnull (strstr (line, changes[_i].piece));
  pieces = g_strsplit (line, changes[_i].piece[0] != '\0' ? changes[_i].piece : "\n", 2);
  other = g_strjoinv (changes[_i].other, pieces);
  changed = parse (other);
  ck_assert_msg (pg_stats_take (changed, got) == (_i == 0), "%s: %s", changes[_i].name, other);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_test (tests, there_and_back);
  tcase_add_loop_test (tests, take, 0, G_N_ELEMENTS (rows));
  tcase_add_loop_test (tests, take_histogram, 0, G_N_ELEMENTS (changes));
}

PG_TEST_MAIN ("stats", fill)
