/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file: a GDBM file that is closed at its first failure.
 *
 * The only module that knows GDBM. After a failed write a GDBM handle fails every read too, and its file may be damaged: so
 * any failure but "not found" ends the handle, is kept as the file's problem, and every call fails until it is opened again.
 * GDBM waits for the disk when it closes a handle: one that failed is closed by who may wait, see pg_file_let_go().
 * Not thread-safe, but each thread may have files of its own, and hand one over to another.
 * Source: GDBM 1.19 to 1.23 (gdbm(3))
 */
#pragma once

#include "core/span.h"

#include <glib.h>

G_BEGIN_DECLS

typedef struct _PgFile PgFile;

typedef enum
{
  PG_FILE_READ,
  PG_FILE_WRITE,
  PG_FILE_CREATE, /* empties what is there */
  PG_FILE_LOAD,   /* to write into a new one: GDBM does not look at its structures first */
} PgFileMode;

/** PgFileAnswer: to a read. Only with PG_FILE_FAILED is the caller's error set. */
typedef enum
{
  PG_FILE_FAILED = 0,
  PG_FILE_ABSENT,
  PG_FILE_FOUND,
} PgFileAnswer;

/** pg_file_new: a closed file; @path is kept for messages only. Free with pg_file_free(). */
PgFile *pg_file_new (const char *path);

/** pg_file_free: closes and ends @self; NULL is legal. */
void pg_file_free (PgFile *self);

/**
 * pg_file_open:
 * @self: a closed file
 * @path: what to open
 * @error: PG_ERROR_BUSY if another process has it, PG_ERROR_DAMAGED if it is no GDBM file, PG_ERROR_ABSENT if it is not there,
 *   else PG_ERROR_STORE
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_file_open (PgFile *self, const char *path, PgFileMode mode, GError **error);

/** pg_file_close: gives back what the disk has reserved for it; FALSE if what was written may not all be in the file. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_file_close (PgFile *self, GError **error);

/** pg_file_refuse: closes it for @cause (transfer full), which is kept as the problem and passed on; always FALSE. */
gboolean pg_file_refuse (PgFile *self, GError *cause, GError **error);

/** pg_file_set_problem: no call works any more, if it is open, and it says @problem of it from now on. */
void pg_file_set_problem (PgFile *self, const char *problem);

/** pg_file_let_go: closes what has failed, waiting for the disk; opening it again and pg_file_free() do so too. */
void pg_file_let_go (PgFile *self);

/** pg_file_is_open: FALSE with @error (PG_ERROR_STORE, the problem) set if it is closed. */
gboolean pg_file_is_open (const PgFile *self, GError **error);

/** pg_file_problem: why it is closed, or NULL if it is open. */
const char *pg_file_problem (const PgFile *self);

/** pg_file_generation: changes with each handle. */
guint pg_file_generation (const PgFile *self);

/** pg_file_get: @out_value is the caller's, to be freed with pg_file_free_span(), if found. */
G_GNUC_WARN_UNUSED_RESULT
PgFileAnswer pg_file_get (PgFile *self, PgSpan key, PgSpan *out_value, GError **error);

/** pg_file_has: TRUE if it is open and has @key; a failure shows at the next read or write. */
gboolean pg_file_has (PgFile *self, PgSpan key);

/** PG_FILE_GROWTH_EACH: bytes that each of many new grants may add to a file. It is 345 on average; but buckets get full
 * together, and up to 600 were seen while most of them were split. */
#define PG_FILE_GROWTH_EACH 768

/** pg_file_expect: from now on there is to be room on the disk for @n_records new ones. FALSE: there is not, which leaves the
 * file open, and what was expected before stays expected; or it is not open. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_file_expect (PgFile *self, guint n_records, GError **error);

/** pg_file_put: a new key without room for it on the disk is an error that leaves the file open. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_file_put (PgFile *self, PgSpan key, PgSpan value, GError **error);

/** pg_file_put_expected: as pg_file_put(), of one that is expected, or is no new one. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_file_put_expected (PgFile *self, PgSpan key, PgSpan value, GError **error);

/** pg_file_remove: ABSENT if it was not there. */
G_GNUC_WARN_UNUSED_RESULT
PgFileAnswer pg_file_remove (PgFile *self, PgSpan key, GError **error);

/** pg_file_n_removed: how many keys were removed since pg_file_new(). */
guint64 pg_file_n_removed (const PgFile *self);

G_GNUC_WARN_UNUSED_RESULT
gboolean pg_file_count (PgFile *self, guint64 *out, GError **error);

/**
 * pg_file_next:
 * @key: (inout): NULL data before the first call; then the key met last, replaced by the next and freed at the end.
 *   Who ends early frees it with pg_file_free_span()
 *
 * Returns: PG_FILE_ABSENT behind the last key
 */
G_GNUC_WARN_UNUSED_RESULT
PgFileAnswer pg_file_next (PgFile *self, PgSpan *key, GError **error);

/** pg_file_free_span: frees what a function of this module gave; leaves an empty span. */
void pg_file_free_span (PgSpan *span);

/** pg_file_dup: another descriptor of an open file, so that somebody else can wait for the disk; -1: there is none. */
int pg_file_dup (const PgFile *self);

/** pg_file_sync: waits for the disk. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_file_sync (PgFile *self, GError **error);

/** pg_file_check: closes it if the file of its name is another one now, or is shorter than it was; FALSE then. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_file_check (PgFile *self, GError **error);

G_END_DECLS
