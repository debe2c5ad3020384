/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a store makes of damaged files: all that proves itself is saved, and what may be lost is told. Hostile addresses. */
#include "recovery-tools.h"

/* --- damage ---------------------------------------------------------------------------------------------------------- */

static void
damage_base (void)
{
  flip_byte (".base-00000000", 0.3);
}

static void
cut_base (void)
{
  g_autofree char *name = pg_family_base_name (path, 0);

  ck_assert (truncate (name, 9000) == 0);
}

static void
damage_middle (void)
{
  flip_byte (".redo-00000002", 0.5);
}

static void
damage_head (void)
{
  flip_byte (".redo-00000003", 0.0);
}

static void
lose_middle (void)
{
  lose (".redo-00000002");
}

static void
lose_last (void)
{
  lose (".redo-00000003");
}

static void
damage_base_and_middle (void)
{
  damage_base ();
  damage_middle ();
}

static void
lose_all_but_database (void)
{
  lose_base ();
  lose (".redo-00000001");
  lose_middle ();
  lose_last ();
}

static void
lose_database_and_base (void)
{
  lose_database ();
  lose_base ();
}

static void
lose_database_and_middle (void)
{
  lose_database ();
  lose_middle ();
}

static void
make_text_and_lose_all (void)
{
  lose_all_but_database ();
  write_bytes (path, "text", 4);
}

static void
zero_root_and_lose_all (void)
{
  lose_all_but_database ();
  flip_at ("popgater", 7 + 20);
}

typedef enum
{
  NOTHING_LOST,
  SALVAGED,     /* all is there, out of damaged files */
  UNPROVEN,     /* all is there, but notes may be older ones: frozen */
  SOME_LOST,    /* and told: frozen */
  NEW_DATABASE, /* nothing was left of the old one */
} Fate;

/* The files of three sessions: a hundred grants and a note in each. */
static const struct
{
  const char *name;
  void (*damage) (void);
  Fate fate;
} damages[] = {
  { "nothing", make_unclean, NOTHING_LOST },
  { "the database is lost", lose_database, NOTHING_LOST },
  { "base damaged", damage_base, SALVAGED },
  { "base cut", cut_base, SALVAGED },
  { "base lost", lose_base, SALVAGED },
  { "middle of the redo log damaged", damage_middle, UNPROVEN },
  { "head of its last file damaged", damage_head, UNPROVEN },
  { "middle of the redo log lost", lose_middle, UNPROVEN },
  { "its last file lost", lose_last, UNPROVEN },
  { "base and middle damaged", damage_base_and_middle, UNPROVEN },
  { "all but the database lost", lose_all_but_database, UNPROVEN },
  { "database and base lost", lose_database_and_base, SALVAGED },
  { "database and middle lost", lose_database_and_middle, SOME_LOST },
  { "text, and nothing else", make_text_and_lose_all, NEW_DATABASE },
  { "no root, and nothing else", zero_root_and_lose_all, SOME_LOST },
};

#define NOTES "1:192.0.2.1 2:192.0.2.2 3:user:carol"
#define FREEZE "the database was damaged and an administrator's note may be an old one: add what is missing, then popgate thaw"

static gboolean
is_freezing (Fate fate)
{
  return fate == UNPROVEN || fate == SOME_LOST;
}

static guint
count_kept (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint       n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    n += strstr (name, ".damaged-") != NULL;
  return n;
}

static void
assert_fate (const char *name, PgStore *store, Fate fate)
{
  g_autoptr (GBytes) position = NULL;
  g_autofree char *news = pg_store_take_news (store);
  PgStoreAnswer    answer = pg_store_get_position (store, SOURCE, &position, NULL);

  assert_row (name, news != NULL && strstr (news, path) != NULL);
  assert_row (name, is_frozen (store) == is_freezing (fate));
  assert_row (name, answer == (fate == NOTHING_LOST ? PG_STORE_FOUND : PG_STORE_ABSENT)); /* the logs are read again */
  assert_row (name, (count_kept () > 0) == (fate != NOTHING_LOST));
  if (fate > UNPROVEN)
    return;
  assert_many (name, store, 300);
  assert_row (name, pg_store_n_grants (store) == 300);
  assert_notes (store, fate == UNPROVEN ? NOTES " 4:" FREEZE : NOTES);
}

START_TEST (what_is_damaged_is_saved_record_by_record)
{
  PgStore *store;

  fill_three_sessions ();
  make_unclean ();
  damages[_i].damage ();
  store = open_store ();
  assert_fate (damages[_i].name, store, damages[_i].fate);
  put_grant (store, 999, "bob", 1000);
  ck_assert (put_note (store, 0, "192.0.2.9") > 0);
  pg_store_free (store);
  make_unclean (); /* and what was made of it is as safe as any */
  store = open_store ();
  assert_grant (store, 999, 1000);
  assert_row (damages[_i].name, is_frozen (store) == is_freezing (damages[_i].fate));
  if (damages[_i].fate <= UNPROVEN)
    assert_many (damages[_i].name, store, 300);
  pg_store_free (store);
}
END_TEST

/* A database that was closed in order needs nothing else. */
START_TEST (a_clean_database_outlives_all_others)
{
  PgStore *store;

  fill_three_sessions ();
  if (damages[_i].damage == make_unclean || strstr (damages[_i].name, "database") != NULL || damages[_i].fate > SALVAGED)
    return;
  damages[_i].damage ();
  store = open_store ();
  assert_many (damages[_i].name, store, 300);
  assert_notes (store, "1:192.0.2.1 2:192.0.2.2 3:user:carol");
  ck_assert (!is_frozen (store));
  pg_store_free (store);
}
END_TEST

