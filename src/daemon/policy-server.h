/* SPDX-License-Identifier: GPL-3.0-or-later */
/* policy-server: answers Postfix's check_policy_service on any number of connections.
 *
 * A request that is not complete PG_POLICY_PARTIAL_US after its first byte, replies that are not read for so long, and a
 * connection that is silent for PG_POLICY_IDLE_US end it: Postfix, with its 100 s and 1000 s, is always the one to end first.
 * Source: Postfix smtpd_policy_service_timeout, _max_idle, _max_ttl (postconf(5))
 */
#pragma once

#include "daemon/listen.h"
#include "daemon/permit-log.h"
#include "daemon/poller.h"

G_BEGIN_DECLS

#define PG_POLICY_PARTIAL_US ((gint64) 115 * G_USEC_PER_SEC)
#define PG_POLICY_IDLE_US ((gint64) 1015 * G_USEC_PER_SEC)

typedef struct _PgPolicyServer PgPolicyServer;

/** PgPolicyServerCounters: @failed: other protocols and deadlines missed. */
typedef struct
{
  guint   n_connections;
  guint64 accepted;
  guint64 failed;
} PgPolicyServerCounters;

/** pg_policy_server_new: @engine and @poller must outlive it; so must @listeners (element-type PgListener). */
PgPolicyServer *pg_policy_server_new (PgEngine *engine, PgPoller *poller, const GPtrArray *listeners);

/** pg_policy_server_free: answers the complete requests that have arrived, and closes all connections; NULL is legal. */
void pg_policy_server_free (PgPolicyServer *self);

/** pg_policy_server_tick: to be called about once a second: ends who is over time, accepts again if that had to stop. */
void pg_policy_server_tick (PgPolicyServer *self);

/** pg_policy_server_counters: borrowed. */
const PgPolicyServerCounters *pg_policy_server_counters (const PgPolicyServer *self);

/** pg_policy_server_permit_log: to be told of once a minute; borrowed. */
PgPermitLog *pg_policy_server_permit_log (PgPolicyServer *self);

G_END_DECLS
