/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/scraper.h"

#include "cli/output.h"
#include "control/client.h"
#include "control/stats.h"

struct _PgScraper
{
  char  *path;
  char  *text;    /* NULL before the first look */
  char  *problem; /* NULL: none */
  gint64 looked_us;
};

PgScraper *
pg_scraper_new (const char *path)
{
  PgScraper *self = g_new0 (PgScraper, 1);

  self->path = g_strdup (path);
  return self;
}

static void
forget (PgScraper *self)
{
  g_clear_pointer (&self->text, g_free);
  g_clear_pointer (&self->problem, g_free);
}

void
pg_scraper_free (PgScraper *self)
{
  if (self == NULL)
    return;
  forget (self);
  g_free (self->path);
  g_free (self);
}

static gboolean
ask (PgClient *client, const char *command, PgClientRow take, gpointer user_data, GError **error)
{
  g_autoptr (JsonObject) request = json_object_new ();
  PgExit code;

  json_object_set_string_member (request, "command", command);
  return pg_client_ask (client, request, take, user_data, &code, error);
}

static void
take_sample (JsonObject *row, gpointer user_data)
{
  (void) pg_stats_take (row, user_data); /* a later popgated may tell what is not known here */
}

static void
take_problem (JsonObject *row, gpointer user_data)
{
  char    **problem = user_data;
  JsonNode *store = json_object_get_member (row, "store");

  if (store != NULL && JSON_NODE_HOLDS_OBJECT (store))
    *problem = pg_output_text (json_node_get_object (store), "problem");
}

static gboolean
has_store_fault (const PgMetrics *metrics)
{
  for (guint i = 0; i < pg_metrics_n_samples (metrics); i++)
    {
      const PgMetricSample *sample = pg_metrics_sample (metrics, i);

      if (sample->metric == PG_METRIC_FAULT && g_str_equal (sample->labels[0], "store"))
        return sample->value != 0;
    }
  return FALSE;
}

static gboolean
look (PgScraper *self, GError **error)
{
  g_autoptr (PgClient) client = pg_client_connect_for (self->path, PG_SCRAPER_PATIENCE_S, error);
  g_autoptr (PgMetrics) metrics = pg_metrics_new ();

  if (client == NULL || !ask (client, "stats", take_sample, metrics, error)
      || (has_store_fault (metrics) && !ask (client, "status", take_problem, &self->problem, error)))
    return FALSE;
  self->text = pg_metrics_to_text (metrics);
  return TRUE;
}

void
pg_scraper_look (PgScraper *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PgMetrics) nothing = NULL;

  if (self->text != NULL && g_get_monotonic_time () - self->looked_us < PG_SCRAPER_FRESH_US)
    return;
  forget (self);
  if (!look (self, &error))
    {
      nothing = pg_metrics_new ();
      pg_metrics_add (nothing, PG_METRIC_UP, NULL, 0);
      g_free (self->problem);
      self->problem = pg_span_escape (pg_span_from_string (error->message), 500);
      self->text = pg_metrics_to_text (nothing);
    }
  self->looked_us = g_get_monotonic_time ();
}

const char *
pg_scraper_text (const PgScraper *self)
{
  return self->text;
}

const char *
pg_scraper_problem (const PgScraper *self)
{
  return self->problem;
}
