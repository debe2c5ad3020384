/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sweeper: removes from the store what can permit nothing any more, and usages of long ago, a little at a time.
 *
 * No decision waits for it: whether a login is too old is seen when Postfix asks. It begins when it has been called for an hour
 * in which the clock was not stepped: by a clock that is years ahead everything is old.
 */
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

typedef struct _PgSweeper PgSweeper;

/** pg_sweeper_new: @engine must outlive it; free with pg_sweeper_free(). */
PgSweeper *pg_sweeper_new (PgEngine *engine);

/** pg_sweeper_free: ends @self; NULL is legal. */
void pg_sweeper_free (PgSweeper *self);

/** pg_sweeper_start: begins a walk through the store, unless one is under way. */
void pg_sweeper_start (PgSweeper *self);

G_END_DECLS
