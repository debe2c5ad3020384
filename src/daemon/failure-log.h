/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What fails again and again is said once, and now and then. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** PgFailureLog: of one thing that is tried again until it succeeds; all 0: nothing was said yet. */
typedef struct
{
  char  *told;    /* last; NULL: all went well since */
  gint64 told_us; /* monotonic */
} PgFailureLog;

/** pg_failure_log_clear: frees what is in @self. */
void pg_failure_log_clear (PgFailureLog *self);

/**
 * pg_failure_log_tell: as a warning, what went wrong
 * @what: (nullable): a line; said at once if it is another than the last, else after ten minutes. NULL: all is well: the next is
 *   said at once.
 */
void pg_failure_log_tell (PgFailureLog *self, const char *what);

G_END_DECLS
