/* SPDX-License-Identifier: GPL-3.0-or-later */
/* client: asks popgated over its control socket. */
#pragma once

#include "control/message.h"

G_BEGIN_DECLS

/** PG_CLIENT_PATIENCE_S: seconds without a byte from the daemon after which it is given up. */
#define PG_CLIENT_PATIENCE_S 30

typedef struct _PgClient PgClient;

/** PgClientRow: called with each row of an answer, borrowed. */
typedef void (*PgClientRow) (JsonObject *row, gpointer user_data);

/**
 * pg_client_connect:
 * @path: the control socket
 * @error: PG_ERROR_ABSENT if nobody listens there, PG_ERROR_SYSTEM else; names the path
 *
 * Returns: (transfer full): free with pg_client_free()
 */
G_GNUC_WARN_UNUSED_RESULT
PgClient *pg_client_connect (const char *path, GError **error);

/** pg_client_connect_for: as pg_client_connect(), with @patience_s in the place of PG_CLIENT_PATIENCE_S. */
G_GNUC_WARN_UNUSED_RESULT
PgClient *pg_client_connect_for (const char *path, guint patience_s, GError **error);

/** pg_client_free: ends @self; NULL is legal. */
void pg_client_free (PgClient *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgClient, pg_client_free)

/**
 * pg_client_ask:
 * @request: a request, see commands.h
 * @row: called for each row
 * @out_exit: (out): how the command ended
 * @error: PG_ERROR_SYSTEM or PG_ERROR_SYNTAX if there was no whole answer; else what the daemon said is wrong, PG_ERROR_VALUE
 *
 * Returns: FALSE with @error set if there was no answer, or it was an error; @out_exit is set in any case
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_client_ask (PgClient *self, JsonObject *request, PgClientRow row, gpointer user_data, PgExit *out_exit,
                        GError **error);

G_END_DECLS
