/* SPDX-License-Identifier: GPL-3.0-or-later */
/* freeze-log: logs that popgate is frozen, and that it is no more.
 *
 * A freeze that stays over a restart, or was put in by the store, may have been forgotten; one with --for ends without a word of
 * anybody.
 */
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

/** pg_freeze_log_follow: @is_frozen: (inout): as it was logged last; logs it if it is otherwise now. While the notes are not
 * known, nothing is. */
void pg_freeze_log_follow (gboolean *is_frozen, PgEngine *engine);

G_END_DECLS
