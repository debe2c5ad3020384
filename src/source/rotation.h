/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rotation: the older files of a log: FILE.1, FILE-20261123 and the like, and packed ones: FILE.2.gz. */
#pragma once

#include "source/tail.h"

G_BEGIN_DECLS

/** pg_rotation_list: paths of the rotated predecessors of @path, youngest first, but for packed ones; (element-type filename)
 *  (transfer full). */
GPtrArray *pg_rotation_list (const char *path);

/** pg_rotation_list_all: the same with packed ones among them. */
GPtrArray *pg_rotation_list_all (const char *path);

/** pg_rotation_is_packed: TRUE if @path ends as that of a packed file. */
gboolean pg_rotation_is_packed (const char *path);

/** pg_rotation_is_wanted: TRUE if @mark was made of @tail, or of a file that @tail is a copy of. */
gboolean pg_rotation_is_wanted (const PgTail *tail, const PgTailMark *mark);

/**
 * pg_rotation_find:
 * @paths: as pg_rotation_list() or pg_rotation_list_all() gave it; packed files are passed over
 * @trust: who may write to the files
 * @mark: where reading stopped
 * @out_index: (out): which one it is
 *
 * Returns: (transfer full) (nullable): the file that @mark was made of, or a copy of it, at the mark
 */
PgTail *pg_rotation_find (const GPtrArray *paths, PgTrust trust, const PgTailMark *mark, guint *out_index);

/** pg_rotation_find_copy: as pg_rotation_find(): a copy of @cut made before it was cut, where reading stopped. */
PgTail *pg_rotation_find_copy (const GPtrArray *paths, PgTrust trust, const PgTail *cut, guint *out_index);

G_END_DECLS
