/* SPDX-License-Identifier: GPL-3.0-or-later */
/* replay: a database made anew out of a base and the redo log behind it. */
#pragma once

#include "store/family.h"
#include "store/file-root.h"
#include "store/work.h"

G_BEGIN_DECLS

/** PgReplay: what was replayed. */
typedef struct
{
  guint64 base;   /* the number of the base */
  guint64 number; /* of the redo log's file replayed last, or the base's if there was none */
  gint64  end;    /* how far that goes; 0 if there was none */
  guint64 n_changes;
} PgReplay;

/**
 * pg_replay_base:
 * @path: the database's
 * @base: which base
 * @last: the redo log's file to end with; it must not be the last there is
 * @file: a closed one
 * @to: the file to be made, which is open as @file then
 * @work: (nullable): each change is a step
 * @error: PG_ERROR_DAMAGED if the base or the redo log is not whole, PG_ERROR_STORE
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_replay_base (const char *path, guint64 base, guint64 last, PgFile *file, const char *to, PgWork *work, PgReplay *out,
                         GError **error);

/**
 * pg_replay_all:
 * @family: the files there are
 * @known: (nullable): a root that was read from the database before, which is not clean: what must be there
 * @to: the file to be made; its root is not a clean one
 * @work: (nullable): each change is a step
 * @error: as pg_replay_base()
 *
 * Makes the newest state that can be proven, with all notes; an older base is tried if the newest is damaged.
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_replay_all (const char *path, const PgFamily *family, const PgRoot *known, const char *to, PgWork *work,
                        PgReplay *out, GError **error);

/**
 * pg_replay_is_log_whole:
 * @root: the database's
 * @work: (nullable): each change is a step; FALSE if it is cancelled
 *
 * Returns: TRUE if nothing of the redo log behind the newest base is missing or damaged, whatever became of the base
 */
gboolean pg_replay_is_log_whole (const char *path, const PgFamily *family, const PgRoot *root, PgWork *work);

G_END_DECLS
