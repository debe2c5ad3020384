/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/rotation.h"

#include <glib/gstdio.h>

/* So many are looked at: what is older than a week of daily files holds no login that still counts. */
#define FILES_MAX 32

typedef struct
{
  char  *path;
  gint64 changed_ns;
} Candidate;

static void
clear_candidate (gpointer data)
{
  g_free (((Candidate *) data)->path);
}

static gint
compare_candidates (gconstpointer a, gconstpointer b)
{
  const Candidate *left = a;
  const Candidate *right = b;

  return (left->changed_ns < right->changed_ns) - (left->changed_ns > right->changed_ns);
}

gboolean
pg_rotation_is_packed (const char *name)
{
  static const char *const endings[] = { ".gz", ".bz2", ".xz", ".zst" };

  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (name, endings[i]))
      return TRUE;
  return FALSE;
}

/* FILE.1, FILE.12, FILE-20261123, FILE-20261123-1700000000, and with @packed also FILE.1.gz and so on. */
static gboolean
is_rotated_name (const char *name, const char *base, gboolean packed)
{
  gsize len = strlen (base);
  gsize n_digits;

  if (strncmp (name, base, len) != 0 || (name[len] != '.' && name[len] != '-'))
    return FALSE;
  name += len + 1;
  n_digits = strspn (name, "0123456789-");
  if (n_digits == 0)
    return FALSE;
  name += n_digits;
  return name[0] == '\0' || (packed && pg_rotation_is_packed (name) && strchr (name + 1, '.') == NULL);
}

static void
add_candidate (GArray *candidates, char *path)
{
  GStatBuf status;

  if (g_lstat (path, &status) != 0 || !S_ISREG (status.st_mode))
    {
      g_free (path);
      return;
    }
  g_array_append_vals (candidates, &(Candidate){ path, pg_tail_changed_ns (&status) }, 1);
}

static GArray *
find_candidates (const char *folder, const char *base, gboolean packed)
{
  GArray *candidates = g_array_new (FALSE, FALSE, sizeof (Candidate));
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  g_array_set_clear_func (candidates, clear_candidate);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (is_rotated_name (name, base, packed))
      add_candidate (candidates, g_build_filename (folder, name, NULL));
  g_array_sort (candidates, compare_candidates);
  return candidates;
}

static GPtrArray *
list (const char *path, gboolean packed)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *base = g_path_get_basename (path);
  g_autoptr (GArray) candidates = find_candidates (folder, base, packed);
  GPtrArray *paths = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < candidates->len && i < FILES_MAX; i++)
    g_ptr_array_add (paths, g_strdup (g_array_index (candidates, Candidate, i).path));
  return paths;
}

GPtrArray *
pg_rotation_list (const char *path)
{
  return list (path, FALSE);
}

GPtrArray *
pg_rotation_list_all (const char *path)
{
  return list (path, TRUE);
}

gboolean
pg_rotation_is_wanted (const PgTail *tail, const PgTailMark *mark)
{
  return pg_tail_fits (tail, mark) && (mark->offset > 0 || pg_tail_is_file (tail, mark->device, mark->inode));
}

/* By its inode if that is still there (renamed), else by what it holds (copied). */
PgTail *
pg_rotation_find (const GPtrArray *paths, PgTrust trust, const PgTailMark *mark, guint *out_index)
{
  for (guint round = 0; round < 2; round++)
    for (guint i = 0; i < paths->len; i++)
      {
        const char *path = g_ptr_array_index (paths, i);
        g_autoptr (PgTail) tail = pg_rotation_is_packed (path) ? NULL : pg_tail_open (path, trust, NULL);

        if (tail == NULL || (round == 0 && !pg_tail_is_file (tail, mark->device, mark->inode))
            || !pg_rotation_is_wanted (tail, mark))
          continue;
        pg_tail_seek (tail, mark->offset);
        *out_index = i;
        return g_steal_pointer (&tail);
      }
  return NULL;
}

PgTail *
pg_rotation_find_copy (const GPtrArray *paths, PgTrust trust, const PgTail *cut, guint *out_index)
{
  for (guint i = 0; i < paths->len; i++)
    {
      g_autoptr (PgTail) copy = pg_tail_open (g_ptr_array_index (paths, i), trust, NULL);

      if (copy == NULL || !pg_tail_continues (cut, copy))
        continue;
      pg_tail_seek (copy, pg_tail_line_start (cut));
      *out_index = i;
      return g_steal_pointer (&copy);
    }
  return NULL;
}
