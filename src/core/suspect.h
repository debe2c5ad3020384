/* SPDX-License-Identifier: GPL-3.0-or-later */
/* suspect: lines that no grammar takes and that may tell a login all the same. For an administrator's eyes: grants nothing.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-login-line.c.
 */
#pragma once

#include "core/span.h"

G_BEGIN_DECLS

/**
 * pg_suspect_is_login:
 * @line: a line of a server's program, any bytes
 *
 * Returns: TRUE if it has a word that servers use for logins, and none of those that they use for failed ones and for ends
 */
gboolean pg_suspect_is_login (PgSpan line);

G_END_DECLS
