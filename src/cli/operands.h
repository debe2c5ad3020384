/* SPDX-License-Identifier: GPL-3.0-or-later */
/* operands: several addresses, users or notes at once, one request each over one connection.
 *
 * "-" stands for the lines of the standard input: one operand a line, without blanks around it; empty lines and those that begin
 * with "#" are skipped. Each is carried out when it is read. What is wrong with one is told, with the number of its line, and
 * the others are carried out all the same.
 */
#pragma once

#include "cli/ask.h"

G_BEGIN_DECLS

/** PG_OPERAND_MAX: bytes of the longest operand; "user:" and the longest name are far shorter. */
#define PG_OPERAND_MAX 512

/**
 * PgOperandRequest: (transfer full): the request for @operand.
 *
 * Returns: NULL with @error set if it can't be one
 */
typedef JsonObject *(*PgOperandRequest) (const char *operand, gpointer user_data, GError **error);

/**
 * pg_operands_ask:
 * @argc: operands behind @argv[0]
 * @make: makes a request of each
 * @show: how a row is shown to people
 * @user_data: for both
 *
 * Returns: the worst of all exit codes, which is the greatest
 */
PgExit pg_operands_ask (PgCli *cli, int argc, char **argv, PgOperandRequest make, PgClientRow show, gpointer user_data);

G_END_DECLS
