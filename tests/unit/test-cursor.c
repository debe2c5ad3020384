/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store-tools.h"

/* While a cursor is open, new grants make GDBM split its buckets and move what is in them. */
#define N_THERE 1200
#define N_MOST 4000

typedef struct
{
  guint8 met[N_MOST];
  guint  n_put;
} Walk;

/* Whether or not grants wait for the database, they are met. */
static const guint n_waits[] = { 0, 1, 150, 100000 };

static void
put_more (PgStore *store, Walk *walk, guint n)
{
  for (guint i = 0; i < n && walk->n_put < N_MOST; i++)
    put_grant (store, walk->n_put++, "bob", 1);
}

/* Walks on for at most @limit grants; returns FALSE behind the end. */
static gboolean
walk_on (PgStoreCursor *cursor, Walk *walk, guint limit)
{
  PgStoreAnswer answer = PG_STORE_FOUND;
  PgRecord      record;

  for (guint i = 0; i < limit && (answer = pg_store_cursor_next (cursor, &record, NULL)) == PG_STORE_FOUND; i++)
    {
      guint number = number_of (&record.address);

      ck_assert_uint_lt (number, walk->n_put);
      ck_assert_msg (walk->met[number] == 0, "grant %u is met twice", number);
      walk->met[number] = 1;
    }
  ck_assert (answer != PG_STORE_FAILED);
  return answer == PG_STORE_FOUND;
}

static const struct
{
  const char *name;
  guint       n_steps; /* between two lots of new grants */
  guint       n_new;   /* in each */
} rows[] = {
  { "one new for each that is met", 1, 1 },
  { "ten for each", 1, 10 },
  { "some between slices", 200, 50 },
  { "many between slices", 200, 2000 },
  { "many for a few", 7, 333 },
  { "one between slices", 100, 1 },
  { "more than there is, once", 500, 2700 },
  { "none", 1, 0 },
};

/* Each of the first ones, once. */
static void
assert_met (const Walk *walk, guint n_grants)
{
  for (guint n = 0; n < n_grants; n++)
    ck_assert_msg (walk->met[n] == 1, "grant %u was there and is not met", n);
}

static void
end_walk (PgStore *store, Walk *walk, PgStoreCursor *cursor)
{
  pg_store_cursor_free (cursor);
  pg_store_free (store);
  g_free (walk);
}

START_TEST (all_that_was_there_is_met_once)
{
  PgStore       *store = open_store ();
  Walk          *walk = g_new0 (Walk, 1);
  guint          row = (guint) _i / G_N_ELEMENTS (n_waits);
  PgStoreCursor *cursor;

  n_may_wait = n_waits[(guint) _i % G_N_ELEMENTS (n_waits)];
  put_more (store, walk, N_THERE);
  cursor = pg_store_cursor_new (store);
  while (walk_on (cursor, walk, rows[row].n_steps))
    put_more (store, walk, rows[row].n_new);
  for (guint n = 0; n < N_THERE; n++)
    ck_assert_msg (walk->met[n] == 1, "%s, %u wait: grant %u was there and is not met", rows[row].name, n_may_wait, n);
  ck_assert (!walk_on (cursor, walk, 1));
  end_walk (store, walk, cursor);
}
END_TEST

/* All of it goes into the file in the middle of the walk, some was renewed, and one is gone. */
START_TEST (all_that_waits_is_met_once_though_it_is_flushed)
{
  PgStore       *store = open_store ();
  Walk          *walk = g_new0 (Walk, 1);
  PgStoreCursor *cursor;

  put_more (store, walk, N_THERE / 2);
  n_may_wait = N_MOST;
  put_more (store, walk, N_THERE / 2);
  put_grant (store, 3, "renewed", 9);
  cursor = pg_store_cursor_new (store);
  ck_assert (walk_on (cursor, walk, 900));
  remove_grant (store, 1000);
  ck_assert (pg_store_flush (store, G_MAXUINT, NULL));
  ck_assert (!walk_on (cursor, walk, N_MOST));
  for (guint n = 0; n < N_THERE; n++)
    ck_assert_msg (walk->met[n] == 1 || n == 1000, "grant %u is not met", n);
  end_walk (store, walk, cursor);
}
END_TEST

/* For each that comes another one goes, so that there are always as many. */
START_TEST (all_that_stays_is_met_once_though_as_many_come_as_go)
{
  PgStore       *store = open_store ();
  Walk          *walk = g_new0 (Walk, 1);
  guint          gone = N_THERE;
  PgStoreCursor *cursor;

  put_more (store, walk, 2 * N_THERE);
  cursor = pg_store_cursor_new (store);
  while (walk_on (cursor, walk, (guint) _i * 50))
    for (guint end = MIN (gone + 200, 2 * N_THERE); gone < end; gone++)
      {
        put_more (store, walk, 1);
        remove_grant (store, gone);
      }
  ck_assert_uint_gt (gone, N_THERE + 500);
  assert_met (walk, N_THERE);
  end_walk (store, walk, cursor);
}
END_TEST

/* Behind a key that is gone GDBM finds none: here all that were met are, or all but each hundredth. */
START_TEST (all_that_stays_is_met_once_though_what_was_met_goes)
{
  PgStore       *store = open_store ();
  Walk          *walk = g_new0 (Walk, 1);
  PgStoreCursor *cursor;

  put_more (store, walk, N_MOST);
  cursor = pg_store_cursor_new (store);
  ck_assert (walk_on (cursor, walk, N_MOST / 2));
  for (guint n = 0; n < N_MOST; n++)
    if (walk->met[n] == 1 && (_i == 0 || n % 100 != 0))
      remove_grant (store, n);
  ck_assert (!walk_on (cursor, walk, N_MOST));
  assert_met (walk, N_MOST);
  end_walk (store, walk, cursor);
}
END_TEST

/* Renewals move nothing: then a walk has nothing to read twice. */
START_TEST (renewals_do_not_slow_a_walk)
{
  PgStore       *store = open_store ();
  Walk          *walk = g_new0 (Walk, 1);
  PgStoreCursor *cursor;
  guint          n = 0;

  put_more (store, walk, N_THERE);
  cursor = pg_store_cursor_new (store);
  while (walk_on (cursor, walk, 1))
    {
      put_grant (store, n % N_THERE, "renewed", n + 2);
      n++;
    }
  ck_assert_uint_eq (n, N_THERE);
  end_walk (store, walk, cursor);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_loop_test (tests, all_that_was_there_is_met_once, 0, G_N_ELEMENTS (rows) * G_N_ELEMENTS (n_waits));
  tcase_add_test (tests, all_that_waits_is_met_once_though_it_is_flushed);
  tcase_add_loop_test (tests, all_that_stays_is_met_once_though_as_many_come_as_go, 1, 6);
  tcase_add_loop_test (tests, all_that_stays_is_met_once_though_what_was_met_goes, 0, 2);
  tcase_add_test (tests, renewals_do_not_slow_a_walk);
}

PG_TEST_MAIN ("cursor", fill)
