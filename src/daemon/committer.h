/* SPDX-License-Identifier: GPL-3.0-or-later */
/* committer: brings what was written to the disk, in groups and never on the loop's time. */
#pragma once

#include "core/histogram.h"
#include "daemon/watcher.h"

G_BEGIN_DECLS

typedef struct _PgCommitter PgCommitter;

/** PgCommitted: @error is NULL if all that was written before the question is on the disk now. */
typedef void (*PgCommitted) (const GError *error, gpointer user_data);

/** PgCommitterCounters: @syncs: how long they took, those that failed too, from their begin until the loop heard of their end. */
typedef struct
{
  PgHistogram syncs;
  guint64     failures;
} PgCommitterCounters;

/** pg_committer_new: @engine must outlive it; free with pg_committer_free(). */
PgCommitter *pg_committer_new (PgEngine *engine);

/** pg_committer_free: ends @self; who still waits is told of an error. NULL is legal. */
void pg_committer_free (PgCommitter *self);

/** pg_committer_set_watcher: whose positions are saved with the grants; NULL: nobody's. */
void pg_committer_set_watcher (PgCommitter *self, PgWatcher *watcher);

/** pg_committer_tick: to be called once a second: syncs if there is something to sync. */
void pg_committer_tick (PgCommitter *self);

/** pg_committer_soon: something was written that ought to be on the disk soon, though nobody waits for it. */
void pg_committer_soon (PgCommitter *self);

/** pg_committer_commit: calls @done when all that was written until now is on the disk, or known not to be. */
void pg_committer_commit (PgCommitter *self, PgCommitted done, gpointer user_data);

/** pg_committer_counters: borrowed. */
const PgCommitterCounters *pg_committer_counters (const PgCommitter *self);

G_END_DECLS
