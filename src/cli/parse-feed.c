/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/parse-feed.h"

#include "core/error.h"
#include "core/lines.h"

/* A portion of so many bytes is followed by another one at once. */
#define FULL_PORTION 65536

/* Of so many bytes of the log a lot is made: to hand one over costs more than to sift a portion. */
#define LOT_SIZE 1048576

#define N_LOTS 3

typedef struct
{
  PgParseLot seen; /* as it is handed out */
  GArray    *lines;
  GString   *text;  /* of the lines, one behind the other */
  GError    *error; /* with which the log ends here */
  gboolean   is_end;
} Lot;

struct _PgParseFeed
{
  GThread     *thread;
  GAsyncQueue *idle;  /* of Lot: to be filled */
  GAsyncQueue *ready; /* of Lot: to be handed out */
  Lot         *current;
  gint         is_cancelled; /* atomic */

  /* the thread's */
  PgUnpack     *unpack;
  PgLines      *lines;
  PgHeadFormat  format;
  PgLineRules   rules;
  PgProgramMemo memo;
  gboolean      keeps_others;
};

static Lot *
new_lot (void)
{
  Lot *lot = g_new0 (Lot, 1);

  lot->lines = g_array_new (FALSE, FALSE, sizeof (PgParseLine));
  lot->text = g_string_new (NULL);
  return lot;
}

static void
free_lot (gpointer data)
{
  Lot *lot = data;

  g_array_unref (lot->lines);
  g_string_free (lot->text, TRUE);
  g_clear_error (&lot->error);
  g_free (lot);
}

/* --- the thread ------------------------------------------------------------------------------------------------------ */

static gboolean
may_matter (PgParseFeed *self, PgSpan line)
{
  PgLineKind kind;

  if (self->format == PG_HEAD_UNKNOWN && (self->format = pg_head_guess (line)) == PG_HEAD_UNKNOWN)
    return FALSE;
  return !pg_login_line_passes_over (line, self->format, &self->rules, &kind) || (kind == PG_LINE_OTHER && self->keeps_others);
}

/* Until the lot is full its text may move: so lines have their lengths only. */
static void
sift (PgParseFeed *self, PgSpan portion, Lot *lot)
{
  PgSpan line;

  while (pg_lines_next (self->lines, &portion, &line))
    if (may_matter (self, line))
      {
        PgParseLine kept = { .number = pg_lines_number (self->lines), .text = pg_span (NULL, line.len) };

        g_string_append_len (lot->text, line.data, (gssize) line.len);
        g_array_append_val (lot->lines, kept);
      }
}

static void
place_lines (Lot *lot)
{
  const char *at = lot->text->str;

  for (guint i = 0; i < lot->lines->len; i++)
    {
      PgParseLine *line = &g_array_index (lot->lines, PgParseLine, i);

      line->text.data = at;
      at += line->text.len;
    }
}

static void
fill (PgParseFeed *self, Lot *lot)
{
  PgSpan portion;
  gsize  size = 0;

  g_array_set_size (lot->lines, 0);
  g_string_truncate (lot->text, 0);
  do
    {
      lot->is_end = !pg_unpack_next (self->unpack, &portion, &lot->error) || portion.len == 0;
      if (lot->is_end)
        break;
      size += portion.len;
      lot->seen.is_short = portion.len < FULL_PORTION;
      sift (self, portion, lot);
    }
  while (!lot->seen.is_short && size < LOT_SIZE);
  place_lines (lot);
  lot->seen.format = self->format;
  lot->seen.lines = (const PgParseLine *) (gconstpointer) lot->lines->data;
  lot->seen.n_lines = lot->lines->len;
}

static gpointer
run (gpointer data)
{
  PgParseFeed *self = data;
  gboolean     is_over = FALSE;

  while (!is_over)
    {
      Lot *lot = g_async_queue_pop (self->idle);

      if (g_atomic_int_get (&self->is_cancelled))
        lot->is_end = TRUE;
      else
        fill (self, lot);
      is_over = lot->is_end;
      g_async_queue_push (self->ready, lot);
    }
  return NULL;
}

/* --- who asks -------------------------------------------------------------------------------------------------------- */

PgParseFeed *
pg_parse_feed_new (PgUnpack *unpack, PgHeadFormat format, const PgLineRules *rules, gboolean keeps_others, GError **error)
{
  PgParseFeed *self = g_new0 (PgParseFeed, 1);
  g_autoptr (GError) cause = NULL;

  self->unpack = unpack;
  self->lines = pg_lines_new (FALSE);
  self->format = format;
  self->rules = *rules;
  self->rules.memo = &self->memo;
  self->keeps_others = keeps_others;
  self->idle = g_async_queue_new_full (free_lot);
  self->ready = g_async_queue_new_full (free_lot);
  for (guint i = 0; i < N_LOTS; i++)
    g_async_queue_push (self->idle, new_lot ());
  self->thread = g_thread_try_new ("parse-feed", run, self, &cause);
  if (self->thread != NULL)
    return self;
  g_set_error (error, PG_ERROR, PG_ERROR_SYSTEM, "cannot read in a thread of its own: %s", cause->message);
  pg_parse_feed_free (self);
  return NULL;
}

static void
give_back (PgParseFeed *self)
{
  if (self->current != NULL)
    g_async_queue_push (self->idle, g_steal_pointer (&self->current));
}

/* The thread may wait for an idle lot: there has to be one. */
static void
give_all_back (PgParseFeed *self)
{
  Lot *lot;

  give_back (self);
  while ((lot = g_async_queue_try_pop (self->ready)) != NULL)
    g_async_queue_push (self->idle, lot);
}

void
pg_parse_feed_free (PgParseFeed *self)
{
  if (self == NULL)
    return;
  g_atomic_int_set (&self->is_cancelled, 1);
  give_all_back (self);
  if (self->thread != NULL)
    g_thread_join (self->thread);
  g_async_queue_unref (self->idle);
  g_async_queue_unref (self->ready);
  pg_lines_free (self->lines);
  pg_unpack_free (self->unpack);
  g_free (self);
}

gboolean
pg_parse_feed_next (PgParseFeed *self, const PgParseLot **out, GError **error)
{
  gboolean was_last = self->current != NULL && self->current->is_end;

  *out = NULL;
  if (was_last && self->current->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->current->error));
      return FALSE;
    }
  if (was_last)
    return TRUE;
  give_back (self);
  self->current = g_async_queue_pop (self->ready);
  *out = &self->current->seen;
  return TRUE;
}
