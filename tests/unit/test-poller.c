/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/poller.h"

#include "folder.h"

#include <glib-unix.h>

/* More than are found by one system call. */
#define N_PIPES 100

/* At the most so many are called before all others of the loop, and what is to be done after them, get their turn. */
#define TOGETHER_MAX 16

/* One end is read by whoever is told of it; the other is the test's. */
typedef struct
{
  PgWatch watch;
  int     ends[2];
  guint   n_calls;
} Pipe;

static PgPoller *poller;
static guint     n_together; /* calls since "after" was called last */
static guint     n_most;

static void
take (int fd)
{
  char byte;

  ck_assert (read (fd, &byte, 1) == 1);
}

static void
fill_pipe (Pipe *one)
{
  ck_assert (write (one->ends[1], "x", 1) == 1);
}

static void
watch_is_ready (PgWatch *watch, G_GNUC_UNUSED guint32 events)
{
  take (watch->fd);
  ((Pipe *) watch)->n_calls++;
  n_together++;
  n_most = MAX (n_most, n_together);
}

static void
after (G_GNUC_UNUSED gpointer user_data)
{
  n_together = 0;
}

static gboolean
source_is_ready (int fd, G_GNUC_UNUSED GIOCondition condition, gpointer user_data)
{
  take (fd);
  (*(guint *) user_data)++;
  return G_SOURCE_CONTINUE;
}

static void
open_pipe (Pipe *one)
{
  *one = (Pipe){ 0 };
  ck_assert (g_unix_open_pipe (one->ends, FD_CLOEXEC, NULL));
  one->watch.fd = one->ends[0];
  one->watch.ready = watch_is_ready;
}

static void
close_pipe (Pipe *one)
{
  close (one->ends[0]);
  close (one->ends[1]);
}

static void
set_up (void)
{
  make_folder ();
  n_together = n_most = 0;
  poller = pg_poller_new ();
  ck_assert_ptr_nonnull (poller);
  pg_poller_set_after (poller, after, NULL);
}

static void
tear_down (void)
{
  pg_poller_free (poller);
  remove_folder ();
}

/* Nothing else may be due, or this never returns: the program's own timer ends it then. */
static void
turn_until (const guint *count, guint wanted)
{
  while (*count < wanted)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_uint_eq (*count, wanted);
}

/* --- the watches ----------------------------------------------------------------------------------------------------- */

START_TEST (all_are_called_once_and_few_together)
{
  Pipe  pipes[N_PIPES];
  guint n_calls = 0;

  for (guint i = 0; i < N_PIPES; i++)
    {
      open_pipe (&pipes[i]);
      ck_assert (pg_poller_add (poller, &pipes[i].watch, EPOLLIN));
      pg_poller_put_first (poller, &pipes[i].watch, _i == 1);
      fill_pipe (&pipes[i]);
    }
  while (n_calls < N_PIPES)
    {
      g_main_context_iteration (NULL, TRUE);
      n_calls = 0;
      for (guint i = 0; i < N_PIPES; i++)
        n_calls += pipes[i].n_calls;
    }
  for (guint i = 0; i < 3; i++)
    g_main_context_iteration (NULL, FALSE);
  if (_i == 1)
    ck_assert_uint_eq (n_most, TOGETHER_MAX);
  ck_assert_uint_eq (n_together, 0);
  for (guint i = 0; i < N_PIPES; i++)
    {
      ck_assert_uint_eq (pipes[i].n_calls, 1);
      pg_poller_remove (poller, &pipes[i].watch);
      close_pipe (&pipes[i]);
    }
}
END_TEST

/* --- and the loop's other sources ------------------------------------------------------------------------------------ */

START_TEST (other_sources_come_and_go)
{
  Pipe  watched, other;
  guint n_other = 0;

  open_pipe (&watched);
  ck_assert (pg_poller_add (poller, &watched.watch, EPOLLIN));
  pg_poller_put_first (poller, &watched.watch, TRUE);
  for (guint round = 1; round <= 3; round++)
    {
      guint id;

      open_pipe (&other);
      id = g_unix_fd_add (other.ends[0], G_IO_IN, source_is_ready, &n_other);
      fill_pipe (&other);
      turn_until (&n_other, 2 * round - 1);
      fill_pipe (&other);
      fill_pipe (&watched);
      turn_until (&n_other, 2 * round);
      turn_until (&watched.n_calls, round);
      g_source_remove (id);
      close_pipe (&other);
    }
  pg_poller_remove (poller, &watched.watch);
  close_pipe (&watched);
}
END_TEST

/* epoll(7) refuses a regular file, which poll(2) takes for ready always. */
START_TEST (a_regular_file_is_one_of_them)
{
  g_autofree char *path = in_folder ("file");
  Pipe             watched;
  guint            n_read = 0;
  guint            id;
  int              fd;

  write_bytes (path, "xyz", 3);
  fd = open (path, O_RDONLY | O_CLOEXEC);
  id = g_unix_fd_add (fd, G_IO_IN, source_is_ready, &n_read);
  open_pipe (&watched);
  ck_assert (pg_poller_add (poller, &watched.watch, EPOLLIN));
  pg_poller_put_first (poller, &watched.watch, TRUE);
  turn_until (&n_read, 2);
  fill_pipe (&watched);
  g_source_remove (id);
  turn_until (&watched.n_calls, 1);
  ck_assert_uint_eq (n_read, 2);
  pg_poller_remove (poller, &watched.watch);
  close_pipe (&watched);
  close (fd);
}
END_TEST

static gpointer
wake_up (gpointer user_data)
{
  g_atomic_int_set ((gint *) user_data, 1);
  g_main_context_wakeup (NULL);
  return NULL;
}

START_TEST (another_thread_ends_the_wait)
{
  gint     is_told = 0;
  GThread *thread = g_thread_new ("waker", wake_up, &is_told);

  while (!g_atomic_int_get (&is_told))
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (thread);
}
END_TEST

static gboolean
is_due (gpointer user_data)
{
  (*(guint *) user_data)++;
  return G_SOURCE_REMOVE;
}

START_TEST (timers_end_the_wait)
{
  guint n_due = 0;

  g_timeout_add (1, is_due, &n_due);
  turn_until (&n_due, 1);
}
END_TEST

START_TEST (without_it_the_loop_goes_on)
{
  guint n_due = 0;

  g_clear_pointer (&poller, pg_poller_free);
  g_timeout_add (1, is_due, &n_due);
  turn_until (&n_due, 1);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_loop_test (tests, all_are_called_once_and_few_together, 0, 2);
  tcase_add_test (tests, other_sources_come_and_go);
  tcase_add_test (tests, a_regular_file_is_one_of_them);
  tcase_add_test (tests, another_thread_ends_the_wait);
  tcase_add_test (tests, timers_end_the_wait);
  tcase_add_test (tests, without_it_the_loop_goes_on);
}

PG_TEST_MAIN ("poller", fill)
