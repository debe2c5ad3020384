/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of a log that may matter, sifted by a thread: which they are, their numbers, and where the log ends. */
#include "cli/parse-feed.h"

#include "core/error.h"

#include "folder.h"

#include <unistd.h>

#define N_LINES 60000 /* several lots, and portions that end within lines */
#define LOGIN_EVERY 7
#define OTHER_EVERY 5

static const char *const any_host[] = { NULL };
static const char *const dovecot_names[] = { "dovecot", NULL };
static const PgLineRules rules = { .dovecot_names = dovecot_names, .hosts = any_host, .servers = ~0u };

/* Of most lines nobody needs to know more than their program. */
static const char *
message_of (guint n)
{
  if (n % LOGIN_EVERY == 0)
    return "dovecot: pop3-login: Login: user=<bob>, method=PLAIN, rip=192.0.2.1, lip=192.0.2.25, mpid=1, session=<x>";
  if (n % OTHER_EVERY == 0)
    return "dovecot: pop3(bob): Disconnected: Logged out";
  return "postfix/smtpd[815]: connect from unknown[192.0.2.1]";
}

static void
write_log (const char *path, guint n_lines)
{
  GString *text = g_string_new (NULL);

  for (guint n = 1; n <= n_lines; n++)
    g_string_append_printf (text, "Nov 23 11:44:14 mx %s %u\n", message_of (n), n);
  write_bytes (path, text->str, text->len);
  g_string_free (text, TRUE);
}

static PgParseFeed *
feed_of (const char *path, PgHeadFormat format, gboolean keeps_others)
{
  return pg_parse_feed_new (pg_unpack_open (path, NULL), format, &rules, keeps_others, NULL);
}

/* Its text ends with its number. */
static void
assert_line (const PgParseLine *line, guint n)
{
  g_autofree char *expected = g_strdup_printf ("Nov 23 11:44:14 mx %s %u", message_of (n), n);
  g_autofree char *got = g_strndup (line->text.data, line->text.len);

  ck_assert_uint_eq (line->number, n);
  ck_assert_str_eq (got, expected);
}

/* Reads to the end. Returns how many lines came. */
static guint
read_all (PgParseFeed *feed, gboolean keeps_others)
{
  const PgParseLot *lot;
  guint             n = 0;
  guint             n_came = 0;

  while (pg_parse_feed_next (feed, &lot, NULL) && lot != NULL)
    for (gsize i = 0; i < lot->n_lines; i++, n_came++)
      {
        do
          n++;
        while (n % LOGIN_EVERY != 0 && (n % OTHER_EVERY != 0 || !keeps_others));
        ck_assert (lot->format == PG_HEAD_SYSLOG);
        assert_line (&lot->lines[i], n);
      }
  return n_came;
}

/* Row: whether others are kept, whether the format is to be found out. */
START_TEST (lines_that_may_matter_come_in_order)
{
  g_autofree char *path = in_folder ("mail.log");
  gboolean         keeps_others = (_i & 1) != 0;
  PgParseFeed     *feed;
  guint            n_others = N_LINES / OTHER_EVERY - N_LINES / (OTHER_EVERY * LOGIN_EVERY);

  write_log (path, N_LINES);
  feed = feed_of (path, (_i & 2) != 0 ? PG_HEAD_UNKNOWN : PG_HEAD_SYSLOG, keeps_others);
  ck_assert_uint_eq (read_all (feed, keeps_others), N_LINES / LOGIN_EVERY + (keeps_others ? n_others : 0));
  pg_parse_feed_free (feed);
}
END_TEST

START_TEST (lines_before_the_first_head_are_dropped)
{
  g_autofree char  *path = in_folder ("mail.log");
  const PgParseLot *lot;
  PgParseFeed      *feed;

  write_bytes (path, "\nwhat is this?\n@no stamp\nNov 23 11:44:14 mx x: y\n", 49);
  feed = feed_of (path, PG_HEAD_UNKNOWN, TRUE);
  ck_assert (pg_parse_feed_next (feed, &lot, NULL) && lot != NULL);
  ck_assert_uint_eq (lot->n_lines, 0); /* the program is nobody's */
  ck_assert (lot->format == PG_HEAD_SYSLOG);
  pg_parse_feed_free (feed);
}
END_TEST

