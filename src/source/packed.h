/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packed: what is still wanted of a rotated log that was compressed, unpacked into a file without a name.
 *
 * Bytes stand in that file where they stood in the log, so that it is read, and places in it are marked, as those of the log
 * itself; what is not wanted is a hole. The file lies in the folder for temporary files and holds no more than the lines that
 * are wanted, and a portion. A packed log that was last changed before all that is wanted is not looked into.
 */
#pragma once

#include "source/tail.h"

G_BEGIN_DECLS

/** PG_PACKED_BUDGET: so many bytes are unpacked at a start at the most. */
#define PG_PACKED_BUDGET (G_GUINT64_CONSTANT (4) << 30)

/**
 * PgPackedWant: what is wanted.
 * @trust: who may write to the packed file
 * @format: the lines' heads; found out if it is PG_HEAD_UNKNOWN
 * @since_us: lines from this moment on; older ones may come too
 * @clock: for reading stamps; borrowed
 * @budget: bytes that may still be unpacked; counted down
 */
typedef struct
{
  PgTrust        trust;
  PgHeadFormat   format;
  gint64         since_us;
  const PgClock *clock;
  guint64        budget;
} PgPackedWant;

/**
 * pg_packed_open:
 * @path: a packed log
 * @want: (inout): what is wanted
 * @mark: (nullable): only what stands behind it, and nothing unless it was made of this log
 * @out_goes_on: (out): FALSE if the logs before this one hold nothing that is wanted; else untouched
 * @out_damage: (out): why not all that may be wanted is there: PG_ERROR_SYSTEM, PG_ERROR_DENIED, PG_ERROR_DAMAGED, PG_ERROR_VALUE
 *
 * A log that is cut or damaged gives what can be unpacked, and an error as well.
 *
 * Returns: (transfer full) (nullable): the log, at the first place that is wanted; NULL: nothing is, or it can't be read
 */
PgTail *pg_packed_open (const char *path, PgPackedWant *want, const PgTailMark *mark, gboolean *out_goes_on, GError **out_damage);

G_END_DECLS
