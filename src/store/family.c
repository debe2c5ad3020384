/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/family.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BASE ".base-"
#define REDO ".redo-"

/* Names tried within one second. */
#define ASIDE_TRIES 1000

void (*pg_family_hook) (const char *step);

void
pg_family_step (const char *step)
{
  if (pg_family_hook != NULL)
    pg_family_hook (step);
}

/* --- names ----------------------------------------------------------------------------------------------------------- */

static char *
numbered (const char *path, const char *kind, guint64 number)
{
  return g_strdup_printf ("%s%s%08" G_GUINT64_FORMAT, path, kind, number);
}

char *
pg_family_base_name (const char *path, guint64 number)
{
  return numbered (path, BASE, number);
}

char *
pg_family_redo_name (const char *path, guint64 number)
{
  return numbered (path, REDO, number);
}

/* Takes the number of a @name that is @stem, @kind and eight digits or more. */
static void
take_number (const char *name, const char *stem, const char *kind, GArray *numbers)
{
  gsize       skip = strlen (stem) + strlen (kind);
  const char *digits = name + skip;
  guint64     number;

  if (!g_str_has_prefix (name, stem) || !g_str_has_prefix (name + strlen (stem), kind) || strlen (digits) < 8
      || strspn (digits, "0123456789") != strlen (digits) || strlen (digits) > 18)
    return;
  number = g_ascii_strtoull (digits, NULL, 10);
  g_array_append_val (numbers, number);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  guint64 left = *(const guint64 *) a;
  guint64 right = *(const guint64 *) b;

  return left < right ? -1 : left > right;
}

gboolean
pg_family_list (const char *path, PgFamily *out, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *stem = g_path_get_basename (path);
  g_autoptr (GError) cause = NULL;
  g_autoptr (GDir) dir = g_dir_open (folder, 0, &cause);
  const char *name;

  if (dir == NULL)
    {
      g_set_error (error, PG_ERROR, PG_ERROR_STORE, "%s: %s", path, cause->message);
      return FALSE;
    }
  out->bases = g_array_new (FALSE, FALSE, sizeof (guint64));
  out->redos = g_array_new (FALSE, FALSE, sizeof (guint64));
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      take_number (name, stem, BASE, out->bases);
      take_number (name, stem, REDO, out->redos);
    }
  g_array_sort (out->bases, compare);
  g_array_sort (out->redos, compare);
  return TRUE;
}

void
pg_family_clear (PgFamily *self)
{
  g_clear_pointer (&self->bases, g_array_unref);
  g_clear_pointer (&self->redos, g_array_unref);
}

static guint64
last_of (const GArray *numbers)
{
  return numbers->len > 0 ? g_array_index (numbers, guint64, numbers->len - 1) : 0;
}

guint64
pg_family_newest (const PgFamily *self)
{
  return MAX (last_of (self->bases), last_of (self->redos));
}

gboolean
pg_family_has_redo (const PgFamily *self, guint64 number)
{
  return g_array_binary_search (self->redos, &number, compare, NULL);
}

gboolean
pg_family_is_empty (const PgFamily *self)
{
  return self->bases->len == 0 && self->redos->len == 0;
}

/* --- files ----------------------------------------------------------------------------------------------------------- */

void
pg_family_remove_until (const char *path, guint64 number)
{
  PgFamily family;

  if (!pg_family_list (path, &family, NULL))
    return;
  for (guint i = 0; i < family.bases->len && g_array_index (family.bases, guint64, i) < number; i++)
    {
      g_autofree char *name = pg_family_base_name (path, g_array_index (family.bases, guint64, i));

      pg_family_step ("remove base");
      (void) unlink (name);
    }
  for (guint i = 0; i < family.redos->len && g_array_index (family.redos, guint64, i) <= number; i++)
    {
      g_autofree char *name = pg_family_redo_name (path, g_array_index (family.redos, guint64, i));

      pg_family_step ("remove redo");
      (void) unlink (name);
    }
  pg_family_clear (&family);
}

