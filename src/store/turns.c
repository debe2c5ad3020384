/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a store does in threads, one turn at a time: it is opened; then a session is prepared; then the root that says so is
 * brought to the disk. Between the turns the loop takes over what a thread has done.
 *
 * While it is opened, all that the store has is the thread's, and what is left here is a file that is closed. While a session is
 * prepared the file stays here, and is read; the thread has a store without a file, with what it must know of this one.
 */
#include "store/session.h"

#include <errno.h>
#include <unistd.h>

/* Who ends waits so long for a thread that was told to end. One that waits for the disk may not be able to: it is left alone
 * then, as it would be in a crash. */
#define END_US (500 * G_TIME_SPAN_MILLISECOND)

static void
tell_changed (PgStore *self)
{
  if (self->changed != NULL)
    self->changed (self, self->changed_data);
}

/* Ends the turn that has ended; its result is the caller's to look at until then. */
static void
drop_turn (PgStore *self)
{
  pg_turn_let_go (g_steal_pointer (&self->turn));
}

/* Of a store that a thread had. */
static void
dispose (gpointer store)
{
  pg_store_dispose (store);
}

/* --- the root -------------------------------------------------------------------------------------------------------- */

static gboolean
run_sync (PgTurn *turn, GError **error)
{
  if (fdatasync (turn->fd) == 0)
    return TRUE;
  g_set_error (error, PG_ERROR, PG_ERROR_STORE, "cannot sync: %s", g_strerror (errno));
  return FALSE;
}

static void
take_synced (PgStore *self)
{
  g_autoptr (GError) error = NULL;

  if (pg_file_problem (self->file) != NULL)
    return;
  if (!self->turn->ok)
    (void) pg_file_refuse (self->file, g_error_copy (self->turn->error), &error);
  else if (pg_session_go (self, &error))
    return;
  pg_session_fail (self, error);
}

static void
ended_sync (G_GNUC_UNUSED PgTurn *turn, gpointer owner)
{
  PgStore *self = owner;

  take_synced (self);
  drop_turn (self);
  tell_changed (self);
}

/* --- the session ----------------------------------------------------------------------------------------------------- */

static gboolean
run_prepare (PgTurn *turn, GError **error)
{
  return pg_session_prepare (turn->job, error);
}

static void
take_prepared (PgStore *self, PgStore *prepared)
{
  self->base = prepared->base;
  self->is_base_bad = prepared->is_base_bad;
  self->replayed = prepared->replayed;
  self->checkpoint_pause = prepared->checkpoint_pause;
  self->redo = g_steal_pointer (&prepared->redo);
  while (!g_queue_is_empty (&prepared->news))
    g_queue_push_tail (&self->news, g_queue_pop_head (&prepared->news));
}

/* FALSE: nothing can be written, and why is kept. */
static gboolean
mark (PgStore *self)
{
  g_autoptr (GError) error = NULL;

  take_prepared (self, self->turn->job);
  if (self->turn->ok && pg_session_mark (self, &error))
    return TRUE;
  pg_session_fail (self, self->turn->ok ? error : self->turn->error);
  pg_session_tell_problem (self);
  return FALSE;
}

static void
ended_prepare (G_GNUC_UNUSED PgTurn *turn, gpointer owner)
{
  PgStore *self = owner;
  gboolean ok = pg_file_problem (self->file) == NULL && mark (self);

  drop_turn (self);
  if (!ok)
    {
      tell_changed (self);
      return;
    }
  self->turn = pg_turn_new (NULL, NULL, pg_file_dup (self->file));
  pg_turn_begin (self->turn, run_sync, ended_sync, self);
}

static void
begin_prepare (PgStore *self)
{
  PgStore *prepared = pg_store_new (self->path, self->mode);

  if (self->begin_problem == NULL)
    self->begin_problem = g_strdup ("its base and redo log are being prepared");
  g_clear_pointer (&self->redo, pg_redo_free); /* nothing is in it: else it would not have been opened */
  prepared->root = self->root;
  prepared->is_rebuilt = self->is_rebuilt;
  prepared->replayed = self->replayed;
  prepared->base = self->base;
  prepared->is_base_bad = self->is_base_bad;
  prepared->checkpoint_bytes = self->checkpoint_bytes;
  prepared->checkpoint_pause = self->checkpoint_pause;
  self->turn = pg_turn_new (prepared, dispose, -1);
  prepared->work = &self->turn->work;
  pg_turn_begin (self->turn, run_prepare, ended_prepare, self);
}

