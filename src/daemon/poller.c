/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/poller.h"

#include <glib-unix.h>
#include <unistd.h>

#define BATCH 256

/* A turn of the main loop that has taken so long ends, since the logs have to be read too. */
#define TURN_US 1000

struct _PgPoller
{
  int      epoll;
  GSource *source;
  void (*after) (gpointer user_data);
  gpointer           after_data;
  int                n_batch; /* events being handed out; 0: none */
  struct epoll_event batch[BATCH];
};

static gboolean
hand_out (PgPoller *self)
{
  self->n_batch = epoll_wait (self->epoll, self->batch, BATCH, 0);
  for (int i = 0; i < self->n_batch; i++)
    {
      PgWatch *watch = self->batch[i].data.ptr;

      if (watch != NULL)
        watch->ready (watch, self->batch[i].events);
    }
  if (self->n_batch > 0 && self->after != NULL)
    self->after (self->after_data);
  return self->n_batch > 0;
}

/* Under load more is ready by the time a batch is done: to ask at once spares the loop's own turn. */
static gboolean
dispatch (G_GNUC_UNUSED int fd, G_GNUC_UNUSED GIOCondition condition, gpointer user_data)
{
  PgPoller *self = user_data;
  gint64    end_us = g_get_monotonic_time () + TURN_US;

  while (hand_out (self) && g_get_monotonic_time () < end_us)
    continue;
  self->n_batch = 0;
  return G_SOURCE_CONTINUE;
}

PgPoller *
pg_poller_new (void)
{
  PgPoller *self;
  int       epoll = epoll_create1 (EPOLL_CLOEXEC);

  if (epoll < 0)
    return NULL;
  self = g_new0 (PgPoller, 1);
  self->epoll = epoll;
  self->source = g_unix_fd_source_new (epoll, G_IO_IN);
  g_source_set_callback (self->source, G_SOURCE_FUNC (dispatch), self, NULL);
  /* Else the loop takes it out and puts it back around each dispatch, at two writes to its wake-up descriptor and a read. */
  g_source_set_can_recurse (self->source, TRUE);
  g_source_attach (self->source, NULL);
  return self;
}

void
pg_poller_set_after (PgPoller *self, void (*after) (gpointer user_data), gpointer user_data)
{
  self->after = after;
  self->after_data = user_data;
}

void
pg_poller_free (PgPoller *self)
{
  if (self == NULL)
    return;
  g_source_destroy (self->source);
  g_source_unref (self->source);
  close (self->epoll);
  g_free (self);
}

gboolean
pg_poller_add (PgPoller *self, PgWatch *watch, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = watch };

  return epoll_ctl (self->epoll, EPOLL_CTL_ADD, watch->fd, &event) == 0;
}

void
pg_poller_change (PgPoller *self, PgWatch *watch, guint32 events)
{
  struct epoll_event event = { .events = events, .data.ptr = watch };

  (void) epoll_ctl (self->epoll, EPOLL_CTL_MOD, watch->fd, &event);
}

void
pg_poller_remove (PgPoller *self, PgWatch *watch)
{
  (void) epoll_ctl (self->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
  for (int i = 0; i < self->n_batch; i++)
    if (self->batch[i].data.ptr == watch)
      self->batch[i].data.ptr = NULL;
}
