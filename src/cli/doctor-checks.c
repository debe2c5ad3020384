/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/doctor-judges.h"

static const PgDoctorCheck checks[] = {
  { "config", "popgate.conf is right", pg_doctor_judge_config },
  { "daemon", "popgated runs, as the same version, and neither frozen nor in trouble", pg_doctor_judge_daemon },
  { "socket-rights", "Postfix can connect to popgated with its own rights", pg_doctor_judge_socket_rights },
  { "live-query", "popgated answers a question, in time, and lets no stranger relay", pg_doctor_judge_live_query },
  { "postfix-version", "Postfix is 3.0 or later", pg_doctor_judge_postfix_version },
  { "relay-list", "Postfix asks popgate in smtpd_relay_restrictions", pg_doctor_judge_relay_list },
  { "wrong-list", "Postfix asks popgate in no other list", pg_doctor_judge_wrong_list },
  { "relay-order", "popgate is asked after all who need it not, and before strangers are refused", pg_doctor_judge_relay_order },
  { "open-relay", "strangers are refused", pg_doctor_judge_open_relay },
  { "recipient-list", "who may relay is not refused by the next list", pg_doctor_judge_recipient_list },
  { "default-action", "mail waits while popgated does not answer", pg_doctor_judge_default_action },
  { "timeout", "Postfix does not wait for popgated for long", pg_doctor_judge_timeout },
  { "policy-context", "a refusal by popgated's own text concerns strangers alone", pg_doctor_judge_policy_context },
  { "socket-path", "Postfix asks where popgated listens", pg_doctor_judge_socket_path },
  { "mynetworks", "only networks of one's own relay without a login", pg_doctor_judge_mynetworks },
  { "log-access", "popgated can read the logs", pg_doctor_judge_log_access },
  { "log-writers", "nobody but root and syslog can write to them", pg_doctor_judge_log_writers },
  { "log-fresh", "they are written to", pg_doctor_judge_log_fresh },
  { "log-time", "their stamps agree with the clock", pg_doctor_judge_log_time },
  { "log-logins", "logins are found in them", pg_doctor_judge_log_logins },
  { "rsyslog-limit", "rsyslog drops no lines", pg_doctor_judge_rsyslog },
  { "journald-limit", "journald drops no lines", pg_doctor_judge_journald },
  { "dovecot-name", "Dovecot's name in syslog is known", pg_doctor_judge_dovecot_name },
  { "dovecot-log", "Dovecot logs where popgated reads, and what it needs", pg_doctor_judge_dovecot_log },
  { "address-families", "clients can use the same addresses for POP and for SMTP", pg_doctor_judge_families },
  { "shared-addresses", "webmail and proxies grant nothing", pg_doctor_judge_shared_addresses },
  { "database", "the database is popgated's alone", pg_doctor_judge_database },
  { "unit", "systemd starts popgated, and confines it", pg_doctor_judge_unit },
  { "clock", "the clock is kept right", pg_doctor_judge_clock },
};

const PgDoctorCheck *
pg_doctor_check_at (guint index)
{
  return index < G_N_ELEMENTS (checks) ? &checks[index] : NULL;
}

PgDoctorReport *
pg_doctor_check_run (const PgDoctorCheck *check, const PgDoctorFacts *facts)
{
  PgDoctorReport *report = pg_doctor_report_new ();

  check->judge (facts, report);
  return report;
}
