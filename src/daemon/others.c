/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/others.h"

#include <sys/epoll.h>
#include <unistd.h>

/* Who is watched by a descriptor is so no more when it is closed. */
static void
drop_epoll (PgOthers *self)
{
  if (self->epoll > 0)
    close (self->epoll);
  self->epoll = 0;
}

void
pg_others_clear (PgOthers *self)
{
  drop_epoll (self);
  g_clear_pointer (&self->known, g_array_unref);
}

/* The loop hands them over in the same order each time. Whoever closes a descriptor, and opens one of the same number for the
 * same before the loop's next turn, is not told from who keeps it: nobody here does, and each log is looked at once a second
 * anyway. */
static gboolean
are_known (const PgOthers *self, const GPollFD *fds, guint n)
{
  if (self->known == NULL || self->known->len != n)
    return FALSE;
  for (guint i = 0; i < n; i++)
    {
      const GPollFD *known = &g_array_index (self->known, GPollFD, i);

      if (known->fd != fds[i].fd || known->events != fds[i].events)
        return FALSE;
    }
  return TRUE;
}

static void
remember (PgOthers *self, const GPollFD *fds, guint n)
{
  if (self->known == NULL)
    self->known = g_array_new (FALSE, FALSE, sizeof (GPollFD));
  g_array_set_size (self->known, 0);
  g_array_append_vals (self->known, fds, n);
}

/* What poll(2) and epoll(7) have in common is of the same bits. */
static gboolean
watch (int epoll, int fd, guint32 events, gpointer mark)
{
  struct epoll_event event = { .events = events, .data.ptr = mark };

  return epoll_ctl (epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static gboolean
watch_known (PgOthers *self)
{
  gboolean is_watched = (self->epoll = epoll_create1 (EPOLL_CLOEXEC)) > 0;

  for (guint i = 0; i < self->known->len && is_watched; i++)
    {
      const GPollFD *fd = &g_array_index (self->known, GPollFD, i);

      is_watched = fd->fd == self->parent || watch (self->epoll, fd->fd, fd->events, NULL);
    }
  return is_watched && watch (self->parent, self->epoll, EPOLLIN, self->mark);
}

gboolean
pg_others_follow (PgOthers *self, const GPollFD *fds, guint n)
{
  if (are_known (self, fds, n))
    return self->epoll > 0;
  drop_epoll (self);
  remember (self, fds, n);
  if (!watch_known (self))
    drop_epoll (self);
  return self->epoll > 0;
}
