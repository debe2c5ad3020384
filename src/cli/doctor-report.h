/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor-report: what popgate doctor's checks have to say, and how it is shown.
 *
 * A check says any number of things: that something is well, that it can't tell, or what is wrong, where, and the line to change.
 * Texts are English and may quote foreign text, which is escaped when it is shown.
 */
#pragma once

#include "control/message.h"

G_BEGIN_DECLS

/** PgDoctorResult: in order of weight; a check's own is the heaviest of what it said. */
typedef enum
{
  PG_DOCTOR_OK = 0,
  PG_DOCTOR_UNKNOWN,
  PG_DOCTOR_FINDING,
} PgDoctorResult;

/**
 * PgDoctorEntry: all owned.
 * @what: a sentence without its stop
 * @where: (nullable): of a finding: the file, or "run", where @change is a command; NULL: there is no one line to change
 * @change: (nullable): the line as it should be; several lines with LFs
 */
typedef struct
{
  PgDoctorResult result;
  char          *what;
  char          *where;
  char          *change;
} PgDoctorEntry;

typedef struct _PgDoctorReport PgDoctorReport;

/** PG_DOCTOR_RUN: the place of a change that is a command. */
#define PG_DOCTOR_RUN "run"

/** pg_doctor_report_new: of one check, without entries; transfer full. */
PgDoctorReport *pg_doctor_report_new (void);

/** pg_doctor_report_free: ends @self; NULL is legal. */
void pg_doctor_report_free (PgDoctorReport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgDoctorReport, pg_doctor_report_free)

/** pg_doctor_ok: something is well. */
void pg_doctor_ok (PgDoctorReport *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/** pg_doctor_unknown: something can't be told. */
void pg_doctor_unknown (PgDoctorReport *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/** pg_doctor_find: something is wrong; @where, @change: (nullable): as of PgDoctorEntry, copied. */
void pg_doctor_find (PgDoctorReport *self, const char *where, const char *change, const char *format, ...) G_GNUC_PRINTF (4, 5);

/** pg_doctor_report_result: PG_DOCTOR_OK if nothing was said. */
PgDoctorResult pg_doctor_report_result (const PgDoctorReport *self);

/** pg_doctor_report_size: how many entries there are. */
guint pg_doctor_report_size (const PgDoctorReport *self);

/** pg_doctor_report_entry: number @index, from 0; borrowed. */
const PgDoctorEntry *pg_doctor_report_entry (const PgDoctorReport *self, guint index);

/** pg_doctor_report_print: for people: a line for all that is well, one for each other entry, and its change below it. */
void pg_doctor_report_print (const PgDoctorReport *self, const char *check);

/** pg_doctor_report_to_json: the object that popgate(1) describes; @about: what the check means; transfer full. */
JsonObject *pg_doctor_report_to_json (const PgDoctorReport *self, const char *check, const char *about);

G_END_DECLS
