/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/lobby.h"

#include "common.h"

#define N_GUESTS 4
#define S G_USEC_PER_SEC

/* A connection is known by its guest; guests are known by their number. */
typedef struct
{
  PgLobby      lobby;
  PgLobbyGuest guests[N_GUESTS];
} House;

static int
number_of (const House *house, const PgLobbyGuest *guest)
{
  return guest != NULL ? (int) (guest - house->guests) : -1;
}

/* --- who is overdue, who goes ---------------------------------------------------------------------------------------- */

typedef struct
{
  PgLobbyPlace place;
  gint64       since_us;
} Wait;

static const struct
{
  const char *name;
  Wait        waits[N_GUESTS]; /* in order of time */
  gint64      now_us;
  int         dispensable;
  int         overdue[PG_N_LOBBY_PLACES];
} rows[] = {
  { "all are fresh", { { 0, 0 }, { 1, 0 }, { 2, 0 }, { 2, 0 } }, 5 * S, -1, { -1, -1, -1 } },
  { "the silent one goes first", { { 2, 0 }, { 1, 1 }, { 0, 2 }, { 0, 3 } }, 40 * S, 2, { -1, -1, -1 } },
  { "after five seconds", { { 2, 0 }, { 1, 1 }, { 0, 2 }, { 0, 3 } }, 5 * S + 3, 2, { -1, -1, -1 } },
  { "not before", { { 2, 0 }, { 1, 1 }, { 0, 2 }, { 0, 3 } }, 5 * S + 2, -1, { -1, -1, -1 } },
  { "half a request next", { { 2, 0 }, { 1, 1 }, { 1, 2 }, { 0, 39 * S } }, 40 * S, 1, { -1, -1, -1 } },
  { "after ten seconds", { { 2, 0 }, { 2, 1 }, { 2, 1 }, { 1, 2 } }, 10 * S + 3, 3, { -1, -1, -1 } },
  { "not before them", { { 2, 0 }, { 2, 1 }, { 2, 1 }, { 1, 2 } }, 10 * S + 2, -1, { -1, -1, -1 } },
  { "the idle last", { { 2, 0 }, { 2, 1 }, { 1, 39 * S }, { 0, 39 * S } }, 40 * S, 0, { -1, -1, -1 } },
  { "after thirty seconds", { { 2, 0 }, { 2, 1 }, { 2, 2 }, { 2, 3 } }, 30 * S + 1, 0, { -1, -1, -1 } },
  { "and not before", { { 2, 0 }, { 2, 1 }, { 2, 2 }, { 2, 3 } }, 30 * S, -1, { -1, -1, -1 } },
  { "half a request has its time", { { 1, 0 }, { 1, 1 }, { 2, 1 }, { 0, 1 } }, 115 * S, 3, { -1, -1, -1 } },
  { "and no more", { { 1, 0 }, { 1, 1 }, { 2, 1 }, { 0, 1 } }, 115 * S + 1, 3, { -1, 0, -1 } },
  { "silence has its time", { { 2, 0 }, { 2, 1 }, { 0, 0 }, { 0, 1 } }, 1015 * S, 2, { -1, -1, -1 } },
  { "and no more either", { { 2, 0 }, { 2, 1 }, { 0, 0 }, { 0, 1 } }, 1015 * S + 1, 2, { 2, -1, 0 } },
};

START_TEST (waits)
{
  House house = { 0 };

  for (guint i = 0; i < N_GUESTS; i++)
    pg_lobby_enter (&house.lobby, &house.guests[i], &house.guests[i], rows[_i].waits[i].place, rows[_i].waits[i].since_us);
  ck_assert_uint_eq (house.lobby.n_guests, N_GUESTS);
  ck_assert_msg (number_of (&house, pg_lobby_dispensable (&house.lobby, rows[_i].now_us)) == rows[_i].dispensable, "%s: who goes",
                 rows[_i].name);
  for (PgLobbyPlace place = 0; place < PG_N_LOBBY_PLACES; place++)
    ck_assert_msg (number_of (&house, pg_lobby_overdue (&house.lobby, place, rows[_i].now_us)) == rows[_i].overdue[place],
                   "%s: who is overdue at %d", rows[_i].name, (int) place);
}
END_TEST

/* --- moving ---------------------------------------------------------------------------------------------------------- */

START_TEST (a_move_begins_the_wait_anew)
{
  House house = { 0 };

  for (guint i = 0; i < N_GUESTS; i++)
    pg_lobby_enter (&house.lobby, &house.guests[i], &house.guests[i], PG_LOBBY_BUSY, i);
  pg_lobby_move (&house.lobby, &house.guests[0], PG_LOBBY_BUSY, N_GUESTS);
  ck_assert_int_eq (number_of (&house, pg_lobby_first (&house.lobby, PG_LOBBY_BUSY)), 1);
  pg_lobby_move (&house.lobby, &house.guests[1], PG_LOBBY_IDLE, N_GUESTS);
  ck_assert_int_eq (number_of (&house, pg_lobby_first (&house.lobby, PG_LOBBY_BUSY)), 2);
  ck_assert_int_eq (number_of (&house, pg_lobby_first (&house.lobby, PG_LOBBY_IDLE)), 1);
  ck_assert_int_eq (number_of (&house, pg_lobby_first (&house.lobby, PG_LOBBY_NEW)), -1);
}
END_TEST

START_TEST (the_youngest_is_known)
{
  House house = { 0 };

  for (guint i = 0; i < N_GUESTS; i++)
    pg_lobby_enter (&house.lobby, &house.guests[i], &house.guests[i], PG_LOBBY_BUSY, i);
  ck_assert (pg_lobby_has_since (&house.lobby, PG_LOBBY_BUSY, N_GUESTS - 1));
  ck_assert (!pg_lobby_has_since (&house.lobby, PG_LOBBY_BUSY, N_GUESTS));
  ck_assert (!pg_lobby_has_since (&house.lobby, PG_LOBBY_NEW, G_MININT64));
  pg_lobby_move (&house.lobby, &house.guests[0], PG_LOBBY_BUSY, N_GUESTS);
  ck_assert (pg_lobby_has_since (&house.lobby, PG_LOBBY_BUSY, N_GUESTS));
}
END_TEST

START_TEST (who_leaves_is_forgotten)
{
  House house = { 0 };

  for (guint i = 0; i < N_GUESTS; i++)
    pg_lobby_enter (&house.lobby, &house.guests[i], &house.guests[i], (PgLobbyPlace) (i % PG_N_LOBBY_PLACES), i);
  for (guint i = 0; i < N_GUESTS; i++)
    pg_lobby_leave (&house.lobby, &house.guests[i]);
  ck_assert_uint_eq (house.lobby.n_guests, 0);
  for (PgLobbyPlace place = 0; place < PG_N_LOBBY_PLACES; place++)
    ck_assert_ptr_null (pg_lobby_first (&house.lobby, place));
  ck_assert_ptr_null (pg_lobby_dispensable (&house.lobby, G_MAXINT64));
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, waits, 0, G_N_ELEMENTS (rows));
  tcase_add_test (tests, a_move_begins_the_wait_anew);
  tcase_add_test (tests, the_youngest_is_known);
  tcase_add_test (tests, who_leaves_is_forgotten);
}

PG_TEST_MAIN ("lobby", fill)
