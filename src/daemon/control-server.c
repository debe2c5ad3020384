/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/control-server.h"

#include "daemon/audit.h"
#include "daemon/door.h"
#include "daemon/ranks.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* So many of a rank may watch at once: each event costs a little for each of them. */
#define LIVE_MAX 8

#define PORTION 4096

/* Sessions at once: nobody can keep those of another rank out, least of all a stranger who connects and keeps silent. */
static const guint sessions_max[PG_N_RANKS] = { [PG_RANK_STRANGER] = 16, [PG_RANK_READER] = 16, [PG_RANK_ADMIN] = 48 };

/* Whoever may not has to ask before this, to be told so. Half a request, and an answer that nobody reads, have an end as well:
 * while a list is under way outdated grants are not removed. But an admin may look at a page of it for a while. */
#define STRANGER_US (5 * G_USEC_PER_SEC)
#define REQUEST_US (30 * G_USEC_PER_SEC)
#define ANSWER_US (600 * G_USEC_PER_SEC)

/* A session that waits for a request for so long may go for another one. */
#define PATIENCE_US G_USEC_PER_SEC

/* Whoever is answered hears something at least so often, or he would take us for dead: see PG_CLIENT_PATIENCE_S. */
#define ALIVE_US (10 * G_USEC_PER_SEC)

/* Messages made in one turn of the main loop, at most, and time that may be spent on them: Postfix waits meanwhile, and each
 * of its questions takes less. */
#define SLICE 64
#define SLICE_US 40

/* One connection: asks, is answered, asks again. While an answer is under way nothing is read. */
typedef struct
{
  PgWatch          watch;
  PgControlServer *owner; /* NULL: the server is gone, and only a commit is waited for */
  char            *by;
  GString         *input;
  GString         *output;
  PgAnswer        *answer;
  JsonObject      *change;     /* the request, until what came of it is audited; NULL: it changes nothing */
  gint64           since_us;   /* monotonic; when it said or read something last */
  gboolean         is_waiting; /* for a commit; not in the poller meanwhile */
  uid_t            uid;
  PgRank           rank;
  gboolean         is_served; /* its request is being carried out: it may be a reload */
  gboolean         is_last;   /* ends when all is sent */
} Session;

struct _PgControlServer
{
  PgControlHost host;
  PgDoors      *doors;
  PgRanks      *ranks;
  GHashTable   *sessions; /* of Session */
  guint         n_sessions[PG_N_RANKS];
};

/* --- sessions -------------------------------------------------------------------------------------------------------- */

static void
free_session (Session *session)
{
  close (session->watch.fd);
  pg_answer_free (session->answer);
  g_clear_pointer (&session->change, json_object_unref);
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
  session->owner->n_sessions[session->rank]--;
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
  if (n > 0)
    session->since_us = g_get_monotonic_time ();
  g_string_erase (session->output, 0, n);
  return TRUE;
}

static gboolean
is_live (const Session *session)
{
  return session->answer != NULL && pg_answer_is_live (session->answer);
}

static void
make_output (Session *session)
{
  gint64      end_us = g_get_monotonic_time () + SLICE_US;
  JsonObject *message;

  for (guint i = 0; i < SLICE && session->answer != NULL && (i == 0 || g_get_monotonic_time () < end_us); i++)
    {
      if (!pg_answer_next (session->answer, &message))
        g_clear_pointer (&session->answer, pg_answer_free);
      if (message == NULL)
        return; /* it takes a while; others first */
      say (session, message);
    }
}

static void
audit (Session *session)
{
  if (session->change != NULL)
    pg_audit (session->by, session->change, session->answer);
  g_clear_pointer (&session->change, json_object_unref);
}

