/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/pending.h"

#include "store-tools.h"

/* --- round trips ----------------------------------------------------------------------------------------------------- */

START_TEST (a_store_is_closed_until_it_is_opened)
{
  g_autoptr (PgStore) store = pg_store_new (path, PG_STORE_READ_WRITE);
  g_autoptr (PgNoteset) notes = pg_noteset_new ();
  g_autoptr (GBytes) position = g_bytes_new_static ("x", 1);
  PgRecord record = record_of (nth_address (1), "bob", 7);
  PgNote   note = note_about (0, "192.0.2.1", "");
  GBytes  *out;

  ck_assert_str_eq (pg_store_path (store), path);
  ck_assert (strstr (pg_store_problem (store), "not opened") != NULL);
  ck_assert (!g_file_test (path, G_FILE_TEST_EXISTS));
  ck_assert (pg_store_get (store, &record.address, &record, NULL) == PG_STORE_FAILED);
  ck_assert (!pg_store_put (store, &record, NULL));
  ck_assert (!pg_store_remove (store, &record.address, NULL));
  ck_assert (!pg_store_load_notes (store, notes, NULL));
  if (n_may_wait > 0) /* what was expected may have taken less */
    ck_assert (pg_store_flush (store, G_MAXUINT, NULL));
  else
    ck_assert (!pg_store_put_note (store, &note, NULL));
  ck_assert (!pg_store_remove_note (store, 1, NULL));
  ck_assert (pg_store_get_position (store, SOURCE, &out, NULL) == PG_STORE_FAILED);
  ck_assert (!pg_store_put_position (store, SOURCE, position, NULL));
  ck_assert (pg_store_close (store, NULL));
  pg_store_free (NULL);
}
END_TEST

START_TEST (what_is_put_is_there_at_once_and_after_reopening)
{
  PgStore *store = open_store ();
  PgRecord record;

  for (guint n = 0; n < 500; n++)
    {
      ck_assert (get_grant (store, n, &record) == PG_STORE_ABSENT);
      put_grant (store, n, "bob", n + 1);
      assert_grant (store, n, n + 1);
    }
  put_note (store, 0, "192.0.2.1");
  put_position (store, SOURCE, "here", 4);
  ck_assert_uint_eq (pg_store_n_grants (store), 500);
  ck_assert (pg_store_open (store, NULL)); /* nothing is done */
  ck_assert (pg_store_close (store, NULL));
  ck_assert (pg_store_problem (store) != NULL);
  ck_assert (get_grant (store, 1, &record) == PG_STORE_FAILED);
  ck_assert (pg_store_open (store, NULL));
  pg_store_free (store);
  ck_assert (is_closed_clean ());

  store = open_store ();
  for (guint n = 0; n < 500; n++)
    assert_grant (store, n, n + 1);
  ck_assert (get_grant (store, 500, &record) == PG_STORE_ABSENT);
  ck_assert_uint_eq (pg_store_n_grants (store), 500);
  assert_notes (store, "1:192.0.2.1");
  assert_position (store, SOURCE, "here", 4);
  pg_store_free (store);
}
END_TEST

START_TEST (each_database_has_an_id_of_its_own)
{
  PgStore *store = open_store ();
  guint64  id = pg_store_id (store);

  ck_assert (pg_store_close (store, NULL));
  ck_assert_uint_eq (pg_store_id (store), 0);
  ck_assert (pg_store_open (store, NULL));
  ck_assert_uint_eq (pg_store_id (store), id);
  pg_store_free (store);
  empty_folder (folder);
  store = open_store ();
  ck_assert (pg_store_id (store) != id && pg_store_id (store) != 0);
  pg_store_free (store);
}
END_TEST

START_TEST (all_of_a_record_comes_back)
{
  PgStore  *store = open_store ();
  PgAddress address;
  PgRecord  record, found;
  PgLogin   login = {
      .time_us = 9,
      .user = pg_span_from_string ("carol\n\xff"),
      .service = PG_SERVICE_IMAP,
      .server = PG_SERVER_DOVECOT,
  };
  guint8   images[2][PG_RECORD_SIZE];
  PgHash   key = { "any" };
  PgSecret secret = { "any" };

  ck_assert (pg_address_parse (pg_span_from_string ("2001:db8::1"), &address));
  record = record_of (address, "bob", 7);
  pg_record_add_login (&record, &login);
  ck_assert (pg_store_put (store, &record, NULL));
  ck_assert (pg_store_get (store, &address, &found, NULL) == PG_STORE_FOUND);
  pg_record_encode (&record, &secret, &key, images[0]);
  pg_record_encode (&found, &secret, &key, images[1]);
  ck_assert_mem_eq (images[0], images[1], PG_RECORD_SIZE);
  pg_store_free (store);
}
END_TEST

START_TEST (a_renewal_replaces_in_place)
{
  PgStore *store = open_store ();
  goffset  size;

  put_grant (store, 1, "bob", 1);
  put_grant (store, 2, "carol", 1);
  size = file_size ();
  for (gint64 time_us = 2; time_us < 2000; time_us++)
    put_grant (store, 1, "a much longer name than that of bob", time_us);
  ck_assert_int_eq (file_size (), size);
  ck_assert_uint_eq (pg_store_n_grants (store), 2);
  assert_grant (store, 1, 1999);
  assert_grant (store, 2, 1);
  pg_store_free (store);
}
END_TEST

/* Of 272 bytes a grant has in it, and GDBM's buckets, which are half empty at the worst. */
START_TEST (a_file_is_no_larger_than_what_is_in_it)
{
  PgStore *store = open_store ();

  for (guint n = 0; n < 4000; n++)
    put_grant (store, n, "bob", 1);
  ck_assert_int_lt (file_size (), 4000 * 450);
  pg_store_free (store);
}
END_TEST

START_TEST (what_is_removed_is_gone)
{
  PgStore *store = open_store ();
  PgRecord record;

  put_grant (store, 3, "bob", 1);
  put_grant (store, 4, "bob", 1);
  for (int i = 0; i < 2; i++)
    remove_grant (store, 3);
  ck_assert (get_grant (store, 3, &record) == PG_STORE_ABSENT);
  assert_grant (store, 4, 1);
  ck_assert_uint_eq (pg_store_n_grants (store), 1);
  pg_store_free (store);
  store = open_store ();
  ck_assert_uint_eq (pg_store_n_grants (store), 1);
  ck_assert (get_grant (store, 3, &record) == PG_STORE_ABSENT);
  pg_store_free (store);
}
END_TEST

/* --- who may open ---------------------------------------------------------------------------------------------------- */

static const struct
{
  const char *name;
  PgStoreMode first;
  PgStoreMode second;
  gboolean    may;
} pairs[] = {
  { "writer, writer", PG_STORE_READ_WRITE, PG_STORE_READ_WRITE, FALSE },
  { "writer, reader", PG_STORE_READ_WRITE, PG_STORE_READ_ONLY, FALSE },
  { "reader, writer", PG_STORE_READ_ONLY, PG_STORE_READ_WRITE, FALSE },
  { "reader, reader", PG_STORE_READ_ONLY, PG_STORE_READ_ONLY, TRUE },
};

START_TEST (only_readers_open_it_together)
{
  PgStore *first, *second;

  pg_store_free (open_store ());
  first = open_as (pairs[_i].first);
  if (pairs[_i].may)
    pg_store_free (open_as (pairs[_i].second));
  else
    assert_no_open (pairs[_i].name, pairs[_i].second, PG_ERROR_BUSY, "in use");
  pg_store_free (first);
  second = open_as (pairs[_i].second);
  pg_store_free (second);
}
END_TEST

