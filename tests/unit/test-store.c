/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/bytes.h"
#include "core/error.h"
#include "store/file.h"
#include "store/keys.h"
#include "store/root.h"
#include "store/store.h"

#include "folder.h"

#include <sys/resource.h>
#include <sys/wait.h>

#define SOURCE "file:/var/log/mail.log"

static char *path; /* of the database, in the folder */

static void
set_up (void)
{
  make_folder ();
  path = in_folder ("popgate.gdbm");
}

static void
tear_down (void)
{
  g_clear_pointer (&path, g_free);
  remove_folder ();
}

/* --- short ways ------------------------------------------------------------------------------------------------------ */

static PgStore *
open_as (PgStoreMode mode)
{
  PgStore           *store = pg_store_new (path, mode);
  g_autoptr (GError) error = NULL;
  gboolean           ok = pg_store_open (store, &error);

  ck_assert_msg (ok, "%s", ok ? "" : error->message);
  ck_assert (pg_store_problem (store) == NULL);
  return store;
}

static PgStore *
open_store (void)
{
  PgStore             *store = open_as (PG_STORE_READ_WRITE);
  g_autoptr (PgNoteset) notes = pg_noteset_new ();

  ck_assert (pg_store_load_notes (store, notes, NULL));
  return store;
}

#define ANY_CODE (-1)

/* The store can't be opened, and says so everywhere. */
static void
assert_no_open (const char *name, PgStoreMode mode, gint code, const char *phrase)
{
  g_autoptr (PgStore) store = pg_store_new (path, mode);
  g_autoptr (GError) error = NULL;
  gboolean  ok = pg_store_open (store, &error);
  PgAddress address = { { 0 } };
  PgRecord  record;

  assert_row_agrees (name, ok, error, FALSE);
  ck_assert_msg (error->domain == PG_ERROR && (code == ANY_CODE || error->code == code), "%s: code %d: %s", name, error->code,
                 error->message);
  ck_assert_msg (strstr (error->message, path) != NULL, "%s: names no path: %s", name, error->message);
  ck_assert_msg (phrase == NULL || strstr (error->message, phrase) != NULL, "%s: %s", name, error->message);
  assert_row_text (name, pg_store_problem (store), error->message);
  assert_row (name, pg_store_get (store, &address, &record, NULL) == PG_STORE_FAILED);
  assert_row (name, pg_store_n_grants (store) == 0);
}

static PgAddress
nth_address (guint n)
{
  PgAddress        address;
  g_autofree char *text = g_strdup_printf ("10.%u.%u.%u", n >> 16 & 255, n >> 8 & 255, n & 255);

  ck_assert (pg_address_parse (pg_span_from_string (text), &address));
  return address;
}

static guint
number_of (const PgAddress *address)
{
  return (guint) address->bytes[13] << 16 | (guint) address->bytes[14] << 8 | address->bytes[15];
}

static PgRecord
record_of (PgAddress address, const char *user, gint64 time_us)
{
  PgRecord record;
  PgLogin  login = {
     .time_us = time_us,
     .address = address,
     .user = pg_span_from_string (user),
     .service = PG_SERVICE_POP3,
     .server = PG_SERVER_DOVECOT,
  };

  pg_record_init (&record, &address);
  pg_record_add_login (&record, &login);
  return record;
}

static void
put_grant (PgStore *store, guint n, const char *user, gint64 time_us)
{
  PgRecord           record = record_of (nth_address (n), user, time_us);
  g_autoptr (GError) error = NULL;
  gboolean           ok = pg_store_put (store, &record, &error);

  ck_assert_msg (ok, "grant %u: %s", n, ok ? "" : error->message);
}

static PgStoreAnswer
get_grant (PgStore *store, guint n, PgRecord *out)
{
  g_autoptr (GError) error = NULL;
  PgAddress     address = nth_address (n);
  PgStoreAnswer answer = pg_store_get (store, &address, out, &error);

  ck_assert_msg ((answer == PG_STORE_FAILED) == (error != NULL), "answer and error disagree");
  ck_assert_msg (error == NULL || strstr (error->message, path) != NULL, "names no path: %s", error->message);
  return answer;
}

