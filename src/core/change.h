/* SPDX-License-Identifier: GPL-3.0-or-later */
/* change: one change of the database, as it stands in the redo log.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-change.c.
 *
 * Layout:   checksum(8) kind(1) key length(1) value length(2) kept length(2) key value; integers are little-endian. Of the
 *           value's end zeros are not kept: most of a grant's record is free room.
 * Checksum: SipHash-2-4 under the secret of the file it stands in, over its offset there and all behind the checksum: so
 *           nothing passes that was torn, stands elsewhere, or was left there by an older file.
 * Bounds:   PG_CHANGE_KEY_MAX and PG_FRAME_MAX bytes of key and value, so PG_CHANGE_MAX in all.
 */
#pragma once

#include "core/frame.h"
#include "core/span.h"

G_BEGIN_DECLS

#define PG_CHANGE_HEADER 14
#define PG_CHANGE_KEY_MAX 32

/** PG_CHANGE_MAX: bytes of the longest change. */
#define PG_CHANGE_MAX (PG_CHANGE_HEADER + PG_CHANGE_KEY_MAX + PG_FRAME_MAX)

/** PgChangeKind: the numbers are in files and never change. */
typedef enum
{
  PG_CHANGE_PUT = 'p',
  PG_CHANGE_REMOVE = 'r',
  PG_CHANGE_MARK = 'm', /* changes nothing: all that stands before it was on the disk when it was written */
} PgChangeKind;

/** PgChange: one change; the spans are borrowed. */
typedef struct
{
  PgChangeKind kind;
  PgSpan       key;
  gsize        value_len; /* of the whole value */
  PgSpan       value;     /* of it what is kept: the rest is zeros */
} PgChange;

/** pg_change_append: adds @self to @out, not sealed yet; the end zeros of its value are left away here. */
void pg_change_append (const PgChange *self, GByteArray *out);

/**
 * pg_change_seal_all:
 * @bytes: (array length=len): changes as pg_change_append() made them, one behind the other; sealed or not
 * @secret: the file's
 * @offset: where in the file @bytes will stand
 */
void pg_change_seal_all (guint8 *bytes, gsize len, const PgSecret *secret, guint64 offset);

/**
 * pg_change_parse:
 * @bytes: of any content
 * @out: (out): the change that they begin with, its spans borrowed from @bytes; its checksum was not looked at
 *
 * Returns: how many bytes it has; 0 if no whole change is there, and @out is untouched
 */
gsize pg_change_parse (PgSpan bytes, PgChange *out) G_GNUC_WARN_UNUSED_RESULT;

/** pg_change_decode: as pg_change_parse(), and 0 also if it was not sealed so, at @offset under @secret. */
gsize pg_change_decode (PgSpan bytes, const PgSecret *secret, guint64 offset, PgChange *out) G_GNUC_WARN_UNUSED_RESULT;

/** pg_change_get_value: writes all of the value to @out, value_len bytes. */
void pg_change_get_value (const PgChange *self, guint8 out[PG_FRAME_MAX]);

G_END_DECLS