START_TEST (a_reader_reads_and_changes_nothing)
{
  g_autoptr (GBytes) before = NULL;
  g_autoptr (GBytes) after = NULL;
  PgStore *store;
  PgRecord record;

  assert_no_open ("absent", PG_STORE_READ_ONLY, PG_ERROR_ABSENT, "No such file");
  ck_assert (!g_file_test (path, G_FILE_TEST_EXISTS));
  store = open_store ();
  put_grant (store, 1, "bob", 7);
  put_note (store, 0, "192.0.2.1");
  put_position (store, SOURCE, "here", 4);
  pg_store_free (store);

  before = read_bytes (path);
  store = open_as (PG_STORE_READ_ONLY);
  ck_assert (!pg_store_lacks_end (store));
  assert_grant (store, 1, 7);
  ck_assert (get_grant (store, 2, &record) == PG_STORE_ABSENT);
  assert_notes (store, "1:192.0.2.1");
  assert_position (store, SOURCE, "here", 4);
  ck_assert_uint_eq (pg_store_n_grants (store), 1);
  ck_assert (pg_store_close (store, NULL));
  ck_assert (pg_store_open (store, NULL));
  record = record_of (nth_address (1), "mallory", 9);
  ck_assert (!pg_store_put (store, &record, NULL));
  pg_store_free (store);
  after = read_bytes (path);
  ck_assert (g_bytes_equal (before, after));
}
END_TEST

static void
put_some (PgStore *store)
{
  for (guint n = 0; n < 400; n++)
    put_grant (store, n, "bob", n + 1);
  put_note (store, 0, "192.0.2.1");
  put_position (store, SOURCE, "here", 4);
  ck_assert (pg_store_sync (store, NULL));
}

START_TEST (a_crash_loses_nothing_that_was_synced)
{
  PgStore *store;

  crash_after (put_some);
  ck_assert (!is_closed_clean ());
  store = open_as (PG_STORE_READ_ONLY); /* a reader takes it as it is, and knows what that is worth */
  assert_grant (store, 399, 400);
  ck_assert (pg_store_lacks_end (store));
  pg_store_free (store);
  store = open_store ();
  ck_assert (!pg_store_lacks_end (store));
  for (guint n = 0; n < 400; n++)
    assert_grant (store, n, n + 1);
  ck_assert_uint_eq (pg_store_n_grants (store), 400);
  assert_notes (store, "1:192.0.2.1");
  assert_position (store, SOURCE, "here", 4);
  pg_store_free (store);
  ck_assert (is_closed_clean ());
}
END_TEST

/* --- files that are none --------------------------------------------------------------------------------------------- */

static void
make_empty (void)
{
  write_bytes (path, "", 0);
}

static void
make_text (void)
{
  write_bytes (path, "this is no database\n", 20);
}

static void
make_garbage (void)
{
  char bytes[20000];

  for (gsize i = 0; i < sizeof bytes; i++)
    bytes[i] = (char) (i * 37 + i / 256);
  write_bytes (path, bytes, sizeof bytes);
}

static void
make_cut_header (void)
{
  pg_store_free (open_store ());
  ck_assert (truncate (path, 100) == 0);
}

static void
make_directory (void)
{
  ck_assert (g_mkdir (path, 0700) == 0);
}

static void
make_loop (void)
{
  ck_assert (symlink ("popgate.gdbm", path) == 0);
}

static void
make_without_root (void)
{
  PgFile *file = open_raw (PG_FILE_CREATE);

  ck_assert (pg_file_put (file, pg_span_from_string ("popgate.1"), pg_span_from_string ("x"), NULL));
  pg_file_free (file);
}

static void
make_with_root (const guint8 *image, gsize size)
{
  PgFile *file = open_raw (PG_FILE_CREATE);

  ck_assert (pg_file_put (file, pg_span_from_string (PG_ROOT_KEY), pg_span ((const char *) image, size), NULL));
  pg_file_free (file);
}

static void
make_with_sealed_root (guint8 version, gsize size, const PgRoot *root)
{
  guint8 image[PG_ROOT_SIZE + 1];
  PgHash key = { PG_ROOT_KEY };

  pg_root_encode (root, image);
  image[PG_ROOT_SIZE] = 0;
  pg_frame_seal (image, size, PG_FRAME_ROOT, version, &root->secret, &key);
  make_with_root (image, size);
}

static const PgRoot good_root = { .secret = { "sixteen bytes.." }, .next_note_id = 1, .is_clean = TRUE };

static void
make_newer_root (void)
{
  make_with_sealed_root (PG_ROOT_VERSION + 1, PG_ROOT_SIZE, &good_root);
}

static void
make_older_root (void)
{
  make_with_sealed_root (0, PG_ROOT_SIZE, &good_root);
}

static void
make_short_root (void)
{
  make_with_sealed_root (1, PG_ROOT_SIZE - 1, &good_root);
}

static void
make_long_root (void)
{
  make_with_sealed_root (1, PG_ROOT_SIZE + 1, &good_root);
}

static void
make_root_without_ids (void)
{
  PgRoot root = good_root;

  root.next_note_id = 0;
  make_with_sealed_root (1, PG_ROOT_SIZE, &root);
}

static void
make_root_of_too_many (void)
{
  PgRoot root = good_root;

  root.n_places = PG_ROOT_PLACES_MAX + 1;
  make_with_sealed_root (1, PG_ROOT_SIZE, &root);
}

static void
make_tiny_root (void)
{
  make_with_root ((const guint8 *) "r", 1);
}

static void
make_foreign_record (void)
{
  PgFile *file;

  pg_store_free (open_store ());
  make_unclean ();
  file = open_raw (PG_FILE_WRITE);
  ck_assert (pg_file_put (file, pg_span_from_string ("192.0.2.1"), pg_span_from_string ("1700000000"), NULL));
  pg_file_free (file);
}

static void
make_empty_record (void)
{
  PgFile *file;

  pg_store_free (open_store ());
  make_unclean ();
  file = open_raw (PG_FILE_WRITE);
  ck_assert (pg_file_put (file, pg_span_from_string ("sixteen letters."), pg_span ("", 0), NULL));
  pg_file_free (file);
}

/* The bytes of the file that was set aside, or NULL. */
static GBytes *
read_aside (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *aside = in_folder (name);

      if (g_str_has_prefix (name, "popgate.gdbm.damaged-") && g_str_has_suffix (name, "Z"))
        return g_file_test (aside, G_FILE_TEST_IS_SYMLINK | G_FILE_TEST_IS_DIR) ? g_bytes_new (NULL, 0) : read_bytes (aside);
    }
  return NULL;
}

typedef enum
{
  IN_FORCE,
  KEPT,   /* set aside */
  FROZEN, /* and it may have been ours */
} Fate;

static const struct
{
  const char *name;
  void (*make) (void);
  Fate        fate;
  gint        code; /* for a reader */
  const char *phrase;
} bad_files[] = {
  { "empty", make_empty, KEPT, PG_ERROR_DAMAGED, NULL },
  { "text", make_text, KEPT, PG_ERROR_DAMAGED, NULL },
  { "garbage", make_garbage, KEPT, PG_ERROR_DAMAGED, NULL },
  { "cut in its header", make_cut_header, KEPT, PG_ERROR_DAMAGED, NULL },
  { "a folder", make_directory, KEPT, PG_ERROR_DAMAGED, NULL },
  { "a link to itself", make_loop, KEPT, PG_ERROR_DAMAGED, "symbolic links" },
  { "no root", make_without_root, KEPT, PG_ERROR_DAMAGED, "not a database of popgate" },
  { "an older root", make_older_root, FROZEN, PG_ERROR_DAMAGED, "unknown version" },
  { "a short root", make_short_root, FROZEN, PG_ERROR_DAMAGED, "wrong length" },
  { "a long root", make_long_root, FROZEN, PG_ERROR_DAMAGED, "wrong length" },
  { "a root of one byte", make_tiny_root, FROZEN, PG_ERROR_DAMAGED, "another kind" },
  { "a root without ids", make_root_without_ids, FROZEN, PG_ERROR_DAMAGED, "out of range" },
  { "a root of too many notes", make_root_of_too_many, FROZEN, PG_ERROR_DAMAGED, "out of range" },
  { "a record of others", make_foreign_record, IN_FORCE, ANY_CODE, NULL },
  { "an empty record", make_empty_record, IN_FORCE, ANY_CODE, NULL },
};

