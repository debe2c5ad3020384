/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/poller.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

/* Found ready together, and so answered together. With more of them those at the end wait longer, and are out of the processor's
 * cache when their replies are sent; with fewer, who reads the replies is woken more often. */
#define BATCH 64

/* On the first level an event is told once, and not looked for again each time: that would cost a tenth of an answer. So that
 * nothing is missed the end of what comes is told as well. */
#define FIRST_EVENTS (EPOLLET | EPOLLRDHUP)

/* A turn of the main loop that has taken so long ends, since the logs have to be read too. */
#define TURN_US 1000

/* And of that so long, or one watch, for those who come second, before those who come first are asked again. */
#define SECOND_US 50

typedef struct
{
  int                epoll;
  int                n_batch; /* events that were found ready together */
  int                next;    /* of these, the first that is not handed out yet */
  struct epoll_event batch[BATCH];
} Level;

/* The second level's descriptor is watched by the first, as one of many, whose watch is NULL: so it costs nothing to know that
 * nothing is ready there. */
struct _PgPoller
{
  Level    levels[2]; /* by watch->is_first */
  gboolean second_is_ready;
  GSource *source;
  void (*after) (gpointer user_data);
  gpointer after_data;
};

/* FALSE: nothing is ready. What of a batch is left from an earlier turn comes before what is ready now: asked anew, the kernel
 * would begin with the same ones again. */
static gboolean
find_ready (Level *level)
{
  if (level->next < level->n_batch)
    return TRUE;
  level->next = 0;
  level->n_batch = epoll_wait (level->epoll, level->batch, BATCH, 0);
  return level->n_batch > 0;
}

static void
tell_after (PgPoller *self)
{
  if (self->after != NULL)
    self->after (self->after_data);
}

static void
hand_out_next (Level *level)
{
  const struct epoll_event *event = &level->batch[level->next++];
  PgWatch                  *watch = event->data.ptr;

  if (watch != NULL)
    watch->ready (watch, event->events);
}

/* FALSE: nothing was ready. */
static gboolean
serve_first (PgPoller *self)
{
  Level *level = &self->levels[TRUE];

  if (!find_ready (level))
    return FALSE;
  for (int i = 0; i < level->n_batch; i++)
    if (level->batch[i].data.ptr == NULL)
      self->second_is_ready = TRUE;
  while (level->next < level->n_batch)
    hand_out_next (level);
  tell_after (self);
  return TRUE;
}

static void
serve_second (PgPoller *self)
{
  Level *level = &self->levels[FALSE];
  gint64 end_us = g_get_monotonic_time () + SECOND_US;

  self->second_is_ready = FALSE;
  if (!find_ready (level))
    return;
  do
    hand_out_next (level);
  while (level->next < level->n_batch && g_get_monotonic_time () < end_us);
  tell_after (self);
}

/* Under load more is ready by the time a batch is done: to ask at once spares the loop's own turn. */
static gboolean
dispatch (G_GNUC_UNUSED int fd, G_GNUC_UNUSED GIOCondition condition, gpointer user_data)
{
  PgPoller *self = user_data;
  gint64    end_us = g_get_monotonic_time () + TURN_US;

  while (serve_first (self))
    {
      if (self->second_is_ready)
        serve_second (self);
      else if (self->levels[TRUE].n_batch == 1)
        break; /* who asks alone has not read its reply yet */
      if (g_get_monotonic_time () >= end_us)
        break;
    }
  return G_SOURCE_CONTINUE;
}

static void
attach (PgPoller *self)
{
  self->source = g_unix_fd_source_new (self->levels[TRUE].epoll, G_IO_IN);
  g_source_set_callback (self->source, G_SOURCE_FUNC (dispatch), self, NULL);
  /* Else the loop takes it out and puts it back around each dispatch, at two writes to its wake-up descriptor and a read. */
  g_source_set_can_recurse (self->source, TRUE);
  g_source_attach (self->source, NULL);
}

PgPoller *
pg_poller_new (void)
{
  PgPoller          *self = g_new0 (PgPoller, 1);
  struct epoll_event second = { .events = EPOLLIN, .data.ptr = NULL };

  self->levels[TRUE].epoll = epoll_create1 (EPOLL_CLOEXEC);
  self->levels[FALSE].epoll = epoll_create1 (EPOLL_CLOEXEC);
  if (self->levels[TRUE].epoll >= 0 && self->levels[FALSE].epoll >= 0
      && epoll_ctl (self->levels[TRUE].epoll, EPOLL_CTL_ADD, self->levels[FALSE].epoll, &second) == 0)
    {
      attach (self);
      return self;
    }
  pg_poller_free (self);
  return NULL;
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
  int saved_errno = errno;

  if (self == NULL)
    return;
  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_source_unref (self->source);
    }
  for (guint i = 0; i < G_N_ELEMENTS (self->levels); i++)
    if (self->levels[i].epoll >= 0)
      close (self->levels[i].epoll);
  g_free (self);
  errno = saved_errno;
}

static gboolean
control (PgPoller *self, int operation, PgWatch *watch)
{
  struct epoll_event event = { .events = watch->events | (watch->is_first ? FIRST_EVENTS : 0), .data.ptr = watch };

  return epoll_ctl (self->levels[watch->is_first].epoll, operation, watch->fd, &event) == 0;
}

gboolean
pg_poller_add (PgPoller *self, PgWatch *watch, guint32 events)
{
  watch->events = events;
  watch->is_first = FALSE;
  return control (self, EPOLL_CTL_ADD, watch);
}

void
pg_poller_change (PgPoller *self, PgWatch *watch, guint32 events)
{
  watch->events = events;
  (void) control (self, EPOLL_CTL_MOD, watch);
}

void
pg_poller_remove (PgPoller *self, PgWatch *watch)
{
  Level *level = &self->levels[watch->is_first];

  (void) control (self, EPOLL_CTL_DEL, watch);
  for (int i = level->next; i < level->n_batch; i++)
    if (level->batch[i].data.ptr == watch)
      level->batch[i].data.ptr = NULL;
}

/* It stays where it is if there is no memory to move it. */
void
pg_poller_put_first (PgPoller *self, PgWatch *watch, gboolean first)
{
  if (watch->is_first == first)
    return;
  watch->is_first = first;
  if (control (self, EPOLL_CTL_ADD, watch))
    {
      watch->is_first = !first;
      pg_poller_remove (self, watch);
      watch->is_first = first;
    }
  else
    watch->is_first = !first;
}
