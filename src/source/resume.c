/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/resume.h"

#include "source/lookback.h"
#include "source/rotation.h"

typedef struct
{
  PgFollow    *follow;
  GPtrArray   *older; /* paths of the predecessors, packed ones among them, youngest first */
  PgPackedWant want;
} Search;

static PgTailMark
mark_at (GBytes *position, gsize index)
{
  const guint8 *data = g_bytes_get_data (position, NULL);

  return pg_tail_mark_get (data + index * PG_TAIL_MARK_SIZE);
}

/* The predecessor that @mark was made of, at the mark. It may have been packed since. */
static PgTail *
find_marked (Search *self, const PgTailMark *mark, guint *out_index)
{
  PgTail  *tail = pg_rotation_find (self->older, self->want.trust, mark, out_index);
  gboolean goes_on = TRUE;

  for (guint i = 0; i < self->older->len && tail == NULL && goes_on && mark->offset > 0; i++)
    {
      const char *path = g_ptr_array_index (self->older, i);

      *out_index = i;
      if (pg_rotation_is_packed (path))
        tail = pg_follow_open_packed (self->follow, path, mark, &self->want, &goes_on);
    }
  return tail;
}

/* Goes on at @mark in the current file, or in a predecessor and then in all files that came after it. A mark at the start fits
 * each file of that inode, one that was cut since, too: what stood there before it was cut has to be looked for. */
static gboolean
resume_at (Search *self, const PgTailMark *mark)
{
  PgFollow *follow = self->follow;
  PgTail   *tail;
  guint     index;

  if (follow->current != NULL && mark->offset > 0 && pg_rotation_is_wanted (follow->current->tail, mark))
    {
      pg_tail_seek (follow->current->tail, mark->offset);
      return TRUE;
    }
  tail = find_marked (self, mark, &index);
  if (tail == NULL)
    return FALSE;
  pg_follow_add_older (follow, tail, pg_follow_current_link (follow));
  pg_follow_add_younger (follow, self->older, index, pg_follow_current_link (follow), &self->want);
  return TRUE;
}

/* The last mark is that of the file that was current; those before it are of predecessors. */
static gboolean
resume (Search *self, GBytes *position)
{
  gsize      n_marks = g_bytes_get_size (position) / PG_TAIL_MARK_SIZE;
  PgTailMark mark;
  guint      index;

  for (gsize i = 0; i + 1 < n_marks; i++)
    {
      PgTail *tail;

      mark = mark_at (position, i);
      if ((tail = find_marked (self, &mark, &index)) != NULL)
        pg_follow_add_older (self->follow, tail, pg_follow_current_link (self->follow));
    }
  if (n_marks == 0)
    return FALSE;
  mark = mark_at (position, n_marks - 1);
  return resume_at (self, &mark);
}

/* A predecessor, at the first place that is wanted. */
static PgTail *
open_wanted (Search *self, const char *path, gboolean *out_goes_on)
{
  PgSource *source = self->follow->source;
  PgTail   *tail = pg_follow_open (self->follow, path, &self->want, out_goes_on);

  if (tail != NULL && source->format == PG_HEAD_UNKNOWN)
    source->format = pg_lookback_guess (tail);
  if (tail != NULL && !pg_rotation_is_packed (path))
    *out_goes_on = pg_lookback_seek (tail, source->format, self->want.since_us, self->want.clock);
  return tail;
}

/* Finds the files and places from which on all lines are wanted. */
static void
look_back (Search *self)
{
  PgFollow *follow = self->follow;
  GQueue    found = G_QUEUE_INIT;
  gboolean  goes_on = TRUE;
  PgTail   *tail;
  guint     i;

  if (follow->current != NULL)
    goes_on = pg_lookback_seek (follow->current->tail, follow->source->format, self->want.since_us, self->want.clock);
  for (i = 0; i < self->older->len && goes_on && i + 1 < PG_FOLLOW_MAX; i++)
    if ((tail = open_wanted (self, g_ptr_array_index (self->older, i), &goes_on)) != NULL)
      g_queue_push_head (&found, tail);
  if (goes_on && i < self->older->len)
    pg_follow_warn_of_many (follow);
  while ((tail = g_queue_pop_head (&found)) != NULL)
    pg_follow_add_older (follow, tail, pg_follow_current_link (follow));
}

void
pg_resume (PgFollow *follow, GBytes *position, gint64 since_us, const PgClock *clock)
{
  g_autoptr (GPtrArray) older = pg_rotation_list_all (follow->path);
  Search self = {
    .follow = follow,
    .older = older,
    .want = { .trust = follow->trust,
              .format = follow->source->format,
              .since_us = since_us,
              .clock = clock,
              .budget = PG_PACKED_BUDGET },
  };

  if (position == NULL || !resume (&self, position))
    look_back (&self);
}

GBytes *
pg_resume_position (const PgFollow *follow)
{
  guint8  marks[PG_FOLLOW_MAX * PG_TAIL_MARK_SIZE];
  guint8 *at = marks;

  for (GList *link = follow->files.head; link != NULL; link = link->next)
    {
      PgTailMark mark = pg_tail_mark (((const PgFollowed *) link->data)->tail);

      pg_tail_mark_put (&mark, at);
      at += PG_TAIL_MARK_SIZE;
    }
  return at > marks ? g_bytes_new (marks, (gsize) (at - marks)) : NULL;
}
