/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file that is followed through rotation: by rename, when the old file is read to its end beside the new one, and by copy
 * and truncation, when what was not read yet is looked up in the copy. Events come from inotify; a tick finds what no event
 * told. */
#include "core/error.h"
#include "source/lookback.h"
#include "source/packed.h"
#include "source/rotation.h"
#include "source/source-class.h"

#include <errno.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files read at once: the current one and predecessors that may still be written to. */
#define TAILS_MAX 6

/* A predecessor that was quiet for so many ticks is let go: whoever wrote to it has opened the new file long ago. */
#define QUIET_TICKS_MAX 600

#define FOLDER_EVENTS (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define FILE_EVENTS (IN_MODIFY | IN_MOVE_SELF | IN_DELETE_SELF)

typedef struct
{
  PgTail  *tail;
  int      watch;
  guint    quiet_ticks;
  gboolean is_at_end;
} Followed;

typedef struct
{
  PgSource  base;
  char     *path;
  PgTrust   trust;
  int       inotify;
  int       folder_watch;
  GQueue    followed; /* of Followed, oldest first */
  Followed *current;  /* the last of them: what the path names, or named last; NULL: nothing yet */
  char     *problem;
  gboolean  is_held;

  PgPackedWant *want; /* while it starts: what of packed files is wanted; else none is looked into */
} FileSource;

/* --- the files that are followed ------------------------------------------------------------------------------------- */

static void
set_problem (FileSource *self, char *problem)
{
  g_free (self->problem);
  self->problem = problem;
}

static int
watch_tail (const FileSource *self, const PgTail *tail)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", pg_tail_fd (tail));

  /* By descriptor: what the path names may be another file by now. */
  return self->inotify >= 0 ? inotify_add_watch (self->inotify, link, FILE_EVENTS) : -1;
}

static void
free_followed (FileSource *self, Followed *followed)
{
  if (followed->watch >= 0)
    (void) inotify_rm_watch (self->inotify, followed->watch);
  if (self->current == followed)
    self->current = NULL;
  pg_tail_free (followed->tail);
  g_free (followed);
}

static void
drop_oldest (FileSource *self)
{
  free_followed (self, g_queue_pop_head (&self->followed));
}

/* Follows @tail (transfer full), to be read before @younger; NULL: after all others. */
static Followed *
follow (FileSource *self, PgTail *tail, GList *younger)
{
  Followed *followed = g_new0 (Followed, 1);

  followed->tail = tail;
  followed->watch = watch_tail (self, tail);
  if (self->base.format == PG_HEAD_UNKNOWN)
    self->base.format = pg_lookback_guess (tail);
  g_queue_insert_before (&self->followed, younger, followed);
  if (g_queue_get_length (&self->followed) > TAILS_MAX)
    drop_oldest (self);
  return followed;
}

static GList *
find_followed (FileSource *self, const PgTail *tail)
{
  for (GList *link = self->followed.head; link != NULL; link = link->next)
    if (pg_tail_is_same (((const Followed *) link->data)->tail, tail))
      return link;
  return NULL;
}

/* Follows @tail (transfer full) as a predecessor, unless it is followed already: no line is to be read twice. */
static void
follow_older (FileSource *self, PgTail *tail, GList *younger)
{
  if (find_followed (self, tail) == NULL)
    follow (self, tail, younger);
  else
    pg_tail_free (tail);
}

/* As pg_packed_open(). */
static PgTail *
open_packed (FileSource *self, const char *path, const PgTailMark *mark, gboolean *out_goes_on)
{
  PgTail *tail = self->want != NULL ? pg_packed_open (path, self->want, mark, out_goes_on) : NULL;

  if (tail != NULL && self->base.format == PG_HEAD_UNKNOWN)
    self->base.format = self->want->format;
  return tail;
}

/* A predecessor of which nothing was read yet. */
static PgTail *
open_older (FileSource *self, const char *path, gboolean *out_goes_on)
{
  return pg_rotation_is_packed (path) ? open_packed (self, path, NULL, out_goes_on) : pg_tail_open (path, self->trust, NULL);
}