static void
assert_grant (PgStore *store, guint n, gint64 time_us)
{
  PgRecord record;

  ck_assert_msg (get_grant (store, n, &record) == PG_STORE_FOUND, "grant %u is not there", n);
  ck_assert_int_eq (record.newest_us, time_us);
  ck_assert_uint_eq (number_of (&record.address), n);
}

static PgNote
note_about (guint64 id, const char *target, const char *why)
{
  PgNote note = { .id = id, .kind = PG_NOTE_DENY, .made_us = 5, .until_us = PG_NOTE_FOREVER };

  ck_assert (pg_note_set_target (&note, pg_span_from_string (target), NULL));
  g_strlcpy (note.why, why, sizeof note.why);
  return note;
}

static guint64
put_note (PgStore *store, guint64 id, const char *target)
{
  PgNote             note = note_about (id, target, target);
  g_autoptr (GError) error = NULL;
  gboolean           ok = pg_store_put_note (store, &note, &error);

  ck_assert_msg (ok, "%s: %s", target, ok ? "" : error->message);
  return note.id;
}

/* "1:192.0.2.1 3:user:bob": the stored notes by id. */
static char *
list_notes (PgStore *store)
{
  g_autoptr (PgNoteset) notes = pg_noteset_new ();
  g_autoptr (GPtrArray) list = NULL;
  GString *text = g_string_new (NULL);

  ck_assert (pg_store_load_notes (store, notes, NULL));
  list = pg_noteset_list (notes);
  for (guint i = 0; i < list->len; i++)
    {
      const PgNote *note = g_ptr_array_index (list, i);

      g_string_append_printf (text, "%s%" G_GUINT64_FORMAT ":%s", i > 0 ? " " : "", note->id, note->why);
    }
  return g_string_free (text, FALSE);
}

static void
assert_notes (PgStore *store, const char *expected)
{
  g_autofree char *notes = list_notes (store);

  ck_assert_str_eq (notes, expected);
}

static void
put_position (PgStore *store, const char *source, const char *text, gsize len)
{
  g_autoptr (GBytes) position = g_bytes_new (text, len);

  ck_assert (pg_store_put_position (store, source, position, NULL));
}

static void
assert_position (PgStore *store, const char *source, const char *text, gsize len)
{
  g_autoptr (GBytes) found = NULL;
  g_autoptr (GBytes) expected = g_bytes_new (text, len);

  ck_assert (pg_store_get_position (store, source, &found, NULL) == PG_STORE_FOUND);
  ck_assert (g_bytes_equal (found, expected));
}

static goffset
file_size (void)
{
  GStatBuf status;

  ck_assert (g_stat (path, &status) == 0);
  return status.st_size;
}

/* Runs @work with an open store in another process, which then ends as by a crash. */
static void
crash_after (void (*work) (PgStore *store))
{
  static PgStore *volatile crashing; /* not lost, only never freed */
  pid_t                    pid = fork ();
  int                      status;

  if (pid == 0)
    {
      crashing = open_store ();
      work (crashing);
      _exit (0);
    }
  ck_assert (waitpid (pid, &status, 0) == pid && status == 0);
}

/* --- the file as it is ----------------------------------------------------------------------------------------------- */

static PgFile *
open_raw (PgFileMode mode)
{
  PgFile *file = pg_file_new (path);

  ck_assert (pg_file_open (file, path, mode, NULL));
  return file;
}

static PgRoot
read_root (PgFile *file)
{
  PgSpan value;
  PgRoot root;

  ck_assert (pg_file_get (file, pg_span_from_string (PG_ROOT_KEY), &value, NULL) == PG_FILE_FOUND);
  ck_assert (pg_root_decode ((const guint8 *) value.data, value.len, &root, NULL));
  pg_file_free_span (&value);
  return root;
}

