/* SPDX-License-Identifier: GPL-3.0-or-later */
/* door: takes connections at listening sockets, a few in a turn of the main loop, and rests when there is no room.
 *
 * Who is not taken waits in the backlog. A descriptor that can't be had (EMFILE, ENFILE, no memory) shuts all doors until one
 * may be free again: a socket that stays ready would keep the loop busy with nothing.
 * Source: accept(2), "Error handling"
 */
#pragma once

#include "daemon/poller.h"

G_BEGIN_DECLS

typedef struct _PgDoors PgDoors;

/**
 * PgDoorHost: who lives behind the doors.
 * @whom: who is let in, in the plural, for messages
 * @has_room: (nullable): may one more come in? @is_waiting: somebody stands at the door, so it is worth making room for
 *   him; else there is perhaps nobody. FALSE shuts the doors. NULL: always
 * @welcome: takes @fd: non-blocking, and the callee's from now on
 */
typedef struct
{
  const char *whom;
  gboolean (*has_room) (gboolean is_waiting, gpointer user_data);
  void (*welcome) (int fd, gpointer user_data);
  gpointer user_data;
} PgDoorHost;

/**
 * pg_doors_new:
 * @poller: must outlive it
 * @listeners: (element-type PgListener): must outlive it; perhaps none
 * @host: copied
 *
 * Returns: (transfer full): open; free with pg_doors_free()
 */
PgDoors *pg_doors_new (PgPoller *poller, const GPtrArray *listeners, const PgDoorHost *host);

/** pg_doors_free: ends @self, without touching the sockets; NULL is legal. */
void pg_doors_free (PgDoors *self);

/** pg_doors_open: tries again, if they are shut: to be called when there is room for one more, and once a second. */
void pg_doors_open (PgDoors *self);

/** pg_doors_close: shuts them for good: who comes from now on waits for the next popgated, if the sockets outlive this one. */
void pg_doors_close (PgDoors *self);

/** pg_doors_drain: takes who waits at all of them, at most @limit each, and asks nobody whether there is room. */
void pg_doors_drain (PgDoors *self, guint limit);

/** pg_doors_n: how many there are. */
guint pg_doors_n (const PgDoors *self);

G_END_DECLS
