/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A log is rotated and compressed while nobody looks. */
#include "source/packed.h"
#include "source/source.h"

#include "folder.h"

#include <sys/time.h>

/* 2026-11-23 12:00:00 UTC: what the lines are measured by. */
#define NOW_US (G_GINT64_CONSTANT (1795435200) * PG_SECOND)

static char    *path; /* of the log, in the folder */
static GString *got;  /* what the lines said: "1 2 3"; of long runs of them the first and last: "1 2 3..9" */
static guint    n_got;
static char    *warning; /* of the source that ended last, or NULL */

static void
set_up (void)
{
  make_folder ();
  path = in_folder ("mail.log");
  got = g_string_new (NULL);
  n_got = 0;
}

static void
tear_down (void)
{
  g_string_free (got, TRUE);
  g_clear_pointer (&warning, g_free);
  g_clear_pointer (&path, g_free);
  remove_folder ();
}

/* Adds lines number @first to @last; each says its number, and is written @age_s before now. */
static void
log_lines (guint first, guint last, gint64 age_s)
{
  g_autoptr (GDateTime) moment = g_date_time_new_from_unix_utc (NOW_US / PG_SECOND - age_s);
  g_autofree char *stamp = g_date_time_format (moment, "%Y-%m-%dT%H:%M:%S+00:00");
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = first; i <= last; i++)
    g_string_append_printf (text, "%s host test: some words that make the line longer %u\n", stamp, i);
  append_text (path, text->str);
}

static gboolean
take (PgSpan line, G_GNUC_UNUSED PgHeadFormat format, G_GNUC_UNUSED gpointer user_data)
{
  const char *last = line.data + line.len;

  while (last > line.data && last[-1] != ' ')
    last--;
  ck_assert_msg (pg_span_find (line, " host test: ", &(gsize){ 0 }), "a line without its beginning");
  if (n_got++ > 0)
    g_string_append_c (got, ' ');
  g_string_append_len (got, last, line.data + line.len - last);
  return TRUE;
}

/* Starts a source, reads all, and ends it. Returns its position. */
static GBytes *
run_source (GBytes *position, gint64 since_us)
{
  const PgSourceSink sink = { .take = take };
  g_autofree char   *spec = g_strdup_printf ("file:%s", path);
  PgClock            clock = utc_clock (NOW_US);
  PgSource          *source = pg_source_new (spec, NULL);
  GBytes            *end;

  ck_assert (source != NULL);
  g_string_truncate (got, 0);
  n_got = 0;
  pg_source_start (source, position, since_us, &clock);
  while (pg_source_read (source, 1 << 20, &sink))
    ;
  ck_assert_int_eq (pg_source_state (source), PG_SOURCE_CURRENT);
  g_free (warning);
  warning = g_strdup (pg_source_warning (source));
  end = pg_source_position (source);
  pg_source_free (source);
  return end;
}

static void run_in_folder (const char *format, ...) G_GNUC_PRINTF (1, 2);

static void
run_in_folder (const char *format, ...)
{
  va_list          arguments;
  g_autofree char *words = NULL;
  g_autofree char *command = NULL;

  va_start (arguments, format);
  words = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  command = g_strdup_printf ("cd '%s' && %s", folder, words);
  ck_assert_msg (system (command) == 0, "%s", command);
}

static void
assert_got (const char *expected)
{
  ck_assert_msg (strcmp (got->str, expected) == 0, "got \"%.200s\", expected \"%s\"", got->str, expected);
}

static void
assert_warned (const char *of)
{
  ck_assert_msg (warning != NULL && strstr (warning, "logins may be missing") != NULL && strstr (warning, of) != NULL, "%s",
                 warning != NULL ? warning : "no warning");
}

#define ALL_US G_GINT64_CONSTANT (0)

