/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "daemon/collector.h"

#include "daemon/process.h"

typedef enum
{
  FAULT_STORE,
  FAULT_WRITE,
  FAULT_SOURCE,
  N_FAULTS
} Fault;

struct _PgCollector
{
  PgEngine *engine;
  gint64    started_us;
  guint64   logins[PG_N_SERVERS][PG_N_SERVICES][PG_N_LOGIN_FATES];
  gboolean  is_faulty[N_FAULTS]; /* as it was counted last */
  guint64   n_faults[N_FAULTS];
};

#define LABELS(...) ((const char *const[]){ __VA_ARGS__ })

static double
seconds (gint64 us)
{
  return (double) us / G_USEC_PER_SEC;
}

/* --- what happens ---------------------------------------------------------------------------------------------------- */

static void
follow_fault (PgCollector *self, Fault fault, const char *problem)
{
  if (problem != NULL && !self->is_faulty[fault])
    self->n_faults[fault]++;
  self->is_faulty[fault] = problem != NULL;
}

static void
hear (const PgEvent *event, gpointer user_data)
{
  PgCollector *self = user_data;

  if (event->kind == PG_EVENT_LOGIN)
    self->logins[event->login->server][event->login->service][event->fate]++;
  else
    follow_fault (self, event->kind == PG_EVENT_STORE ? FAULT_STORE : FAULT_SOURCE, event->problem);
}

void
pg_collector_tick (PgCollector *self)
{
  follow_fault (self, FAULT_WRITE, pg_store_write_problem (pg_engine_store (self->engine)));
}

/* --- parts ----------------------------------------------------------------------------------------------------------- */

static void
add_state (const PgCollector *self, gint64 now_us, PgMetrics *out)
{
  PgEngine         *engine = self->engine;
  const PgNoteset  *notes = pg_engine_notes (engine);
  const char *const problems[N_FAULTS] = {
    [FAULT_STORE] = pg_engine_problem (engine),
    [FAULT_WRITE] = pg_store_write_problem (pg_engine_store (engine)),
    [FAULT_SOURCE] = pg_engine_source_problem (engine),
  };
  static const char *const names[N_FAULTS] = { [FAULT_STORE] = "store", [FAULT_WRITE] = "write", [FAULT_SOURCE] = "source" };

  pg_metrics_add (out, PG_METRIC_UP, NULL, 1);
  pg_metrics_add (out, PG_METRIC_BUILD, LABELS (PACKAGE_VERSION), 1);
  pg_metrics_add (out, PG_METRIC_STARTED, NULL, seconds (self->started_us));
  pg_metrics_add (out, PG_METRIC_COLLECTED, NULL, seconds (now_us));
  pg_metrics_add (out, PG_METRIC_WINDOW, NULL, seconds (pg_engine_config (engine)->window_us));
  pg_metrics_add (out, PG_METRIC_FROZEN, NULL, pg_noteset_freeze (notes, now_us) != NULL);
  for (Fault fault = 0; fault < N_FAULTS; fault++)
    {
      pg_metrics_add (out, PG_METRIC_FAULT, LABELS (names[fault]), problems[fault] != NULL);
      pg_metrics_add (out, PG_METRIC_FAULTS, LABELS (names[fault]), (double) self->n_faults[fault]);
    }
}

/* A pair of a rule and a verdict that has not been seen, and perhaps can't be, is left out, but each rule is there once. */
static void
add_requests (PgEngine *engine, PgMetrics *out)
{
  const PgEngineCounters *counters = pg_engine_counters (engine);

  for (PgRule rule = PG_RULE_NOT_RCPT; rule < PG_N_RULES; rule++)
    for (PgVerdict verdict = 0; verdict < PG_N_VERDICTS; verdict++)
      if (counters->decisions[rule][verdict] > 0 || verdict == pg_rule_verdict (rule))
        pg_metrics_add (out, PG_METRIC_REQUESTS, LABELS (pg_rule_name (rule), pg_verdict_to_string (verdict)),
                        (double) counters->decisions[rule][verdict]);
}

