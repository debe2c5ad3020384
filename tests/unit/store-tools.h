/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store-tools: a store in a folder of each test, and short ways to put, to look, to crash and to damage. */
#pragma once

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

static inline void
set_up (void)
{
  make_folder ();
  path = in_folder ("popgate.gdbm");
}

static inline void
tear_down (void)
{
  g_clear_pointer (&path, g_free);
  remove_folder ();
}

/* --- short ways ------------------------------------------------------------------------------------------------------ */

static inline PgStore *
open_as (PgStoreMode mode)
{
  PgStore *store = pg_store_new (path, mode);
  g_autoptr (GError) error = NULL;
  gboolean ok = pg_store_open (store, &error);

  ck_assert_msg (ok, "%s", ok ? "" : error->message);
  ck_assert (pg_store_problem (store) == NULL);
  return store;
}

static inline PgStore *
open_store (void)
{
  PgStore *store = open_as (PG_STORE_READ_WRITE);
  g_autoptr (PgNoteset) notes = pg_noteset_new ();

  ck_assert (pg_store_load_notes (store, notes, NULL));
  return store;
}

#define ANY_CODE (-1)

/* The store can't be opened, and says so everywhere. */
static inline void
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

static inline PgAddress
nth_address (guint n)
{
  PgAddress        address;
  g_autofree char *text = g_strdup_printf ("10.%u.%u.%u", n >> 16 & 255, n >> 8 & 255, n & 255);

  ck_assert (pg_address_parse (pg_span_from_string (text), &address));
  return address;
}

static inline guint
number_of (const PgAddress *address)
{
  return (guint) address->bytes[13] << 16 | (guint) address->bytes[14] << 8 | address->bytes[15];
}

static inline PgRecord
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

/* So many grants may wait for the database; in most tests they are to be in there. */
static guint n_may_wait = 0;

static inline void
put_grant (PgStore *store, guint n, const char *user, gint64 time_us)
{
  PgRecord record = record_of (nth_address (n), user, time_us);
  g_autoptr (GError) error = NULL;
  gboolean ok = pg_store_put (store, &record, &error);

  if (ok && pg_store_n_pending (store) > n_may_wait)
    ok = pg_store_flush (store, pg_store_n_pending (store) - n_may_wait, &error);
  ck_assert_msg (ok, "grant %u: %s", n, ok ? "" : error->message);
}

static inline void
remove_grant (PgStore *store, guint n)
{
  PgAddress address = nth_address (n);

  ck_assert (pg_store_remove (store, &address, NULL));
}

static inline PgStoreAnswer
get_grant (PgStore *store, guint n, PgRecord *out)
{
  g_autoptr (GError) error = NULL;
  PgAddress     address = nth_address (n);
  PgStoreAnswer answer = pg_store_get (store, &address, out, &error);

  ck_assert_msg ((answer == PG_STORE_FAILED) == (error != NULL), "answer and error disagree");
  ck_assert_msg (error == NULL || strstr (error->message, path) != NULL, "names no path: %s", error->message);
  return answer;
}

static inline void
assert_grant (PgStore *store, guint n, gint64 time_us)
{
  PgRecord record;

  ck_assert_msg (get_grant (store, n, &record) == PG_STORE_FOUND, "grant %u is not there", n);
  ck_assert_int_eq (record.newest_us, time_us);
  ck_assert_uint_eq (number_of (&record.address), n);
}

static inline PgNote
note_about (guint64 id, const char *target, const char *why)
{
  PgNote note = { .id = id, .kind = PG_NOTE_DENY, .made_us = 5, .until_us = PG_NOTE_FOREVER };

  ck_assert (pg_note_set_target (&note, pg_span_from_string (target), NULL));
  g_strlcpy (note.why, why, sizeof note.why);
  return note;
}

static inline guint64
put_note (PgStore *store, guint64 id, const char *target)
{
  PgNote note = note_about (id, target, target);
  g_autoptr (GError) error = NULL;
  gboolean ok = pg_store_put_note (store, &note, &error);

  ck_assert_msg (ok, "%s: %s", target, ok ? "" : error->message);
  return note.id;
}

/* "1:192.0.2.1 3:user:bob": the stored notes by id. */
static inline char *
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

static inline void
assert_notes (PgStore *store, const char *expected)
{
  g_autofree char *notes = list_notes (store);

  ck_assert_str_eq (notes, expected);
}

static inline void
put_position (PgStore *store, const char *source, const char *text, gsize len)
{
  g_autoptr (GBytes) position = g_bytes_new (text, len);

  ck_assert (pg_store_put_position (store, source, position, NULL));
}

static inline void
assert_position (PgStore *store, const char *source, const char *text, gsize len)
{
  g_autoptr (GBytes) found = NULL;
  g_autoptr (GBytes) expected = g_bytes_new (text, len);

  ck_assert (pg_store_get_position (store, source, &found, NULL) == PG_STORE_FOUND);
  ck_assert (g_bytes_equal (found, expected));
}

static inline goffset
file_size (void)
{
  GStatBuf status;

  ck_assert (g_stat (path, &status) == 0);
  return status.st_size;
}

/* Runs @work with an open store in another process, which then ends as by a crash. */
static inline void
crash_after (void (*work) (PgStore *store))
{
  static PgStore *volatile crashing; /* not lost, only never freed */
  pid_t pid = fork ();
  int   status;

  if (pid == 0)
    {
      crashing = open_store ();
      work (crashing);
      _exit (0);
    }
  ck_assert (waitpid (pid, &status, 0) == pid && status == 0);
}

/* --- the file as it is ----------------------------------------------------------------------------------------------- */

static inline PgFile *
open_raw (PgFileMode mode)
{
  PgFile *file = pg_file_new (path);

  ck_assert (pg_file_open (file, path, mode, NULL));
  return file;
}

static inline PgRoot
read_root (PgFile *file)
{
  PgSpan value;
  PgRoot root;

  ck_assert (pg_file_get (file, pg_span_from_string (PG_ROOT_KEY), &value, NULL) == PG_FILE_FOUND);
  ck_assert (pg_root_decode ((const guint8 *) value.data, value.len, &root, NULL));
  pg_file_free_span (&value);
  return root;
}

static inline void
write_root (PgFile *file, const PgRoot *root)
{
  guint8 image[PG_ROOT_SIZE];

  pg_root_encode (root, image);
  ck_assert (pg_file_put (file, pg_span_from_string (PG_ROOT_KEY), pg_span ((const char *) image, sizeof image), NULL));
}

static inline gboolean
is_closed_clean (void)
{
  PgFile *file = open_raw (PG_FILE_READ);
  PgRoot  root = read_root (file);

  pg_file_free (file);
  return root.is_clean;
}

static inline void
make_unclean (void)
{
  PgFile *file = open_raw (PG_FILE_WRITE);
  PgRoot  root = read_root (file);

  root.is_clean = FALSE;
  write_root (file, &root);
  pg_file_free (file);
}

/* Changes one byte of the file, where @needle stands. */
static inline void
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
