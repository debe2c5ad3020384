/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A store that learns what it holds, a little at a time, while others write to it. */
#include "daemon/learner.h"

#include "store-tools.h"

#define N_GRANTS 3000
#define TURNS_MAX 100000

/* In the place of GLib's: whoever asks takes this long, so a turn is a few records. */
gint64
g_get_monotonic_time (void)
{
  static gint64 time_us = 0;

  return time_us += 10;
}

/* @n_new: grants that are put in each turn, beside as many renewals. Returns how many turns it took. */
static guint
learn (PgStore *store, guint n_new)
{
  PgLearner *learner = pg_learner_new (store);
  guint      n = N_GRANTS;
  guint      n_turns = 0;

  pg_learner_start (learner);
  while (g_main_context_pending (NULL) && n_turns++ < TURNS_MAX)
    {
      ck_assert (g_main_context_iteration (NULL, FALSE));
      for (guint i = 0; i < n_new; i++, n++)
        {
          put_grant (store, n, "bob", 1);
          put_grant (store, n % N_GRANTS, "renewed", 2);
        }
      if (n_turns % 64 == 0)
        ck_assert (pg_store_sync (store, NULL));
    }
  ck_assert_uint_eq (pg_store_n_cursors (store), 0);
  pg_learner_free (learner);
  return n_turns;
}

static PgStore *
open_filled (void)
{
  PgStore *store = open_store ();

  for (guint n = 0; n < N_GRANTS; n++)
    put_grant (store, n, "bob", 1);
  ck_assert (pg_store_close (store, NULL));
  ck_assert (pg_store_open (store, NULL));
  ck_assert (!pg_store_knows_all (store));
  return store;
}

/* New grants make GDBM move others about; in the next walk it moves other ones. */
static const guint n_news[] = { 0, 1, 7 };

START_TEST (all_is_known_in_the_end)
{
  PgStore *store = open_filled ();
  guint    n_turns = learn (store, n_news[_i]);

  ck_assert_msg (pg_store_knows_all (store), "with %u new ones in each of %u turns", n_news[_i], n_turns);
  ck_assert_uint_gt (n_turns, N_GRANTS / 100); /* nobody waits for all of it */
  pg_store_free (store);
}
END_TEST

START_TEST (nothing_is_read_of_what_is_known)
{
  PgStore *store = open_filled ();

  learn (store, 0);
  ck_assert_uint_eq (learn (store, 0), 0);
  pg_store_free (store);
}
END_TEST

/* It can't be learnt: that is no reason to read the others for ever. */
START_TEST (a_damaged_grant_ends_it)
{
  PgStore *store = open_filled ();
  guint    n_turns;

  put_grant (store, N_GRANTS, "the-grants-user", 1);
  pg_store_free (store);
  make_unclean ();
  store = open_store (); /* made anew: now nothing can mend it */
  flip_at ("the-grants-user", 2);
  n_turns = learn (store, 0);
  ck_assert_uint_gt (n_turns, 0);
  ck_assert_uint_lt (n_turns, N_GRANTS);
  ck_assert (!pg_store_knows_all (store));
  ck_assert (pg_store_problem (store) == NULL);
  pg_store_free (store);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_loop_test (tests, all_is_known_in_the_end, 0, G_N_ELEMENTS (n_news));
  tcase_add_test (tests, nothing_is_read_of_what_is_known);
  tcase_add_test (tests, a_damaged_grant_ends_it);
}

PG_TEST_MAIN ("learner", fill)
