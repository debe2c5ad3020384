/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/login-server.h"

#include "core/login-queue.h"
#include "core/report-login.h"
#include "daemon/door.h"
#include "daemon/log.h"

#include <errno.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Connections whose report has not come yet. popgate-login sends as it connects, so there are hardly ever any. */
#define SILENT_MAX 256
#define SILENT_US (5 * G_USEC_PER_SEC)

/* Logins that have waited and are stored in one turn of the main loop: mail waits meanwhile. */
#define SLICE 32

/* Connections taken at the end: all that the backlog can hold. */
#define DRAIN_MAX 4096

typedef struct
{
  PgWatch        watch;
  PgLoginServer *owner;
  GList          link;
  gint64         since_us; /* monotonic */
  uid_t          uid;
} Peer;

struct _PgLoginServer
{
  PgEngine             *engine;
  PgGranter            *granter;
  PgPoller             *poller;
  PgDoors              *doors;
  GArray               *reporters; /* of uid_t */
  GQueue                silent;    /* of Peer, the longest first */
  PgLoginQueue         *waiting;
  guint                 store_source; /* stores who waits; 0: nobody does, or it could not be done */
  PgLoginServerCounters counters;
  PgLogThrottle         refusals;
  PgLogThrottle         strangers;
  PgLogThrottle         drops;
};

/* --- who may --------------------------------------------------------------------------------------------------------- */

static gboolean
find_uid (const char *name, uid_t *out)
{
  const struct passwd *entry;
  guint64              number;

  if (g_ascii_string_to_unsigned (name, 10, 0, (uid_t) -2, &number, NULL))
    {
      *out = (uid_t) number;
      return TRUE;
    }
  entry = getpwnam (name);
  if (entry == NULL)
    return FALSE;
  *out = entry->pw_uid;
  return TRUE;
}

void
pg_login_server_reload (PgLoginServer *self)
{
  uid_t uid = 0;

  g_array_set_size (self->reporters, 0);
  g_array_append_val (self->reporters, uid);
  for (char **name = pg_engine_config (self->engine)->reporters; *name != NULL; name++)
    if (find_uid (*name, &uid))
      g_array_append_val (self->reporters, uid);
    else
      {
        g_autofree char *shown = pg_span_escape (pg_span_from_string (*name), 60);

        g_warning ("[login] reporters: there is no user \"%s\"; looked up again at a reload", shown);
      }
}

static gboolean
may_report (const PgLoginServer *self, uid_t uid)
{
  for (guint i = 0; i < self->reporters->len; i++)
    if (g_array_index (self->reporters, uid_t, i) == uid)
      return TRUE;
  return FALSE;
}

/* --- one report ------------------------------------------------------------------------------------------------------ */

/* FALSE: it could not be stored. */
static gboolean
store (PgLoginServer *self, const PgLogin *login)
{
  return pg_granter_take (self->granter, login, g_get_real_time ());
}

/* Whoever waits has logged in, and must not be refused. */
static void
tell_engine (PgLoginServer *self)
{
  gboolean is_waiting = pg_login_queue_size (self->waiting) > 0;

  pg_engine_set_report_problem (self->engine, is_waiting ? "logins that popgate-login reported wait for the database" : NULL);
}

static void
take_login (PgLoginServer *self, const PgLogin *login)
{
  PgLogin  clamped = *login;
  gboolean is_kept;

  self->counters.logins++;
  clamped.time_us = MIN (login->time_us, g_get_real_time ());
  if (store (self, &clamped))
    return;
  is_kept = pg_login_queue_push (self->waiting, &clamped);
  tell_engine (self);
  if (is_kept)
    return;
  self->counters.dropped++;
  if (pg_log_may (&self->drops, "reported logins that were dropped"))
    g_warning ("a reported login is dropped: %u newer ones wait for the database already", PG_LOGIN_QUEUE_MAX);
}

static void
refuse (PgLoginServer *self, const PgReport *report, uid_t uid, const char *why)
{
  self->counters.refused++;
  if (pg_log_may_of (&self->refusals, uid, "reports that tell no login"))
    {
      g_autofree char *service = pg_span_escape (report->service, 30);
      g_autofree char *address = pg_span_escape (report->address, 60);
      g_autofree char *user = pg_span_escape (report->user, PG_USER_MAX);

      g_warning ("report not taken for a login (%s): uid=%u service=\"%s\" address=\"%s\" user=\"%s\"", why, (unsigned) uid,
                 service, address, user);
    }
}

static void
take_report (PgLoginServer *self, PgSpan bytes, uid_t uid)
{
  PgReport    report = { 0 };
  PgLogin     login;
  const char *why = "it is none of this version";

  if (!pg_report_decode (bytes, &report))
    report = (PgReport){ 0 }; /* what was read of it is not to be shown */
  else if (pg_report_to_login (&report, &login, &why))
    {
      take_login (self, &login);
      return;
    }
  refuse (self, &report, uid, why);
}

/* Reads the report of a peer at @fd. FALSE: it has sent none yet. */
static gboolean
receive (PgLoginServer *self, int fd, uid_t uid)
{
  char   bytes[PG_REPORT_MAX + 1]; /* what is longer is cut there, and too long then as well */
  gssize n = recv (fd, bytes, sizeof bytes, MSG_DONTWAIT);

  if (n > 0)
    take_report (self, pg_span (bytes, (gsize) n), uid);
  return n >= 0 || (errno != EAGAIN && errno != EINTR);
}

