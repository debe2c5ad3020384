/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/client.h"

#include "core/error.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>

struct _PgClient
{
  GSocketConnection *connection;
  GDataInputStream  *input;
  char              *path;
};

PgClient *
pg_client_connect (const char *path, GError **error)
{
  return pg_client_connect_for (path, PG_CLIENT_PATIENCE_S, error);
}

PgClient *
pg_client_connect_for (const char *path, guint patience_s, GError **error)
{
  g_autoptr (GSocketClient) socket = g_socket_client_new ();
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GError) cause = NULL;
  GSocketConnection *connection;
  PgClient          *self;
  gboolean           nobody;

  g_socket_client_set_timeout (socket, patience_s);
  connection = g_socket_client_connect (socket, G_SOCKET_CONNECTABLE (address), NULL, &cause);
  if (connection == NULL)
    {
      nobody = g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
               || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED);
      g_set_error (error, PG_ERROR, nobody ? PG_ERROR_ABSENT : PG_ERROR_SYSTEM, "cannot reach popgated at %s: %s", path,
                   cause->message);
      return NULL;
    }
  self = g_new0 (PgClient, 1);
  self->connection = connection;
  self->input = g_data_input_stream_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  self->path = g_strdup (path);
  return self;
}

void
pg_client_free (PgClient *self)
{
  if (self == NULL)
    return;
  g_object_unref (self->input);
  g_object_unref (self->connection);
  g_free (self->path);
  g_free (self);
}

static JsonObject *
read_message (PgClient *self, GError **error)
{
  GError          *cause = NULL;
  gsize            len;
  g_autofree char *line = g_data_input_stream_read_line (self->input, &len, NULL, &cause);

  if (line != NULL)
    return pg_message_parse (pg_span (line, len), error);
  g_set_error (error, PG_ERROR, PG_ERROR_SYSTEM, "popgated at %s ended the connection: %s", self->path,
               cause != NULL ? cause->message : "before its answer was complete");
  g_clear_error (&cause);
  return NULL;
}

static gboolean
finish (JsonObject *message, PgExit *out_exit, GError **error)
{
  const char *text = pg_message_get_string (message, "error");

  *out_exit = (PgExit) pg_message_get_int (message, "exit", PG_EXIT_FAILED);
  if (text != NULL)
    g_set_error_literal (error, PG_ERROR, PG_ERROR_VALUE, text);
  return text == NULL;
}

/* What can't be sent is told as what can't be read: the daemon is gone. */
static gboolean
send_request (PgClient *self, JsonObject *request, GError **error)
{
  g_autofree char *line = pg_message_to_line (request);
  GOutputStream   *output = g_io_stream_get_output_stream (G_IO_STREAM (self->connection));
  g_autoptr (GError) cause = NULL;

  if (g_output_stream_write_all (output, line, strlen (line), NULL, NULL, &cause))
    return TRUE;
  g_set_error (error, PG_ERROR, PG_ERROR_SYSTEM, "popgated at %s ended the connection: %s", self->path, cause->message);
  return FALSE;
}

gboolean
pg_client_ask (PgClient *self, JsonObject *request, PgClientRow row, gpointer user_data, PgExit *out_exit, GError **error)
{
  *out_exit = PG_EXIT_FAILED;
  if (!send_request (self, request, error))
    return FALSE;
  for (;;)
    {
      g_autoptr (JsonObject) message = read_message (self, error);

      if (message == NULL)
        return FALSE;
      if (json_object_has_member (message, "row"))
        row (json_object_get_object_member (message, "row"), user_data);
      else if (!pg_message_get_flag (message, "alive"))
        return finish (message, out_exit, error);
    }
}
