/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/error.h"
#include "source/follow.h"
#include "source/rotation.h"
#include "source/source.h"
#include "source/tail.h"

#include "folder.h"

#include <limits.h>
#include <poll.h>
#include <sys/inotify.h>

/* 2026-11-23 12:00:00 UTC */
#define NOW_US (G_GINT64_CONSTANT (1795435200) * PG_SECOND)
#define ALL_US G_GINT64_CONSTANT (0)
#define TAKE_ALL (-1)
#define HEAD "2026-11-23T12:00:00+00:00 host test: "

static char        *path;   /* of the log, in the folder */
static PgSource    *source; /* that follows it */
static GString     *got;    /* what the lines said: "1 2 3" */
static int          n_room; /* lines that are taken before one is not; or TAKE_ALL */
static PgHeadFormat got_format;
static gint64       got_written_us; /* what the source said of the last line */

static void
set_up (void)
{
  make_folder ();
  path = in_folder ("mail.log");
  got = g_string_new (NULL);
  n_room = TAKE_ALL;
}

static void
tear_down (void)
{
  g_clear_pointer (&source, pg_source_free);
  g_string_free (got, TRUE);
  g_clear_pointer (&path, g_free);
  remove_folder ();
}

/* --- short ways ------------------------------------------------------------------------------------------------------ */

/* A line of ours without its beginning. */
static gboolean
is_torn (PgSpan line)
{
  gsize at;

  return pg_span_find (line, " host test: ", &at) && line.data[0] != '2' && line.data[0] != 'N';
}

/* What a line says is what stands behind its last blank; long words are told by their length. */
static gboolean
take (PgSpan line, PgHeadFormat format, G_GNUC_UNUSED gpointer user_data)
{
  gsize at = line.len;

  if (n_room == 0)
    return FALSE;
  n_room -= n_room > 0 ? 1 : 0;
  got_format = format;
  got_written_us = source != NULL ? pg_source_written_us (source) : 0;
  while (at > 0 && line.data[at - 1] != ' ')
    at--;
  if (got->len > 0)
    g_string_append_c (got, ' ');
  if (is_torn (line))
    g_string_append (got, "torn:");
  if (line.len - at > 100)
    g_string_append_printf (got, "%zu", line.len - at);
  else
    for (; at < line.len; at++)
      g_string_append_c (got, line.data[at] != '\0' ? line.data[at] : '@');
  return TRUE;
}

static const PgSourceSink sink = { .take = take };

static PgSource *
new_source (const char *spec)
{
  GError   *error = NULL;
  PgSource *made = pg_source_new (spec, &error);

  ck_assert_msg (made != NULL, "%s: %s", spec, made == NULL ? error->message : "");
  return made;
}

static void
start_with (GBytes *position, gint64 since_us)
{
  g_autofree char *spec = g_strconcat ("file:", path, NULL);
  PgClock          clock = utc_clock (NOW_US);

  g_clear_pointer (&source, pg_source_free);
  source = new_source (spec);
  pg_source_start (source, position, since_us, &clock);
}

/* Reads all there is, in portions of @budget. */
static void
read_by (gsize budget)
{
  guint n = 0;

  while (pg_source_read (source, budget, &sink))
    ck_assert_msg (n++ < 100000, "no end of it: %s", got->str);
}

static void
assert_got (const char *name, const char *expected)
{
  assert_row_text (name, got->str, expected);
  g_string_truncate (got, 0);
}

static void
assert_read (const char *name, const char *expected)
{
  read_by (1 << 20);
  assert_got (name, expected);
}

static void
start (void)
{
  start_with (NULL, ALL_US);
}

/* Ends the source in order, lets @meanwhile happen, and goes on. */
static void
restart (void (*meanwhile) (void))
{
  g_autoptr (GBytes) position = pg_source_position (source);

  g_clear_pointer (&source, pg_source_free);
  if (meanwhile != NULL)
    meanwhile ();
  start_with (position, ALL_US);
}

/* Appends lines, each with a stamp before its word; a word that ends in "~" gets no LF. */
static void
log_to (const char *name, const char *words)
{
  g_autofree char *file = in_folder (name);
  g_auto (GStrv) list = g_strsplit (words, " ", -1);

  for (guint i = 0; list[i] != NULL; i++)
    {
      gboolean         is_partial = g_str_has_suffix (list[i], "~");
      g_autofree char *line = g_strconcat (HEAD, list[i], NULL);

      line[strlen (line) - (is_partial ? 1 : 0)] = '\0';
      append_text (file, line);
      if (!is_partial)
        append_text (file, "\n");
    }
}

static void
log_words (const char *words)
{
  log_to ("mail.log", words);
}

/* Order among rotated files is by time of change, and tests are faster than clocks. */
static void
set_age (const char *name, guint minutes)
{
  g_autofree char *file = in_folder (name);
  struct timespec  changed = { .tv_sec = NOW_US / PG_SECOND - minutes * 60 };
  struct timespec  times[2] = { changed, changed };

  ck_assert (utimensat (AT_FDCWD, file, times, 0) == 0);
}

static void
rename_file (const char *from, const char *to)
{
  g_autofree char *old = in_folder (from);
  g_autofree char *new = in_folder (to);

  ck_assert (g_rename (old, new) == 0);
}

