/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The usages of a store, beside its grants: kept, counted, walked over, bounded; and no answer ever depends on them. */
#include "recovery-tools.h"

#define TIME G_GINT64_CONSTANT (1764115200000000)

static PgUsagePair
nth_pair (guint n)
{
  g_autofree char *user = g_strdup_printf ("user-%u", n);
  PgAddress        address = nth_address (n);
  PgUsagePair      pair;

  pg_usage_pair_set (&pair, PG_USAGE_LOGIN, &address, pg_span_from_string (user));
  return pair;
}

static void
use (PgStore *store, guint n, guint32 n_recipients)
{
  PgUsagePair pair = nth_pair (n);
  g_autoptr (GError) error = NULL;
  PgUsage  usage;
  gboolean ok;

  if (pg_store_get_usage (store, &pair, &usage, NULL) != PG_STORE_FOUND)
    pg_usage_init (&usage, &pair);
  pg_usage_add (&usage, &pair, TIME, TIME, n_recipients);
  ok = pg_store_put_usage (store, &usage, &error);
  ck_assert_msg (ok, "usage %u: %s", n, ok ? "" : error->message);
}

/* 0: it is not there. */
static guint64
total_of (PgStore *store, guint n)
{
  PgUsagePair pair = nth_pair (n);
  g_autoptr (GError) error = NULL;
  PgUsage       usage;
  PgStoreAnswer answer = pg_store_get_usage (store, &pair, &usage, &error);

  ck_assert ((answer == PG_STORE_FAILED) == (error != NULL));
  ck_assert_msg (answer != PG_STORE_FAILED, "%s", error != NULL ? error->message : "");
  if (answer == PG_STORE_ABSENT)
    return 0;
  ck_assert (usage.pair.user_len == pair.user_len && memcmp (usage.pair.user, pair.user, pair.user_len) == 0);
  return usage.total;
}

START_TEST (what_is_used_is_kept)
{
  PgStore    *store = open_store ();
  PgUsagePair pair = nth_pair (2);

  use (store, 1, 5);
  use (store, 2, 6);
  put_grant (store, 1, "bob", 7);
  use (store, 1, 5);
  ck_assert_uint_eq (pg_store_n_usages (store), 2);
  ck_assert_uint_eq (pg_store_n_grants (store), 1);
  pg_store_free (store);
  store = open_store ();
  ck_assert (total_of (store, 1) == 10 && total_of (store, 2) == 6 && total_of (store, 3) == 0);
  ck_assert (pg_store_remove_usage (store, &pair, NULL));
  ck_assert (pg_store_remove_usage (store, &pair, NULL));
  ck_assert_uint_eq (pg_store_n_usages (store), 1);
  pg_store_free (store);
  store = open_as (PG_STORE_READ_ONLY);
  ck_assert (total_of (store, 1) == 10 && total_of (store, 2) == 0);
  ck_assert (pg_store_n_usages (store) == 1 && pg_store_n_grants (store) == 1);
  assert_grant (store, 1, 7);
  pg_store_free (store);
}
END_TEST

/* --- crashes and damage ---------------------------------------------------------------------------------------------- */

static void
fill_two_sessions (void)
{
  for (guint i = 0; i < 2; i++)
    {
      PgStore *store = open_store ();

      put_many (store, 50 * i, 50 * i + 50);
      put_note (store, 0, i == 0 ? "192.0.2.1" : "192.0.2.2");
      for (guint n = 0; n < 40; n++)
        use (store, 10 * i + n, 1);
      pg_store_free (store);
    }
}

static void
damage_base (void)
{
  flip_byte (".base-00000000", 0.3);
}

static const struct
{
  const char *name;
  void (*damage) (void);
} crashes[] = {
  { "not closed in order", make_unclean },
  { "the database is lost", lose_database },
  { "the base is lost", lose_base },
  { "the base is damaged", damage_base },
};

START_TEST (a_crash_loses_no_usage)
{
  const char *name = crashes[_i].name;
  PgStore    *store;

  fill_two_sessions ();
  make_unclean ();
  crashes[_i].damage ();
  store = open_store ();
  for (guint round = 0; round < 2; round++)
    {
      ck_assert_uint_eq (pg_store_n_usages (store), 50);
      ck_assert_uint_eq (pg_store_n_grants (store), 100);
      for (guint n = 0; n < 50; n++)
        assert_row (name, total_of (store, n) == (n >= 10 && n < 40 ? 2 : 1));
      assert_many (name, store, 100);
      pg_store_free (store);
      store = open_store ();
    }
  pg_store_free (store);
}
END_TEST

START_TEST (a_damaged_usage_closes_nothing)
{
  PgStore    *store = open_store ();
  PgUsagePair pair = nth_pair (77);
  g_autoptr (GError) error = NULL;
  PgUsage     usage;
  PgStoreItem item;

  use (store, 77, 1);
  put_grant (store, 1, "bob", 7);
  pg_store_free (store);
  flip_at ("user-77", 5);
  store = open_store ();
  ck_assert (pg_store_get_usage (store, &pair, &usage, &error) == PG_STORE_FAILED);
  ck_assert (g_error_matches (error, PG_ERROR, PG_ERROR_DAMAGED) && strstr (error->message, path) != NULL);
  ck_assert (pg_store_problem (store) == NULL);
  assert_grant (store, 1, 7);
  g_autoptr (PgStoreCursor) cursor = pg_store_cursor_new (store);

  while (pg_store_cursor_step (cursor, &item, NULL) == PG_STORE_FOUND)
    ck_assert (item.kind != PG_STORE_USAGE);
  g_clear_pointer (&cursor, pg_store_cursor_free);
  use (store, 77, 5);
  ck_assert (total_of (store, 77) == 5 && pg_store_n_usages (store) == 1);
  pg_store_free (store);
}
END_TEST