START_TEST (reading_goes_on_in_a_packed_log)
{
  g_autoptr (GBytes) position = NULL;

  log_lines (1, 2, 60);
  position = run_source (NULL, ALL_US);
  assert_got ("1 2");
  log_lines (3, 4, 30);
  run_in_folder ("mv mail.log mail.log.1 && gzip mail.log.1");
  log_lines (5, 6, 1);
  g_bytes_unref (run_source (position, ALL_US));
  assert_got ("3 4 5 6");
}
END_TEST

START_TEST (logs_that_came_after_it_are_read_too)
{
  g_autoptr (GBytes) position = NULL;

  log_lines (1, 2, 60);
  position = run_source (NULL, ALL_US);
  log_lines (3, 3, 50);
  run_in_folder ("mv mail.log mail.log-20261121 && gzip mail.log-20261121");
  log_lines (4, 4, 40);
  run_in_folder ("mv mail.log mail.log-20261122 && gzip mail.log-20261122");
  log_lines (5, 5, 30);
  run_in_folder ("mv mail.log mail.log-20261123");
  log_lines (6, 6, 20);
  g_bytes_unref (run_source (position, ALL_US));
  assert_got ("3 4 5 6");
}
END_TEST

START_TEST (what_was_read_is_not_read_again)
{
  g_autoptr (GBytes) position = NULL;
  g_autoptr (GBytes) second = NULL;

  log_lines (1, 2, 60);
  position = run_source (NULL, ALL_US);
  log_lines (3, 3, 50);
  run_in_folder ("mv mail.log mail.log.1 && gzip mail.log.1");
  log_lines (4, 4, 40);
  second = run_source (position, ALL_US);
  assert_got ("3 4");
  log_lines (5, 5, 30);
  g_bytes_unref (run_source (second, ALL_US));
  assert_got ("5");
}
END_TEST

/* Far in, so that the mark lies behind many portions, and more than one comes behind it. */
START_TEST (large_logs)
{
  g_autoptr (GBytes) position = NULL;

  log_lines (1, 20000, 60);
  position = run_source (NULL, ALL_US);
  ck_assert_uint_eq (n_got, 20000);
  log_lines (20001, 30000, 50);
  run_in_folder ("mv mail.log mail.log.1 && gzip -1 mail.log.1");
  log_lines (30001, 30001, 40);
  g_bytes_unref (run_source (position, ALL_US));
  ck_assert_uint_eq (n_got, 10001);
  ck_assert_msg (g_str_has_prefix (got->str, "20001 20002 "), "%.100s", got->str);
}
END_TEST

START_TEST (a_first_start_looks_back)
{
  log_lines (1, 20000, 7200);
  log_lines (20001, 20003, 60);
  run_in_folder ("mv mail.log mail.log.1 && gzip mail.log.1");
  log_lines (20004, 20004, 1);
  g_bytes_unref (run_source (NULL, NOW_US - 1800 * PG_SECOND));
  /* a portion's worth of older lines may come first */
  ck_assert_uint_lt (n_got, 5000);
  ck_assert_msg (g_str_has_suffix (got->str, " 20001 20002 20003 20004"), "%s", got->str + MAX (got->len, 100) - 100);
}
END_TEST

START_TEST (a_first_start_stops_at_the_first_that_is_older)
{
  log_lines (1, 1, 60);
  run_in_folder ("mv mail.log mail.log.2 && gzip mail.log.2");
  log_lines (2, 2, 7200);
  log_lines (3, 3, 60);
  run_in_folder ("touch -r mail.log.2.gz -d '+10 seconds' mail.log && mv mail.log mail.log.1 && gzip mail.log.1");
  log_lines (4, 4, 1);
  g_bytes_unref (run_source (NULL, NOW_US - 1800 * PG_SECOND));
  assert_got ("2 3 4");
  ck_assert_msg (warning == NULL, "%s", warning);
}
END_TEST