static void
committed (const GError *error, gpointer user_data)
{
  Session *session = user_data;

  if (error != NULL)
    pg_answer_fail (session->answer, error->message);
  audit (session);
  if (session->owner == NULL)
    {
      free_session (session);
      return;
    }
  session->is_waiting = FALSE;
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

/* Called out of the middle of what happens: what there is to tell is told in a turn of its own. */
static void
wake (gpointer user_data)
{
  Session *session = user_data;

  pg_poller_change (session->owner->host.poller, &session->watch, EPOLLOUT);
}

/* Of one rank: readers must not keep administrators from it. */
static guint
n_live (const PgControlServer *self, PgRank rank)
{
  GHashTableIter iter;
  gpointer       key;
  guint          n = 0;

  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    n += ((const Session *) key)->rank == rank && is_live (key);
  return n;
}

static void
follow (Session *session)
{
  g_autofree char *why = NULL;

  if (n_live (session->owner, session->rank) <= LIVE_MAX)
    {
      pg_answer_set_wake (session->answer, wake, session);
      return;
    }
  why = g_strdup_printf ("%d watch already, as many as may be at once", LIVE_MAX);
  pg_answer_fail (session->answer, why);
}

static void
run (Session *session, JsonObject *request)
{
  const PgControlHost *host = &session->owner->host;
  PgCommandHost        command_host = {
           .engine = host->engine,
           .usage = host->usage,
           .by = session->by,
           .now_us = g_get_real_time (),
           .describe = host->describe,
           .collect = host->collect,
           .reload = host->reload,
           .user_data = host->user_data,
  };

  session->is_served = TRUE;
  session->answer = pg_command_run (&command_host, request);
  session->is_served = FALSE;
  if (pg_command_is_worth_a_line (request))
    session->change = json_object_ref (request);
  if (pg_answer_is_live (session->answer))
    follow (session);
  if (pg_answer_needs_commit (session->answer))
    wait_for_commit (session);
  else
    audit (session);
}

static void
refuse_change (Session *session)
{
  g_autofree char *why = g_strdup_printf ("%s may only look, and not change anything: see [control] admins", session->by);

  say (session, pg_message_new_exit (PG_EXIT_FAILED, why));
}

static void
refuse (Session *session)
{
  g_autofree char *why = g_strdup_printf ("%s may not use the control socket: see [control] admins", session->by);

  session->is_last = TRUE;
  say (session, pg_message_new_exit (PG_EXIT_FAILED, why));
}

/* Is a whole request here, or so much that it can't become one? */
static gboolean
has_request (const Session *session)
{
  return session->input->len > PG_MESSAGE_MAX || memchr (session->input->str, '\n', session->input->len) != NULL;
}

/* Carries out the next request, if it is complete. What a stranger sends is not even looked at. */
static void
take_request (Session *session)
{
  g_autoptr (JsonObject) request = NULL;
  g_autoptr (GError) error = NULL;
  const char *lf = memchr (session->input->str, '\n', session->input->len);
  gsize       len = lf != NULL ? (gsize) (lf - session->input->str) : session->input->len;

  if (session->rank == PG_RANK_STRANGER && session->input->len > 0)
    refuse (session);
  if (session->rank == PG_RANK_STRANGER || (lf == NULL && len <= PG_MESSAGE_MAX))
    return;
  request = lf != NULL ? pg_message_parse (pg_span (session->input->str, len), &error) : NULL;
  g_string_erase (session->input, 0, (gssize) (lf != NULL ? len + 1 : len));
  if (request != NULL && session->rank != PG_RANK_ADMIN && !pg_command_only_looks (pg_message_get_string (request, "command")))
    refuse_change (session);
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
    {
      if (session->input->len == 0)
        session->since_us = g_get_monotonic_time (); /* half a request is no younger for each byte */
      g_string_append_len (session->input, portion, n);
    }
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static gboolean
is_answering (const Session *session)
{
  return session->answer != NULL || session->output->len > 0;
}

/* A next request may be here already: then it is taken as soon as the peer can be written to. While there is nothing to tell,
 * the peer's end is told all the same. */
static guint32
awaited (const Session *session)
{
  if (session->output->len == 0 && session->answer != NULL && pg_answer_is_asleep (session->answer))
    return 0;
  return is_answering (session) || has_request (session) ? EPOLLOUT : EPOLLIN;
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
  if (!send_output (session) || (session->is_last && !is_answering (session)) || (events & (EPOLLERR | EPOLLHUP)) != 0)
    {
      end (session);
      return;
    }
  pg_poller_change (session->owner->host.poller, &session->watch, awaited (session));
}

/* --- who may no more --------------------------------------------------------------------------------------------------- */

/* Who is something else now has to come again. A change that is being made is told to the end. */
static void
end_changed (gpointer data, gpointer user_data)
{
  Session         *session = data;
  PgControlServer *self = user_data;

  if (pg_ranks_of (self->ranks, session->uid) == session->rank)
    return;
  g_string_truncate (session->input, 0);
  session->is_last = TRUE;
  if (!session->is_waiting && !session->is_served)
    end (session);
}

void
pg_control_server_reload (PgControlServer *self)
{
  g_autoptr (GList) sessions = g_hash_table_get_keys (self->sessions);

  pg_ranks_load (self->ranks, pg_engine_config (self->host.engine));
  g_list_foreach (sessions, end_changed, self);
}

/* --- accepting ------------------------------------------------------------------------------------------------------- */

/* Ends the session of @rank that has been idle longest, if there is one. */
static void
end_idlest (PgControlServer *self, PgRank rank)
{
  Session       *idlest = NULL;
  gint64         before_us = g_get_monotonic_time () - PATIENCE_US;
  GHashTableIter iter;
  gpointer       key;

  g_hash_table_iter_init (&iter, self->sessions);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      Session *session = key;

      if (session->rank == rank && !session->is_waiting && !is_answering (session)
          && session->since_us < (idlest != NULL ? idlest->since_us : before_us))
        idlest = session;
    }
  if (idlest != NULL)
    end (idlest);
}

/* Strangers don't make room for each other: they go by themselves, soon. */
static gboolean
has_room (PgControlServer *self, PgRank rank)
{
  if (rank != PG_RANK_STRANGER && self->n_sessions[rank] >= sessions_max[rank])
    end_idlest (self, rank);
  return self->n_sessions[rank] < sessions_max[rank];
}

static Session *
new_session (PgControlServer *self, int fd, uid_t uid, PgRank rank)
{
  Session *session = g_new0 (Session, 1);

  session->watch = (PgWatch){ .ready = serve, .fd = fd };
  session->owner = self;
  session->by = pg_ranks_name (uid, rank);
  session->uid = uid;
  session->rank = rank;
  session->since_us = g_get_monotonic_time ();
  session->input = g_string_new (NULL);
  session->output = g_string_new (NULL);
  return session;
}

static void
welcome (int fd, gpointer user_data)
{
  PgControlServer *self = user_data;
  struct ucred     credentials;
  socklen_t        size = sizeof credentials;
  Session         *session;
  PgRank           rank;

  if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0
      || !has_room (self, rank = pg_ranks_of (self->ranks, credentials.uid)))
    {
      close (fd);
      return;
    }
  session = new_session (self, fd, credentials.uid, rank);
  if (!pg_poller_add (self->host.poller, &session->watch, EPOLLIN))
    {
      free_session (session);
      return;
    }
  g_hash_table_add (self->sessions, session);
  self->n_sessions[rank]++;
}

