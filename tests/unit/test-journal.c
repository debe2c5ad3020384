/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Journal files are made of the export format by systemd-journal-remote, which takes any field as it is, those too that only
 * journald sets. So no journald is needed, and what a forger would do can be put beside what is genuine. */
#include "config.h"

#include "core/error.h"
#include "source/source.h"

#include "folder.h"

#ifdef HAVE_SYSTEMD

#include <poll.h>
#include <sys/wait.h>

/* 2026-11-23 12:00:00 UTC */
#define NOW_US (G_GINT64_CONSTANT (1795435200) * PG_SECOND)
#define ALL_US G_GINT64_CONSTANT (0)
#define TAKE_ALL (-1)
#define STAMP "2026-11-23T12:00:01.000000Z "

/* What a genuine entry of Dovecot has, without the message. */
#define UNIT "_SYSTEMD_UNIT=dovecot.service\n"
#define GENUINE UNIT "_UID=0\n_PID=197\n_HOSTNAME=mx\nSYSLOG_IDENTIFIER=dovecot\n"

static char       *dir; /* with the journal files */
static PgSource   *source;
static GString    *got;    /* the messages, with blanks between */
static GString    *lines;  /* the lines, with LFs between */
static int         n_room; /* lines that are taken before one is not; or TAKE_ALL */
static const char *tool;
static gint64      written_us;
static gint64      since_boot_us;
static guint       n_boots;

static void
set_up (void)
{
  make_folder ();
  dir = in_folder ("journal");
  ck_assert (g_mkdir (dir, 0755) == 0);
  got = g_string_new (NULL);
  lines = g_string_new (NULL);
  n_room = TAKE_ALL;
  written_us = NOW_US;
  since_boot_us = 0;
  n_boots = 1;
}

static void
tear_down (void)
{
  g_clear_pointer (&source, pg_source_free);
  g_string_free (got, TRUE);
  g_string_free (lines, TRUE);
  g_clear_pointer (&dir, g_free);
  remove_folder ();
}

/* --- writing --------------------------------------------------------------------------------------------------------------- */

static const char *
find_tool (void)
{
  static const char *const places[] = { "/usr/lib/systemd/systemd-journal-remote", "/lib/systemd/systemd-journal-remote" };

  for (gsize i = 0; i < G_N_ELEMENTS (places); i++)
    if (g_file_test (places[i], G_FILE_TEST_IS_EXECUTABLE))
      return places[i];
  return NULL;
}

static char *
journal_path (const char *name)
{
  return g_build_filename (dir, name, NULL);
}

/* Appends an entry, a second after the one before. A field is "NAME=value" and an LF, or in the binary form of the format. */
static void
write_entry (const char *name, PgSpan fields)
{
  g_autofree char *file = journal_path (name);
  const char      *argv[] = { tool, "-o", file, "-", NULL };
  g_autoptr (GString) entry = g_string_new (NULL);
  GPid pid;
  int  input;
  int  status = -1;

  written_us += PG_SECOND;
  since_boot_us += PG_SECOND;
  g_string_printf (entry,
                   "__REALTIME_TIMESTAMP=%" G_GINT64_FORMAT "\n__MONOTONIC_TIMESTAMP=%" G_GINT64_FORMAT "\n_BOOT_ID=%032u\n",
                   written_us, since_boot_us, n_boots);
  g_string_append_len (entry, fields.data, (gssize) fields.len);
  g_string_append_c (entry, '\n');
  ck_assert (g_spawn_async_with_pipes (NULL, (char **) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                                       NULL, &pid, &input, NULL, NULL, NULL));
  ck_assert (write (input, entry->str, entry->len) == (gssize) entry->len && close (input) == 0);
  ck_assert (waitpid (pid, &status, 0) == pid && status == 0);
}

