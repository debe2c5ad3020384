/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/turn.h"

#include <unistd.h>

PgTurn *
pg_turn_new (gpointer job, GDestroyNotify free_job, int fd)
{
  PgTurn *self = g_atomic_rc_box_new0 (PgTurn);

  self->job = job;
  self->free_job = free_job;
  self->fd = fd;
  g_mutex_init (&self->lock);
  g_cond_init (&self->is_over);
  return self;
}

static void
clear (gpointer data)
{
  PgTurn *self = data;

  g_clear_pointer (&self->job, self->free_job);
  if (self->fd >= 0)
    close (self->fd);
  g_clear_error (&self->error);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->is_over);
}

static void
release (gpointer self)
{
  g_atomic_rc_box_release_full (self, clear);
}

static void
run_in_thread (GTask *task, G_GNUC_UNUSED gpointer source, gpointer data, G_GNUC_UNUSED GCancellable *cancellable)
{
  PgTurn  *self = data;
  gboolean ok = self->run (self, &self->error);

  g_mutex_lock (&self->lock);
  self->ok = ok;
  self->is_done = TRUE;
  g_cond_broadcast (&self->is_over);
  g_mutex_unlock (&self->lock);
  g_task_return_boolean (task, ok);
}

static void
tell_owner (G_GNUC_UNUSED GObject *source, GAsyncResult *result, G_GNUC_UNUSED gpointer user_data)
{
  PgTurn *self = g_task_get_task_data (G_TASK (result));

  if (self->owner != NULL)
    self->ended (self, self->owner);
}

void
pg_turn_begin (PgTurn *self, PgTurnRun run, PgTurnEnded ended, gpointer owner)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, tell_owner, NULL);

  self->run = run;
  self->ended = ended;
  self->owner = owner;
  g_task_set_task_data (task, g_atomic_rc_box_acquire (self), release);
  g_task_run_in_thread (task, run_in_thread);
}

gboolean
pg_turn_wait (PgTurn *self, gint64 max_us)
{
  gint64   end_us = g_get_monotonic_time () + max_us;
  gboolean is_done;

  g_mutex_lock (&self->lock);
  while (!self->is_done && g_cond_wait_until (&self->is_over, &self->lock, end_us))
    continue;
  is_done = self->is_done;
  g_mutex_unlock (&self->lock);
  return is_done;
}

void
pg_turn_cancel (PgTurn *self)
{
  g_atomic_int_set (&self->work.is_cancelled, 1);
}

void
pg_turn_let_go (PgTurn *self)
{
  if (self == NULL)
    return;
  self->owner = NULL;
  release (self);
}
