/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor-probe: what popgate doctor tries out: other programs, popgated's sockets with user postfix's rights, and a question. */
#pragma once

#include "cli/doctor-facts.h"

G_BEGIN_DECLS

/** PG_DOCTOR_PATIENCE_S: seconds that a program or an answer may take. */
#define PG_DOCTOR_PATIENCE_S 10

/**
 * pg_doctor_run:
 * @argv: NULL-terminated; the program is looked for in PATH and in the folders of system programs
 * @out_problem: (out) (transfer full): why there is no output
 *
 * Runs a program to its end, without input, in the language C.
 *
 * Returns: (transfer full): its output; NULL with @out_problem set if it can't be run, fails, or takes too long
 */
G_GNUC_WARN_UNUSED_RESULT
char *pg_doctor_run (const char *const *argv, char **out_problem);

/**
 * pg_doctor_connect_as:
 * @user: who tries
 * @socket: (inout): one with a path; gets failure and blocker, or untried
 *
 * Connects in a process of its own that has @user's rights and no others; only root and @user can.
 */
void pg_doctor_connect_as (const char *user, PgDoctorSocket *socket);

/** pg_doctor_ask: asks popgated about PG_DOCTOR_ADDRESS; sets action, ask_ms and ask_problem. */
void pg_doctor_ask (PgDoctorSocket *socket);

G_END_DECLS
