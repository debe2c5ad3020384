/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of the redo log: torn, damaged, full disks. */
#include "core/error.h"
#include "store/family.h"
#include "store/redo.h"

#include "folder.h"

#include <sys/resource.h>

#define DATABASE 77

static char *path;

static void
set_up (void)
{
  make_folder ();
  path = in_folder ("db");
}

static void
tear_down (void)
{
  g_clear_pointer (&path, g_free);
  remove_folder ();
}

static char *
file_of (guint64 number)
{
  return pg_family_redo_name (path, number);
}

static void
append_keys (PgSegment *segment, const char *const *keys)
{
  g_autoptr (GByteArray) changes = g_byte_array_new ();

  for (; *keys != NULL; keys++)
    pg_change_append (
        &(PgChange){ .kind = PG_CHANGE_PUT, .key = pg_span_from_string (*keys), .value_len = 3, .value = BYTES ("val") },
        changes);
  ck_assert (pg_segment_append (segment, changes->data, changes->len, NULL));
}

static gboolean
take_key (const PgChange *change, gpointer user_data, G_GNUC_UNUSED GError **error)
{
  GString         *text = user_data;
  g_autofree char *key = span_to_string (change->key);

  g_string_append (text, key);
  return TRUE;
}

/* The keys of file @number, one behind the other; "!" behind them if it is damaged. */
static char *
read_keys (guint64 number, gint64 end, gint64 *out_end)
{
  GString *text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  if (!pg_segment_read (path, number, DATABASE, end, take_key, text, out_end, &error))
    {
      ck_assert_msg (g_error_matches (error, PG_ERROR, PG_ERROR_DAMAGED), "%s", error->message);
      g_string_append_c (text, '!');
    }
  return g_string_free (text, FALSE);
}

static void
assert_keys (const char *name, guint64 number, gint64 end, const char *expected)
{
  gint64           found_end;
  g_autofree char *keys = read_keys (number, end, &found_end);

  assert_row_text (name, keys, expected);
}

/* Two groups: a and b, c and d. Returns where each change begins, and the end. */
static void
write_two_groups (gint64 at[5])
{
  PgSegment *segment = pg_segment_new (path, DATABASE, 0, 0);

  append_keys (segment, (const char *const[]){ "a", "b", NULL });
  at[0] = 64 + 14;
  at[1] = at[0] + 18;
  at[2] = pg_segment_end (segment) + 14;
  append_keys (segment, (const char *const[]){ "c", "d", NULL });
  at[3] = at[2] + 18;
  at[4] = pg_segment_end (segment);
  ck_assert_int_eq (at[4], at[3] + 18);
  ck_assert_uint_eq (pg_segment_number (segment), 1);
  pg_segment_free (segment);
}

START_TEST (what_is_appended_is_read)
{
  gint64           at[5];
  gint64           end;
  g_autofree char *keys = NULL;

  write_two_groups (at);
  keys = read_keys (1, -1, &end);
  ck_assert_str_eq (keys, "abcd");
  ck_assert_int_eq (end, at[4]);
  assert_keys ("through the first group", 1, at[2] - 14, "ab");
  assert_keys ("an end within a change", 1, at[1] + 1, "ab!");
  assert_keys ("an end behind the file's", 1, at[4] + 1, "abcd!");
}
END_TEST

/* Whatever is left of the last group, what was whole before it is read, and where it ends is told. */
START_TEST (a_torn_end_loses_only_itself)
{
  g_autofree char *file = file_of (1);
  gint64           at[5];

  write_two_groups (at);
  for (gint64 size = at[4] - 1; size >= 64; size--)
    {
      gint64           end;
      g_autofree char *keys = NULL;

      ck_assert (truncate (file, size) == 0);
      keys = read_keys (1, -1, &end);
      ck_assert_str_eq (keys, size >= at[3] ? "abc" : size >= at[2] - 14 ? "ab" : size >= at[1] ? "a" : "");
      ck_assert_int_le (end, size);
    }
  ck_assert (truncate (file, 63) == 0);
  assert_keys ("no head", 1, -1, "!");
}
END_TEST

static void
flip (const char *file, gint64 at, guint8 with)
{
  g_autoptr (GBytes) bytes = read_bytes (file);
  gsize              len;
  gconstpointer      data = g_bytes_get_data (bytes, &len);
  g_autofree guint8 *copy = g_memdup2 (data, len);

  copy[at] ^= with;
  write_bytes (file, copy, len);
}

/* In the last group it is a torn end; before its mark it was whole once, so it is damage; nothing is ever invented. */
START_TEST (a_changed_byte_is_seen)
{
  g_autofree char *file = file_of (1);
  gint64           at[5];

  write_two_groups (at);
  for (gint64 byte = 0; byte < at[4]; byte++)
    {
      gint64           end;
      g_autofree char *keys = NULL;

      flip (file, byte, 0x21);
      keys = read_keys (1, -1, &end);
      if (byte < 56)
        ck_assert_str_eq (keys, "!");
      else if (byte < 64)
        ck_assert_str_eq (keys, "abcd"); /* free room of the head */
      else if (byte < at[2] - 14)
        ck_assert_msg (strchr (keys, '!') != NULL, "byte %d: %s", (int) byte, keys);
      else
        ck_assert_str_eq (keys, byte < at[2] ? "ab" : byte < at[3] ? "ab" : "abc");
      flip (file, byte, 0x21);
    }
}
END_TEST

