/* SPDX-License-Identifier: GPL-3.0-or-later */
/* head: what stands before the message of a log line: stamp, host, program.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-login-line.c.
 *
 * PG_HEAD_SYSLOG, as a syslog daemon writes files, one of
 *   stamp SP host SP program ["[" pid "]"] ":" SP message             stamp of RFC 3164 or RFC 3339
 *   "<" pri ">1" SP stamp SP host SP program SP pid SP msgid SP data [SP [SP] [BOM] message]
 *                                      RFC 5424; "-" for pid, msgid and data is nil; a nil stamp is no head. The second blank
 *                                      is rsyslog's, which keeps the one that stood behind the colon of RFC 3164
 * PG_HEAD_DOVECOT, Dovecot's log_path and log_timestamp, one of
 *   [tai SP] [name ":" SP] stamp SP message    the name stood there up to 1.x; behind multilog, the stamp that counts is
 *   tai SP message                             Dovecot's own, if it has one
 * PG_HEAD_TAI64N, other servers behind multilog:
 *   tai SP program ["[" pid "]"] ":" SP message
 * A source has one format: text of the one kind is never read as the other.
 * Source: RFC 3164 4.1; RFC 5424 6; rsyslog's RSYSLOG_TraditionalFileFormat, RSYSLOG_FileFormat and
 * RSYSLOG_SyslogProtocol23Format; Dovecot 2.3 lib/failures.c; cr.yp.to/daemontools/multilog.html
 */
#pragma once

#include "core/stamp.h"

G_BEGIN_DECLS

typedef enum
{
  PG_HEAD_UNKNOWN = 0, /* not decided yet */
  PG_HEAD_SYSLOG,
  PG_HEAD_DOVECOT,
  PG_HEAD_TAI64N,
} PgHeadFormat;

/** PgHead: @host, @program and @pid are empty where there is none; all spans are borrowed from the line. In PG_HEAD_DOVECOT,
 *  @program is the name before the stamp. A nil host of RFC 5424 is "-": a host all the same, of no name. */
typedef struct
{
  PgStamp stamp;
  PgSpan  host;
  PgSpan  program;
  PgSpan  pid;
  PgSpan  message;
} PgHead;

/** pg_head_format_from_span: "syslog", "dovecot", "tai64n" or "auto" (PG_HEAD_UNKNOWN). Returns FALSE for any other word. */
gboolean pg_head_format_from_span (PgSpan word, PgHeadFormat *out);

/**
 * pg_head_parse:
 * @line: a whole line without its LF
 * @format: which head it has; with PG_HEAD_UNKNOWN it has none
 * @out: (out): the head
 *
 * Returns: FALSE if the line has no head of that format
 */
gboolean pg_head_parse (PgSpan line, PgHeadFormat format, PgHead *out);

/**
 * pg_head_peek:
 * @line: a whole line without its LF
 * @out_program: (out): the program of the line
 * @out_message: (out): its message; no data if it is not at hand so soon
 *
 * Most lines of a log do not matter: this finds what tells so without a close look at what stands before it. The answer is
 * right if the line has a head of PG_HEAD_SYSLOG; whether it has one, only pg_head_parse() tells.
 *
 * Returns: FALSE if it has none
 */
gboolean pg_head_peek (PgSpan line, PgSpan *out_program, PgSpan *out_message);

/**
 * pg_head_guess:
 * @line: a whole line without its LF
 *
 * Which format can only have written this line? A source asks for its lines in order, until one decides for all that follow.
 *
 * Returns: the format, or PG_HEAD_UNKNOWN if this line does not tell
 */
PgHeadFormat pg_head_guess (PgSpan line);

G_END_DECLS
