/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ask: has commands carried out, by popgated or, if none runs and they only read, on the database itself. */
#pragma once

#include "cli/cli.h"
#include "control/client.h"

G_BEGIN_DECLS

/** pg_ask_config: (transfer full): the configuration that the options name; NULL, told on the standard error, if it is wrong. */
PgConfig *pg_ask_config (const PgCli *cli);

/** pg_ask_socket: (transfer full): where popgated is asked; NULL, told on the standard error, if the configuration is wrong. */
char *pg_ask_socket (const PgCli *cli);

/** pg_ask_new: {"command": @command}; transfer full. */
JsonObject *pg_ask_new (const char *command);

/** PgAsker: whom to ask, over one connection; found when the first request is there. */
typedef struct _PgAsker PgAsker;

/** pg_asker_new: @cli must outlive it; free with pg_asker_free(). */
PgAsker *pg_asker_new (PgCli *cli);

/** pg_asker_free: ends @self; NULL is legal. */
void pg_asker_free (PgAsker *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgAsker, pg_asker_free)

/**
 * pg_asker_ask:
 * @request: (transfer full): a request
 * @place: stands before what is said to be wrong; "" or text that ends in a blank
 * @show: (nullable): how a row is shown to people; with --json it is printed as it is
 * @user_data: for @show
 *
 * Says on the standard error what went wrong.
 *
 * Returns: the exit code
 */
PgExit pg_asker_ask (PgAsker *self, JsonObject *request, const char *place, PgClientRow show, gpointer user_data);

/**
 * pg_asker_collect: as pg_asker_ask(), but @take gets each row with --json as well, and prints it if it likes.
 */
PgExit pg_asker_collect (PgAsker *self, JsonObject *request, const char *place, PgClientRow take, gpointer user_data);

/** pg_asker_is_lost: TRUE if nobody can be asked any more: the database can't be read, or the daemon is gone. */
gboolean pg_asker_is_lost (const PgAsker *self);

/** pg_ask: one request by an asker of its own. */
PgExit pg_ask (PgCli *cli, JsonObject *request, PgClientRow show);

G_END_DECLS
