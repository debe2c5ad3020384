/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Places in a ring of blocks, each of which is there only while one of its places is in use: so nothing moves when they become
 * many, and no memory stays when they have left.
 */
#include "store/pending.h"

#include "store/keys.h"

#include <string.h>

#define BLOCK 1024
#define N_BLOCKS 64

/* The last block that is in use is never the first one, from behind. */
G_STATIC_ASSERT (PG_PENDING_MAX == (N_BLOCKS - 1) * BLOCK);

struct _PgPending
{
  PgPendingGrant *blocks[N_BLOCKS];
  guint64         first; /* places are numbered for ever */
  guint64         end;
  guint           n_new;
  GHashTable     *by_key; /* of PgPendingGrant that wait, by their first bytes */
};

PgPending *
pg_pending_new (void)
{
  PgPending *self = g_new0 (PgPending, 1);

  self->by_key = g_hash_table_new (pg_key_hash, pg_key_equal);
  return self;
}

void
pg_pending_clear (PgPending *self)
{
  g_hash_table_remove_all (self->by_key);
  for (guint i = 0; i < N_BLOCKS; i++)
    g_clear_pointer (&self->blocks[i], g_free);
  self->first = self->end = 0;
  self->n_new = 0;
}

void
pg_pending_free (PgPending *self)
{
  if (self == NULL)
    return;
  pg_pending_clear (self);
  g_hash_table_unref (self->by_key);
  g_free (self);
}

guint
pg_pending_size (const PgPending *self)
{
  return g_hash_table_size (self->by_key);
}

guint
pg_pending_n_new (const PgPending *self)
{
  return self->n_new;
}

gboolean
pg_pending_is_full (const PgPending *self)
{
  return self->end - self->first == PG_PENDING_MAX;
}

const PgPendingGrant *
pg_pending_find (const PgPending *self, const PgHash *key)
{
  return g_hash_table_lookup (self->by_key, key);
}

static PgPendingGrant **
block_of (PgPending *self, guint64 place)
{
  return &self->blocks[place / BLOCK % N_BLOCKS];
}

static PgPendingGrant *
at (const PgPending *self, guint64 place)
{
  return &self->blocks[place / BLOCK % N_BLOCKS][place % BLOCK];
}

static PgPendingGrant *
add (PgPending *self, const PgHash *key, gboolean is_new)
{
  PgPendingGrant **block = block_of (self, self->end);
  PgPendingGrant  *grant;

  if (*block == NULL)
    *block = g_new (PgPendingGrant, BLOCK);
  grant = at (self, self->end++);
  grant->key = *key;
  grant->is_new = is_new;
  grant->is_removed = FALSE;
  self->n_new += is_new ? 1 : 0;
  g_hash_table_add (self->by_key, grant);
  return grant;
}

void
pg_pending_put (PgPending *self, const PgHash *key, const guint8 image[PG_RECORD_SIZE], gboolean is_new)
{
  PgPendingGrant *grant = g_hash_table_lookup (self->by_key, key);

  g_return_if_fail (grant != NULL || !pg_pending_is_full (self));
  if (grant == NULL)
    grant = add (self, key, is_new);
  memcpy (grant->image, image, PG_RECORD_SIZE);
}

/* Gives up the places at the front of which none waits, and their blocks. */
static void
leave_removed (PgPending *self)
{
  while (self->first < self->end && at (self, self->first)->is_removed)
    {
      PgPendingGrant **block = block_of (self, self->first++);

      if (self->first % BLOCK == 0)
        g_clear_pointer (block, g_free);
    }
}

void
pg_pending_remove (PgPending *self, const PgHash *key)
{
  PgPendingGrant *grant = g_hash_table_lookup (self->by_key, key);

  if (grant == NULL)
    return;
  g_hash_table_remove (self->by_key, grant);
  self->n_new -= grant->is_new ? 1 : 0;
  grant->is_removed = TRUE;
  leave_removed (self);
}

const PgPendingGrant *
pg_pending_first (PgPending *self)
{
  return self->first < self->end ? at (self, self->first) : NULL;
}

void
pg_pending_see_new (const PgPending *self, PgPendingSee see, gpointer user_data)
{
  for (guint64 place = self->first; place < self->end; place++)
    {
      const PgPendingGrant *grant = at (self, place);

      if (grant->is_new && !grant->is_removed)
        see (grant, user_data);
    }
}
