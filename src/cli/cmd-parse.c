/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parse: a dry run over logs. Asks nobody: what it says of a login is what the gate would say, were the login new. */
#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/output.h"
#include "cli/parse-feed.h"
#include "cli/parse-rows.h"
#include "cli/parse-summary.h"
#include "core/suspect.h"
#include "engine/engine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct
{
  gboolean why;
  gboolean unmatched;
  gboolean summary;
} Options;

typedef struct
{
  const Options  *options;
  PgHeadFormat    wanted; /* PG_HEAD_UNKNOWN: decided by each file */
  PgEngine       *engine; /* never opened: only its configuration is asked */
  PgLineRules     rules;
  PgClock         clock;
  PgParseRows    *rows;
  PgParseSummary *summary; /* NULL: rows are shown */
  PgJoiner       *joiner;  /* of this file */
} Run;

static void
take_login (Run *run, guint64 number, const PgLogin *login)
{
  const char *refusal = pg_engine_refusal (run->engine, login, login->time_us);

  if (run->summary != NULL)
    pg_parse_summary_add (run->summary, login, refusal == NULL);
  else if (!run->options->unmatched)
    pg_parse_rows_add_login (run->rows, number, login, refusal);
}

static void
take_line (Run *run, PgHeadFormat format, const PgParseLine *line)
{
  const char *why;
  PgLogin     login;

  switch (pg_login_line_parse (line->text, format, &run->rules, &run->clock, run->joiner, &login, &why))
    {
    case PG_LINE_LOGIN:
      take_login (run, line->number, &login);
      break;
    case PG_LINE_REFUSED:
      if (run->options->why || run->options->unmatched)
        pg_parse_rows_add_refused (run->rows, line->number, line->text, why);
      break;
    case PG_LINE_OTHER:
      if (run->options->unmatched && pg_suspect_is_login (line->text))
        pg_parse_rows_add_refused (run->rows, line->number, line->text, "a form that is not known");
      break;
    case PG_LINE_FOREIGN:
      break;
    }
}

/* Who reads a log that still grows wants to see the rows of all that has come. FALSE: they can't be written. */
static gboolean
take_lot (Run *run, const PgParseLot *lot)
{
  run->clock.now_us = g_get_real_time ();
  for (gsize i = 0; i < lot->n_lines; i++)
    take_line (run, lot->format, &lot->lines[i]);
  return !lot->is_short || pg_parse_rows_flush (run->rows);
}

/* The thread that waits for more of the log may do so for ever, and is left where it is. */
G_GNUC_NORETURN
static void
end_unread (void)
{
  (void) pg_output_finish ();
  exit (PG_EXIT_FAILED);
}

/* Takes @unpack. */
static gboolean
parse_lots (Run *run, PgUnpack *unpack, GError **error)
{
  g_autoptr (PgParseFeed) feed = pg_parse_feed_new (unpack, run->wanted, &run->rules, run->options->unmatched, error);
  g_autoptr (PgJoiner) joiner = pg_joiner_new ();
  const PgParseLot *lot;

  if (feed == NULL)
    return FALSE;
  run->joiner = joiner;
  while (pg_parse_feed_next (feed, &lot, error))
    {
      if (lot == NULL)
        return TRUE;
      if (!take_lot (run, lot))
        end_unread ();
    }
  return FALSE;
}

static gboolean
parse_file (Run *run, const char *path)
{
  gboolean is_stdin = g_str_equal (path, "-");
  g_autoptr (GError) error = NULL;
  PgUnpack *unpack = is_stdin ? pg_unpack_new (fcntl (STDIN_FILENO, F_DUPFD_CLOEXEC, 0), "the standard input", &error)
                              : pg_unpack_open (path, &error);

  if (unpack != NULL && parse_lots (run, unpack, &error))
    return TRUE;
  pg_arguments_fail (PG_EXIT_FAILED, "%s", error->message);
  return FALSE;
}

static PgExit
parse_all (Run *run, int n_files, char **files)
{
  PgExit code = PG_EXIT_OK;

  if (n_files == 0 && !parse_file (run, "-"))
    code = PG_EXIT_FAILED;
  for (int i = 0; i < n_files; i++)
    {
      pg_parse_rows_set_file (run->rows, n_files > 1 ? files[i] : NULL);
      if (!parse_file (run, files[i]))
        code = PG_EXIT_FAILED;
    }
  pg_parse_rows_set_file (run->rows, NULL);
  if (run->summary != NULL)
    pg_parse_summary_show (run->summary, run->rows);
  (void) pg_parse_rows_flush (run->rows);
  return pg_output_finish () ? code : PG_EXIT_FAILED;
}

/* Takes @config. */
static PgExit
parse_with (const PgCli *cli, PgConfig *config, const Options *options, PgHeadFormat wanted, int n_files, char **files)
{
  g_autoptr (PgEngine) engine = pg_engine_new (config, PG_STORE_READ_ONLY);
  g_autoptr (GTimeZone) zone = g_time_zone_new_local ();
  g_autoptr (PgParseRows) rows = pg_parse_rows_new (cli->json, zone);
  g_autoptr (PgParseSummary) summary = options->summary ? pg_parse_summary_new () : NULL;
  PgProgramMemo memo = { 0 };
  Run           run = {
              .options = options,
              .wanted = wanted,
              .engine = engine,
              .rules = pg_config_line_rules (config),
              .clock = { .zone = zone },
              .rows = rows,
              .summary = summary,
  };

  run.rules.memo = &memo;
  return parse_all (&run, n_files, files);
}

PgExit
pg_cmd_parse (PgCli *cli, int argc, char **argv)
{
  g_autofree char   *format = NULL;
  Options            options = { 0 };
  const GOptionEntry own[] = {
    { "format", 0, 0, G_OPTION_ARG_STRING, &format, "Heads of the lines: auto|syslog|dovecot|tai64n", "FORMAT" },
    { "why", 0, 0, G_OPTION_ARG_NONE, &options.why, "Also lines that only look like logins, and why", NULL },
    { "unmatched", 0, 0, G_OPTION_ARG_NONE, &options.unmatched, "Only these, and others that may tell logins", NULL },
    { "summary", 0, 0, G_OPTION_ARG_NONE, &options.summary, "Only numbers, by server, service and user", NULL },
    G_OPTION_ENTRY_NULL,
  };
  PgHeadFormat wanted = PG_HEAD_UNKNOWN;
  PgConfig    *config;

  if (!pg_arguments_parse (cli, own, &argc, &argv, 0, -1))
    return PG_EXIT_USAGE;
  if (format != NULL && !pg_head_format_from_span (pg_span_from_string (format), &wanted))
    return pg_arguments_fail (PG_EXIT_USAGE, "--format \"%s\": expected auto, syslog, dovecot or tai64n", format);
  if (options.summary && (options.why || options.unmatched))
    return pg_arguments_fail (PG_EXIT_USAGE, "--summary: expected neither --why nor --unmatched beside it");
  config = pg_ask_config (cli);
  return config != NULL ? parse_with (cli, config, &options, wanted, argc - 1, argv + 1) : PG_EXIT_USAGE;
}
