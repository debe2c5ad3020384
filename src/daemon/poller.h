/* SPDX-License-Identifier: GPL-3.0-or-later */
/* poller: many descriptors as one source of the main loop.
 *
 * The loop's own poll(2) costs time for each descriptor; so all connections share one epoll(7) descriptor, and the loop
 * knows only that.
 */
#pragma once

#include <glib.h>
#include <sys/epoll.h>

G_BEGIN_DECLS

typedef struct _PgPoller PgPoller;
typedef struct _PgWatch  PgWatch;

/** PgWatch: embedded in whatever waits for a descriptor. @ready may remove any watch, its own too. */
struct _PgWatch
{
  void (*ready) (PgWatch *self, guint32 events);
  int fd;
};

/** pg_poller_new: attached to the default main context. Returns NULL with errno set if there are no descriptors left. */
PgPoller *pg_poller_new (void);

/** pg_poller_set_after: @after (nullable) is called when all watches that were found ready together have been called. */
void pg_poller_set_after (PgPoller *self, void (*after) (gpointer user_data), gpointer user_data);

/** pg_poller_free: ends @self; watches are the caller's. NULL is legal. */
void pg_poller_free (PgPoller *self);

/** pg_poller_add: waits for @events (EPOLLIN, ...) on watch->fd, level-triggered. FALSE with errno set: it can't. */
gboolean pg_poller_add (PgPoller *self, PgWatch *watch, guint32 events);

/** pg_poller_change: from now on waits for @events instead; 0: only for errors. */
void pg_poller_change (PgPoller *self, PgWatch *watch, guint32 events);

/** pg_poller_remove: waits no more; @watch is not called again, not even for what has happened already. */
void pg_poller_remove (PgPoller *self, PgWatch *watch);

G_END_DECLS
