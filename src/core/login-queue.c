/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/login-queue.h"

/* A login with its user's name behind it. */
typedef struct
{
  PgLogin login;
  char    user[];
} Item;

struct _PgLoginQueue
{
  GQueue items;
};

PgLoginQueue *
pg_login_queue_new (void)
{
  PgLoginQueue *self = g_new0 (PgLoginQueue, 1);

  g_queue_init (&self->items);
  return self;
}

void
pg_login_queue_free (PgLoginQueue *self)
{
  if (self == NULL)
    return;
  g_queue_clear_full (&self->items, g_free);
  g_free (self);
}

gboolean
pg_login_queue_push (PgLoginQueue *self, const PgLogin *login)
{
  gboolean is_full = g_queue_get_length (&self->items) >= PG_LOGIN_QUEUE_MAX;
  Item    *item = g_malloc0 (sizeof *item + login->user.len);

  if (is_full)
    pg_login_queue_drop (self);
  item->login = *login;
  memcpy (item->user, login->user.data, login->user.len);
  item->login.user.data = item->user;
  g_queue_push_tail (&self->items, item);
  return !is_full;
}

const PgLogin *
pg_login_queue_peek (PgLoginQueue *self)
{
  const Item *item = g_queue_peek_head (&self->items);

  return item != NULL ? &item->login : NULL;
}

void
pg_login_queue_drop (PgLoginQueue *self)
{
  g_free (g_queue_pop_head (&self->items));
}

guint
pg_login_queue_size (const PgLoginQueue *self)
{
  return self->items.length;
}
