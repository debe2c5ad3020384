/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/follow.h"

#include "source/lookback.h"
#include "source/rotation.h"

#include <errno.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* A predecessor that was quiet for so many ticks is let go: whoever wrote to it has opened the new file long ago. */
#define QUIET_TICKS_MAX 600

#define FOLDER_EVENTS (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
#define FILE_EVENTS (IN_MODIFY | IN_MOVE_SELF | IN_DELETE_SELF)

/* Of several warnings so much is kept. */
#define WARNING_MAX 1000

/* --- life ------------------------------------------------------------------------------------------------------------ */

void
pg_follow_init (PgFollow *self, PgSource *source, const char *path, PgTrust trust)
{
  *self = (PgFollow){
    .source = source,
    .path = g_strdup (path),
    .trust = trust,
    .inotify = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK),
    .folder_watch = -1,
  };
  g_queue_init (&self->files);
}

static void
drop_oldest (PgFollow *self)
{
  PgFollowed *followed = g_queue_pop_head (&self->files);

  if (followed->watch >= 0)
    (void) inotify_rm_watch (self->inotify, followed->watch);
  if (self->current == followed)
    self->current = NULL;
  pg_tail_free (followed->tail);
  g_free (followed);
}

void
pg_follow_clear (PgFollow *self)
{
  while (!g_queue_is_empty (&self->files))
    drop_oldest (self);
  if (self->inotify >= 0)
    close (self->inotify);
  g_free (self->warning);
  g_free (self->problem);
  g_free (self->path);
}

void
pg_follow_set_problem (PgFollow *self, char *problem)
{
  g_free (self->problem);
  self->problem = problem;
}

/* --- events ---------------------------------------------------------------------------------------------------------- */

static int
watch_tail (const PgFollow *self, const PgTail *tail)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", pg_tail_fd (tail));

  /* By descriptor: what the path names may be another file by now. */
  return self->inotify >= 0 ? inotify_add_watch (self->inotify, link, FILE_EVENTS) : -1;
}

void
pg_follow_watch (PgFollow *self)
{
  g_autofree char *folder = g_path_get_dirname (self->path);

  if (self->inotify >= 0 && self->folder_watch < 0)
    self->folder_watch = inotify_add_watch (self->inotify, folder, FOLDER_EVENTS);
  for (GList *link = self->files.head; link != NULL; link = link->next)
    {
      PgFollowed *followed = link->data;

      if (followed->watch < 0)
        followed->watch = watch_tail (self, followed->tail);
    }
}

gboolean
pg_follow_drain (PgFollow *self)
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

/* --- which files ----------------------------------------------------------------------------------------------------- */

static void
warn (PgFollow *self, const char *what)
{
  char *before = self->warning;

  if (before != NULL && (strlen (before) > WARNING_MAX || strstr (before, what) != NULL))
    return;
  self->warning =
      g_strdup_printf ("%s%slogins may be missing, %s", before != NULL ? before : "", before != NULL ? "; " : "", what);
  g_free (before);
}

/* Follows @tail (transfer full), to be read before @younger; NULL: after all others. */
static PgFollowed *
add (PgFollow *self, PgTail *tail, GList *younger)
{
  PgFollowed *followed = g_new0 (PgFollowed, 1);

  followed->tail = tail;
  followed->watch = watch_tail (self, tail);
  if (self->source->format == PG_HEAD_UNKNOWN)
    self->source->format = pg_lookback_guess (tail);
  g_queue_insert_before (&self->files, younger, followed);
  if (g_queue_get_length (&self->files) > PG_FOLLOW_MAX)
    {
      if (!((const PgFollowed *) g_queue_peek_head (&self->files))->is_at_end)
        pg_follow_warn_of_many (self);
      drop_oldest (self);
    }
  return followed;
}

