/* SPDX-License-Identifier: GPL-3.0-or-later */
/* folder: a temporary folder for each test, and the files in it. */
#pragma once

#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char *folder;

/** in_folder: path of @name in the test's folder; free with g_free(). */
static inline char *
in_folder (const char *name)
{
  return g_build_filename (folder, name, NULL);
}

static inline void
make_folder (void)
{
  folder = g_dir_make_tmp ("popgate-test-XXXXXX", NULL);
  ck_assert (folder != NULL);
}

/* One level of folders in the folder is enough. */
static inline void
empty_folder (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *inner = g_build_filename (path, name, NULL);

      if (g_file_test (inner, G_FILE_TEST_IS_DIR) && !g_file_test (inner, G_FILE_TEST_IS_SYMLINK))
        empty_folder (inner);
      (void) g_remove (inner);
    }
}

static inline void
remove_folder (void)
{
  empty_folder (folder);
  (void) g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
}

/** add_folder: each test of @tests gets an empty folder of its own. */
static inline void
add_folder (TCase *tests)
{
  tcase_add_checked_fixture (tests, make_folder, remove_folder);
}

/** read_bytes: all of the file; NULL if there is none. */
static inline GBytes *
read_bytes (const char *path)
{
  char *data;
  gsize len;

  return g_file_get_contents (path, &data, &len, NULL) ? g_bytes_new_take (data, len) : NULL;
}

/** write_bytes: makes the file hold just these bytes; its inode stays. */
static inline void
write_bytes (const char *path, const void *data, gsize len)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

  ck_assert_msg (fd >= 0 && write (fd, data, len) == (gssize) len && close (fd) == 0, "%s: %s", path, g_strerror (errno));
}

/** append_text: adds to the file's end, as a log daemon does. */
static inline void
append_text (const char *path, const char *text)
{
  int   fd = open (path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  gsize len = strlen (text);

  ck_assert_msg (fd >= 0 && write (fd, text, len) == (gssize) len && close (fd) == 0, "%s: %s", path, g_strerror (errno));
}

/** count_open_files: how many descriptors this process has. */
static inline guint
count_open_files (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}
