/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/policy-server.h"

#include "daemon/connection.h"
#include "daemon/door.h"
#include "daemon/lobby.h"
#include "daemon/log.h"

/* Read of a connection at the end: more than the 208 KiB that a socket holds. */
#define LAST_PORTIONS_MAX 64

/* Who waits at the doors at the end, and is still let in. */
#define LAST_GUESTS_MAX 256

/* Postfix sends a request at once, and in one piece. */
#define EXPECTED_US G_USEC_PER_SEC

struct _PgPolicyServer
{
  PgEngine              *engine;
  PgPoller              *poller;
  PgPermitLog           *permits;
  PgDoors               *doors;
  PgLobby                lobby;
  guint                  fd_limit;
  gsize                  n_held;   /* bytes, by all connections together */
  GPtrArray             *answered; /* connections whose replies are to be sent when the batch is decided */
  gint64                 batch_us; /* monotonic: when the first of those that are being answered was read */
  gint64                 now_us;   /* what the clock showed then */
  guint                  n_batch;  /* requests that were answered since, and whose replies are not sent */
  PgPolicyServerCounters counters;
  PgLogThrottle          failures;
  PgLogThrottle          crowds;
};

/* --- ending ---------------------------------------------------------------------------------------------------------- */

static void
end (PgPolicyServer *self, PgConnection *connection)
{
  if (connection->is_listed)
    g_ptr_array_remove_fast (self->answered, connection);
  pg_poller_remove (self->poller, &connection->watch);
  pg_lobby_leave (&self->lobby, &connection->guest);
  self->n_held -= connection->n_held;
  pg_connection_free (connection);
  pg_doors_open (self->doors); /* there is room for one more */
}

static void
end_for_fault (PgPolicyServer *self, PgConnection *connection, PgPolicyFault kind, const char *fault)
{
  self->counters.failed[kind]++;
  if (pg_log_may_of (&self->failures, pg_connection_peer_key (connection), "faults of policy clients"))
    {
      g_autofree char *peer = pg_connection_peer (connection);

      g_warning ("policy client (%s): %s; connection closed without a reply", peer, fault);
    }
  end (self, connection);
}

/* What is kept for connections has a bound for all together: whoever has left it lying longest goes first. */
static void
count_held (PgPolicyServer *self, PgConnection *connection)
{
  PgConnection *first;
  gsize         n_held = pg_connection_n_held (connection);

  self->n_held = self->n_held - connection->n_held + n_held;
  connection->n_held = n_held;
  while (self->n_held > PG_POLICY_HELD_MAX && (first = pg_lobby_first (&self->lobby, PG_LOBBY_BUSY)) != NULL)
    end_for_fault (self, first, PG_POLICY_HELD, "too much of unfinished requests and unread replies");
}

/* --- accepting ------------------------------------------------------------------------------------------------------- */

static guint
max_connections (const PgPolicyServer *self)
{
  return MIN (self->fd_limit, pg_engine_config (self->engine)->max_connections);
}

static gboolean
is_full (const PgPolicyServer *self)
{
  return self->lobby.n_guests >= max_connections (self);
}

static gboolean
send_one_away (PgPolicyServer *self)
{
  PgConnection *connection = pg_lobby_dispensable (&self->lobby, g_get_monotonic_time ());

  if (pg_log_may (&self->crowds, "times new ones found no room"))
    g_warning ("there are %u policy connections, as many as may be: %s; see [policy] max_connections", self->lobby.n_guests,
               connection != NULL ? "the idlest are closed for new ones" : "new ones wait");
  if (connection == NULL)
    return FALSE;
  self->counters.displaced++;
  end (self, connection);
  return TRUE;
}

static gboolean
has_room (gboolean is_waiting, gpointer user_data)
{
  PgPolicyServer *self = user_data;

  return !is_full (self) || (is_waiting && send_one_away (self));
}

static void serve (PgWatch *watch, guint32 events);

/* Most of the request is still to be read, which takes as long as memory that is far. */
static void
expect (const PgAddress *address, gpointer user_data)
{
  PgPolicyServer *self = user_data;

  pg_engine_expect (self->engine, address);
}

