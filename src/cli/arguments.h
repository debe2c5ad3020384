/* SPDX-License-Identifier: GPL-3.0-or-later */
/* arguments: a subcommand's own options and operands. */
#pragma once

#include "cli/cli.h"

G_BEGIN_DECLS

/**
 * pg_arguments_parse:
 * @own: (nullable): the subcommand's options; the common ones are added
 * @argc: (inout): operands are left, behind argv[0], the subcommand's name
 * @min: at least so many operands
 * @max: at most so many; -1: any number
 *
 * Says on the standard error what is wrong. --help is answered here and ends the program.
 *
 * Returns: FALSE if the arguments are not as expected
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_arguments_parse (PgCli *cli, const GOptionEntry *own, int *argc, char ***argv, int min, int max);

/** pg_arguments_common: the options that every subcommand has, and popgate itself; borrowed, into @cli. */
GOptionEntry *pg_arguments_common (PgCli *cli);

/** pg_arguments_fail: says "popgate: ..." on the standard error; returns @code. */
PgExit pg_arguments_fail (PgExit code, const char *format, ...) G_GNUC_PRINTF (2, 3);

G_END_DECLS