static void
add_policy (const PgPolicyServer *policy, PgMetrics *out)
{
  static const char *const reasons[PG_N_POLICY_FAULTS] = {
    [PG_POLICY_PROTOCOL] = "protocol",
    [PG_POLICY_LATE] = "late",
    [PG_POLICY_HELD] = "held",
  };
  PgPolicyServerCounters counters = pg_policy_server_counters (policy);

  pg_metrics_add_histogram (out, PG_METRIC_REQUEST_DURATION, NULL, &counters.latency);
  pg_metrics_add (out, PG_METRIC_CONNECTIONS, NULL, counters.n_connections);
  pg_metrics_add (out, PG_METRIC_CONNECTIONS_MAX, NULL, counters.max_connections);
  pg_metrics_add (out, PG_METRIC_CONNECTIONS_ACCEPTED, NULL, (double) counters.accepted);
  for (PgPolicyFault fault = 0; fault < PG_N_POLICY_FAULTS; fault++)
    pg_metrics_add (out, PG_METRIC_CONNECTIONS_FAILED, LABELS (reasons[fault]), (double) counters.failed[fault]);
  pg_metrics_add (out, PG_METRIC_CONNECTIONS_DISPLACED, NULL, (double) counters.displaced);
}

static void
add_reports (const PgLoginServer *logins, PgMetrics *out)
{
  PgLoginServerCounters counters = pg_login_server_counters (logins);

  if (!pg_login_server_is_listening (logins))
    return;
  pg_metrics_add (out, PG_METRIC_REPORTS, LABELS ("login"), (double) counters.logins);
  pg_metrics_add (out, PG_METRIC_REPORTS, LABELS ("refused"), (double) counters.refused);
  pg_metrics_add (out, PG_METRIC_REPORTS, LABELS ("stranger"), (double) counters.strangers);
  pg_metrics_add (out, PG_METRIC_REPORTS, LABELS ("dropped"), (double) counters.dropped);
  pg_metrics_add (out, PG_METRIC_REPORTS_WAITING, NULL, counters.waiting);
}

/* Of the hundreds of kinds only those that were seen. */
static void
add_logins (const PgCollector *self, PgMetrics *out)
{
  for (guint server = 0; server < PG_N_SERVERS; server++)
    for (guint service = 0; service < PG_N_SERVICES; service++)
      for (guint fate = 0; fate < PG_N_LOGIN_FATES; fate++)
        if (self->logins[server][service][fate] > 0)
          pg_metrics_add (out, PG_METRIC_LOGINS,
                          LABELS (pg_server_to_string (server), pg_service_to_string (service), pg_login_fate_to_string (fate)),
                          (double) self->logins[server][service][fate]);
  if (pg_engine_newest_us (self->engine) != PG_RECORD_NEVER)
    pg_metrics_add (out, PG_METRIC_NEWEST_LOGIN, NULL, seconds (pg_engine_newest_us (self->engine)));
}

static void
add_source (const PgWatcherReport *report, PgMetrics *out)
{
  static const char *const states[] = { "blind", "behind", "current" };

  for (guint state = 0; state < G_N_ELEMENTS (states); state++)
    pg_metrics_add (out, PG_METRIC_SOURCE_STATE, LABELS (report->name, states[state]), state == report->state);
  pg_metrics_add (out, PG_METRIC_SOURCE_LAG, LABELS (report->name), seconds (report->for_us));
  pg_metrics_add (out, PG_METRIC_SOURCE_WARNING, LABELS (report->name), report->warning != NULL);
  if (report->newest_us != 0)
    pg_metrics_add (out, PG_METRIC_SOURCE_NEWEST_LOGIN, LABELS (report->name), seconds (report->newest_us));
  if (report->position_age_us >= 0)
    pg_metrics_add (out, PG_METRIC_SOURCE_POSITION_AGE, LABELS (report->name), seconds (report->position_age_us));
}

static void
add_sources (const PgWatcher *watcher, PgMetrics *out)
{
  static const char *const kinds[] = {
    [PG_LINE_FOREIGN] = "foreign",
    [PG_LINE_OTHER] = "other",
    [PG_LINE_REFUSED] = "refused",
    [PG_LINE_LOGIN] = "login",
  };

  for (guint kind = 0; kind < G_N_ELEMENTS (kinds); kind++)
    pg_metrics_add (out, PG_METRIC_LINES, LABELS (kinds[kind]), (double) pg_watcher_counters (watcher)->lines[kind]);
  for (guint i = 0; i < pg_watcher_n_sources (watcher); i++)
    {
      PgWatcherReport report = pg_watcher_report (watcher, i);

      add_source (&report, out);
    }
}