/* What stood before the damage comes before the error. */
START_TEST (a_damaged_log_ends_with_an_error)
{
  g_autofree char  *plain = in_folder ("mail.log");
  g_autofree char  *packed = in_folder ("mail.log.gz");
  g_autofree char  *command = g_strdup_printf ("gzip -c '%s' > '%s' && truncate -s -4000 '%s'", plain, packed, packed);
  const PgParseLot *lot;
  PgParseFeed      *feed;
  gsize             n_lines = 0;
  g_autoptr (GError) error = NULL;

  write_log (plain, N_LINES);
  ck_assert_int_eq (system (command), 0);
  feed = feed_of (packed, PG_HEAD_SYSLOG, FALSE);
  while (pg_parse_feed_next (feed, &lot, &error) && lot != NULL)
    n_lines += lot->n_lines;
  ck_assert (g_error_matches (error, PG_ERROR, PG_ERROR_DAMAGED));
  ck_assert_uint_gt (n_lines, 0);
  ck_assert_uint_lt (n_lines, N_LINES / LOGIN_EVERY);
  pg_parse_feed_free (feed);
}
END_TEST

/* Whether the thread waits for an idle lot then, or has come to its end. */
START_TEST (who_asks_may_stop_at_any_time)
{
  g_autofree char  *path = in_folder ("mail.log");
  const PgParseLot *lot;

  write_log (path, _i == 0 ? 10 : N_LINES * 4);
  for (int n_asked = 0; n_asked < 4; n_asked++)
    {
      PgParseFeed *feed = feed_of (path, PG_HEAD_SYSLOG, FALSE);

      for (int i = 0; i < n_asked && pg_parse_feed_next (feed, &lot, NULL) && lot != NULL; i++)
        ;
      pg_parse_feed_free (feed);
    }
  pg_parse_feed_free (NULL);
}
END_TEST

/* Who follows a log that grows sees each line when it has come. */
START_TEST (what_has_come_is_handed_out_at_once)
{
  PgParseFeed      *feed;
  const PgParseLot *lot;
  int               ends[2];

  ck_assert_int_eq (pipe (ends), 0);
  for (guint n = LOGIN_EVERY; n <= 3 * LOGIN_EVERY; n += LOGIN_EVERY)
    {
      g_autofree char *line = g_strdup_printf ("Nov 23 11:44:14 mx %s %u\n", message_of (n), n);

      ck_assert_int_eq (write (ends[1], line, strlen (line)), (gssize) strlen (line));
      if (n == LOGIN_EVERY)
        feed = pg_parse_feed_new (pg_unpack_new (ends[0], "a pipe", NULL), PG_HEAD_SYSLOG, &rules, FALSE, NULL);
      ck_assert (pg_parse_feed_next (feed, &lot, NULL) && lot != NULL);
      ck_assert (lot->is_short && lot->n_lines == 1);
    }
  close (ends[1]);
  while (pg_parse_feed_next (feed, &lot, NULL) && lot != NULL)
    ck_assert_uint_eq (lot->n_lines, 0);
  pg_parse_feed_free (feed);
}
END_TEST

static void
fill (TCase *tests)
{
  add_folder (tests);
  tcase_add_loop_test (tests, lines_that_may_matter_come_in_order, 0, 4);
  tcase_add_test (tests, lines_before_the_first_head_are_dropped);
  tcase_add_test (tests, a_damaged_log_ends_with_an_error);
  tcase_add_loop_test (tests, who_asks_may_stop_at_any_time, 0, 2);
  tcase_add_test (tests, what_has_come_is_handed_out_at_once);
}

PG_TEST_MAIN ("parse-feed", fill)
