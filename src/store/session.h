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

/** pg_session_begin: for an open file; on failure begin_problem says why, and it may be tried again. Does what the next four do.
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_session_begin (PgStore *self, GError **error);

/** pg_session_prepare: all that takes long: base and redo log. Of @self it neither touches the file nor the notes. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_session_prepare (PgStore *self, GError **error);

/** pg_session_mark: the file's root says now that it is not clean: to be brought to the disk before anything else is written. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_session_mark (PgStore *self, GError **error);

/** pg_session_go: that is on the disk: it may be written. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_session_go (PgStore *self, GError **error);

/** pg_session_fail: it did not begin, for @cause. */
void pg_session_fail (PgStore *self, const GError *cause);

/** pg_session_tell_problem: if it can be read, but not written. */
void pg_session_tell_problem (PgStore *self);

/** PgSessionNeed: what is to be done for a store, and takes long. */
typedef enum
{
  PG_SESSION_WELL,
  PG_SESSION_TO_OPEN, /* it is closed; or, if it is open, it is to be closed before by pg_session_end_for_base() */
  PG_SESSION_TO_BEGIN,
} PgSessionNeed;

/** pg_session_look: once a second: does what takes no time. */
PgSessionNeed pg_session_look (PgStore *self);

/** pg_session_end_for_base: closes it, if it is open, as its base is lost. */
void pg_session_end_for_base (PgStore *self);

/** pg_session_save: writes what waits for the disk, and gives up the redo log; what is there is what a recovery finds. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_session_save (PgStore *self, GError **error);

/** pg_session_end: closes the store in order. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_session_end (PgStore *self, GError **error);

G_END_DECLS