static void
add_notes (const PgNoteset *notes, gint64 now_us, PgMetrics *out)
{
  g_autoptr (GPtrArray) list = pg_noteset_list (notes);
  guint n[PG_NOTE_FREEZE + 1] = { 0 };

  for (guint i = 0; i < list->len; i++)
    {
      const PgNote *note = g_ptr_array_index (list, i);

      n[note->kind] += now_us < note->until_us;
    }
  for (PgNoteKind kind = PG_NOTE_ALLOW; kind <= PG_NOTE_FREEZE; kind++)
    pg_metrics_add (out, PG_METRIC_NOTES, LABELS (pg_note_kind_to_string (kind)), n[kind]);
}

static void
add_store (PgStore *store, const PgCommitterCounters *syncs, PgMetrics *out)
{
  static const char *const results[] = { [PG_STORE_FAILED] = "failed", [PG_STORE_ABSENT] = "absent", [PG_STORE_FOUND] = "found" };
  const PgStoreCounters   *counters = pg_store_counters (store);

  pg_metrics_add (out, PG_METRIC_GRANTS, NULL, (double) pg_store_n_grants (store));
  pg_metrics_add (out, PG_METRIC_GRANTS_WAITING, NULL, (double) pg_store_n_pending (store));
  for (guint result = 0; result < G_N_ELEMENTS (results); result++)
    pg_metrics_add (out, PG_METRIC_STORE_READS, LABELS (results[result]), (double) counters->reads[result]);
  pg_metrics_add (out, PG_METRIC_STORE_WRITES, LABELS ("done"), (double) counters->writes);
  pg_metrics_add (out, PG_METRIC_STORE_WRITES, LABELS ("failed"), (double) counters->write_failures);
  pg_metrics_add (out, PG_METRIC_STORE_UNSYNCED, NULL, (double) pg_store_waiting (store));
  pg_metrics_add_histogram (out, PG_METRIC_STORE_SYNC_DURATION, NULL, &syncs->syncs);
  pg_metrics_add (out, PG_METRIC_STORE_SYNC_FAILURES, NULL, (double) syncs->failures);
  pg_metrics_add (out, PG_METRIC_STORE_CHECKPOINTS, NULL, (double) counters->checkpoints);
  pg_metrics_add (out, PG_METRIC_STORE_CHECKPOINT_FAILURES, NULL, (double) counters->checkpoint_failures);
}

static void
add_process (PgMetrics *out)
{
  PgProcess process = pg_process_look ();

  if (process.resident_bytes >= 0)
    pg_metrics_add (out, PG_METRIC_PROCESS_MEMORY, NULL, (double) process.resident_bytes);
  if (process.cpu_us >= 0)
    pg_metrics_add (out, PG_METRIC_PROCESS_CPU, NULL, seconds (process.cpu_us));
  if (process.n_fds >= 0)
    pg_metrics_add (out, PG_METRIC_PROCESS_FDS, NULL, (double) process.n_fds);
  if (process.max_fds >= 0)
    pg_metrics_add (out, PG_METRIC_PROCESS_FDS_MAX, NULL, (double) process.max_fds);
}

PgMetrics *
pg_collector_collect (const PgCollector *self, const PgParts *parts)
{
  PgMetrics *out = pg_metrics_new ();
  gint64     now_us = g_get_real_time ();

  add_state (self, now_us, out);
  add_requests (self->engine, out);
  add_policy (parts->policy, out);
  add_logins (self, out);
  add_sources (parts->watcher, out);
  add_reports (parts->logins, out);
  add_notes (pg_engine_notes (self->engine), now_us, out);
  add_store (pg_engine_store (self->engine), pg_committer_counters (parts->committer), out);
  pg_metrics_add (out, PG_METRIC_USAGES, NULL, (double) pg_store_n_usages (pg_engine_store (self->engine)));
  pg_metrics_add (out, PG_METRIC_USAGES_LOST, NULL, (double) pg_usage_log_n_lost (parts->usage));
  add_process (out);
  return out;
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

PgCollector *
pg_collector_new (PgEngine *engine)
{
  PgCollector *self = g_new0 (PgCollector, 1);

  self->engine = engine;
  self->started_us = g_get_real_time ();
  self->is_faulty[FAULT_SOURCE] = pg_engine_source_problem (engine) != NULL; /* a start is none */
  pg_events_subscribe (pg_engine_events (engine), 1U << PG_EVENT_LOGIN | 1U << PG_EVENT_SOURCE | 1U << PG_EVENT_STORE, hear,
                       self);
  return self;
}

void
pg_collector_free (PgCollector *self)
{
  if (self == NULL)
    return;
  pg_events_unsubscribe (pg_engine_events (self->engine), self);
  g_free (self);
}
