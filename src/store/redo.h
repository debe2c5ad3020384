/* SPDX-License-Identifier: GPL-3.0-or-later */
/* redo: the redo log: each change of the database, made durable without waiting for it.
 *
 * The GDBM file is changed at once, or for grants a little later (pending.h), and never synced while it is open: what is durable
 * is a base, a copy of it, and the redo log of all changes since. A change goes to memory; a sync writes what is there to the
 * log's file (segment.h) and waits for the disk, in a thread. What could not be written stays in memory and goes with the next
 * sync; it is bounded by PG_REDO_MAX. For one thread.
 */
#pragma once

#include "store/segment.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _PgRedo PgRedo;

/** PG_REDO_MAX: bytes of changes that may wait for the disk. */
#define PG_REDO_MAX (16 * 1024 * 1024)

/** pg_redo_new: writes to @segment (transfer full); free with pg_redo_free(). */
PgRedo *pg_redo_new (PgSegment *segment);

/** pg_redo_free: ends @self, waiting for a sync that is under way; what was not written then is lost. NULL is legal. */
void pg_redo_free (PgRedo *self);

/** pg_redo_begin: begins the log's next file, and waits for the disk. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_redo_begin (PgRedo *self, GError **error);

/** pg_redo_begin_later: the next sync begins a file. */
void pg_redo_begin_later (PgRedo *self);

/** pg_redo_has_room: FALSE with @error (PG_ERROR_STORE) set if as much waits for the disk as may. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_redo_has_room (PgRedo *self, GError **error);

/** pg_redo_add: a change that was made. */
void pg_redo_add (PgRedo *self, const PgChange *change);

/** pg_redo_is_dirty: TRUE if there is something that no sync under way takes along. */
gboolean pg_redo_is_dirty (PgRedo *self);

/** pg_redo_sync: writes all that was added, and waits for it; FALSE with @error (PG_ERROR_STORE) set. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_redo_sync (PgRedo *self, GError **error);

/** pg_redo_sync_async: as pg_redo_sync(), waiting in a thread; @done ends with g_task_propagate_boolean(). */
void pg_redo_sync_async (PgRedo *self, GAsyncReadyCallback done, gpointer user_data);

/** pg_redo_trim: after the last sync: FALSE if the file ends with what counts for nothing. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_redo_trim (PgRedo *self);

/** pg_redo_number: the log's file that is written now; 0: none yet. */
guint64 pg_redo_number (PgRedo *self);

/** pg_redo_end: how far that file goes. */
gint64 pg_redo_end (PgRedo *self);

/** pg_redo_waiting: bytes of changes that are not known to be on the disk. */
gsize pg_redo_waiting (PgRedo *self);

/** pg_redo_problem: why the last sync failed, or NULL; valid until the next call. */
const char *pg_redo_problem (PgRedo *self);

G_END_DECLS
