/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control-server.h"

#include <errno.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#define SESSIONS_MAX 64

/* Of these, so many of users who may not: they can connect and keep silent, and must not keep admins out. */
#define STRANGERS_MAX 16
#define PORTION 4096

/* Messages made in one turn of the main loop. */
#define SLICE 64

typedef struct
{
  PgWatch          watch;
  PgControlServer *owner;
} Door;

/* One connection: asks, is answered, asks again. While an answer is under way nothing is read. */
typedef struct
{
  PgWatch          watch;
  PgControlServer *owner; /* NULL: the server is gone, and only a commit is waited for */
  char            *by;
  GString         *input;
  GString         *output;
  PgAnswer        *answer;
  gboolean         is_waiting; /* for a commit; not in the poller meanwhile */
  gboolean         may;        /* else each request is refused */
  gboolean         is_last;    /* ends when the output is sent */
} Session;

struct _PgControlServer
{
  PgControlHost host;
  GArray       *doors;
  GHashTable   *sessions; /* of Session */
  guint         n_strangers;
};

/* --- who ------------------------------------------------------------------------------------------------------------- */

static gboolean
is_admin (const PgConfig *config, uid_t uid)
{
  if (uid == 0 || uid == geteuid ())
    return TRUE;
  for (char **name = config->admins; *name != NULL; name++)
    {
      const struct passwd *entry = getpwnam (*name);

      if (entry != NULL && entry->pw_uid == uid)
        return TRUE;
    }
  return FALSE;
}

static char *
name_of (uid_t uid)
{
  const struct passwd *entry = getpwuid (uid);

  return entry != NULL ? g_strdup (entry->pw_name) : g_strdup_printf ("uid %u", (unsigned) uid);
}

/* --- sessions -------------------------------------------------------------------------------------------------------- */

static void
free_session (Session *session)
{
  close (session->watch.fd);
  pg_answer_free (session->answer);
  g_string_free (session->input, TRUE);
  g_string_free (session->output, TRUE);
  g_free (session->by);
  g_free (session);
}

static void
end (Session *session)
{
  if (!session->is_waiting)
    pg_poller_remove (session->owner->host.poller, &session->watch);
  g_hash_table_remove (session->owner->sessions, session);
  if (!session->may)
    session->owner->n_strangers--;
  free_session (session);
}

static void
say (Session *session, JsonObject *message)
{
  g_autofree char *line = pg_message_to_line (message);

  g_string_append (session->output, line);
  json_object_unref (message);
}

static gboolean
send_output (Session *session)
{
  gssize n = send (session->watch.fd, session->output->str, session->output->len, MSG_NOSIGNAL);

  if (n < 0)
    return errno == EAGAIN || errno == EINTR;
  g_string_erase (session->output, 0, n);
  return TRUE;
}

static void
make_output (Session *session)
{
  JsonObject *message;

  for (guint i = 0; i < SLICE && session->answer != NULL; i++)
    {
      if (!pg_answer_next (session->answer, &message))
        g_clear_pointer (&session->answer, pg_answer_free);
      if (message == NULL)
        return; /* it takes a while; others first */
      say (session, message);
    }
}

static void
committed (const GError *error, gpointer user_data)
{
  Session *session = user_data;

  if (session->owner == NULL)
    {
      free_session (session);
      return;
    }
  session->is_waiting = FALSE;
  if (error != NULL)
    pg_answer_fail (session->answer, error->message);
  if (!pg_poller_add (session->owner->host.poller, &session->watch, EPOLLOUT))
    {
      session->is_waiting = TRUE;
      end (session);
    }
}

static void
wait_for_commit (Session *session)
{
  session->is_waiting = TRUE;
  pg_poller_remove (session->owner->host.poller, &session->watch);
  pg_committer_commit (session->owner->host.committer, committed, session);
}

static char *
describe_value (JsonNode *value)
{
  g_autofree char *text = NULL;
  g_autofree char *shown = NULL;

  if (JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_STRING)
    {
      shown = pg_span_escape (pg_span_from_string (json_node_get_string (value)), 300);
      return g_strdup_printf ("\"%s\"", shown);
    }
  text = json_to_string (value, FALSE);
  return pg_span_escape (pg_span_from_string (text), 100);
}

/* Each change leaves a line in the log: who, and what. */
static void
audit (const Session *session, JsonObject *request)
{
  g_autoptr (GString) line = g_string_new (NULL);
  g_autoptr (GList) names = json_object_get_members (request);

  for (GList *link = names; link != NULL; link = link->next)
    {
      g_autofree char *name = pg_span_escape (pg_span_from_string (link->data), 30);
      g_autofree char *value = describe_value (json_object_get_member (request, link->data));

      g_string_append_printf (line, " %s=%s", name, value);
    }
  g_message ("control by=%s%s", session->by, line->str);
}

static void
run (Session *session, JsonObject *request)
{
  const PgControlHost *host = &session->owner->host;
  PgCommandHost        command_host = {
           .engine = host->engine,
           .by = session->by,
           .now_us = g_get_real_time (),
           .describe = host->describe,
           .reload = host->reload,
           .user_data = host->user_data,
  };

  session->answer = pg_command_run (&command_host, request);
  if (!pg_command_only_looks (pg_message_get_string (request, "command")))
    audit (session, request);
  if (pg_answer_needs_commit (session->answer))
    wait_for_commit (session);
}

