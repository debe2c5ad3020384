/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a store knows of its grants without reading them.
 *
 * Who writes is the file's only writer: what was read of it, or written to it, since it was opened is what it holds. What is not
 * stored is known when all that is stored is: each grant was met in a walk, and as many are known as there are. Either proof
 * alone would do; where they differ, the file is read as before.
 */
#include "store/keys.h"
#include "store/store-private.h"

/* Another file may stand there since. In one without a grant there is nothing to be met. */
static void
follow_file (PgStore *self)
{
  if (self->generation == pg_file_generation (self->file))
    return;
  pg_index_clear (self->index);
  self->generation = pg_file_generation (self->file);
  self->is_walked = self->n_grants == 0;
}

static gboolean
is_usable (PgStore *self)
{
  if (self->mode != PG_STORE_READ_WRITE || pg_file_problem (self->file) != NULL)
    return FALSE;
  follow_file (self);
  return TRUE;
}

static gboolean
knows_all (const PgStore *self)
{
  return self->is_walked && pg_index_size (self->index) == self->n_grants;
}

gboolean
pg_store_knows_all (PgStore *self)
{
  return is_usable (self) && knows_all (self);
}

gboolean
pg_store_recall_key (PgStore *self, const PgHash *key, PgIndexEntry **out)
{
  *out = NULL;
  if (!is_usable (self))
    return FALSE;
  *out = pg_index_find (self->index, key);
  return *out != NULL || knows_all (self);
}

/* The key of a grant costs as much as what it finds, and is needed twice. */
static const PgHash *
key_of (PgStore *self, const PgAddress *address)
{
  PgStoreExpected *expected = &self->expected;

  if (!pg_address_equal (&expected->address, address)
      || memcmp (&expected->secret, &self->root.secret, sizeof expected->secret) != 0)
    *expected = (PgStoreExpected){ *address, self->root.secret, pg_key_of_grant (&self->root.secret, address) };
  return &expected->key;
}

void
pg_store_expect (PgStore *self, const PgAddress *address)
{
  pg_index_expect (self->index, key_of (self, address));
}

gboolean
pg_store_recall (PgStore *self, const PgAddress *address, PgIndexEntry **out)
{
  return pg_store_recall_key (self, key_of (self, address), out);
}

void
pg_store_know (PgStore *self, const PgHash *key, gint64 newest_us)
{
  if (is_usable (self))
    (void) pg_index_put (self->index, key, newest_us); /* for which there is no room is read */
}

void
pg_store_forget (PgStore *self, const PgHash *key)
{
  if (is_usable (self))
    pg_index_remove (self->index, key);
}

void
pg_store_set_walked (PgStore *self)
{
  if (is_usable (self))
    self->is_walked = TRUE;
}