static void
welcome (int fd, gpointer user_data)
{
  PgPolicyServer *self = user_data;
  PgConnection   *connection = pg_connection_new (fd, self);

  connection->watch.ready = serve;
  pg_request_hear (connection->request, expect, self);
  if (!pg_poller_add (self->poller, &connection->watch, EPOLLIN))
    {
      pg_connection_free (connection);
      return;
    }
  pg_lobby_enter (&self->lobby, &connection->guest, connection, PG_LOBBY_NEW, g_get_monotonic_time ());
  self->counters.accepted++;
}

/* --- serving --------------------------------------------------------------------------------------------------------- */

/* A batch takes a few milliseconds at the most: for all that it answers it is as late as it was when it began. */
static void
look_at_clocks (PgPolicyServer *self)
{
  if (self->n_batch > 0)
    return;
  self->batch_us = g_get_monotonic_time ();
  self->now_us = g_get_real_time ();
}

static gsize
answer (const PgQuery *query, char out[PG_REPLY_MAX], gpointer user_data)
{
  PgPolicyServer *self = user_data;
  PgFinding       finding;

  pg_engine_decide (self->engine, query, self->now_us, &finding);
  if (finding.decision.verdict == PG_VERDICT_OK)
    pg_permit_log_add (self->permits, query, &finding, self->now_us);
  self->n_batch++;
  return pg_reply_format (finding.decision.verdict, finding.decision.text, out);
}

/* The wait for a request, or for its end, begins anew; but not with each byte of one. */
static void
move (PgPolicyServer *self, PgConnection *connection)
{
  PgLobbyPlace old = connection->guest.place;
  PgLobbyPlace new = old;

  if (connection->state == PG_CONNECTION_BUSY)
    new = PG_LOBBY_BUSY;
  else if (connection->n_answered > 0)
    new = PG_LOBBY_IDLE;
  if (new != old || connection->n_answered != connection->n_settled)
    pg_lobby_move (&self->lobby, &connection->guest, new, self->batch_us);
  connection->n_settled = connection->n_answered;
  count_held (self, connection);
}

/* Puts @connection where its new state belongs, or ends it. */
static void
settle (PgPolicyServer *self, PgConnection *connection, const char *fault)
{
  if (connection->state <= PG_CONNECTION_BUSY)
    {
      move (self, connection);
      return;
    }
  if (connection->state == PG_CONNECTION_CLOSED)
    {
      end (self, connection);
      return;
    }
  if (pg_connection_has_replies (connection))
    (void) pg_connection_flush (connection, self->poller); /* what was asked before the fault is answered */
  end_for_fault (self, connection, PG_POLICY_PROTOCOL, fault);
}

/* How long its first request, and so none longer, has waited. */
static void
end_batch (PgPolicyServer *self)
{
  if (self->n_batch > 0)
    pg_histogram_add (&self->counters.latency, g_get_monotonic_time () - self->batch_us, self->n_batch);
  self->n_batch = 0;
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
      (void) pg_connection_flush (connection, self->poller);
      settle (self, connection, NULL);
    }
  end_batch (self);
}

/* Who asks as Postfix does, one whole request in one piece and then none before its reply, comes before those who don't. The end
 * of a request that came in pieces earns nothing: a thousand who send byte by byte would come first all at once. */
static void
rank (PgPolicyServer *self, PgConnection *connection, gboolean was_begun, guint64 n_asked, guint32 events)
{
  gboolean is_leaving = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;

  if (was_begun || n_asked > 1 || pg_connection_is_begun (connection) || connection->has_more || is_leaving)
    pg_poller_put_first (self->poller, &connection->watch, FALSE);
  else if (n_asked == 1)
    pg_poller_put_first (self->poller, &connection->watch, TRUE);
}

/* TRUE: its replies are sent with those of the others, and then it is settled. */
static gboolean
waits_for_flush (PgPolicyServer *self, PgConnection *connection)
{
  if (connection->state > PG_CONNECTION_BUSY || connection->is_blocked || !pg_connection_has_replies (connection))
    return FALSE;
  if (!connection->is_listed)
    g_ptr_array_add (self->answered, connection);
  connection->is_listed = TRUE;
  return TRUE;
}

static void
serve (PgWatch *watch, guint32 events)
{
  PgConnection   *connection = (PgConnection *) watch;
  PgPolicyServer *self = connection->owner;
  guint64         n_answered = connection->n_answered;
  gboolean        was_begun = pg_connection_is_begun (connection);
  g_autoptr (GError) error = NULL;

  look_at_clocks (self);
  if (pg_connection_serve (connection, self->poller, answer, self, &error) <= PG_CONNECTION_BUSY)
    rank (self, connection, was_begun, connection->n_answered - n_answered, events);
  if (!waits_for_flush (self, connection))
    settle (self, connection, error != NULL ? error->message : NULL);
}

