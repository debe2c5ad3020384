/* SPDX-License-Identifier: GPL-3.0-or-later */
/* granter: the one way of a login into the store, wherever it was read. Tells the log of those that were stored. */
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

typedef struct _PgGranter PgGranter;

/** PgGranted: called when a login was stored; it is not on the disk yet. */
typedef void (*PgGranted) (gpointer user_data);

/** pg_granter_new: @engine must outlive it; free with pg_granter_free(). */
PgGranter *pg_granter_new (PgEngine *engine, PgGranted granted, gpointer user_data);

/** pg_granter_free: ends @self; NULL is legal. */
void pg_granter_free (PgGranter *self);

/** pg_granter_take: FALSE if @login could not be stored: hand it in again when the store is well. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_granter_take (PgGranter *self, const PgLogin *login, gint64 now_us);

G_END_DECLS
