/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "daemon/condition.h"

#include "control/message.h"

#include <unistd.h>

static JsonObject *
describe_source (const PgWatcherReport *report)
{
  static const char *const states[] = { "blind", "behind", "current" };
  JsonObject              *row = json_object_new ();

  pg_message_set_text (row, "name", pg_span_from_string (report->name));
  json_object_set_string_member (row, "state", states[report->state]);
  if (report->problem != NULL)
    pg_message_set_text (row, "problem", pg_span_from_string (report->problem));
  else
    json_object_set_null_member (row, "problem");
  if (report->warning != NULL)
    pg_message_set_text (row, "warning", pg_span_from_string (report->warning));
  else
    json_object_set_null_member (row, "warning");
  json_object_set_int_member (row, "since", report->for_us / G_USEC_PER_SEC);
  return row;
}

static JsonObject *
describe_lines (const PgWatcherCounters *counters)
{
  JsonObject *row = json_object_new ();

  json_object_set_int_member (row, "foreign", (gint64) counters->lines[PG_LINE_FOREIGN]);
  json_object_set_int_member (row, "other", (gint64) counters->lines[PG_LINE_OTHER]);
  json_object_set_int_member (row, "refused", (gint64) counters->lines[PG_LINE_REFUSED]);
  json_object_set_int_member (row, "logins", (gint64) counters->lines[PG_LINE_LOGIN]);
  return row;
}

static JsonObject *
describe_reports (const PgLoginServer *logins)
{
  PgLoginServerCounters counters = pg_login_server_counters (logins);
  JsonObject           *row = json_object_new ();

  json_object_set_int_member (row, "logins", (gint64) counters.logins);
  json_object_set_int_member (row, "refused", (gint64) counters.refused);
  json_object_set_int_member (row, "strangers", (gint64) counters.strangers);
  json_object_set_int_member (row, "waiting", (gint64) counters.waiting);
  json_object_set_int_member (row, "dropped", (gint64) counters.dropped);
  return row;
}

void
pg_condition_describe (JsonObject *status, const PgParts *parts)
{
  PgPolicyServerCounters policy = pg_policy_server_counters (parts->policy);
  JsonArray             *sources = json_array_new ();

  json_object_set_string_member (status, "version", PACKAGE_VERSION);
  json_object_set_int_member (status, "pid", (gint64) getpid ());
  json_object_set_int_member (status, "uptime", (g_get_monotonic_time () - parts->started_us) / G_USEC_PER_SEC);
  json_object_set_int_member (status, "connections", (gint64) policy.n_connections);
  json_object_set_int_member (status, "connections_accepted", (gint64) policy.accepted);
  json_object_set_int_member (status, "connections_failed", (gint64) pg_policy_server_n_failed (parts->policy));
  for (guint i = 0; i < pg_watcher_n_sources (parts->watcher); i++)
    {
      PgWatcherReport report = pg_watcher_report (parts->watcher, i);

      json_array_add_object_element (sources, describe_source (&report));
    }
  json_object_set_array_member (status, "sources", sources);
  json_object_set_object_member (status, "lines", describe_lines (pg_watcher_counters (parts->watcher)));
  if (pg_login_server_is_listening (parts->logins))
    json_object_set_object_member (status, "reports", describe_reports (parts->logins));
  else
    json_object_set_null_member (status, "reports");
}