static void
refuse (Session *session)
{
  g_autofree char *why = g_strdup_printf ("%s may not use the control socket: see [control] admins", session->by);

  session->is_last = TRUE;
  say (session, pg_message_new_exit (PG_EXIT_FAILED, why));
}

/* Carries out the next request, if it is complete. */
static void
take_request (Session *session)
{
  g_autoptr (JsonObject) request = NULL;
  g_autoptr (GError) error = NULL;
  const char *lf = memchr (session->input->str, '\n', session->input->len);
  gsize       len = lf != NULL ? (gsize) (lf - session->input->str) : session->input->len;

  if (lf == NULL && len <= PG_MESSAGE_MAX)
    return;
  request = lf != NULL ? pg_message_parse (pg_span (session->input->str, len), &error) : NULL;
  g_string_erase (session->input, 0, (gssize) (lf != NULL ? len + 1 : len));
  if (!session->may)
    refuse (session);
  else if (request != NULL)
    run (session, request);
  else
    {
      session->is_last = TRUE;
      say (session, pg_message_new_exit (PG_EXIT_USAGE, error != NULL ? error->message : "the request is too long"));
    }
}

/* FALSE: the peer is gone. */
static gboolean
receive (Session *session)
{
  char   portion[PORTION];
  gssize n = recv (session->watch.fd, portion, sizeof portion, 0);

  if (n > 0)
    g_string_append_len (session->input, portion, n);
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static gboolean
is_answering (const Session *session)
{
  return session->answer != NULL || session->output->len > 0;
}

static void
serve (PgWatch *watch, guint32 events)
{
  Session *session = (Session *) watch;
  gboolean was_answering = is_answering (session);

  if ((events & EPOLLIN) != 0 && !was_answering && !receive (session))
    {
      end (session);
      return;
    }
  if (!is_answering (session))
    take_request (session);
  if (session->is_waiting)
    return;
  if (session->output->len == 0)
    make_output (session);
  if (!send_output (session) || (session->is_last && session->output->len == 0) || (events & (EPOLLERR | EPOLLHUP)) != 0)
    {
      end (session);
      return;
    }
  /* A next request may be here already: then it is taken as soon as the peer can be written to. */
  pg_poller_change (session->owner->host.poller, &session->watch,
                    is_answering (session) || session->input->len > 0 ? EPOLLOUT : EPOLLIN);
}

/* --- accepting ------------------------------------------------------------------------------------------------------- */

static gboolean
has_room (const PgControlServer *self, gboolean may)
{
  guint n_admins = g_hash_table_size (self->sessions) - self->n_strangers;

  return may ? n_admins < SESSIONS_MAX - STRANGERS_MAX : self->n_strangers < STRANGERS_MAX;
}

static Session *
new_session (PgControlServer *self, int fd, uid_t uid, gboolean may)
{
  Session *session = g_new0 (Session, 1);

  session->watch = (PgWatch){ .ready = serve, .fd = fd };
  session->owner = self;
  session->by = name_of (uid);
  session->may = may;
  session->input = g_string_new (NULL);
  session->output = g_string_new (NULL);
  return session;
}

static void
welcome (PgControlServer *self, int fd)
{
  struct ucred credentials;
  socklen_t    size = sizeof credentials;
  Session     *session;
  gboolean     may;

  if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0
      || !has_room (self, may = is_admin (pg_engine_config (self->host.engine), credentials.uid)))
    {
      close (fd);
      return;
    }
  session = new_session (self, fd, credentials.uid, may);
  if (!pg_poller_add (self->host.poller, &session->watch, EPOLLIN))
    {
      free_session (session);
      return;
    }
  g_hash_table_add (self->sessions, session);
  if (!may)
    self->n_strangers++;
}

static void
open_door (PgWatch *watch, G_GNUC_UNUSED guint32 events)
{
  PgControlServer *self = ((Door *) watch)->owner;
  int              fd;

  while ((fd = accept4 (watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
    welcome (self, fd);
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

PgControlServer *
pg_control_server_new (const PgControlHost *host, const GPtrArray *listeners)
{
  PgControlServer *self = g_new0 (PgControlServer, 1);

  self->host = *host;
  self->sessions = g_hash_table_new (NULL, NULL);
  self->doors = g_array_new (FALSE, FALSE, sizeof (Door));
  for (guint i = 0; i < listeners->len; i++)
    {
      const PgListener *listener = g_ptr_array_index (listeners, i);

      g_array_append_vals (self->doors, &(Door){ { open_door, listener->fd }, self }, 1);
    }
  for (guint i = 0; i < self->doors->len; i++)
    if (!pg_poller_add (host->poller, &g_array_index (self->doors, Door, i).watch, EPOLLIN))
      g_warning ("cannot wait for admins: %s", g_strerror (errno));
  return self;
}

void
pg_control_server_free (PgControlServer *self)
{
  GHashTableIter iter;
  gpointer       key;

  if (self == NULL)
    return;
  for (guint i = 0; i < self->doors->len; i++)
    pg_poller_remove (self->host.poller, &g_array_index (self->doors, Door, i).watch);
  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      Session *session = key;

      if (session->is_waiting)
        session->owner = NULL; /* the committer still has it */
      else
        {
          pg_poller_remove (self->host.poller, &session->watch);
          free_session (session);
        }
    }
  g_hash_table_unref (self->sessions);
  g_array_unref (self->doors);
  g_free (self);
}