/* Follows the first @n files of @older from their start: those that came after the one where reading goes on. */
static void
follow_younger (FileSource *self, const GPtrArray *older, guint n, GList *younger)
{
  while (n-- > 0)
    {
      gboolean goes_on;
      PgTail  *tail = open_older (self, g_ptr_array_index (older, n), &goes_on);

      if (tail != NULL)
        follow_older (self, tail, younger);
    }
}

/* Follows files that came after the current one and were rotated before anybody looked. */
static void
follow_unseen (FileSource *self)
{
  g_autoptr (GPtrArray) older = pg_rotation_list (self->path);

  for (guint i = 0; i < older->len && self->current != NULL; i++)
    {
      g_autoptr (PgTail) tail = pg_tail_open (g_ptr_array_index (older, i), self->trust, NULL);

      if (tail == NULL || !pg_tail_is_same (tail, self->current->tail))
        continue;
      follow_younger (self, older, i, NULL);
      return;
    }
}

/* Follows @tail (transfer full) as what the path names now; that may be a predecessor that came back. */
static void
follow_current (FileSource *self, PgTail *tail)
{
  GList *link = find_followed (self, tail);

  if (link == NULL)
    {
      follow_unseen (self);
      self->current = follow (self, tail, NULL);
      return;
    }
  pg_tail_free (tail);
  g_queue_unlink (&self->followed, link);
  g_queue_push_tail_link (&self->followed, link);
  self->current = link->data;
}

/* Where predecessors that are found at the start go. */
static GList *
current_link (FileSource *self)
{
  return self->current != NULL ? g_queue_peek_tail_link (&self->followed) : NULL;
}

static void
watch_folder (FileSource *self)
{
  g_autofree char *folder = g_path_get_dirname (self->path);

  if (self->inotify >= 0 && self->folder_watch < 0)
    self->folder_watch = inotify_add_watch (self->inotify, folder, FOLDER_EVENTS);
}

/* Follows what the path names now, if that is another file than before. */
static void
look_at_path (FileSource *self)
{
  GError     *error = NULL;
  struct stat status;
  gboolean    exists = stat (self->path, &status) == 0;
  gboolean    is_absent = !exists && errno == ENOENT;
  PgTail     *tail;

  if (exists && self->current != NULL && pg_tail_is_file (self->current->tail, status.st_dev, status.st_ino))
    {
      set_problem (self, NULL);
      return;
    }
  tail = pg_tail_open (self->path, self->trust, &error);
  if (tail != NULL)
    {
      follow_current (self, tail);
      set_problem (self, NULL);
      return;
    }
  /* Renamed and not made anew yet: then the old file still is the log. */
  if (self->current == NULL || pg_tail_is_unlinked (self->current->tail) || !is_absent)
    set_problem (self, g_strdup (error->message));
  g_error_free (error);
}

/* --- where to begin -------------------------------------------------------------------------------------------------- */

static PgTailMark
mark_at (GBytes *position, gsize index)
{
  const guint8 *data = g_bytes_get_data (position, NULL);

  return pg_tail_mark_get (data + index * PG_TAIL_MARK_SIZE);
}

/* The predecessor that @mark was made of, at the mark. It may have been packed since. */
static PgTail *
find_marked (FileSource *self, const GPtrArray *older, const PgTailMark *mark, guint *out_index)
{
  PgTail  *tail = pg_rotation_find (older, self->trust, mark, out_index);
  gboolean goes_on = TRUE;

  for (guint i = 0; i < older->len && tail == NULL && goes_on && mark->offset > 0; i++)
    {
      const char *path = g_ptr_array_index (older, i);

      *out_index = i;
      if (pg_rotation_is_packed (path))
        tail = open_packed (self, path, mark, &goes_on);
    }
  return tail;
}

/* Goes on at @mark in the current file, or in a predecessor and then in all files that came after it. */
static gboolean
resume_at (FileSource *self, const PgTailMark *mark, const GPtrArray *older)
{
  PgTail *tail;
  guint   index;

  if (self->current != NULL && pg_rotation_is_wanted (self->current->tail, mark))
    {
      pg_tail_seek (self->current->tail, mark->offset);
      return TRUE;
    }
  tail = find_marked (self, older, mark, &index);
  if (tail == NULL)
    return FALSE;
  follow_older (self, tail, current_link (self));
  follow_younger (self, older, index, current_link (self));
  return TRUE;
}

