/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base: the database as it was when a file of the redo log ended. With the redo log behind it, it is what a crash leaves.
 *
 * Layout: the bytes of a GDBM file, then magic(8) database(8) number(8) size of the GDBM file(8) checksum(8); integers are
 * little-endian. The checksum, SipHash-2-4 in blocks, is over all before it. The root in it is never a clean one.
 */
#pragma once

#include "store/file.h"
#include "store/work.h"

G_BEGIN_DECLS

/**
 * pg_base_restore:
 * @number: which base
 * @to: a file to be made of it, as GDBM reads it
 * @work: (nullable)
 * @out_database: (out): whose it is
 * @error: PG_ERROR_DAMAGED if it is not whole, else PG_ERROR_STORE
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_base_restore (const char *path, guint64 number, const char *to, PgWork *work, guint64 *out_database, GError **error);

/** pg_base_copy: makes @to hold the bytes of @from; @work is nullable. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_base_copy (const char *from, const char *to, PgWork *work, GError **error);

/** pg_base_new_name: of a base that is not finished; transfer full. */
char *pg_base_new_name (const char *path) G_GNUC_WARN_UNUSED_RESULT;

/**
 * pg_base_finish:
 * @path: the database's
 * @database: its id
 * @number: which base it becomes
 * @work: (nullable)
 *
 * Makes a base of the file pg_base_new_name(), which holds a whole GDBM file that is closed, and waits for the disk.
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_base_finish (const char *path, guint64 database, guint64 number, PgWork *work, GError **error);

/** pg_base_database: whose base @number is, by its end alone; 0: it has none. */
guint64 pg_base_database (const char *path, guint64 number);

G_END_DECLS
