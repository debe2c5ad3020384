/* SPDX-License-Identifier: GPL-3.0-or-later */
/* login-server: the sockets where popgate-login reports logins.
 *
 * They can do nothing else. Who may is decided by the peer's uid: root, and whom [login] reporters names. A connection
 * (SOCK_SEQPACKET) brings one report and gets no answer. Its login goes the way of one that was read in a log, at the time
 * when it was sent, but never later than now: so a report that had to wait in the backlog permits no longer for it.
 */
#pragma once

#include "daemon/granter.h"
#include "daemon/listen.h"
#include "daemon/poller.h"

G_BEGIN_DECLS

typedef struct _PgLoginServer PgLoginServer;

/** PgLoginServerCounters: since the start. */
typedef struct
{
  guint64 logins;    /* reports that told a login, whatever came of it */
  guint64 refused;   /* reports that told none */
  guint64 strangers; /* connections of those who may not report, or who sent nothing */
  guint64 dropped;   /* logins that waited for the store and had to go for newer ones */
  guint   waiting;   /* logins that wait for the store now */
} PgLoginServerCounters;

/**
 * pg_login_server_new:
 * @engine: its configuration names the reporters; must outlive it, as the others
 * @granter: takes the logins
 * @poller: that will wait for reports
 * @listeners: (element-type PgListener): of SOCK_SEQPACKET; perhaps none
 *
 * Returns: (transfer full): free with pg_login_server_free()
 */
PgLoginServer *pg_login_server_new (PgEngine *engine, PgGranter *granter, PgPoller *poller, const GPtrArray *listeners);

/** pg_login_server_free: takes what has arrived, tells of logins that could not be stored, and ends @self; NULL is legal. */
void pg_login_server_free (PgLoginServer *self);

/** pg_login_server_reload: looks the reporters up anew; those who don't exist are warned of. */
void pg_login_server_reload (PgLoginServer *self);

/** pg_login_server_tick: to be called once a second: stores what has waited, and ends connections that stay silent. */
void pg_login_server_tick (PgLoginServer *self);

/** pg_login_server_counters: by value. */
PgLoginServerCounters pg_login_server_counters (const PgLoginServer *self);

/** pg_login_server_is_listening: FALSE if there are no sockets. */
gboolean pg_login_server_is_listening (const PgLoginServer *self);

G_END_DECLS
