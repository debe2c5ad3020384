/* SPDX-License-Identifier: GPL-3.0-or-later */
/* portable: grants and notes as JSON objects: what popgate export writes and popgate import reads, one a line.
 *
 * Pure: no I/O, no clock, no log, no globals.
 *
 * In order:  {"popgate_export": 1, "version": V, "time_us": T}
 *            {"note": KIND, "target": T, "by": B, "made_us": T, "until_us": T or null, "why": W}                 any number
 *            {"grant": ADDRESS, "newest_us": T, "first_us": T, "count": N, "dropped_us": T or null,
 *             "users": [{"user": U, "time_us": T, "service": S, "server": S}, ...]}                              any number
 *            {"end": true, "notes": N, "grants": N}
 * Times are microseconds since the Epoch: what is told in whole seconds cannot be merged without a login or a revoke becoming
 * older than it is. Of text that is not valid UTF-8 the member's name gets "_base64" at its end, and its value is that.
 * Bounds: PG_PORTABLE_MAX bytes a line; of all else those of PgRecord and PgNote. Unknown members are skipped; what is missing,
 * of another type or out of range is an error that says what was expected.
 */
#pragma once

#include "control/message.h"
#include "core/note.h"
#include "core/record.h"

G_BEGIN_DECLS

/** PG_PORTABLE_VERSION: of the format; another one is refused. */
#define PG_PORTABLE_VERSION 1

/** PG_PORTABLE_MAX: bytes of the longest line, without its LF; what a record can hold takes less than half of it. */
#define PG_PORTABLE_MAX 4096

/** PgPortableKind: what an object is. @PG_PORTABLE_UNKNOWN: none of these */
typedef enum
{
  PG_PORTABLE_UNKNOWN = 0,
  PG_PORTABLE_HEADER,
  PG_PORTABLE_NOTE,
  PG_PORTABLE_GRANT,
  PG_PORTABLE_END,
} PgPortableKind;

/**
 * pg_portable_parse:
 * @line: without its LF
 * @error: PG_ERROR_LIMIT or PG_ERROR_SYNTAX
 *
 * Returns: (transfer full): the object of one line, whatever its members are; unref with json_object_unref()
 */
G_GNUC_WARN_UNUSED_RESULT
JsonObject *pg_portable_parse (PgSpan line, GError **error);

/** pg_portable_kind: by the first member that is in the table above. */
PgPortableKind pg_portable_kind (JsonObject *object);

/** pg_portable_header: transfer full. */
JsonObject *pg_portable_header (const char *version, gint64 now_us) G_GNUC_WARN_UNUSED_RESULT;

/** pg_portable_note: transfer full. */
JsonObject *pg_portable_note (const PgNote *note) G_GNUC_WARN_UNUSED_RESULT;

/** pg_portable_grant: transfer full. */
JsonObject *pg_portable_grant (const PgRecord *record) G_GNUC_WARN_UNUSED_RESULT;

/** pg_portable_end: transfer full. */
JsonObject *pg_portable_end (guint64 n_notes, guint64 n_grants) G_GNUC_WARN_UNUSED_RESULT;

/** pg_portable_read_header: @out_us: when it was exported; @error: PG_ERROR_VALUE, or PG_ERROR_VERSION of another format. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_portable_read_header (JsonObject *object, gint64 *out_us, GError **error);

/** pg_portable_read_note: @out with id 0; undefined on failure. @error: PG_ERROR_VALUE. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_portable_read_note (JsonObject *object, PgNote *out, GError **error);

/** pg_portable_read_grant: the same; of @out it holds that no login is newer than the newest. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_portable_read_grant (JsonObject *object, PgRecord *out, GError **error);

/** pg_portable_read_end: how many of each there must have been. @error: PG_ERROR_VALUE. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_portable_read_end (JsonObject *object, guint64 *out_notes, guint64 *out_grants, GError **error);

G_END_DECLS