START_TEST (a_file_ends_where_the_next_one_says)
{
  PgSegment    *segment = pg_segment_new (path, DATABASE, 6, 999);
  PgSegmentHead head;
  gint64        end;

  append_keys (segment, (const char *const[]){ "a", NULL });
  end = pg_segment_end (segment);
  ck_assert (pg_segment_begin (segment, NULL));
  ck_assert_uint_eq (pg_segment_number (segment), 8);
  ck_assert (pg_segment_read_head (path, 7, &head, NULL));
  ck_assert_int_eq (head.end_before, 999);
  ck_assert (pg_segment_read_head (path, 8, &head, NULL));
  ck_assert_int_eq (head.end_before, end);
  ck_assert_uint_eq (head.database, DATABASE);
  assert_keys ("empty", 8, -1, "");
  assert_keys ("missing", 9, -1, "!");
  ck_assert (!pg_segment_read_head (path, 9, &head, NULL));
  pg_segment_free (segment);
}
END_TEST

START_TEST (a_file_of_others_is_refused)
{
  g_autofree char *file = file_of (1);
  g_autofree char *moved = file_of (2);
  PgSegment       *segment = pg_segment_new (path, DATABASE + 1, 0, 0);

  append_keys (segment, (const char *const[]){ "a", NULL });
  assert_keys ("of another database", 1, -1, "!");
  ck_assert (g_rename (file, moved) == 0);
  assert_keys ("under another number", 2, -1, "!");
  pg_segment_free (segment);
}
END_TEST

/* --- the log --------------------------------------------------------------------------------------------------------- */

static PgRedo *
begin_redo (void)
{
  PgRedo *redo = pg_redo_new (pg_segment_new (path, DATABASE, 0, 0));

  ck_assert (pg_redo_begin (redo, NULL));
  return redo;
}

static void
add (PgRedo *redo, const char *key)
{
  pg_redo_add (redo,
               &(PgChange){ .kind = PG_CHANGE_PUT, .key = pg_span_from_string (key), .value_len = 3, .value = BYTES ("val") });
}

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

/* At each size of the disk: what was refused is written when there is room, once. */
START_TEST (what_a_full_disk_refused_goes_later)
{
  PgRedo *redo = begin_redo ();
  g_autoptr (GError) error = NULL;

  add (redo, "a");
  ck_assert (pg_redo_sync (redo, NULL));
  add (redo, "b");
  limit_files (64 + 14 + 18 + (rlim_t) _i);
  ck_assert (!pg_redo_sync (redo, &error) && g_error_matches (error, PG_ERROR, PG_ERROR_STORE));
  ck_assert (pg_redo_is_dirty (redo) && pg_redo_waiting (redo) == 18 && pg_redo_problem (redo) != NULL);
  assert_keys ("torn", 1, -1, "a");
  add (redo, "c");
  ck_assert (!pg_redo_sync (redo, NULL));
  ck_assert_uint_eq (pg_redo_waiting (redo), 36);
  ck_assert (setrlimit (RLIMIT_FSIZE, &unlimited) == 0);
  ck_assert (pg_redo_sync (redo, NULL));
  ck_assert (!pg_redo_is_dirty (redo) && pg_redo_waiting (redo) == 0 && pg_redo_problem (redo) == NULL);
  assert_keys ("whole", 1, -1, "abc");
  pg_redo_free (redo);
}
END_TEST

START_TEST (what_waits_is_bounded)
{
  PgRedo *redo = begin_redo ();
  g_autoptr (GError) error = NULL;
  guint n;

  for (n = 0; n < 10000000 && pg_redo_has_room (redo, &error); n++)
    add (redo, "key");
  ck_assert (g_error_matches (error, PG_ERROR, PG_ERROR_STORE));
  ck_assert_uint_ge (pg_redo_waiting (redo), PG_REDO_MAX);
  ck_assert_uint_lt (pg_redo_waiting (redo), PG_REDO_MAX + PG_CHANGE_MAX);
  ck_assert (pg_redo_sync (redo, NULL));
  ck_assert (pg_redo_has_room (redo, NULL));
  pg_redo_free (redo);
}
END_TEST

START_TEST (a_new_file_is_begun_when_it_is_wished)
{
  PgRedo *redo = begin_redo ();

  add (redo, "a");
  ck_assert (pg_redo_sync (redo, NULL));
  pg_redo_begin_later (redo);
  ck_assert (pg_redo_is_dirty (redo));
  ck_assert (pg_redo_sync (redo, NULL));
  ck_assert_uint_eq (pg_redo_number (redo), 2);
  ck_assert (!pg_redo_is_dirty (redo));
  add (redo, "b");
  ck_assert (pg_redo_sync (redo, NULL));
  assert_keys ("first", 1, -1, "a");
  assert_keys ("second", 2, -1, "b");
  pg_redo_free (redo);
}
END_TEST

/* The thread has the segment: it is waited for. */
START_TEST (a_sync_under_way_is_waited_for)
{
  for (int round = 0; round < 20; round++)
    {
      PgRedo *redo = begin_redo ();

      add (redo, "a");
      pg_redo_sync_async (redo, NULL, NULL);
      add (redo, "b");
      if (round % 2 == 0)
        ck_assert (pg_redo_sync (redo, NULL));
      pg_redo_free (redo);
      assert_keys ("after it", 1, -1, round % 2 == 0 ? "ab" : "a");
    }
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_test (tests, what_is_appended_is_read);
  tcase_add_test (tests, a_torn_end_loses_only_itself);
  tcase_add_test (tests, a_changed_byte_is_seen);
  tcase_add_test (tests, a_file_ends_where_the_next_one_says);
  tcase_add_test (tests, a_file_of_others_is_refused);
  tcase_add_loop_test (tests, what_a_full_disk_refused_goes_later, 0, 14 + 18);
  tcase_add_test (tests, what_waits_is_bounded);
  tcase_add_test (tests, a_new_file_is_begun_when_it_is_wished);
  tcase_add_test (tests, a_sync_under_way_is_waited_for);
}

PG_TEST_MAIN ("redo", fill)
