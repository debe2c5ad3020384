/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/connection.h"

#include <errno.h>
#include <gio/gio.h>
#include <sys/socket.h>
#include <unistd.h>

/* Read at once: Postfix's whole request, and of a peer that sends many in a row, few, so that others have their turn. */
#define PORTION 4096

/* A buffer that many requests at once have grown is not kept. */
#define REPLIES_KEPT_MAX 512

PgConnection *
pg_connection_new (int fd, gpointer owner)
{
  PgConnection *self = g_new0 (PgConnection, 1);

  self->watch.fd = fd;
  self->owner = owner;
  self->request = pg_request_new ();
  self->replies = g_string_new (NULL);
  return self;
}

void
pg_connection_free (PgConnection *self)
{
  close (self->watch.fd);
  pg_request_free (self->request);
  g_string_free (self->replies, TRUE);
  g_free (self);
}

gboolean
pg_connection_has_replies (const PgConnection *self)
{
  return self->replies->len > 0;
}

gboolean
pg_connection_is_begun (const PgConnection *self)
{
  return pg_request_is_begun (self->request);
}

gsize
pg_connection_n_held (const PgConnection *self)
{
  return pg_request_n_held (self->request) + self->replies->len;
}

static void
drop_sent (PgConnection *self, gsize n)
{
  g_string_erase (self->replies, 0, (gssize) n);
  if (self->replies->len == 0 && self->replies->allocated_len > REPLIES_KEPT_MAX)
    {
      g_string_free (self->replies, TRUE);
      self->replies = g_string_new (NULL);
    }
}

static PgConnectionState
waiting_state (const PgConnection *self)
{
  return pg_connection_has_replies (self) || pg_request_is_begun (self->request) ? PG_CONNECTION_BUSY : PG_CONNECTION_IDLE;
}

static void
set_blocked (PgConnection *self, PgPoller *poller, gboolean blocked)
{
  if (self->is_blocked == blocked)
    return;
  self->is_blocked = blocked;
  pg_poller_change (poller, &self->watch, blocked ? EPOLLOUT : EPOLLIN);
}

PgConnectionState
pg_connection_flush (PgConnection *self, PgPoller *poller)
{
  gssize n = send (self->watch.fd, self->replies->str, self->replies->len, MSG_NOSIGNAL);

  if (n < 0 && errno != EAGAIN && errno != EINTR)
    return self->state = PG_CONNECTION_CLOSED;
  if (n > 0)
    drop_sent (self, (gsize) n);
  set_blocked (self, poller, pg_connection_has_replies (self));
  return self->state = waiting_state (self);
}

/* Answers all requests that @data completes. */
static PgConnectionState
answer_all (PgConnection *self, PgSpan data, PgConnectionAnswer answer, gpointer user_data, GError **error)
{
  char     reply[PG_REPLY_MAX];
  PgQuery  query;
  gboolean complete;

  while (data.len > 0)
    {
      if (!pg_request_feed (self->request, &data, &complete, error))
        return PG_CONNECTION_FAILED;
      if (!complete)
        break;
      pg_request_query (self->request, &query);
      g_string_append_len (self->replies, reply, (gssize) answer (&query, reply, user_data));
      pg_request_reset (self->request);
      self->n_answered++;
    }
  return waiting_state (self);
}

PgConnectionState
pg_connection_serve (PgConnection *self, PgPoller *poller, PgConnectionAnswer answer, gpointer user_data, GError **error)
{
  char   portion[PORTION];
  gssize n;

  if (self->is_blocked && (pg_connection_flush (self, poller) == PG_CONNECTION_CLOSED || self->is_blocked))
    return self->state;
  n = TEMP_FAILURE_RETRY (recv (self->watch.fd, portion, sizeof portion, 0));
  self->has_more = n == sizeof portion;
  if (n > 0)
    self->state = answer_all (self, pg_span (portion, (gsize) n), answer, user_data, error);
  else if (n == 0 || errno != EAGAIN)
    self->state = PG_CONNECTION_CLOSED;
  return self->state;
}

/* --- who ------------------------------------------------------------------------------------------------------------- */

/* NULL: it has none. */
static GInetSocketAddress *
inet_address (int fd)
{
  struct sockaddr_storage native;
  socklen_t               size = sizeof native;
  GSocketAddress         *address;

  if (getpeername (fd, (struct sockaddr *) &native, &size) != 0 || native.ss_family == AF_UNIX)
    return NULL;
  address = g_socket_address_new_from_native (&native, size);
  if (G_IS_INET_SOCKET_ADDRESS (address))
    return G_INET_SOCKET_ADDRESS (address);
  g_clear_object (&address);
  return NULL;
}

guint
pg_connection_peer_key (const PgConnection *self)
{
  g_autoptr (GInetSocketAddress) address = inet_address (self->watch.fd);
  g_autofree char *host = NULL;
  struct ucred     credentials;
  socklen_t        size = sizeof credentials;

  if (address == NULL)
    return getsockopt (self->watch.fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 ? credentials.uid : 0;
  host = g_inet_address_to_string (g_inet_socket_address_get_address (address));
  return g_str_hash (host);
}

char *
pg_connection_peer (const PgConnection *self)
{
  g_autoptr (GInetSocketAddress) address = inet_address (self->watch.fd);
  struct ucred credentials;
  socklen_t    size = sizeof credentials;

  if (address != NULL)
    return g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address));
  if (getsockopt (self->watch.fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return g_strdup ("unknown");
  return g_strdup_printf ("pid %d, uid %u", (int) credentials.pid, (unsigned) credentials.uid);
}
