/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/netset.h"

#include "core/bytes.h"

/* 2^64 divided by the golden ratio: spreads neighbours. */
#define MIXER G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)

struct _PgNetset
{
  GHashTable *values;          /* PgNetwork * -> value */
  guint       n_networks[129]; /* of each prefix length */
  guint8      prefixes[129];   /* those in use, longest first */
  gint        n_prefixes;
};

static guint
network_hash (gconstpointer key)
{
  const PgNetwork *network = key;
  guint64          hash = pg_bytes_get_u64 (network->base.bytes) * MIXER;

  hash = (hash ^ hash >> 32 ^ pg_bytes_get_u64 (network->base.bytes + 8) ^ network->prefix) * MIXER;
  return (guint) (hash >> 32);
}

static gboolean
network_equal (gconstpointer a, gconstpointer b)
{
  const PgNetwork *left = a;
  const PgNetwork *right = b;

  return left->prefix == right->prefix && pg_address_equal (&left->base, &right->base);
}

PgNetset *
pg_netset_new (GDestroyNotify free_value)
{
  PgNetset *self = g_new0 (PgNetset, 1);

  self->values = g_hash_table_new_full (network_hash, network_equal, g_free, free_value);
  return self;
}

void
pg_netset_free (PgNetset *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->values);
  g_free (self);
}

static void
list_prefixes (PgNetset *self)
{
  self->n_prefixes = 0;
  for (gint prefix = 128; prefix >= 0; prefix--)
    if (self->n_networks[prefix] > 0)
      self->prefixes[self->n_prefixes++] = (guint8) prefix;
}

void
pg_netset_add (PgNetset *self, const PgNetwork *network, gpointer value)
{
  if (g_hash_table_replace (self->values, g_memdup2 (network, sizeof *network), value)
      && self->n_networks[network->prefix]++ == 0)
    list_prefixes (self);
}

gboolean
pg_netset_remove (PgNetset *self, const PgNetwork *network)
{
  guint8 prefix = network->prefix; /* it may be a part of what is freed now */

  if (!g_hash_table_remove (self->values, network))
    return FALSE;
  if (--self->n_networks[prefix] == 0)
    list_prefixes (self);
  return TRUE;
}

gpointer
pg_netset_get (const PgNetset *self, const PgNetwork *network)
{
  return g_hash_table_lookup (self->values, network);
}

static gboolean
find_at_prefix (const PgNetset *self, const PgNetwork *wanted, PgNetwork *out_network, gpointer *out_value)
{
  gpointer key;
  gpointer value;

  if (!g_hash_table_lookup_extended (self->values, wanted, &key, &value))
    return FALSE;
  if (out_network != NULL)
    *out_network = *wanted;
  if (out_value != NULL)
    *out_value = value;
  return TRUE;
}

gboolean
pg_netset_next_cover (const PgNetset *self, const PgAddress *address, gint *cursor, PgNetwork *out_network, gpointer *out_value)
{
  guint8 shortest;

  if (self->n_prefixes == 0)
    return FALSE; /* as most sets are */
  shortest = pg_address_is_v4 (address) ? PG_NETWORK_V4_BITS : 0;
  while (*cursor < self->n_prefixes && self->prefixes[*cursor] >= shortest)
    {
      guint8    prefix = self->prefixes[(*cursor)++];
      PgNetwork wanted = { pg_address_mask (address, prefix), prefix };

      if (find_at_prefix (self, &wanted, out_network, out_value))
        return TRUE;
    }
  return FALSE;
}

gboolean
pg_netset_covers (const PgNetset *self, const PgAddress *address, PgNetwork *out_network)
{
  gint cursor = PG_NETSET_START;

  return pg_netset_next_cover (self, address, &cursor, out_network, NULL);
}