/* Gives @from the name @to, unless that is taken. */
static gboolean
rename_to_free (const char *from, const char *to)
{
  struct stat status;

  if (renameat2 (AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
    return TRUE;
  if (errno != EINVAL) /* else a file system without that flag, such as NFS */
    return FALSE;
  if (lstat (to, &status) == 0)
    {
      errno = EEXIST;
      return FALSE;
    }
  return rename (from, to) == 0;
}

/* PATH.damaged-DATE and what follows PATH in the file's name; from the second try on with a number. */
static char *
aside_name (const char *path, const char *which, guint try)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *date = g_date_time_format (now, "%Y%m%dT%H%M%SZ");
  g_autofree char *more = try > 0 ? g_strdup_printf ("-%u", try) : g_strdup ("");
  const char      *rest = which + strlen (path);

  if (strcmp (rest, ".new") == 0)
    rest = ""; /* it has changed its name with the database already */
  return g_strconcat (path, ".damaged-", date, more, rest, NULL);
}

gboolean
pg_family_set_aside (const char *path, const char *which, char **out_name, GError **error)
{
  const char *from = which != NULL ? which : path;

  for (guint try = 0; try < ASIDE_TRIES; try++)
    {
      g_autofree char *to = aside_name (path, from, try);

      pg_family_step ("set aside");
      if (rename_to_free (from, to))
        {
          if (out_name != NULL)
            *out_name = g_steal_pointer (&to);
          return TRUE;
        }
      if (errno != EEXIST)
        break;
    }
  g_set_error (error, PG_ERROR, PG_ERROR_STORE, "%s: cannot be set aside: %s", from, g_strerror (errno));
  return FALSE;
}

static gboolean
set_each_aside (const char *path, const char *kind, const GArray *numbers, GError **error)
{
  for (guint i = 0; i < numbers->len; i++)
    {
      g_autofree char *name = numbered (path, kind, g_array_index (numbers, guint64, i));

      if (!pg_family_set_aside (path, name, NULL, error))
        return FALSE;
    }
  return TRUE;
}

gboolean
pg_family_set_all_aside (const char *path, GError **error)
{
  PgFamily family;
  gboolean ok;

  if (!pg_family_list (path, &family, error))
    return FALSE;
  ok = set_each_aside (path, BASE, family.bases, error) && set_each_aside (path, REDO, family.redos, error);
  pg_family_clear (&family);
  return ok;
}

gboolean
pg_family_sync_folder (const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int              fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int              reason = 0;

  if (fd < 0)
    return FALSE;
  if (fsync (fd) != 0 && errno != EINVAL && errno != ENOTSUP) /* some file systems can't: names are as durable as they are */
    reason = errno;
  close (fd);
  errno = reason;
  return reason == 0;
}

/* --- the lock -------------------------------------------------------------------------------------------------------- */

int
pg_family_lock (const char *path, GError **error)
{
  g_autofree char *name = g_strconcat (path, ".lock", NULL);
  int              fd = open (name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  int              reason;

  if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) == 0)
    return fd;
  reason = errno;
  if (fd >= 0)
    close (fd);
  if (fd >= 0 && reason == EWOULDBLOCK)
    g_set_error (error, PG_ERROR, PG_ERROR_BUSY, "%s: in use by another process", path);
  else
    g_set_error (error, PG_ERROR, PG_ERROR_STORE, "%s: cannot open %s: %s", path, name, g_strerror (reason));
  return -1;
}

gboolean
pg_family_is_locked (const char *path, int lock)
{
  g_autofree char *name = g_strconcat (path, ".lock", NULL);
  struct stat      ours;
  struct stat      named;

  return lock >= 0 && fstat (lock, &ours) == 0 && stat (name, &named) == 0 && ours.st_ino == named.st_ino
         && ours.st_dev == named.st_dev;
}
