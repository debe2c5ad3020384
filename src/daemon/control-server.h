/* SPDX-License-Identifier: GPL-3.0-or-later */
/* control-server: the admin's socket. Who may is decided by the peer's uid; root and the daemon's own user always may;
 * readers may use those commands that only look. */
#pragma once

#include "control/commands.h"
#include "daemon/committer.h"
#include "daemon/listen.h"
#include "daemon/poller.h"

G_BEGIN_DECLS

typedef struct _PgControlServer PgControlServer;

/** PgControlHost: what the commands need; all borrowed, and must outlive the server. See PgCommandHost. */
typedef struct
{
  PgEngine    *engine;
  PgUsageLog  *usage;
  PgPoller    *poller;
  PgCommitter *committer;
  void (*describe) (JsonObject *status, gpointer user_data);
  PgMetrics *(*collect) (gpointer user_data);
  gboolean (*reload) (GError **error, gpointer user_data);
  gpointer user_data;
} PgControlHost;

/** pg_control_server_new: over @listeners (element-type PgListener), which must outlive it. */
PgControlServer *pg_control_server_new (const PgControlHost *host, const GPtrArray *listeners);

/** pg_control_server_reload: looks admins and readers up anew. */
void pg_control_server_reload (PgControlServer *self);

/** pg_control_server_tick: to be called once a second: ends who takes too long to ask or to read. */
void pg_control_server_tick (PgControlServer *self);

/** pg_control_server_free: ends all its connections; NULL is legal. */
void pg_control_server_free (PgControlServer *self);

G_END_DECLS
