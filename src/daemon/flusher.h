/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flusher: brings grants that wait for it to the database, a little at a time.
 *
 * A log that is caught up with, or many who log in at once, should not wait for the database: the redo log has what they put.
 */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

typedef struct _PgFlusher PgFlusher;

/** pg_flusher_new: @store must outlive it; free with pg_flusher_free(). */
PgFlusher *pg_flusher_new (PgStore *store);

/** pg_flusher_free: ends @self; NULL is legal. */
void pg_flusher_free (PgFlusher *self);

/** pg_flusher_tick: to be called about once a second: begins, if any wait. */
void pg_flusher_tick (PgFlusher *self);

G_END_DECLS
