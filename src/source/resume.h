/* SPDX-License-Identifier: GPL-3.0-or-later */
/* resume: where reading of a log begins: where it stopped in an earlier run, or as far back as lines are wanted. */
#pragma once

#include "source/follow.h"

G_BEGIN_DECLS

/**
 * pg_resume:
 * @follow: (inout): that follows nothing but the current file, if there is one; gets the predecessors that are wanted
 * @position: (nullable): as pg_resume_position() gave it
 * @since_us: without a position that still fits, lines from this moment on are wanted; older ones may come too
 * @clock: for reading stamps
 */
void pg_resume (PgFollow *follow, GBytes *position, gint64 since_us, const PgClock *clock);

/** pg_resume_position: (transfer full) (nullable): behind the last lines that were taken; NULL: no file is followed. */
GBytes *pg_resume_position (const PgFollow *follow);

G_END_DECLS
