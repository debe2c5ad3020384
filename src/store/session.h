/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session: from the first write to a store until it is closed in order. For the files of this folder.
 *
 * Its beginning: there is a base that, with the redo log behind it, is the database; then a new file of the redo log; then, when
 * that is on the disk, the database's root says that it is not clean, and may be anything from now on.
 * Its end: all of the redo log is on the disk, then all of the database; then its root says that it is clean, and which
 * file of the redo log was the last: so a database that was put there by somebody else is known.
 */
#pragma once

#include "store/store-private.h"

G_BEGIN_DECLS

/** pg_session_begin: for an open file; on failure begin_problem says why, and it may be tried again. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_session_begin (PgStore *self, GError **error);

/** pg_session_save: writes what waits for the disk, and gives up the redo log; what is there is what a recovery finds. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_session_save (PgStore *self, GError **error);

/** pg_session_end: closes the store in order. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_session_end (PgStore *self, GError **error);

G_END_DECLS