/* Genuine entries, one for each word. */
static void
log_to (const char *name, const char *words)
{
  g_auto (GStrv) list = g_strsplit (words, " ", -1);

  for (guint i = 0; list[i] != NULL; i++)
    {
      g_autofree char *fields = g_strconcat (GENUINE "MESSAGE=", list[i], "\n", NULL);

      write_entry (name, pg_span_from_string (fields));
    }
}

static void
remove_file (const char *name)
{
  g_autofree char *file = journal_path (name);

  ck_assert (g_remove (file) == 0);
}

/* --- reading -----------------------------------------------------------------------------------------------------------------
 */

static gboolean
take (PgSpan line, PgHeadFormat format, G_GNUC_UNUSED gpointer user_data)
{
  PgHead head;

  if (n_room == 0)
    return FALSE;
  n_room -= n_room > 0 ? 1 : 0;
  ck_assert_int_eq (format, PG_HEAD_SYSLOG);
  ck_assert (pg_head_parse (line, format, &head));
  if (got->len > 0)
    g_string_append_c (got, ' ');
  g_string_append_len (got, head.message.data, (gssize) head.message.len);
  g_string_append_len (lines, line.data, (gssize) line.len);
  g_string_append_c (lines, '\n');
  return TRUE;
}

static const PgSourceSink sink = { .take = take };

static void
start_with (const char *options, GBytes *position, gint64 since_us)
{
  g_autofree char *spec = g_strconcat ("journal:dovecot,dir=", dir, options, NULL);
  g_autoptr (GTimeZone) zone = g_time_zone_new_utc ();
  PgClock clock = { .zone = zone, .now_us = written_us };

  g_clear_pointer (&source, pg_source_free);
  source = pg_source_new (spec, NULL);
  ck_assert_msg (source != NULL, "%s", spec);
  pg_source_start (source, position, since_us, &clock);
}

static void
start (void)
{
  start_with ("", NULL, ALL_US);
}

static void
restart (void)
{
  g_autoptr (GBytes) position = pg_source_position (source);

  start_with ("", position, ALL_US);
}

static void
assert_read (const char *name, const char *expected)
{
  guint n = 0;

  while (pg_source_read (source, 300, &sink))
    ck_assert_msg (n++ < 10000, "%s: no end of it: %s", name, got->str);
  assert_row_text (name, got->str, expected);
  g_string_truncate (got, 0);
}

static void
assert_state (const char *name, PgSourceState state)
{
  ck_assert_msg (pg_source_state (source) == state, "%s: state %d", name, (int) pg_source_state (source));
  assert_row (name, (pg_source_problem (source) != NULL) == (state == PG_SOURCE_BLIND));
}

/* --- what an entry is ------------------------------------------------------------------------------------------------------ */

