/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The families of metrics; metrics.h describes them. */
#include "core/metrics.h"

/* clang-format off */
static const PgMetricFamily families[PG_N_METRICS] = {
  [PG_METRIC_UP] = { "popgate_up", PG_METRIC_GAUGE,
    "1 if popgated told these metrics, 0 if it could not be asked.", { NULL } },
  [PG_METRIC_BUILD] = { "popgate_build_info", PG_METRIC_GAUGE,
    "Always 1; the label tells the version of popgated.", { "version" } },
  [PG_METRIC_STARTED] = { "popgate_start_time_seconds", PG_METRIC_GAUGE,
    "When popgated was started, since the Epoch.", { NULL } },
  [PG_METRIC_COLLECTED] = { "popgate_collected_timestamp_seconds", PG_METRIC_GAUGE,
    "When these metrics were gathered, since the Epoch: an old textfile is known by it.", { NULL } },
  [PG_METRIC_WINDOW] = { "popgate_window_seconds", PG_METRIC_GAUGE,
    "How long a login permits to relay.", { NULL } },
  [PG_METRIC_FROZEN] = { "popgate_frozen", PG_METRIC_GAUGE,
    "1 if a freeze is in force, so that nobody relays by popgate and mail waits.", { NULL } },
  [PG_METRIC_FAULT] = { "popgate_fault", PG_METRIC_GAUGE,
    "1 if that is out of order now: store and source make refusals wait, write puts what is new at risk.", { "fault" } },
  [PG_METRIC_FAULTS] = { "popgate_faults_total", PG_METRIC_COUNTER,
    "How often that got out of order since the start.", { "fault" } },
  [PG_METRIC_REQUESTS] = { "popgate_requests_total", PG_METRIC_COUNTER,
    "Requests of Postfix that were answered, by the rule that decided and the verdict.", { "rule", "verdict" } },
  [PG_METRIC_REQUEST_DURATION] = { "popgate_request_duration_seconds", PG_METRIC_HISTOGRAM,
    "From when the last bytes of a request were read until its reply was sent; of requests read together, from the first until "
    "the last.", { NULL } },
  [PG_METRIC_CONNECTIONS] = { "popgate_policy_connections", PG_METRIC_GAUGE,
    "Connections of Postfix that are open.", { NULL } },
  [PG_METRIC_CONNECTIONS_MAX] = { "popgate_policy_connections_max", PG_METRIC_GAUGE,
    "How many there may be at once.", { NULL } },
  [PG_METRIC_CONNECTIONS_ACCEPTED] = { "popgate_policy_connections_accepted_total", PG_METRIC_COUNTER,
    "Connections of Postfix that were accepted.", { NULL } },
  [PG_METRIC_CONNECTIONS_FAILED] = { "popgate_policy_connections_failed_total", PG_METRIC_COUNTER,
    "Connections closed for what the client did: another protocol, too late, too much left unread.", { "reason" } },
  [PG_METRIC_CONNECTIONS_DISPLACED] = { "popgate_policy_connections_displaced_total", PG_METRIC_COUNTER,
    "Connections that had to make room for new ones.", { NULL } },
  [PG_METRIC_LOGINS] = { "popgate_logins_total", PG_METRIC_COUNTER,
    "Logins that were read or reported, by server, service and what became of them.", { "server", "service", "fate" } },
  [PG_METRIC_NEWEST_LOGIN] = { "popgate_newest_login_timestamp_seconds", PG_METRIC_GAUGE,
    "The newest stamp of all logins, since the Epoch; absent before the first.", { NULL } },
  [PG_METRIC_LINES] = { "popgate_lines_total", PG_METRIC_COUNTER,
    "Log lines that were read, by kind: foreign to popgate, other, refused since no plain login, logins.", { "kind" } },
  [PG_METRIC_REPORTS] = { "popgate_login_reports_total", PG_METRIC_COUNTER,
    "What came to the socket of popgate-login, if there is one.", { "outcome" } },
  [PG_METRIC_REPORTS_WAITING] = { "popgate_login_reports_waiting", PG_METRIC_GAUGE,
    "Reported logins that wait for the store.", { NULL } },
  [PG_METRIC_SOURCE_STATE] = { "popgate_source_state", PG_METRIC_GAUGE,
    "1 at the state that a source is in: blind, behind or current.", { "source", "state" } },
  [PG_METRIC_SOURCE_LAG] = { "popgate_source_lag_seconds", PG_METRIC_GAUGE,
    "For how long a source was not read to its end; 0: it is.", { "source" } },
  [PG_METRIC_SOURCE_WARNING] = { "popgate_source_warning", PG_METRIC_GAUGE,
    "1 if something is wrong with a source though it can be read; popgate status tells what.", { "source" } },
  [PG_METRIC_SOURCE_NEWEST_LOGIN] = { "popgate_source_newest_login_timestamp_seconds", PG_METRIC_GAUGE,
    "The newest stamp of the logins of a source since the start; absent before the first.", { "source" } },
  [PG_METRIC_SOURCE_POSITION_AGE] = { "popgate_source_position_age_seconds", PG_METRIC_GAUGE,
    "How old the stored position of a source is: what was read since would be read again after a crash.", { "source" } },
  [PG_METRIC_GRANTS] = { "popgate_grants", PG_METRIC_GAUGE,
    "Addresses that are stored, those whose window is over included.", { NULL } },
  [PG_METRIC_GRANTS_WAITING] = { "popgate_grants_waiting", PG_METRIC_GAUGE,
    "Of these, those whose newest login is in the redo log and not yet in the database's file.", { NULL } },
  [PG_METRIC_NOTES] = { "popgate_notes", PG_METRIC_GAUGE,
    "Notes of administrators that are in force.", { "kind" } },
  [PG_METRIC_USAGES] = { "popgate_usages", PG_METRIC_GAUGE,
    "Users and addresses that are stored for popgate report.", { NULL } },
  [PG_METRIC_USAGES_LOST] = { "popgate_usages_lost_total", PG_METRIC_COUNTER,
    "Recipients that it does not count, as too many users and addresses were new.", { NULL } },
  [PG_METRIC_STORE_READS] = { "popgate_store_reads_total", PG_METRIC_COUNTER,
    "Values that were looked up in the database.", { "result" } },
  [PG_METRIC_STORE_WRITES] = { "popgate_store_writes_total", PG_METRIC_COUNTER,
    "Values that were written to the database or removed from it.", { "result" } },
  [PG_METRIC_STORE_UNSYNCED] = { "popgate_store_unsynced_bytes", PG_METRIC_GAUGE,
    "What was written and is not known to be on the disk.", { NULL } },
  [PG_METRIC_STORE_SYNC_DURATION] = { "popgate_store_sync_duration_seconds", PG_METRIC_HISTOGRAM,
    "How long it took to bring what was written to the disk.", { NULL } },
  [PG_METRIC_STORE_SYNC_FAILURES] = { "popgate_store_sync_failures_total", PG_METRIC_COUNTER,
    "How often that failed.", { NULL } },
  [PG_METRIC_STORE_CHECKPOINTS] = { "popgate_store_checkpoints_total", PG_METRIC_COUNTER,
    "New bases of the database, so that its redo log stays short.", { NULL } },
  [PG_METRIC_STORE_CHECKPOINT_FAILURES] = { "popgate_store_checkpoint_failures_total", PG_METRIC_COUNTER,
    "How often none could be made.", { NULL } },
  [PG_METRIC_PROCESS_MEMORY] = { "popgate_process_resident_memory_bytes", PG_METRIC_GAUGE,
    "Memory of popgated that is in use.", { NULL } },
  [PG_METRIC_PROCESS_CPU] = { "popgate_process_cpu_seconds_total", PG_METRIC_COUNTER,
    "Processor time of popgated.", { NULL } },
  [PG_METRIC_PROCESS_FDS] = { "popgate_process_open_fds", PG_METRIC_GAUGE,
    "Descriptors that popgated has open; absent before Linux 6.2.", { NULL } },
  [PG_METRIC_PROCESS_FDS_MAX] = { "popgate_process_max_fds", PG_METRIC_GAUGE,
    "How many it may have.", { NULL } },
};
/* clang-format on */

const PgMetricFamily *
pg_metric_family (PgMetric metric)
{
  return &families[metric];
}

gboolean
pg_metric_find (const char *name, PgMetric *out)
{
  for (PgMetric metric = 0; metric < PG_N_METRICS; metric++)
    if (g_str_equal (families[metric].name, name))
      {
        *out = metric;
        return TRUE;
      }
  return FALSE;
}

const char *
pg_metric_type_to_string (PgMetricType type)
{
  static const char *const names[] = {
    [PG_METRIC_COUNTER] = "counter",
    [PG_METRIC_GAUGE] = "gauge",
    [PG_METRIC_HISTOGRAM] = "histogram",
  };

  return names[type];
}
