/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report-login: popgate-login's report -> login.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-report.c.
 *
 * Source of the texts: Dovecot's script-login.c, 2.0 to 2.4: USER, IP and LOCAL_IP of the environment, IP and LOCAL_IP being
 * empty where there is none; control characters of a name stand escaped behind \001. A name that has any is refused, since
 * no note could name it; so is an address that inet_pton(3) refuses.
 */
#pragma once

#include "core/login.h"
#include "core/report.h"

G_BEGIN_DECLS

/**
 * pg_report_to_login:
 * @report: as pg_report_decode() gave it
 * @out: (out): the login, its user borrowed from @report, its time as reported; untouched on failure
 * @out_why: (out) (transfer none): on failure, why it is none, as a phrase; else untouched
 *
 * Returns: FALSE if it tells no login
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_report_to_login (const PgReport *report, PgLogin *out, const char **out_why);

G_END_DECLS
