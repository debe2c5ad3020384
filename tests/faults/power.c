/* SPDX-License-Identifier: GPL-3.0-or-later */
/* power: a library to preload that keeps what a disk would have if the power failed now.
 *
 * Just before a file is synced, its content goes to POWER_SHADOW/data-INODE; before a folder is, its names go to
 * POWER_SHADOW/names, "INODE NAME" each, and each of its files gets a second name there, inode-INODE, so that it stays
 * when it is removed. What was written but not synced is in the files themselves. power_loss.py mixes the two.
 * The copy is made before the call, as only what was there by then is sure to be on the disk after it.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
copy_bytes (int from, int to)
{
  char    buffer[65536];
  off_t   at = 0;
  ssize_t n;

  while ((n = pread (from, buffer, sizeof buffer, at)) > 0 && write (to, buffer, (size_t) n) == n)
    at += n;
}

/* Written aside and renamed: a process that is killed leaves the former one. */
static int
open_aside (const char *shadow, int fd, char path[PATH_MAX])
{
  snprintf (path, PATH_MAX, "%s/aside-%d-%d", shadow, (int) gettid (), fd);
  return open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

static void
keep_file (const char *shadow, int fd, ino_t inode)
{
  char aside[PATH_MAX];
  char path[PATH_MAX];
  char self[64];
  int  to = open_aside (shadow, fd, aside);
  int  from;

  snprintf (self, sizeof self, "/proc/self/fd/%d", fd); /* it may be open for writing only */
  from = open (self, O_RDONLY | O_CLOEXEC);
  copy_bytes (from, to);
  close (from);
  close (to);
  snprintf (path, sizeof path, "%s/data-%lu", shadow, (unsigned long) inode);
  rename (aside, path);
}

static void
keep_names (const char *shadow, int fd)
{
  char           aside[PATH_MAX];
  char           path[PATH_MAX];
  FILE          *names = fdopen (open_aside (shadow, fd, aside), "w");
  DIR           *folder = fdopendir (openat (fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct dirent *entry;

  while ((entry = readdir (folder)) != NULL)
    if (entry->d_type == DT_REG)
      {
        snprintf (path, sizeof path, "%s/inode-%lu", shadow, (unsigned long) entry->d_ino);
        (void) linkat (fd, entry->d_name, AT_FDCWD, path, 0);
        fprintf (names, "%lu %s\n", (unsigned long) entry->d_ino, entry->d_name);
      }
  closedir (folder);
  fclose (names);
  snprintf (path, sizeof path, "%s/names", shadow);
  rename (aside, path);
}

static void
keep (int fd)
{
  const char *shadow = getenv ("POWER_SHADOW");
  struct stat status;

  if (shadow == NULL || fstat (fd, &status) != 0)
    return;
  if (S_ISREG (status.st_mode))
    keep_file (shadow, fd, status.st_ino);
  else if (S_ISDIR (status.st_mode))
    keep_names (shadow, fd);
}

static int
sync_really (const char *name, int fd)
{
  void *found = dlsym (RTLD_NEXT, name);
  int (*really) (int);

  memcpy (&really, &found, sizeof really); /* ISO C has no cast for it */
  keep (fd);
  return really (fd);
}

int
fsync (int fd)
{
  return sync_really ("fsync", fd);
}

int
fdatasync (int fd)
{
  return sync_really ("fdatasync", fd);
}
