/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/events.h"

typedef struct
{
  guint       kinds;
  PgEventSink sink;
  gpointer    user_data;
} Listener;

struct _PgEvents
{
  GArray  *listeners; /* of Listener */
  guint    wanted;    /* by any of them */
  gboolean wants_records;
};

PgEvents *
pg_events_new (void)
{
  PgEvents *self = g_new0 (PgEvents, 1);

  self->listeners = g_array_new (FALSE, FALSE, sizeof (Listener));
  return self;
}

void
pg_events_free (PgEvents *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->listeners);
  g_free (self);
}

static void
want (PgEvents *self, guint kinds)
{
  self->wanted |= kinds;
  if ((kinds & 1U << PG_EVENT_VERDICT) != 0 && (kinds & PG_EVENT_RECALLED) == 0)
    self->wants_records = TRUE;
}

void
pg_events_subscribe (PgEvents *self, guint kinds, PgEventSink sink, gpointer user_data)
{
  g_array_append_vals (self->listeners, &(Listener){ kinds, sink, user_data }, 1);
  want (self, kinds);
}

void
pg_events_unsubscribe (PgEvents *self, gpointer user_data)
{
  self->wanted = 0;
  self->wants_records = FALSE;
  for (guint i = self->listeners->len; i-- > 0;)
    {
      const Listener *listener = &g_array_index (self->listeners, Listener, i);

      if (listener->user_data == user_data)
        g_array_remove_index (self->listeners, i);
      else
        want (self, listener->kinds);
    }
}

gboolean
pg_events_is_wanted (const PgEvents *self, PgEventKind kind)
{
  return (self->wanted & 1U << kind) != 0;
}

gboolean
pg_events_wants_records (const PgEvents *self)
{
  return self->wants_records;
}

void
pg_events_tell (const PgEvents *self, const PgEvent *event)
{
  if (!pg_events_is_wanted (self, event->kind))
    return;
  for (guint i = 0; i < self->listeners->len; i++)
    {
      const Listener *listener = &g_array_index (self->listeners, Listener, i);

      if ((listener->kinds & 1U << event->kind) != 0)
        listener->sink (event, listener->user_data);
    }
}
