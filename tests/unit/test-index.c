/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/index.h"

#include "common.h"

#define NEWEST_US G_GINT64_CONSTANT (1790000000123456)
#define TIME_MAX ((G_GINT64_CONSTANT (1) << 55) - 1)

static PgHash
key_of (guint64 number)
{
  static const PgSecret secret = { { 1, 2, 3 } };

  return pg_siphash_128 (&secret, &number, sizeof number);
}

static void
assert_known (PgIndex *index, guint64 number, gint64 newest_us)
{
  PgHash        key = key_of (number);
  PgIndexEntry *entry = pg_index_find (index, &key);

  ck_assert_msg (entry != NULL, "%" G_GUINT64_FORMAT, number);
  ck_assert_int_eq (pg_index_newest_us (entry), newest_us);
}

static void
assert_unknown (PgIndex *index, guint64 number)
{
  PgHash key = key_of (number);

  ck_assert (pg_index_find (index, &key) == NULL);
}

static const gint64 times[] = { 0, 1, -1, NEWEST_US, -NEWEST_US, TIME_MAX, -TIME_MAX };

START_TEST (a_time_comes_back_as_it_was)
{
  PgIndex *index = pg_index_new ();
  PgHash   key = key_of (1);

  assert_unknown (index, 1);
  ck_assert (pg_index_put (index, &key, times[_i]));
  assert_known (index, 1, times[_i]);
  ck_assert_uint_eq (pg_index_size (index), 1);
  pg_index_free (index);
  pg_index_free (NULL);
}
END_TEST

static const gint64 bad_times[] = { G_MININT64, -TIME_MAX - 1, TIME_MAX + 1, G_MAXINT64 };

START_TEST (a_time_without_a_place_is_not_known)
{
  PgIndex *index = pg_index_new ();
  PgHash   key = key_of (1);

  ck_assert (pg_index_put (index, &key, 7));
  ck_assert (!pg_index_put (index, &key, bad_times[_i]));
  assert_unknown (index, 1);
  ck_assert_uint_eq (pg_index_size (index), 0);
  pg_index_free (index);
}
END_TEST

START_TEST (a_mark_goes_when_something_is_put)
{
  PgIndex *index = pg_index_new ();
  PgHash   key = key_of (1);

  ck_assert (pg_index_put (index, &key, NEWEST_US));
  ck_assert_uint_eq (pg_index_find (index, &key)->mark, 0);
  pg_index_find (index, &key)->mark = 255;
  assert_known (index, 1, NEWEST_US);
  for (guint64 n = 2; n < 5000; n++)
    {
      PgHash other = key_of (n);

      ck_assert (pg_index_put (index, &other, 1));
    }
  ck_assert_uint_eq (pg_index_find (index, &key)->mark, 255);
  ck_assert (pg_index_put (index, &key, NEWEST_US));
  ck_assert_uint_eq (pg_index_find (index, &key)->mark, 0);
  pg_index_clear (index);
  ck_assert_uint_eq (pg_index_size (index), 0);
  assert_unknown (index, 1);
  pg_index_free (index);
}
END_TEST

/* All names of one table that are next to each other, and the first and last ones there are. */
START_TEST (names_may_crowd)
{
  static const guint64 firsts[] = { 0, G_MAXUINT64 - 199, G_GUINT64_CONSTANT (1) << 58 };
  PgIndex             *index = pg_index_new ();
  PgHash               key = { { 0 } };
  guint                n_known = 0;

  for (guint64 n = 0; n < 200; n++)
    {
      guint64 name = firsts[_i] + n;

      memcpy (key.bytes, &name, sizeof name);
      if (pg_index_put (index, &key, (gint64) n))
        n_known++;
      else
        ck_assert (pg_index_find (index, &key) == NULL);
    }
  ck_assert_uint_ge (n_known, 64);
  ck_assert_uint_eq (pg_index_size (index), _i == 0 ? n_known - 1 : n_known); /* 0 and 1 have one name */
  pg_index_free (index);
}
END_TEST

static void
compare (PgIndex *index, GHashTable *model, guint64 n_numbers)
{
  ck_assert_uint_eq (pg_index_size (index), g_hash_table_size (model));
  for (guint64 n = 0; n < n_numbers; n++)
    {
      const gint64 *newest_us = g_hash_table_lookup (model, &n);

      if (newest_us != NULL)
        assert_known (index, n, *newest_us);
      else
        assert_unknown (index, n);
    }
}

/* Whatever is put and removed, it is as a table that does nothing clever. */
START_TEST (it_is_as_a_plain_table)
{
  enum
  {
    N_NUMBERS = 3000,
    N_STEPS = 30000
  };
  GRand      *random = g_rand_new_with_seed ((guint32) _i);
  PgIndex    *index = pg_index_new ();
  GHashTable *model = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);

  for (guint i = 0; i < N_STEPS; i++)
    {
      guint64 number = (guint64) g_rand_int_range (random, 0, N_NUMBERS);
      PgHash  key = key_of (number);
      gint64  newest_us = g_rand_int_range (random, 0, G_MAXINT32);

      if (g_rand_int_range (random, 0, 100) < (i < N_STEPS / 2 ? 70 : 40))
        {
          ck_assert (pg_index_put (index, &key, newest_us));
          g_hash_table_insert (model, g_memdup2 (&number, sizeof number), g_memdup2 (&newest_us, sizeof newest_us));
        }
      else
        {
          pg_index_remove (index, &key);
          g_hash_table_remove (model, &number);
        }
      if (i % 3000 == 0)
        compare (index, model, N_NUMBERS);
    }
  compare (index, model, N_NUMBERS);
  g_hash_table_unref (model);
  pg_index_free (index);
  g_rand_free (random);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, a_time_comes_back_as_it_was, 0, G_N_ELEMENTS (times));
  tcase_add_loop_test (tests, a_time_without_a_place_is_not_known, 0, G_N_ELEMENTS (bad_times));
  tcase_add_test (tests, a_mark_goes_when_something_is_put);
  tcase_add_loop_test (tests, names_may_crowd, 0, 3);
  tcase_add_loop_test (tests, it_is_as_a_plain_table, 0, 4);
}

PG_TEST_MAIN ("index", fill)