START_TEST (a_file_that_is_no_database_is_set_aside_and_kept)
{
  const char *name = bad_files[_i].name;
  g_autoptr (GBytes) before = NULL;
  g_autoptr (GBytes) after = NULL;
  g_autoptr (PgNoteset) notes = pg_noteset_new ();
  g_autofree char *news = NULL;
  PgStore         *store;

  bad_files[_i].make ();
  before = g_file_test (path, G_FILE_TEST_IS_REGULAR) ? read_bytes (path) : g_bytes_new (NULL, 0);
  if (bad_files[_i].fate != IN_FORCE)
    assert_no_open (name, PG_STORE_READ_ONLY, bad_files[_i].code, bad_files[_i].phrase);
  store = open_as (PG_STORE_READ_WRITE);
  news = pg_store_take_news (store);
  assert_row (name, news != NULL && strstr (news, path) != NULL);
  assert_row (name, pg_store_load_notes (store, notes, NULL));
  assert_row (name, pg_noteset_size (notes) == (bad_files[_i].fate == FROZEN ? 1 : 0));
  put_grant (store, 1, "bob", 7);
  pg_store_free (store);
  after = read_aside ();
  assert_row (name, (after != NULL) == (bad_files[_i].fate != IN_FORCE));
  assert_row (name, after == NULL || g_bytes_equal (before, after));
  store = open_store ();
  assert_grant (store, 1, 7);
  pg_store_free (store);
}
END_TEST

START_TEST (a_database_of_a_later_version_is_refused_and_kept)
{
  g_autoptr (GBytes) before = NULL;
  g_autoptr (GBytes) after = NULL;
  guint n_open;

  make_newer_root ();
  before = read_bytes (path);
  n_open = count_open_files ();
  for (int round = 0; round < 3; round++)
    {
      assert_no_open ("newer", PG_STORE_READ_WRITE, PG_ERROR_VERSION, "version 3");
      assert_no_open ("newer", PG_STORE_READ_ONLY, PG_ERROR_VERSION, "version 3");
    }
  ck_assert_uint_eq (count_open_files (), n_open);
  after = read_bytes (path);
  ck_assert (g_bytes_equal (before, after));
}
END_TEST

START_TEST (when_the_file_is_free_again_it_can_be_opened)
{
  g_autoptr (PgStore) store = pg_store_new (path, PG_STORE_READ_WRITE);
  PgStore *other = open_store ();
  PgRecord record;

  ck_assert (!pg_store_open (store, NULL));
  pg_store_free (other);
  ck_assert (pg_store_open (store, NULL));
  ck_assert (get_grant (store, 1, &record) == PG_STORE_ABSENT);
}
END_TEST

