/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pieces of lines; whole logs of them are in the corpus, and test-joiner reads them. */
#include "core/torn.h"

#include "common.h"

#define NOW_US (G_GINT64_CONSTANT (1795435200) * G_USEC_PER_SEC) /* 2026-11-23 12:00:00 UTC */

#define CONNECTION "Connection, ip=[::ffff:192.0.2.1], port=[1001]"
#define LOGIN "LOGIN, user=anna, ip=[::ffff:192.0.2.1], port=[1001]"

static gboolean
take_from (PgTorn *torn, const char *host, const char *pid, const char *text, gint64 time_us)
{
  PgHead head = {
    .host = pg_span_from_string (host),
    .program = pg_span ("pop3d", 5),
    .pid = pg_span_from_string (pid),
    .message = pg_span_from_string (text),
  };
  gboolean    minds = pg_torn_minds (torn, head.message);
  const char *why = pg_torn_take (torn, &head, time_us);

  ck_assert_msg (minds || why == NULL, "%s", text);
  return why == NULL;
}

static gboolean
take (PgTorn *torn, const char *text, gint64 time_us)
{
  return take_from (torn, "mx", "", text, time_us);
}

/* Both. */
static void
take_pieces (PgTorn *torn, const char *host, const char *pid, gint64 time_us)
{
  g_autofree char *name = g_strnfill (505, 'x');

  ck_assert (!take_from (torn, host, pid, name, time_us));
  ck_assert (!take_from (torn, host, pid, LOGIN, time_us));
}

START_TEST (nothing_is_minded_before)
{
  g_autoptr (PgTorn) torn = pg_torn_new ();
  g_autofree char *name = g_strnfill (481, 'x');

  ck_assert (!pg_torn_minds (torn, pg_span_from_string (LOGIN)));
  ck_assert (!pg_torn_minds (torn, pg_span (name, 480)));
  ck_assert (pg_torn_minds (torn, pg_span (name, 481)));
  ck_assert (take (torn, LOGIN, NOW_US));
  ck_assert_uint_eq (pg_torn_n_programs (torn), 0);
  pg_torn_free (NULL);
}
END_TEST

/* What is over is forgotten, so that an ordinary log costs nothing again. */
START_TEST (it_is_over_in_time)
{
  g_autoptr (PgTorn) torn = pg_torn_new ();

  take_pieces (torn, "mx", "", NOW_US);
  ck_assert_uint_eq (pg_torn_n_programs (torn), 1);
  ck_assert (!take (torn, LOGIN, NOW_US + PG_TORN_AGE));
  ck_assert (take (torn, LOGIN, NOW_US + PG_TORN_AGE + 1));
  ck_assert_uint_eq (pg_torn_n_programs (torn), 0);
  ck_assert (!pg_torn_minds (torn, pg_span_from_string (LOGIN)));
}
END_TEST

/* The second piece counts, whenever it comes. */
START_TEST (a_piece_may_come_late)
{
  g_autoptr (PgTorn) torn = pg_torn_new ();
  g_autofree char *name = g_strnfill (505, 'x');

  ck_assert (!take (torn, name, NOW_US));
  ck_assert (!take (torn, LOGIN, NOW_US + PG_DAY));
  ck_assert (!take (torn, LOGIN, NOW_US + PG_DAY + PG_TORN_MARGIN));
  ck_assert (!take (torn, CONNECTION, NOW_US + PG_DAY + PG_TORN_MARGIN));
  ck_assert (take (torn, LOGIN, NOW_US + PG_DAY + PG_TORN_MARGIN));
  ck_assert (take (torn, LOGIN, NOW_US + PG_DAY + PG_TORN_MARGIN)); /* once more, as after a full disk */
  ck_assert (!take (torn, name, NOW_US + 2 * PG_DAY));
  ck_assert (!take (torn, CONNECTION, NOW_US + 3 * PG_DAY));
  ck_assert (!take (torn, LOGIN, NOW_US + 3 * PG_DAY + PG_TORN_MARGIN));
}
END_TEST

START_TEST (a_clock_that_is_set_back_does_not_prolong_it)
{
  g_autoptr (PgTorn) torn = pg_torn_new ();

  take_pieces (torn, "mx", "", NOW_US);
  ck_assert (!take (torn, LOGIN, NOW_US - PG_HOUR));
  ck_assert (!take (torn, LOGIN, NOW_US - PG_HOUR + PG_TORN_AGE));
  ck_assert (take (torn, LOGIN, NOW_US - PG_HOUR + PG_TORN_AGE + 1));
}
END_TEST

/* What stands before is not known: it may have been torn. */
START_TEST (where_reading_goes_on_the_first_line_tells_nothing)
{
  g_autoptr (PgTorn) torn = pg_torn_new ();

  pg_torn_resume (torn);
  ck_assert (!take (torn, LOGIN, NOW_US));
  ck_assert (take (torn, LOGIN, NOW_US));
  ck_assert (!take_from (torn, "mx2", "", CONNECTION, NOW_US + PG_DAY));
  ck_assert (take_from (torn, "mx2", "", LOGIN, NOW_US + PG_DAY));
  ck_assert (!take_from (torn, "mx3", "5", LOGIN, NOW_US));
  ck_assert (take_from (torn, "mx3", "6", LOGIN, NOW_US));
  ck_assert_uint_eq (pg_torn_n_programs (torn), 0);
  pg_torn_resume (torn);
  ck_assert (!take (torn, LOGIN, NOW_US));
}
END_TEST

