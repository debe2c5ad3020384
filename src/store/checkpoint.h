/* SPDX-License-Identifier: GPL-3.0-or-later */
/* checkpoint: a new base, so that the redo log before it can go. In a thread, out of the old base and the redo log, or, where
 * nobody waits, of the database itself.
 */
#pragma once

#include "store/work.h"

G_BEGIN_DECLS

typedef struct _PgCheckpoint PgCheckpoint;

/**
 * pg_checkpoint_new:
 * @path: the database's, whose lock is held until it is finished or cancelled
 * @base: the number of the base there is
 * @last: the redo log's last file that goes into the new one; a later one is there already
 *
 * Returns: (transfer full): it is under way; end it with pg_checkpoint_finish() or pg_checkpoint_cancel()
 */
PgCheckpoint *pg_checkpoint_new (const char *path, guint64 base, guint64 last);

/** pg_checkpoint_is_done: TRUE if pg_checkpoint_finish() would not wait. */
gboolean pg_checkpoint_is_done (PgCheckpoint *self);

/** pg_checkpoint_finish: ends @self (transfer full); FALSE with @error set if there is no new base. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_checkpoint_finish (PgCheckpoint *self, GError **error);

/** pg_checkpoint_cancel: ends @self (transfer full) soon, with a new base or without; NULL is legal. */
void pg_checkpoint_cancel (PgCheckpoint *self);

/** pg_checkpoint_of_database: makes base @number of the database, which is whole and not written now, and waits for it;
 * @work is nullable. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_checkpoint_of_database (const char *path, guint64 number, PgWork *work, GError **error);

G_END_DECLS
