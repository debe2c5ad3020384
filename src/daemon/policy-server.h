/* SPDX-License-Identifier: GPL-3.0-or-later */
/* policy-server: answers Postfix's check_policy_service on any number of connections.
 *
 * A request that is not complete PG_LOBBY_BUSY_US after its first byte, replies that are not read for so long, and a
 * connection that is silent for PG_LOBBY_IDLE_US end it. When there are as many connections as may be, lobby.h tells who
 * goes for the next one; if nobody can, the next one waits.
 */
#pragma once

#include "core/histogram.h"
#include "daemon/listen.h"
#include "daemon/permit-log.h"
#include "daemon/poller.h"

G_BEGIN_DECLS

/** PG_POLICY_HELD_MAX: bytes of incomplete requests and of unread replies, of all connections together. */
#define PG_POLICY_HELD_MAX (32 * 1024 * 1024)

typedef struct _PgPolicyServer PgPolicyServer;

/** PgPolicyFault: what a client did, so that its connection was closed. */
typedef enum
{
  PG_POLICY_PROTOCOL, /* it spoke another one */
  PG_POLICY_LATE,     /* it took too long for a request, or to read a reply */
  PG_POLICY_HELD,     /* it left too much unfinished or unread */
  PG_N_POLICY_FAULTS
} PgPolicyFault;

/**
 * PgPolicyServerCounters: since the start.
 * @displaced: connections that made room for new ones
 * @latency: of requests: from when those that were ready together began to be read until their replies were sent
 */
typedef struct
{
  guint       n_connections;
  guint       max_connections;
  guint64     accepted;
  guint64     failed[PG_N_POLICY_FAULTS];
  guint64     displaced;
  PgHistogram latency;
} PgPolicyServerCounters;

/** pg_policy_server_new: @engine and @poller must outlive it; so must @listeners (element-type PgListener). */
PgPolicyServer *pg_policy_server_new (PgEngine *engine, PgPoller *poller, const GPtrArray *listeners);

/** pg_policy_server_set_fd_limit: so many connections at the most, whatever max_connections says: descriptors are scarce. */
void pg_policy_server_set_fd_limit (PgPolicyServer *self, guint limit);

/** pg_policy_server_leave: takes who waits at its doors, and nobody else any more. */
void pg_policy_server_leave (PgPolicyServer *self);

/** pg_policy_server_is_expecting: TRUE if a request is on its way: of a connection that was made within the last second and has
 * asked nothing yet, or that has begun to ask. */
gboolean pg_policy_server_is_expecting (const PgPolicyServer *self);

/** pg_policy_server_free: answers the complete requests that have arrived, and closes all connections; NULL is legal. */
void pg_policy_server_free (PgPolicyServer *self);

/** pg_policy_server_tick: to be called about once a second: ends who is over time, accepts again if that had to stop. */
void pg_policy_server_tick (PgPolicyServer *self);

/** pg_policy_server_n_failed: connections that were closed for a fault, of whatever kind. */
guint64 pg_policy_server_n_failed (const PgPolicyServer *self);

/** pg_policy_server_counters: by value. */
PgPolicyServerCounters pg_policy_server_counters (const PgPolicyServer *self);

/** pg_policy_server_permit_log: to be told of once a minute; borrowed. */
PgPermitLog *pg_policy_server_permit_log (PgPolicyServer *self);

G_END_DECLS
