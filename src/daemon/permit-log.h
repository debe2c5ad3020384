/* SPDX-License-Identifier: GPL-3.0-or-later */
/* permit-log: who relayed by our word.
 *
 * The first permit of an address after a login is logged in full, as key=value; the later ones are counted, and told once a
 * minute. The memory for this is bounded: an address that was forgotten is logged in full again.
 */
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

typedef struct _PgPermitLog PgPermitLog;

/** pg_permit_log_new: free with pg_permit_log_free(). */
PgPermitLog *pg_permit_log_new (void);

/** pg_permit_log_free: tells what was not told yet, and ends @self; NULL is legal. */
void pg_permit_log_free (PgPermitLog *self);

/** pg_permit_log_add: @query was answered with OK because of @finding. */
void pg_permit_log_add (PgPermitLog *self, const PgQuery *query, const PgFinding *finding, gint64 now_us);

/** pg_permit_log_tell: tells how often permits were repeated since it was told last; to be called once a minute. */
void pg_permit_log_tell (PgPermitLog *self);

G_END_DECLS
