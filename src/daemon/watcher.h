/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watcher: reads the sources of login lines and brings the logins to the engine. */
#pragma once

#include "daemon/granter.h"
#include "source/source.h"

G_BEGIN_DECLS

typedef struct _PgWatcher PgWatcher;

/** PgWatcherOver: called once when all sources, and there are some, have come to an end for good. */
typedef void (*PgWatcherOver) (gpointer user_data);

/** PgWatcherCounters: lines read, by what they were. */
typedef struct
{
  guint64 lines[PG_LINE_LOGIN + 1]; /* by PgLineKind */
} PgWatcherCounters;

/** PgWatcherReport: one source's health. Strings are borrowed until the watcher runs again. */
typedef struct
{
  const char   *name;
  PgSourceState state;
  const char   *problem;         /* NULL unless blind */
  const char   *warning;         /* what is wrong all the same: logins may be missing, or count for less; NULL: nothing */
  gint64        for_us;          /* how long it has not been current; 0: it is */
  gint64        newest_us;       /* newest stamp of its logins, since the start; 0: none was read */
  gint64        position_age_us; /* what was read in this time is not known to be in the store; -1: it has no positions */
} PgWatcherReport;

/**
 * pg_watcher_new:
 * @engine: must outlive it; its configuration names the sources
 * @granter: takes the logins; must outlive it
 * @over: called, perhaps at the first tick, when nothing can come any more
 * @user_data: for @over
 * @error: PG_ERROR_VALUE for a source that can't be
 *
 * Reading begins when the engine's store is open, since the positions are in there. From the start on, until all sources
 * were read to their end, the engine is told that they are behind.
 */
G_GNUC_WARN_UNUSED_RESULT
PgWatcher *pg_watcher_new (PgEngine *engine, PgGranter *granter, PgWatcherOver over, gpointer user_data, GError **error);

/** pg_watcher_free: ends @self; NULL is legal. */
void pg_watcher_free (PgWatcher *self);

/** pg_watcher_reload: the engine has another configuration: from now on lines are read by it. The sources stay what they were. */
void pg_watcher_reload (PgWatcher *self);

/** pg_watcher_tick: to be called about once a second. */
void pg_watcher_tick (PgWatcher *self);

/**
 * pg_watcher_note_positions:
 *
 * Remembers how far the sources were read. When the grants that were read until now are on the disk, save the positions:
 * were they there first, a crash could lose the logins between.
 */
void pg_watcher_note_positions (PgWatcher *self);

/** pg_watcher_save_positions: puts what was remembered last into the store. */
gboolean pg_watcher_save_positions (PgWatcher *self, GError **error);

/** pg_watcher_n_sources: how many there are. */
guint pg_watcher_n_sources (const PgWatcher *self);

/** pg_watcher_report: of source @index. */
PgWatcherReport pg_watcher_report (const PgWatcher *self, guint index);

/** pg_watcher_counters: borrowed. */
const PgWatcherCounters *pg_watcher_counters (const PgWatcher *self);

G_END_DECLS
