/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/policy-server.h"

#include "daemon/connection.h"
#include "daemon/log.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct
{
  PgWatch         watch;
  PgPolicyServer *owner;
} Door;

/* Each queue is in order of time: who waits longest is first. */
struct _PgPolicyServer
{
  PgEngine              *engine;
  PgPoller              *poller;
  PgPermitLog           *permits;
  GArray                *doors; /* of Door */
  gboolean               is_open;
  GQueue                 idle;
  GQueue                 busy;
  GPtrArray             *answered; /* connections whose replies are to be sent when the batch is decided */
  PgPolicyServerCounters counters;
  PgLogThrottle          failures;
};

static GQueue *
queue_of (PgPolicyServer *self, PgConnectionState state)
{
  return state == PG_CONNECTION_BUSY ? &self->busy : &self->idle;
}

/* --- accepting ------------------------------------------------------------------------------------------------------- */

/* Closed doors leave new connections in the backlog, where they wait. */
static void
set_doors (PgPolicyServer *self, gboolean open)
{
  if (self->is_open == open)
    return;
  self->is_open = open;
  for (guint i = 0; i < self->doors->len; i++)
    pg_poller_change (self->poller, &g_array_index (self->doors, Door, i).watch, open ? EPOLLIN : 0);
}

static gboolean
is_full (const PgPolicyServer *self)
{
  return self->counters.n_connections >= pg_engine_config (self->engine)->max_connections;
}

static void serve (PgWatch *watch, guint32 events);

static void
welcome (PgPolicyServer *self, int fd)
{
  PgConnection *connection = pg_connection_new (fd, self);

  connection->watch.ready = serve;
  connection->since_us = g_get_monotonic_time ();
  if (!pg_poller_add (self->poller, &connection->watch, EPOLLIN))
    {
      pg_connection_free (connection);
      return;
    }
  g_queue_push_tail_link (&self->idle, &connection->link);
  self->counters.n_connections++;
  self->counters.accepted++;
}

