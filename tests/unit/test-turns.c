/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A store that is opened in threads, as a daemon does: what can be done meanwhile, and what is left when it is ended at any step.
 */
#include "store/store-private.h"

#include "recovery-tools.h"

#define PATIENCE_US (20 * G_USEC_PER_SEC)

/* --- short ways ------------------------------------------------------------------------------------------------------ */

static void
count_change (G_GNUC_UNUSED PgStore *store, gpointer n_changes)
{
  *(guint *) n_changes += 1;
}

static void
turn_loop (gint64 end_us)
{
  ck_assert_msg (g_get_monotonic_time () < end_us, "waited in vain");
  (void) g_main_context_iteration (NULL, FALSE);
  g_usleep (100);
}

/* One tick, and all that comes of it. */
static void
tick (PgStore *store)
{
  gint64 end_us = g_get_monotonic_time () + PATIENCE_US;
  guint  n_changes = 0;

  pg_store_tick_async (store, count_change, &n_changes);
  while (pg_store_is_busy (store))
    turn_loop (end_us);
}

static guint
count_aside (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint       n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    n += strstr (name, ".damaged-") != NULL;
  return n;
}

static guint
count_notes (PgStore *store)
{
  g_autoptr (PgNoteset) notes = pg_noteset_new ();

  ck_assert (pg_store_load_notes (store, notes, NULL));
  return pg_noteset_size (notes);
}

/* --- a step at which the thread waits -------------------------------------------------------------------------------- */

static GMutex      lock;
static GCond       changed;
static const char *stop_at; /* which step */
static gboolean    is_stopped;
static gboolean    may_go_on;

static void
stop (const char *step)
{
  g_mutex_lock (&lock);
  if (g_str_equal (step, stop_at) && !may_go_on)
    {
      is_stopped = TRUE;
      while (!may_go_on)
        g_cond_wait (&changed, &lock);
    }
  g_mutex_unlock (&lock);
}

static gboolean
has_stopped (void)
{
  gboolean stopped;

  g_mutex_lock (&lock);
  stopped = is_stopped;
  g_mutex_unlock (&lock);
  return stopped;
}

static void
tick_until_stopped (PgStore *store, const char *step)
{
  static guint n_changes;
  gint64       end_us = g_get_monotonic_time () + PATIENCE_US;

  stop_at = step;
  pg_family_hook = stop;
  pg_store_tick_async (store, count_change, &n_changes);
  while (!has_stopped ())
    turn_loop (end_us);
}

static void
go_on (PgStore *store)
{
  gint64 end_us = g_get_monotonic_time () + PATIENCE_US;

  g_mutex_lock (&lock);
  may_go_on = TRUE;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
  while (pg_store_is_busy (store))
    turn_loop (end_us);
  pg_family_hook = NULL;
}

/* --- opening --------------------------------------------------------------------------------------------------------- */

static void
leave_nothing (void)
{
}

static void
leave_unclean (void)
{
  fill_three_sessions ();
  make_unclean ();
}

static void
leave_damaged (void)
{
  fill_three_sessions ();
  write_bytes (path, "garbage", 7);
}

static void
leave_without_base (void)
{
  fill_three_sessions ();
  lose_base ();
}

static void
leave_to_salvage (void)
{
  leave_unclean ();
  lose_base ();
}

static const struct
{
  const char *name;
  void (*leave) (void);
  guint    n_grants;
  guint    n_notes;
  gboolean is_lossless; /* nothing has to be set aside */
} states[] = {
  { "nothing", leave_nothing, 0, 0, TRUE },         { "closed in order", fill_three_sessions, 300, 3, TRUE },
  { "a crash", leave_unclean, 300, 3, TRUE },       { "damage", leave_damaged, 300, 3, FALSE },
  { "no base", leave_without_base, 300, 3, FALSE }, { "no base after a crash", leave_to_salvage, 300, 3, FALSE },
};

START_TEST (it_opens_as_it_does_without_threads)
{
  const char *name = states[_i].name;
  PgStore    *store = pg_store_new (path, PG_STORE_READ_WRITE);

  states[_i].leave ();
  tick (store);
  assert_row (name, pg_store_problem (store) == NULL && pg_store_write_problem (store) == NULL);
  assert_row (name, !pg_store_has_notes (store));
  assert_row (name, count_notes (store) == states[_i].n_notes && pg_store_has_notes (store));
  assert_row (name, pg_store_n_grants (store) == states[_i].n_grants);
  assert_many (name, store, states[_i].n_grants);
  put_many (store, states[_i].n_grants, 400);
  sync_store (store);
  pg_store_free (store);
  store = open_store ();
  assert_many (name, store, 400);
  assert_row (name, count_aside () == 0 || !states[_i].is_lossless);
  pg_store_free (store);
}
END_TEST