/* --- opening --------------------------------------------------------------------------------------------------------- */

static gboolean
open_with_notes (PgStore *self, GError **error)
{
  g_clear_pointer (&self->loaded, pg_noteset_free);
  self->has_notes = FALSE;
  pg_session_end_for_base (self);
  if (!pg_store_open_file (self, error))
    return FALSE;
  self->loaded = pg_noteset_new ();
  return pg_store_read_notes (self, self->loaded, error);
}

static gboolean
run_open (PgTurn *turn, GError **error)
{
  PgStore *opened = turn->job;
  gboolean ok = open_with_notes (opened, error);

  if (!ok && pg_file_problem (opened->file) == NULL)
    pg_file_set_problem (opened->file, (*error)->message);
  pg_file_let_go (opened->file);
  return ok;
}

/* All that one has becomes the other's, but what is of the loop alone. */
static void
exchange (PgStore *self, PgStore *other)
{
  PgStore mine = *self;

  *self = *other;
  *other = mine;
  self->n_cursors = mine.n_cursors;
  self->counters = mine.counters;
  self->turn = mine.turn;
  self->changed = mine.changed;
  self->changed_data = mine.changed_data;
  other->n_cursors = 0;
  other->turn = NULL;
  self->work = other->work = NULL;
}

static void
take_opened (PgStore *self)
{
  exchange (self, self->turn->job);
  drop_turn (self);
}

static void
ended_open (G_GNUC_UNUSED PgTurn *turn, gpointer owner)
{
  PgStore *self = owner;

  take_opened (self);
  if (pg_file_problem (self->file) == NULL)
    begin_prepare (self);
  tell_changed (self);
}

/* What was wrong with it is said on, until more is known. */
static void
begin_open (PgStore *self)
{
  const char      *before = pg_file_problem (self->file);
  g_autofree char *problem = before != NULL ? g_strdup (before) : g_strdup_printf ("%s: is being opened", self->path);
  PgStore         *opened = pg_store_new (self->path, self->mode);

  self->turn = pg_turn_new (opened, dispose, -1);
  exchange (self, opened);
  pg_file_set_problem (self->file, problem);
  opened->work = &self->turn->work;
  pg_turn_begin (self->turn, run_open, ended_open, self);
}

/* --- for who has such a store ---------------------------------------------------------------------------------------- */

static gboolean
is_opening (const PgStore *self)
{
  return self->turn != NULL && self->turn->run == run_open;
}

static gboolean
is_made_anew (const PgStore *self)
{
  return is_opening (self) && g_atomic_int_get (&self->turn->work.is_anew) != 0;
}

const char *
pg_store_problem (const PgStore *self)
{
  return is_made_anew (self) ? self->anew : pg_file_problem (self->file);
}

gboolean
pg_store_is_busy (const PgStore *self)
{
  return self->turn != NULL;
}

gint64
pg_store_n_made (const PgStore *self)
{
  return is_made_anew (self) ? g_atomic_int_get (&self->turn->work.n_done) : -1;
}

void
pg_store_tick_async (PgStore *self, PgStoreChanged changed, gpointer user_data)
{
  PgSessionNeed need;

  self->changed = changed;
  self->changed_data = user_data;
  if (self->turn != NULL)
    {
      if (!is_opening (self) && !pg_file_check (self->file, NULL))
        pg_turn_cancel (self->turn);
      return;
    }
  need = pg_session_look (self);
  if (need == PG_SESSION_TO_OPEN)
    begin_open (self);
  else if (need == PG_SESSION_TO_BEGIN)
    begin_prepare (self);
}

void
pg_store_await (PgStore *self, gint64 max_us)
{
  gint64 end_us = g_get_monotonic_time () + max_us;

  while (self->turn != NULL && pg_turn_wait (self->turn, end_us - g_get_monotonic_time ()))
    self->turn->ended (self->turn, self);
}

/* What has ended is taken over; no other turn follows. */
static void
take_over (PgStore *self)
{
  if (is_opening (self))
    {
      take_opened (self);
      return;
    }
  if (self->turn->run == run_prepare)
    take_prepared (self, self->turn->job);
  else
    take_synced (self);
  drop_turn (self);
}

void
pg_store_end_turn (PgStore *self)
{
  if (self->turn == NULL)
    return;
  pg_turn_cancel (self->turn);
  if (pg_turn_wait (self->turn, END_US))
    take_over (self);
  else
    drop_turn (self);
}
