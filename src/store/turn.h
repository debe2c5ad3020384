/* SPDX-License-Identifier: GPL-3.0-or-later */
/* turn: a piece of a store's work, done in a thread of its own.
 *
 * What it works on is the thread's alone until it has ended, and its owner's before and after: nothing is shared but PgWork.
 */
#pragma once

#include "store/work.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _PgTurn PgTurn;

/** PgTurnRun: does the work, in the thread; FALSE with @error set. */
typedef gboolean (*PgTurnRun) (PgTurn *self, GError **error);

/** PgTurnEnded: called in the owner's main context when it has ended, unless its owner let go of it before. */
typedef void (*PgTurnEnded) (PgTurn *self, gpointer owner);

/**
 * PgTurn:
 * @job: (nullable): what the thread works on
 * @fd: a descriptor that it works on; -1: none
 * @ok: whether it went well; and if not, why: not before it has ended
 * The rest is the module's.
 */
struct _PgTurn
{
  gpointer    job;
  int         fd;
  gboolean    ok;
  GError     *error;
  PgWork      work;
  PgTurnRun   run;
  PgTurnEnded ended;
  gpointer    owner; /* the owner's thread's; NULL: it let go */
  GDestroyNotify free_job;
  GMutex      lock;
  GCond       is_over;
  gboolean    is_done;
};

/** pg_turn_new: one that does nothing yet; @job (nullable; freed by @free_job) and @fd are its own from now on. End it with
 * pg_turn_let_go(). */
PgTurn *pg_turn_new (gpointer job, GDestroyNotify free_job, int fd);

/** pg_turn_begin: begins to run. */
void pg_turn_begin (PgTurn *self, PgTurnRun run, PgTurnEnded ended, gpointer owner);

/** pg_turn_wait: waits until it has ended, at most @max_us. Returns TRUE if it has. */
gboolean pg_turn_wait (PgTurn *self, gint64 max_us);

/** pg_turn_cancel: it should end soon. */
void pg_turn_cancel (PgTurn *self);

/** pg_turn_let_go: @self is no concern of its owner any more; if it still runs it ends by itself. NULL is legal. */
void pg_turn_let_go (PgTurn *self);

G_END_DECLS