/* Not even opened: what was last changed before all that is wanted. */
START_TEST (old_files_are_left_out)
{
  const struct timeval long_ago[2] = { { .tv_sec = NOW_US / PG_SECOND - 7200 }, { .tv_sec = NOW_US / PG_SECOND - 7200 } };
  g_autofree char     *packed = in_folder ("mail.log.1.gz");

  log_lines (1, 2, 60);
  run_in_folder ("mv mail.log mail.log.1 && gzip mail.log.1");
  ck_assert_int_eq (utimes (packed, long_ago), 0);
  log_lines (3, 3, 1);
  g_bytes_unref (run_source (NULL, NOW_US - 1800 * PG_SECOND));
  assert_got ("3");
}
END_TEST

START_TEST (other_logs_are_not_taken_for_it)
{
  g_autoptr (GBytes) position = NULL;

  log_lines (1, 2, 60);
  position = run_source (NULL, ALL_US);
  run_in_folder ("rm mail.log");
  log_lines (7, 9, 50);
  run_in_folder ("mv mail.log mail.log.1 && gzip mail.log.1");
  log_lines (10, 10, 40);
  g_bytes_unref (run_source (position, ALL_US)); /* the place is lost: it looks back */
  assert_got ("7 8 9 10");
}
END_TEST

START_TEST (a_cut_log_gives_what_is_left_of_it)
{
  g_autoptr (GBytes) position = NULL;

  log_lines (1, 2, 60);
  position = run_source (NULL, ALL_US);
  log_lines (3, 20000, 50);
  run_in_folder ("mv mail.log mail.log.1 && gzip mail.log.1 && truncate -s -1000 mail.log.1.gz");
  log_lines (20001, 20001, 40);
  g_bytes_unref (run_source (position, ALL_US));
  ck_assert_uint_gt (n_got, 1000);
  ck_assert_msg (g_str_has_prefix (got->str, "3 4 5 ") && g_str_has_suffix (got->str, " 20001"), "%.100s", got->str);
  assert_warned ("mail.log.1.gz");
}
END_TEST

START_TEST (others_may_not_write_to_it)
{
  g_autoptr (GBytes) position = NULL;

  log_lines (1, 2, 60);
  position = run_source (NULL, ALL_US);
  log_lines (3, 3, 50);
  run_in_folder ("mv mail.log mail.log.1 && gzip mail.log.1 && chmod 666 mail.log.1.gz");
  log_lines (4, 4, 40);
  g_bytes_unref (run_source (position, ALL_US));
  assert_got ("4");
  assert_warned ("mail.log.1.gz");
}
END_TEST

START_TEST (no_more_than_the_budget)
{
  PgClock          clock = utc_clock (NOW_US);
  PgPackedWant     want = { .trust = PG_TRUST_ANY, .clock = &clock, .budget = 1000 };
  g_autofree char *packed = in_folder ("mail.log.1.gz");
  guint            n_open = count_open_files ();
  gboolean         goes_on = TRUE;

  log_lines (1, 1000, 60);
  run_in_folder ("mv mail.log mail.log.1 && gzip mail.log.1");
  ck_assert (pg_packed_open (packed, &want, NULL, &goes_on, NULL) == NULL);
  ck_assert_uint_eq (count_open_files (), n_open);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_test (tests, reading_goes_on_in_a_packed_log);
  tcase_add_test (tests, logs_that_came_after_it_are_read_too);
  tcase_add_test (tests, what_was_read_is_not_read_again);
  tcase_add_test (tests, large_logs);
  tcase_add_test (tests, a_first_start_looks_back);
  tcase_add_test (tests, a_first_start_stops_at_the_first_that_is_older);
  tcase_add_test (tests, old_files_are_left_out);
  tcase_add_test (tests, other_logs_are_not_taken_for_it);
  tcase_add_test (tests, a_cut_log_gives_what_is_left_of_it);
  tcase_add_test (tests, others_may_not_write_to_it);
  tcase_add_test (tests, no_more_than_the_budget);
}

PG_TEST_MAIN ("packed", fill)
