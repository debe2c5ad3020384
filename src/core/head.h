/* SPDX-License-Identifier: GPL-3.0-or-later */
/* head: what stands before the message of a log line: stamp, host, program.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-login-line.c.
 *
 * PG_HEAD_SYSLOG:   stamp SP host SP program ["[" pid "]"] ":" SP message    stamp of RFC 3164 or RFC 3339
 * PG_HEAD_DOVECOT:  stamp SP message                                          Dovecot's log_path and log_timestamp
 * A source has one format: text of the one kind is never read as the other.
 * Source: RFC 3164 4.1; rsyslog's RSYSLOG_TraditionalFileFormat and RSYSLOG_FileFormat; Dovecot 2.3 lib/failures.c
 */
#pragma once

#include "core/stamp.h"

G_BEGIN_DECLS

typedef enum
{
  PG_HEAD_UNKNOWN = 0, /* not decided yet */
  PG_HEAD_SYSLOG,
  PG_HEAD_DOVECOT,
} PgHeadFormat;

/** PgHead: @host, @program and @pid are empty where the format has none; all spans are borrowed from the line. */
typedef struct
{
  PgStamp stamp;
  PgSpan  host;
  PgSpan  program;
  PgSpan  pid;
  PgSpan  message;
} PgHead;

/** pg_head_format_from_span: "syslog", "dovecot" or "auto" (PG_HEAD_UNKNOWN). Returns FALSE for any other word. */
gboolean pg_head_format_from_span (PgSpan word, PgHeadFormat *out);

/**
 * pg_head_parse:
 * @line: a whole line without its LF
 * @format: PG_HEAD_SYSLOG or PG_HEAD_DOVECOT
 * @out: (out): the head
 *
 * Returns: FALSE if the line has no head of that format
 */
gboolean pg_head_parse (PgSpan line, PgHeadFormat format, PgHead *out);

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
