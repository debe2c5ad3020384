/* SPDX-License-Identifier: GPL-3.0-or-later */
/* others: the descriptors of the main loop's other sources, behind one epoll(7) descriptor.
 *
 * So one epoll_wait(2) can wait for all, where the loop would poll(2) first, and then ask epoll what is ready.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** PgOthers: to be set to { parent, mark } with all else 0; freed with pg_others_clear(). */
typedef struct
{
  int      parent; /* epoll(7) descriptor that watches them together; borrowed */
  gpointer mark;   /* data.ptr of that event */
  int      epoll;  /* over them, level-triggered; 0: there is none */
  GArray  *known;  /* of GPollFD: what was handed over the last time; NULL: that was never */
} PgOthers;

/** pg_others_clear: frees what there is. */
void pg_others_clear (PgOthers *self);

/**
 * pg_others_follow:
 * @fds: (array length=n): as the loop hands them to its poll function, self->parent among them, which is left out
 *
 * Watches them, and none of those of the last time that are gone.
 *
 * Returns: FALSE if epoll can't wait for one of them, as for a regular file
 */
gboolean pg_others_follow (PgOthers *self, const GPollFD *fds, guint n);

G_END_DECLS
