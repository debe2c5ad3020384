/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/feed.h"

#include "engine/event-copy.h"

typedef struct
{
  PgEvent *event;  /* NULL: some are missing here */
  gsize    size;   /* of the event */
  guint64  n_lost; /* how many are missing */
} Item;

struct _PgFeed
{
  PgEvents     *events;
  PgEventFilter filter;
  GQueue        items; /* of Item, the oldest first */
  gsize         n_bytes;
  guint64       n_lost;  /* behind the last item */
  gboolean      is_full; /* until there is room for a good number */
  void (*wake) (gpointer user_data);
  gpointer user_data;
};

static gboolean
is_half_empty (const PgFeed *self)
{
  return self->items.length <= PG_FEED_EVENTS_MAX / 2 && self->n_bytes <= PG_FEED_BYTES_MAX / 2;
}

static void
push (PgFeed *self, PgEvent *event, gsize size, guint64 n_lost)
{
  Item *item = g_new (Item, 1);

  *item = (Item){ event, size, n_lost };
  g_queue_push_tail (&self->items, item);
  self->n_bytes += size;
}

/* What is missing stands before what comes after it. */
static void
add (PgFeed *self, const PgEvent *event)
{
  gsize    size;
  PgEvent *copy = pg_event_copy (event, &size);

  if (copy->now_us == 0)
    copy->now_us = g_get_real_time ();
  if (self->n_lost > 0)
    push (self, NULL, 0, self->n_lost);
  self->n_lost = 0;
  push (self, copy, size, 0);
  self->is_full = self->items.length >= PG_FEED_EVENTS_MAX || self->n_bytes >= PG_FEED_BYTES_MAX;
}

static void
hear (const PgEvent *event, gpointer user_data)
{
  PgFeed  *self = user_data;
  gboolean was_empty = pg_feed_is_empty (self);

  if (!pg_event_filter_passes (&self->filter, event))
    return;
  if (self->is_full)
    self->n_lost++;
  else
    add (self, event);
  if (was_empty && self->wake != NULL)
    self->wake (self->user_data);
}

PgFeed *
pg_feed_new (PgEvents *events, const PgEventFilter *filter)
{
  PgFeed *self = g_new0 (PgFeed, 1);

  self->events = events;
  self->filter = *filter;
  g_queue_init (&self->items);
  pg_events_subscribe (events, filter->kinds, hear, self);
  return self;
}

static void
free_item (gpointer data)
{
  Item *item = data;

  g_free (item->event);
  g_free (item);
}

void
pg_feed_free (PgFeed *self)
{
  if (self == NULL)
    return;
  pg_events_unsubscribe (self->events, self);
  g_queue_clear_full (&self->items, free_item);
  g_free (self);
}

void
pg_feed_set_wake (PgFeed *self, void (*wake) (gpointer user_data), gpointer user_data)
{
  self->wake = wake;
  self->user_data = user_data;
}

gboolean
pg_feed_is_empty (const PgFeed *self)
{
  return self->items.length == 0 && self->n_lost == 0;
}

gboolean
pg_feed_next (PgFeed *self, PgEvent **out_event, guint64 *out_n_lost)
{
  Item *item = g_queue_pop_head (&self->items);

  *out_event = item != NULL ? g_steal_pointer (&item->event) : NULL;
  *out_n_lost = item != NULL ? item->n_lost : self->n_lost;
  if (item != NULL)
    self->n_bytes -= item->size;
  else
    self->n_lost = 0;
  if (is_half_empty (self))
    self->is_full = FALSE;
  g_free (item);
  return *out_event != NULL || *out_n_lost > 0;
}