START_TEST (what_a_crash_left_of_a_new_file_is_no_obstacle)
{
  g_autofree char *fresh = g_strconcat (path, ".new", NULL);

  write_bytes (fresh, "rubbish", 7);
  pg_store_free (open_store ());
  ck_assert (!g_file_test (fresh, G_FILE_TEST_EXISTS));
  empty_folder (folder);
  ck_assert (g_mkdir (fresh, 0700) == 0);
  assert_no_open ("a folder in the way", PG_STORE_READ_WRITE, ANY_CODE, NULL);
  ck_assert (!g_file_test (path, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST (a_folder_that_can_not_be_written_is_told)
{
  ck_assert (chmod (folder, 0555) == 0);
  if (geteuid () == 0)
    ck_assert (seteuid (65534) == 0);
  assert_no_open ("unwritable", PG_STORE_READ_WRITE, PG_ERROR_STORE, "Permission denied");
  if (getuid () == 0)
    ck_assert (seteuid (0) == 0);
  ck_assert (chmod (folder, 0700) == 0);
  pg_store_free (open_store ());
}
END_TEST

/* --- damage ---------------------------------------------------------------------------------------------------------- */

static void
fill_for_damage (void)
{
  PgStore *store = open_store ();

  put_grant (store, 1, "the-grants-user", 1);
  put_grant (store, 2, "somebody-else", 2);
  put_note (store, 0, "user:the-first-note");
  put_note (store, 0, "user:the-second-note");
  put_position (store, SOURCE, "the-position", 12);
  put_position (store, "stdin:", "another", 7);
  pg_store_free (store);
}

START_TEST (a_damaged_grant_is_mended_and_never_absent)
{
  PgStore *store;
  PgRecord record;

  fill_for_damage ();
  flip_at ("the-grants-user", (gsize) _i);
  store = open_store (); /* it was closed in order: nobody looked yet */
  assert_grant (store, 2, 2);
  ck_assert (get_grant (store, 1, &record) == PG_STORE_FAILED);
  ck_assert (pg_store_problem (store) != NULL);
  ck_assert (pg_store_open (store, NULL));
  assert_grant (store, 1, 1);
  assert_grant (store, 2, 2);
  pg_store_free (store);
}
END_TEST

/* What was mended already is not made anew time and again. */
START_TEST (a_grant_that_is_damaged_again_is_told)
{
  PgStore *store;
  PgRecord record;

  fill_for_damage ();
  make_unclean ();
  store = open_store ();
  flip_at ("the-grants-user", 3);
  ck_assert (get_grant (store, 1, &record) == PG_STORE_FAILED);
  ck_assert (pg_store_problem (store) == NULL);
  assert_grant (store, 2, 2);
  put_grant (store, 1, "bob", 3); /* a new record is whole again */
  assert_grant (store, 1, 3);
  ck_assert_uint_eq (pg_store_n_grants (store), 2);
  pg_store_free (store);
}
END_TEST

static const struct
{
  const char *name;
  const char *needle;
  gsize       offset;
} damages[] = {
  { "a grant", "the-grants-user", 3 },          { "a grant's padding", "the-grants-user", 40 },
  { "a position", "the-position", 1 },          { "the root's key", "popgater", 2 },
  { "the root's kind", "popgater", 7 },         { "the root's secret", "popgater", 7 + 20 },
  { "the root's next id", "popgater", 7 + 32 }, { "the root's mark", "popgater", 7 + 56 },
  { "the root's padding", "popgater", 7 + 63 }, { "a note", "user:the-first-note", 1 },
};

static void
assert_filled (const char *name)
{
  PgStore *store = open_store ();

  assert_grant (store, 1, 1);
  assert_grant (store, 2, 2);
  assert_row (name, pg_store_n_grants (store) == 2);
  assert_notes (store, "1:user:the-first-note 2:user:the-second-note");
  assert_position (store, SOURCE, "the-position", 12);
  assert_position (store, "stdin:", "another", 7);
  pg_store_free (store);
}

START_TEST (damage_is_mended_when_it_was_not_closed_in_order)
{
  fill_for_damage ();
  make_unclean ();
  flip_at (damages[_i].needle, damages[_i].offset);
  assert_filled (damages[_i].name);
}
END_TEST

START_TEST (a_damaged_position_is_told_and_can_be_written_anew)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) found = NULL;
  PgStore *store;

  fill_for_damage ();
  flip_at ("the-position", 2);
  store = open_store ();
  ck_assert (pg_store_get_position (store, SOURCE, &found, &error) == PG_STORE_FAILED);
  ck_assert (g_error_matches (error, PG_ERROR, PG_ERROR_DAMAGED) && strstr (error->message, path) != NULL);
  ck_assert (found == NULL);
  assert_position (store, "stdin:", "another", 7);
  put_position (store, SOURCE, "new", 3);
  assert_position (store, SOURCE, "new", 3);
  pg_store_free (store);
}
END_TEST

/* Notes that are not complete close the store: nothing is to be answered without them. */
static void
assert_notes_damaged (const char *phrase)
{
  PgStore *store = open_as (PG_STORE_READ_WRITE);
  g_autoptr (PgNoteset) notes = pg_noteset_new ();
  g_autoptr (GError) error = NULL;
  PgRecord record;

  ck_assert (!pg_store_load_notes (store, notes, &error));
  ck_assert_msg (g_error_matches (error, PG_ERROR, PG_ERROR_DAMAGED), "%s", error->message);
  ck_assert_msg (strstr (error->message, phrase) != NULL && strstr (error->message, path) != NULL, "%s", error->message);
  ck_assert_str_eq (pg_store_problem (store), error->message);
  ck_assert (get_grant (store, 2, &record) == PG_STORE_FAILED);
  ck_assert (pg_store_open (store, NULL)); /* made anew */
  pg_store_free (store);
  assert_filled (phrase);
}

START_TEST (a_damaged_note_closes_the_store)
{
  fill_for_damage ();
  flip_at (_i == 0 ? "user:the-first-note" : "user:the-second-note", 1);
  assert_notes_damaged ("checksum");
}
END_TEST

/* The record at a note's place is changed below the store's feet. */
static void
change_place (guint64 place, const PgHash *value_of)
{
  PgFile *file = open_raw (PG_FILE_WRITE);
  PgRoot  root = read_root (file);
  PgHash  key = pg_key_of_place (&root.secret, place);
  PgSpan  value;

  if (value_of == NULL)
    ck_assert (pg_file_remove (file, pg_key_span (&key), NULL) == PG_FILE_FOUND);
  else
    {
      ck_assert (pg_file_get (file, pg_key_span (value_of), &value, NULL) == PG_FILE_FOUND);
      ck_assert (pg_file_put (file, pg_key_span (&key), value, NULL));
      pg_file_free_span (&value);
    }
  pg_file_free (file);
}

START_TEST (a_missing_note_is_missed)
{
  fill_for_damage ();
  change_place ((guint64) _i, NULL);
  assert_notes_damaged ("a note is missing");
}
END_TEST

START_TEST (a_note_in_another_place_is_damage)
{
  PgFile *file;
  PgRoot  root;
  PgHash  key;

  fill_for_damage ();
  file = open_raw (PG_FILE_READ);
  root = read_root (file);
  pg_file_free (file);
  key = pg_key_of_place (&root.secret, 1);
  change_place (0, &key);
  assert_notes_damaged ("checksum");
}
END_TEST

/* The root says how many grants there are, and whether the database was closed in order. */
static void
say_count (guint64 n_grants, gboolean is_clean)
{
  PgFile *file = open_raw (PG_FILE_WRITE);
  PgRoot  root = read_root (file);
  guint8  image[PG_ROOT_SIZE];
  PgHash  key = { PG_ROOT_KEY };

  ck_assert (root.has_count && root.n_grants == 2);
  root.n_grants = n_grants;
  pg_root_encode (&root, image);
  image[PG_ROOT_SIZE - 8] = is_clean ? 1 : 0;
  pg_frame_seal (image, sizeof image, PG_FRAME_ROOT, PG_ROOT_VERSION, &root.secret, &key);
  ck_assert (pg_file_put (file, pg_span_from_string (PG_ROOT_KEY), pg_span ((const char *) image, sizeof image), NULL));
  pg_file_free (file);
}

START_TEST (how_many_there_are_is_believed_of_what_was_closed_in_order)
{
  PgStore *store;

  fill_for_damage ();
  say_count (7, TRUE);
  store = open_as (PG_STORE_READ_ONLY);
  ck_assert_uint_eq (pg_store_n_grants (store), 7);
  pg_store_free (store);
}
END_TEST

START_TEST (else_they_are_counted)
{
  PgStore *store;

  fill_for_damage ();
  say_count (0, FALSE);
  store = open_as (PG_STORE_READ_ONLY);
  ck_assert_uint_eq (pg_store_n_grants (store), 2);
  pg_store_free (store);
}
END_TEST

/* None may look as if it had never been; and when it was opened again, none is lost. */
START_TEST (in_a_cut_file_nothing_is_absent)
{
  PgStore *store = open_store ();
  goffset  size;

  for (guint n = 0; n < 1000; n++)
    put_grant (store, n, "bob", 1);
  pg_store_free (store);
  size = file_size ();
  ck_assert (truncate (path, size * (_i + 1) / 8) == 0);
  store = pg_store_new (path, PG_STORE_READ_WRITE);
  for (guint n = 0; n < 1000; n++)
    {
      PgRecord      record;
      PgStoreAnswer answer = pg_store_open (store, NULL) ? get_grant (store, n, &record) : PG_STORE_FAILED;

      ck_assert_msg (answer != PG_STORE_ABSENT, "cut to %d/8, grant %u", _i + 1, n);
    }
  ck_assert (pg_store_open (store, NULL));
  for (guint n = 1000; n < 3000; n++)
    put_grant (store, n, "bob", 1);
  for (guint n = 0; n < 3000; n++)
    assert_grant (store, n, 1);
  pg_store_free (store);
}
END_TEST

/* Looks for grants until the store fails. Returns how many were found. */
static guint
count_found (PgStore *store, guint n_grants)
{
  PgRecord record;

  for (guint n = 0; n < n_grants; n++)
    {
      PgStoreAnswer answer = get_grant (store, n, &record);

      ck_assert_msg (answer != PG_STORE_ABSENT, "grant %u", n);
      if (answer == PG_STORE_FAILED && pg_store_problem (store) != NULL)
        return n;
    }
  return n_grants;
}

START_TEST (a_file_cut_while_it_is_open_fails_and_kills_nobody)
{
  PgStore      *store = open_store ();
  GBytes       *bytes;
  gsize         size;
  gconstpointer data;

  for (guint n = 0; n < 3000; n++)
    put_grant (store, n, "bob", n + 1);
  ck_assert (pg_store_close (store, NULL) && pg_store_open (store, NULL)); /* so that nothing is cached */
  bytes = read_bytes (path);
  data = g_bytes_get_data (bytes, &size);
  ck_assert (truncate (path, (off_t) (size / 8 * (gsize) _i + 77 * (gsize) _i)) == 0);
  ck_assert_uint_lt (count_found (store, 3000), 3000);
  ck_assert (pg_store_problem (store) != NULL);
  write_bytes (path, data, size);
  ck_assert (pg_store_open (store, NULL));
  ck_assert_uint_eq (count_found (store, 3000), 3000);
  g_bytes_unref (bytes);
  pg_store_free (store);
}
END_TEST

/* A grant whose record is in the part that is gone must not be taken for a new one. */
START_TEST (a_write_to_a_file_cut_while_it_is_open_fails)
{
  PgStore *store = open_store ();
  guint    n = 0;
  gboolean ok = TRUE;

  for (guint i = 0; i < 3000; i++)
    put_grant (store, i, "bob", i + 1);
  ck_assert (pg_store_close (store, NULL) && pg_store_open (store, NULL));
  ck_assert (truncate (path, file_size () / 8 * _i) == 0);
  for (; n < 3000 && ok; n++)
    {
      PgRecord record = record_of (nth_address (n), "bob", n + 2);

      ok = pg_store_put (store, &record, NULL) && pg_store_flush (store, 1, NULL);
      ck_assert_msg (!ok || pg_store_n_grants (store) == 3000, "grant %u is taken for new", n);
    }
  ck_assert (!ok && pg_store_problem (store) != NULL);
  pg_store_free (store);
}
END_TEST

/* --- a full disk ----------------------------------------------------------------------------------------------------- */

static struct rlimit unlimited;

static void
limit_files (rlim_t size)
{
  struct rlimit limit;

  signal (SIGXFSZ, SIG_IGN);
  ck_assert (getrlimit (RLIMIT_FSIZE, &unlimited) == 0);
  limit = (struct rlimit){ .rlim_cur = size, .rlim_max = unlimited.rlim_max };
  ck_assert (setrlimit (RLIMIT_FSIZE, &limit) == 0);
}

static void
lift_limit (void)
{
  ck_assert (setrlimit (RLIMIT_FSIZE, &unlimited) == 0);
}

/* Puts new grants until one does not fit. Returns how many did. As many as may wait do. */
static guint
fill_disk (PgStore *store, GError **error)
{
  for (guint n = 0; n < 100000; n++)
    {
      PgRecord record = record_of (nth_address (n), "bob", n + 1);

      if (!pg_store_put (store, &record, error))
        return n;
      if (n >= n_may_wait && !pg_store_flush (store, 1, error))
        return n + 1;
    }
  ck_abort_msg ("the disk does not get full");
}

START_TEST (a_full_disk_stops_new_records_and_nothing_else)
{
  g_autoptr (GError) error = NULL;
  PgStore *store;
  guint    n_put;
  PgNote   note = note_about (0, "192.0.2.2", "");

  n_may_wait = (guint) _i % 3 * 700;
  limit_files (1000000 + (rlim_t) _i * 33333);
  store = open_store ();
  put_note (store, 0, "192.0.2.1");
  put_position (store, SOURCE, "here", 4);
  n_put = fill_disk (store, &error);
  ck_assert_msg (g_error_matches (error, PG_ERROR, PG_ERROR_STORE) && strstr (error->message, "no room"), "%s", error->message);
  ck_assert (pg_store_problem (store) == NULL);
  ck_assert_uint_eq (pg_store_n_grants (store), n_put);
  if (n_may_wait > 0) /* what was expected may have taken less */
    ck_assert (pg_store_flush (store, G_MAXUINT, NULL));
  else
    ck_assert (!pg_store_put_note (store, &note, NULL));
  for (guint n = 0; n < n_put; n++)
    {
      assert_grant (store, n, n + 1);
      put_grant (store, n, "bob", n + 5); /* a renewal needs no room */
    }
  put_position (store, SOURCE, "there", 5);

  lift_limit ();
  for (guint n = n_put; n < 2 * n_put; n++)
    put_grant (store, n, "bob", n + 5);
  put_note (store, 0, "192.0.2.3");
  pg_store_free (store);
  make_unclean ();
  store = open_store ();
  ck_assert_uint_eq (pg_store_n_grants (store), 2 * n_put);
  for (guint n = 0; n < 2 * n_put; n++)
    assert_grant (store, n, n + 5);
  assert_notes (store, n_may_wait > 0 ? "1:192.0.2.1 2:192.0.2.3" : "1:192.0.2.1 3:192.0.2.3");
  pg_store_free (store);
}
END_TEST

START_TEST (after_a_failed_write_the_store_is_closed_until_it_is_opened)
{
  g_autoptr (GError) error = NULL;
  PgStore *store = open_store ();
  PgRecord record;
  guint    n_put;

  put_grant (store, 100000, "bob", 1); /* takes room, so that the limit is met in the middle of a write */
  limit_files ((rlim_t) file_size ());
  n_put = fill_disk (store, &error);
  ck_assert_msg (g_error_matches (error, PG_ERROR, PG_ERROR_STORE) && strstr (error->message, "cannot write"), "%s",
                 error->message);
  ck_assert_str_eq (pg_store_problem (store), error->message);
  ck_assert (get_grant (store, 100000, &record) == PG_STORE_FAILED);
  ck_assert_uint_eq (pg_store_n_grants (store), 0);
  lift_limit ();
  ck_assert (get_grant (store, 100000, &record) == PG_STORE_FAILED);
  ck_assert (pg_store_open (store, NULL));
  assert_grant (store, 100000, 1);
  for (guint n = 0; n < n_put; n++)
    assert_grant (store, n, n + 1);
  put_grant (store, n_put + 1, "bob", 7);
  assert_grant (store, n_put + 1, 7);
  pg_store_free (store);
}
END_TEST

/* --- notes ----------------------------------------------------------------------------------------------------------- */

START_TEST (notes_get_ids_that_never_come_again)
{
  PgStore *store = open_store ();
  goffset  size;

  ck_assert_uint_eq (put_note (store, 0, "192.0.2.1"), 1);
  ck_assert_uint_eq (put_note (store, 0, "192.0.2.2"), 2);
  ck_assert_uint_eq (put_note (store, 0, "user:carol"), 3);
  size = file_size ();
  for (guint64 id = 4; id < 1000; id++) /* one comes, one goes: the places are used again */
    {
      ck_assert (pg_store_remove_note (store, id - 2, NULL));
      ck_assert_uint_eq (put_note (store, 0, "192.0.2.9"), id);
    }
  ck_assert_int_eq (file_size (), size);
  assert_notes (store, "1:192.0.2.1 999:192.0.2.9");
  ck_assert_uint_eq (pg_store_n_grants (store), 0);
  ck_assert (pg_store_remove_note (store, 999, NULL));
  ck_assert (pg_store_remove_note (store, 999, NULL));
  pg_store_free (store);

  store = open_store ();
  ck_assert_uint_eq (pg_store_n_grants (store), 0);
  assert_notes (store, "1:192.0.2.1 998:192.0.2.9");
  ck_assert_uint_eq (put_note (store, 0, "192.0.2.4"), 1000);
  ck_assert_int_eq (file_size (), size);
  pg_store_free (store);
}
END_TEST

START_TEST (a_note_of_known_id_is_replaced)
{
  PgStore *store = open_store ();
  goffset  size;

  put_note (store, 0, "192.0.2.1");
  put_note (store, 0, "192.0.2.2");
  size = file_size ();
  ck_assert_uint_eq (put_note (store, 1, "192.0.2.7"), 1);
  assert_notes (store, "1:192.0.2.7 2:192.0.2.2");
  ck_assert_int_eq (file_size (), size);
  pg_store_free (store);
}
END_TEST

START_TEST (an_id_from_elsewhere_is_spent_too)
{
  PgStore *store = open_store ();

  ck_assert_uint_eq (put_note (store, 2, "192.0.2.2"), 2);
  ck_assert_uint_eq (put_note (store, 1, "192.0.2.1"), 1);
  ck_assert_uint_eq (put_note (store, 0, "192.0.2.3"), 3);
  ck_assert (pg_store_remove_note (store, 3, NULL));
  pg_store_free (store);
  store = open_store ();
  ck_assert_uint_eq (put_note (store, 0, "192.0.2.4"), 4);
  assert_notes (store, "1:192.0.2.1 2:192.0.2.2 4:192.0.2.4");
  pg_store_free (store);
}
END_TEST

static void
put_two_remove_one (PgStore *store)
{
  put_note (store, 0, "192.0.2.1");
  put_note (store, 0, "192.0.2.2");
  ck_assert (pg_store_remove_note (store, 2, NULL));
  ck_assert (pg_store_sync (store, NULL));
}

static void
put_one_more (PgStore *store)
{
  put_note (store, 0, "192.0.2.3");
  ck_assert (pg_store_sync (store, NULL));
}

START_TEST (no_crash_makes_an_id_come_again)
{
  PgStore *store;

  crash_after (put_two_remove_one);
  crash_after (put_one_more);
  store = open_store ();
  assert_notes (store, "1:192.0.2.1 3:192.0.2.3");
  ck_assert_uint_eq (put_note (store, 0, "192.0.2.4"), 4);
  pg_store_free (store);
}
END_TEST

/* A crash of the machine may lose the root's last write, and keep that of the note. */
START_TEST (a_note_that_outlived_its_root_keeps_its_id)
{
  PgStore *store = open_store ();
  PgFile  *file;
  PgRoot   root;

  put_note (store, 0, "192.0.2.1");
  put_note (store, 0, "192.0.2.2");
  ck_assert (pg_store_remove_note (store, 1, NULL));
  pg_store_free (store);
  file = open_raw (PG_FILE_READ);
  root = read_root (file);
  pg_file_free (file);
  store = open_store ();
  put_note (store, 0, "192.0.2.3"); /* in the place of the first */
  pg_store_free (store);
  file = open_raw (PG_FILE_WRITE);
  write_root (file, &root);
  pg_file_free (file);

  store = open_store ();
  ck_assert_uint_eq (put_note (store, 0, "192.0.2.4"), 4);
  assert_notes (store, "2:192.0.2.2 3:192.0.2.3 4:192.0.2.4");
  pg_store_free (store);
}
END_TEST

START_TEST (a_note_before_the_notes_were_loaded_is_a_bug)
{
  PgStore *store = open_as (PG_STORE_READ_WRITE);

  put_note (store, 0, "192.0.2.1");
}
END_TEST

/* --- positions ------------------------------------------------------------------------------------------------------- */

START_TEST (a_position_is_kept_for_each_source)
{
  PgStore *store = open_store ();
  GBytes  *out;
  char     text[PG_STORE_POSITION_MAX];
  goffset  size;

  ck_assert (pg_store_get_position (store, SOURCE, &out, NULL) == PG_STORE_ABSENT);
  put_position (store, SOURCE, "a", 1);
  put_position (store, "", "nameless", 8);
  size = file_size ();
  for (gsize len = 1; len <= sizeof text; len++)
    {
      memset (text, (int) len, sizeof text);
      put_position (store, SOURCE, text, len);
      assert_position (store, SOURCE, text, len);
    }
  ck_assert_int_eq (file_size (), size);
  ck_assert_uint_eq (pg_store_n_grants (store), 0);
  pg_store_free (store);
  store = open_store ();
  assert_position (store, SOURCE, text, sizeof text);
  assert_position (store, "", "nameless", 8);
  ck_assert (pg_store_get_position (store, "stdin:", &out, NULL) == PG_STORE_ABSENT);
  ck_assert_uint_eq (pg_store_n_grants (store), 0);
  pg_store_free (store);
}
END_TEST

START_TEST (a_position_of_illegal_size_is_a_bug)
{
  PgStore *store = open_store ();
  char     text[PG_STORE_POSITION_MAX + 1] = { 0 };

  put_position (store, SOURCE, text, _i == 0 ? 0 : sizeof text);
}
END_TEST

/* --- walking --------------------------------------------------------------------------------------------------------- */

#define N_WALKED 3000

/* Fails if a grant is met twice, or was never put. Returns how many were met. */
static guint
walk (PgStore *store, void (*meanwhile) (PgStore *store, guint n))
{
  g_autoptr (PgStoreCursor) cursor = pg_store_cursor_new (store);
  g_autofree guint8 *met = g_new0 (guint8, N_WALKED);
  PgStoreAnswer      answer;
  PgRecord           record;
  guint              n = 0;

  ck_assert_uint_eq (pg_store_n_cursors (store), 1);
  while ((answer = pg_store_cursor_next (cursor, &record, NULL)) == PG_STORE_FOUND)
    {
      guint number = number_of (&record.address);

      ck_assert_uint_lt (number, N_WALKED);
      ck_assert_msg (meanwhile != NULL || met[number] == 0, "grant %u is met twice", number);
      met[number] = 1;
      if (meanwhile != NULL)
        meanwhile (store, n);
      n++;
    }
  ck_assert (answer == PG_STORE_ABSENT);
  ck_assert (pg_store_cursor_next (cursor, &record, NULL) == PG_STORE_ABSENT);
  return n;
}

static void
renew_some (PgStore *store, guint n)
{
  put_grant (store, n % 500, "renewed", n + 9);
}

static void
put_new (PgStore *store, guint n)
{
  put_grant (store, MIN (500 + n, N_WALKED - 1), "new", 1);
}

START_TEST (a_walk_meets_every_grant_once)
{
  PgStore *store = open_store ();

  ck_assert_uint_eq (walk (store, NULL), 0);
  put_note (store, 0, "192.0.2.1");
  put_position (store, SOURCE, "here", 4);
  ck_assert_uint_eq (walk (store, NULL), 0);
  for (guint n = 0; n < N_WALKED; n++)
    put_grant (store, n, "bob", n + 1);
  ck_assert_uint_eq (walk (store, NULL), N_WALKED);
  ck_assert_uint_eq (pg_store_n_cursors (store), 0);
  pg_store_cursor_free (NULL);
  pg_store_free (store);
}
END_TEST

static PgIndexEntry *
recall (PgStore *store, guint n, gboolean *out_known)
{
  PgAddress     address = nth_address (n);
  PgIndexEntry *entry;

  *out_known = pg_store_recall (store, &address, &entry);
  return entry;
}

static void
assert_recalled (PgStore *store, guint n, gint64 newest_us)
{
  gboolean      is_known;
  PgIndexEntry *entry = recall (store, n, &is_known);

  ck_assert_msg (is_known && entry != NULL, "grant %u", n);
  ck_assert_int_eq (pg_index_newest_us (entry), newest_us);
}

static void
assert_absence (PgStore *store, guint n, gboolean is_known)
{
  gboolean known;

  ck_assert (recall (store, n, &known) == NULL);
  ck_assert_msg (known == is_known, "grant %u", n);
}

/* What is not stored is known only when all that is stored has been met since the file was opened. */
START_TEST (what_is_known_is_what_the_file_holds)
{
  PgStore *store = open_store ();
  PgRecord record;

  assert_absence (store, 1, TRUE); /* nothing is stored */
  for (guint n = 0; n < 500; n++)
    put_grant (store, n, "bob", n + 1);
  assert_recalled (store, 7, 8);
  put_grant (store, 7, "bob", 1000);
  assert_recalled (store, 7, 1000);
  assert_absence (store, 500, TRUE);
  ck_assert (pg_store_close (store, NULL));
  assert_absence (store, 7, FALSE);
  ck_assert (pg_store_open (store, NULL));

  assert_absence (store, 7, FALSE);
  ck_assert (get_grant (store, 7, &record) == PG_STORE_FOUND);
  assert_recalled (store, 7, 1000);
  assert_absence (store, 8, FALSE);
  assert_absence (store, 500, FALSE);
  put_grant (store, 500, "bob", 501);
  ck_assert_uint_eq (pg_store_n_grants (store), 501);
  ck_assert_uint_eq (walk (store, NULL), 501);
  assert_recalled (store, 8, 9);
  assert_recalled (store, 500, 501);
  assert_absence (store, 501, TRUE);
  pg_store_free (store);
}
END_TEST

START_TEST (what_is_removed_is_known_no_more)
{
  PgStore *store = open_store ();
  PgRecord record;

  for (guint n = 0; n < 10; n++)
    put_grant (store, n, "bob", n + 1);
  remove_grant (store, 3);
  assert_absence (store, 3, TRUE);
  ck_assert (get_grant (store, 3, &record) == PG_STORE_ABSENT);
  ck_assert_uint_eq (pg_store_n_grants (store), 9);
  put_grant (store, 3, "bob", 77);
  assert_recalled (store, 3, 77);
  ck_assert_uint_eq (pg_store_n_grants (store), 10);
  pg_store_free (store);
}
END_TEST

/* Each file has a secret of its own, and so its own keys. */
START_TEST (what_was_expected_is_looked_for_in_the_file_there_is)
{
  PgStore  *store = open_store ();
  PgAddress address = nth_address (3);

  for (guint n = 0; n < 10; n++)
    put_grant (store, n, "bob", n + 1);
  pg_store_expect (store, &address);
  assert_recalled (store, 3, 4);
  ck_assert (pg_store_close (store, NULL));
  empty_folder (folder);
  ck_assert (pg_store_open (store, NULL));
  pg_store_expect (store, &address);
  assert_absence (store, 3, TRUE);
  put_grant (store, 3, "bob", 77);
  assert_recalled (store, 3, 77);
  pg_store_free (store);
}
END_TEST

/* --- what waits for the database ------------------------------------------------------------------------------------- */

/* Reads it from the file itself. */
static gboolean
is_in_file (PgStore *store, guint n)
{
  PgAddress address = nth_address (n);
  PgFile   *file = pg_file_new (path);
  PgRoot    root;
  PgHash    key;
  gboolean  is_there;

  ck_assert (pg_store_close (store, NULL));
  ck_assert (pg_file_open (file, path, PG_FILE_READ, NULL));
  root = read_root (file);
  key = pg_key_of_grant (&root.secret, &address);
  is_there = pg_file_has (file, pg_key_span (&key));
  pg_file_free (file);
  ck_assert (pg_store_open (store, NULL));
  return is_there;
}

START_TEST (what_waits_is_as_good_as_there)
{
  PgStore *store = open_store ();
  PgRecord record;

  n_may_wait = 100;
  for (guint n = 0; n < 10; n++)
    put_grant (store, n, "bob", n + 1);
  put_grant (store, 1, "bob", 77);
  ck_assert_uint_eq (pg_store_n_pending (store), 10);
  ck_assert_uint_eq (pg_store_n_grants (store), 10);
  assert_grant (store, 1, 77);
  ck_assert_uint_eq (walk (store, NULL), 10);
  remove_grant (store, 2); /* it never was in the file */
  ck_assert (get_grant (store, 2, &record) == PG_STORE_ABSENT);
  ck_assert_uint_eq (pg_store_n_grants (store), 9);
  ck_assert (pg_store_flush (store, 4, NULL));
  ck_assert_uint_eq (pg_store_n_pending (store), 5);
  remove_grant (store, 2);
  ck_assert_uint_eq (pg_store_n_grants (store), 9);
  ck_assert (is_in_file (store, 9) && is_in_file (store, 0) && !is_in_file (store, 2)); /* closing flushes */
  ck_assert_uint_eq (pg_store_n_grants (store), 9);
  assert_grant (store, 1, 77);
  pg_store_free (store);
}
END_TEST

/* What was removed while it waited must not come back out of the redo log, nor what waited be lost. */
START_TEST (a_crash_loses_nothing_that_waits)
{
  PgStore *store = open_store ();
  PgRecord record;
  pid_t    child;

  pg_store_free (store);
  child = fork ();
  if (child == 0)
    {
      store = open_store ();
      n_may_wait = 100;
      for (guint n = 0; n < 10; n++)
        put_grant (store, n, "bob", n + 1);
      remove_grant (store, 2);
      ck_assert (pg_store_sync (store, NULL));
      _exit (pg_store_n_pending (store) == 9 ? 0 : 1);
    }
  ck_assert (waitpid (child, &_i, 0) == child && _i == 0);
  store = open_store ();
  ck_assert_uint_eq (pg_store_n_grants (store), 9);
  assert_grant (store, 9, 10);
  ck_assert (get_grant (store, 2, &record) == PG_STORE_ABSENT);
  pg_store_free (store);
}
END_TEST

START_TEST (more_than_may_wait_does_not)
{
  PgStore *store = open_store ();

  n_may_wait = G_MAXUINT;
  for (guint n = 0; n < PG_PENDING_MAX + 1000; n++)
    {
      put_grant (store, n, "bob", n + 1);
      if (n % 10000 == 0)
        ck_assert (pg_store_sync (store, NULL));
    }
  ck_assert_uint_eq (pg_store_n_pending (store), PG_PENDING_MAX);
  assert_grant (store, 0, 1);
  assert_grant (store, PG_PENDING_MAX + 999, PG_PENDING_MAX + 1000);
  pg_store_free (store);
  store = open_store ();
  ck_assert (pg_store_take_news (store) == NULL);
  ck_assert_uint_eq (pg_store_n_grants (store), PG_PENDING_MAX + 1000);
  pg_store_free (store);
}
END_TEST

START_TEST (renewals_do_not_disturb_a_walk)
{
  PgStore *store = open_store ();

  for (guint n = 0; n < 500; n++)
    put_grant (store, n, "bob", 1);
  ck_assert_uint_eq (walk (store, renew_some), 500);
  pg_store_free (store);
}
END_TEST

START_TEST (a_walk_among_new_grants_ends)
{
  PgStore *store = open_store ();

  for (guint n = 0; n < 500; n++)
    put_grant (store, n, "bob", 1);
  walk (store, put_new);
  pg_store_free (store);
}
END_TEST

START_TEST (a_cursor_ends_with_the_handle_it_was_made_for)
{
  PgStore       *store = open_store ();
  PgStoreCursor *cursor;
  PgRecord       record;

  for (guint n = 0; n < 10; n++)
    put_grant (store, n, "bob", 1);
  cursor = pg_store_cursor_new (store);
  ck_assert (pg_store_cursor_next (cursor, &record, NULL) == PG_STORE_FOUND);
  ck_assert (pg_store_close (store, NULL));
  ck_assert (pg_store_cursor_next (cursor, &record, NULL) == PG_STORE_FAILED);
  ck_assert (pg_store_open (store, NULL));
  ck_assert (pg_store_cursor_next (cursor, &record, NULL) == PG_STORE_FAILED);
  pg_store_cursor_free (cursor);
  pg_store_free (store);
}
END_TEST

START_TEST (a_walk_goes_on_behind_a_damaged_grant)
{
  g_autoptr (PgStoreCursor) cursor = NULL;
  PgStore      *store;
  PgStoreAnswer answer;
  PgRecord      record;
  guint         n_found = 0, n_failed = 0;

  fill_for_damage ();
  make_unclean ();
  store = open_store ();
  flip_at ("the-grants-user", 2);
  cursor = pg_store_cursor_new (store);
  while ((answer = pg_store_cursor_next (cursor, &record, NULL)) != PG_STORE_ABSENT)
    {
      n_found += answer == PG_STORE_FOUND;
      n_failed += answer == PG_STORE_FAILED;
    }
  ck_assert (n_found == 1 && n_failed == 1);
  assert_absence (store, 100000, FALSE); /* one was not read: it may be any */
  g_clear_pointer (&cursor, pg_store_cursor_free);
  pg_store_free (store);
}
END_TEST

/* --- syncing --------------------------------------------------------------------------------------------------------- */

typedef struct
{
  gboolean is_done;
  gboolean ok;
} Synced;

static void
note_synced (G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  Synced *synced = user_data;

  synced->is_done = TRUE;
  synced->ok = pg_store_sync_finish (result, &error);
  ck_assert (synced->ok == (error == NULL));
  ck_assert (error == NULL || g_error_matches (error, PG_ERROR, PG_ERROR_STORE));
}

static gboolean
wait_for (Synced *synced)
{
  while (!synced->is_done)
    g_main_context_iteration (NULL, TRUE);
  return synced->ok;
}

START_TEST (a_sync_is_waited_for_elsewhere)
{
  PgStore *store = open_store ();
  Synced   synced = { 0 };

  put_grant (store, 1, "bob", 1);
  ck_assert (pg_store_is_dirty (store));
  pg_store_sync_async (store, note_synced, &synced);
  ck_assert (!synced.is_done); /* never before the loop runs */
  ck_assert (!pg_store_is_dirty (store));
  put_grant (store, 2, "bob", 2);
  ck_assert (pg_store_is_dirty (store));
  assert_grant (store, 1, 1);
  ck_assert (wait_for (&synced));
  pg_store_free (store);
}
END_TEST

START_TEST (a_store_may_end_during_a_sync)
{
  guint n_open = 0;

  for (guint round = 0; round < 3; round++)
    {
      PgStore *store = open_store ();
      Synced   synced = { 0 };

      put_grant (store, round, "bob", 1);
      pg_store_sync_async (store, note_synced, &synced);
      pg_store_free (store);
      store = open_store (); /* it holds no lock */
      assert_grant (store, round, 1);
      ck_assert (wait_for (&synced));
      pg_store_free (store);
      n_open = round == 0 ? count_open_files () : n_open; /* the loop's own came in the first round */
      ck_assert_uint_eq (count_open_files (), n_open);
    }
}
END_TEST

START_TEST (a_closed_store_is_not_synced)
{
  PgStore *store = open_store ();
  Synced   synced = { 0 };

  ck_assert (pg_store_close (store, NULL));
  pg_store_sync_async (store, note_synced, &synced);
  ck_assert (!synced.is_done);
  ck_assert (!wait_for (&synced));
  pg_store_free (store);
}
END_TEST

/* Puts another file in the place of the redo log's descriptor. Returns the real one. */
static int
swap_descriptor (int with)
{
  for (int fd = 3; fd < 100; fd++)
    {
      g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
      g_autofree char *target = g_file_read_link (link, NULL);
      int              real;

      if (target == NULL || strstr (target, ".redo-") == NULL)
        continue;
      real = dup (fd);
      ck_assert (dup2 (with, fd) == fd);
      return real;
    }
  ck_abort_msg ("no descriptor of the redo log");
}

static void
restore_descriptor (int real, int with)
{
  struct stat status, own;

  ck_assert (fstat (with, &own) == 0);
  for (int fd = 3; fd < 100; fd++)
    if (fd != with && fstat (fd, &status) == 0 && status.st_ino == own.st_ino && status.st_dev == own.st_dev)
      ck_assert (dup2 (real, fd) == fd);
  close (real);
}

/* Opened for reading it can't be written; to the other can be written, but it can't be synced. */
static const struct
{
  const char *name;
  const char *device;
  int         flags;
} bad_disks[] = {
  { "no write", "/dev/null", O_RDONLY },
  { "no sync", "/dev/null", O_WRONLY },
};

static void
assert_no_sync (PgStore *store, const char *name)
{
  Synced synced = { 0 };

  pg_store_sync_async (store, note_synced, &synced);
  assert_row (name, !wait_for (&synced));
  assert_row (name, pg_store_is_dirty (store) && pg_store_waiting (store) > 0);
  assert_row (name, pg_store_write_problem (store) != NULL);
}

START_TEST (what_could_not_be_synced_is_synced_later)
{
  const char *name = bad_disks[_i].name;
  PgStore    *store = open_store ();
  Synced      synced = { 0 };
  int         bad = open (bad_disks[_i].device, bad_disks[_i].flags);
  int         real;

  put_grant (store, 1, "bob", 1);
  ck_assert (pg_store_sync (store, NULL));
  put_grant (store, 2, "bob", 2);
  real = swap_descriptor (bad);
  assert_no_sync (store, name);
  put_grant (store, 3, "bob", 3); /* reads and writes go on */
  assert_grant (store, 2, 2);
  restore_descriptor (real, bad);
  close (bad);
  pg_store_sync_async (store, note_synced, &synced);
  assert_row (name, wait_for (&synced));
  assert_row (name, !pg_store_is_dirty (store) && pg_store_waiting (store) == 0 && pg_store_write_problem (store) == NULL);
  ck_assert (g_file_set_contents (path, "gone", 4, NULL)); /* what is there must be in the redo log */
  pg_store_tick (store);
  assert_row (name, pg_store_problem (store) != NULL);
  assert_row (name, pg_store_open (store, NULL));
  for (guint n = 1; n <= 3; n++)
    assert_grant (store, n, n);
  pg_store_free (store);
  ck_assert (is_closed_clean ());
}
END_TEST

static void
add_damage_tests (TCase *tests)
{
  tcase_add_loop_test (tests, a_file_that_is_no_database_is_set_aside_and_kept, 0, G_N_ELEMENTS (bad_files));
  tcase_add_test (tests, a_database_of_a_later_version_is_refused_and_kept);
  tcase_add_test (tests, when_the_file_is_free_again_it_can_be_opened);
  tcase_add_test (tests, what_a_crash_left_of_a_new_file_is_no_obstacle);
  tcase_add_test (tests, a_folder_that_can_not_be_written_is_told);
  tcase_add_loop_test (tests, a_damaged_grant_is_mended_and_never_absent, 0, 15);
  tcase_add_test (tests, a_grant_that_is_damaged_again_is_told);
  tcase_add_loop_test (tests, damage_is_mended_when_it_was_not_closed_in_order, 0, G_N_ELEMENTS (damages));
  tcase_add_test (tests, a_damaged_position_is_told_and_can_be_written_anew);
  tcase_add_loop_test (tests, a_damaged_note_closes_the_store, 0, 2);
  tcase_add_loop_test (tests, a_missing_note_is_missed, 0, 2);
  tcase_add_test (tests, what_waits_is_as_good_as_there);
  tcase_add_test (tests, a_crash_loses_nothing_that_waits);
  tcase_add_test (tests, more_than_may_wait_does_not);
  tcase_add_test (tests, how_many_there_are_is_believed_of_what_was_closed_in_order);
  tcase_add_test (tests, else_they_are_counted);
  tcase_add_test (tests, a_note_in_another_place_is_damage);
  tcase_add_loop_test (tests, in_a_cut_file_nothing_is_absent, 0, 7);
  tcase_add_loop_test (tests, a_file_cut_while_it_is_open_fails_and_kills_nobody, 0, 8);
  tcase_add_loop_test (tests, a_write_to_a_file_cut_while_it_is_open_fails, 0, 8);
  tcase_add_loop_test (tests, a_full_disk_stops_new_records_and_nothing_else, 0, 4);
  tcase_add_test (tests, after_a_failed_write_the_store_is_closed_until_it_is_opened);
}

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_test (tests, a_store_is_closed_until_it_is_opened);
  tcase_add_test (tests, what_is_put_is_there_at_once_and_after_reopening);
  tcase_add_test (tests, each_database_has_an_id_of_its_own);
  tcase_add_test (tests, all_of_a_record_comes_back);
  tcase_add_test (tests, a_renewal_replaces_in_place);
  tcase_add_test (tests, a_file_is_no_larger_than_what_is_in_it);
  tcase_add_test (tests, what_is_removed_is_gone);
  tcase_add_loop_test (tests, only_readers_open_it_together, 0, G_N_ELEMENTS (pairs));
  tcase_add_test (tests, a_reader_reads_and_changes_nothing);
  tcase_add_test (tests, a_crash_loses_nothing_that_was_synced);
  add_damage_tests (tests);
  tcase_add_test (tests, notes_get_ids_that_never_come_again);
  tcase_add_test (tests, a_note_of_known_id_is_replaced);
  tcase_add_test (tests, an_id_from_elsewhere_is_spent_too);
  tcase_add_test (tests, no_crash_makes_an_id_come_again);
  tcase_add_test (tests, a_note_that_outlived_its_root_keeps_its_id);
  tcase_add_test_raise_signal (tests, a_note_before_the_notes_were_loaded_is_a_bug, SIGTRAP);
  tcase_add_test (tests, a_position_is_kept_for_each_source);
  tcase_add_loop_test_raise_signal (tests, a_position_of_illegal_size_is_a_bug, SIGTRAP, 0, 2);
  tcase_add_test (tests, a_walk_meets_every_grant_once);
  tcase_add_test (tests, what_is_known_is_what_the_file_holds);
  tcase_add_test (tests, what_is_removed_is_known_no_more);
  tcase_add_test (tests, what_was_expected_is_looked_for_in_the_file_there_is);
  tcase_add_test (tests, renewals_do_not_disturb_a_walk);
  tcase_add_test (tests, a_walk_among_new_grants_ends);
  tcase_add_test (tests, a_cursor_ends_with_the_handle_it_was_made_for);
  tcase_add_test (tests, a_walk_goes_on_behind_a_damaged_grant);
  tcase_add_test (tests, a_sync_is_waited_for_elsewhere);
  tcase_add_test (tests, a_store_may_end_during_a_sync);
  tcase_add_test (tests, a_closed_store_is_not_synced);
  tcase_add_loop_test (tests, what_could_not_be_synced_is_synced_later, 0, G_N_ELEMENTS (bad_disks));
}

PG_TEST_MAIN ("store", fill)
