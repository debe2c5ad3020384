/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status, stats, watch, reload. */
#include "control/command-private.h"
#include "control/describe.h"
#include "control/stats.h"

static JsonObject *
describe_store (PgEngine *engine)
{
  JsonObject *row = json_object_new ();
  PgStore    *store = pg_engine_store (engine);
  const char *problem = pg_engine_problem (engine);

  json_object_set_string_member (row, "path", pg_store_path (store));
  if (problem != NULL)
    pg_message_set_text (row, "problem", pg_span_from_string (problem));
  else
    json_object_set_null_member (row, "problem");
  if (pg_store_n_made (store) >= 0)
    json_object_set_int_member (row, "made", pg_store_n_made (store));
  else
    json_object_set_null_member (row, "made");
  json_object_set_int_member (row, "grants", (gint64) pg_store_n_grants (store));
  if (pg_store_write_problem (store) != NULL)
    pg_message_set_text (row, "write_problem", pg_span_from_string (pg_store_write_problem (store)));
  else
    json_object_set_null_member (row, "write_problem");
  json_object_set_int_member (row, "unsynced", (gint64) pg_store_waiting (store));
  return row;
}

static JsonArray *
describe_notes (PgEngine *engine, gint64 now_us)
{
  JsonArray *array = json_array_new ();
  g_autoptr (GPtrArray) notes = pg_noteset_list (pg_engine_notes (engine));

  for (guint i = 0; i < notes->len; i++)
    json_array_add_object_element (array, pg_command_describe_note (g_ptr_array_index (notes, i), now_us));
  return array;
}

static JsonObject *
describe_decisions (PgEngine *engine)
{
  JsonObject *row = json_object_new ();

  for (PgRule rule = PG_RULE_NOT_RCPT; rule < PG_N_RULES; rule++)
    json_object_set_int_member (row, pg_rule_name (rule), (gint64) pg_engine_n_decisions (engine, rule));
  return row;
}

static JsonObject *
describe_logins (PgEngine *engine)
{
  const PgEngineCounters *counters = pg_engine_counters (engine);
  JsonObject             *row = json_object_new ();

  for (guint fate = 0; fate < PG_N_LOGIN_FATES; fate++)
    json_object_set_int_member (row, pg_login_fate_to_string (fate), (gint64) counters->logins[fate]);
  return row;
}

void
pg_command_status (const PgCommandHost *host, G_GNUC_UNUSED JsonObject *request, PgAnswer *answer)
{
  JsonObject   *row = json_object_new ();
  const PgNote *freeze = pg_noteset_freeze (pg_engine_notes (host->engine), host->now_us);
  const char   *behind = pg_engine_source_problem (host->engine);

  host->describe (row, host->user_data);
  json_object_set_boolean_member (row, "frozen", freeze != NULL);
  json_object_set_int_member (row, "window", pg_engine_config (host->engine)->window_us / PG_SECOND);
  json_object_set_object_member (row, "store", describe_store (host->engine));
  if (behind != NULL)
    pg_message_set_text (row, "source_problem", pg_span_from_string (behind));
  else
    json_object_set_null_member (row, "source_problem");
  json_object_set_object_member (row, "decisions", describe_decisions (host->engine));
  json_object_set_object_member (row, "logins", describe_logins (host->engine));
  json_object_set_array_member (row, "notes", describe_notes (host->engine, host->now_us));
  pg_answer_add_row (answer, row);
  pg_answer_add_exit (answer, PG_EXIT_OK);
}

void
pg_command_stats (const PgCommandHost *host, G_GNUC_UNUSED JsonObject *request, PgAnswer *answer)
{
  g_autoptr (PgMetrics) metrics = host->collect (host->user_data);

  for (guint i = 0; i < pg_metrics_n_samples (metrics); i++)
    pg_answer_add_row (answer, pg_stats_describe (pg_metrics_sample (metrics, i)));
  pg_answer_add_exit (answer, PG_EXIT_OK);
}

void
pg_command_watch (const PgCommandHost *host, JsonObject *request, PgAnswer *answer)
{
  GError       *error = NULL;
  PgEventFilter filter;

  if (!pg_event_filter_parse (request, &filter, &error))
    {
      pg_answer_add_error (answer, error);
      return;
    }
  pg_answer_add_row (answer, pg_describe_watching (host->engine, host->now_us));
  answer->engine = host->engine;
  answer->feed = pg_feed_new (pg_engine_events (host->engine), &filter);
}

void
pg_command_reload (const PgCommandHost *host, G_GNUC_UNUSED JsonObject *request, PgAnswer *answer)
{
  GError *error = NULL;

  if (host->reload (&error, host->user_data))
    {
      pg_answer_add_exit (answer, PG_EXIT_OK);
      return;
    }
  pg_answer_add_failure (answer, PG_EXIT_FAILED, error->message);
  g_error_free (error);
}
