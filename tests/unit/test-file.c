/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much of the disk's room a file takes: as much as was reserved for what is put into it, and no more. */
#include "store-tools.h"

#include <fcntl.h>
#include <sys/statvfs.h>

/* From where buckets were split singly, to where all of them were twice over. */
#define N_FIRST 8000
#define N_LAST 80000

/* Splits come together, for a while, in one of so many parts. */
#define PART 16

/* Of the disk's room, as fstatvfs(3) tells it; -1: as much as there is. */
static gint64 n_free = -1;

int
fstatvfs (int fd, struct statvfs *out)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
  int              result = statvfs (link, out);

  if (n_free >= 0)
    out->f_bavail = (fsblkcnt_t) n_free / out->f_frsize;
  return result;
}

static void
put_nth (PgFile *file, guint n)
{
  static const PgSecret secret = { { 1 } };
  PgAddress             address = nth_address (n);
  PgHash                key = pg_key_of_grant (&secret, &address);
  guint8                image[PG_RECORD_SIZE] = { 0 };

  ck_assert (pg_file_put (file, pg_key_span (&key), pg_span ((const char *) image, sizeof image), NULL));
}

static gint64
size_now (void)
{
  struct stat status;

  ck_assert (stat (path, &status) == 0);
  return status.st_size;
}

static gint64
room_behind_end (void)
{
  struct stat status;

  ck_assert (stat (path, &status) == 0);
  return status.st_blocks * 512 - status.st_size;
}

START_TEST (many_grants_take_no_more_room_than_is_expected)
{
  PgFile *file = pg_file_new (path);
  gint64  most = 0;
  guint   n = 0;

  ck_assert (pg_file_open (file, path, PG_FILE_CREATE, NULL));
  for (; n < N_FIRST; n++)
    put_nth (file, n);
  while (n < N_LAST)
    {
      guint  n_more = n / PART;
      gint64 size = size_now ();

      for (guint end = n + n_more; n < end; n++)
        put_nth (file, n);
      most = MAX (most, (size_now () - size) / n_more);
    }
  pg_file_free (file);
  ck_assert_msg (most <= PG_FILE_GROWTH_EACH, "%" G_GINT64_FORMAT " bytes each", most);
  ck_assert_msg (most > 500, "%" G_GINT64_FORMAT " bytes each: no splits were met", most);
}
END_TEST

START_TEST (what_was_reserved_is_given_back_at_the_end)
{
  PgFile *file = pg_file_new (path);

  ck_assert (pg_file_open (file, path, PG_FILE_CREATE, NULL));
  put_nth (file, 1);
  ck_assert (pg_file_close (file, NULL));
  ck_assert_int_lt (room_behind_end (), 65536);
  pg_file_free (file);
}
END_TEST

START_TEST (of_a_disk_that_is_nearly_full_some_is_left)
{
  g_autoptr (GError) error = NULL;
  PgFile *file = pg_file_new (path);
  gint64  before;

  ck_assert (pg_file_open (file, path, PG_FILE_CREATE, NULL));
  before = room_behind_end ();
  n_free = 1048576;
  ck_assert (!pg_file_expect (file, 100000, &error));
  ck_assert_ptr_nonnull (strstr (error->message, "No space left"));
  ck_assert_int_eq (room_behind_end (), before);
  g_clear_error (&error);
  n_free = 330000; /* what one write may take, and not 64 KiB more */
  ck_assert (!pg_file_expect (file, 1, &error));
  ck_assert_int_eq (room_behind_end (), before);
  ck_assert_ptr_null (pg_file_problem (file));
  n_free = -1;
  put_nth (file, 1);
  pg_file_free (file);
}
END_TEST

/* As after a crash, or where the file was let go for a failure. */
START_TEST (what_another_one_reserved_is_given_back)
{
  PgFile *file = pg_file_new (path);
  int     fd;

  ck_assert (pg_file_open (file, path, PG_FILE_CREATE, NULL));
  put_nth (file, 1);
  ck_assert (pg_file_close (file, NULL));
  fd = open (path, O_RDWR | O_CLOEXEC);
  ck_assert_int_eq (fallocate (fd, FALLOC_FL_KEEP_SIZE, size_now (), 1048576), 0);
  ck_assert_int_eq (close (fd), 0);
  ck_assert_int_gt (room_behind_end (), 1000000);
  ck_assert (pg_file_open (file, path, PG_FILE_WRITE, NULL));
  pg_file_set_problem (file, "failed");
  pg_file_let_go (file);
  ck_assert_int_lt (room_behind_end (), 65536);
  pg_file_free (file);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_test (tests, many_grants_take_no_more_room_than_is_expected);
  tcase_add_test (tests, what_was_reserved_is_given_back_at_the_end);
  tcase_add_test (tests, of_a_disk_that_is_nearly_full_some_is_left);
  tcase_add_test (tests, what_another_one_reserved_is_given_back);
}

PG_TEST_MAIN ("file", fill)
