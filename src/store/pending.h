/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pending: grants that were put and are not in the database yet, the oldest first.
 *
 * Pure: no I/O, no clock, no log, no globals. A grant that is put again takes the place of what waits under its key. Bounded by
 * PG_PENDING_MAX; memory goes back to the system as they leave.
 */
#pragma once

#include "core/record.h"

G_BEGIN_DECLS

/** PG_PENDING_MAX: grants that may wait: 17 MB of them. */
#define PG_PENDING_MAX 64512

typedef struct _PgPending PgPending;

/** PgPendingGrant: @image is what is to be stored under @key. */
typedef struct
{
  PgHash   key;
  guint8   image[PG_RECORD_SIZE];
  gboolean is_new;     /* nothing stands under its key in the database */
  gboolean is_removed; /* it waits no more */
} PgPendingGrant;

/** pg_pending_new: an empty one; free with pg_pending_free(). */
PgPending *pg_pending_new (void);

/** pg_pending_free: ends @self; NULL is legal. */
void pg_pending_free (PgPending *self);

/** pg_pending_clear: forgets all. */
void pg_pending_clear (PgPending *self);

/** pg_pending_size: how many wait. */
guint pg_pending_size (const PgPending *self);

/** pg_pending_n_new: how many of them are new. */
guint pg_pending_n_new (const PgPending *self);

/** pg_pending_is_full: TRUE if none can be added. */
gboolean pg_pending_is_full (const PgPending *self);

/** pg_pending_find: (nullable): what waits under @key; borrowed until it leaves. */
const PgPendingGrant *pg_pending_find (const PgPending *self, const PgHash *key);

/**
 * pg_pending_put:
 * @self: one that is not full, or has one of that key
 * @image: copied
 * @is_new: of one whose key waits already it does not matter
 */
void pg_pending_put (PgPending *self, const PgHash *key, const guint8 image[PG_RECORD_SIZE], gboolean is_new);

/** pg_pending_remove: what waits under @key, if anything does, waits no more. */
void pg_pending_remove (PgPending *self, const PgHash *key);

/** pg_pending_first: (nullable): the one that waits longest; NULL: none does. */
const PgPendingGrant *pg_pending_first (PgPending *self);

/** PgPendingSee: is told of one that waits; must not change them. */
typedef void (*PgPendingSee) (const PgPendingGrant *grant, gpointer user_data);

/** pg_pending_see_new: tells of each that is new. */
void pg_pending_see_new (const PgPending *self, PgPendingSee see, gpointer user_data);

G_END_DECLS
