/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/arguments.h"

#include <stdarg.h>
#include <stdio.h>

GOptionEntry *
pg_arguments_common (PgCli *cli)
{
  static GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, NULL, "Read FILE, not the usual configuration", "FILE" },
    { "socket", 0, 0, G_OPTION_ARG_FILENAME, NULL, "Ask popgated at PATH", "PATH" },
    { "json", 0, 0, G_OPTION_ARG_NONE, NULL, "Print JSON, one object a line", NULL },
    G_OPTION_ENTRY_NULL,
  };

  entries[0].arg_data = &cli->config;
  entries[1].arg_data = &cli->socket;
  entries[2].arg_data = &cli->json;
  return entries;
}

PgExit
pg_arguments_fail (PgExit code, const char *format, ...)
{
  va_list          arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  fprintf (stderr, "popgate: %s\n", text);
  return code;
}

static gboolean
check_count (const PgSubcommand *subcommand, int n_operands, int min, int max)
{
  if (n_operands >= min && (max < 0 || n_operands <= max))
    return TRUE;
  pg_arguments_fail (PG_EXIT_USAGE, "%s: expected %s; see popgate %s --help", subcommand->name,
                     max == 0 ? "no arguments" : subcommand->arguments, subcommand->name);
  return FALSE;
}

gboolean
pg_arguments_parse (PgCli *cli, const GOptionEntry *own, int *argc, char ***argv, int min, int max)
{
  const PgSubcommand *subcommand = cli->subcommand;
  g_autoptr (GOptionContext) context = g_option_context_new (subcommand->arguments);
  g_autofree char *program = g_strconcat ("popgate ", subcommand->name, NULL);
  g_autoptr (GError) error = NULL;

  g_set_prgname (program); /* for the usage line of --help */
  g_option_context_set_summary (context, subcommand->summary);
  if (min > 0 && max < 0)
    g_option_context_set_description (context,
                                      "Of several, each is a matter of its own; the exit status is the greatest of all.\n"
                                      "\"-\" stands for the lines of the standard input; \"#\" begins a comment.");
  if (own != NULL)
    g_option_context_add_main_entries (context, own, NULL);
  g_option_context_add_main_entries (context, pg_arguments_common (cli), NULL);
  if (g_option_context_parse (context, argc, argv, &error))
    return check_count (subcommand, *argc - 1, min, max);
  pg_arguments_fail (PG_EXIT_USAGE, "%s: %s; see popgate %s --help", subcommand->name, error->message, subcommand->name);
  return FALSE;
}
