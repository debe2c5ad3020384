/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/lobby.h"

static const gint64 limits_us[PG_N_LOBBY_PLACES] = {
  [PG_LOBBY_NEW] = PG_LOBBY_IDLE_US,
  [PG_LOBBY_BUSY] = PG_LOBBY_BUSY_US,
  [PG_LOBBY_IDLE] = PG_LOBBY_IDLE_US,
};

static const gint64 patiences_us[PG_N_LOBBY_PLACES] = {
  [PG_LOBBY_NEW] = PG_LOBBY_NEW_PATIENCE_US,
  [PG_LOBBY_BUSY] = PG_LOBBY_BUSY_PATIENCE_US,
  [PG_LOBBY_IDLE] = PG_LOBBY_IDLE_PATIENCE_US,
};

static void
take_place (PgLobby *self, PgLobbyGuest *guest, PgLobbyPlace place, gint64 now_us)
{
  guest->place = place;
  guest->since_us = now_us;
  g_queue_push_tail_link (&self->places[place], &guest->link);
}

void
pg_lobby_enter (PgLobby *self, PgLobbyGuest *guest, gpointer connection, PgLobbyPlace place, gint64 now_us)
{
  guest->link = (GList){ .data = connection };
  take_place (self, guest, place, now_us);
  self->n_guests++;
}

void
pg_lobby_move (PgLobby *self, PgLobbyGuest *guest, PgLobbyPlace place, gint64 now_us)
{
  g_queue_unlink (&self->places[guest->place], &guest->link);
  take_place (self, guest, place, now_us);
}

void
pg_lobby_leave (PgLobby *self, PgLobbyGuest *guest)
{
  g_queue_unlink (&self->places[guest->place], &guest->link);
  self->n_guests--;
}

/* Each place is in order of time. */
gpointer
pg_lobby_first (const PgLobby *self, PgLobbyPlace place)
{
  const GList *head = self->places[place].head;

  return head != NULL ? head->data : NULL;
}

gboolean
pg_lobby_has_since (const PgLobby *self, PgLobbyPlace place, gint64 since_us)
{
  const PgLobbyGuest *last = (const PgLobbyGuest *) (gpointer) self->places[place].tail;

  return last != NULL && last->since_us >= since_us;
}

static gpointer
first_beyond (const PgLobby *self, PgLobbyPlace place, gint64 limit_us, gint64 now_us)
{
  GList              *head = self->places[place].head;
  const PgLobbyGuest *guest = (const PgLobbyGuest *) (gpointer) head;

  return head != NULL && now_us - guest->since_us > limit_us ? head->data : NULL;
}

gpointer
pg_lobby_overdue (const PgLobby *self, PgLobbyPlace place, gint64 now_us)
{
  return first_beyond (self, place, limits_us[place], now_us);
}

gpointer
pg_lobby_dispensable (const PgLobby *self, gint64 now_us)
{
  for (PgLobbyPlace place = 0; place < PG_N_LOBBY_PLACES; place++)
    {
      gpointer connection = first_beyond (self, place, patiences_us[place], now_us);

      if (connection != NULL)
        return connection;
    }
  return NULL;
}
