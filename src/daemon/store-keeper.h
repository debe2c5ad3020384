/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store-keeper: has the engine's store opened, again whenever it failed, and tells what becomes of it.
 *
 * What is wrong with it is logged when it changes, and shown to who watches events.
 */
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

typedef struct _PgStoreKeeper PgStoreKeeper;

/**
 * PgStoreKeeperHost: who is told; all are called in the main loop.
 * @moved: another database stands there than before, which knows nothing of the logins that were read
 * @changed: it can be read or written now, or neither
 */
typedef struct
{
  void (*moved) (gpointer user_data);
  void (*changed) (gpointer user_data);
  gpointer user_data;
} PgStoreKeeperHost;

/** pg_store_keeper_new: does nothing until the first tick; @engine must outlive it. Free with pg_store_keeper_free(). */
PgStoreKeeper *pg_store_keeper_new (PgEngine *engine, PgStoreKeeperHost host);

/** pg_store_keeper_free: nothing may be done with the store afterwards but to end it. NULL is legal. */
void pg_store_keeper_free (PgStoreKeeper *self);

/** pg_store_keeper_tick: to be called once a second. */
void pg_store_keeper_tick (PgStoreKeeper *self);

G_END_DECLS
