/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A store through crashes, checkpoints and faults of its files while it is open: nothing that was synced is lost. */
#include "recovery-tools.h"

#include <sys/mman.h>

#define N_GRANTS 300
#define STEPS_MAX 200

/* --- checkpoints ----------------------------------------------------------------------------------------------------- */

START_TEST (a_checkpoint_takes_the_place_of_the_redo_log)
{
  PgStore *store = open_store ();

  pg_store_set_checkpoint (store, 1000);
  put_many (store, 0, N_GRANTS);
  put_note (store, 0, "192.0.2.1");
  sync_store (store);
  tick_until_gone (store, 1);
  ck_assert (!is_there (".base-00000000") && !is_there (".redo-00000001") && is_there (".redo-00000002"));
  put_many (store, N_GRANTS, 2 * N_GRANTS);
  sync_store (store);
  ck_assert (pg_store_remove (store, &(PgAddress){ { 0 } }, NULL));
  pg_store_free (store);
  make_unclean ();
  store = open_store ();
  assert_many ("rebuilt", store, 2 * N_GRANTS);
  ck_assert_uint_eq (pg_store_n_grants (store), 2 * N_GRANTS);
  assert_notes (store, "1:192.0.2.1");
  pg_store_free (store);
}
END_TEST

START_TEST (many_starts_leave_few_files)
{
  PgFamily family;

  for (guint n = 0; n < 60; n++)
    {
      PgStore *store = open_store ();

      put_grant (store, n, "bob", n + 1);
      pg_store_free (store);
    }
  ck_assert (pg_family_list (path, &family, NULL));
  ck_assert_uint_eq (family.bases->len, 1);
  ck_assert_uint_le (family.redos->len, 20);
  ck_assert_uint_eq (pg_family_newest (&family), 60);
  pg_family_clear (&family);
  make_unclean ();
  PgStore *store = open_store ();

  assert_many ("many starts", store, 60);
  pg_store_free (store);
}
END_TEST

/* --- crashes --------------------------------------------------------------------------------------------------------- */

/* Shared with the process that crashes. */
typedef struct
{
  gint  steps_left;
  guint n_synced;
} Shared;

static Shared *shared;

static void
count_step (G_GNUC_UNUSED const char *step)
{
  if (g_atomic_int_dec_and_test (&shared->steps_left))
    _exit (7);
}

static void
sync_and_say (PgStore *store, guint n)
{
  sync_store (store);
  shared->n_synced = n;
}

static guint64
newest_file (void)
{
  PgFamily family;
  guint64  newest;

  ck_assert (pg_family_list (path, &family, NULL));
  newest = pg_family_newest (&family);
  pg_family_clear (&family);
  return newest;
}

/* Opens, whatever there is, and writes on; with checkpoints, and an orderly end. */
static void
write_on (void)
{
  PgStore *store = open_store ();
  guint    from = shared->n_synced;

  pg_store_set_checkpoint (store, 2000);
  for (guint round = 0; round < 3; round++)
    {
      put_many (store, from, from + 40);
      from += 40;
      sync_and_say (store, from);
      tick_until_gone (store, newest_file ());
    }
  pg_store_free (store);
}

static void
write_on_and_crash (void)
{
  write_on ();
  open_store ();
  _exit (0);
}

/* As above, on files that are damaged. */
static void
write_on_damaged (void)
{
  flip_byte ("", 0.0); /* what GDBM knows its files by */
  write_on ();
}

static const struct
{
  const char *name;
  void (*work) (void);
} works[] = {
  { "an orderly end", write_on },
  { "no orderly end", write_on_and_crash },
  { "a damaged database", write_on_damaged },
};

/* Ends the process at step @step. Returns FALSE if it ended by itself. */
static gboolean
crash_at (void (*work) (void), gint step)
{
  pid_t pid;
  int   status;

  shared->steps_left = step;
  pid = fork ();
  if (pid == 0)
    {
      pg_family_hook = count_step;
      work ();
      _exit (0);
    }
  ck_assert (waitpid (pid, &status, 0) == pid);
  ck_assert_msg (WIFEXITED (status) && (WEXITSTATUS (status) == 0 || WEXITSTATUS (status) == 7), "step %d: status %x", step,
                 status);
  return WEXITSTATUS (status) == 7;
}