/* --- once a second --------------------------------------------------------------------------------------------------- */

/* How long it may stay as it is. */
static gint64
limit_of (const Session *session)
{
  if (session->is_waiting)
    return G_MAXINT64;
  if (session->rank == PG_RANK_STRANGER)
    return STRANGER_US;
  if (is_answering (session))
    return ANSWER_US;
  return session->input->len > 0 ? REQUEST_US : G_MAXINT64;
}

/* Whoever reads hears of it. To others nothing new is said: their time is running. */
static void
keep_alive (Session *session, gint64 now_us)
{
  if (session->is_waiting || session->answer == NULL || session->output->len > 0 || now_us - session->since_us < ALIVE_US)
    return;
  say (session, pg_message_new_alive ());
  wake (session);
}

void
pg_control_server_tick (PgControlServer *self)
{
  gint64 now_us = g_get_monotonic_time ();
  g_autoptr (GList) sessions = g_hash_table_get_keys (self->sessions);

  for (GList *link = sessions; link != NULL; link = link->next)
    if (now_us - ((Session *) link->data)->since_us > limit_of (link->data))
      end (link->data);
    else
      keep_alive (link->data, now_us);
  pg_doors_open (self->doors);
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

PgControlServer *
pg_control_server_new (const PgControlHost *host, const GPtrArray *listeners)
{
  PgControlServer *self = g_new0 (PgControlServer, 1);
  const PgDoorHost door_host = { .whom = "admins", .welcome = welcome, .user_data = self };

  self->host = *host;
  self->sessions = g_hash_table_new (NULL, NULL);
  self->ranks = pg_ranks_new ();
  pg_control_server_reload (self);
  self->doors = pg_doors_new (host->poller, listeners, &door_host);
  return self;
}

void
pg_control_server_free (PgControlServer *self)
{
  GHashTableIter iter;
  gpointer       key;

  if (self == NULL)
    return;
  pg_doors_free (self->doors);
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
  pg_ranks_free (self->ranks);
  g_free (self);
}
