/* SPDX-License-Identifier: GPL-3.0-or-later */
/* login-line: a log line -> a login, or what else it is.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-login-line.c.
 *
 * The head gives the program, the program the server family, the family's own file the grammar. A new family is one file
 * server-NAME.c, one row of the table in login-line.c, one file in tests/corpus.
 */
#pragma once

#include "core/joiner.h"
#include "core/program-memo.h"

G_BEGIN_DECLS

/**
 * PgLineRules: who may say that somebody logged in. All borrowed.
 * @dovecot_names: NULL-terminated: the syslog names of Dovecot (its instance_name)
 * @hosts: NULL-terminated: hosts that a central log may speak for; empty: any
 * @servers: bit (1 << PgServer) is set for each family that counts
 * @memo: (nullable): helps to pass over lines that do not matter; the caller's, empty at first, and for these rules only
 */
typedef struct
{
  const char *const *dovecot_names;
  const char *const *hosts;
  guint              servers;
  PgProgramMemo     *memo;
} PgLineRules;

/**
 * pg_login_line_parse:
 * @line: a whole line without its LF, any bytes
 * @format: the source's format
 * @rules: who may say so
 * @clock: now, and the zone of stamps without an offset
 * @joiner: (nullable): the source's, given its lines in order; without it there are no logins of servers that need two lines,
 *   and a line may be a piece of a longer one (torn.h)
 * @out: (out): for PG_LINE_LOGIN the login; its spans point into @line. The time is the line's own, not clamped
 * @out_why: (out) (transfer none): for PG_LINE_REFUSED, a phrase that says why
 *
 * Returns: what the line is. With a memo, a line that is no login may be PG_LINE_OTHER though its head is malformed
 */
PgLineKind pg_login_line_parse (PgSpan line, PgHeadFormat format, const PgLineRules *rules, const PgClock *clock,
                                PgJoiner *joiner, PgLogin *out, const char **out_why);

/**
 * pg_login_line_passes_over:
 * @line: a whole line without its LF, any bytes
 * @format: the source's format
 * @rules: who may say so, with a memo; without one nothing is passed over
 * @out_kind: (out): PG_LINE_FOREIGN or PG_LINE_OTHER, if so
 *
 * Returns: TRUE if pg_login_line_parse() would see no more in @line than that, nor have @joiner keep anything of it
 */
gboolean pg_login_line_passes_over (PgSpan line, PgHeadFormat format, const PgLineRules *rules, PgLineKind *out_kind);

G_END_DECLS