static GList *
find (PgFollow *self, const PgTail *tail)
{
  for (GList *link = self->files.head; link != NULL; link = link->next)
    if (pg_tail_is_same (((const PgFollowed *) link->data)->tail, tail))
      return link;
  return NULL;
}

void
pg_follow_add_older (PgFollow *self, PgTail *tail, GList *younger)
{
  if (find (self, tail) == NULL)
    add (self, tail, younger);
  else
    pg_tail_free (tail); /* no line is to be read twice */
}

GList *
pg_follow_current_link (PgFollow *self)
{
  return self->current != NULL ? g_queue_peek_tail_link (&self->files) : NULL;
}

/* What was renamed or removed just now is no matter: it is met under its new name. */
static void
warn_of_file (PgFollow *self, const char *path, const GError *error)
{
  if (access (path, F_OK) == 0)
    warn (self, error->message);
}

void
pg_follow_warn_of_many (PgFollow *self)
{
  g_autofree char *what = g_strdup_printf ("%s: more than %d files are not read", self->path, PG_FOLLOW_MAX);

  warn (self, what);
}

PgTail *
pg_follow_open_packed (PgFollow *self, const char *path, const PgTailMark *mark, PgPackedWant *want, gboolean *out_goes_on)
{
  g_autoptr (GError) damage = NULL;
  PgTail *tail = want != NULL ? pg_packed_open (path, want, mark, out_goes_on, &damage) : NULL;

  if (damage != NULL)
    warn_of_file (self, path, damage);
  if (tail != NULL && self->source->format == PG_HEAD_UNKNOWN)
    self->source->format = want->format;
  return tail;
}

PgTail *
pg_follow_open (PgFollow *self, const char *path, PgPackedWant *want, gboolean *out_goes_on)
{
  g_autoptr (GError) error = NULL;
  PgTail *tail;

  if (pg_rotation_is_packed (path))
    return pg_follow_open_packed (self, path, NULL, want, out_goes_on);
  tail = pg_tail_open (path, self->trust, &error);
  if (tail == NULL)
    warn_of_file (self, path, error);
  return tail;
}

void
pg_follow_add_younger (PgFollow *self, const GPtrArray *older, guint n, GList *younger, PgPackedWant *want)
{
  while (n-- > 0)
    {
      gboolean goes_on;
      PgTail  *tail = pg_follow_open (self, g_ptr_array_index (older, n), want, &goes_on);

      if (tail != NULL)
        pg_follow_add_older (self, tail, younger);
    }
}

/* Which of @older it is; @older->len: none. */
static guint
find_older (const PgFollow *self, const GPtrArray *older, guint64 device, guint64 inode)
{
  guint i;

  for (i = 0; i < older->len; i++)
    {
      g_autoptr (PgTail) tail = pg_tail_open (g_ptr_array_index (older, i), self->trust, NULL);

      if (tail != NULL && pg_tail_is_file (tail, device, inode))
        break;
    }
  return i;
}

/* Follows files that came after the current one and were rotated before anybody looked. */
static void
add_unseen (PgFollow *self, const GPtrArray *older)
{
  struct stat status;
  guint       n;

  if (self->current == NULL || fstat (pg_tail_fd (self->current->tail), &status) != 0)
    return;
  n = find_older (self, older, status.st_dev, status.st_ino);
  if (n < older->len)
    pg_follow_add_younger (self, older, n, NULL, NULL);
}

static void
note (PgFollowed *followed, const struct stat *status)
{
  followed->device = status->st_dev;
  followed->inode = status->st_ino;
  followed->since_ns = pg_tail_changed_ns (status);
}

/* Without predecessors: whatever was changed before it was is none that came since. */
void
pg_follow_begin (PgFollowed *followed, const GPtrArray *older)
{
  struct stat status;

  pg_tail_seek (followed->tail, 0);
  followed->since_ns = G_MAXINT64;
  if ((older->len > 0 && lstat (g_ptr_array_index (older, 0), &status) == 0) || fstat (pg_tail_fd (followed->tail), &status) == 0)
    note (followed, &status);
}

