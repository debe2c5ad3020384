/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/exporter.h"

#include "core/error.h"
#include "core/metrics.h"

#ifdef HAVE_MICROHTTPD
#include <glib-unix.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* How often connections are looked through for those whose time is over. */
#define TICK_MS 500

/* A page that says what there is, or what is wrong. */
#define PLAIN "text/plain; charset=utf-8"

typedef struct
{
  int    fd;
  gint64 since_us; /* monotonic */
} Visit;

struct _PgExporter
{
  struct MHD_Daemon *http;
  PgScraper         *scraper;
  GHashTable        *visits; /* of Visit */
  guint              fd_source;
  guint              tick_source;
  guint              idle_source; /* goes on at once; 0: none */
  char              *told;        /* the problem, as it was told last; NULL: none */
};

/* --- answers --------------------------------------------------------------------------------------------------------- */

static enum MHD_Result
reply (struct MHD_Connection *connection, guint status, const char *type, const char *text)
{
  struct MHD_Response *response = MHD_create_response_from_buffer (strlen (text), (void *) text, MHD_RESPMEM_MUST_COPY);
  enum MHD_Result      result;

  if (response == NULL)
    return MHD_NO;
  MHD_add_response_header (response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
  MHD_add_response_header (response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  MHD_add_response_header (response, MHD_HTTP_HEADER_CONNECTION, "close"); /* so that its time has an end */
  if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
    MHD_add_response_header (response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
  result = MHD_queue_response (connection, status, response);
  MHD_destroy_response (response);
  return result;
}

/* What is wrong with popgated is told when it changes. */
static void
tell (PgExporter *self)
{
  const char *problem = pg_scraper_problem (self->scraper);

  if (g_strcmp0 (problem, self->told) == 0)
    return;
  if (problem != NULL)
    fprintf (stderr, "popgate: %s\n", problem);
  else
    fprintf (stderr, "popgate: popgated is well again\n");
  g_free (self->told);
  self->told = g_strdup (problem);
}

static enum MHD_Result
reply_metrics (PgExporter *self, struct MHD_Connection *connection)
{
  pg_scraper_look (self->scraper);
  tell (self);
  return reply (connection, MHD_HTTP_OK, PG_METRICS_CONTENT_TYPE, pg_scraper_text (self->scraper));
}

static enum MHD_Result
reply_health (PgExporter *self, struct MHD_Connection *connection)
{
  const char      *problem;
  g_autofree char *text = NULL;

  pg_scraper_look (self->scraper);
  tell (self);
  problem = pg_scraper_problem (self->scraper);
  text = g_strdup_printf ("%s\n", problem != NULL ? problem : "ok");
  return reply (connection, problem != NULL ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, PLAIN, text);
}

static enum MHD_Result
answer (void *user_data, struct MHD_Connection *connection, const char *url, const char *method,
        G_GNUC_UNUSED const char *version, G_GNUC_UNUSED const char *data, G_GNUC_UNUSED size_t *data_size,
        G_GNUC_UNUSED void **request)
{
  PgExporter *self = user_data;

  if (!g_str_equal (method, MHD_HTTP_METHOD_GET) && !g_str_equal (method, MHD_HTTP_METHOD_HEAD))
    return reply (connection, MHD_HTTP_METHOD_NOT_ALLOWED, PLAIN, "only GET and HEAD\n");
  if (g_str_equal (url, "/metrics"))
    return reply_metrics (self, connection);
  if (g_str_equal (url, "/healthz"))
    return reply_health (self, connection);
  return reply (connection, g_str_equal (url, "/") ? MHD_HTTP_OK : MHD_HTTP_NOT_FOUND, PLAIN, "see /metrics and /healthz\n");
}

/* --- bounds ---------------------------------------------------------------------------------------------------------- */

/* A visit begins or ends; its descriptor is still open then. */
static void
follow_visit (void *user_data, struct MHD_Connection *connection, void **visit, enum MHD_ConnectionNotificationCode code)
{
  PgExporter                     *self = user_data;
  const union MHD_ConnectionInfo *info;

  if (code == MHD_CONNECTION_NOTIFY_CLOSED)
    {
      g_hash_table_remove (self->visits, *visit);
      return;
    }
  info = MHD_get_connection_info (connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  *visit = g_new0 (Visit, 1);
  *((Visit *) *visit) = (Visit){ .fd = info->connect_fd, .since_us = g_get_monotonic_time () };
  g_hash_table_add (self->visits, *visit);
}

/* Who sends a byte now and then is never silent. */
static void
end_overdue (PgExporter *self)
{
  gint64         before_us = g_get_monotonic_time () - PG_EXPORTER_WHOLE_S * G_USEC_PER_SEC;
  GHashTableIter iter;
  gpointer       visit;

  g_hash_table_iter_init (&iter, self->visits);
  while (g_hash_table_iter_next (&iter, &visit, NULL))
    if (((const Visit *) visit)->since_us < before_us)
      shutdown (((const Visit *) visit)->fd, SHUT_RDWR);
}

/* --- the loop -------------------------------------------------------------------------------------------------------- */

static void serve (PgExporter *self);

static gboolean
serve_on (gpointer user_data)
{
  PgExporter *self = user_data;

  self->idle_source = 0;
  serve (self);
  return G_SOURCE_REMOVE;
}

/* What waits for nobody but us goes on at once; silence is ended by the tick. */
static void
serve (PgExporter *self)
{
  MHD_UNSIGNED_LONG_LONG wait_ms;

  MHD_run (self->http);
  if (self->idle_source == 0 && MHD_get_timeout (self->http, &wait_ms) == MHD_YES && wait_ms == 0)
    self->idle_source = g_idle_add (serve_on, self);
}

static gboolean
serve_ready (G_GNUC_UNUSED int fd, G_GNUC_UNUSED GIOCondition condition, gpointer user_data)
{
  serve (user_data);
  return G_SOURCE_CONTINUE;
}

static gboolean
tick (gpointer user_data)
{
  end_overdue (user_data);
  serve (user_data);
  return G_SOURCE_CONTINUE;
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

static struct MHD_Daemon *
start (PgExporter *self, int fd)
{
  return MHD_start_daemon (MHD_USE_EPOLL, 0, NULL, NULL, answer, self, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
                           (guint) PG_EXPORTER_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                           (guint) PG_EXPORTER_CONNECTIONS_EACH_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (guint) PG_EXPORTER_SILENCE_S,
                           MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) PG_EXPORTER_MEMORY, MHD_OPTION_NOTIFY_CONNECTION,
                           follow_visit, self, MHD_OPTION_END);
}

gboolean
pg_exporter_can (G_GNUC_UNUSED GError **error)
{
  return TRUE;
}

PgExporter *
pg_exporter_new (int fd, PgScraper *scraper, GError **error)
{
  PgExporter                 *self = g_new0 (PgExporter, 1);
  const union MHD_DaemonInfo *info;

  self->scraper = scraper;
  self->visits = g_hash_table_new_full (NULL, NULL, g_free, NULL);
  self->http = start (self, fd);
  info = self->http != NULL ? MHD_get_daemon_info (self->http, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
  if (info == NULL)
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_SYSTEM, "libmicrohttpd cannot serve here");
      pg_exporter_free (self);
      return NULL;
    }
  self->fd_source = g_unix_fd_add (info->epoll_fd, G_IO_IN, serve_ready, self);
  self->tick_source = g_timeout_add (TICK_MS, tick, self);
  return self;
}

static void
remove_source (guint id)
{
  if (id != 0)
    g_source_remove (id);
}

void
pg_exporter_free (PgExporter *self)
{
  if (self == NULL)
    return;
  remove_source (self->fd_source);
  remove_source (self->tick_source);
  remove_source (self->idle_source);
  if (self->http != NULL)
    {
      MHD_quiesce_daemon (self->http); /* the socket stays the caller's */
      MHD_stop_daemon (self->http);
    }
  g_hash_table_unref (self->visits);
  g_free (self->told);
  g_free (self);
}

#else

gboolean
pg_exporter_can (GError **error)
{
  g_set_error_literal (error, PG_ERROR, PG_ERROR_SYSTEM, "this popgate was built without libmicrohttpd and can't serve HTTP");
  return FALSE;
}

PgExporter *
pg_exporter_new (G_GNUC_UNUSED int fd, G_GNUC_UNUSED PgScraper *scraper, GError **error)
{
  pg_exporter_can (error);
  return NULL;
}

void
pg_exporter_free (G_GNUC_UNUSED PgExporter *self)
{
}
#endif
