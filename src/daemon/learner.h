/* SPDX-License-Identifier: GPL-3.0-or-later */
/* learner: walks once over a database that was opened, a little at a time, so that the store knows all its grants without reading
 * them. Until it is through, what is not known yet is read.
 */
#pragma once

#include "store/store.h"

G_BEGIN_DECLS

typedef struct _PgLearner PgLearner;

/** pg_learner_new: @store must outlive it; free with pg_learner_free(). */
PgLearner *pg_learner_new (PgStore *store);

/** pg_learner_free: ends @self; NULL is legal. */
void pg_learner_free (PgLearner *self);

/** pg_learner_start: begins, of an open store; a walk under way is given up. */
void pg_learner_start (PgLearner *self);

G_END_DECLS