START_TEST (a_copy_put_back_by_an_admin_is_what_it_says)
{
  g_autofree char *copy = in_folder ("copy");
  g_autoptr (GError) error = NULL;
  PgStore *store;
  PgRecord record;

  fill_three_sessions ();
  ck_assert (pg_base_copy (path, copy, NULL, &error));
  store = open_store ();
  put_many (store, 300, 400);
  ck_assert (pg_store_remove_note (store, 2, NULL));
  pg_store_free (store);
  ck_assert (g_rename (copy, path) == 0);
  for (int round = 0; round < 2; round++)
    {
      store = open_store ();
      assert_many ("copy", store, 300);
      ck_assert (get_grant (store, 350, &record) == PG_STORE_ABSENT);
      assert_notes (store, "1:192.0.2.1 2:192.0.2.2 3:user:carol");
      pg_store_free (store);
      make_unclean ();
    }
}
END_TEST

/* What it says of itself holds, though GDBM can't read it: base and a redo log without its end are not all. */
START_TEST (a_damaged_database_tells_what_is_missing)
{
  PgStore *store;

  fill_three_sessions ();
  flip_byte ("", 0.0);
  lose_last ();
  store = open_store ();
  assert_many ("damaged, and the end lost", store, 300);
  assert_notes (store, "1:192.0.2.1 2:192.0.2.2 3:user:carol");
  ck_assert (!is_frozen (store));
  pg_store_free (store);
}
END_TEST

/* A place that is used again holds an old note in one file and the new one in another, which may be lost. */
START_TEST (an_old_note_does_not_prove_that_there_is_no_newer_one)
{
  PgStore *store = open_store ();

  ck_assert_uint_eq (put_note (store, 0, "192.0.2.1"), 1);
  pg_store_free (store);
  store = open_store ();
  ck_assert (pg_store_remove_note (store, 1, NULL));
  ck_assert_uint_eq (put_note (store, 0, "user:carol"), 2);
  pg_store_free (store);
  store = open_store ();
  put_grant (store, 1, "bob", 1);
  pg_store_free (store);
  lose_database ();
  lose_middle ();
  store = open_store ();
  assert_grant (store, 1, 1);
  ck_assert (is_frozen (store));
  pg_store_free (store);
}
END_TEST

/* --- hostile addresses ----------------------------------------------------------------------------------------------- */

/* GDBM adds up the bytes of a key, each shifted by 5 times its place, modulo 24. */
static guint
sum_as_gdbm (const PgAddress *address)
{
  guint sum = 0;

  for (guint i = 0; i < sizeof address->bytes; i++)
    sum += (guint) address->bytes[i] << (i * 5 % 24);
  return sum;
}

/* All of one /64, and all of one sum: what a byte adds another takes away. */
static PgAddress
colliding (guint n)
{
  PgAddress address = { { 0x20, 0x01, 0x0d, 0xb8 } };

  address.bytes[10] = (guint8) (2 * (n % 128)); /* shifted by 2 */
  address.bytes[15] = (guint8) (255 - n % 128); /* by 3 */
  address.bytes[8] = (guint8) (2 * (n / 128));  /* by 16 */
  address.bytes[13] = (guint8) (255 - n / 128); /* by 17 */
  return address;
}

static PgAddress
scattered (guint n)
{
  PgAddress address = { { 0x20, 0x01, 0x0d, 0xb8 } };
  guint64   spread = n * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  memcpy (address.bytes + 8, &spread, sizeof spread);
  return address;
}

static goffset
size_with (PgAddress (*nth) (guint n))
{
  PgStore *store;
  goffset  size;

  empty_folder (folder);
  store = open_store ();
  for (guint n = 0; n < 10000; n++)
    {
      PgRecord record = record_of (nth (n), "mallory", n + 1);

      ck_assert (pg_store_put (store, &record, NULL));
    }
  ck_assert_uint_eq (pg_store_n_grants (store), 10000);
  size = file_size ();
  pg_store_free (store);
  return size;
}

/* Buckets that are split in vain would make the file, and each step, many times as large. */
START_TEST (addresses_that_collide_in_gdbm_are_as_any_other)
{
  PgAddress first = colliding (0);
  goffset   size;
  goffset   usual;

  for (guint n = 1; n < 10000; n++)
    {
      PgAddress address = colliding (n);

      ck_assert_uint_eq (sum_as_gdbm (&address), sum_as_gdbm (&first));
      ck_assert (memcmp (&address, &first, sizeof first) != 0);
    }
  size = size_with (colliding);
  usual = size_with (scattered);
  ck_assert_msg (size < usual * 11 / 10 && size > usual * 9 / 10, "%ld bytes instead of %ld", (long) size, (long) usual);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_loop_test (tests, what_is_damaged_is_saved_record_by_record, 0, G_N_ELEMENTS (damages));
  tcase_add_loop_test (tests, a_clean_database_outlives_all_others, 0, G_N_ELEMENTS (damages));
  tcase_add_test (tests, a_copy_put_back_by_an_admin_is_what_it_says);
  tcase_add_test (tests, a_damaged_database_tells_what_is_missing);
  tcase_add_test (tests, an_old_note_does_not_prove_that_there_is_no_newer_one);
  tcase_add_test (tests, addresses_that_collide_in_gdbm_are_as_any_other);
}

PG_TEST_MAIN ("salvage", fill)