/* --- peers ----------------------------------------------------------------------------------------------------------- */

static void
end (Peer *peer)
{
  PgLoginServer *self = peer->owner;

  pg_poller_remove (self->poller, &peer->watch);
  g_queue_unlink (&self->silent, &peer->link);
  close (peer->watch.fd);
  g_free (peer);
}

static void
serve (PgWatch *watch, G_GNUC_UNUSED guint32 events)
{
  Peer *peer = (Peer *) watch;

  if (receive (peer->owner, watch->fd, peer->uid))
    end (peer);
}

static void
end_silent (Peer *peer)
{
  peer->owner->counters.strangers++;
  end (peer);
}

static void
wait_for_report (PgLoginServer *self, int fd, uid_t uid)
{
  Peer *peer = g_new0 (Peer, 1);

  if (self->silent.length >= SILENT_MAX)
    end_silent (g_queue_peek_head (&self->silent));
  peer->watch = (PgWatch){ .ready = serve, .fd = fd };
  peer->owner = self;
  peer->uid = uid;
  peer->since_us = g_get_monotonic_time ();
  peer->link.data = peer;
  g_queue_push_tail_link (&self->silent, &peer->link);
  if (!pg_poller_add (self->poller, &peer->watch, EPOLLIN))
    end_silent (peer);
}

static void
turn_away (PgLoginServer *self, int fd, uid_t uid)
{
  self->counters.strangers++;
  if (pg_log_may_of (&self->strangers, uid, "connections of users who may not report logins"))
    g_warning ("uid %u may not report logins: see [login] reporters", (unsigned) uid);
  close (fd);
}

static void
welcome (int fd, gpointer user_data)
{
  PgLoginServer *self = user_data;
  struct ucred   credentials;
  socklen_t      size = sizeof credentials;

  if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    close (fd);
  else if (!may_report (self, credentials.uid))
    turn_away (self, fd, credentials.uid);
  else if (receive (self, fd, credentials.uid))
    close (fd);
  else
    wait_for_report (self, fd, credentials.uid);
}

/* --- once a second --------------------------------------------------------------------------------------------------- */

/* Stores @max of those who wait. Returns TRUE while there are more, and nothing failed. */
static gboolean
store_some (PgLoginServer *self, guint max)
{
  const PgLogin *login;

  for (; max > 0 && (login = pg_login_queue_peek (self->waiting)) != NULL; max--)
    {
      if (!store (self, login))
        return FALSE;
      pg_login_queue_drop (self->waiting);
    }
  return pg_login_queue_size (self->waiting) > 0;
}

static gboolean
store_on (gpointer user_data)
{
  PgLoginServer *self = user_data;

  if (store_some (self, SLICE))
    return G_SOURCE_CONTINUE;
  self->store_source = 0;
  tell_engine (self);
  return G_SOURCE_REMOVE;
}

static void
store_waiting (PgLoginServer *self)
{
  if (self->store_source == 0 && store_some (self, SLICE))
    self->store_source = g_idle_add_full (G_PRIORITY_DEFAULT, store_on, self, NULL);
  tell_engine (self);
}

void
pg_login_server_tick (PgLoginServer *self)
{
  gint64 now_us = g_get_monotonic_time ();
  Peer  *first;

  store_waiting (self);
  while ((first = g_queue_peek_head (&self->silent)) != NULL && now_us - first->since_us > SILENT_US)
    end_silent (first);
  pg_doors_open (self->doors);
}

PgLoginServerCounters
pg_login_server_counters (const PgLoginServer *self)
{
  PgLoginServerCounters counters = self->counters;

  counters.waiting = pg_login_queue_size (self->waiting);
  return counters;
}

gboolean
pg_login_server_is_listening (const PgLoginServer *self)
{
  return pg_doors_n (self->doors) > 0;
}

/* --- life ------------------------------------------------------------------------------------------------------------ */

PgLoginServer *
pg_login_server_new (PgEngine *engine, PgGranter *granter, PgPoller *poller, const GPtrArray *listeners)
{
  PgLoginServer   *self = g_new0 (PgLoginServer, 1);
  const PgDoorHost host = { .whom = "popgate-login", .welcome = welcome, .user_data = self };

  self->engine = engine;
  self->granter = granter;
  self->poller = poller;
  self->waiting = pg_login_queue_new ();
  self->reporters = g_array_new (FALSE, FALSE, sizeof (uid_t));
  g_queue_init (&self->silent);
  pg_login_server_reload (self);
  self->doors = pg_doors_new (poller, listeners, &host);
  return self;
}

void
pg_login_server_free (PgLoginServer *self)
{
  if (self == NULL)
    return;
  pg_doors_drain (self->doors, DRAIN_MAX); /* they have sent theirs, and will not again */
  pg_doors_free (self->doors);
  if (self->store_source != 0)
    g_source_remove (self->store_source);
  (void) store_some (self, G_MAXUINT);
  tell_engine (self);
  if (pg_login_queue_size (self->waiting) > 0)
    g_warning ("%u reported logins could not be stored", pg_login_queue_size (self->waiting));
  while (!g_queue_is_empty (&self->silent))
    end (g_queue_peek_head (&self->silent));
  pg_login_queue_free (self->waiting);
  g_array_unref (self->reporters);
  g_free (self);
}
