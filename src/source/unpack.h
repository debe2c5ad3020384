/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unpack: the bytes of a log, unpacked if it is compressed, in portions.
 *
 * Whether it is compressed, and how, its first bytes tell and not its name: gzip, bzip2, xz and zstd, each of them also as
 * several streams one behind the other; all else is handed out as it is. gzip is read through GLib, the others through
 * libarchive where popgate was built with it. No other program is ever run.
 * Memory does not grow with the file; xz and zstd take as much as whoever packed it asked for, with a bound of their library.
 * A file that is cut or damaged gives what can be unpacked of it, and then an error.
 */
#pragma once

#include "core/span.h"

G_BEGIN_DECLS

typedef struct _PgUnpack PgUnpack;

/**
 * pg_unpack_open:
 * @path: any readable file
 * @error: PG_ERROR_SYSTEM; PG_ERROR_VALUE: it is packed in a way that this build does not read. They name @path
 *
 * Returns: (transfer full): free with pg_unpack_free()
 */
G_GNUC_WARN_UNUSED_RESULT
PgUnpack *pg_unpack_open (const char *path, GError **error);

/**
 * pg_unpack_new:
 * @fd: (transfer full): read from where it stands; need not be a file. Closed in any case
 * @name: what errors call it
 * @error: as of pg_unpack_open()
 *
 * Waits for the first bytes.
 *
 * Returns: (transfer full): free with pg_unpack_free()
 */
G_GNUC_WARN_UNUSED_RESULT
PgUnpack *pg_unpack_new (int fd, const char *name, GError **error);

/** pg_unpack_free: ends @self; NULL is legal. */
void pg_unpack_free (PgUnpack *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgUnpack, pg_unpack_free)

/**
 * pg_unpack_next:
 * @out: (out): the next bytes, valid until the next call; none: that was the end
 * @error: PG_ERROR_SYSTEM: it can't be read; PG_ERROR_DAMAGED: it is cut or damaged. They name the file
 *
 * After FALSE only pg_unpack_free() is legal. What was handed out before is as it was packed.
 *
 * Returns: FALSE with @error set if it can't be read on
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_unpack_next (PgUnpack *self, PgSpan *out, GError **error);

G_END_DECLS
