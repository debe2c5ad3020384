/* SPDX-License-Identifier: GPL-3.0-or-later */
/* segment-private: the head of a file of the redo log, for those who write and who read it. */
#pragma once

#include "store/segment.h"

G_BEGIN_DECLS

/** PG_SEGMENT_HEAD: bytes before the first change. */
#define PG_SEGMENT_HEAD 64

/** pg_segment_head_encode: writes @self to @out, with its checksum. */
void pg_segment_head_encode (const PgSegmentHead *self, guint8 out[PG_SEGMENT_HEAD]);

G_END_DECLS
