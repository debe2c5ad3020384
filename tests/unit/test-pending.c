/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Grants that wait, beside a plain list of them. */
#include "store/pending.h"

#include "common.h"

#define N_KEYS 3000
#define N_STEPS 200000

static PgHash
nth_key (guint n)
{
  PgHash key = { { 0 } };

  memcpy (key.bytes, &n, sizeof n);
  return key;
}

static void
put (PgPending *pending, guint n, guint8 mark)
{
  PgHash key = nth_key (n);
  guint8 image[PG_RECORD_SIZE];

  memset (image, mark, sizeof image);
  pg_pending_put (pending, &key, image, n % 2 == 0);
}

static void
drop_first (PgPending *pending)
{
  PgHash key = pg_pending_first (pending)->key;

  pg_pending_remove (pending, &key);
}

START_TEST (the_oldest_comes_first_and_the_newest_image_counts)
{
  PgPending *pending = pg_pending_new ();
  PgHash     first = nth_key (0);
  PgHash     third = nth_key (2);

  for (guint n = 0; n < 4; n++)
    put (pending, n, 1);
  put (pending, 0, 2);
  ck_assert (pg_pending_size (pending) == 4 && pg_pending_n_new (pending) == 2);
  ck_assert (memcmp (&pg_pending_first (pending)->key, &first, sizeof first) == 0);
  ck_assert_uint_eq (pg_pending_first (pending)->image[PG_RECORD_SIZE - 1], 2);
  pg_pending_remove (pending, &third);
  ck_assert (pg_pending_find (pending, &third) == NULL);
  pg_pending_remove (pending, &third);
  drop_first (pending);
  drop_first (pending);
  ck_assert (pg_pending_size (pending) == 1 && pg_pending_n_new (pending) == 0);
  drop_first (pending); /* past the one that was removed */
  ck_assert (pg_pending_first (pending) == NULL && pg_pending_size (pending) == 0);
  pg_pending_free (pending);
  pg_pending_free (NULL);
}
END_TEST

/* Puts and removals at random: what is found is what was put last. */
START_TEST (as_a_list_would)
{
  PgPending *pending = pg_pending_new ();
  guint8     marks[N_KEYS] = { 0 }; /* 0: it does not wait */
  guint      n_waiting = 0;

  for (guint i = 0; i < N_STEPS; i++)
    {
      guint  n = (guint) g_random_int_range (0, N_KEYS);
      guint8 mark = (guint8) g_random_int_range (0, 256);
      PgHash key = nth_key (n);

      n_waiting += marks[n] == 0 && mark != 0 ? 1 : 0;
      n_waiting -= marks[n] != 0 && mark == 0 ? 1 : 0;
      marks[n] = mark;
      if (mark != 0)
        put (pending, n, mark);
      else
        pg_pending_remove (pending, &key);
      if (i % 3 == 0 && pg_pending_first (pending) != NULL)
        {
          guint oldest;

          memcpy (&oldest, pg_pending_first (pending)->key.bytes, sizeof oldest);
          ck_assert (marks[oldest] != 0 && pg_pending_first (pending)->image[7] == marks[oldest]);
          marks[oldest] = 0;
          n_waiting--;
          drop_first (pending);
        }
      ck_assert_uint_eq (pg_pending_size (pending), n_waiting);
    }
  for (guint n = 0; n < N_KEYS; n++)
    {
      PgHash                key = nth_key (n);
      const PgPendingGrant *grant = pg_pending_find (pending, &key);

      ck_assert ((grant != NULL) == (marks[n] != 0));
      ck_assert (grant == NULL || grant->image[0] == marks[n]);
    }
  pg_pending_free (pending);
}
END_TEST

/* Wherever in a block the first one stands. */
START_TEST (it_is_bounded)
{
  PgPending *pending = pg_pending_new ();

  for (guint n = 0; n < (guint) _i; n++)
    {
      put (pending, n, 1);
      drop_first (pending);
    }
  for (guint n = 0; n < PG_PENDING_MAX; n++)
    {
      ck_assert (!pg_pending_is_full (pending));
      put (pending, n, (guint8) (n % 251));
    }
  ck_assert (pg_pending_is_full (pending));
  for (guint n = 0; n < PG_PENDING_MAX; n++)
    {
      ck_assert_uint_eq (pg_pending_first (pending)->image[3], n % 251);
      drop_first (pending);
    }
  ck_assert (!pg_pending_is_full (pending) && pg_pending_first (pending) == NULL);
  pg_pending_free (pending);
}
END_TEST

static void
count (const PgPendingGrant *grant, gpointer user_data)
{
  guint *n_seen = user_data;

  ck_assert (grant->is_new && !grant->is_removed);
  ++*n_seen;
}

START_TEST (the_new_ones_are_seen)
{
  PgPending *pending = pg_pending_new ();
  PgHash     gone = nth_key (10);
  guint      n_seen = 0;

  for (guint n = 0; n < N_KEYS; n++)
    put (pending, n, 1);
  pg_pending_remove (pending, &gone);
  pg_pending_see_new (pending, count, &n_seen);
  ck_assert_uint_eq (n_seen, N_KEYS / 2 - 1);
  pg_pending_clear (pending);
  ck_assert (pg_pending_size (pending) == 0 && pg_pending_n_new (pending) == 0 && pg_pending_first (pending) == NULL);
  pg_pending_free (pending);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_test (tests, the_oldest_comes_first_and_the_newest_image_counts);
  tcase_add_test (tests, as_a_list_would);
  tcase_add_loop_test (tests, it_is_bounded, 0, 2);
  tcase_add_loop_test (tests, it_is_bounded, 1023, 1026);
  tcase_add_test (tests, the_new_ones_are_seen);
}

PG_TEST_MAIN ("pending", fill)
