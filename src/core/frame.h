/* SPDX-License-Identifier: GPL-3.0-or-later */
/* frame: what all stored records have in common: kind, version, length and a keyed checksum.
 *
 * Pure: no I/O, no clock, no log, no globals.
 *
 * Layout:   kind(1) version(1) length(2, of the whole frame) checksum(8) zero(4) body(length - PG_FRAME_HEADER)
 * Checksum: SipHash-2-4 under the database's secret over the record's key and the frame with zeros for the checksum: so a
 *           record that was torn, moved under another key or copied from another database is seen for what it is.
 *           Of grants from version 2 on, which are checked for each answer, blocks of 8 zeros at the end are left out of it;
 *           how many there are is not, as the hash is about the length too.
 */
#pragma once

#include "core/siphash.h"

G_BEGIN_DECLS

#define PG_FRAME_HEADER 16

/** PG_FRAME_MAX: bytes of the longest frame. */
#define PG_FRAME_MAX 1024

/** PG_FRAME_VERSION_MAX: the newest version of any kind. */
#define PG_FRAME_VERSION_MAX 3

/** PgFrameKind: what a stored record is; the numbers are in files and never change. */
typedef enum
{
  PG_FRAME_GRANT = 'g',
  PG_FRAME_NOTE = 'n',
  PG_FRAME_FREE = 'f', /* a note's place without a note */
  PG_FRAME_POSITION = 'p',
  PG_FRAME_ROOT = 'r', /* what is stored of the database itself */
  PG_FRAME_USAGE = 'u',
} PgFrameKind;

/**
 * pg_frame_seal:
 * @frame: (array length=size): body filled in from PG_FRAME_HEADER on; the header is written here
 * @size: bytes of the whole frame, PG_FRAME_HEADER to PG_FRAME_MAX
 * @kind: what it is
 * @version: version of the body's layout
 * @secret: the database's
 * @key: the key it will be stored under
 */
void pg_frame_seal (guint8 *frame, gsize size, PgFrameKind kind, guint8 version, const PgSecret *secret, const PgHash *key);

/**
 * pg_frame_check:
 * @frame: (array length=size): stored bytes, of any content
 * @size: how many there are
 * @expected_size: how many a frame of this kind and version has
 * @kind: what it must be
 * @version: the version that is understood
 * @secret: the database's
 * @key: the key it was found under
 * @error: PG_ERROR_DAMAGED, saying what is wrong
 *
 * Returns: FALSE with @error set if it is not such a frame, whole and unchanged
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_frame_check (const guint8 *frame, gsize size, gsize expected_size, PgFrameKind kind, guint8 version,
                         const PgSecret *secret, const PgHash *key, GError **error);

G_END_DECLS
