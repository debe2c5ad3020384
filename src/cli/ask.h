/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ask: has a command carried out, by popgated or, if none runs and it only reads, on the database itself. */
#pragma once

#include "cli/cli.h"
#include "control/client.h"

G_BEGIN_DECLS

/** pg_ask_config: (transfer full): the configuration that the options name; NULL, told on the standard error, if it is wrong. */
PgConfig *pg_ask_config (const PgCli *cli);

/** pg_ask_new: {"command": @command}; transfer full. */
JsonObject *pg_ask_new (const char *command);

/**
 * pg_ask:
 * @request: (transfer full): a request
 * @show: how a row is shown to people; with --json it is printed as it is
 *
 * Says on the standard error what went wrong.
 *
 * Returns: the exit code
 */
PgExit pg_ask (PgCli *cli, JsonObject *request, PgClientRow show);

G_END_DECLS
