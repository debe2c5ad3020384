/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/connection.h"

#include <errno.h>
#include <gio/gio.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORTION 16384

/* A buffer that a peer who did not read has grown is not kept. */
#define UNSENT_KEPT_MAX 4096

PgConnection *
pg_connection_new (int fd, gpointer owner)
{
  PgConnection *self = g_new0 (PgConnection, 1);

  self->watch.fd = fd;
  self->link.data = self;
  self->owner = owner;
  self->request = pg_request_new ();
  return self;
}

void
pg_connection_free (PgConnection *self)
{
  close (self->watch.fd);
  pg_request_free (self->request);
  if (self->unsent != NULL)
    g_string_free (self->unsent, TRUE);
  g_free (self);
}

/* Sends as much as there is room for. Returns how much, or -1 if the peer is gone. */
static gssize
send_some (PgConnection *self, const char *data, gsize len)
{
  gssize n = send (self->watch.fd, data, len, MSG_NOSIGNAL);

  if (n >= 0)
    return n;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static void
clear_unsent (PgConnection *self)
{
  if (self->unsent->allocated_len > UNSENT_KEPT_MAX)
    {
      g_string_free (self->unsent, TRUE);
      self->unsent = NULL;
    }
  else
    g_string_truncate (self->unsent, 0);
}

static gboolean
has_unsent (const PgConnection *self)
{
  return self->unsent != NULL && self->unsent->len > 0;
}

/* Sends what waits. FALSE: the peer is gone. */
static gboolean
send_unsent (PgConnection *self)
{
  gssize n;

  if (!has_unsent (self))
    return TRUE;
  n = send_some (self, self->unsent->str, self->unsent->len);
  if (n < 0)
    return FALSE;
  g_string_erase (self->unsent, 0, n);
  if (self->unsent->len == 0)
    clear_unsent (self);
  return TRUE;
}

static gboolean
send_reply (PgConnection *self, const char *reply, gsize len)
{
  gssize n = has_unsent (self) ? 0 : send_some (self, reply, len);

  if (n < 0)
    return FALSE;
  if ((gsize) n < len)
    {
      if (self->unsent == NULL)
        self->unsent = g_string_new (NULL);
      g_string_append_len (self->unsent, reply + n, (gssize) (len - (gsize) n));
    }
  return TRUE;
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
      if (!send_reply (self, reply, answer (&query, reply, user_data)))
        return PG_CONNECTION_CLOSED;
      pg_request_reset (self->request);
    }
  return has_unsent (self) || pg_request_is_begun (self->request) ? PG_CONNECTION_BUSY : PG_CONNECTION_IDLE;
}

static PgConnectionState
receive (PgConnection *self, PgConnectionAnswer answer, gpointer user_data, GError **error)
{
  char   portion[PORTION];
  gssize n = recv (self->watch.fd, portion, sizeof portion, 0);

  if (n > 0)
    return answer_all (self, pg_span (portion, (gsize) n), answer, user_data, error);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return self->state;
  return PG_CONNECTION_CLOSED;
}

PgConnectionState
pg_connection_serve (PgConnection *self, PgPoller *poller, PgConnectionAnswer answer, gpointer user_data, GError **error)
{
  gboolean was_blocked = has_unsent (self);

  self->state = send_unsent (self) ? self->state : PG_CONNECTION_CLOSED;
  if (self->state != PG_CONNECTION_CLOSED && !has_unsent (self))
    self->state = receive (self, answer, user_data, error);
  if (self->state <= PG_CONNECTION_BUSY && was_blocked != has_unsent (self))
    pg_poller_change (poller, &self->watch, has_unsent (self) ? EPOLLOUT : EPOLLIN);
  return self->state;
}

static char *
inet_peer (int fd)
{
  struct sockaddr_storage    native;
  socklen_t                  size = sizeof native;
  g_autoptr (GSocketAddress) address = NULL;

  if (getpeername (fd, (struct sockaddr *) &native, &size) != 0)
    return NULL;
  address = g_socket_address_new_from_native (&native, size);
  return G_IS_INET_SOCKET_ADDRESS (address) ? g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address)) : NULL;
}

char *
pg_connection_peer (const PgConnection *self)
{
  struct ucred credentials;
  socklen_t    size = sizeof credentials;
  char        *peer = inet_peer (self->watch.fd);

  if (peer != NULL)
    return peer;
  if (getsockopt (self->watch.fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    return g_strdup ("unknown");
  return g_strdup_printf ("pid %d, uid %u", (int) credentials.pid, (unsigned) credentials.uid);
}
