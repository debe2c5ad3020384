/* SPDX-License-Identifier: GPL-3.0-or-later */
/* follow: the files of one log that are read: what its path names now, and predecessors that may still be written to.
 *
 * Oldest first, each file once. Events of them and of their folder come to one inotify descriptor; where the system gives
 * none, or no more watches, looking about once a second has to do.
 */
#pragma once

#include "source/packed.h"

G_BEGIN_DECLS

/** PG_FOLLOW_MAX: files read at once: the current one and predecessors. */
#define PG_FOLLOW_MAX 6

/**
 * PgFollowed: one of them
 * @watch: -1: none
 * @quiet_ticks: for how many ticks all of it has been read
 * @device, @inode: of the youngest predecessor there was when it was begun at its start; where there was none, its own
 * @since_ns: when that was changed last; predecessors that were changed no earlier came since
 */
typedef struct
{
  PgTail  *tail;
  int      watch;
  guint    quiet_ticks;
  gboolean is_at_end;
  guint64  device;
  guint64  inode;
  gint64   since_ns;
} PgFollowed;

/**
 * PgFollow:
 * @source: whose files they are; borrowed. Its format is decided by the first file that tells it
 * @path: of the log
 * @trust: who may write to its files
 * @inotify: -1: there is none
 * @folder_watch: -1: none
 * @files: of PgFollowed, oldest first
 * @current: the last of them: what the path names, or named last; NULL: nothing yet
 * @problem: why the log can't be read, or NULL
 * @warning: what of predecessors could not be read, or NULL
 */
typedef struct
{
  PgSource   *source;
  char       *path;
  PgTrust     trust;
  int         inotify;
  int         folder_watch;
  GQueue      files;
  PgFollowed *current;
  char       *problem;
  char       *warning;
} PgFollow;

/** pg_follow_init: follows nothing yet; end it with pg_follow_clear(). @path is copied. */
void pg_follow_init (PgFollow *self, PgSource *source, const char *path, PgTrust trust);

/** pg_follow_clear: closes and frees all. */
void pg_follow_clear (PgFollow *self);

/** pg_follow_set_problem: @problem: (transfer full) (nullable). */
void pg_follow_set_problem (PgFollow *self, char *problem);

/** pg_follow_watch: watches the folder, and those files that no watch could be had for yet. */
void pg_follow_watch (PgFollow *self);

/** pg_follow_drain: takes all events. Returns TRUE if the path may name another file now. */
gboolean pg_follow_drain (PgFollow *self);

/** pg_follow_look: follows what the path names now, if that is another file than before. */
void pg_follow_look (PgFollow *self);

/** pg_follow_add_older: follows @tail (transfer full) before @younger, unless it is followed already. */
void pg_follow_add_older (PgFollow *self, PgTail *tail, GList *younger);

/**
 * pg_follow_add_younger:
 * @older: paths of predecessors, youngest first
 * @n: the first @n of them are followed from their start: those that came after the one where reading goes on
 * @younger: before which
 * @want: (nullable): as of pg_follow_open()
 */
void pg_follow_add_younger (PgFollow *self, const GPtrArray *older, guint n, GList *younger, PgPackedWant *want);

/** pg_follow_begin: @followed is read from its start; @older are its predecessors now, as of pg_follow_add_younger(). */
void pg_follow_begin (PgFollowed *followed, const GPtrArray *older);

/**
 * pg_follow_add_missed:
 * @link: of a file that is to be read next
 *
 * A file that waits for its predecessors may be copied and cut meanwhile, more than once, and nothing of it was read that would
 * tell. So copies that were made since it was begun are followed, unless they are of what still stands in the file.
 *
 * Returns: TRUE if there are any: they are before @link, and to be read first
 */
gboolean pg_follow_add_missed (PgFollow *self, GList *link);

/**
 * pg_follow_open:
 * @path: a predecessor of which nothing was read yet
 * @want: (nullable): what of packed files is wanted; NULL: they are not looked into
 * @out_goes_on: (out): as of pg_packed_open()
 *
 * Returns: (transfer full) (nullable): the file, not followed yet. What is wanted and can't be read is a warning
 */
PgTail *pg_follow_open (PgFollow *self, const char *path, PgPackedWant *want, gboolean *out_goes_on);

/** pg_follow_open_packed: as pg_follow_open(), for a packed file, and from @mark (nullable) on if it was made of that log. */
PgTail *pg_follow_open_packed (PgFollow *self, const char *path, const PgTailMark *mark, PgPackedWant *want,
                               gboolean *out_goes_on);

/** pg_follow_warn_of_many: there are more files to be read than PG_FOLLOW_MAX; the oldest are not. */
void pg_follow_warn_of_many (PgFollow *self);

/** pg_follow_current_link: where predecessors that are found at the start go: before the current file; NULL: at the end. */
GList *pg_follow_current_link (PgFollow *self);

/** pg_follow_age: counts a tick; predecessors that have been quiet for long are let go. */
void pg_follow_age (PgFollow *self);

G_END_DECLS
