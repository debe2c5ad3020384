/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli: what all subcommands of popgate share: the table's row, the common options, and how to ask. */
#pragma once

#include "control/message.h"
#include "core/config.h"

G_BEGIN_DECLS

typedef struct _PgSubcommand PgSubcommand;

/**
 * PgCli: the common options, and which command runs.
 * @config: (nullable): --config
 * @socket: (nullable): --socket, else the configuration says
 */
typedef struct
{
  char               *config;
  char               *socket;
  gboolean            json;
  const PgSubcommand *subcommand;
} PgCli;

/**
 * PgSubcommand: a row of the table that dispatches and makes the help.
 * @run: gets the arguments with the subcommand's name in front; returns the exit code
 */
struct _PgSubcommand
{
  const char *name;
  const char *arguments;
  const char *summary;
  PgExit (*run) (PgCli *cli, int argc, char **argv);
};

PgExit pg_cmd_check (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_explain (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_list (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_allow (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_deny (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_revoke (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_forget (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_freeze (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_thaw (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_export (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_import (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_report (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_status (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_exporter (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_stats (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_watch (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_reload (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_parse (PgCli *cli, int argc, char **argv);
PgExit pg_cmd_doctor (PgCli *cli, int argc, char **argv);

G_END_DECLS
