/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor-gather: asks the host for all that popgate doctor judges. Changes nothing. */
#pragma once

#include "cli/cli.h"
#include "cli/doctor-facts.h"

G_BEGIN_DECLS

/**
 * PgDoctorPlaces: where to look; each nullable: in the usual place. All borrowed.
 * @postfix: folder with main.cf and master.cf
 * @dovecot: Dovecot's configuration file
 * @etc: folder with rsyslog.conf, rsyslog.d and systemd/journald.conf, instead of /etc
 */
typedef struct
{
  const char *postfix;
  const char *dovecot;
  const char *etc;
} PgDoctorPlaces;

/** pg_doctor_gather: transfer full. */
PgDoctorFacts *pg_doctor_gather (const PgCli *cli, const PgDoctorPlaces *places);

G_END_DECLS