static void
open_door (PgWatch *watch, G_GNUC_UNUSED guint32 events)
{
  PgPolicyServer *self = ((Door *) watch)->owner;
  int             fd = -1;

  while (!is_full (self) && (fd = accept4 (watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
    welcome (self, fd);
  if (fd < 0 && errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
    {
      g_warning ("cannot accept connections, trying again in a second: %s", g_strerror (errno));
      set_doors (self, FALSE);
    }
  else if (is_full (self))
    set_doors (self, FALSE);
}

/* --- serving --------------------------------------------------------------------------------------------------------- */

static void
end (PgPolicyServer *self, PgConnection *connection)
{
  if (connection->is_listed)
    g_ptr_array_remove_fast (self->answered, connection);
  pg_poller_remove (self->poller, &connection->watch);
  g_queue_unlink (queue_of (self, connection->state), &connection->link);
  pg_connection_free (connection);
  self->counters.n_connections--;
  set_doors (self, TRUE); /* there is room for one more */
}

static void
end_for_fault (PgPolicyServer *self, PgConnection *connection, const char *fault)
{
  self->counters.failed++;
  if (pg_log_may (&self->failures, "faults of policy clients"))
    {
      g_autofree char *peer = pg_connection_peer (connection);

      g_warning ("policy client (%s): %s; connection closed without a reply", peer, fault);
    }
  end (self, connection);
}

static gsize
answer (const PgQuery *query, char out[PG_REPLY_MAX], gpointer user_data)
{
  PgPolicyServer *self = user_data;
  gint64          now_us = g_get_real_time ();
  PgFinding       finding;

  pg_engine_decide (self->engine, query, now_us, &finding);
  if (finding.decision.verdict == PG_VERDICT_OK)
    pg_permit_log_add (self->permits, query, &finding, now_us);
  return pg_reply_format (finding.decision.verdict, finding.decision.text, out);
}

/* The wait for a request, or for its end, begins anew; but not with each byte of one. */
static void
move (PgPolicyServer *self, PgConnection *connection, PgConnectionState before)
{
  if (before == PG_CONNECTION_BUSY && connection->state == PG_CONNECTION_BUSY)
    return;
  g_queue_unlink (queue_of (self, before), &connection->link);
  g_queue_push_tail_link (queue_of (self, connection->state), &connection->link);
  connection->since_us = g_get_monotonic_time ();
}

/* Puts @connection where its new state belongs, or ends it. */
static void
settle (PgPolicyServer *self, PgConnection *connection, PgConnectionState before, const char *fault)
{
  PgConnectionState state = connection->state;

  if (state <= PG_CONNECTION_BUSY)
    {
      move (self, connection, before);
      return;
    }
  if (state == PG_CONNECTION_FAILED && pg_connection_has_replies (connection))
    (void) pg_connection_flush (connection, self->poller); /* what was asked before the fault is answered */
  connection->state = before;                              /* whose queue it is in */
  if (state == PG_CONNECTION_FAILED)
    end_for_fault (self, connection, fault);
  else
    end (self, connection);
}

static void
flush (PgPolicyServer *self, PgConnection *connection)
{
  PgConnectionState before = connection->state;

  (void) pg_connection_flush (connection, self->poller);
  settle (self, connection, before, NULL);
}

/* Replies are sent when all that was asked together is decided: a client that is woken earlier only takes the processor. */
static void
flush_answered (gpointer user_data)
{
  PgPolicyServer *self = user_data;

  while (self->answered->len > 0)
    {
      PgConnection *connection = g_ptr_array_steal_index_fast (self->answered, self->answered->len - 1);

      connection->is_listed = FALSE;
      flush (self, connection);
    }
}

static void
serve (PgWatch *watch, G_GNUC_UNUSED guint32 events)
{
  PgConnection     *connection = (PgConnection *) watch;
  PgPolicyServer   *self = connection->owner;
  PgConnectionState before = connection->state;
  g_autoptr (GError) error = NULL;

  if (pg_connection_serve (connection, self->poller, answer, self, &error) <= PG_CONNECTION_BUSY
      && pg_connection_has_replies (connection) && !connection->is_blocked && !connection->is_listed)
    {
      connection->is_listed = TRUE;
      g_ptr_array_add (self->answered, connection);
    }
  settle (self, connection, before, error != NULL ? error->message : NULL);
}

static void
end_overdue (PgPolicyServer *self, GQueue *queue, gint64 limit_us, const char *fault)
{
  gint64        now_us = g_get_monotonic_time ();
  PgConnection *first;

  while ((first = g_queue_peek_head (queue)) != NULL && now_us - first->since_us > limit_us)
    if (fault != NULL)
      end_for_fault (self, first, fault);
    else
      end (self, first);
}

void
pg_policy_server_tick (PgPolicyServer *self)
{
  end_overdue (self, &self->busy, PG_POLICY_PARTIAL_US, "a request was not completed, or a reply not read, in time");
  end_overdue (self, &self->idle, PG_POLICY_IDLE_US, NULL);
  if (!is_full (self))
    set_doors (self, TRUE);
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

static void
add_door (PgPolicyServer *self, const PgListener *listener)
{
  g_array_append_vals (self->doors, &(Door){ { open_door, listener->fd }, self }, 1);
}

PgPolicyServer *
pg_policy_server_new (PgEngine *engine, PgPoller *poller, const GPtrArray *listeners)
{
  PgPolicyServer *self = g_new0 (PgPolicyServer, 1);

  self->engine = engine;
  self->poller = poller;
  self->permits = pg_permit_log_new ();
  self->doors = g_array_new (FALSE, FALSE, sizeof (Door));
  self->answered = g_ptr_array_new ();
  self->is_open = TRUE;
  pg_poller_set_after (poller, flush_answered, self);
  for (guint i = 0; i < listeners->len; i++)
    add_door (self, g_ptr_array_index (listeners, i));
  for (guint i = 0; i < self->doors->len; i++)
    if (!pg_poller_add (poller, &g_array_index (self->doors, Door, i).watch, EPOLLIN))
      g_warning ("cannot wait for connections: %s", g_strerror (errno));
  return self;
}

/* Answers what has arrived on the connections of @queue, and ends them. */
static void
drain (PgPolicyServer *self, GQueue *queue, PgConnectionState state)
{
  PgConnection *first;

  while ((first = g_queue_peek_head (queue)) != NULL)
    {
      if (pg_connection_serve (first, self->poller, answer, self, NULL) <= PG_CONNECTION_BUSY
          && pg_connection_has_replies (first))
        (void) pg_connection_flush (first, self->poller);
      first->state = state; /* whose queue it is in */
      end (self, first);
    }
}

void
pg_policy_server_free (PgPolicyServer *self)
{
  if (self == NULL)
    return;
  drain (self, &self->busy, PG_CONNECTION_BUSY);
  drain (self, &self->idle, PG_CONNECTION_IDLE);
  for (guint i = 0; i < self->doors->len; i++)
    pg_poller_remove (self->poller, &g_array_index (self->doors, Door, i).watch);
  pg_poller_set_after (self->poller, NULL, NULL);
  g_ptr_array_unref (self->answered);
  g_array_unref (self->doors);
  pg_permit_log_free (self->permits);
  g_free (self);
}

const PgPolicyServerCounters *
pg_policy_server_counters (const PgPolicyServer *self)
{
  return &self->counters;
}

PgPermitLog *
pg_policy_server_permit_log (PgPolicyServer *self)
{
  return self->permits;
}