static void
copy_file (const char *from, const char *to)
{
  g_autofree char *old = in_folder (from);
  g_autofree char *new = in_folder (to);
  g_autoptr (GBytes) bytes = read_bytes (old);

  (void) g_remove (new);
  write_bytes (new, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
cut_log (void)
{
  ck_assert (truncate (path, 0) == 0);
}

static void
rotate_by_rename (void)
{
  rename_file ("mail.log", "mail.log.1");
  set_age ("mail.log.1", 1);
}

static void
rotate_by_copy (void)
{
  copy_file ("mail.log", "mail.log.1");
  set_age ("mail.log.1", 1);
  cut_log ();
}

static gboolean
has_event (void)
{
  struct pollfd wait = { .fd = pg_source_fd (source), .events = POLLIN };

  return poll (&wait, 1, 0) == 1;
}

static void
assert_state (const char *name, PgSourceState state)
{
  ck_assert_msg (pg_source_state (source) == state, "%s: state %d", name, (int) pg_source_state (source));
  assert_row (name, (pg_source_problem (source) != NULL) == (state == PG_SOURCE_BLIND));
}

/* --- names ----------------------------------------------------------------------------------------------------------- */

static const struct
{
  const char *spec;
  const char *name; /* NULL: refused */
} specs[] = {
  { "file:/var/log/mail.log", "file:/var/log/mail.log" },
  { "file:/var/log/mail.log,format=auto", "file:/var/log/mail.log" },
  { "file:/x,format=syslog", "file:/x" },
  { "file:/x,format=dovecot", "file:/x" },
  { "stdin:", "stdin:" },
  { "stdin:,format=dovecot", "stdin:" },
  { "file:/x,trust=any", "file:/x" },
  { "FILE:/x", NULL },
};

START_TEST (a_source_is_what_its_name_says)
{
  g_autoptr (GError) error = NULL;
  PgSource *made = pg_source_new (specs[_i].spec, &error);

  assert_row_agrees (specs[_i].spec, made != NULL, error, specs[_i].name != NULL);
  assert_row (specs[_i].spec, error == NULL || g_error_matches (error, PG_ERROR, PG_ERROR_VALUE));
  if (made != NULL)
    assert_row_text (specs[_i].spec, pg_source_name (made), specs[_i].name);
  pg_source_free (made);
}
END_TEST

static const struct
{
  const char *name;
  gboolean    is_rotated;
} rotated[] = {
  { "mail.log", FALSE },
  { "mail.log.1", TRUE },
  { "mail.log.12", TRUE },
  { "mail.log-20261123", TRUE },
  { "mail.log-20261123-1700000000", TRUE },
  { "mail.log.", FALSE },
  { "mail.log-", FALSE },
  { "mail.log.1.gz", FALSE },
  { "mail.log.old", FALSE },
  { "mail.log2", FALSE },
  { "mail.lo", FALSE },
  { "xmail.log.1", FALSE },
  { "mail_log.1", FALSE },
};

START_TEST (a_rotated_file_is_known_by_its_name)
{
  g_autofree char *file = in_folder (rotated[_i].name);
  g_autofree char *beside = in_folder ("mail.log.99");
  g_autoptr (GPtrArray) list = NULL;

  ck_assert (g_mkdir (beside, 0700) == 0); /* and by being a file */
  write_bytes (file, "x\n", 2);
  list = pg_rotation_list (path);
  assert_row (rotated[_i].name, list->len == (rotated[_i].is_rotated ? 1 : 0));
  assert_row (rotated[_i].name, list->len == 0 || g_str_equal (g_ptr_array_index (list, 0), file));
}
END_TEST

START_TEST (rotated_files_are_listed_youngest_first_and_not_without_end)
{
  g_autoptr (GPtrArray) list = NULL;

  for (guint n = 1; n <= 50; n++)
    {
      g_autofree char *name = g_strdup_printf ("mail.log.%u", n);

      log_to (name, "x");
      set_age (name, n * 37 % 51);
    }
  list = pg_rotation_list (path);
  ck_assert_uint_eq (list->len, 32);
  for (guint i = 0; i < list->len; i++)
    {
      guint n = (guint) g_ascii_strtoull (strrchr (g_ptr_array_index (list, i), '.') + 1, NULL, 10);

      ck_assert_uint_eq (n * 37 % 51, i + 1);
    }
}
END_TEST

START_TEST (a_mark_survives_being_stored)
{
  PgTailMark mark = { .device = 1, .inode = G_MAXUINT64, .offset = G_GUINT64_CONSTANT (0x0102030405060708), .fingerprint = 9 };
  guint8     data[PG_TAIL_MARK_SIZE];
  PgTailMark back;

  pg_tail_mark_put (&mark, data);
  ck_assert (data[0] == 1 && data[16] == 8 && data[23] == 1);
  back = pg_tail_mark_get (data);
  ck_assert (back.device == mark.device && back.inode == mark.inode && back.offset == mark.offset
             && back.fingerprint == mark.fingerprint);
}
END_TEST

/* --- a file that grows ----------------------------------------------------------------------------------------------- */

START_TEST (lines_come_as_they_are_written)
{
  log_words ("1 2");
  start ();
  assert_read ("at first", "1 2");
  assert_state ("at first", PG_SOURCE_CURRENT);
  ck_assert (!has_event ());
  log_words ("3 4 5");
  ck_assert (has_event ());
  assert_read ("later", "3 4 5");
  ck_assert (!has_event ());
  assert_read ("nothing new", "");
  assert_state ("later", PG_SOURCE_CURRENT);
  ck_assert_int_eq (got_format, PG_HEAD_SYSLOG);
}
END_TEST

START_TEST (a_partial_line_waits_for_its_end)
{
  log_words ("1 2~");
  start ();
  assert_read ("without LF", "1");
  assert_state ("without LF", PG_SOURCE_CURRENT);
  append_text (path, "3");
  assert_read ("longer", "");
  restart (NULL);
  assert_read ("restarted", "");
  append_text (path, "4\n");
  log_words ("5");
  assert_read ("ended", "234 5");
}
END_TEST

static const gsize budgets[] = { 1, 2, 3, 7, 63, 64, 65, 100, 4096, 65536, 65537, 1 << 20 };

START_TEST (every_budget_gives_the_same_lines)
{
  GString *words = g_string_new ("first");

  for (int i = 0; i < 40; i++)
    g_string_append_printf (words, " %d", i);
  log_words (words->str);
  start ();
  read_by (budgets[_i]);
  assert_got ("at first", words->str);
  log_words ("more lines~");
  append_text (path, "\n");
  read_by (budgets[_i]);
  assert_got ("later", "more lines");
  g_string_free (words, TRUE);
}
END_TEST

START_TEST (a_portion_that_ends_the_budget_is_not_the_end)
{
  GStatBuf status;

  log_words ("1 2 3");
  ck_assert (g_stat (path, &status) == 0);
  start ();
  ck_assert (pg_source_read (source, (gsize) status.st_size, &sink));
  assert_state ("exactly", PG_SOURCE_BEHIND);
  ck_assert (!pg_source_read (source, 1, &sink));
  assert_state ("one more", PG_SOURCE_CURRENT);
  assert_got ("exactly", "1 2 3");
}
END_TEST

static const struct
{
  const char *name;
  gsize       len; /* of a word of one letter */
  const char *expected;
} lengths[] = {
  { "longest line", 16384 - 37, "a 16347 b" },
  { "a byte too long", 16384 - 36, "a b" },
  { "a portion", 65536, "a b" },
  { "a MiB", 1 << 20, "a b" },
};

START_TEST (an_overlong_line_is_dropped_whole)
{
  g_autofree char *word = g_strnfill (lengths[_i].len, 'x');

  log_words ("a");
  append_text (path, word);
  append_text (path, " " HEAD "forged\n");
  log_words ("b");
  start ();
  read_by (1000);
  assert_got (lengths[_i].name, "a b");
  cut_log ();
  log_words ("a");
  log_words (word);
  log_words ("b");
  read_by (1000);
  assert_got (lengths[_i].name, lengths[_i].expected);
}
END_TEST

START_TEST (an_unfinished_overlong_line_is_none_after_a_restart_either)
{
  g_autofree char *word = g_strnfill (300000, 'x');

  log_words ("a");
  append_text (path, word);
  start ();
  assert_read ("unfinished", "a");
  restart (NULL);
  append_text (path, " " HEAD "forged\n");
  log_words ("b");
  assert_read ("finished", "b");
}
END_TEST

START_TEST (a_nul_is_a_byte_like_others)
{
  static const char bytes[] = HEAD "a\0b\n\0\0\n";

  write_bytes (path, bytes, sizeof bytes - 1);
  start ();
  log_words ("c");
  assert_read ("NUL", "a@b @@ c");
}
END_TEST

START_TEST (a_missing_file_may_come)
{
  start ();
  assert_read ("missing", "");
  assert_state ("missing", PG_SOURCE_BLIND);
  ck_assert (strstr (pg_source_problem (source), path) != NULL);
  ck_assert (pg_source_position (source) == NULL);
  log_words ("1");
  ck_assert (has_event ());
  assert_read ("made", "1");
  assert_state ("made", PG_SOURCE_CURRENT);
}
END_TEST

START_TEST (a_missing_folder_may_come)
{
  g_free (path);
  path = in_folder ("inner/mail.log");
  start ();
  assert_read ("missing", "");
  assert_state ("missing", PG_SOURCE_BLIND);
  {
    g_autofree char *inner = in_folder ("inner");

    ck_assert (g_mkdir (inner, 0700) == 0);
  }
  log_to ("inner/mail.log", "1");
  pg_source_tick (source);
  assert_read ("made", "1");
  assert_state ("made", PG_SOURCE_CURRENT);
  log_to ("inner/mail.log", "2");
  ck_assert (has_event ());
  assert_read ("watched", "2");
}
END_TEST

START_TEST (a_deleted_file_may_come_back)
{
  log_words ("1");
  start ();
  assert_read ("at first", "1");
  ck_assert (g_remove (path) == 0);
  ck_assert (has_event ());
  assert_read ("deleted", "");
  assert_state ("deleted", PG_SOURCE_BLIND);
  pg_source_tick (source);
  assert_state ("still deleted", PG_SOURCE_BLIND);
  log_words ("2");
  assert_read ("made anew", "2");
  assert_state ("made anew", PG_SOURCE_CURRENT);
}
END_TEST

static void
make_path_folder (void)
{
  ck_assert (g_mkdir (path, 0700) == 0);
}

static void
make_path_fifo (void)
{
  ck_assert (mkfifo (path, 0600) == 0);
}

static void
make_path_loop (void)
{
  ck_assert (symlink ("mail.log", path) == 0);
}

static void
make_path_forbidden (void)
{
  write_bytes (path, "x\n", 2);
  ck_assert (chmod (path, 0) == 0 && chmod (folder, 0755) == 0);
  if (geteuid () == 0)
    ck_assert (seteuid (65534) == 0);
}

static const struct
{
  const char *name;
  void (*make) (void);
  const char *problem;
} unreadables[] = {
  { "folder", make_path_folder, "not a regular file" },
  { "pipe", make_path_fifo, "not a regular file" },
  { "loop", make_path_loop, "symbolic links" },
  { "forbidden", make_path_forbidden, "Permission denied" },
};

START_TEST (what_can_not_be_read_makes_blind_and_does_not_block)
{
  const char *name = unreadables[_i].name;
  guint       n_open = count_open_files ();

  unreadables[_i].make ();
  start ();
  for (int round = 0; round < 3; round++)
    {
      assert_read (name, "");
      assert_state (name, PG_SOURCE_BLIND);
      assert_row (name, strstr (pg_source_problem (source), unreadables[_i].problem) != NULL);
      pg_source_tick (source);
    }
  assert_row (name, count_open_files () == n_open + 1); /* inotify's */
  if (getuid () == 0)
    ck_assert (seteuid (0) == 0);
  ck_assert (g_remove (path) == 0);
  log_words ("1");
  assert_read (name, "1");
  assert_state (name, PG_SOURCE_CURRENT);
}
END_TEST

/* --- rotation while it is followed ----------------------------------------------------------------------------------- */

START_TEST (a_renamed_file_is_read_to_its_end_first)
{
  log_words ("1");
  start ();
  assert_read ("at first", "1");
  log_words ("2");
  rotate_by_rename ();
  assert_read ("renamed", "2");
  assert_state ("renamed", PG_SOURCE_CURRENT); /* it still is the log */
  log_to ("mail.log.1", "3");
  log_words ("5");
  log_to ("mail.log.1", "4");
  ck_assert (has_event ());
  assert_read ("made anew", "3 4 5");
  log_to ("mail.log.1", "6"); /* somebody has not noticed */
  ck_assert (has_event ());
  assert_read ("late", "6");
  log_words ("7");
  assert_read ("new", "7");
  assert_state ("new", PG_SOURCE_CURRENT);
}
END_TEST

START_TEST (a_tick_finds_what_no_event_told)
{
  g_autofree char *other = in_folder ("other");
  g_autofree char *name = in_folder ("other/mail.log");

  /* The log is a link out of the folder that is watched. */
  ck_assert (g_mkdir (other, 0700) == 0);
  ck_assert (symlink ("other/mail.log", path) == 0);
  log_to ("other/mail.log", "1");
  start ();
  assert_read ("at first", "1");
  ck_assert (g_remove (name) == 0);
  log_to ("other/mail.log", "2");
  pg_source_tick (source);
  assert_read ("ticked", "2");
}
END_TEST

START_TEST (a_file_that_comes_back_is_not_read_twice)
{
  log_words ("1");
  start ();
  assert_read ("at first", "1");
  rotate_by_rename ();
  log_words ("2");
  assert_read ("rotated", "2");
  rename_file ("mail.log", "mail.log.2");
  rename_file ("mail.log.1", "mail.log");
  log_words ("3");
  assert_read ("back", "3");
  log_to ("mail.log.2", "4");
  log_words ("5");
  assert_read ("both", "4 5");
  restart (NULL);
  log_words ("6");
  assert_read ("restarted", "6");
}
END_TEST

START_TEST (many_rotations_hold_few_files)
{
  guint n_open;

  log_words ("0");
  start ();
  assert_read ("at first", "0");
  n_open = count_open_files ();
  for (guint n = 1; n < 30; n++)
    {
      g_autofree char *word = g_strdup_printf ("%u", n);
      g_autofree char *name = g_strdup_printf ("mail.log.%u", n);

      rename_file ("mail.log", name);
      log_words (word);
      assert_read (word, word);
    }
  ck_assert_uint_le (count_open_files (), n_open + 5);
  for (int tick = 0; tick < 700; tick++)
    {
      pg_source_tick (source);
      read_by (1000);
    }
  ck_assert_uint_eq (count_open_files (), n_open); /* quiet ones were let go */
  log_words ("30");
  assert_read ("current", "30");
}
END_TEST

START_TEST (a_cut_file_is_read_from_its_start)
{
  log_words ("1 2 3");
  start ();
  assert_read ("at first", "1 2 3");
  rotate_by_copy ();
  assert_read ("cut", "");
  assert_state ("cut", PG_SOURCE_CURRENT);
  log_words ("4");
  assert_read ("goes on", "4");
  cut_log ();
  log_words ("5 6 7 8"); /* already longer than what was read */
  assert_read ("cut unseen", "5 6 7 8");
}
END_TEST

START_TEST (what_was_not_read_before_the_cut_is_in_the_copy)
{
  log_words ("1 2");
  start ();
  assert_read ("at first", "1 2");
  log_words ("3 4~");
  rotate_by_copy ();
  if (_i % 2 != 0)
    log_words ("6 7 8 9 10 11"); /* past the old offset again */
  else
    log_words ("6");
  append_text (path, "");
  assert_read ("cut", _i % 2 != 0 ? "3 6 7 8 9 10 11" : "3 6");
  log_words ("12");
  assert_read ("goes on", "12");
  restart (NULL);
  log_words ("13");
  assert_read ("restarted", "13");
}
END_TEST

/* While the copy of the first cut is read, the log is written, copied and cut again, and again. */
START_TEST (what_was_cut_while_it_waited_is_in_the_copies)
{
  gsize line = strlen (HEAD) + 2;

  log_words ("1");
  start ();
  assert_read ("at first", "1");
  log_words ("2 3 4");
  rotate_by_copy ();
  ck_assert (pg_source_read (source, line, &sink)); /* 2, and the cut is seen */
  for (guint i = 0; i < (guint) _i; i++)
    {
      ck_assert (pg_source_read (source, i == 0 ? line : 1, &sink));
      log_words (i == 0 ? "5 6" : "7");
      if (i > 0)
        rename_file ("mail.log.2", "mail.log.3");
      rename_file ("mail.log.1", "mail.log.2");
      set_age ("mail.log.2", 2);
      if (i > 0)
        set_age ("mail.log.3", 3);
      rotate_by_copy ();
    }
  assert_read ("cut", _i == 0 ? "2 3 4" : _i == 1 ? "2 3 4 5 6" : "2 3 4 5 6 7");
  log_words ("8");
  assert_read ("goes on", "8");
  restart (NULL);
  log_words ("9");
  assert_read ("restarted", "9");
}
END_TEST

/* As with `compress` and `delaycompress`: the copy that is read is packed, under another name and inode, before the next one is
 * made. Of the file itself no more than the start of a line is there, which is that of the copy too. */
START_TEST (what_was_cut_while_it_waited_is_in_the_copy_though_the_first_is_packed)
{
  gsize line = strlen (HEAD) + 2;

  log_words ("1");
  start ();
  assert_read ("at first", "1");
  log_words ("2 3");
  copy_file ("mail.log", "mail.log.7");
  set_age ("mail.log.7", 600); /* an old one, which is not read */
  rotate_by_copy ();
  ck_assert (pg_source_read (source, line, &sink)); /* 2, and the cut is seen */
  log_words ("5 6");
  rename_file ("mail.log.1", "mail.log.2.gz");
  rotate_by_copy ();
  if (_i > 0)
    append_text (path, "2026-");
  assert_read ("cut", "2 3 5 6");
}
END_TEST

START_TEST (of_very_many_cuts_while_it_waited_the_youngest_are_read)
{
  log_words ("1");
  start ();
  assert_read ("at first", "1");
  log_words ("2 3");
  rotate_by_copy ();
  set_age ("mail.log.1", 60);
  ck_assert (pg_source_read (source, 1, &sink));
  for (guint n = 0; n < PG_FOLLOW_MAX + 2; n++)
    {
      g_autofree char *name = g_strdup_printf ("mail.log.%u", 10 + n);
      g_autofree char *word = g_strdup_printf ("%u", 10 + n);

      log_words (word);
      copy_file ("mail.log", name);
      set_age (name, 20 - n);
      cut_log ();
    }
  log_words ("20");
  read_by (1 << 20);
  ck_assert_msg (strstr (got->str, "17 20") != NULL && strstr (got->str, "10") == NULL, "%s", got->str);
  ck_assert (strstr (pg_source_warning (source), "more than") != NULL);
}
END_TEST

/* The copy is there, the cut is still to come: no line is read twice. */
START_TEST (a_copy_of_what_waits_is_not_read_beside_it)
{
  gsize line = strlen (HEAD) + 2;

  log_words ("1");
  start ();
  assert_read ("at first", "1");
  log_words ("2 3");
  rotate_by_copy ();
  ck_assert (pg_source_read (source, line, &sink));
  log_words ("4 5");
  rename_file ("mail.log.1", "mail.log.2");
  set_age ("mail.log.2", 2);
  copy_file ("mail.log", "mail.log.1");
  set_age ("mail.log.1", 1);
  log_words ("6");
  assert_read ("copied", "2 3 4 5 6");
  cut_log ();
  log_words ("7");
  assert_read ("cut", "7");
}
END_TEST

START_TEST (a_cut_in_the_middle_of_a_line_makes_no_line)
{
  log_words ("1 2~"); /* half of it was read */
  start ();
  assert_read ("at first", "1");
  append_text (path, "3\n");
  log_words ("4");
  rotate_by_copy ();
  log_words ("5");
  assert_read ("cut", "23 4 5");
}
END_TEST

START_TEST (a_file_full_of_holes_costs_one_line)
{
  int fd;

  log_words ("1 2 3");
  start ();
  assert_read ("at first", "1 2 3");
  cut_log ();
  fd = open (path, O_WRONLY); /* a writer that does not append goes on at its old place */
  ck_assert (fd >= 0 && lseek (fd, 500000, SEEK_SET) == 500000 && write (fd, "2026\n", 5) == 5 && close (fd) == 0);
  log_words ("4");
  assert_read ("hole", "4");
}
END_TEST

/* --- a sink that says "not now" -------------------------------------------------------------------------------------- */

START_TEST (a_line_that_is_held_comes_again_and_nothing_before_it)
{
  log_words ("1 2 3 4");
  start ();
  n_room = 0;
  assert_read ("none", "");
  assert_state ("none", PG_SOURCE_BEHIND);
  n_room = 2;
  assert_read ("two", "1 2");
  assert_state ("two", PG_SOURCE_BEHIND);
  log_words ("5");
  n_room = 0;
  assert_read ("none again", "");
  n_room = 1;
  assert_read ("one", "3");
  n_room = TAKE_ALL;
  assert_read ("all", "4 5");
  assert_state ("all", PG_SOURCE_CURRENT);
}
END_TEST

START_TEST (each_held_line_is_given_once_in_portions_of_any_size)
{
  GString *words = g_string_new ("first");

  for (int i = 0; i < 30; i++)
    g_string_append_printf (words, " %d", i);
  log_words (words->str);
  start ();
  for (guint n = 0; n < 1000 && pg_source_state (source) != PG_SOURCE_CURRENT; n++)
    {
      n_room = n % 3 == 0 ? 1 : 0;
      while (pg_source_read (source, budgets[_i], &sink))
        ;
    }
  assert_got ("all", words->str);
  g_string_free (words, TRUE);
}
END_TEST

static void
rotate_and_go_on (void)
{
  rotate_by_rename ();
  log_words ("6 7");
}

static void
copy_and_go_on (void)
{
  rotate_by_copy ();
  log_words ("6 7");
}

static void
copy_twice_and_go_on (void)
{
  rotate_by_copy ();
  rename_file ("mail.log.1", "mail.log.2");
  set_age ("mail.log.2", 2);
  log_words ("6");
  rotate_by_copy ();
  log_words ("7");
}

static void
rename_twice_and_go_on (void)
{
  rotate_by_rename ();
  rename_file ("mail.log.1", "mail.log.2");
  set_age ("mail.log.2", 2);
  log_words ("6");
  rotate_by_rename ();
  log_words ("7");
}

static void
copy_then_rename (void)
{
  rotate_by_copy ();
  rename_file ("mail.log.1", "mail.log.2");
  set_age ("mail.log.2", 2);
  log_words ("6");
  rotate_by_rename ();
  log_words ("7");
}

static void
rename_then_copy (void)
{
  rotate_by_rename ();
  rename_file ("mail.log.1", "mail.log.2");
  set_age ("mail.log.2", 2);
  log_words ("6");
  rotate_by_copy ();
  log_words ("7");
}

static void
only_go_on (void)
{
  log_words ("6 7");
}

static const struct
{
  const char *name;
  void (*rotate) (void);
} rotations[] = {
  { "none", only_go_on },
  { "rename", rotate_and_go_on },
  { "copy", copy_and_go_on },
  { "rename twice", rename_twice_and_go_on },
  { "copy twice", copy_twice_and_go_on },
  { "copy, rename", copy_then_rename },
  { "rename, copy", rename_then_copy },
};

START_TEST (a_held_line_outlives_rotations)
{
  const char *name = rotations[_i].name;

  log_words ("1 2 3");
  start ();
  n_room = 1;
  assert_read (name, "1");
  log_words ("4 5");
  rotations[_i].rotate ();
  pg_source_tick (source);
  assert_read (name, "");
  n_room = TAKE_ALL;
  assert_read (name, "2 3 4 5 6 7");
  assert_state (name, PG_SOURCE_CURRENT);
}
END_TEST

START_TEST (what_waits_is_not_quiet)
{
  log_words ("1 2");
  start ();
  n_room = 1;
  assert_read ("held", "1");
  rotate_by_rename ();
  log_words ("3");
  for (int tick = 0; tick < 2000; tick++)
    {
      pg_source_tick (source);
      read_by (1000);
    }
  assert_state ("for long", PG_SOURCE_BEHIND);
  n_room = TAKE_ALL;
  assert_read ("at last", "2 3");
}
END_TEST

/* --- restarts -------------------------------------------------------------------------------------------------------- */

START_TEST (after_a_restart_no_line_is_lost_or_doubled)
{
  const char *name = rotations[_i].name;

  log_words ("1 2 3");
  start ();
  assert_read (name, "1 2 3");
  log_words ("4 5");
  restart (rotations[_i].rotate);
  assert_read (name, "4 5 6 7");
  assert_state (name, PG_SOURCE_CURRENT);
  restart (NULL);
  assert_read (name, "");
  log_words ("8");
  assert_read (name, "8");
}
END_TEST

START_TEST (after_a_restart_it_goes_on_at_the_held_line)
{
  const char *name = rotations[_i].name;

  log_words ("1 2 3");
  start ();
  n_room = 1;
  assert_read (name, "1");
  log_words ("4 5");
  n_room = TAKE_ALL;
  restart (rotations[_i].rotate);
  assert_read (name, "2 3 4 5 6 7");
}
END_TEST

/* Nothing was read: then only its inode tells which file it was. */
START_TEST (after_a_restart_it_goes_on_at_the_start_of_a_renamed_file)
{
  log_words ("1 2 3 4 5");
  start ();
  n_room = 0;
  assert_read ("held", "");
  n_room = TAKE_ALL;
  restart (_i == 0 ? rotate_and_go_on : rename_twice_and_go_on);
  assert_read ("restarted", "1 2 3 4 5 6 7");
}
END_TEST

START_TEST (after_a_restart_it_goes_on_in_a_predecessor_too)
{
  const char *name = rotations[_i].name;

  log_words ("1");
  start ();
  rotate_by_rename ();
  log_words ("2 3");
  assert_read (name, "1 2 3");
  log_to ("mail.log.1", "late"); /* both are open, and both have more */
  rename_file ("mail.log.1", "mail.log.9");
  set_age ("mail.log.9", 9);
  log_words ("4 5");
  restart (rotations[_i].rotate);
  assert_read (name, "late 4 5 6 7");
}
END_TEST

static void
rotate_seven_times (void)
{
  for (int n = 7; n >= 1; n--)
    {
      g_autofree char *name = g_strdup_printf ("mail.log.%d", n);
      g_autofree char *word = g_strdup_printf ("w%d", n);

      rename_file ("mail.log", name);
      set_age (name, (guint) n);
      log_words (word);
    }
}

/* More than are followed at once: the oldest are given up, the rest is in order. */
START_TEST (after_very_many_rotations_the_youngest_files_are_read)
{
  log_words ("1");
  start ();
  assert_read ("at first", "1");
  restart (rotate_seven_times);
  assert_read ("restarted", "w6 w5 w4 w3 w2 w1");
}
END_TEST

static void
replace_by_shorter (void)
{
  ck_assert (g_remove (path) == 0);
  log_words ("9");
}

static void
replace_by_longer (void)
{
  ck_assert (g_remove (path) == 0);
  log_words ("5 6 7 8 9 10 11 12");
}

static void
rewrite_by_longer (void)
{
  cut_log ();
  log_words ("5 6 7 8 9 10 11 12");
}

static void
keep_inode_of_the_first (void)
{
  rotate_by_copy (); /* the first's inode, with other lines, under the old name */
  log_words ("5");
}

static void
remove_all (void)
{
  ck_assert (g_remove (path) == 0);
}

static const struct
{
  const char *name;
  void (*change) (void);
  const char *expected;
} changes[] = {
  { "shorter file", replace_by_shorter, "9" },
  { "longer file", replace_by_longer, "5 6 7 8 9 10 11 12" },
  { "longer file, same inode", rewrite_by_longer, "5 6 7 8 9 10 11 12" },
  { "same inode, copied", keep_inode_of_the_first, "4 5" },
  { "gone", remove_all, "" },
};

START_TEST (another_file_is_read_from_its_start)
{
  log_words ("1 2 3");
  start ();
  assert_read (changes[_i].name, "1 2 3");
  if (g_str_equal (changes[_i].name, "same inode, copied"))
    log_words ("4");
  restart (changes[_i].change);
  assert_read (changes[_i].name, changes[_i].expected);
}
END_TEST

/* The file was cut and has grown past where reading stopped, and nobody looked before the position was saved. */
START_TEST (a_position_is_never_in_the_middle_of_a_line)
{
  g_autofree char *filler = NULL;
  GStatBuf         status;

  log_words ("1 2 3 4");
  start ();
  assert_read ("at first", "1 2 3 4");
  ck_assert (g_stat (path, &status) == 0);
  cut_log ();
  log_words ("a");
  filler = g_strnfill ((gsize) status.st_size - strlen (HEAD "a\n"), 'x');
  append_text (path, filler);
  append_text (path, "forged\n");
  restart (NULL);
  log_words ("5");
  assert_read ("restarted", "a 123 5");
}
END_TEST

static void
log_and_rotate_by_copy (void)
{
  log_words ("2");
  rotate_by_copy ();
  log_words ("3");
}

/* The position is that of an empty file, as the second cut leaves one of the same inode. */
START_TEST (what_came_between_two_cuts_is_in_the_copy)
{
  log_words ("1");
  start ();
  assert_read ("at first", "1");
  rotate_by_copy ();
  assert_read ("cut", "");
  restart (log_and_rotate_by_copy);
  assert_read ("cut again", "2 3");
}
END_TEST

START_TEST (a_file_that_is_shorter_is_read_from_its_start)
{
  PgTail *tail;

  log_words ("1");
  tail = pg_tail_open (path, PG_TRUST_ANY, NULL);
  ck_assert_ptr_nonnull (tail);
  pg_tail_seek (tail, 1000);
  ck_assert_uint_eq (pg_tail_line_start (tail), 0);
  pg_tail_free (tail);
}
END_TEST

static const struct
{
  const char *name;
  gsize       len;
  int         fill;
} positions[] = {
  { "empty", 0, 0 }, { "short", 31, 0 }, { "zeros", 32, 0 }, { "ones", 32, 0xff }, { "long", 220, 0x7f },
};

START_TEST (a_position_of_rubbish_is_none)
{
  guint8 data[256];
  g_autoptr (GBytes) position = NULL;

  memset (data, positions[_i].fill, sizeof data);
  position = g_bytes_new (data, positions[_i].len);
  log_words ("1 2");
  start_with (position, ALL_US);
  assert_read (positions[_i].name, "1 2");
}
END_TEST

START_TEST (nothing_is_left_open)
{
  guint n_open = count_open_files ();

  for (int round = 0; round < 3; round++)
    {
      log_words ("1");
      start ();
      read_by (100);
      rotate_by_rename ();
      log_words ("2");
      read_by (100);
      restart (copy_and_go_on);
      n_room = 1;
      read_by (100);
      n_room = TAKE_ALL;
      g_clear_pointer (&source, pg_source_free);
      ck_assert_uint_eq (count_open_files (), n_open);
    }
  pg_source_free (NULL);
}
END_TEST

/* --- how far back a first start reads -------------------------------------------------------------------------------- */

/* Lines of each minute from @from_min to @to_min minutes ago, with stamps of RFC 3339 or 3164, each of about @size bytes. */
static void
log_minutes (const char *name, int from_min, int to_min, gboolean is_3339, gsize size)
{
  g_autofree char *file = in_folder (name);
  g_autofree char *filler = g_strnfill (size, '.');
  GString         *text = g_string_new (NULL);

  for (int minutes = from_min; minutes >= to_min; minutes--)
    {
      g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (NOW_US / PG_SECOND - minutes * 60);
      g_autofree char *stamp = g_date_time_format (time, is_3339 ? "%Y-%m-%dT%H:%M:%S+00:00" : "%b %e %H:%M:%S");

      g_string_append_printf (text, "%s host test: %s %d\n", stamp, filler, minutes);
    }
  append_text (file, text->str);
  g_string_free (text, TRUE);
}

static char *
minutes_from_to (int from_min, int to_min)
{
  GString *text = g_string_new (NULL);

  for (int minutes = from_min; minutes >= to_min; minutes--)
    g_string_append_printf (text, "%s%d", text->len > 0 ? " " : "", minutes);
  return g_string_free (text, FALSE);
}

/* All that is younger than 30 minutes must come, in order; older lines may come before it, but not all. */
static void
assert_reaches_back (const char *name, int oldest, gboolean is_whole)
{
  g_autofree char *wanted = minutes_from_to (30, 0);
  g_autofree char *all = minutes_from_to (oldest, 0);

  start_with (NULL, NOW_US - 30 * PG_MINUTE);
  read_by (1 << 20);
  ck_assert_msg (g_str_has_suffix (got->str, wanted), "%s: %s", name, got->str);
  ck_assert_msg (g_str_has_suffix (all, got->str), "%s: %s", name, got->str);
  ck_assert_msg (is_whole == g_str_equal (got->str, all), "%s: %s", name, got->str);
}

START_TEST (a_first_start_reads_one_window_back)
{
  gboolean is_3339 = _i % 2 == 0;

  switch (_i / 2)
    {
    case 0: /* small: read from its start */
      log_minutes ("mail.log", 100, 0, is_3339, 10);
      assert_reaches_back ("small", 100, TRUE);
      break;
    case 1: /* large: not all of it */
      log_minutes ("mail.log", 1000, 0, is_3339, 3000);
      assert_reaches_back ("large", 1000, FALSE);
      break;
    case 2: /* rotated a moment ago */
      log_minutes ("mail.log.1", 900, 5, is_3339, 3000);
      set_age ("mail.log.1", 1);
      log_minutes ("mail.log", 4, 0, is_3339, 3000);
      assert_reaches_back ("rotated", 900, FALSE);
      break;
    case 3: /* rotated three times within the window, and before that */
      log_minutes ("mail.log.4", 400, 41, is_3339, 10);
      set_age ("mail.log.4", 4);
      log_minutes ("mail.log.3", 40, 21, is_3339, 10);
      set_age ("mail.log.3", 3);
      log_minutes ("mail.log.2", 20, 10, is_3339, 10);
      set_age ("mail.log.2", 2);
      log_minutes ("mail.log.1", 9, 0, is_3339, 10);
      set_age ("mail.log.1", 1);
      append_text (path, "");
      assert_reaches_back ("often", 40, TRUE);
      break;
    case 4: /* the log itself is missing */
      log_minutes ("mail.log.1", 40, 0, is_3339, 10);
      assert_reaches_back ("missing", 40, TRUE);
      assert_state ("missing", PG_SOURCE_BLIND);
      break;
    }
  g_string_truncate (got, 0);
  log_minutes ("mail.log", 0, 0, is_3339, 10);
  assert_read ("goes on", "0");
}
END_TEST

START_TEST (lines_without_a_time_do_not_end_the_search)
{
  g_autofree char *rubbish = g_strnfill (700000, 'x');

  log_minutes ("mail.log", 100, 20, TRUE, 10);
  append_text (path, rubbish); /* more than two steps without a line's end */
  append_text (path, "\n");
  log_minutes ("mail.log", 19, 0, TRUE, 10);
  start_with (NULL, NOW_US - 30 * PG_MINUTE);
  read_by (1 << 20);
  {
    g_autofree char *wanted = minutes_from_to (30, 0);

    ck_assert_msg (g_str_has_suffix (got->str, wanted), "%s", got->str);
  }
}
END_TEST

START_TEST (a_file_without_any_time_is_read_whole)
{
  append_text (path, "one two\nthree\n");
  log_to ("mail.log.1", "0");
  start_with (NULL, NOW_US);
  log_words ("1");
  assert_read ("junk", "0 two three 1");
}
END_TEST

/* Stamps without a year are read by this. */
START_TEST (a_line_is_no_younger_than_its_file)
{
  const struct timespec a_year_ago[2] = { { .tv_sec = NOW_US / PG_SECOND - 365 * 86400, .tv_nsec = 5000 },
                                          { .tv_sec = NOW_US / PG_SECOND - 365 * 86400, .tv_nsec = 5000 } };
  struct stat           status;

  log_minutes ("mail.log", 0, 0, FALSE, 10);
  ck_assert_int_eq (utimensat (AT_FDCWD, path, a_year_ago, 0), 0);
  start_with (NULL, NOW_US - 30 * PG_MINUTE);
  n_room = 0;
  read_by (1 << 20);
  n_room = TAKE_ALL;
  read_by (1 << 20); /* a line that had to wait, too */
  ck_assert_str_eq (got->str, "0");
  ck_assert_int_eq (got_written_us, a_year_ago[1].tv_sec * PG_SECOND + 5);
  log_minutes ("mail.log", 1, 1, FALSE, 10);
  ck_assert (g_stat (path, &status) == 0);
  assert_read ("written to again", "0 1");
  ck_assert_int_eq (got_written_us, status.st_mtim.tv_sec * PG_SECOND + status.st_mtim.tv_nsec / 1000);
}
END_TEST

/* Of a file that was last written a year ago nothing but a step's worth is read, though its stamps could be of today. */
START_TEST (a_log_of_another_year_is_old)
{
  const struct timespec a_year_ago[2] = { { .tv_sec = NOW_US / PG_SECOND - 365 * 86400 },
                                          { .tv_sec = NOW_US / PG_SECOND - 365 * 86400 } };

  log_minutes ("mail.log", 1000, 0, FALSE, 3000);
  ck_assert_int_eq (utimensat (AT_FDCWD, path, a_year_ago, 0), 0);
  start_with (NULL, NOW_US - 2000 * PG_MINUTE);
  read_by (1 << 20);
  ck_assert_msg (g_str_has_suffix (got->str, " 2 1 0") && strlen (got->str) < 1000, "%s", got->str);
}
END_TEST

/* --- what of predecessors can't be read ------------------------------------------------------------------------------ */

START_TEST (an_unreadable_predecessor_is_a_warning)
{
  log_words ("1");
  start ();
  ck_assert (pg_source_warning (source) == NULL);
  rotate_by_rename ();
  log_words ("2");
  restart (NULL);
  assert_read ("readable", "1 2");
  ck_assert (pg_source_warning (source) == NULL);
  g_clear_pointer (&source, pg_source_free);
  {
    g_autofree char *old = in_folder ("mail.log.1");

    ck_assert_int_eq (chmod (old, 0666), 0);
  }
  start ();
  assert_read ("not to be trusted", "2");
  ck_assert (pg_source_warning (source) != NULL);
  ck_assert_msg (strstr (pg_source_warning (source), "logins may be missing") != NULL
                     && strstr (pg_source_warning (source), "mail.log.1") != NULL,
                 "%s", pg_source_warning (source));
  assert_state ("all the same", PG_SOURCE_CURRENT);
}
END_TEST

/* To open a pipe is to take part in it: its writer would be let through, and lost. */
START_TEST (a_pipe_in_its_place_is_not_opened)
{
  int  watch = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  char event[sizeof (struct inotify_event) + NAME_MAX + 1];

  ck_assert_int_eq (mkfifo (path, 0600), 0);
  ck_assert_int_ge (inotify_add_watch (watch, path, IN_OPEN), 0);
  start ();
  assert_state ("a pipe", PG_SOURCE_BLIND);
  ck_assert_msg (strstr (pg_source_problem (source), "not a regular file") != NULL, "%s", pg_source_problem (source));
  ck_assert_msg (read (watch, event, sizeof event) < 0 && errno == EAGAIN, "it was opened");
  ck_assert_int_eq (close (watch), 0);
  ck_assert_int_eq (g_unlink (path), 0);
  log_words ("1");
  pg_source_tick (source);
  assert_read ("a file again", "1");
}
END_TEST

/* --- the format of the heads ----------------------------------------------------------------------------------------- */

static const struct
{
  const char  *name;
  const char  *option;
  const char  *lines;
  const char  *expected;
  PgHeadFormat format;
} formats[] = {
  { "syslog", "", "Nov 23 12:00:00 host dovecot: a\n", "a", PG_HEAD_SYSLOG },
  { "dovecot", "", "Nov 23 12:00:00 pop3-login: Info: a\n", "a", PG_HEAD_DOVECOT },
  { "the first decides", "", "Nov 23 12:00:00 host dovecot: a\nNov 23 12:00:00 pop3-login: Info: b\n", "a b", PG_HEAD_SYSLOG },
  { "the first decides, dovecot", "", "Nov 23 12:00:00 pop3-login: Info: a\nNov 23 12:00:00 host dovecot: b\n", "a b",
    PG_HEAD_DOVECOT },
  { "undecided lines are nobody's", "", "\nwhat is this\nNov 23 12:00:00 host dovecot: a\nand this\n", "a this", PG_HEAD_SYSLOG },
  { "none decides", "", "\nwhat is this\n", "", PG_HEAD_UNKNOWN },
  { "said so", ",format=dovecot", "what\nNov 23 12:00:00 host dovecot: a\n", "what a", PG_HEAD_DOVECOT },
  { "said auto", ",format=auto", "Nov 23 12:00:00 host dovecot: a\n", "a", PG_HEAD_SYSLOG },
};

START_TEST (the_format_is_decided_once)
{
  g_autofree char *spec = g_strconcat ("file:", path, formats[_i].option, NULL);
  PgClock          clock = utc_clock (NOW_US);

  for (int round = 0; round < 2; round++) /* what is there at first, and what comes later */
    {
      got_format = PG_HEAD_UNKNOWN;
      g_clear_pointer (&source, pg_source_free);
      write_bytes (path, "", 0);
      source = new_source (spec);
      if (round == 0)
        pg_source_start (source, NULL, ALL_US, &clock);
      append_text (path, formats[_i].lines);
      if (round == 1 && formats[_i].format != PG_HEAD_UNKNOWN)
        append_text (path, "Nov 23 12:00:00 host x: last\n");
      if (round == 1)
        pg_source_start (source, NULL, ALL_US, &clock);
      read_by (7);
      assert_row (formats[_i].name, got_format == formats[_i].format);
      if (round == 0)
        assert_got (formats[_i].name, formats[_i].expected);
      g_string_truncate (got, 0);
    }
}
END_TEST

/* --- the standard input ---------------------------------------------------------------------------------------------- */

/* Returns the end to write to. */
static int
open_stdin (void)
{
  PgClock clock = utc_clock (NOW_US);
  int     ends[2];

  ck_assert (pipe (ends) == 0 && dup2 (ends[0], STDIN_FILENO) == STDIN_FILENO && close (ends[0]) == 0);
  source = new_source ("stdin:");
  pg_source_start (source, NULL, ALL_US, &clock);
  return ends[1];
}

static void
say (int fd, const char *text)
{
  ck_assert (write (fd, text, strlen (text)) == (gssize) strlen (text));
}

START_TEST (lines_come_from_the_standard_input)
{
  int fd = open_stdin ();

  ck_assert_int_eq (pg_source_fd (source), STDIN_FILENO);
  assert_read ("silent", ""); /* and does not wait */
  assert_state ("silent", PG_SOURCE_CURRENT);
  ck_assert (pg_source_position (source) == NULL);
  say (fd, HEAD "1\n" HEAD "2\n" HEAD "3");
  assert_read ("two and a half", "1 2");
  say (fd, "4\n" HEAD "5");
  close (fd);
  pg_source_tick (source);
  assert_read ("closed", "34");
  assert_state ("closed", PG_SOURCE_BLIND);
  ck_assert_int_eq (pg_source_fd (source), -1);
  assert_read ("still closed", "");
}
END_TEST

START_TEST (what_is_held_stays_in_the_pipe)
{
  int fd = open_stdin ();

  say (fd, HEAD "1\n" HEAD "2\n" HEAD "3\n");
  n_room = 1;
  assert_read ("held", "1");
  assert_state ("held", PG_SOURCE_BEHIND);
  say (fd, HEAD "4\n");
  close (fd);
  n_room = 0;
  assert_read ("held on", "");
  assert_state ("held on", PG_SOURCE_BEHIND);
  n_room = TAKE_ALL;
  assert_read ("taken", "2 3 4");
  assert_state ("taken", PG_SOURCE_BLIND);
}
END_TEST

START_TEST (the_standard_input_is_read_in_portions)
{
  int fd = open_stdin ();

  for (int i = 0; i < 20; i++)
    say (fd, HEAD "x\n");
  ck_assert (pg_source_read (source, budgets[_i] < 100 ? budgets[_i] : 100, &sink));
  assert_state ("some", PG_SOURCE_BEHIND);
  read_by (budgets[_i]);
  assert_state ("all", PG_SOURCE_CURRENT);
  assert_got ("all", "x x x x x x x x x x x x x x x x x x x x");
  close (fd);
}
END_TEST

START_TEST (a_closed_standard_input_is_told)
{
  PgClock clock = utc_clock (NOW_US);

  source = new_source ("stdin:");
  pg_source_start (source, NULL, ALL_US, &clock);
  close (STDIN_FILENO);
  assert_read ("none", "");
  assert_state ("none", PG_SOURCE_BLIND);
}
END_TEST

static void
add_file_tests (TCase *tests)
{
  tcase_add_test (tests, lines_come_as_they_are_written);
  tcase_add_test (tests, a_partial_line_waits_for_its_end);
  tcase_add_loop_test (tests, every_budget_gives_the_same_lines, 0, G_N_ELEMENTS (budgets));
  tcase_add_test (tests, a_portion_that_ends_the_budget_is_not_the_end);
  tcase_add_loop_test (tests, an_overlong_line_is_dropped_whole, 0, G_N_ELEMENTS (lengths));
  tcase_add_test (tests, an_unfinished_overlong_line_is_none_after_a_restart_either);
  tcase_add_test (tests, a_nul_is_a_byte_like_others);
  tcase_add_test (tests, a_missing_file_may_come);
  tcase_add_test (tests, a_missing_folder_may_come);
  tcase_add_test (tests, a_deleted_file_may_come_back);
  tcase_add_loop_test (tests, what_can_not_be_read_makes_blind_and_does_not_block, 0, G_N_ELEMENTS (unreadables));
}

static void
add_rotation_tests (TCase *tests)
{
  tcase_add_test (tests, a_renamed_file_is_read_to_its_end_first);
  tcase_add_test (tests, a_tick_finds_what_no_event_told);
  tcase_add_test (tests, a_file_that_comes_back_is_not_read_twice);
  tcase_add_test (tests, many_rotations_hold_few_files);
  tcase_add_test (tests, a_cut_file_is_read_from_its_start);
  tcase_add_loop_test (tests, what_was_not_read_before_the_cut_is_in_the_copy, 0, 2);
  tcase_add_loop_test (tests, what_was_cut_while_it_waited_is_in_the_copies, 0, 3);
  tcase_add_loop_test (tests, what_was_cut_while_it_waited_is_in_the_copy_though_the_first_is_packed, 0, 2);
  tcase_add_test (tests, of_very_many_cuts_while_it_waited_the_youngest_are_read);
  tcase_add_test (tests, a_copy_of_what_waits_is_not_read_beside_it);
  tcase_add_test (tests, a_cut_in_the_middle_of_a_line_makes_no_line);
  tcase_add_test (tests, a_file_full_of_holes_costs_one_line);
  tcase_add_test (tests, a_line_that_is_held_comes_again_and_nothing_before_it);
  tcase_add_loop_test (tests, each_held_line_is_given_once_in_portions_of_any_size, 0, G_N_ELEMENTS (budgets));
  tcase_add_loop_test (tests, a_held_line_outlives_rotations, 0, G_N_ELEMENTS (rotations));
  tcase_add_test (tests, what_waits_is_not_quiet);
}

static void
add_restart_tests (TCase *tests)
{
  tcase_add_loop_test (tests, after_a_restart_no_line_is_lost_or_doubled, 0, G_N_ELEMENTS (rotations));
  tcase_add_loop_test (tests, after_a_restart_it_goes_on_at_the_held_line, 0, G_N_ELEMENTS (rotations));
  tcase_add_loop_test (tests, after_a_restart_it_goes_on_at_the_start_of_a_renamed_file, 0, 2);
  tcase_add_loop_test (tests, after_a_restart_it_goes_on_in_a_predecessor_too, 0, G_N_ELEMENTS (rotations));
  tcase_add_test (tests, after_very_many_rotations_the_youngest_files_are_read);
  tcase_add_loop_test (tests, another_file_is_read_from_its_start, 0, G_N_ELEMENTS (changes));
  tcase_add_test (tests, a_position_is_never_in_the_middle_of_a_line);
  tcase_add_test (tests, what_came_between_two_cuts_is_in_the_copy);
  tcase_add_test (tests, a_file_that_is_shorter_is_read_from_its_start);
  tcase_add_loop_test (tests, a_position_of_rubbish_is_none, 0, G_N_ELEMENTS (positions));
  tcase_add_test (tests, nothing_is_left_open);
  tcase_add_loop_test (tests, a_first_start_reads_one_window_back, 0, 10);
  tcase_add_test (tests, a_line_is_no_younger_than_its_file);
  tcase_add_test (tests, a_log_of_another_year_is_old);
  tcase_add_test (tests, an_unreadable_predecessor_is_a_warning);
  tcase_add_test (tests, a_pipe_in_its_place_is_not_opened);
  tcase_add_test (tests, lines_without_a_time_do_not_end_the_search);
  tcase_add_test (tests, a_file_without_any_time_is_read_whole);
}

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_loop_test (tests, a_source_is_what_its_name_says, 0, G_N_ELEMENTS (specs));
  tcase_add_loop_test (tests, a_rotated_file_is_known_by_its_name, 0, G_N_ELEMENTS (rotated));
  tcase_add_test (tests, rotated_files_are_listed_youngest_first_and_not_without_end);
  tcase_add_test (tests, a_mark_survives_being_stored);
  add_file_tests (tests);
  add_rotation_tests (tests);
  add_restart_tests (tests);
  tcase_add_loop_test (tests, the_format_is_decided_once, 0, G_N_ELEMENTS (formats));
  tcase_add_test (tests, lines_come_from_the_standard_input);
  tcase_add_test (tests, what_is_held_stays_in_the_pipe);
  tcase_add_loop_test (tests, the_standard_input_is_read_in_portions, 0, G_N_ELEMENTS (budgets));
  tcase_add_test (tests, a_closed_standard_input_is_told);
}

PG_TEST_MAIN ("source", fill)
