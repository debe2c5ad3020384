/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor-judges: the checks of popgate doctor, and their table.
 *
 * A judge says what the facts mean, and does nothing else: no file, no socket, no clock. So recorded facts judge as live ones do.
 */
#pragma once

#include "cli/doctor-facts.h"
#include "cli/doctor-report.h"

G_BEGIN_DECLS

typedef void (*PgDoctorJudge) (const PgDoctorFacts *facts, PgDoctorReport *report);

/**
 * PgDoctorCheck: a row of the table.
 * @name: in words of a-z and dashes; stable
 * @about: what it means if all is well, as a sentence without its stop
 */
typedef struct
{
  const char   *name;
  const char   *about;
  PgDoctorJudge judge;
} PgDoctorCheck;

/** pg_doctor_check_at: number @index of the table, from 0, in the order of showing; NULL behind the last one. */
const PgDoctorCheck *pg_doctor_check_at (guint index);

/** pg_doctor_check_run: what @check says of @facts; transfer full. */
PgDoctorReport *pg_doctor_check_run (const PgDoctorCheck *check, const PgDoctorFacts *facts);

/* doctor-lists.c: who asks popgate, and in which order. */
void pg_doctor_judge_relay_list (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_wrong_list (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_relay_order (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_open_relay (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_recipient_list (const PgDoctorFacts *facts, PgDoctorReport *report);

/* doctor-policy.c: how they ask, and who need not. */
void pg_doctor_judge_postfix_version (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_default_action (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_timeout (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_policy_context (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_socket_path (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_mynetworks (const PgDoctorFacts *facts, PgDoctorReport *report);

/* doctor-service.c: popgated and what it stands on. */
void pg_doctor_judge_config (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_socket_rights (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_live_query (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_daemon (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_database (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_unit (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_clock (const PgDoctorFacts *facts, PgDoctorReport *report);

/* doctor-source.c: the logs, and what is read in them. */
void pg_doctor_judge_log_access (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_log_writers (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_log_fresh (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_log_time (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_log_logins (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_shared_addresses (const PgDoctorFacts *facts, PgDoctorReport *report);

/* doctor-host.c: what brings the lines. */
void pg_doctor_judge_rsyslog (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_journald (const PgDoctorFacts *facts, PgDoctorReport *report);

/* doctor-dovecot.c: who writes them. */
void pg_doctor_judge_dovecot_name (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_dovecot_log (const PgDoctorFacts *facts, PgDoctorReport *report);
void pg_doctor_judge_families (const PgDoctorFacts *facts, PgDoctorReport *report);

G_END_DECLS
