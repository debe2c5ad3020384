/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tail: one open log file, read on as it grows.
 *
 * The file is known by its inode, whatever it is called by now. Before each read the bytes before the offset are compared
 * with those read last time: a file that was cut and grew again is not read on in the middle of a line.
 */
#pragma once

#include "source/reader.h"
#include "source/trust.h"

#include <sys/stat.h>

G_BEGIN_DECLS

typedef struct _PgTail PgTail;

/** PG_TAIL_MARK_SIZE: bytes of a stored mark. */
#define PG_TAIL_MARK_SIZE 32

/** PG_TAIL_FINGERPRINT_MAX: so many bytes before a mark are looked at. */
#define PG_TAIL_FINGERPRINT_MAX 256

/** PgTailMark: the start of a line in a file: where, and what stands before it. */
typedef struct
{
  guint64 device;
  guint64 inode;
  guint64 offset;
  guint64 fingerprint; /* of up to PG_TAIL_FINGERPRINT_MAX bytes before the offset */
} PgTailMark;

/**
 * PgTailResult:
 * @PG_TAIL_FAILED: it can't be read
 * @PG_TAIL_CUT: it was truncated or written anew
 * @PG_TAIL_HELD: a line was not taken
 * @PG_TAIL_MORE: the budget is used up
 * @PG_TAIL_END: all was read
 */
typedef enum
{
  PG_TAIL_FAILED,
  PG_TAIL_CUT,
  PG_TAIL_HELD,
  PG_TAIL_MORE,
  PG_TAIL_END,
} PgTailResult;

/**
 * pg_tail_open:
 * @path: a regular file; it is read from its start unless pg_tail_seek() says otherwise
 * @trust: who may write to it
 * @error: PG_ERROR_SYSTEM, PG_ERROR_DENIED
 */
G_GNUC_WARN_UNUSED_RESULT
PgTail *pg_tail_open (const char *path, PgTrust trust, GError **error);

/** pg_tail_new: of @fd (transfer full), a regular file; NULL: it can't be looked at. */
PgTail *pg_tail_new (int fd);

/** pg_tail_free: ends @self; NULL is legal. */
void pg_tail_free (PgTail *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgTail, pg_tail_free)

/** pg_tail_fd: for watching it; borrowed. */
int pg_tail_fd (const PgTail *self);

/** pg_tail_seek: goes on from @offset, which begins a line. */
void pg_tail_seek (PgTail *self, guint64 offset);

/**
 * pg_tail_read:
 * @budget: (inout): bytes to read at most; reduced by what was read
 */
PgTailResult pg_tail_read (PgTail *self, gsize *budget, PgSource *source, const PgSourceSink *sink);

/** pg_tail_is_file: TRUE if it is the file of that device and inode. */
gboolean pg_tail_is_file (const PgTail *self, guint64 device, guint64 inode);

/** pg_tail_is_same: TRUE if both are open on the same file. */
gboolean pg_tail_is_same (const PgTail *self, const PgTail *other);

/** pg_tail_is_unlinked: TRUE if it has no name any more. */
gboolean pg_tail_is_unlinked (const PgTail *self);

/** pg_tail_mark: where the first line begins that was not taken. */
PgTailMark pg_tail_mark (const PgTail *self);

/** pg_tail_changed_ns: when a file was changed last, by its @status; nanoseconds since 1970. */
gint64 pg_tail_changed_ns (const struct stat *status);

/** pg_tail_written_us: when the file was changed last; G_MAXINT64 if that is not known. */
gint64 pg_tail_written_us (const PgTail *self);

/** pg_tail_fits: TRUE if before the mark's offset stands what stood there; asks not for device and inode. */
gboolean pg_tail_fits (const PgTail *self, const PgTailMark *mark);

/** pg_tail_continues: TRUE if @copy holds what @self read last, at the same place: a copy made before @self was cut. */
gboolean pg_tail_continues (const PgTail *self, const PgTail *copy);

/** pg_tail_is_unread: TRUE if reading stands at the start: then nothing that was read tells whether the file was cut since. */
gboolean pg_tail_is_unread (const PgTail *self);

/** pg_tail_begins_as: TRUE if @self begins with what @copy begins with, up to PG_TAIL_FINGERPRINT_MAX bytes, or @copy has
 * nothing: FALSE tells that @copy, made of @self, was made before that was cut. */
gboolean pg_tail_begins_as (const PgTail *self, const PgTail *copy);

/** pg_tail_line_start: offset of the first line that was not taken. */
guint64 pg_tail_line_start (const PgTail *self);

/** pg_tail_mark_put: writes @mark, little-endian. */
void pg_tail_mark_put (const PgTailMark *mark, guint8 out[PG_TAIL_MARK_SIZE]);

/** pg_tail_mark_get: reads what pg_tail_mark_put() wrote. */
PgTailMark pg_tail_mark_get (const guint8 data[PG_TAIL_MARK_SIZE]);

G_END_DECLS
