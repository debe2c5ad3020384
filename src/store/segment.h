/* SPDX-License-Identifier: GPL-3.0-or-later */
/* segment: the redo log's files: changes, one behind the other, that are only ever added to.
 *
 * Layout of a file: magic(8) database(8) number(8) end of the file before(8) secret(16) checksum(8) zero(8), then changes
 *   (core/change.h). Integers are little-endian. A file has its name only when its head is on the disk.
 * Each append is one group: a mark, which says that all before it was on the disk, and the changes. So behind the last mark
 *   anything may be torn by a crash; what is wrong before it is damage, as it was whole once.
 * A file goes as far as the next one says; the last one as far as it is whole. So what stood in a file when the disk refused it
 *   can be written again to the next.
 * A writer is for one thread at a time, and not always the same.
 */
#pragma once

#include "core/change.h"

G_BEGIN_DECLS

typedef struct _PgSegment PgSegment;

/**
 * pg_segment_new:
 * @path: the database's
 * @database: its id
 * @number: of the redo log's last file, 0 if there was none
 * @end: how far that file goes
 *
 * Returns: (transfer full): a writer without a file; free with pg_segment_free()
 */
PgSegment *pg_segment_new (const char *path, guint64 database, guint64 number, gint64 end);

/** pg_segment_free: ends @self; NULL is legal. */
void pg_segment_free (PgSegment *self);

/** pg_segment_number: of the file written last; 0: none ever. */
guint64 pg_segment_number (const PgSegment *self);

/** pg_segment_end: how far that file goes. */
gint64 pg_segment_end (const PgSegment *self);

/** pg_segment_begin: begins the next file, and waits for the disk. On failure the one before goes on, if it still can:
 * else the next append begins the file again. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_segment_begin (PgSegment *self, GError **error);

/**
 * pg_segment_append:
 * @changes: (array length=len): a group as pg_change_append() made it, which is sealed here
 * @error: PG_ERROR_STORE
 *
 * Adds the group and waits for the disk; begins a file if there is none. After a failure the same may be tried again, with
 * more behind it: it is written over what is there, or, if the disk failed, to a new file.
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_segment_append (PgSegment *self, guint8 *changes, gsize len, GError **error);

/** pg_segment_trim: cuts off what a failed append left; FALSE if that can't be done. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_segment_trim (PgSegment *self);

/** PgSegmentHead: what stands at the beginning of a file. */
typedef struct
{
  guint64  database;
  guint64  number;
  gint64   end_before;
  PgSecret secret;
} PgSegmentHead;

/** pg_segment_read_head: PG_ERROR_DAMAGED if file @number is not there or has no whole head of that number. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_segment_read_head (const char *path, guint64 number, PgSegmentHead *out, GError **error);

/** PgSegmentTake: takes one change, no mark; FALSE with @error set ends the reading. */
typedef gboolean (*PgSegmentTake) (const PgChange *change, gpointer user_data, GError **error);

/**
 * pg_segment_read:
 * @number: which file
 * @database: whose it must be
 * @end: how far it goes; -1: as far as it is whole
 * @take: called with each change in order
 * @out_end: (out): how far it goes
 * @error: PG_ERROR_DAMAGED, PG_ERROR_STORE if it can't be read, or @take's
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_segment_read (const char *path, guint64 number, guint64 database, gint64 end, PgSegmentTake take, gpointer user_data,
                          gint64 *out_end, GError **error);

G_END_DECLS
