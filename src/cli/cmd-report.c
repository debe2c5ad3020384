/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report: who still depends on POP-before-SMTP. */
#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/census-forms.h"
#include "cli/output.h"

#include <stdio.h>

/* A month: what is older is counted and not shown. */
#define DAYS_DEFAULT 30

static void
take_row (JsonObject *row, gpointer user_data)
{
  pg_census_add_row (user_data, row);
}

static void
print (const PgCensus *census, void (*write) (const PgCensus *, GString *))
{
  g_autoptr (GString) text = g_string_new (NULL);

  write (census, text);
  fputs (text->str, stdout);
}

static void
write_text (const PgCensus *census, GString *out)
{
  pg_census_to_text (census, pg_output_is_coloured (), out);
}

static void
write_html (const PgCensus *census, GString *out)
{
  pg_census_to_html (census, g_get_host_name (), g_get_real_time () / G_USEC_PER_SEC, out);
}

static PgExit
show (const PgCli *cli, const PgCensus *census, gboolean csv, gboolean html)
{
  if (cli->json)
    pg_census_print_json (census);
  else
    print (census, csv ? pg_census_to_csv : html ? write_html : write_text);
  return pg_output_finish () ? PG_EXIT_OK : PG_EXIT_FAILED;
}

static PgExit
report (PgCli *cli, gint days, gboolean csv, gboolean html)
{
  g_autoptr (PgAsker) asker = pg_asker_new (cli);
  g_autoptr (PgCensus) census = pg_census_new ();
  JsonObject *request = pg_ask_new ("report");
  PgExit      code;

  json_object_set_int_member (request, "days", days);
  code = pg_asker_collect (asker, request, "", take_row, census);
  if (code != PG_EXIT_OK)
    return code;
  if (census->n_days == 0)
    return pg_arguments_fail (PG_EXIT_FAILED, "popgated gave no report");
  pg_census_finish (census);
  return show (cli, census, csv, html);
}

PgExit
pg_cmd_report (PgCli *cli, int argc, char **argv)
{
  gint               days = DAYS_DEFAULT;
  gboolean           csv = FALSE;
  gboolean           html = FALSE;
  const GOptionEntry own[] = {
    { "days", 0, 0, G_OPTION_ARG_INT, &days, "Of the last N days, up to 92, instead of 30", "N" },
    { "csv", 0, 0, G_OPTION_ARG_NONE, &csv, "For a spreadsheet", NULL },
    { "html", 0, 0, G_OPTION_ARG_NONE, &html, "As a page with charts", NULL },
    G_OPTION_ENTRY_NULL,
  };

  if (!pg_arguments_parse (cli, own, &argc, &argv, 0, 0))
    return PG_EXIT_USAGE;
  if (csv + html + cli->json > 1)
    return pg_arguments_fail (PG_EXIT_USAGE, "report: expected one of --json, --csv and --html");
  if (days < 1 || days > PG_USAGE_DAYS)
    return pg_arguments_fail (PG_EXIT_USAGE, "report: --days: expected 1 to %d", PG_USAGE_DAYS);
  return report (cli, days, csv, html);
}
