/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What waits for the database's file is put there a little at a time, and what can't be is said once. */
#include "core/error.h"
#include "daemon/flusher.h"

#include "common.h"

#define TURNS_MAX 1000

/* In the place of the store: @n_pending wait, and there is room for @room of them. */
static guint       n_pending;
static guint       room;
static const char *problem;

static gint64 now_us;
static guint  n_warnings;
static char  *warning;

/* Whoever asks takes this long, so a turn is a few grants. */
gint64
g_get_monotonic_time (void)
{
  return now_us += 10;
}

guint
pg_store_n_pending (G_GNUC_UNUSED const PgStore *self)
{
  return n_pending;
}

const char *
pg_store_problem (G_GNUC_UNUSED const PgStore *self)
{
  return problem;
}

gboolean
pg_store_flush (G_GNUC_UNUSED PgStore *self, guint max, GError **error)
{
  ck_assert_uint_eq (max, 1);
  ck_assert_uint_gt (n_pending, 0);
  if (room == 0)
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_STORE, "no room");
      return FALSE;
    }
  n_pending--;
  room--;
  return TRUE;
}

static GLogWriterOutput
count (G_GNUC_UNUSED GLogLevelFlags level, const GLogField *fields, gsize n_fields, G_GNUC_UNUSED gpointer user_data)
{
  n_warnings++;
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      {
        g_free (warning);
        warning = g_strdup (fields[i].value);
      }
  return G_LOG_WRITER_HANDLED;
}

static void
set_up (void)
{
  static gboolean is_set;

  if (!is_set)
    g_log_set_writer_func (count, NULL, NULL);
  is_set = TRUE;
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL); /* warnings are what is tested */
  n_pending = room = n_warnings = 0;
  problem = NULL;
}

/* One tick, and all the turns that it takes. */
static guint
tick (PgFlusher *flusher)
{
  guint n_turns = 0;

  pg_flusher_tick (flusher);
  for (; g_main_context_pending (NULL); n_turns++)
    {
      ck_assert_uint_lt (n_turns, TURNS_MAX);
      ck_assert (g_main_context_iteration (NULL, FALSE));
    }
  return n_turns;
}

START_TEST (all_is_flushed_in_slices)
{
  PgFlusher *flusher = pg_flusher_new (NULL);

  ck_assert_uint_eq (tick (flusher), 0);
  n_pending = room = 1000;
  ck_assert_uint_gt (tick (flusher), 10);
  ck_assert_uint_eq (n_pending, 0);
  ck_assert_uint_eq (n_warnings, 0);
  pg_flusher_free (flusher);
}
END_TEST

START_TEST (no_room_is_said_once_and_tried_at_each_tick)
{
  PgFlusher *flusher = pg_flusher_new (NULL);

  n_pending = 10;
  room = 3;
  tick (flusher);
  ck_assert_uint_eq (n_pending, 7);
  ck_assert_str_eq (warning, "grants stay in the redo log: no room");
  room = 2;
  tick (flusher);
  ck_assert_uint_eq (n_pending, 5);
  ck_assert_uint_eq (n_warnings, 1);
  now_us += 11 * 60 * G_USEC_PER_SEC;
  tick (flusher);
  ck_assert_uint_eq (n_warnings, 2);
  room = 5;
  tick (flusher);
  ck_assert_uint_eq (n_pending, 0);
  n_pending = 1;
  tick (flusher);
  ck_assert_uint_eq (n_warnings, 3); /* it was well meanwhile */
  pg_flusher_free (flusher);
}
END_TEST

START_TEST (a_store_that_closed_says_so_itself)
{
  PgFlusher *flusher = pg_flusher_new (NULL);

  n_pending = 1;
  problem = "cannot write";
  tick (flusher);
  ck_assert_uint_eq (n_warnings, 0);
  pg_flusher_free (flusher);
}
END_TEST

START_TEST (it_may_be_freed_in_the_middle)
{
  PgFlusher *flusher = pg_flusher_new (NULL);

  n_pending = room = 1000;
  pg_flusher_tick (flusher);
  ck_assert (g_main_context_iteration (NULL, FALSE));
  pg_flusher_free (flusher);
  ck_assert (!g_main_context_pending (NULL));
  ck_assert_uint_gt (n_pending, 900);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, NULL);
  tcase_add_test (tests, all_is_flushed_in_slices);
  tcase_add_test (tests, no_room_is_said_once_and_tried_at_each_tick);
  tcase_add_test (tests, a_store_that_closed_says_so_itself);
  tcase_add_test (tests, it_may_be_freed_in_the_middle);
}

PG_TEST_MAIN ("flusher", fill)
