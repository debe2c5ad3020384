/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report: what popgate-login tells the daemon of one login, as bytes.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-report.c. Links with the C library alone: it is half
 * of a program that runs at each login.
 *
 * Layout:  "pgl" version(1) time(8, microseconds since the epoch, little-endian), then service, address, server address and
 *          user, each as length(1) bytes(length); nothing behind them.
 * Bounds:  PG_REPORT_MAX bytes in all, 255 a text. What the texts say is judged by report-login.
 * Unknown: another version, a length that does not fit and bytes that are left over make it no report.
 */
#pragma once

#include "core/span.h"

G_BEGIN_DECLS

/** PG_REPORT_MAX: bytes of the longest report. */
#define PG_REPORT_MAX 512

/**
 * PgReport:
 * @time_us: when it was sent, microseconds since the epoch
 * @service: as the admin names it in Dovecot's configuration
 * @address: the client's, as Dovecot writes it
 * @server_address: ours; empty if not known
 * @user: any bytes
 */
typedef struct
{
  gint64 time_us;
  PgSpan service;
  PgSpan address;
  PgSpan server_address;
  PgSpan user;
} PgReport;

/** pg_report_encode: writes @self to @out. Returns how many bytes that are, 0 if it does not fit. */
G_GNUC_WARN_UNUSED_RESULT
gsize pg_report_encode (const PgReport *self, guint8 out[PG_REPORT_MAX]);

/**
 * pg_report_decode:
 * @bytes: one message, of any content
 * @out: (out): its parts, borrowed from @bytes; undefined on failure
 *
 * Returns: FALSE if it is no report of this version, whole and with nothing behind it
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_report_decode (PgSpan bytes, PgReport *out);

G_END_DECLS
