/* SPDX-License-Identifier: GPL-3.0-or-later */
/* popgated: POP-before-SMTP for Postfix. Options, signals and the main loop; see popgated(8). */
#include "config.h"

#include "core/error.h"
#include "daemon/daemon.h"
#include "daemon/identity.h"
#include "daemon/log.h"
#include "engine/config-file.h"
#include "source/source.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum
{
  EXIT_OK = 0,
  EXIT_RUNTIME = 1,
  EXIT_CONFIG = 2,
};

static struct
{
  char    *config;
  char   **overrides;
  gboolean check_config;
  gboolean help_config;
  gboolean syslog;
  gboolean version;
} options;

static const GOptionEntry entries[] = {
  { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options.config, "Read FILE instead of the usual configuration", "FILE" },
  { "option", 'o', 0, G_OPTION_ARG_STRING_ARRAY, &options.overrides, "Override the file; may be repeated", "GROUP.KEY=VALUE" },
  { "check-config", 0, 0, G_OPTION_ARG_NONE, &options.check_config, "Only say what is wrong with the settings", NULL },
  { "help-config", 0, 0, G_OPTION_ARG_NONE, &options.help_config, "Print all settings with their defaults", NULL },
  { "syslog", 0, 0, G_OPTION_ARG_NONE, &options.syslog, "Log to syslog, not to the standard error", NULL },
  { "version", 'V', 0, G_OPTION_ARG_NONE, &options.version, "Print the version, and end", NULL },
  G_OPTION_ENTRY_NULL,
};

/* A source may name a user, or want a library, that is not there. */
static gboolean
check_sources (const PgConfig *config, GError **error)
{
  gboolean ok = TRUE;

  for (char **text = config->sources; *text != NULL && ok; text++)
    {
      PgSource *source = pg_source_new (*text, error);

      ok = source != NULL;
      pg_source_free (source);
    }
  return ok;
}

/* What is wrong with a source is seen here as well: at a reload, none of the file may be taken then. */
static PgConfig *
load_config (GError **error)
{
  g_autoptr (PgConfig) config = pg_config_file_load (options.config, (const char *const *) options.overrides, error);

  return config != NULL && check_sources (config, error) ? g_steal_pointer (&config) : NULL;
}

static gboolean
on_reload (gpointer daemon)
{
  g_autoptr (GError) error = NULL;

  if (!pg_daemon_reload (daemon, &error))
    g_warning ("the configuration is kept as it was: %s", error->message);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_stop (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

/* Until they are handled: to read the configuration may take a while. */
static void
hold_signals (sigset_t *out_mask)
{
  sigset_t held;

  sigemptyset (&held);
  sigaddset (&held, SIGHUP);
  sigaddset (&held, SIGTERM);
  sigaddset (&held, SIGINT);
  sigprocmask (SIG_BLOCK, &held, out_mask);
}

/* Handlers are set before the first socket answers; they run when the loop does. With them comes GLib's own thread. */
static void
handle_signals (PgDaemon *daemon, GMainLoop *loop, const sigset_t *mask)
{
  g_unix_signal_add (SIGHUP, on_reload, daemon);
  g_unix_signal_add (SIGTERM, on_stop, loop);
  g_unix_signal_add (SIGINT, on_stop, loop);
  sigprocmask (SIG_SETMASK, mask, NULL);
}

static int
fail_to_start (const GError *error)
{
  gboolean is_config = g_error_matches (error, PG_ERROR, PG_ERROR_VALUE) || g_error_matches (error, PG_ERROR, PG_ERROR_SYNTAX);

  fprintf (stderr, "popgated: %s\n", error->message);
  return is_config ? EXIT_CONFIG : EXIT_RUNTIME;
}

static int
run (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  PgDaemon *daemon;
  sigset_t  mask;

  hold_signals (&mask);
  signal (SIGPIPE, SIG_IGN);
  signal (SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of its own */
  daemon = pg_daemon_new (load_config, &error);
  if (daemon == NULL)
    return fail_to_start (error);
  handle_signals (daemon, loop, &mask);
  if (!pg_daemon_start (daemon, &error))
    {
      pg_daemon_stop (daemon);
      return fail_to_start (error);
    }
  g_message ("popgated %s is ready", PACKAGE_VERSION);
  g_main_loop_run (loop);
  pg_daemon_stop (daemon);
  g_message ("ended in order");
  return EXIT_OK;
}

/* Whether popgated could become it is seen when it starts: who checks may not be root. */
static gboolean
check_identity (const PgConfig *config, GError **error)
{
  g_auto (PgIdentity) identity = { 0 };

  return pg_identity_find (config->user, config->group, &identity, error);
}

static int
check_config (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PgConfig) config = load_config (&error);

  if (config != NULL && check_identity (config, &error))
    return EXIT_OK;
  fprintf (stderr, "popgated: %s\n", error->message);
  return EXIT_CONFIG;
}

static int
print_help_config (void)
{
  g_autofree char *help = pg_config_help ();

  return fputs (help, stdout) >= 0 && fflush (stdout) == 0 ? EXIT_OK : EXIT_RUNTIME;
}

static gboolean
parse_options (int *argc, char ***argv, GError **error)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_set_summary (context, "Lets addresses relay through Postfix that have checked their mail.");
  g_option_context_set_description (context, "The usual configuration is " PG_CONFIG_FILE ", if it is there.");
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc > 1)
    g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "\"%s\": expected options only", (*argv)[1]);
  return *argc == 1;
}

/* What is large goes back to the system when it is freed. Left to itself glibc keeps it after the first time, and an index that
 * has grown often would leave holes as large as it is. */
static void
return_large_blocks (void)
{
#ifdef M_MMAP_THRESHOLD
  (void) mallopt (M_MMAP_THRESHOLD, 128 * 1024);
#endif
}

/* Whoever starts it may have closed them. What is opened next would take their place: the log would be written into it. */
static gboolean
open_standard_descriptors (void)
{
  int fd;

  do
    fd = open ("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  return fd >= 0 && close (fd) == 0;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (!open_standard_descriptors ())
    return EXIT_RUNTIME;
  setlocale (LC_ALL, "C.UTF-8"); /* one language everywhere: the log is read by programs too */
  if (!parse_options (&argc, &argv, &error))
    {
      fprintf (stderr, "popgated: %s; see popgated --help\n", error->message);
      return EXIT_CONFIG;
    }
  if (options.version)
    return printf ("popgated %s\n", PACKAGE_VERSION) > 0 ? EXIT_OK : EXIT_RUNTIME;
  if (options.help_config)
    return print_help_config ();
  if (options.check_config)
    return check_config ();
  return_large_blocks ();
  pg_log_init (options.syslog ? PG_LOG_SYSLOG : PG_LOG_STDERR);
  pg_identity_harden ();
  return run ();
}
