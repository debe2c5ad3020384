/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/poller.h"

#include "daemon/others.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

/* Found ready by one system call. */
#define BATCH 64

/* Called one after another before @after is, and so answered together. With more of them the first waits longer for its reply,
 * and is out of the processor's cache when that is sent; with fewer, who reads the replies is woken more often. */
#define TOGETHER 16

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
 * nothing is ready there. The loop's other descriptors are watched by the first as well: so they end its wait. */
struct _PgPoller
{
  Level    levels[2]; /* by watch->is_first */
  gboolean second_is_ready;
  PgOthers others; /* on the first level; their mark is this */
  GSource *source;
  void (*after) (gpointer user_data);
  gpointer after_data;
};

static gboolean
is_ready (const Level *level)
{
  return level->next < level->n_batch;
}

/* FALSE: nothing is ready. What of a batch is left from an earlier turn comes before what is ready now: asked anew, the kernel
 * would begin with the same ones again. */
static gboolean
find_ready (Level *level, int timeout_ms)
{
  if (is_ready (level))
    return TRUE;
  level->next = 0;
  level->n_batch = epoll_wait (level->epoll, level->batch, BATCH, timeout_ms);
  if (level->n_batch < 0)
    level->n_batch = 0;
  return level->n_batch > 0;
}

static void
tell_after (PgPoller *self)
{
  if (self->after != NULL)
    self->after (self->after_data);
}

static void
hand_out_next (PgPoller *self, Level *level)
{
  const struct epoll_event *event = &level->batch[level->next++];
  PgWatch                  *watch = event->data.ptr;

  if (watch != NULL && event->data.ptr != &self->others)
    watch->ready (watch, event->events);
}

/* FALSE: nothing was ready. */
static gboolean
serve_first (PgPoller *self)
{
  Level *level = &self->levels[TRUE];

  if (!find_ready (level, 0))
    return FALSE;
  for (int i = 0; i < level->n_batch; i++)
    if (level->batch[i].data.ptr == NULL)
      self->second_is_ready = TRUE;
  while (is_ready (level))
    {
      hand_out_next (self, level);
      if (level->next % TOGETHER == 0 || !is_ready (level))
        tell_after (self);
    }
  return TRUE;
}

static void
serve_second (PgPoller *self)
{
  Level *level = &self->levels[FALSE];
  gint64 end_us = g_get_monotonic_time () + SECOND_US;

  self->second_is_ready = FALSE;
  if (!find_ready (level, 0))
    return;
  do
    hand_out_next (self, level);
  while (is_ready (level) && g_get_monotonic_time () < end_us);
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

/* GLib hands its poll function no data. There is one main loop, and one poller in it. */
static PgPoller *the_poller;

static gboolean
is_among (const Level *level, gconstpointer mark)
{
  for (int i = level->next; i < level->n_batch; i++)
    if (level->batch[i].data.ptr == mark)
      return TRUE;
  return FALSE;
}

/* The loop's poll function: one epoll_wait(2) waits for all, and has found who is ready when it returns. Whatever of the loop's
 * others is, is asked of them; and where epoll can't wait for one of them, poll(2) waits. */
static gint
wait_for_all (GPollFD *fds, guint n_fds, gint timeout)
{
  PgPoller *self = the_poller;
  Level    *first = &self->levels[TRUE];
  gboolean  is_followed = pg_others_follow (&self->others, fds, n_fds);
  gboolean  is_polled = FALSE;
  gint      n = 0;

  if (is_followed)
    (void) find_ready (first, timeout);
  if (!is_followed || is_among (first, &self->others))
    is_polled = g_poll (fds, n_fds, is_followed || is_ready (first) ? 0 : timeout) >= 0;
  for (guint i = 0; i < n_fds; i++)
    {
      if (!is_polled)
        fds[i].revents = 0;
      if (fds[i].fd == first->epoll && is_ready (first))
        fds[i].revents = G_IO_IN;
      n += fds[i].revents != 0;
    }
  return n;
}

static void
attach (PgPoller *self)
{
  self->source = g_unix_fd_source_new (self->levels[TRUE].epoll, G_IO_IN);
  g_source_set_callback (self->source, G_SOURCE_FUNC (dispatch), self, NULL);
  /* Else the loop takes it out and puts it back around each dispatch, at two writes to its wake-up descriptor and a read. */
  g_source_set_can_recurse (self->source, TRUE);
  g_source_attach (self->source, NULL);
  self->others = (PgOthers){ .parent = self->levels[TRUE].epoll, .mark = &self->others };
  the_poller = self;
  g_main_context_set_poll_func (NULL, wait_for_all);
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
      g_main_context_set_poll_func (NULL, NULL);
      the_poller = NULL;
      pg_others_clear (&self->others);
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
