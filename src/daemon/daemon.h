/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon: all parts of popgated put together, from start to end. */
#pragma once

#include "core/config.h"

G_BEGIN_DECLS

typedef struct _PgDaemon PgDaemon;

/**
 * PgDaemonLoad: reads the configuration anew.
 *
 * Returns: (transfer full): it, or NULL with @error set
 */
typedef PgConfig *(*PgDaemonLoad) (GError **error);

/**
 * pg_daemon_new: what is to be done while there is one thread only. Nothing is opened yet.
 * @load: for the configuration, now and at each reload
 * @error: what is wrong with the configuration
 *
 * Returns: (transfer full): end with pg_daemon_stop(); NULL with @error set
 */
G_GNUC_WARN_UNUSED_RESULT
PgDaemon *pg_daemon_new (PgDaemonLoad load, GError **error);

/**
 * pg_daemon_start: once.
 * @error: why it can't start: the configuration, or a socket. A store that can't be used is no reason: questions are
 *   deferred, and it is tried again
 *
 * Returns: TRUE if clients are answered when the main loop runs; FALSE with @error set
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_daemon_start (PgDaemon *self, GError **error);

/** pg_daemon_reload: takes a new configuration; a bad one is refused, and the old one stays. Connections are kept. */
gboolean pg_daemon_reload (PgDaemon *self, GError **error);

/** pg_daemon_stop: answers what was asked, saves what is to be saved and ends @self, started or not; NULL is legal. */
void pg_daemon_stop (PgDaemon *self);

G_END_DECLS
