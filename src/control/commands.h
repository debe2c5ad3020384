/* SPDX-License-Identifier: GPL-3.0-or-later */
/* commands: what may be asked over the control socket, carried out on an engine.
 *
 * The daemon runs them on its own engine; popgate(1) runs those that only read on an engine over the file, when no daemon
 * has it. An answer is taken message by message, so that a long one needs no memory.
 *
 * Requests: {"command": "check", "address": A, "sender": S}
 *           {"command": "explain", "address": A, "sender": S, "user": U, "at_us": T}
 *           {"command": "list", "user": U, "net": N, "expired": true}
 *           {"command": "report", "days": N}
 *           {"command": "allow"|"deny", "target": T, "for": SECONDS, "why": W}   {"command": "revoke", "target": T}
 *           {"command": "forget", "note": ID}   {"command": "freeze", "why": W}   {"command": "thaw"}
 *           {"command": "status"}   {"command": "stats"}   {"command": "reload"}
 *           {"command": "export"}
 *           {"command": "import", "told_us": T, "dry_run": true, "grants"|"notes": [objects of portable.h, ...]}: what became of
 *           each; and, when all were brought, {"command": "import", "new": N, "renewed": N, "kept": N, "refused": N}: its answer
 *           comes when all is on the disk
 *           {"command": "watch", "only": KINDS, "address": N, "user": U, "verdict": VERDICTS}: see event-filter.h; its answer
 *           has no end
 * The rows are described in popgate(1), --json.
 */
#pragma once

#include "control/message.h"
#include "core/metrics.h"
#include "engine/usage-log.h"

G_BEGIN_DECLS

/**
 * PgCommandHost: where commands run. All borrowed.
 * @usage: (nullable): what is counted of who relays, and not stored yet
 * @by: who asks
 * @describe: (nullable): adds the daemon's part to a status row; NULL: there is no daemon, and commands that need one fail
 * @collect: (nullable): (transfer full): all metrics
 * @reload: (nullable): reads the configuration again
 */
typedef struct
{
  PgEngine   *engine;
  PgUsageLog *usage;
  const char *by;
  gint64      now_us;
  void (*describe) (JsonObject *status, gpointer user_data);
  PgMetrics *(*collect) (gpointer user_data);
  gboolean (*reload) (GError **error, gpointer user_data);
  gpointer user_data;
} PgCommandHost;

typedef struct _PgAnswer PgAnswer;

/**
 * pg_command_run:
 * @host: where it runs; its engine must outlive the answer
 * @request: a request
 *
 * Returns: (transfer full): its answer, an error too; free with pg_answer_free()
 */
PgAnswer *pg_command_run (const PgCommandHost *host, JsonObject *request);

/** pg_answer_free: ends @self; NULL is legal. */
void pg_answer_free (PgAnswer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgAnswer, pg_answer_free)

/** pg_answer_needs_commit: TRUE if something was written that must be on the disk before the answer is given. */
gboolean pg_answer_needs_commit (const PgAnswer *self);

/**
 * PgOutcome: what came of a command.
 * @note: number of the note that was made or removed; 0: none was
 * @about: (nullable): what that note says of whom; borrowed from the answer, as @error
 * @error: (nullable): why it could not be done
 */
typedef struct
{
  guint64     note;
  const char *about;
  const char *error;
} PgOutcome;

/** pg_answer_outcome: of an answer of which no message was taken yet. */
void pg_answer_outcome (const PgAnswer *self, PgOutcome *out);

/** pg_answer_fail: instead of all that was to be said, the answer is that @error happened. */
void pg_answer_fail (PgAnswer *self, const char *error);

/** pg_answer_is_live: TRUE if it tells what happens, without end. */
gboolean pg_answer_is_live (const PgAnswer *self);

/** pg_answer_set_wake: @wake is called when a live answer that was asleep is so no more; it must not change the engine. */
void pg_answer_set_wake (PgAnswer *self, void (*wake) (gpointer user_data), gpointer user_data);

/** pg_answer_is_asleep: TRUE if there is nothing to tell until something happens. */
gboolean pg_answer_is_asleep (const PgAnswer *self);

/**
 * pg_answer_next:
 * @out: (out) (transfer full) (nullable): the next message; NULL: it takes a while to find, ask again, or it is asleep
 *
 * Returns: FALSE behind the end
 */
gboolean pg_answer_next (PgAnswer *self, JsonObject **out);

/** pg_command_is_reading: TRUE if @command needs no daemon. */
gboolean pg_command_is_reading (const char *command);

/** pg_command_is_worth_a_line: TRUE if the log is to tell who asked for this: it changes something, and is no part of a whole
 * that is told of when all of it was brought. */
gboolean pg_command_is_worth_a_line (JsonObject *request);

/** pg_command_only_looks: TRUE if @command changes nothing: it need not be told who asked. */
gboolean pg_command_only_looks (const char *command);

G_END_DECLS
