/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/trust.h"

#include "core/error.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NAMES_MAX 4096

/* FALSE if there is no such user on this host. */
static gboolean
is_user (uid_t uid, const char *name)
{
  char           names[NAMES_MAX];
  struct passwd  entry;
  struct passwd *found = NULL;

  return getpwnam_r (name, &entry, names, sizeof names, &found) == 0 && found != NULL && entry.pw_uid == uid;
}

static gboolean
is_group (gid_t gid, const char *name)
{
  char          names[NAMES_MAX];
  struct group  entry;
  struct group *found = NULL;

  return getgrnam_r (name, &entry, names, sizeof names, &found) == 0 && found != NULL && entry.gr_gid == gid;
}

static gboolean
has_list (const char *path, int fd)
{
  const char *list = "system.posix_acl_access";

  return (fd >= 0 ? fgetxattr (fd, list, NULL, 0) : getxattr (path, list, NULL, 0)) > 0;
}

/* Whoever else may write: (transfer full), a phrase; NULL if nobody may. */
static char *
find_writer (const char *path, int fd, const struct stat *status)
{
  gboolean group_may = (status->st_mode & S_IWGRP) != 0;

  if (status->st_uid != 0 && status->st_uid != geteuid () && !is_user (status->st_uid, "syslog"))
    return g_strdup_printf ("user %u, its owner,", (guint) status->st_uid);
  if ((status->st_mode & S_IWOTH) != 0)
    return g_strdup ("everybody");
  if (group_may && status->st_gid != 0 && !is_group (status->st_gid, "syslog") && !is_group (status->st_gid, "adm"))
    return g_strdup_printf ("group %u", (guint) status->st_gid);
  /* With a list, the group's bits are the bounds of what the list grants, and not the group's own rights. */
  if (group_may && has_list (path, fd))
    return g_strdup ("who is in its access control list");
  return NULL;
}

/* @fd: open on what @path named; -1: on what it names now. */
static gboolean
check_place (const char *path, int fd, GError **error)
{
  g_autofree char *writer = NULL;
  struct stat      status;

  if ((fd >= 0 ? fstat (fd, &status) : stat (path, &status)) != 0)
    {
      g_set_error (error, PG_ERROR, PG_ERROR_SYSTEM, "cannot look at %s: %s", path, g_strerror (errno));
      return FALSE;
    }
  writer = find_writer (path, fd, &status);
  if (writer == NULL)
    return TRUE;
  g_set_error (error, PG_ERROR, PG_ERROR_DENIED,
               "%s is not trusted: %s may write to it (mode %04o), and so could let any address relay; change that, or add "
               ",trust=any to the source",
               path, writer, (guint) status.st_mode & 07777u);
  return FALSE;
}

gboolean
pg_trust_check_folder (const char *path, GError **error)
{
  return check_place (path, -1, error);
}

static gboolean
check_folder_of (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  return pg_trust_check_folder (folder, error);
}

gboolean
pg_trust_check_file (const char *path, int fd, GError **error)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autofree char *target = g_file_read_link (link, NULL);

  if (!check_place (path, fd, error) || !check_folder_of (path, error))
    return FALSE;
  /* What was renamed or removed since it was opened is not looked for. */
  return target == NULL || g_str_equal (target, path) || !g_file_test (target, G_FILE_TEST_EXISTS)
         || check_folder_of (target, error);
}