static gboolean
is_missed (PgFollow *self, const PgTail *copy, const PgTail *waiting)
{
  return find (self, copy) == NULL && !pg_tail_begins_as (waiting, copy);
}

/* How many of @older came since @followed was begun: those before the one that was youngest then, or, as that may be packed by
 * now, which makes another file of it, those that were changed since it was. */
static guint
count_since (const GPtrArray *older, const PgFollowed *followed)
{
  struct stat status;
  guint       n_changed = 0;

  for (guint n = 0; n < older->len; n++)
    {
      if (lstat (g_ptr_array_index (older, n), &status) != 0)
        continue; /* renamed just now */
      if (status.st_dev == followed->device && status.st_ino == followed->inode)
        return n;
      if (pg_tail_changed_ns (&status) >= followed->since_ns)
        n_changed = n + 1;
    }
  return n_changed;
}

gboolean
pg_follow_add_missed (PgFollow *self, GList *link)
{
  PgFollowed *waiting = link->data;
  g_autoptr (GPtrArray) older = NULL;
  gboolean is_any = FALSE;

  if (waiting != self->current || !pg_tail_is_unread (waiting->tail))
    return FALSE;
  older = pg_rotation_list (self->path);
  for (guint n = count_since (older, waiting); n > 0; n--)
    {
      g_autoptr (PgTail) copy = pg_follow_open (self, g_ptr_array_index (older, n - 1), NULL, NULL);
      struct stat status;

      if (copy == NULL || !is_missed (self, copy, waiting->tail))
        continue;
      if (fstat (pg_tail_fd (copy), &status) == 0)
        note (waiting, &status); /* where there are too many, those that are let go are not missed again */
      add (self, g_steal_pointer (&copy), link);
      is_any = TRUE;
    }
  return is_any;
}

/* Follows @tail (transfer full) as what the path names now; that may be a predecessor that came back. */
static void
set_current (PgFollow *self, PgTail *tail)
{
  GList *link = find (self, tail);

  if (link == NULL)
    {
      g_autoptr (GPtrArray) older = pg_rotation_list (self->path);

      add_unseen (self, older);
      self->current = add (self, tail, NULL);
      pg_follow_begin (self->current, older);
      return;
    }
  pg_tail_free (tail);
  g_queue_unlink (&self->files, link);
  g_queue_push_tail_link (&self->files, link);
  self->current = link->data;
}

void
pg_follow_look (PgFollow *self)
{
  g_autoptr (GError) error = NULL;
  struct stat status;
  gboolean    exists = stat (self->path, &status) == 0;
  gboolean    is_absent = !exists && errno == ENOENT;
  PgTail     *tail = NULL;

  if (exists && self->current != NULL && pg_tail_is_file (self->current->tail, status.st_dev, status.st_ino))
    {
      pg_follow_set_problem (self, NULL);
      return;
    }
  tail = pg_tail_open (self->path, self->trust, &error);
  if (tail != NULL)
    {
      set_current (self, tail);
      pg_follow_set_problem (self, NULL);
    }
  /* Renamed and not made anew yet: then the old file still is the log. */
  else if (self->current == NULL || pg_tail_is_unlinked (self->current->tail) || !is_absent)
    pg_follow_set_problem (self, g_strdup (error->message));
}

void
pg_follow_age (PgFollow *self)
{
  for (GList *link = self->files.head; link != NULL; link = link->next)
    {
      PgFollowed *followed = link->data;

      /* What waits to be taken is not quiet. */
      followed->quiet_ticks = followed->is_at_end ? followed->quiet_ticks + 1 : 0;
    }
  while (self->current != g_queue_peek_head (&self->files)
         && ((PgFollowed *) g_queue_peek_head (&self->files))->quiet_ticks > QUIET_TICKS_MAX)
    drop_oldest (self);
}