/* At each step that changes which files there are. */
START_TEST (no_step_is_one_too_many)
{
  gint     step = 1;
  gboolean goes_on = TRUE;

  shared = mmap (NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (; goes_on && step < STEPS_MAX; step++)
    {
      PgStore *store;

      empty_folder (folder);
      shared->n_synced = 0;
      pg_store_free (open_store ());
      crash_at (works[_i].work, 0); /* what is there before */
      goes_on = crash_at (works[_i].work, step);
      store = open_store ();
      assert_many (works[_i].name, store, shared->n_synced);
      ck_assert_msg (!is_frozen (store), "step %d", step);
      pg_store_free (store);
    }
  ck_assert_int_gt (step, 15);
  ck_assert_int_lt (step, STEPS_MAX);
}
END_TEST

/* Of the database itself each page may be any of those it ever was, or zeros, once it was not closed in order. */
START_TEST (pages_of_an_unclean_database_prove_nothing)
{
  g_autoptr (GRand) random = g_rand_new_with_seed ((guint32) _i);
  g_autoptr (GBytes) bytes = NULL;
  g_autofree guint8 *copy = NULL;
  PgStore           *store = open_store ();
  gsize              len;
  gconstpointer      data;

  put_many (store, 0, N_GRANTS);
  put_note (store, 0, "192.0.2.1");
  pg_store_free (store);
  make_unclean ();
  bytes = read_bytes (path);
  data = g_bytes_get_data (bytes, &len);
  copy = g_memdup2 (data, len);
  for (gsize at = 0; at < len; at += 4096)
    if (g_rand_boolean (random))
      memset (copy + at, 0, MIN (4096, len - at));
  write_bytes (path, copy, len);
  store = open_store ();
  assert_many ("pages lost", store, N_GRANTS);
  assert_notes (store, "1:192.0.2.1");
  ck_assert_uint_eq (pg_store_n_grants (store), N_GRANTS);
  pg_store_free (store);
}
END_TEST

/* --- while it is open ------------------------------------------------------------------------------------------------ */

static void
replace_database (void)
{
  g_autofree char *copy = in_folder ("copy");

  ck_assert (pg_base_copy (path, copy, NULL, NULL) && g_rename (copy, path) == 0);
}

static void
cut_database (void)
{
  ck_assert (truncate (path, file_size () / 2) == 0);
}

static void
lose_folder (void)
{
  empty_folder (folder);
}

static const struct
{
  const char *name;
  void (*fault) (void);
  gboolean closes;   /* with a problem, until it is opened again */
  gboolean is_empty; /* then */
} faults[] = {
  { "removed", lose_database, TRUE, FALSE },  { "replaced", replace_database, TRUE, FALSE }, { "cut", cut_database, TRUE, FALSE },
  { "base removed", lose_base, TRUE, FALSE }, { "all removed", lose_folder, TRUE, TRUE },
};

START_TEST (a_fault_while_it_is_open_is_seen_at_the_next_tick)
{
  const char *name = faults[_i].name;
  PgStore    *store = open_store ();

  put_many (store, 0, 1000);
  put_note (store, 0, "192.0.2.1");
  pg_store_tick (store);
  assert_row (name, pg_store_problem (store) == NULL);
  faults[_i].fault ();
  pg_store_tick (store);
  assert_row (name, (pg_store_problem (store) != NULL) == faults[_i].closes);
  assert_row (name, pg_store_open (store, NULL));
  pg_store_tick (store);
  assert_row (name, pg_store_problem (store) == NULL && pg_store_write_problem (store) == NULL);
  if (faults[_i].is_empty)
    assert_row (name, pg_store_n_grants (store) == 0);
  else
    {
      assert_many (name, store, 1000); /* though nothing was synced */
      assert_notes (store, "1:192.0.2.1");
      pg_store_free (store);
      make_unclean ();
      store = open_store ();
      assert_many (name, store, 1000);
    }
  pg_store_free (store);
}
END_TEST

/* Who puts an older copy there while it is open does not know what was synced since. */
START_TEST (an_older_copy_put_there_while_it_is_open_loses_nothing)
{
  g_autofree char *copy = in_folder ("copy");
  PgStore         *store;

  fill_three_sessions ();
  ck_assert (pg_base_copy (path, copy, NULL, NULL));
  store = open_store ();
  put_many (store, 300, 400);
  ck_assert (g_rename (copy, path) == 0);
  pg_store_tick (store);
  ck_assert (pg_store_problem (store) != NULL);
  ck_assert (pg_store_open (store, NULL));
  assert_many ("older copy", store, 400);
  pg_store_free (store);
}
END_TEST

/* It can be read where it can't be written, and is written when that is mended. */
START_TEST (a_disk_without_room_for_a_beginning)
{
  PgStore      *store;
  PgRecord      record = record_of (nth_address (5), "bob", 7);
  struct rlimit unlimited, limit;

  fill_three_sessions ();
  signal (SIGXFSZ, SIG_IGN);
  ck_assert (getrlimit (RLIMIT_FSIZE, &unlimited) == 0);
  limit = (struct rlimit){ .rlim_cur = 10, .rlim_max = unlimited.rlim_max };
  ck_assert (setrlimit (RLIMIT_FSIZE, &limit) == 0);
  store = open_store ();
  assert_many ("full", store, 300);
  ck_assert (!pg_store_put (store, &record, NULL));
  ck_assert (pg_store_write_problem (store) != NULL);
  pg_store_tick (store);
  ck_assert (pg_store_problem (store) == NULL && pg_store_write_problem (store) != NULL);
  ck_assert (setrlimit (RLIMIT_FSIZE, &unlimited) == 0);
  pg_store_tick (store);
  ck_assert (pg_store_write_problem (store) == NULL);
  ck_assert (pg_store_put (store, &record, NULL));
  pg_store_free (store);
  ck_assert (is_closed_clean ());
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_test (tests, a_checkpoint_takes_the_place_of_the_redo_log);
  tcase_add_test (tests, many_starts_leave_few_files);
  tcase_add_loop_test (tests, no_step_is_one_too_many, 0, G_N_ELEMENTS (works));
  tcase_add_loop_test (tests, pages_of_an_unclean_database_prove_nothing, 0, 20);
  tcase_add_loop_test (tests, a_fault_while_it_is_open_is_seen_at_the_next_tick, 0, G_N_ELEMENTS (faults));
  tcase_add_test (tests, an_older_copy_put_there_while_it_is_open_loses_nothing);
  tcase_add_test (tests, a_disk_without_room_for_a_beginning);
}

PG_TEST_MAIN ("recovery", fill)