static const struct
{
  const char *name;
  const char *options;
  PgSpan      fields;
  const char *line; /* NULL: none */
} entries[] = {
  { "Dovecot's", "", BYTES (GENUINE "MESSAGE=pop3-login: Login: x\n"), STAMP "mx dovecot[197]: pop3-login: Login: x" },
  { "with fields of the writer's own", "", BYTES (GENUINE "PRIORITY=6\nSYSLOG_FACILITY=2\nMESSAGE=x\n"),
    STAMP "mx dovecot[197]: x" },
  { "without host and process", "", BYTES (UNIT "_UID=0\nSYSLOG_IDENTIFIER=dovecot\nMESSAGE=x\n"), STAMP "- dovecot: x" },
  { "host that is none", "", BYTES (UNIT "_HOSTNAME=a b\nSYSLOG_IDENTIFIER=dovecot\nMESSAGE=x\n"), STAMP "- dovecot: x" },
  { "process that is none", "", BYTES (UNIT "_PID=1]: x\nSYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), STAMP "- d: x" },
  { "process and host of the writer", "", BYTES (UNIT "SYSLOG_PID=7\nHOSTNAME=y\nSYSLOG_IDENTIFIER=d\nMESSAGE=x\n"),
    STAMP "- d: x" },
  { "time of the writer", "", BYTES (GENUINE "SYSLOG_TIMESTAMP=Nov 23 13:00:00 \nMESSAGE=x\n"), STAMP "mx dovecot[197]: x" },
  { "message with a NUL", "", BYTES (GENUINE "MESSAGE\n\3\0\0\0\0\0\0\0a\0b\n"), STAMP "mx dovecot[197]: a" },

  /* Others' */
  { "logger's", "", BYTES ("_SYSTEMD_UNIT=session-1.scope\n_UID=1001\n_HOSTNAME=mx\nSYSLOG_IDENTIFIER=dovecot\nMESSAGE=x\n"),
    NULL },
  { "root's logger's", "", BYTES ("_SYSTEMD_UNIT=session-1.scope\n_UID=0\n_HOSTNAME=mx\nSYSLOG_IDENTIFIER=dovecot\nMESSAGE=x\n"),
    NULL },
  { "of no unit", "", BYTES ("_UID=0\n_HOSTNAME=mx\nSYSLOG_IDENTIFIER=dovecot\nMESSAGE=x\n"), NULL },
  { "about the unit, by systemd", "",
    BYTES ("_SYSTEMD_UNIT=init.scope\nUNIT=dovecot.service\nSYSLOG_IDENTIFIER=dovecot\nMESSAGE=x\n"), NULL },
  { "unit as the writer says", "",
    BYTES ("SYSTEMD_UNIT=dovecot.service\nUNIT=dovecot.service\nOBJECT_SYSTEMD_UNIT=dovecot.service\n"
           "COREDUMP_UNIT=dovecot.service\nSYSLOG_IDENTIFIER=dovecot\nMESSAGE=x\n"),
    NULL },
  { "of a user's unit of that name", "",
    BYTES ("_SYSTEMD_UNIT=user@1001.service\n_SYSTEMD_USER_UNIT=dovecot.service\n_UID=1001\n"
           "SYSLOG_IDENTIFIER=dovecot\nMESSAGE=x\n"),
    NULL },
  { "of a unit with a longer name", "", BYTES ("_SYSTEMD_UNIT=dovecot.service.service\nSYSLOG_IDENTIFIER=dovecot\nMESSAGE=x\n"),
    NULL },
  { "of a unit with another suffix", "", BYTES ("_SYSTEMD_UNIT=dovecot.scope\nSYSLOG_IDENTIFIER=dovecot\nMESSAGE=x\n"), NULL },
  { "of a unit in other letters", "", BYTES ("_SYSTEMD_UNIT=Dovecot.service\nSYSLOG_IDENTIFIER=dovecot\nMESSAGE=x\n"), NULL },
  { "of the second unit", ",b.scope", BYTES ("_SYSTEMD_UNIT=b.scope\nSYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), STAMP "- d: x" },

  /* Users */
  { "by a system user", "", BYTES (UNIT "_UID=999\nSYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), STAMP "- d: x" },
  { "by a dynamic user", "", BYTES (UNIT "_UID=61184\nSYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), STAMP "- d: x" },
  { "by nobody", "", BYTES (UNIT "_UID=65534\nSYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), STAMP "- d: x" },
  { "by a person of a high number", "", BYTES (UNIT "_UID=61183\nSYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), NULL },
  { "by a person of a higher number", "", BYTES (UNIT "_UID=65535\nSYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), NULL },
  { "by a person", "", BYTES (UNIT "_UID=1000\nSYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), NULL },
  { "by a person who says he is root", "", BYTES (UNIT "_UID=1000\nUID=0\nSYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), NULL },
  { "by a person, and anybody may", ",uid=any", BYTES (UNIT "_UID=1000\nSYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), STAMP "- d: x" },
  { "by root, who may", ",uid=root", BYTES (UNIT "_UID=0\nSYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), STAMP "- d: x" },
  { "by a system user, but only root may", ",uid=root", BYTES (UNIT "_UID=1\nSYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), NULL },
  { "by the number that may", ",uid=5000", BYTES (UNIT "_UID=5000\nSYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), STAMP "- d: x" },
  { "by root, who may not", ",uid=5000", BYTES (UNIT "_UID=0\nSYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), NULL },
  { "by nobody known, but only root may", ",uid=root", BYTES (UNIT "SYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), NULL },
  { "by nobody known, but one may", ",uid=5000", BYTES (UNIT "SYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), NULL },
  { "by a number that is none", "", BYTES (UNIT "_UID=0x0\nSYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), NULL },
  { "by a very long number", "", BYTES (UNIT "_UID=000000000000000000000000000000\nSYSLOG_IDENTIFIER=d\nMESSAGE=x\n"), NULL },

  /* What is not one line with one head */
  { "without program", "", BYTES (UNIT "_UID=0\nMESSAGE=x\n"), NULL },
  { "empty program", "", BYTES (UNIT "SYSLOG_IDENTIFIER=\nMESSAGE=x\n"), NULL },
  { "program with a tag in it", "", BYTES (UNIT "SYSLOG_IDENTIFIER=dovecot: pop3-login: Login: y\nMESSAGE=x\n"), NULL },
  { "program with a bracket", "", BYTES (UNIT "SYSLOG_IDENTIFIER=dovecot[1]\nMESSAGE=x\n"), NULL },
  { "program with a line feed", "", BYTES (UNIT "SYSLOG_IDENTIFIER\n\3\0\0\0\0\0\0\0a\nb\nMESSAGE=x\n"), NULL },
  { "without message", "", BYTES (GENUINE), NULL },
  { "message with a line feed", "", BYTES (GENUINE "MESSAGE\n\3\0\0\0\0\0\0\0a\nb\n"), NULL },
  { "message that ends in a line feed", "", BYTES (GENUINE "MESSAGE\n\2\0\0\0\0\0\0\0a\n\n"), NULL },
  { "beginning of a line", "", BYTES (GENUINE "_TRANSPORT=stdout\n_STREAM_ID=1\n_LINE_BREAK=line-max\nMESSAGE=x\n"), NULL },
};

START_TEST (an_entry_is_a_line_or_none)
{
  g_auto (GStrv) parts = NULL;

  write_entry ("a.journal", entries[_i].fields);
  start_with (entries[_i].options, NULL, ALL_US);
  while (pg_source_read (source, 300, &sink))
    ;
  assert_state (entries[_i].name, PG_SOURCE_CURRENT);
  parts = g_strsplit (lines->str, "\n", -1);
  assert_row_text (entries[_i].name, parts[0], entries[_i].line);
}
END_TEST

/* The longest line that is kept, and one byte more: in the field's value. */
START_TEST (a_message_has_a_longest_length)
{
  g_autofree char *long_word = g_strnfill (16384 - strlen ("MESSAGE=") - 1 + (gsize) _i, 'x');
  g_autofree char *words = g_strconcat (long_word, " 2", NULL);

  log_to ("a.journal", words);
  start ();
  assert_read ("long", _i == 0 ? words : "2");
}
END_TEST

/* journald cuts what a service writes to its standard output where a line gets too long. */
START_TEST (the_rest_of_a_torn_line_is_none)
{
  static const char *const parts[] = {
    GENUINE "_STREAM_ID=aa\nMESSAGE=1\n",
    GENUINE "_STREAM_ID=aa\n_LINE_BREAK=line-max\nMESSAGE=2-\n",
    GENUINE "_STREAM_ID=bb\nMESSAGE=3\n",
    GENUINE "_STREAM_ID=aa\n_LINE_BREAK=line-max\nMESSAGE=-2-\n",
    GENUINE "MESSAGE=4\n",
    GENUINE "_STREAM_ID=aa\nMESSAGE=-2\n",
    GENUINE "_STREAM_ID=aa\nMESSAGE=5\n",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    write_entry ("a.journal", pg_span_from_string (parts[i]));
  start ();
  assert_read ("torn", "1 3 4 5");
}
END_TEST

/* --- following ---------------------------------------------------------------------------------------------------------------
 */

static gboolean
has_event (void)
{
  struct pollfd wait = { .fd = pg_source_fd (source), .events = POLLIN };

  return poll (&wait, 1, 5000) == 1;
}

START_TEST (entries_come_as_they_are_written)
{
  log_to ("a.journal", "1 2");
  start ();
  assert_read ("at the start", "1 2");
  assert_state ("at the start", PG_SOURCE_CURRENT);
  log_to ("a.journal", "3");
  ck_assert (has_event ());
  assert_read ("later", "3");
  log_to ("a.journal", "4 5");
  ck_assert (has_event ());
  assert_read ("later again", "4 5");
  assert_state ("later again", PG_SOURCE_CURRENT);
}
END_TEST

START_TEST (a_first_start_reads_from_the_wanted_moment)
{
  log_to ("a.journal", "1 2 3 4 5");
  start_with ("", NULL, NOW_US + _i * PG_SECOND);
  assert_read ("since", &"1 2 3 4 5"[_i < 2 ? 0 : (_i - 1) * 2]);
}
END_TEST

START_TEST (new_files_are_found)
{
  log_to ("a.journal", "1 2");
  start ();
  assert_read ("first", "1 2");
  log_to ("b.journal", "3");
  ck_assert (has_event ());
  assert_read ("second", "3");
  log_to ("c.journal", "4");
  log_to ("b.journal", "5");
  log_to ("c.journal", "6");
  assert_read ("by turns", "4 5 6");
}
END_TEST

START_TEST (what_was_vacuumed_does_no_harm)
{
  log_to ("a.journal", "1 2");
  log_to ("b.journal", "3");
  start ();
  assert_read ("both", "1 2 3");
  remove_file ("a.journal");
  log_to ("b.journal", "4");
  assert_read ("without the first", "4");
  log_to ("c.journal", "5");
  remove_file ("b.journal");
  assert_read ("without the second", "5");
  restart ();
  assert_read ("restarted", "");
  log_to ("c.journal", "6");
  assert_read ("on", "6");
}
END_TEST

START_TEST (a_journal_that_comes_late_is_found)
{
  g_autofree char *hidden = in_folder ("hidden");

  log_to ("a.journal", "1");
  ck_assert (g_rename (dir, hidden) == 0);
  start ();
  assert_state ("no folder", PG_SOURCE_BLIND);
  ck_assert_int_eq (pg_source_fd (source), -1);
  assert_read ("no folder", "");
  ck_assert (g_mkdir (dir, 0755) == 0);
  pg_source_tick (source);
  assert_read ("empty folder", "");
  assert_state ("empty folder", PG_SOURCE_BLIND);
  ck_assert (g_rmdir (dir) == 0 && g_rename (hidden, dir) == 0);
  pg_source_tick (source);
  assert_read ("there", "1");
  assert_state ("there", PG_SOURCE_CURRENT);
}
END_TEST

START_TEST (a_journal_that_goes_is_missed_and_found_again)
{
  log_to ("a.journal", "1 2");
  start ();
  assert_read ("there", "1 2");
  remove_file ("a.journal");
  assert_read ("gone", "");
  pg_source_tick (source);
  assert_state ("gone", PG_SOURCE_BLIND);
  ck_assert_int_eq (pg_source_fd (source), -1);
  log_to ("b.journal", "3");
  pg_source_tick (source);
  assert_read ("again", "3");
  assert_state ("again", PG_SOURCE_CURRENT);
  log_to ("b.journal", "4");
  ck_assert (has_event ());
  assert_read ("on", "4");
}
END_TEST

START_TEST (an_entry_that_is_held_comes_again_and_nothing_before_it)
{
  log_to ("a.journal", "1 2 3");
  start ();
  n_room = 1;
  assert_read ("one", "1");
  assert_state ("one", PG_SOURCE_BEHIND);
  n_room = 0;
  pg_source_tick (source);
  assert_read ("none", "");
  log_to ("b.journal", "4");
  n_room = 1;
  assert_read ("two", "2");
  restart ();
  n_room = TAKE_ALL;
  assert_read ("the rest", "3 4");
}
END_TEST

/* --- after a restart ---------------------------------------------------------------------------------------------------------
 */

static const char *const befores[] = { "", "1", "1 2", "1 2 3" };

START_TEST (after_a_restart_no_entry_is_lost_or_doubled)
{
  start ();
  assert_state ("nothing there", PG_SOURCE_BLIND);
  log_to ("a.journal", "1 2 3");
  pg_source_tick (source);
  n_room = _i;
  assert_read ("before", befores[_i]);
  n_room = TAKE_ALL;
  log_to ("a.journal", "4");
  restart ();
  assert_read ("after", &"1 2 3 4"[_i * 2]);
  restart ();
  assert_read ("once more", "");
  log_to ("b.journal", "5");
  assert_read ("on", "5");
}
END_TEST

START_TEST (after_a_restart_entries_of_others_do_not_matter)
{
  log_to ("a.journal", "1");
  start ();
  assert_read ("before", "1");
  write_entry ("a.journal", pg_span_from_string ("_SYSTEMD_UNIT=x.service\nMESSAGE=no\n"));
  log_to ("a.journal", "2");
  write_entry ("a.journal", pg_span_from_string (UNIT "_UID=1000\nSYSLOG_IDENTIFIER=dovecot\nMESSAGE=no\n"));
  restart ();
  assert_read ("after", "2");
  restart ();
  assert_read ("once more", "");
}
END_TEST

START_TEST (a_cursor_whose_entry_is_gone_goes_on_behind_it)
{
  log_to ("a.journal", "1 2");
  start ();
  assert_read ("before", "1 2");
  log_to ("b.journal", "3");
  remove_file ("a.journal");
  log_to ("b.journal", "4");
  restart ();
  assert_read ("after", "3 4");
}
END_TEST

static void
boot (gint64 at_us)
{
  written_us = at_us;
  since_boot_us = 0;
  n_boots++;
}

/* Times of one boot are compared by another clock than that of the day. */
START_TEST (the_clock_may_be_set_back)
{
  log_to ("a.journal", "1 2 3");
  start ();
  assert_read ("before", "1 2 3");
  written_us -= 3600 * PG_SECOND;
  log_to ("a.journal", "4");
  assert_read ("following", "4");
  log_to ("a.journal", "5");
  restart ();
  assert_read ("after", "5");
  log_to ("b.journal", "6");
  assert_read ("in another file", "6");
}
END_TEST

/* As when a journal was made anew, and the clock stood wrong before: nothing is later than where reading stopped. */
START_TEST (a_cursor_ahead_of_all_entries_is_none)
{
  log_to ("a.journal", "1 2 3");
  start ();
  assert_read ("before", "1 2 3");
  remove_file ("a.journal");
  boot (NOW_US - 3600 * PG_SECOND);
  log_to ("b.journal", "4");
  restart ();
  assert_read ("after", "4");
  log_to ("b.journal", "5");
  assert_read ("on", "5");
}
END_TEST

static const struct
{
  const char *name;
  PgSpan      position;
} positions[] = {
  { "empty", BYTES ("") },
  { "text", BYTES ("rubbish") },
  { "a NUL", BYTES ("s=0\0x") },
  { "bytes", BYTES ("\xff\xfe=;;;=") },
  { "a cursor's beginning", BYTES ("s=685e69595a2940debc7e8bac2577b03b;i=") },
};

START_TEST (a_position_of_rubbish_is_none)
{
  g_autoptr (GBytes) position = g_bytes_new (positions[_i].position.data, positions[_i].position.len);

  log_to ("a.journal", "1 2 3");
  start_with ("", position, NOW_US + 2 * PG_SECOND);
  assert_read (positions[_i].name, "2 3");
}
END_TEST

/* --- configuration -----------------------------------------------------------------------------------------------------------
 */

START_TEST (a_folder_that_others_may_write_is_not_read)
{
  log_to ("a.journal", "1");
  ck_assert (g_chmod (dir, 0777) == 0);
  start ();
  assert_read ("open", "");
  assert_state ("open", PG_SOURCE_BLIND);
  ck_assert (g_chmod (dir, 0755) == 0);
  pg_source_tick (source);
  assert_read ("closed", "1");
  ck_assert (g_chmod (dir, 0777) == 0);
  start_with (",trust=any", NULL, ALL_US);
  assert_read ("trusted", "1");
}
END_TEST

START_TEST (a_user_must_exist)
{
  g_autoptr (GError) error = NULL;

  ck_assert (pg_source_new ("journal:dovecot,uid=no-such-user", &error) == NULL);
  ck_assert (g_error_matches (error, PG_ERROR, PG_ERROR_VALUE));
}
END_TEST

START_TEST (nothing_is_left_open)
{
  guint n_before;

  log_to ("a.journal", "1");
  start ();
  assert_read ("once", "1"); /* what libraries open once, they have opened now */
  g_clear_pointer (&source, pg_source_free);
  n_before = count_open_files ();
  for (guint i = 0; i < 20; i++)
    {
      start ();
      assert_read ("again", "1");
      remove_file ("a.journal");
      pg_source_tick (source);
      log_to ("a.journal", "1");
    }
  g_clear_pointer (&source, pg_source_free);
  ck_assert_uint_eq (count_open_files (), n_before);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_loop_test (tests, an_entry_is_a_line_or_none, 0, G_N_ELEMENTS (entries));
  tcase_add_loop_test (tests, a_message_has_a_longest_length, 0, 2);
  tcase_add_test (tests, the_rest_of_a_torn_line_is_none);
  tcase_add_test (tests, entries_come_as_they_are_written);
  tcase_add_loop_test (tests, a_first_start_reads_from_the_wanted_moment, 0, 6);
  tcase_add_test (tests, new_files_are_found);
  tcase_add_test (tests, what_was_vacuumed_does_no_harm);
  tcase_add_test (tests, a_journal_that_comes_late_is_found);
  tcase_add_test (tests, a_journal_that_goes_is_missed_and_found_again);
  tcase_add_test (tests, an_entry_that_is_held_comes_again_and_nothing_before_it);
  tcase_add_loop_test (tests, after_a_restart_no_entry_is_lost_or_doubled, 0, G_N_ELEMENTS (befores));
  tcase_add_test (tests, after_a_restart_entries_of_others_do_not_matter);
  tcase_add_test (tests, a_cursor_whose_entry_is_gone_goes_on_behind_it);
  tcase_add_test (tests, the_clock_may_be_set_back);
  tcase_add_test (tests, a_cursor_ahead_of_all_entries_is_none);
  tcase_add_loop_test (tests, a_position_of_rubbish_is_none, 0, G_N_ELEMENTS (positions));
  tcase_add_test (tests, a_folder_that_others_may_write_is_not_read);
  tcase_add_test (tests, a_user_must_exist);
  tcase_add_test (tests, nothing_is_left_open);
}

int
main (void)
{
  tool = find_tool ();
  if (tool != NULL)
    return run_suite ("journal", fill);
  printf ("test-journal: skipped: systemd-journal-remote is not installed, and without it no journal can be made\n");
  return 77;
}

#else

START_TEST (a_journal_needs_libsystemd)
{
  g_autoptr (GError) error = NULL;

  ck_assert (pg_source_new ("journal:dovecot", &error) == NULL);
  ck_assert (g_error_matches (error, PG_ERROR, PG_ERROR_VALUE));
  ck_assert (strstr (error->message, "without libsystemd") != NULL);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_test (tests, a_journal_needs_libsystemd);
}

PG_TEST_MAIN ("journal", fill)

#endif
