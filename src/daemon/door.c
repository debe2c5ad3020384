/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/door.h"

#include "daemon/listen.h"
#include "daemon/log.h"

#include <errno.h>
#include <sys/socket.h>

/* Connections taken at one door in one turn: who is inside already is served in between. */
#define SLICE 8

typedef struct
{
  PgWatch  watch;
  PgDoors *owner;
} Door;

struct _PgDoors
{
  PgDoorHost    host;
  PgPoller     *poller;
  GArray       *doors; /* of Door */
  gboolean      is_shut;
  gboolean      is_closed; /* and stays so */
  PgLogThrottle failures;
};

static void
set_shut (PgDoors *self, gboolean shut)
{
  if (self->is_shut == shut)
    return;
  self->is_shut = shut;
  for (guint i = 0; i < self->doors->len; i++)
    pg_poller_change (self->poller, &g_array_index (self->doors, Door, i).watch, shut ? 0 : EPOLLIN);
}

/* What went wrong with one connection, before it was taken, is no matter of the others. */
static gboolean
is_lasting (int error)
{
  return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS || error == EINVAL || error == EBADF;
}

/* FALSE: nobody waits, or nobody can be let in. */
static gboolean
take_one (PgDoors *self, int listener)
{
  int fd = accept4 (listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

  if (fd >= 0)
    {
      self->host.welcome (fd, self->host.user_data);
      return TRUE;
    }
  if (!is_lasting (errno))
    return FALSE;
  if (pg_log_may (&self->failures, "connections that could not be accepted"))
    g_warning ("cannot accept connections of %s, trying again within a second: %s", self->host.whom, g_strerror (errno));
  set_shut (self, TRUE);
  return FALSE;
}

static gboolean
has_room (const PgDoors *self, gboolean is_waiting)
{
  return self->host.has_room == NULL || self->host.has_room (is_waiting, self->host.user_data);
}

static void
ready (PgWatch *watch, G_GNUC_UNUSED guint32 events)
{
  PgDoors *self = ((Door *) watch)->owner;

  if (self->is_shut)
    return; /* another door has shut them since this one was found ready */
  if (!has_room (self, TRUE))
    {
      set_shut (self, TRUE);
      return;
    }
  for (guint i = 0; i < SLICE && (i == 0 || has_room (self, FALSE)); i++)
    if (!take_one (self, watch->fd))
      break;
}

PgDoors *
pg_doors_new (PgPoller *poller, const GPtrArray *listeners, const PgDoorHost *host)
{
  PgDoors *self = g_new0 (PgDoors, 1);

  self->host = *host;
  self->poller = poller;
  self->doors = g_array_new (FALSE, FALSE, sizeof (Door));
  for (guint i = 0; i < listeners->len; i++)
    {
      const PgListener *listener = g_ptr_array_index (listeners, i);

      g_array_append_vals (self->doors, &(Door){ .watch = { .ready = ready, .fd = listener->fd }, .owner = self }, 1);
    }
  for (guint i = 0; i < self->doors->len; i++) /* now they stay where they are */
    if (!pg_poller_add (poller, &g_array_index (self->doors, Door, i).watch, EPOLLIN))
      g_warning ("cannot wait for connections of %s: %s", host->whom, g_strerror (errno));
  return self;
}

void
pg_doors_free (PgDoors *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < self->doors->len; i++)
    pg_poller_remove (self->poller, &g_array_index (self->doors, Door, i).watch);
  g_array_unref (self->doors);
  g_free (self);
}

void
pg_doors_open (PgDoors *self)
{
  set_shut (self, self->is_closed);
}

void
pg_doors_close (PgDoors *self)
{
  self->is_closed = TRUE;
  set_shut (self, TRUE);
}

void
pg_doors_drain (PgDoors *self, guint limit)
{
  for (guint i = 0; i < self->doors->len; i++)
    for (guint n = 0; n < limit && take_one (self, g_array_index (self->doors, Door, i).watch.fd); n++)
      continue;
}

guint
pg_doors_n (const PgDoors *self)
{
  return self->doors->len;
}
