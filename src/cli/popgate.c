/* SPDX-License-Identifier: GPL-3.0-or-later */
/* popgate: the admin's hand on popgated. A table of subcommands; see popgate(1). */
#include "config.h"

#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/suggest.h"

#include <gio/gio.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Columns of a command and its operands in the help; a longer one has its summary on a line of its own. */
#define USAGE_WIDTH 22

static PgExit run_help (PgCli *cli, int argc, char **argv);

static const PgSubcommand subcommands[] = {
  { "check", "ADDRESS...", "Say whether each ADDRESS may relay now, and why", pg_cmd_check },
  { "explain", "ADDRESS...", "Tell the whole story of a verdict, now or earlier", pg_cmd_explain },
  { "list", "", "List who may relay because of a login", pg_cmd_list },
  { "allow", "ADDRESS|CIDR...", "Let addresses relay without a login", pg_cmd_allow },
  { "deny", "ADDRESS|CIDR|user:USER...", "Deny addresses, or make a user's logins not count", pg_cmd_deny },
  { "revoke", "ADDRESS|CIDR|user:USER...", "End what logins up to now have granted", pg_cmd_revoke },
  { "forget", "NOTE...", "Take an allow, deny, revoke or freeze back", pg_cmd_forget },
  { "freeze", "", "Let nobody relay by popgate until thaw; mail waits", pg_cmd_freeze },
  { "thaw", "", "End a freeze", pg_cmd_thaw },
  { "report", "", "Tell who still depends on POP-before-SMTP", pg_cmd_report },
  { "parse", "[FILE...]", "Show what log lines would grant, and change nothing", pg_cmd_parse },
  { "export", "", "Write all grants and notes, as JSON lines", pg_cmd_export },
  { "import", "", "Merge exports on the standard input into what is stored", pg_cmd_import },
  { "doctor", "", "Look for what is wrong here, and say what to change", pg_cmd_doctor },
  { "status", "", "Show how popgated is", pg_cmd_status },
  { "stats", "", "Show what popgated counts and measures", pg_cmd_stats },
  { "watch", "[logins|verdicts|notes|sources|store...]", "Show logins, verdicts and changes as they happen", pg_cmd_watch },
  { "exporter", "", "Serve what stats shows over HTTP, for Prometheus", pg_cmd_exporter },
  { "reload", "", "Have popgated read its configuration again", pg_cmd_reload },
  { "help", "[COMMAND]", "Tell of all commands, or of one and its options", run_help },
};

static const PgSubcommand *
find_subcommand (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (subcommands); i++)
    if (g_str_equal (subcommands[i].name, name))
      return &subcommands[i];
  return NULL;
}

static char *
list_subcommands (void)
{
  GString *text = g_string_new ("Commands:\n");

  for (gsize i = 0; i < G_N_ELEMENTS (subcommands); i++)
    {
      g_autofree char *usage = g_strdup_printf ("%s %s", subcommands[i].name, subcommands[i].arguments);

      g_string_append_printf (text, "  %-*s%s%*s%s\n", USAGE_WIDTH, usage, strlen (usage) < USAGE_WIDTH ? "" : "\n  ",
                              strlen (usage) < USAGE_WIDTH ? 0 : USAGE_WIDTH, "", subcommands[i].summary);
    }
  g_string_append (text, "\npopgate help COMMAND, or popgate COMMAND --help, tells a command's own options.");
  return g_string_free (text, FALSE);
}

static GOptionContext *
make_context (PgCli *cli, gboolean *version)
{
  const GOptionEntry own[] = {
    { "version", 'V', 0, G_OPTION_ARG_NONE, version, "Print the version, and end", NULL },
    G_OPTION_ENTRY_NULL,
  };
  GOptionContext  *context = g_option_context_new ("COMMAND ...");
  g_autofree char *commands = list_subcommands ();

  g_option_context_set_strict_posix (context, TRUE); /* what stands behind the command is the command's */
  g_option_context_set_description (context, commands);
  g_option_context_add_main_entries (context, pg_arguments_common (cli), NULL);
  g_option_context_add_main_entries (context, own, NULL);
  return context;
}

static PgExit
fail_to_find (const char *name)
{
  const char      *names[G_N_ELEMENTS (subcommands)];
  const char      *meant;
  g_autofree char *question = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (subcommands); i++)
    names[i] = subcommands[i].name;
  meant = pg_suggest (name, names, G_N_ELEMENTS (names));
  if (meant != NULL)
    question = g_strdup_printf (" Did you mean \"%s\"?", meant);
  return pg_arguments_fail (PG_EXIT_USAGE, "\"%s\": there is no such command.%s See popgate --help", name,
                            question != NULL ? question : "");
}

/* @argv: the command and its arguments. */
static PgExit
run (PgCli *cli, int argc, char **argv)
{
  cli->subcommand = find_subcommand (argv[0]);
  return cli->subcommand != NULL ? cli->subcommand->run (cli, argc, argv) : fail_to_find (argv[0]);
}

static PgExit
run_help (PgCli *cli, int argc, char **argv)
{
  gboolean version = FALSE;
  g_autoptr (GOptionContext) context = NULL;
  g_autofree char *text = NULL;

  if (!pg_arguments_parse (cli, NULL, &argc, &argv, 0, 1))
    return PG_EXIT_USAGE;
  if (argc > 1)
    return run (cli, 2, (char *[]){ argv[1], (char *) "--help", NULL });
  g_set_prgname ("popgate");
  context = make_context (cli, &version);
  text = g_option_context_get_help (context, TRUE, NULL);
  fputs (text, stdout);
  return pg_output_finish () ? PG_EXIT_OK : PG_EXIT_FAILED;
}

/* "popgate list | head" ends with head, in silence. GSocket has SIGPIPE ignored when it is used first: that must be over. */
static void
end_with_readers (void)
{
  g_type_class_unref (g_type_class_ref (G_TYPE_SOCKET));
  signal (SIGPIPE, SIG_DFL);
}

int
main (int argc, char **argv)
{
  PgCli    cli = { 0 };
  gboolean version = FALSE;
  g_autoptr (GOptionContext) context = make_context (&cli, &version);
  g_autoptr (GError) error = NULL;
  PgExit code;

  setlocale (LC_ALL, "C.UTF-8"); /* one language: arguments are bytes, and output is the same everywhere */
  end_with_readers ();
  if (!g_option_context_parse (context, &argc, &argv, &error))
    code = pg_arguments_fail (PG_EXIT_USAGE, "%s; see popgate --help", error->message);
  else if (version)
    code = printf ("popgate %s\n", PACKAGE_VERSION) > 0 ? PG_EXIT_OK : PG_EXIT_FAILED;
  else if (argc < 2)
    code = pg_arguments_fail (PG_EXIT_USAGE, "expected a command, as in: popgate check ADDRESS. All are in popgate --help");
  else
    code = run (&cli, argc - 1, argv + 1);
  g_free (cli.config);
  g_free (cli.socket);
  return (int) code;
}
