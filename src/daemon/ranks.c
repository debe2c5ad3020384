/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/ranks.h"

#include <pwd.h>
#include <unistd.h>

struct _PgRanks
{
  GArray *uids[PG_N_RANKS]; /* of uid_t; of strangers none */
};

PgRanks *
pg_ranks_new (void)
{
  PgRanks *self = g_new0 (PgRanks, 1);

  for (PgRank rank = 0; rank < PG_N_RANKS; rank++)
    self->uids[rank] = g_array_new (FALSE, FALSE, sizeof (uid_t));
  return self;
}

void
pg_ranks_free (PgRanks *self)
{
  if (self == NULL)
    return;
  for (PgRank rank = 0; rank < PG_N_RANKS; rank++)
    g_array_unref (self->uids[rank]);
  g_free (self);
}

static void
add_users (GArray *uids, char **names)
{
  for (; *names != NULL; names++)
    {
      const struct passwd *entry = getpwnam (*names);

      if (entry != NULL)
        g_array_append_val (uids, entry->pw_uid);
    }
}

void
pg_ranks_load (PgRanks *self, const PgConfig *config)
{
  const uid_t own[] = { 0, geteuid () };

  for (PgRank rank = 0; rank < PG_N_RANKS; rank++)
    g_array_set_size (self->uids[rank], 0);
  g_array_append_vals (self->uids[PG_RANK_ADMIN], own, G_N_ELEMENTS (own));
  add_users (self->uids[PG_RANK_ADMIN], config->admins);
  add_users (self->uids[PG_RANK_READER], config->readers);
}

static gboolean
has_uid (const GArray *uids, uid_t uid)
{
  for (guint i = 0; i < uids->len; i++)
    if (g_array_index (uids, uid_t, i) == uid)
      return TRUE;
  return FALSE;
}

PgRank
pg_ranks_of (const PgRanks *self, uid_t uid)
{
  if (has_uid (self->uids[PG_RANK_ADMIN], uid))
    return PG_RANK_ADMIN;
  return has_uid (self->uids[PG_RANK_READER], uid) ? PG_RANK_READER : PG_RANK_STRANGER;
}

char *
pg_ranks_name (uid_t uid, PgRank rank)
{
  const struct passwd *entry = rank != PG_RANK_STRANGER ? getpwuid (uid) : NULL;

  return entry != NULL ? g_strdup (entry->pw_name) : g_strdup_printf ("uid %u", (unsigned) uid);
}
