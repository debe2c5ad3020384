/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netset: a set of networks, each with a value; which is the narrowest that covers an address?
 *
 * Pure: no I/O, no clock, no log, no globals. A lookup costs one hash probe for each prefix length in use, however many
 * networks there are.
 */
#pragma once

#include "core/address.h"

G_BEGIN_DECLS

typedef struct _PgNetset PgNetset;

/** pg_netset_new: an empty set; @free_value (nullable) is called for a value that is replaced, removed or left at the end. */
PgNetset *pg_netset_new (GDestroyNotify free_value);

/** pg_netset_free: ends @self and its values; NULL is legal. */
void pg_netset_free (PgNetset *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgNetset, pg_netset_free)

/** pg_netset_add: puts @network in with @value (transfer full); a value that it had is replaced. */
void pg_netset_add (PgNetset *self, const PgNetwork *network, gpointer value);

/** pg_netset_remove: takes @network (exactly this one) out. Returns FALSE if it was not there. */
gboolean pg_netset_remove (PgNetset *self, const PgNetwork *network);

/** pg_netset_get: the value of exactly @network (transfer none), or NULL. */
gpointer pg_netset_get (const PgNetset *self, const PgNetwork *network);

/**
 * pg_netset_next_cover:
 * @self: a set
 * @address: any address
 * @cursor: (inout): PG_NETSET_START before the first call
 * @out_network: (out) (optional): the next network that covers @address, narrowest first
 * @out_value: (out) (optional) (transfer none): its value
 *
 * Returns: FALSE, outputs untouched, if no further network covers @address
 */
gboolean pg_netset_next_cover (const PgNetset *self, const PgAddress *address, gint *cursor, PgNetwork *out_network,
                               gpointer *out_value);

#define PG_NETSET_START 0

/** pg_netset_covers: TRUE if a network in the set covers @address; @out_network (out, optional): the narrowest one. */
gboolean pg_netset_covers (const PgNetset *self, const PgAddress *address, PgNetwork *out_network);

G_END_DECLS
