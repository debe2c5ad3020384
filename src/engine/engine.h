/* SPDX-License-Identifier: GPL-3.0-or-later */
/* engine: what popgate knows and decides, for the daemon and for popgate(1) without one.
 *
 * Brings together the configuration, the store, the notes and the health of the sources; asks no clock and logs nothing.
 */
#pragma once

#include "core/config.h"
#include "core/rules.h"
#include "engine/events.h"
#include "store/store.h"

G_BEGIN_DECLS

typedef struct _PgEngine PgEngine;

/**
 * PgLoginFate: what became of a login.
 * @PG_LOGIN_FAILED: it could not be stored; hand it in again when the store is well
 * @PG_LOGIN_REFUSED: it grants nothing
 * @PG_LOGIN_KEPT: it changes next to nothing, and was not written
 * @PG_LOGIN_GRANTED: stored, and permits from now on
 */
typedef enum
{
  PG_LOGIN_FAILED = 0,
  PG_LOGIN_REFUSED,
  PG_LOGIN_KEPT,
  PG_LOGIN_GRANTED,
  PG_N_LOGIN_FATES
} PgLoginFate;

/** PgEngineCounters: since the engine was made. */
typedef struct
{
  guint64 decisions[PG_N_RULES][PG_N_VERDICTS]; /* by the rule that decided; [0] unused */
  guint64 logins[PG_N_LOGIN_FATES];
} PgEngineCounters;

/**
 * pg_engine_new:
 * @config: (transfer full)
 * @mode: how to open the store; it is not opened yet
 *
 * Returns: (transfer full): free with pg_engine_free()
 */
PgEngine *pg_engine_new (PgConfig *config, PgStoreMode mode);

/** pg_engine_free: closes the store in order and ends @self; NULL is legal. */
void pg_engine_free (PgEngine *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgEngine, pg_engine_free)

/**
 * pg_engine_open:
 * @error: as pg_store_open() and pg_store_load_notes()
 *
 * Opens the store and its notes, at first and after a failure; while it is open nothing is done. Until it succeeds every
 * question is deferred. Notes that were in force before and are not in the database, as it was replaced, are written to it.
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_engine_open (PgEngine *self, GError **error);

/** pg_engine_bring: as pg_engine_open(), of a store that was opened by pg_store_tick_async(). */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_engine_bring (PgEngine *self, GError **error);

/** pg_engine_config: the configuration in force; borrowed. */
const PgConfig *pg_engine_config (const PgEngine *self);

/** pg_engine_set_config: from now on @config (transfer full) holds; the store's path stays what it was. */
void pg_engine_set_config (PgEngine *self, PgConfig *config);

/** pg_engine_store: for positions, syncing and walking; borrowed. */
PgStore *pg_engine_store (PgEngine *self);

/** pg_engine_events: what happens here is told there: all kinds but PG_EVENT_STORE, which the store's owner tells; borrowed. */
PgEvents *pg_engine_events (PgEngine *self);

/** pg_engine_problem: why questions can't be answered from the store, or NULL. */
const char *pg_engine_problem (const PgEngine *self);

/** pg_engine_source_problem: what was set by pg_engine_set_source_problem(), else by pg_engine_set_report_problem(). */
const char *pg_engine_source_problem (const PgEngine *self);

/** pg_engine_set_source_problem: which source is behind or blind; NULL: none. */
void pg_engine_set_source_problem (PgEngine *self, const char *problem);

/** pg_engine_set_report_problem: why logins that were reported are not granted yet; NULL: none waits. */
void pg_engine_set_report_problem (PgEngine *self, const char *problem);

/** pg_engine_notes: the notes in force and past; borrowed. */
const PgNoteset *pg_engine_notes (const PgEngine *self);

/** pg_engine_counters: borrowed. */
const PgEngineCounters *pg_engine_counters (const PgEngine *self);

/** pg_engine_n_decisions: how often @rule decided, whatever the verdict was. */
guint64 pg_engine_n_decisions (const PgEngine *self, PgRule rule);

/** pg_engine_newest_us: the newest stamp of all logins that were read, as it stood there; PG_RECORD_NEVER: there were none. */
gint64 pg_engine_newest_us (const PgEngine *self);

/** pg_login_fate_to_string: "failed", "refused", "kept" or "granted". */
const char *pg_login_fate_to_string (PgLoginFate fate);