static void
take_connections (PgTorn *torn, guint from, guint to)
{
  for (guint i = from; i < to; i++)
    {
      g_autofree char *text = g_strdup_printf ("Connection, ip=[::ffff:192.0.2.1], port=[%u]", i);

      take (torn, text, NOW_US + PG_TORN_MARGIN);
    }
}

static gboolean
take_login (PgTorn *torn, guint port)
{
  g_autofree char *text = g_strdup_printf ("LOGIN, user=anna, ip=[::ffff:192.0.2.1], port=[%u]", port);

  return take (torn, text, NOW_US + PG_TORN_MARGIN);
}

START_TEST (clients_are_bounded)
{
  g_autoptr (PgTorn) torn = pg_torn_new ();

  take_pieces (torn, "mx", "", NOW_US);
  take_connections (torn, 1, 1 + PG_TORN_PEERS_MAX);
  ck_assert (take_login (torn, 1) && take_login (torn, PG_TORN_PEERS_MAX));
  take_connections (torn, 1001, 1002);
  ck_assert (!take_login (torn, 1));
  ck_assert (take_login (torn, 2) && take_login (torn, 1001));
}
END_TEST

static void
take_pieces_of (PgTorn *torn, guint pid, gint64 time_us)
{
  g_autofree char *text = g_strdup_printf ("%u", pid);

  take_pieces (torn, "mx", text, time_us);
}

START_TEST (programs_are_bounded)
{
  g_autoptr (PgTorn) torn = pg_torn_new ();

  for (guint i = 1; i <= PG_TORN_MAX; i++)
    take_pieces_of (torn, i, NOW_US);
  ck_assert_uint_eq (pg_torn_n_programs (torn), PG_TORN_MAX);
  ck_assert (take (torn, LOGIN, NOW_US)); /* nothing was pushed out */
  take_pieces_of (torn, PG_TORN_MAX + 1, NOW_US);
  ck_assert_uint_eq (pg_torn_n_programs (torn), PG_TORN_MAX);
  ck_assert (!take_from (torn, "mx", "1", LOGIN, NOW_US)); /* it was */
  ck_assert (!take (torn, LOGIN, NOW_US + PG_TORN_AGE));
  ck_assert (take (torn, LOGIN, NOW_US + PG_TORN_AGE + 1));
  take_pieces_of (torn, 1, NOW_US + PG_TORN_AGE + 1);
  ck_assert_uint_eq (pg_torn_n_programs (torn), 1);
  ck_assert (take (torn, LOGIN, NOW_US + PG_TORN_AGE + 1));
}
END_TEST

/* Those whose pieces are still to come are pushed out too. */
START_TEST (programs_whose_pieces_are_to_come_are_bounded)
{
  g_autoptr (PgTorn) torn = pg_torn_new ();
  g_autofree char *name = g_strnfill (505, 'x');

  for (guint i = 0; i < 2 * PG_TORN_MAX; i++)
    {
      g_autofree char *pid = g_strdup_printf ("%u", i);

      take_from (torn, "mx", pid, name, NOW_US + i * PG_TORN_AGE);
    }
  ck_assert_uint_eq (pg_torn_n_programs (torn), PG_TORN_MAX);
}
END_TEST

START_TEST (a_head_of_any_length_is_safe)
{
  static const gsize lengths[] = { 1, 126, 127, 374, 375, 376, 377, 384, 385, 1000 };
  g_autofree char   *name = g_strnfill (1000, 'a');
  g_autoptr (PgTorn) torn = pg_torn_new ();
  PgHead head = { .host = pg_span ("mx", 2), .program = pg_span (name, lengths[_i]), .message = pg_span (name, 500) };

  pg_torn_resume (torn);
  ck_assert (pg_torn_take (torn, &head, NOW_US) != NULL);
  ck_assert_uint_eq (pg_torn_n_programs (torn), lengths[_i] <= 378 ? 1 : 0);
  head.message = pg_span_from_string (LOGIN);
  ck_assert (pg_torn_take (torn, &head, NOW_US) != NULL);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_test (tests, nothing_is_minded_before);
  tcase_add_test (tests, it_is_over_in_time);
  tcase_add_test (tests, a_piece_may_come_late);
  tcase_add_test (tests, a_clock_that_is_set_back_does_not_prolong_it);
  tcase_add_test (tests, where_reading_goes_on_the_first_line_tells_nothing);
  tcase_add_test (tests, clients_are_bounded);
  tcase_add_test (tests, programs_are_bounded);
  tcase_add_test (tests, programs_whose_pieces_are_to_come_are_bounded);
  tcase_add_loop_test (tests, a_head_of_any_length_is_safe, 0, 10);
}

PG_TEST_MAIN ("torn", fill)
