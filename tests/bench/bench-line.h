/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-line: login lines as Dovecot 2.3 gives them to syslog, one for each address of bench-address. */
#pragma once
#include "bench-address.h"
#include <glib.h>
G_BEGIN_DECLS

/**
 * pg_bench_line_append:
 * @out: where the line goes, with its LF
 * @set: whose address logs in
 * @index: which of them; the user's name comes from it too
 *
 * The line's time is now, to the microsecond, so that the login is as new as can be.
 */
void pg_bench_line_append (GString *out, PgBenchSet set, guint32 index);

G_END_DECLS