void
pg_policy_server_tick (PgPolicyServer *self)
{
  gint64        now_us = g_get_monotonic_time ();
  PgConnection *late;

  while ((late = pg_lobby_overdue (&self->lobby, PG_LOBBY_BUSY, now_us)) != NULL)
    end_for_fault (self, late, PG_POLICY_LATE, "a request was not completed, or a reply not read, in time");
  while ((late = pg_lobby_overdue (&self->lobby, PG_LOBBY_NEW, now_us)) != NULL
         || (late = pg_lobby_overdue (&self->lobby, PG_LOBBY_IDLE, now_us)) != NULL)
    end (self, late);
  pg_doors_open (self->doors);
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

PgPolicyServer *
pg_policy_server_new (PgEngine *engine, PgPoller *poller, const GPtrArray *listeners)
{
  PgPolicyServer  *self = g_new0 (PgPolicyServer, 1);
  const PgDoorHost host = { .whom = "Postfix", .has_room = has_room, .welcome = welcome, .user_data = self };

  self->engine = engine;
  self->poller = poller;
  self->fd_limit = G_MAXUINT;
  self->permits = pg_permit_log_new ();
  self->answered = g_ptr_array_new ();
  pg_poller_set_after (poller, flush_answered, self);
  self->doors = pg_doors_new (poller, listeners, &host);
  return self;
}

void
pg_policy_server_set_fd_limit (PgPolicyServer *self, guint limit)
{
  self->fd_limit = limit;
}

void
pg_policy_server_leave (PgPolicyServer *self)
{
  pg_doors_drain (self->doors, LAST_GUESTS_MAX);
  pg_doors_close (self->doors);
}

gboolean
pg_policy_server_is_expecting (const PgPolicyServer *self)
{
  gint64 since_us = g_get_monotonic_time () - EXPECTED_US;

  return pg_lobby_has_since (&self->lobby, PG_LOBBY_NEW, since_us) || pg_lobby_has_since (&self->lobby, PG_LOBBY_BUSY, since_us);
}

/* Answers what has arrived on @connection: all that a socket can hold, and no more, as it may go on. */
static void
answer_rest (PgPolicyServer *self, PgConnection *connection)
{
  guint64 n_answered;
  guint   n_portions = 0;

  look_at_clocks (self);
  do
    {
      n_answered = connection->n_answered;
      if (pg_connection_serve (connection, self->poller, answer, self, NULL) <= PG_CONNECTION_BUSY
          && pg_connection_has_replies (connection))
        (void) pg_connection_flush (connection, self->poller);
    }
  while (connection->n_answered > n_answered && connection->state <= PG_CONNECTION_BUSY && ++n_portions < LAST_PORTIONS_MAX);
  end_batch (self);
}

static void
drain (PgPolicyServer *self, PgLobbyPlace place)
{
  PgConnection *first;

  while ((first = pg_lobby_first (&self->lobby, place)) != NULL)
    {
      answer_rest (self, first);
      end (self, first);
    }
}

void
pg_policy_server_free (PgPolicyServer *self)
{
  if (self == NULL)
    return;
  for (PgLobbyPlace place = 0; place < PG_N_LOBBY_PLACES; place++)
    drain (self, place);
  pg_doors_free (self->doors);
  pg_poller_set_after (self->poller, NULL, NULL);
  g_ptr_array_unref (self->answered);
  pg_permit_log_free (self->permits);
  g_free (self);
}

guint64
pg_policy_server_n_failed (const PgPolicyServer *self)
{
  guint64 n = 0;

  for (guint fault = 0; fault < PG_N_POLICY_FAULTS; fault++)
    n += self->counters.failed[fault];
  return n;
}

PgPolicyServerCounters
pg_policy_server_counters (const PgPolicyServer *self)
{
  PgPolicyServerCounters counters = self->counters;

  counters.n_connections = self->lobby.n_guests;
  counters.max_connections = max_connections (self);
  return counters;
}

PgPermitLog *
pg_policy_server_permit_log (PgPolicyServer *self)
{
  return self->permits;
}
