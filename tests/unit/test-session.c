/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions of a store, and what they leave behind when something fails at a bad moment. */
#include "store/redo.h"
#include "store/replay.h"

#include "recovery-tools.h"

#include <sys/syscall.h>

/* As the library's, which it takes the place of, and counted. */
static guint n_syncs;

int
fdatasync (int fd)
{
  n_syncs++;
  return (int) syscall (SYS_fdatasync, fd);
}

static guint
count_kept (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint       n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    n += strstr (name, ".damaged-") != NULL;
  return n;
}

static struct rlimit unlimited;

static void
limit (__rlimit_resource_t what, rlim_t most)
{
  struct rlimit limited;

  signal (SIGXFSZ, SIG_IGN);
  ck_assert (getrlimit (what, &unlimited) == 0);
  limited = (struct rlimit){ .rlim_cur = most, .rlim_max = unlimited.rlim_max };
  ck_assert (setrlimit (what, &limited) == 0);
}

static void
end_limit (__rlimit_resource_t what)
{
  ck_assert (setrlimit (what, &unlimited) == 0);
}

/* --- the base -------------------------------------------------------------------------------------------------------- */

/* It is closed in order and makes its base anew: nothing has to be salvaged, and no log to be read again. */
START_TEST (a_base_lost_while_open_costs_nothing)
{
  PgStore *store;
  guint64  id;

  fill_three_sessions ();
  store = open_store ();
  id = pg_store_id (store);
  lose_base ();
  pg_store_tick (store);
  ck_assert (pg_store_open (store, NULL));
  ck_assert_uint_eq (pg_store_id (store), id);
  assert_position (store, SOURCE, "here", 4);
  assert_many ("base lost", store, 300);
  pg_store_free (store);
  make_unclean ();
  store = open_store ();
  ck_assert_uint_eq (pg_store_id (store), id);
  assert_many ("and crashed", store, 300);
  pg_store_free (store);
}
END_TEST

static void
put_session (guint n)
{
  PgStore *store = open_store ();

  put_grant (store, n, "bob", n + 1);
  pg_store_free (store);
}

/* The logins have a place in the redo log, if there is none for another copy of the database. */
START_TEST (without_a_new_base_it_goes_on)
{
  g_autofree char *in_its_way = g_strconcat (path, ".base.new", NULL);
  PgStore         *store;
  guint            n = 300;

  fill_three_sessions ();
  for (; n < 314; n++)
    put_session (n);
  ck_assert (is_there (".base-00000000") && is_there (".redo-00000017"));
  ck_assert (mkdir (in_its_way, 0700) == 0);
  store = open_store ();
  ck_assert_ptr_null (pg_store_write_problem (store));
  put_grant (store, 5, "bob", 1000);
  ck_assert (pg_store_sync (store, NULL));
  ck_assert (is_there (".base-00000000") && is_there (".redo-00000018"));
  assert_grant (store, 5, 1000);
  pg_store_free (store);
  ck_assert (rmdir (in_its_way) == 0);
}
END_TEST

/* What is half done takes no room from those who need it more. */
START_TEST (a_checkpoint_that_fails_leaves_nothing)
{
  PgStore         *store = open_store ();
  g_autofree char *news = NULL;

  pg_store_set_checkpoint (store, 1000);
  put_many (store, 0, 300);
  sync_store (store);
  limit (RLIMIT_FSIZE, 16384);
  while ((news = pg_store_take_news (store)) == NULL)
    {
      pg_store_tick (store);
      if (pg_store_is_dirty (store) && !pg_store_sync (store, NULL))
        break;
      g_usleep (1000);
    }
  end_limit (RLIMIT_FSIZE);
  ck_assert_msg (strstr (news, "checkpoint") != NULL, "%s", news);
  ck_assert (!is_there (".base.new"));
  pg_store_free (store);
}
END_TEST

START_TEST (a_recovery_that_fails_leaves_nothing)
{
  g_autoptr (PgStore) store = pg_store_new (path, PG_STORE_READ_WRITE);
  gboolean ok;

  fill_three_sessions ();
  make_unclean ();
  if (_i == 1)
    lose_base ();
  limit (RLIMIT_FSIZE, 16384);
  ok = pg_store_open (store, NULL);
  end_limit (RLIMIT_FSIZE);
  ck_assert (!ok && !is_there (".new"));
  ck_assert (pg_store_open (store, NULL));
  assert_many ("room again", store, 300);
}
END_TEST

/* --- the redo log ---------------------------------------------------------------------------------------------------- */

