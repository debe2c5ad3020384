/* SPDX-License-Identifier: GPL-3.0-or-later */
/* listen: sockets to listen on, made so that nobody connects who may not, and nobody is pushed aside. */
#pragma once

#include <gio/gio.h>
#include <sys/socket.h>

G_BEGIN_DECLS

/** PgListener: @fd is non-blocking and listens; @path: NULL for an inet socket. */
typedef struct
{
  int     fd;
  char   *spec;
  char   *path;
  guint64 device;
  guint64 inode;
} PgListener;

/**
 * PgListenRights: of a unix socket.
 * @owner, @group: (nullable): names; "" or NULL leaves it; who doesn't exist is a warning
 * @type: SOCK_SEQPACKET, or SOCK_STREAM, which 0 means as well
 */
typedef struct
{
  guint       mode;
  const char *owner;
  const char *group;
  int         type;
} PgListenRights;

/**
 * pg_listen:
 * @spec: "unix:/PATH", or "inet:ADDRESS:PORT" with brackets around an IPv6 address
 * @rights: for a unix socket
 * @error: PG_ERROR_BUSY if somebody answers there, PG_ERROR_VALUE, PG_ERROR_SYSTEM; names the socket
 *
 * A unix socket gets its owner and mode under another name, and takes its own by rename(2); one left over by a process that
 * is gone is replaced. What is no socket is left alone.
 *
 * Returns: (transfer full): free with pg_listener_free(); NULL with @error set
 */
G_GNUC_WARN_UNUSED_RESULT
PgListener *pg_listen (const char *spec, const PgListenRights *rights, GError **error);

/**
 * pg_listener_adopt:
 * @fd: of AF_UNIX, AF_INET or AF_INET6, and listens already; is owned from now on, also on failure
 * @error: PG_ERROR_SYSTEM
 *
 * Returns: (transfer full): it, with @spec as pg_listen() would take it; it is made non-blocking, and its path is left alone,
 *   now and at the end
 */
G_GNUC_WARN_UNUSED_RESULT
PgListener *pg_listener_adopt (int fd, GError **error);

/** pg_listener_free: stops listening, and removes the path if it still names this socket; NULL is legal. */
void pg_listener_free (PgListener *self);

G_END_DECLS