/**
 * pg_engine_refusal:
 * @login: a login as read
 *
 * Returns: why @login would grant nothing, were it new; NULL if it would
 */
const char *pg_engine_refusal (const PgEngine *self, const PgLogin *login, gint64 now_us);

/**
 * pg_engine_login:
 * @login: a login as read; a time behind @now_us is clamped to it. What is stored of the address and lies in the future, since
 *   the clock was set back, gives way to one that does not
 * @out_why: (out) (nullable) (transfer none): for PG_LOGIN_REFUSED, why
 * @error: set only with PG_LOGIN_FAILED
 */
G_GNUC_WARN_UNUSED_RESULT
PgLoginFate pg_engine_login (PgEngine *self, const PgLogin *login, gint64 now_us, const char **out_why, GError **error);

/**
 * PgFinding: a decision and the record it rests on.
 * @has_record: FALSE if nothing is stored of the address
 * @record: if @is_recalled, no more than its newest login: pg_engine_read_record() reads the rest
 * @known: (nullable): what is known of the grant without its record, if it rests on the newest login there; its mark is the permit
 *   log's, and one without a mark is always read. Borrowed until the engine is used again
 */
typedef struct _PgFinding
{
  PgDecision    decision;
  gboolean      has_record;
  gboolean      is_recalled;
  PgIndexEntry *known;
  PgRecord      record;
} PgFinding;

/** pg_engine_decide: answers @query; counts the decision, and changes nothing else. */
void pg_engine_decide (PgEngine *self, const PgQuery *query, gint64 now_us, PgFinding *out);

/** pg_engine_expect: a question about @address is to come; what has to be found then is looked for already. */
void pg_engine_expect (PgEngine *self, const PgAddress *address);

/** pg_engine_read_record: reads the record of a @finding that was recalled, as far as it can be read; then it tells who logged
 * in. */
void pg_engine_read_record (PgEngine *self, PgFinding *finding);

/** pg_engine_explain: as pg_engine_decide() without counting, and pg_rules_explain(); @out_steps may be NULL. */
void pg_engine_explain (PgEngine *self, const PgQuery *query, gint64 now_us, PgFinding *out,
                        PgRuleStep out_steps[PG_N_RULES - 1]);

/** pg_engine_counting_login: the newest login of @record that counts now by @notes, or PG_RECORD_NEVER; whatever they permit or
 * deny its address. */
gint64 pg_engine_counting_login (const PgEngine *self, const PgNoteset *notes, const PgRecord *record, gint64 now_us);

/**
 * pg_engine_revoke_us: the moment that a revoke made at @now_us holds for: now, or the newest stamp of all logins that were read
 * so far, if that is ahead of now, by a week at the most.
 *
 * Stamps may be ahead, as the clock of whoever wrote them is, or as ours was before it was set back. A login that was taken for
 * one of now, and is read again later, must not count as newer than the revoke.
 */
gint64 pg_engine_revoke_us (const PgEngine *self, gint64 now_us);

/** pg_engine_save_newest: stores the newest stamp of all logins that were read, if it has moved by a second or more. */
gboolean pg_engine_save_newest (PgEngine *self, GError **error);

/**
 * pg_engine_add_note:
 * @note: (inout): with id 0; gets its id. A note of the same kind about the same target is replaced and keeps its id
 * @error: as pg_store_put_note()
 *
 * In force when it returns; durable after the next sync.
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_engine_add_note (PgEngine *self, PgNote *note, GError **error);

/** pg_engine_forget_note: removes note @id; PG_ERROR_VALUE if there is none. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_engine_forget_note (PgEngine *self, guint64 id, GError **error);

/** pg_engine_grant_network: the network that a login from @address permits: itself, or by ipv6_prefix. */
PgNetwork pg_engine_grant_network (const PgEngine *self, const PgAddress *address);

/** pg_engine_is_outdated: TRUE if @record can permit nothing any more, under any window. */
gboolean pg_engine_is_outdated (const PgRecord *record, gint64 now_us);

/** pg_engine_forget_outdated_notes: removes notes whose time is over, and revokes that no login can be older than. */
gboolean pg_engine_forget_outdated_notes (PgEngine *self, gint64 now_us, GError **error);

G_END_DECLS
