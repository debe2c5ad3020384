/* SPDX-License-Identifier: GPL-3.0-or-later */
/* notify: tells the service manager how we are (sd_notify(3)); does nothing without one.
 *
 * Nothing here waits: what the manager has no room for is kept, in order, and sent later.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** pg_notify: sends @state, as "READY=1"; lines are separated by LF. */
void pg_notify (const char *state);

/** pg_notify_retry: to be called about once a second: sends what is kept. */
void pg_notify_retry (void);

/** pg_notify_reloading: a reload begins; it ends with READY=1. */
void pg_notify_reloading (void);

/** pg_notify_status: what an admin is shown: one line of @text, UTF-8; its control characters are blanks then. */
void pg_notify_status (const char *text);

/**
 * pg_notify_watch:
 *
 * If the service manager wants to hear of us again and again, it does from now on, twice as often as it wants, as long as the
 * default main loop runs. A loop that stands still is what it waits for.
 *
 * Returns: the source's id, or 0 if it doesn't want to, or we are built without libsystemd
 */
guint pg_notify_watch (void);

G_END_DECLS
