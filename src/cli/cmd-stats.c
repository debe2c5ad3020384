/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stats: what popgated counts and measures. */
#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/output.h"
#include "cli/stats-show.h"
#include "control/stats.h"

#include <stdio.h>

static void
take (JsonObject *row, gpointer user_data)
{
  (void) pg_stats_take (row, user_data); /* what is not known here can't be shown */
}

/* Nothing is shown unless all of it came. */
static PgExit
show (PgCli *cli, gboolean as_prometheus)
{
  g_autoptr (PgAsker) asker = pg_asker_new (cli);
  g_autoptr (PgMetrics) metrics = pg_metrics_new ();
  PgExit           code = pg_asker_collect (asker, pg_ask_new ("stats"), "", take, metrics);
  g_autofree char *text = NULL;

  if (code != PG_EXIT_OK)
    return code;
  if (!as_prometheus)
    pg_stats_show (metrics);
  else
    {
      text = pg_metrics_to_text (metrics);
      fputs (text, stdout);
    }
  return pg_output_finish () ? PG_EXIT_OK : PG_EXIT_FAILED;
}

PgExit
pg_cmd_stats (PgCli *cli, int argc, char **argv)
{
  gboolean           prometheus = FALSE;
  const GOptionEntry own[] = {
    { "prometheus", 0, 0, G_OPTION_ARG_NONE, &prometheus, "Print Prometheus's text format", NULL },
    G_OPTION_ENTRY_NULL,
  };

  if (!pg_arguments_parse (cli, own, &argc, &argv, 0, 0))
    return PG_EXIT_USAGE;
  if (prometheus && cli->json)
    return pg_arguments_fail (PG_EXIT_USAGE, "stats: --prometheus and --json exclude each other");
  return cli->json ? pg_ask (cli, pg_ask_new ("stats"), NULL) : show (cli, prometheus);
}
