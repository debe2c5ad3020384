/* SPDX-License-Identifier: GPL-3.0-or-later */
/* poller: many descriptors as one source of the main loop.
 *
 * The loop's own poll(2) costs time for each descriptor; so all connections share one epoll(7) descriptor, and the loop
 * knows only that. And as the loop waits in the poller's poll function, it waits in epoll_wait(2), which tells at once who is
 * ready.
 *
 * There are two levels: those on the first are all asked before some of those on the second get their turn. So who
 * is known to behave hardly waits for a crowd that doesn't. A turn of the loop ends after a millisecond, whoever is ready.
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
  int      fd;
  guint32  events;   /* the poller's */
  gboolean is_first; /* the poller's */
};

/** pg_poller_new: attached to the default main context, whose poll function it is from now on: so there is one at a time. Returns
 * NULL with errno set if there are no descriptors left. */
PgPoller *pg_poller_new (void);

/** pg_poller_set_after: @after (nullable) is called when some watches that were found ready together have been called, a few of
 * them at a time, and at the end of a turn. */
void pg_poller_set_after (PgPoller *self, void (*after) (gpointer user_data), gpointer user_data);

/** pg_poller_free: ends @self; watches are the caller's. NULL is legal. */
void pg_poller_free (PgPoller *self);

/** pg_poller_add: waits for @events (EPOLLIN, ...) on watch->fd, level-triggered, on the second level. FALSE with errno set: it
 * can't. */
gboolean pg_poller_add (PgPoller *self, PgWatch *watch, guint32 events);

/** pg_poller_change: from now on waits for @events instead; 0: only for errors. */
void pg_poller_change (PgPoller *self, PgWatch *watch, guint32 events);

/**
 * pg_poller_put_first: from now on it is on the first level, or, with FALSE, on the second again.
 *
 * On the first level each event is told once, EPOLLRDHUP too: who does not take all that there is at once, and sees to the end
 * of it, goes to the second, where all that is left is told.
 */
void pg_poller_put_first (PgPoller *self, PgWatch *watch, gboolean first);

/** pg_poller_remove: waits no more; @watch is not called again, not even for what has happened already. */
void pg_poller_remove (PgPoller *self, PgWatch *watch);

G_END_DECLS