static void
write_root (PgFile *file, const PgRoot *root)
{
  guint8 image[PG_ROOT_SIZE];

  pg_root_encode (root, image);
  ck_assert (pg_file_put (file, pg_span_from_string (PG_ROOT_KEY), pg_span ((const char *) image, sizeof image), NULL));
}

static gboolean
is_closed_clean (void)
{
  PgFile *file = open_raw (PG_FILE_READ);
  PgRoot  root = read_root (file);

  pg_file_free (file);
  return root.is_clean;
}

static void
make_unclean (void)
{
  PgFile *file = open_raw (PG_FILE_WRITE);
  PgRoot  root = read_root (file);

  root.is_clean = FALSE;
  write_root (file, &root);
  pg_file_free (file);
}

/* Changes one byte of the file, where @needle stands. */
static void
flip_at (const char *needle, gsize offset)
{
  g_autoptr (GBytes) bytes = read_bytes (path);
  gsize            len;
  const char      *data = g_bytes_get_data (bytes, &len);
  g_autofree char *copy = g_memdup2 (data, len);
  char            *at = memmem (copy, len, needle, strlen (needle));

  ck_assert_msg (at != NULL, "%s is not in the file", needle);
  ck_assert_msg (memmem (at + 1, len - (gsize) (at + 1 - copy), needle, strlen (needle)) == NULL, "%s is there twice", needle);
  at[offset] ^= 0x10;
  write_bytes (path, copy, len);
}

/* --- round trips ----------------------------------------------------------------------------------------------------- */

