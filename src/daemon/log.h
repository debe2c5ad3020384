/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log: where g_message() and g_warning() of the daemon go, and how often. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** PG_LOG_LINE_MAX: bytes of the longest message; what is longer is cut. */
#define PG_LOG_LINE_MAX 2000

/**
 * PgLogTarget:
 * @PG_LOG_STDERR: the journal if the standard error is connected to it, else the standard error
 * @PG_LOG_SYSLOG: syslog(3), facility mail
 * @PG_LOG_JOURNAL: the journal, else the standard error
 */
typedef enum
{
  PG_LOG_STDERR,
  PG_LOG_SYSLOG,
  PG_LOG_JOURNAL,
} PgLogTarget;

/**
 * pg_log_init:
 * @target: where messages go from now on
 *
 * They go one line each, of at most PG_LOG_LINE_MAX bytes. Foreign bytes in them have to be escaped by who says it; a control
 * character that comes all the same is shown as a question mark.
 */
void pg_log_init (PgLogTarget target);

#define PG_LOG_PEERS 32

/** PgLogThrottle: zero: nothing logged yet. */
typedef struct
{
  gint64 minute;
  guint  n_logged;
  guint  n_dropped;
  guint8 n_of[PG_LOG_PEERS];
} PgLogThrottle;

/**
 * pg_log_may:
 * @self: one for each thing that outsiders can make us say
 * @what: what is not said any more, in the plural
 *
 * Returns: FALSE if that was said often enough this minute; how often it was not said is logged later
 */
gboolean pg_log_may (PgLogThrottle *self, const char *what);

/**
 * pg_log_may_of:
 * @peer: a number of who makes us say it, as his uid
 *
 * As pg_log_may(); one peer gets but a part of what may be said, so that he can't hide what another one does.
 */
gboolean pg_log_may_of (PgLogThrottle *self, guint peer, const char *what);

G_END_DECLS
