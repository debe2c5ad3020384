/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/suggest.h"

#include <string.h>

/* What is longer is not compared. */
#define LENGTH_MAX 24

/* How many slips make @b of @a, each of at most LENGTH_MAX bytes: the distance of Damerau and Levenshtein, in its simple form. */
static guint
count_slips (const char *a, const char *b)
{
  guint slips[LENGTH_MAX + 1][LENGTH_MAX + 1];
  gsize n_a = strlen (a);
  gsize n_b = strlen (b);

  for (gsize i = 0; i <= n_a; i++)
    for (gsize j = 0; j <= n_b; j++)
      if (i == 0 || j == 0)
        slips[i][j] = (guint) (i + j);
      else
        {
          slips[i][j] = MIN (slips[i - 1][j], slips[i][j - 1]) + 1;
          slips[i][j] = MIN (slips[i][j], slips[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
          if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
            slips[i][j] = MIN (slips[i][j], slips[i - 2][j - 2] + 1);
        }
  return slips[n_a][n_b];
}

const char *
pg_suggest (const char *typed, const char *const *words, gsize n_words)
{
  const char *closest = NULL;
  guint       least = (guint) (strlen (typed) + 2) / 3 + 1;

  if (typed[0] == '\0' || strlen (typed) > LENGTH_MAX)
    return NULL;
  for (gsize i = 0; i < n_words; i++)
    {
      guint n_slips;

      if (strlen (words[i]) > LENGTH_MAX)
        continue;
      n_slips = count_slips (typed, words[i]);
      if (g_str_has_prefix (words[i], typed))
        n_slips = MIN (n_slips, 1);
      if (n_slips >= least)
        continue;
      closest = words[i];
      least = n_slips;
    }
  return closest;
}