/* --- ended on the way ------------------------------------------------------------------------------------------------ */

static PgStore *opened;
static gint     n_steps; /* until it is cancelled */

static void
cancel (G_GNUC_UNUSED const char *step)
{
  if (g_atomic_int_dec_and_test (&n_steps))
    pg_turn_cancel (opened->turn);
}

#define STEPS_MAX 12

/* At each step of each way to open it: then all is as if it had never begun, or as if it had ended well. */
START_TEST (ended_at_any_step_it_loses_nothing)
{
  const char *name = states[_i / STEPS_MAX].name;
  guint       n_grants = states[_i / STEPS_MAX].n_grants;

  states[_i / STEPS_MAX].leave ();
  opened = pg_store_new (path, PG_STORE_READ_WRITE);
  n_steps = 1 + _i % STEPS_MAX;
  pg_family_hook = cancel;
  tick (opened);
  pg_family_hook = NULL;
  if (n_steps > 0)
    assert_row (name, pg_store_problem (opened) == NULL);
  pg_store_free (opened);
  opened = open_store ();
  assert_row (name, count_notes (opened) == states[_i / STEPS_MAX].n_notes);
  assert_row (name, pg_store_n_grants (opened) == n_grants);
  assert_many (name, opened, n_grants);
  assert_row (name, count_aside () == 0 || !states[_i / STEPS_MAX].is_lossless);
  pg_store_free (opened);
}
END_TEST

START_TEST (cancelled_it_is_not_done_to_its_end)
{
  opened = pg_store_new (path, PG_STORE_READ_WRITE);
  leave_unclean ();
  n_steps = 1;
  pg_family_hook = cancel;
  tick (opened);
  pg_family_hook = NULL;
  ck_assert_msg (strstr (pg_store_problem (opened), "cancel") != NULL, "%s", pg_store_problem (opened));
  ck_assert (!is_there (".new"));
  tick (opened);
  ck_assert (pg_store_problem (opened) == NULL);
  assert_many ("tried again", opened, 300);
  pg_store_free (opened);
}
END_TEST

/* Who ends does not wait until it is done, and hears of it no more. */
START_TEST (it_can_be_ended_while_it_is_made_anew)
{
  guint    n_changes = 0;
  gint64   began_us;
  PgStore *store = pg_store_new (path, PG_STORE_READ_WRITE);

  leave_unclean ();
  tick_until_stopped (store, "restore base");
  pg_store_tick_async (store, count_change, &n_changes);
  ck_assert (pg_store_is_busy (store));
  began_us = g_get_monotonic_time ();
  pg_store_free (store); /* the thread stands still as if it waited for the disk: it is left alone */
  ck_assert_int_lt (g_get_monotonic_time () - began_us, 900000);
  g_mutex_lock (&lock);
  may_go_on = TRUE;
  g_cond_broadcast (&changed);
  g_mutex_unlock (&lock);
  for (gint64 end_us = g_get_monotonic_time () + 300000; g_get_monotonic_time () < end_us;)
    turn_loop (G_MAXINT64);
  ck_assert_uint_eq (n_changes, 0);
  pg_family_hook = NULL;
  store = open_store ();
  assert_many ("ended", store, 300);
  ck_assert_uint_eq (count_aside (), 0);
  pg_store_free (store);
}
END_TEST

/* --- meanwhile ------------------------------------------------------------------------------------------------------- */

START_TEST (while_it_is_made_anew_it_says_how_far_it_is)
{
  PgStore *store = pg_store_new (path, PG_STORE_READ_WRITE);
  PgRecord record;

  leave_unclean ();
  ck_assert_int_eq (pg_store_n_made (store), -1);
  tick_until_stopped (store, "name database");
  ck_assert_msg (strstr (pg_store_problem (store), "is being made anew") != NULL, "%s", pg_store_problem (store));
  ck_assert_int_ge (pg_store_n_made (store), 300);
  ck_assert (get_grant (store, 1, &record) == PG_STORE_FAILED);
  ck_assert (!pg_store_sync (store, NULL));
  ck_assert_uint_eq (pg_store_id (store), 0);
  ck_assert_uint_eq (pg_store_n_grants (store), 0);
  go_on (store);
  ck_assert_int_eq (pg_store_n_made (store), -1);
  assert_many ("made anew", store, 300);
  pg_store_free (store);
}
END_TEST