START_TEST (a_store_is_closed_until_it_is_opened)
{
  g_autoptr (PgStore) store = pg_store_new (path, PG_STORE_READ_WRITE);
  g_autoptr (PgNoteset) notes = pg_noteset_new ();
  g_autoptr (GBytes) position = g_bytes_new_static ("x", 1);
  PgRecord  record = record_of (nth_address (1), "bob", 7);
  PgNote    note = note_about (0, "192.0.2.1", "");
  GBytes   *out;

  ck_assert_str_eq (pg_store_path (store), path);
  ck_assert (strstr (pg_store_problem (store), "not opened") != NULL);
  ck_assert (!g_file_test (path, G_FILE_TEST_EXISTS));
  ck_assert (pg_store_get (store, &record.address, &record, NULL) == PG_STORE_FAILED);
  ck_assert (!pg_store_put (store, &record, NULL));
  ck_assert (!pg_store_remove (store, &record.address, NULL));
  ck_assert (!pg_store_load_notes (store, notes, NULL));
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
  ck_assert (g_remove (path) == 0);
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
  guint8    images[2][PG_RECORD_SIZE];
  PgHash    key = { "any" };
  PgSecret  secret = { "any" };

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

START_TEST (what_is_removed_is_gone)
{
  PgStore  *store = open_store ();
  PgAddress address = nth_address (3);
  PgRecord  record;

  put_grant (store, 3, "bob", 1);
  put_grant (store, 4, "bob", 1);
  for (int i = 0; i < 2; i++)
    ck_assert (pg_store_remove (store, &address, NULL));
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

  assert_no_open ("absent", PG_STORE_READ_ONLY, PG_ERROR_STORE, "No such file");
  ck_assert (!g_file_test (path, G_FILE_TEST_EXISTS));
  store = open_store ();
  put_grant (store, 1, "bob", 7);
  put_note (store, 0, "192.0.2.1");
  put_position (store, SOURCE, "here", 4);
  pg_store_free (store);

  before = read_bytes (path);
  store = open_as (PG_STORE_READ_ONLY);
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
}

START_TEST (a_crash_loses_nothing_that_the_kernel_has)
{
  PgStore *store;

  crash_after (put_some);
  ck_assert (!is_closed_clean ());
  store = open_as (PG_STORE_READ_ONLY); /* a reader takes it as it is */
  assert_grant (store, 399, 400);
  pg_store_free (store);
  store = open_store ();
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
  make_with_sealed_root (2, PG_ROOT_SIZE, &good_root);
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

static const struct
{
  const char *name;
  void        (*make) (void);
  gint        code;
  const char *phrase;
  gboolean    is_readable; /* by a reader, who does not verify */
  gboolean    is_changed;  /* GDBM makes a file of its own of an empty one */
} bad_files[] = {
  { "empty", make_empty, ANY_CODE, NULL, FALSE, TRUE },
  { "text", make_text, PG_ERROR_STORE, NULL, FALSE, FALSE },
  { "garbage", make_garbage, PG_ERROR_STORE, NULL, FALSE, FALSE },
  { "cut in its header", make_cut_header, PG_ERROR_STORE, NULL, FALSE, FALSE },
  { "a folder", make_directory, PG_ERROR_STORE, NULL, FALSE, FALSE },
  { "a link to itself", make_loop, PG_ERROR_STORE, "symbolic links", FALSE, FALSE },
  { "no root", make_without_root, PG_ERROR_DAMAGED, "not a database of popgate", FALSE, FALSE },
  { "a newer root", make_newer_root, PG_ERROR_DAMAGED, "unknown version", FALSE, FALSE },
  { "an older root", make_older_root, PG_ERROR_DAMAGED, "unknown version", FALSE, FALSE },
  { "a short root", make_short_root, PG_ERROR_DAMAGED, "wrong length", FALSE, FALSE },
  { "a long root", make_long_root, PG_ERROR_DAMAGED, "wrong length", FALSE, FALSE },
  { "a root of one byte", make_tiny_root, PG_ERROR_DAMAGED, "another kind", FALSE, FALSE },
  { "a root without ids", make_root_without_ids, PG_ERROR_DAMAGED, "out of range", FALSE, FALSE },
  { "a root of too many notes", make_root_of_too_many, PG_ERROR_DAMAGED, "out of range", FALSE, FALSE },
  { "a record of others", make_foreign_record, PG_ERROR_DAMAGED, "does not write", TRUE, FALSE },
  { "an empty record", make_empty_record, PG_ERROR_DAMAGED, "does not write", TRUE, FALSE },
};

START_TEST (a_file_that_is_no_database_is_refused_and_kept)
{
  const char *name = bad_files[_i].name;
  g_autoptr (GBytes) before = NULL;
  g_autoptr (GBytes) after = NULL;
  guint n_open;

  bad_files[_i].make ();
  before = read_bytes (path);
  n_open = count_open_files ();
  for (int round = 0; round < 3; round++)
    {
      assert_no_open (name, PG_STORE_READ_WRITE, bad_files[_i].code, bad_files[_i].phrase);
      if (!bad_files[_i].is_readable)
        assert_no_open (name, PG_STORE_READ_ONLY, bad_files[_i].code, bad_files[_i].phrase);
    }
  assert_row (name, count_open_files () == n_open);
  after = read_bytes (path);
  assert_row (name, (before == NULL) == (after == NULL));
  assert_row (name, before == NULL || g_bytes_equal (before, after) == !bad_files[_i].is_changed);
}
END_TEST

START_TEST (when_the_file_is_well_again_it_can_be_opened)
{
  g_autoptr (PgStore) store = pg_store_new (path, PG_STORE_READ_WRITE);
  PgRecord record;

  make_directory ();
  ck_assert (!pg_store_open (store, NULL));
  ck_assert (g_rmdir (path) == 0);
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
  ck_assert (g_remove (path) == 0);
  ck_assert (g_mkdir (fresh, 0700) == 0);
  assert_no_open ("a folder in the way", PG_STORE_READ_WRITE, PG_ERROR_STORE, NULL);
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

START_TEST (a_damaged_grant_is_told_and_never_absent)
{
  PgStore *store;
  PgRecord record;

  fill_for_damage ();
  flip_at ("the-grants-user", (gsize) _i);
  store = open_store (); /* it was closed in order: nobody looked yet */
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
  { "a grant", "the-grants-user", 3 },
  { "a grant's padding", "the-grants-user", 40 },
  { "a position", "the-position", 1 },
  { "the root's key", "popgater", 2 },
  { "the root's kind", "popgater", 7 },
  { "the root's secret", "popgater", 7 + 20 },
  { "the root's next id", "popgater", 7 + 32 },
  { "the root's mark", "popgater", 7 + 56 },
  { "the root's padding", "popgater", 7 + 63 },
};

START_TEST (damage_is_found_when_it_was_not_closed_in_order)
{
  fill_for_damage ();
  make_unclean ();
  flip_at (damages[_i].needle, damages[_i].offset);
  assert_no_open (damages[_i].name, PG_STORE_READ_WRITE, PG_ERROR_DAMAGED, NULL);
}
END_TEST

START_TEST (a_damaged_key_is_found_when_it_was_not_closed_in_order)
{
  PgFile  *file;
  PgRoot   root;
  PgHash   key;
  PgAddress address = nth_address (1);
  g_autofree char *needle = NULL;

  fill_for_damage ();
  make_unclean ();
  file = open_raw (PG_FILE_READ);
  root = read_root (file);
  pg_file_free (file);
  key = pg_key_of_grant (&root.secret, &address);
  needle = g_strndup ((const char *) key.bytes + 6, 10); /* a bucket holds the first 4 once more */
  if (strlen (needle) == 10)
    {
      flip_at (needle, 3);
      assert_no_open ("key", PG_STORE_READ_WRITE, ANY_CODE, NULL);
    }
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
  pg_store_free (store);
}

START_TEST (a_damaged_note_closes_the_store)
{
  fill_for_damage ();
  if (_i % 2 != 0)
    make_unclean ();
  flip_at (_i / 2 == 0 ? "user:the-first-note" : "user:the-second-note", 1);
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

/* A cut file may lose records, but none may look as if it had never been. */
START_TEST (in_a_cut_file_nothing_is_absent)
{
  PgStore *store = open_store ();
  goffset  size;
  guint    n_failed = 0;

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
      n_failed += answer == PG_STORE_FAILED;
    }
  ck_assert (n_failed > 0);
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
  PgStore *store = open_store ();
  GBytes  *bytes;
  gsize    size;
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

      ok = pg_store_put (store, &record, NULL);
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

/* Puts new grants until one does not fit. Returns how many did. */
static guint
fill_disk (PgStore *store, GError **error)
{
  for (guint n = 0; n < 100000; n++)
    {
      PgRecord record = record_of (nth_address (n), "bob", n + 1);

      if (!pg_store_put (store, &record, error))
        return n;
    }
  ck_abort_msg ("the disk does not get full");
}

START_TEST (a_full_disk_stops_new_records_and_nothing_else)
{
  g_autoptr (GError) error = NULL;
  PgStore *store;
  guint    n_put;
  PgNote   note = note_about (0, "192.0.2.2", "");

  limit_files (600000 + (rlim_t) _i * 33333);
  store = open_store ();
  put_note (store, 0, "192.0.2.1");
  put_position (store, SOURCE, "here", 4);
  n_put = fill_disk (store, &error);
  ck_assert_msg (g_error_matches (error, PG_ERROR, PG_ERROR_STORE) && strstr (error->message, "no room"), "%s", error->message);
  ck_assert (pg_store_problem (store) == NULL);
  ck_assert_uint_eq (pg_store_n_grants (store), n_put);
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
  assert_notes (store, "1:192.0.2.1 3:192.0.2.3");
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
}

static void
put_one_more (PgStore *store)
{
  put_note (store, 0, "192.0.2.3");
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
  PgStoreAnswer answer;
  PgRecord      record;
  guint         n = 0;

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
  flip_at ("the-grants-user", 2);
  store = open_store ();
  cursor = pg_store_cursor_new (store);
  while ((answer = pg_store_cursor_next (cursor, &record, NULL)) != PG_STORE_ABSENT)
    {
      n_found += answer == PG_STORE_FOUND;
      n_failed += answer == PG_STORE_FAILED;
    }
  ck_assert (n_found == 1 && n_failed == 1);
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

/* Puts a pipe, which can't be synced, in the place of the database's descriptor. Returns the real one. */
static int
swap_descriptor (int with)
{
  for (int fd = 3; fd < 100; fd++)
    {
      g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
      g_autofree char *target = g_file_read_link (link, NULL);
      int              real;

      if (g_strcmp0 (target, path) != 0)
        continue;
      real = dup (fd);
      ck_assert (dup2 (with, fd) == fd);
      return real;
    }
  ck_abort_msg ("no descriptor of the database");
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

START_TEST (a_failed_sync_is_told_and_not_forgotten)
{
  g_autoptr (GError) error = NULL;
  PgStore *store = open_store ();
  Synced   synced = { 0 };
  int      pipes[2];
  int      real;

  put_grant (store, 1, "bob", 1);
  ck_assert (pipe (pipes) == 0);
  close (pipes[1]);
  real = swap_descriptor (pipes[0]);
  pg_store_sync_async (store, note_synced, &synced);
  ck_assert (!wait_for (&synced));
  restore_descriptor (real, pipes[0]);
  close (pipes[0]);
  assert_grant (store, 1, 1);
  ck_assert (!pg_store_close (store, &error)); /* it may not call itself clean */
  ck_assert (g_error_matches (error, PG_ERROR, PG_ERROR_STORE));
  ck_assert (!is_closed_clean ());
  ck_assert (pg_store_open (store, NULL));
  assert_grant (store, 1, 1);
  ck_assert (pg_store_close (store, NULL));
  pg_store_free (store);
  ck_assert (is_closed_clean ());
}
END_TEST

static void
add_damage_tests (TCase *tests)
{
  tcase_add_loop_test (tests, a_file_that_is_no_database_is_refused_and_kept, 0, G_N_ELEMENTS (bad_files));
  tcase_add_test (tests, when_the_file_is_well_again_it_can_be_opened);
  tcase_add_test (tests, what_a_crash_left_of_a_new_file_is_no_obstacle);
  tcase_add_test (tests, a_folder_that_can_not_be_written_is_told);
  tcase_add_loop_test (tests, a_damaged_grant_is_told_and_never_absent, 0, 15);
  tcase_add_loop_test (tests, damage_is_found_when_it_was_not_closed_in_order, 0, G_N_ELEMENTS (damages));
  tcase_add_test (tests, a_damaged_key_is_found_when_it_was_not_closed_in_order);
  tcase_add_test (tests, a_damaged_position_is_told_and_can_be_written_anew);
  tcase_add_loop_test (tests, a_damaged_note_closes_the_store, 0, 4);
  tcase_add_loop_test (tests, a_missing_note_is_missed, 0, 2);
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
  tcase_add_test (tests, what_is_removed_is_gone);
  tcase_add_loop_test (tests, only_readers_open_it_together, 0, G_N_ELEMENTS (pairs));
  tcase_add_test (tests, a_reader_reads_and_changes_nothing);
  tcase_add_test (tests, a_crash_loses_nothing_that_the_kernel_has);
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
  tcase_add_test (tests, renewals_do_not_disturb_a_walk);
  tcase_add_test (tests, a_walk_among_new_grants_ends);
  tcase_add_test (tests, a_cursor_ends_with_the_handle_it_was_made_for);
  tcase_add_test (tests, a_walk_goes_on_behind_a_damaged_grant);
  tcase_add_test (tests, a_sync_is_waited_for_elsewhere);
  tcase_add_test (tests, a_store_may_end_during_a_sync);
  tcase_add_test (tests, a_closed_store_is_not_synced);
  tcase_add_test (tests, a_failed_sync_is_told_and_not_forgotten);
}

PG_TEST_MAIN ("store", fill)
