/* SPDX-License-Identifier: GPL-3.0-or-later */
/* connection: one client of the policy server: bytes in, replies out, in order.
 *
 * What it answers is its owner's; how long it may wait as well, told by its state.
 */
#pragma once

#include "core/request.h"
#include "core/reply.h"
#include "daemon/lobby.h"
#include "daemon/poller.h"

G_BEGIN_DECLS

typedef struct _PgConnection PgConnection;

/** PgConnectionAnswer: writes the reply to @query into @out; returns its length. */
typedef gsize (*PgConnectionAnswer) (const PgQuery *query, char out[PG_REPLY_MAX], gpointer user_data);

/**
 * PgConnectionState:
 * @PG_CONNECTION_IDLE: waits for a request
 * @PG_CONNECTION_BUSY: a request has begun, or replies wait to be read
 * @PG_CONNECTION_CLOSED: the peer is gone, without a fault
 * @PG_CONNECTION_FAILED: it spoke another protocol; the error says which way
 */
typedef enum
{
  PG_CONNECTION_IDLE,
  PG_CONNECTION_BUSY,
  PG_CONNECTION_CLOSED,
  PG_CONNECTION_FAILED,
} PgConnectionState;

/** PgConnection: @watch is first, so that a ready watch is the connection. The rest is this module's, or its owner's. */
struct _PgConnection
{
  PgWatch           watch;
  PgConnectionState state;
  PgRequest        *request;
  GString          *replies;    /* not sent yet */
  guint64           n_answered; /* requests */
  gboolean          is_blocked; /* the socket had no room for the replies: waits for EPOLLOUT */
  gboolean          has_more;   /* perhaps not all was read that had come */

  gpointer     owner;
  PgLobbyGuest guest;     /* owner's */
  gsize        n_held;    /* owner's: as it was counted last */
  guint64      n_settled; /* owner's: n_answered as it was then */
  gboolean     is_listed; /* owner's: to be flushed */
};

/** pg_connection_new: over @fd, non-blocking, which it owns. Free with pg_connection_free(). */
PgConnection *pg_connection_new (int fd, gpointer owner);

/** pg_connection_free: closes it. */
void pg_connection_free (PgConnection *self);

/**
 * pg_connection_serve:
 * @poller: that waits for it; what is waited for is changed as need be
 * @answer: called for each request that is complete, in order
 * @error: set only with PG_CONNECTION_FAILED
 *
 * Reads what is there, once and not much, and answers it; the replies wait for pg_connection_flush(). While older ones still
 * wait, nothing is read.
 *
 * Returns: the state it is in now
 */
PgConnectionState pg_connection_serve (PgConnection *self, PgPoller *poller, PgConnectionAnswer answer, gpointer user_data,
                                       GError **error);

/**
 * pg_connection_flush:
 *
 * Sends the replies that wait. What finds no room is sent when the peer has read.
 *
 * Returns: as pg_connection_serve()
 */
PgConnectionState pg_connection_flush (PgConnection *self, PgPoller *poller);

/** pg_connection_has_replies: TRUE if some wait to be sent. */
gboolean pg_connection_has_replies (const PgConnection *self);

/** pg_connection_is_begun: TRUE if a request has begun that is not complete. */
gboolean pg_connection_is_begun (const PgConnection *self);

/** pg_connection_n_held: bytes that are kept for it: of a request that is not complete, and of replies that are not sent. */
gsize pg_connection_n_held (const PgConnection *self);

/** pg_connection_peer_key: a number that is the same for all connections of one user, or of one inet address. */
guint pg_connection_peer_key (const PgConnection *self);

/** pg_connection_peer: who is at the other end: "pid 7, uid 107" or an address. Transfer full. */
char *pg_connection_peer (const PgConnection *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