/* The last mark is that of the file that was current; those before it are of predecessors. */
static gboolean
resume (FileSource *self, GBytes *position)
{
  g_autoptr (GPtrArray) older = pg_rotation_list_all (self->path);
  gsize      n_marks = g_bytes_get_size (position) / PG_TAIL_MARK_SIZE;
  PgTailMark mark;
  guint      index;

  for (gsize i = 0; i + 1 < n_marks; i++)
    {
      PgTail *tail;

      mark = mark_at (position, i);
      if ((tail = find_marked (self, older, &mark, &index)) != NULL)
        follow_older (self, tail, current_link (self));
    }
  if (n_marks == 0)
    return FALSE;
  mark = mark_at (position, n_marks - 1);
  return resume_at (self, &mark, older);
}

/* Finds the files and places from which on all lines are wanted. */
static void
look_back (FileSource *self, gint64 since_us, const PgClock *clock)
{
  g_autoptr (GPtrArray) older = pg_rotation_list_all (self->path);
  GQueue   found = G_QUEUE_INIT;
  gboolean goes_on = TRUE;
  PgTail  *tail;

  if (self->current != NULL)
    goes_on = pg_lookback_seek (self->current->tail, self->base.format, since_us, clock);
  for (guint i = 0; i < older->len && goes_on && i + 1 < TAILS_MAX; i++)
    {
      const char *path = g_ptr_array_index (older, i);

      tail = open_older (self, path, &goes_on);
      if (tail == NULL)
        continue;
      if (self->base.format == PG_HEAD_UNKNOWN)
        self->base.format = pg_lookback_guess (tail);
      if (!pg_rotation_is_packed (path))
        goes_on = pg_lookback_seek (tail, self->base.format, since_us, clock);
      g_queue_push_head (&found, tail);
    }
  while ((tail = g_queue_pop_head (&found)) != NULL)
    follow_older (self, tail, current_link (self));
}

static void
start_file (PgSource *base, GBytes *position, gint64 since_us, const PgClock *clock)
{
  FileSource  *self = (FileSource *) base;
  PgPackedWant want = { .trust = self->trust, .since_us = since_us, .clock = clock, .budget = PG_PACKED_BUDGET };

  watch_folder (self);
  look_at_path (self);
  want.format = base->format;
  self->want = &want;
  if (position == NULL || !resume (self, position))
    look_back (self, since_us, clock);
  self->want = NULL;
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

static int
get_fd (const PgSource *base)
{
  return ((const FileSource *) base)->inotify;
}

/* Takes all events. Returns TRUE if the path may name another file now. */
static gboolean
drain_events (FileSource *self)
{
  char     buffer[4096] __attribute__ ((aligned (__alignof__(struct inotify_event))));
  gboolean folder_changed = FALSE;
  gssize   n;

  while (self->inotify >= 0 && (n = read (self->inotify, buffer, sizeof buffer)) > 0)
    for (const char *at = buffer; at < buffer + n;)
      {
        const struct inotify_event *event = (const struct inotify_event *) (gconstpointer) at;

        if (event->wd == self->folder_watch && (event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF)) != 0)
          self->folder_watch = -1;
        folder_changed = folder_changed || (event->mask & (IN_MODIFY)) == 0;
        at += sizeof *event + event->len;
      }
  return folder_changed;
}

/* The file was cut. What was not read yet is in a copy, if it was copied before, and in copies made since. */
static void
begin_anew (FileSource *self, Followed *followed)
{
  g_autoptr (GPtrArray) older = pg_rotation_list (self->path);
  GList  *link = g_queue_find (&self->followed, followed);
  guint   index;
  PgTail *copy = pg_rotation_find_copy (older, self->trust, followed->tail, &index);

  pg_tail_seek (followed->tail, 0);
  if (copy == NULL)
    return;
  follow_older (self, copy, link);
  follow_younger (self, older, index, link);
}