/* --- versions of the root -------------------------------------------------------------------------------------------- */

static void
write_old_root (guint8 version, guint64 n_usages)
{
  PgFile *file = open_raw (PG_FILE_WRITE);
  PgRoot  root = read_root (file);
  guint8  image[PG_ROOT_SIZE];
  PgHash  root_key = { PG_ROOT_KEY };

  root.n_usages = n_usages;
  root.has_count = FALSE; /* which they do not know */
  pg_root_encode (&root, image);
  pg_frame_seal (image, sizeof image, PG_FRAME_ROOT, version, &root.secret, &root_key);
  ck_assert (pg_file_put (file, pg_span_from_string (PG_ROOT_KEY), pg_span ((const char *) image, sizeof image), NULL));
  pg_file_free (file);
}

START_TEST (a_database_of_before_is_used)
{
  PgStore *store = open_store ();

  put_many (store, 0, 20);
  put_note (store, 0, "192.0.2.1");
  put_position (store, SOURCE, "here", 4);
  pg_store_free (store);
  write_old_root ((guint8) _i, 0);
  store = open_as (PG_STORE_READ_ONLY);
  ck_assert (pg_store_n_grants (store) == 20 && pg_store_n_usages (store) == 0);
  pg_store_free (store);
  store = open_store ();
  ck_assert (pg_store_take_news (store) == NULL);
  assert_many ("an old version", store, 20);
  assert_notes (store, "1:192.0.2.1");
  use (store, 1, 3);
  pg_store_free (store);
  store = open_store ();
  ck_assert (total_of (store, 1) == 3 && pg_store_n_grants (store) == 20);
  pg_store_free (store);
}
END_TEST

START_TEST (version_1_knows_no_usages)
{
  pg_store_free (open_store ());
  write_old_root (1, 1);
  assert_no_open ("usages", PG_STORE_READ_ONLY, PG_ERROR_DAMAGED, "out of range");
}
END_TEST

/* --- walking --------------------------------------------------------------------------------------------------------- */

START_TEST (a_walk_meets_each_once)
{
  PgStore    *store = open_store ();
  guint       grants[300] = { 0 };
  guint       usages[500] = { 0 };
  PgStoreItem item;

  put_many (store, 0, G_N_ELEMENTS (grants));
  for (guint n = 0; n < G_N_ELEMENTS (usages); n++)
    use (store, n, 1);
  g_autoptr (PgStoreCursor) cursor = pg_store_cursor_new (store);

  while (pg_store_cursor_step (cursor, &item, NULL) == PG_STORE_FOUND)
    {
      if (item.kind == PG_STORE_GRANT)
        grants[number_of (&item.grant.address)]++;
      else if (item.kind == PG_STORE_USAGE && number_of (&item.usage.pair.address) < G_N_ELEMENTS (usages))
        usages[number_of (&item.usage.pair.address)]++;
      use (store, 1000 + g_random_int () % 5000, 1); /* new ones, most of them */
    }
  for (guint n = 0; n < G_N_ELEMENTS (grants); n++)
    ck_assert_uint_eq (grants[n], 1);
  for (guint n = 0; n < G_N_ELEMENTS (usages); n++)
    ck_assert_uint_eq (usages[n], 1);
  g_clear_pointer (&cursor, pg_store_cursor_free);
  pg_store_free (store);
}
END_TEST

/* --- bounds ---------------------------------------------------------------------------------------------------------- */

START_TEST (no_more_are_kept_than_may)
{
  PgStore    *store = open_store ();
  PgUsagePair pair = nth_pair (PG_STORE_USAGES_MAX);
  PgUsagePair some = nth_pair (5);
  g_autoptr (GError) error = NULL;
  PgUsage usage;

  for (guint n = 0; n < PG_STORE_USAGES_MAX; n++)
    {
      use (store, n, 1);
      if (n % 10000 == 0)
        sync_store (store);
    }
  pg_usage_init (&usage, &pair);
  pg_usage_add (&usage, &pair, TIME, TIME, 1);
  ck_assert (!pg_store_put_usage (store, &usage, &error) && g_error_matches (error, PG_ERROR, PG_ERROR_LIMIT));
  ck_assert (pg_store_problem (store) == NULL);
  use (store, 3, 1);
  ck_assert (total_of (store, 3) == 2);
  ck_assert (pg_store_remove_usage (store, &some, NULL));
  ck_assert (pg_store_put_usage (store, &usage, NULL));
  ck_assert_uint_eq (pg_store_n_usages (store), PG_STORE_USAGES_MAX);
  pg_store_free (store);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_set_timeout (tests, 60);
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_test (tests, what_is_used_is_kept);
  tcase_add_loop_test (tests, a_crash_loses_no_usage, 0, G_N_ELEMENTS (crashes));
  tcase_add_test (tests, a_damaged_usage_closes_nothing);
  tcase_add_loop_test (tests, a_database_of_before_is_used, 1, PG_ROOT_VERSION);
  tcase_add_test (tests, version_1_knows_no_usages);
  tcase_add_test (tests, a_walk_meets_each_once);
  tcase_add_test (tests, no_more_are_kept_than_may);
}

PG_TEST_MAIN ("store-usage", fill)
