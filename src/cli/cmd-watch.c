/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watch: what happens, as it happens; goes on when popgated comes back. */
#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/output.h"
#include "cli/watch-line.h"
#include "control/event-filter.h"
#include "core/error.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* How long it waits before it tries to reach popgated again: longer each time. */
#define PAUSE_MIN_US (100 * 1000)
#define PAUSE_MAX_US (5 * G_USEC_PER_SEC)

/* No row is longer, so that each is one write. */
#define LINE_MAX_BYTES 65536

typedef struct
{
  char    *address;
  char    *user;
  char    *verdict;
  gboolean wait;
} Options;

typedef struct
{
  const PgCli *cli;
  const char  *path; /* of the socket */
  PgWatchDay   day;
  gboolean     was_heard; /* ever */
  gboolean     is_heard;  /* over this connection */
  gboolean     is_missed; /* and this was said */
} Watch;

/* --- showing --------------------------------------------------------------------------------------------------------- */

/* Nobody reads on: then all is done. */
static void
flush_or_end (void)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return;
  exit (errno == EPIPE ? PG_EXIT_OK : (int) pg_arguments_fail (PG_EXIT_FAILED, "cannot write: %s", g_strerror (errno)));
}

static void
show (JsonObject *row, gpointer user_data)
{
  Watch *self = user_data;

  if (self->is_missed)
    pg_arguments_fail (PG_EXIT_OK, "popgated answers%s", self->was_heard ? " again" : "");
  self->was_heard = self->is_heard = TRUE;
  self->is_missed = FALSE;
  if (self->cli->json)
    pg_output_json (row);
  else
    pg_watch_line_show (row, &self->day);
  flush_or_end ();
}

/* --- asking ---------------------------------------------------------------------------------------------------------- */

/* Only popgated itself can say that it won't; then it is of no use to ask again. */
static gboolean
is_gone (const GError *error)
{
  return g_error_matches (error, PG_ERROR, PG_ERROR_ABSENT) || g_error_matches (error, PG_ERROR, PG_ERROR_SYSTEM);
}

/* @pause_us: (inout): since the last connection on which something was heard. */
static void
miss (Watch *self, const GError *error, gint64 *pause_us)
{
  if (!self->is_missed && self->is_heard)
    pg_arguments_fail (PG_EXIT_OK, "popgated at %s is gone; waiting for it", self->path);
  else if (!self->is_missed)
    pg_arguments_fail (PG_EXIT_OK, "%s; waiting for it", error->message);
  self->is_missed = TRUE;
  if (self->is_heard)
    *pause_us = PAUSE_MIN_US;
  g_usleep ((gulong) *pause_us);
  *pause_us = MIN (*pause_us * 2, PAUSE_MAX_US);
}

static PgExit
watch (Watch *self, JsonObject *request, gboolean is_patient)
{
  gint64 pause_us = PAUSE_MIN_US;

  for (;;)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (PgClient) client = pg_client_connect (self->path, &error);
      PgExit code = PG_EXIT_FAILED;

      self->is_heard = FALSE;
      if (client != NULL && pg_client_ask (client, request, show, self, &code, &error))
        return code;
      if (!is_gone (error) || !(is_patient || self->was_heard))
        return pg_arguments_fail (code, "%s", error->message);
      miss (self, error, &pause_us);
    }
}

static void
stop (G_GNUC_UNUSED int signal_number)
{
  _exit (PG_EXIT_OK);
}

static void
set_signals (void)
{
  signal (SIGPIPE, SIG_IGN); /* told by what is written */
  signal (SIGINT, stop);
  signal (SIGTERM, stop);
}

/* --- the command ----------------------------------------------------------------------------------------------------- */

static JsonObject *
make_request (const Options *options, int n_kinds, char **kinds)
{
  JsonObject      *request = pg_ask_new ("watch");
  g_autofree char *only = g_strjoinv (",", kinds);

  if (n_kinds > 0)
    pg_message_set_text (request, "only", pg_span_from_string (only));
  if (options->address != NULL)
    pg_message_set_text (request, "address", pg_span_from_string (options->address));
  if (options->user != NULL)
    pg_message_set_text (request, "user", pg_span_from_string (options->user));
  if (options->verdict != NULL)
    pg_message_set_text (request, "verdict", pg_span_from_string (options->verdict));
  return request;
}

/* What is asked wrongly is told at once, though popgated may not run. */
static PgExit
watch_by (const PgCli *cli, JsonObject *request, gboolean is_patient)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;
  PgEventFilter filter;
  Watch         self = { .cli = cli };

  if (!pg_event_filter_parse (request, &filter, &error))
    return pg_arguments_fail (PG_EXIT_USAGE, "watch: %s", error->message);
  self.path = path = pg_ask_socket (cli);
  if (path == NULL)
    return PG_EXIT_USAGE;
  setvbuf (stdout, NULL, _IOFBF, LINE_MAX_BYTES);
  set_signals ();
  return watch (&self, request, is_patient);
}

PgExit
pg_cmd_watch (PgCli *cli, int argc, char **argv)
{
  Options            options = { 0 };
  const GOptionEntry own[] = {
    { "address", 0, 0, G_OPTION_ARG_STRING, &options.address, "Only what concerns an address or a network", "ADDRESS|CIDR" },
    { "user", 0, 0, G_OPTION_ARG_STRING, &options.user, "Only what concerns USER", "USER" },
    { "verdict", 0, 0, G_OPTION_ARG_STRING, &options.verdict, "One or more of OK|DUNNO|DEFER_IF_REJECT|REJECT", "LIST" },
    { "wait", 0, 0, G_OPTION_ARG_NONE, &options.wait, "If popgated does not run yet, wait for it", NULL },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (JsonObject) request = NULL;
  PgExit code = PG_EXIT_USAGE;

  if (pg_arguments_parse (cli, own, &argc, &argv, 0, -1))
    {
      request = make_request (&options, argc - 1, argv + 1);
      code = watch_by (cli, request, options.wait);
    }
  g_free (options.address);
  g_free (options.user);
  g_free (options.verdict);
  return code;
}
