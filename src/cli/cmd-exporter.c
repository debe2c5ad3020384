/* SPDX-License-Identifier: GPL-3.0-or-later */
/* exporter: a process of its own that serves metrics over HTTP, so that popgated keeps no network. */
#include "config.h"

#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/exporter.h"
#include "core/error.h"

#include <gio/gio.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#define LISTEN "127.0.0.1:9740"
#define BACKLOG 64

/* --- where ----------------------------------------------------------------------------------------------------------- */

/* Names are not taken: who is served must not depend on who answers for them. Without a port it is 0. */
static GSocketAddress *
parse_address (const char *text, GError **error)
{
  g_autoptr (GSocketConnectable) parsed = g_network_address_parse (text, 0, NULL);
  g_autoptr (GInetAddress) address = NULL;

  if (parsed != NULL && g_network_address_get_port (G_NETWORK_ADDRESS (parsed)) != 0)
    address = g_inet_address_new_from_string (g_network_address_get_hostname (G_NETWORK_ADDRESS (parsed)));
  if (address != NULL)
    return g_inet_socket_address_new (address, g_network_address_get_port (G_NETWORK_ADDRESS (parsed)));
  g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "exporter: --listen %s: expected ADDRESS:PORT, as " LISTEN " or [::1]:9740",
               text);
  return NULL;
}

static GSocket *
make_socket (GSocketAddress *address, GError **error)
{
  g_autoptr (GSocket) socket =
      g_socket_new (g_socket_address_get_family (address), G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);

  if (socket == NULL)
    return NULL;
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, BACKLOG);
  if (!g_socket_bind (socket, address, TRUE, error) || !g_socket_listen (socket, error))
    return NULL;
  return g_steal_pointer (&socket);
}

/* The socket that a service manager passed; NULL without an error: it passed none. */
static GSocket *
take_passed (GError **error)
{
#ifdef HAVE_SYSTEMD
  int n = sd_listen_fds (TRUE);

  if (n <= 0)
    return NULL;
  if (n == 1 && sd_is_socket (SD_LISTEN_FDS_START, AF_UNSPEC, SOCK_STREAM, 1) > 0)
    {
      GSocket *socket = g_socket_new_from_fd (SD_LISTEN_FDS_START, error);

      if (socket != NULL)
        g_socket_set_blocking (socket, FALSE);
      return socket;
    }
  g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "exporter: %d descriptors were passed: expected one stream socket that listens",
               n);
#endif
  return NULL;
}

static GSocket *
listen_at (const char *text, GError **error)
{
  g_autoptr (GSocketAddress) address = NULL;
  GError  *cause = NULL;
  GSocket *socket = take_passed (&cause);

  if (socket == NULL && cause == NULL)
    {
      address = parse_address (text, &cause);
      socket = address != NULL ? make_socket (address, &cause) : NULL;
    }
  if (socket == NULL && cause->domain != PG_ERROR)
    g_prefix_error (&cause, "exporter: cannot listen at %s: ", text);
  if (socket == NULL)
    g_propagate_error (error, cause);
  return socket;
}

/* --- serving --------------------------------------------------------------------------------------------------------- */

static void
tell_where (GSocket *socket)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);
  g_autofree char *text =
      address != NULL ? g_socket_connectable_to_string (G_SOCKET_CONNECTABLE (address)) : g_strdup ("a socket that was passed");

  fprintf (stderr, "popgate: exporter listens at %s\n", text);
}

static gboolean
end (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_CONTINUE;
}

static PgExit
serve (GSocket *socket, const char *path)
{
  PgScraper *scraper = pg_scraper_new (path);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;
  g_autoptr (PgExporter) exporter = pg_exporter_new (g_socket_get_fd (socket), scraper, &error);

  if (exporter != NULL)
    {
      tell_where (socket);
      signal (SIGPIPE, SIG_IGN); /* a client that goes ends nothing */
      g_unix_signal_add (SIGTERM, end, loop);
      g_unix_signal_add (SIGINT, end, loop);
      g_main_loop_run (loop);
    }
  g_clear_pointer (&exporter, pg_exporter_free);
  pg_scraper_free (scraper);
  return error == NULL ? PG_EXIT_OK : pg_arguments_fail (PG_EXIT_FAILED, "%s", error->message);
}

PgExit
pg_cmd_exporter (PgCli *cli, int argc, char **argv)
{
  g_autofree char   *where = NULL;
  g_autofree char   *path = NULL;
  const GOptionEntry own[] = {
    { "listen", 0, 0, G_OPTION_ARG_STRING, &where, "Listen at ADDRESS:PORT instead of " LISTEN, "ADDRESS:PORT" },
    G_OPTION_ENTRY_NULL,
  };
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GError) error = NULL;

  if (!pg_arguments_parse (cli, own, &argc, &argv, 0, 0))
    return PG_EXIT_USAGE;
  path = pg_ask_socket (cli);
  if (path == NULL)
    return PG_EXIT_USAGE;
  if (pg_exporter_can (&error))
    socket = listen_at (where != NULL ? where : LISTEN, &error);
  if (socket == NULL)
    return pg_arguments_fail (g_error_matches (error, PG_ERROR, PG_ERROR_VALUE) ? PG_EXIT_USAGE : PG_EXIT_FAILED, "%s",
                              error->message);
  return serve (socket, path);
}