/* Reads one file on. FALSE: what comes after it has to wait. */
static gboolean
read_followed (FileSource *self, Followed *followed, gsize *budget, const PgSourceSink *sink)
{
  gsize        before = *budget;
  PgTailResult result = pg_tail_read (followed->tail, budget, &self->base, sink);

  if (*budget != before)
    followed->quiet_ticks = 0;
  followed->is_at_end = result == PG_TAIL_END || result == PG_TAIL_FAILED;
  if (result == PG_TAIL_FAILED)
    set_problem (self, g_strdup_printf ("cannot read %s: %s", self->path, g_strerror (errno)));
  self->is_held = result == PG_TAIL_HELD;
  if (result != PG_TAIL_CUT)
    return followed->is_at_end;
  begin_anew (self, followed);
  return FALSE;
}

static gboolean
read_file (PgSource *base, gsize budget, const PgSourceSink *sink)
{
  FileSource *self = (FileSource *) base;
  GList      *link;

  if (drain_events (self))
    look_at_path (self);
  for (link = g_queue_peek_head_link (&self->followed); link != NULL; link = link->next)
    if (!read_followed (self, link->data, &budget, sink))
      return !self->is_held;
  return FALSE;
}

static void
tick_file (PgSource *base)
{
  FileSource *self = (FileSource *) base;
  GList      *link;

  watch_folder (self);
  look_at_path (self);
  for (link = g_queue_peek_head_link (&self->followed); link != NULL; link = link->next)
    {
      Followed *followed = link->data;

      /* What waits to be taken is not quiet. */
      followed->quiet_ticks = followed->is_at_end ? followed->quiet_ticks + 1 : 0;
    }
  while (self->current != g_queue_peek_head (&self->followed)
         && ((Followed *) g_queue_peek_head (&self->followed))->quiet_ticks > QUIET_TICKS_MAX)
    drop_oldest (self);
}

static PgSourceState
get_state (const PgSource *base)
{
  const FileSource *self = (const FileSource *) base;
  GList            *link;

  if (self->problem != NULL || self->current == NULL)
    return PG_SOURCE_BLIND;
  for (link = self->followed.head; link != NULL; link = link->next)
    if (!((const Followed *) link->data)->is_at_end)
      return PG_SOURCE_BEHIND;
  return PG_SOURCE_CURRENT;
}

static const char *
get_problem (const PgSource *base)
{
  return ((const FileSource *) base)->problem;
}

static GBytes *
get_position (PgSource *base)
{
  FileSource *self = (FileSource *) base;
  guint8      marks[TAILS_MAX * PG_TAIL_MARK_SIZE];
  guint8     *at = marks;
  GList      *link;

  for (link = self->followed.head; link != NULL; link = link->next)
    {
      PgTailMark mark = pg_tail_mark (((Followed *) link->data)->tail);

      pg_tail_mark_put (&mark, at);
      at += PG_TAIL_MARK_SIZE;
    }
  return at > marks ? g_bytes_new (marks, (gsize) (at - marks)) : NULL;
}

static void
free_file (PgSource *base)
{
  FileSource *self = (FileSource *) base;

  while (!g_queue_is_empty (&self->followed))
    drop_oldest (self);
  if (self->inotify >= 0)
    close (self->inotify);
  g_free (self->problem);
  g_free (self->path);
  g_free (self);
}

static const PgSourceClass file_class = {
  .start = start_file,
  .fd = get_fd,
  .read = read_file,
  .tick = tick_file,
  .state = get_state,
  .problem = get_problem,
  .position = get_position,
  .free = free_file,
};

PgSource *
pg_file_source_new (const PgSourceSpec *spec, G_GNUC_UNUSED GError **error)
{
  FileSource *self = g_new0 (FileSource, 1);

  self->base.class = &file_class;
  self->path = g_strdup (spec->path);
  self->trust = spec->trusts_any ? PG_TRUST_ANY : PG_TRUST_OWNERS;
  self->inotify = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  self->folder_watch = -1;
  g_queue_init (&self->followed);
  return &self->base;
}
