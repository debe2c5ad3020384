/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lobby: the connections of a policy server by what they wait for, the longest first: who has waited too long, and who goes
 * when there is no room for another.
 *
 * Postfix asks as soon as it has connected, sends a request in one piece, reads its reply at once, and comes back within
 * seconds while mail flows; if it is sent away between two requests it connects again, which costs it a second. So the first
 * to go is who never asked anything, then who leaves a request or a reply lying about, then who has been idle longest; and
 * nobody before he has had time. Time is monotonic, in microseconds.
 * Source: Postfix smtpd_policy_service_timeout, _max_idle, _max_ttl, _retry_delay (postconf(5))
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * PgLobbyPlace: what a connection waits for.
 * @PG_LOBBY_NEW: it is to ask for the first time
 * @PG_LOBBY_BUSY: it has begun a request, or replies wait for it
 * @PG_LOBBY_IDLE: it was answered
 */
typedef enum
{
  PG_LOBBY_NEW,
  PG_LOBBY_BUSY,
  PG_LOBBY_IDLE,
  PG_N_LOBBY_PLACES,
} PgLobbyPlace;

/** Postfix, with its 100 s and 1000 s, is always the one to end first. */
#define PG_LOBBY_BUSY_US ((gint64) 115 * G_USEC_PER_SEC)
#define PG_LOBBY_IDLE_US ((gint64) 1015 * G_USEC_PER_SEC)

/** How long nobody is sent away for a newcomer. */
#define PG_LOBBY_NEW_PATIENCE_US ((gint64) 5 * G_USEC_PER_SEC)
#define PG_LOBBY_BUSY_PATIENCE_US ((gint64) 10 * G_USEC_PER_SEC)
#define PG_LOBBY_IDLE_PATIENCE_US ((gint64) 30 * G_USEC_PER_SEC)

/** PgLobbyGuest: embedded in each connection; @link.data is the connection. */
typedef struct
{
  GList        link;
  gint64       since_us;
  PgLobbyPlace place;
} PgLobbyGuest;

/** PgLobby: zero: empty. @n_guests may be read. */
typedef struct
{
  GQueue places[PG_N_LOBBY_PLACES];
  guint  n_guests;
} PgLobby;

/** pg_lobby_enter: @guest, which is of @connection and not in a lobby, waits at @place from @now_us on. */
void pg_lobby_enter (PgLobby *self, PgLobbyGuest *guest, gpointer connection, PgLobbyPlace place, gint64 now_us);

/** pg_lobby_move: its wait begins anew, at @place. */
void pg_lobby_move (PgLobby *self, PgLobbyGuest *guest, PgLobbyPlace place, gint64 now_us);

/** pg_lobby_leave: it waits no more. */
void pg_lobby_leave (PgLobby *self, PgLobbyGuest *guest);

/** pg_lobby_first: the connection that has waited longest at @place; NULL: there is none. */
gpointer pg_lobby_first (const PgLobby *self, PgLobbyPlace place);

/** pg_lobby_has_since: TRUE if a connection waits at @place that came there at @since_us or later. */
gboolean pg_lobby_has_since (const PgLobby *self, PgLobbyPlace place, gint64 since_us);

/** pg_lobby_overdue: a connection at @place that has waited longer than is permitted; NULL: there is none. */
gpointer pg_lobby_overdue (const PgLobby *self, PgLobbyPlace place, gint64 now_us);

/** pg_lobby_dispensable: the connection that is to go for a newcomer; NULL: none may be sent away now. */
gpointer pg_lobby_dispensable (const PgLobby *self, gint64 now_us);

G_END_DECLS
