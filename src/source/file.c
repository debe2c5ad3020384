/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file that is followed through rotation: by rename, when the old file is read to its end beside the new one, and by copy
 * and truncation, when what was not read yet is looked up in the copy. Events come from inotify; a tick finds what no event
 * told. */
#include "source/resume.h"
#include "source/rotation.h"

#include <errno.h>

typedef struct
{
  PgSource base;
  PgFollow follow;
  gboolean is_held;
} FileSource;

static void
start_file (PgSource *base, GBytes *position, gint64 since_us, const PgClock *clock)
{
  FileSource *self = (FileSource *) base;

  pg_follow_watch (&self->follow);
  pg_follow_look (&self->follow);
  pg_resume (&self->follow, position, since_us, clock);
}

static int
get_fd (const PgSource *base)
{
  return ((const FileSource *) base)->follow.inotify;
}

/* The file was cut. What was not read yet is in a copy, if it was copied before, and in copies made since. */
static void
begin_anew (PgFollow *follow, PgFollowed *followed)
{
  g_autoptr (GPtrArray) older = pg_rotation_list (follow->path);
  GList  *link = g_queue_find (&follow->files, followed);
  guint   index;
  PgTail *copy = pg_rotation_find_copy (older, follow->trust, followed->tail, &index);

  pg_follow_begin (followed, older);
  if (copy == NULL)
    return;
  pg_follow_add_older (follow, copy, link);
  pg_follow_add_younger (follow, older, index, link, NULL);
}

/* Reads one file on. FALSE: what comes after it has to wait. */
static gboolean
read_followed (FileSource *self, PgFollowed *followed, gsize *budget, const PgSourceSink *sink)
{
  PgFollow    *follow = &self->follow;
  gsize        before = *budget;
  PgTailResult result = pg_tail_read (followed->tail, budget, &self->base, sink);

  if (*budget != before)
    followed->quiet_ticks = 0;
  followed->is_at_end = result == PG_TAIL_END || result == PG_TAIL_FAILED;
  if (result == PG_TAIL_FAILED)
    pg_follow_set_problem (follow, g_strdup_printf ("cannot read %s: %s", follow->path, g_strerror (errno)));
  self->is_held = result == PG_TAIL_HELD;
  if (result != PG_TAIL_CUT)
    return followed->is_at_end;
  begin_anew (follow, followed);
  return FALSE;
}

static gboolean
read_file (PgSource *base, gsize budget, const PgSourceSink *sink)
{
  FileSource *self = (FileSource *) base;

  if (pg_follow_drain (&self->follow))
    pg_follow_look (&self->follow);
  for (GList *link = self->follow.files.head; link != NULL; link = link->next)
    if (pg_follow_add_missed (&self->follow, link))
      return TRUE;
    else if (!read_followed (self, link->data, &budget, sink))
      return !self->is_held;
  return FALSE;
}

static void
tick_file (PgSource *base)
{
  PgFollow *follow = &((FileSource *) base)->follow;

  pg_follow_watch (follow);
  pg_follow_look (follow);
  pg_follow_age (follow);
}

static PgSourceState
get_state (const PgSource *base)
{
  const PgFollow *follow = &((const FileSource *) base)->follow;

  if (follow->problem != NULL || follow->current == NULL)
    return PG_SOURCE_BLIND;
  for (GList *link = follow->files.head; link != NULL; link = link->next)
    if (!((const PgFollowed *) link->data)->is_at_end)
      return PG_SOURCE_BEHIND;
  return PG_SOURCE_CURRENT;
}

static const char *
get_problem (const PgSource *base)
{
  return ((const FileSource *) base)->follow.problem;
}

static const char *
get_warning (const PgSource *base)
{
  return ((const FileSource *) base)->follow.warning;
}

static GBytes *
get_position (PgSource *base)
{
  return pg_resume_position (&((FileSource *) base)->follow);
}

static void
free_file (PgSource *base)
{
  FileSource *self = (FileSource *) base;

  pg_follow_clear (&self->follow);
  g_free (self);
}

static const PgSourceClass file_class = {
  .start = start_file,
  .fd = get_fd,
  .read = read_file,
  .tick = tick_file,
  .state = get_state,
  .problem = get_problem,
  .warning = get_warning,
  .position = get_position,
  .free = free_file,
};

PgSource *
pg_file_source_new (const PgSourceSpec *spec, G_GNUC_UNUSED GError **error)
{
  FileSource *self = g_new0 (FileSource, 1);

  self->base.class = &file_class;
  pg_follow_init (&self->follow, &self->base, spec->path, spec->trusts_any ? PG_TRUST_ANY : PG_TRUST_OWNERS);
  return &self->base;
}
