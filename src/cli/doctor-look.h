/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor-look: the files that popgate doctor reads: the ends of logs, and configurations of those who write them. */
#pragma once

#include "cli/doctor-facts.h"

G_BEGIN_DECLS

/** pg_doctor_look: what the end of @source, one of [log] source, shows; asks @facts for the configuration; transfer full. */
PgDoctorLog *pg_doctor_look (const PgDoctorFacts *facts, const char *source);

/** pg_doctor_look_rsyslog: @etc/rsyslog.conf and @etc/rsyslog.d, each behind "#file PATH"; NULL: there is none; transfer full. */
char *pg_doctor_look_rsyslog (const char *etc);

/** pg_doctor_look_journald: the same of @etc/systemd/journald.conf and journald.conf.d. */
char *pg_doctor_look_journald (const char *etc);

G_END_DECLS