/* As its base is: it takes as long as to copy it. */
START_TEST (while_it_is_prepared_it_can_be_read)
{
  PgStore *store = pg_store_new (path, PG_STORE_READ_WRITE);
  PgRecord record = record_of (nth_address (7), "bob", 1000);
  g_autoptr (GError) error = NULL;

  leave_without_base ();
  tick_until_stopped (store, "name base");
  ck_assert (pg_store_problem (store) == NULL && pg_store_is_busy (store));
  assert_many ("prepared", store, 300);
  ck_assert_uint_eq (count_notes (store), 3);
  ck_assert (!pg_store_put (store, &record, &error));
  ck_assert (pg_store_problem (store) == NULL && pg_store_write_problem (store) != NULL);
  go_on (store);
  ck_assert (pg_store_write_problem (store) == NULL);
  put_grant (store, 7, "bob", 1000);
  assert_grant (store, 7, 1000);
  pg_store_free (store);
}
END_TEST

START_TEST (a_file_removed_while_it_is_prepared_is_noticed)
{
  PgStore *store = pg_store_new (path, PG_STORE_READ_WRITE);
  guint    n_changes = 0;

  fill_three_sessions ();
  tick_until_stopped (store, "write redo head");
  lose_database ();
  pg_store_tick_async (store, count_change, &n_changes);
  ck_assert (pg_store_problem (store) != NULL);
  go_on (store);
  ck_assert (pg_store_problem (store) != NULL);
  tick (store);
  ck_assert (pg_store_problem (store) == NULL && pg_store_write_problem (store) == NULL);
  assert_many ("removed", store, 300);
  pg_store_free (store);
}
END_TEST

START_TEST (a_base_lost_while_open_is_made_anew)
{
  PgStore *store = pg_store_new (path, PG_STORE_READ_WRITE);

  fill_three_sessions ();
  tick (store);
  put_grant (store, 7, "bob", 1000);
  lose_base ();
  tick (store);
  ck_assert (pg_store_problem (store) == NULL && pg_store_write_problem (store) == NULL);
  assert_grant (store, 7, 1000);
  assert_grant (store, 299, 300);
  pg_store_free (store);
  make_unclean ();
  store = open_store ();
  assert_grant (store, 7, 1000);
  assert_grant (store, 299, 300);
  pg_store_free (store);
}
END_TEST

/* What is wrong with it is said on while it is tried again. */
START_TEST (one_in_use_elsewhere_is_tried_again)
{
  PgStore         *other = open_store ();
  PgStore         *store = pg_store_new (path, PG_STORE_READ_WRITE);
  g_autofree char *problem = NULL;
  guint            n_changes = 0;

  tick (store);
  ck_assert_msg (strstr (pg_store_problem (store), "in use") != NULL, "%s", pg_store_problem (store));
  problem = g_strdup (pg_store_problem (store));
  pg_store_tick_async (store, count_change, &n_changes);
  ck_assert_str_eq (pg_store_problem (store), problem);
  pg_store_await (store, PATIENCE_US);
  ck_assert_uint_eq (n_changes, 1);
  ck_assert (!pg_store_is_busy (store));
  ck_assert_str_eq (pg_store_problem (store), problem);
  pg_store_free (other);
  tick (store);
  ck_assert (pg_store_problem (store) == NULL);
  pg_store_free (store);
}
END_TEST

/* A walk that began before is none of the file that is open now. */
START_TEST (a_walk_does_not_outlive_it)
{
  PgStore       *store = pg_store_new (path, PG_STORE_READ_WRITE);
  PgStoreCursor *cursor;
  PgRecord       record;

  fill_three_sessions ();
  tick (store);
  cursor = pg_store_cursor_new (store);
  ck_assert (pg_store_cursor_next (cursor, &record, NULL) == PG_STORE_FOUND);
  lose_base ();
  tick (store);
  ck_assert (pg_store_problem (store) == NULL);
  ck_assert_uint_eq (pg_store_n_cursors (store), 1);
  ck_assert (pg_store_cursor_next (cursor, &record, NULL) == PG_STORE_FAILED);
  pg_store_cursor_free (cursor);
  ck_assert_uint_eq (pg_store_n_cursors (store), 0);
  pg_store_free (store);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_set_timeout (tests, 60);
  tcase_add_loop_test (tests, it_opens_as_it_does_without_threads, 0, G_N_ELEMENTS (states));
  tcase_add_loop_test (tests, ended_at_any_step_it_loses_nothing, 0, (int) G_N_ELEMENTS (states) * STEPS_MAX);
  tcase_add_test (tests, cancelled_it_is_not_done_to_its_end);
  tcase_add_test (tests, it_can_be_ended_while_it_is_made_anew);
  tcase_add_test (tests, while_it_is_made_anew_it_says_how_far_it_is);
  tcase_add_test (tests, while_it_is_prepared_it_can_be_read);
  tcase_add_test (tests, a_file_removed_while_it_is_prepared_is_noticed);
  tcase_add_test (tests, a_base_lost_while_open_is_made_anew);
  tcase_add_test (tests, one_in_use_elsewhere_is_tried_again);
  tcase_add_test (tests, a_walk_does_not_outlive_it);
}

PG_TEST_MAIN ("turns", fill)