/* The kill came when the next file was there, and nothing else. */
START_TEST (a_beginning_that_was_cut_short_is_no_damage)
{
  PgStore   *store;
  PgSegment *segment;
  PgFile    *file;
  PgRoot     root;

  fill_three_sessions ();
  file = open_raw (PG_FILE_READ);
  root = read_root (file);
  pg_file_free (file);
  segment = pg_segment_new (path, pg_root_database (&root), 3, 64);
  ck_assert (pg_segment_begin (segment, NULL));
  pg_segment_free (segment);
  store = open_store ();
  ck_assert_uint_eq (count_kept (), 0);
  assert_many ("begun twice", store, 300);
  put_many (store, 300, 400);
  pg_store_free (store);
  make_unclean ();
  store = open_store ();
  assert_many ("and crashed", store, 400);
  pg_store_free (store);
}
END_TEST

static gboolean
take_key (const PgChange *change, gpointer user_data, G_GNUC_UNUSED GError **error)
{
  g_autofree char *key = span_to_string (change->key);

  g_string_append (user_data, key);
  return TRUE;
}

/* What a crash leaves of the redo log, which began with file 1. */
static char *
read_log (guint64 database)
{
  GString      *text = g_string_new (NULL);
  PgSegmentHead next;
  gint64        end;

  for (guint64 number = 1; pg_segment_read_head (path, number, &next, NULL); number++)
    {
      gint64 limit_at = pg_segment_read_head (path, number + 1, &next, NULL) ? next.end_before : -1;

      ck_assert (pg_segment_read (path, number, database, limit_at, take_key, text, &end, NULL));
    }
  return g_string_free (text, FALSE);
}

/* With so many descriptors a file can be begun, and its folder not be brought to the disk. */
START_TEST (a_file_that_was_half_begun_loses_nothing)
{
  PgRedo *redo = pg_redo_new (pg_segment_new (path, 7, 0, 0));
  int     next_fd;

  ck_assert (pg_redo_begin (redo, NULL));
  for (guint i = 0; i < 2; i++)
    {
      const char      *key = i == 0 ? "a" : "b";
      const char      *expected = i == 0 ? "a" : "ab";
      g_autofree char *found = NULL;

      pg_redo_add (redo, &(PgChange){
                             .kind = PG_CHANGE_PUT, .key = pg_span_from_string (key), .value_len = 3, .value = BYTES ("val") });
      pg_redo_begin_later (redo);
      next_fd = dup (0);
      ck_assert (next_fd > 0 && close (next_fd) == 0);
      limit (RLIMIT_NOFILE, (rlim_t) next_fd + 1);
      if (!pg_redo_sync (redo, NULL))
        expected = i == 0 ? "" : "a";
      end_limit (RLIMIT_NOFILE);
      found = read_log (7);
      ck_assert_msg (g_str_has_prefix (found, expected), "synced \"%s\", found \"%s\"", expected, found);
      ck_assert (pg_redo_sync (redo, NULL));
      g_free (found);
      found = read_log (7);
      ck_assert_str_eq (found, i == 0 ? "a" : "ab");
    }
  pg_redo_free (redo);
}
END_TEST

static void
put_and_write (PgStore *store)
{
  put_many (store, 0, 100);
  ck_assert (pg_store_sync (store, NULL));
}

/* What the last one wrote and did not wait for is relied upon from here on: so it is waited for now. */
START_TEST (what_is_replayed_is_on_the_disk)
{
  PgReplay replayed;
  PgFamily family;

  crash_after (put_and_write);
  ck_assert (pg_family_list (path, &family, NULL));
  n_syncs = 0;
  g_autofree char *fresh = in_folder ("fresh");

  ck_assert (pg_replay_all (path, &family, NULL, fresh, NULL, &replayed, NULL));
  ck_assert_uint_eq (replayed.number, 1);
  ck_assert_uint_eq (n_syncs, 1);
  pg_family_clear (&family);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_test (tests, a_base_lost_while_open_costs_nothing);
  tcase_add_test (tests, without_a_new_base_it_goes_on);
  tcase_add_test (tests, a_checkpoint_that_fails_leaves_nothing);
  tcase_add_loop_test (tests, a_recovery_that_fails_leaves_nothing, 0, 2); /* rebuilt, salvaged */
  tcase_add_test (tests, a_beginning_that_was_cut_short_is_no_damage);
  tcase_add_test (tests, a_file_that_was_half_begun_loses_nothing);
  tcase_add_test (tests, what_is_replayed_is_on_the_disk);
}

PG_TEST_MAIN ("session", fill)
