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

/* Describes the words that @operands is made of, as "[FILE...]" and "ADDRESS|CIDR...". */
static void
describe_words (GString *text, const char *operands)
{
  static const struct
  {
    const char *word;
    const char *meaning;
  } rows[] = {
    { "ADDRESS", "an IPv4 or IPv6 address" },
    { "CIDR", "a network, as 192.0.2.0/24" },
    { "user:USER", "the logins of a user, as user:anna" },
    { "NOTE", "the number of a note; popgate status lists them" },
    { "FILE", "a log file, packed or not; - is the standard input" },
    { "COMMAND", "one of those that popgate help lists" },
  };
  g_auto (GStrv) words = g_strsplit_set (operands, "|[].", -1);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    if (g_strv_contains ((const char *const *) words, rows[i].word))
      g_string_append_printf (text, "%s  %-21s %s\n", text->len == 0 ? "Arguments:\n" : "", rows[i].word, rows[i].meaning);
}

/* What stands below the options. */
static char *
describe_operands (const char *operands, gboolean are_many)
{
  GString *text = g_string_new (NULL);

  describe_words (text, operands);
  if (are_many)
    g_string_append (text, "\nOf several, each is a matter of its own; the exit status is the greatest of all.\n"
                           "\"-\" stands for the lines of the standard input; \"#\" begins a comment.\n");
  g_string_truncate (text, text->len > 0 ? text->len - 1 : 0); /* GLib ends the line */
  return g_string_free (text, FALSE);
}

gboolean
pg_arguments_parse (PgCli *cli, const GOptionEntry *own, int *argc, char ***argv, int min, int max)
{
  const PgSubcommand *subcommand = cli->subcommand;
  g_autoptr (GOptionContext) context = g_option_context_new (subcommand->arguments);
  g_autofree char *program = g_strconcat ("popgate ", subcommand->name, NULL);
  g_autofree char *operands = describe_operands (subcommand->arguments, min > 0 && max < 0);
  g_autoptr (GError) error = NULL;

  g_set_prgname (program); /* for the usage line of --help */
  g_option_context_set_summary (context, subcommand->summary);
  if (operands[0] != '\0')
    g_option_context_set_description (context, operands);
  if (own != NULL)
    g_option_context_add_main_entries (context, own, NULL);
  g_option_context_add_main_entries (context, pg_arguments_common (cli), NULL);
  if (g_option_context_parse (context, argc, argv, &error))
    return check_count (subcommand, *argc - 1, min, max);
  pg_arguments_fail (PG_EXIT_USAGE, "%s: %s; see popgate %s --help", subcommand->name, error->message, subcommand->name);
  return FALSE;
}
