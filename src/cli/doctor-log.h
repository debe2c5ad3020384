/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor-log: what the last part of a source of logins shows, read as popgated would read it. */
#pragma once

#include "core/config.h"
#include "core/source-spec.h"

G_BEGIN_DECLS

/** PG_DOCTOR_LOG_BYTES: so much of the end of a log is read. */
#define PG_DOCTOR_LOG_BYTES (8u * 1024 * 1024)

/** PG_DOCTOR_LOG_ADDRESSES: so many addresses that log in are told apart, and so many users of each. */
#define PG_DOCTOR_LOG_ADDRESSES 10000
#define PG_DOCTOR_LOG_USERS 100

/** PG_DOCTOR_NEVER: a time of what never was. */
#define PG_DOCTOR_NEVER G_MININT64

/**
 * PgDoctorLog: all owned.
 * @spec: the source
 * @problem: why a file can't be read; NULL: it can, or it is no file
 * @is_absent: @problem is that there is no such file
 * @is_ours: @problem is that this process may not, which says nothing about popgated
 * @untrusted: who else may write to it, as popgated says it; NULL: nobody
 * @format: of the lines
 * @modified_us: when the file was written to last
 * @line_us, @login_us: times of the newest line and login in it; they may lie in the future
 * @n_lines, @n_logins, @n_refused: lines that were read, logins among them, and lines that look like logins and are not taken
 * @addresses: of GHashTable (a set of char *, users) by char *, who logged in from where
 */
typedef struct
{
  PgSourceSpec *spec;
  char         *problem;
  gboolean      is_absent;
  gboolean      is_ours;
  char         *untrusted;
  PgHeadFormat  format;
  gint64        modified_us;
  gint64        line_us;
  gint64        login_us;
  guint         n_lines;
  guint         n_logins;
  guint         n_refused;
  GHashTable   *addresses;
} PgDoctorLog;

/** pg_doctor_log_new: of @source, one of [log] source; nothing read yet; transfer full. */
PgDoctorLog *pg_doctor_log_new (const char *source);

/** pg_doctor_log_free: ends @log; NULL is legal. */
void pg_doctor_log_free (gpointer log);

/**
 * pg_doctor_log_feed:
 * @text: whole lines
 * @zone: of stamps without an offset
 *
 * Reads lines. A stamp without a year may lie a day ahead of @now_us, so that a wrong zone is seen.
 */
void pg_doctor_log_feed (PgDoctorLog *self, PgSpan text, const PgConfig *config, GTimeZone *zone, gint64 now_us);

G_END_DECLS
