/* SPDX-License-Identifier: GPL-3.0-or-later */
/* family: the files that belong to one database, by their names.
 *
 *   PATH                  what answers are read from, a GDBM file
 *   PATH.redo-00000007    the redo log's file 7: see segment.h
 *   PATH.base-00000006    the database as it was when file 6 of the redo log ended: see base.h
 *   PATH.lock             held by who writes
 *   PATH.new, PATH.redo.new, PATH.base.new    not finished; worth nothing
 *   PATH.damaged-20261124T021100Z...          set aside, and never touched again
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** PgFamily: which files are there; ascending numbers, guint64. */
typedef struct
{
  GArray *bases;
  GArray *redos;
} PgFamily;

/** pg_family_list: FALSE with @error (PG_ERROR_STORE) if the folder can't be read; then nothing is to be cleared. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_family_list (const char *path, PgFamily *out, GError **error);

/** pg_family_clear: frees what pg_family_list() gave. */
void pg_family_clear (PgFamily *self);

/** pg_family_newest: the highest number of any of its files, or 0. */
guint64 pg_family_newest (const PgFamily *self);

/** pg_family_has_redo: TRUE if file @number of the redo log is there. */
gboolean pg_family_has_redo (const PgFamily *self, guint64 number);

/** pg_family_is_empty: TRUE if there is neither base nor redo log. */
gboolean pg_family_is_empty (const PgFamily *self);

/** pg_family_base_name: transfer full. */
char *pg_family_base_name (const char *path, guint64 number) G_GNUC_WARN_UNUSED_RESULT;

/** pg_family_redo_name: transfer full. */
char *pg_family_redo_name (const char *path, guint64 number) G_GNUC_WARN_UNUSED_RESULT;

/** pg_family_remove_until: removes the redo log through file @number, and the bases before base @number. */
void pg_family_remove_until (const char *path, guint64 number);

/**
 * pg_family_set_aside:
 * @path: the database's
 * @which: (nullable): the file, one of the database's; NULL: the database itself
 * @out_name: (out) (nullable) (transfer full): what it is called now
 * @error: PG_ERROR_STORE
 *
 * Gives a damaged file a dated name that no other has.
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_family_set_aside (const char *path, const char *which, char **out_name, GError **error);

/** pg_family_set_all_aside: all bases and the redo log. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_family_set_all_aside (const char *path, GError **error);

/** pg_family_sync_folder: makes names in the folder of @path durable; FALSE with errno set. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_family_sync_folder (const char *path);

/** pg_family_lock: takes PATH.lock. -1 with @error set, PG_ERROR_BUSY if another has it; else close it to give it back. */
G_GNUC_WARN_UNUSED_RESULT
int pg_family_lock (const char *path, GError **error);

/** pg_family_is_locked: TRUE if @lock, which pg_family_lock() gave, is still the file of that name. */
gboolean pg_family_is_locked (const char *path, int lock);

/** pg_family_hook: called, if set, before each step that changes which files there are: for tests of crashes. */
extern void (*pg_family_hook) (const char *step);

/** pg_family_step: calls it. */
void pg_family_step (const char *step);

G_END_DECLS
