/* SPDX-License-Identifier: GPL-3.0-or-later */
/* usage-log: counts who relays, from where and how, out of the verdicts that the engine tells.
 *
 * It only listens: no answer waits for it or is changed by it. What is counted is gathered here, and written to the store when
 * pg_usage_log_write() is called. Whoever uses SMTP AUTH does not depend on a login, whatever we answer, and counts as AUTH.
 * Postfix may ask the same thing twice; of one delivery each recipient counts once, as far as it is remembered.
 * Bounded: PG_USAGE_LOG_PAIRS pairs that are not written yet, and as many that are being written; more are lost, and counted.
 */
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

typedef struct _PgUsageLog PgUsageLog;

#define PG_USAGE_LOG_PAIRS 4096

/** PgUsageLogWrite: @PG_USAGE_LOG_MORE: there is more to write. */
typedef enum
{
  PG_USAGE_LOG_FAILED = 0,
  PG_USAGE_LOG_DONE,
  PG_USAGE_LOG_MORE,
} PgUsageLogWrite;

/** pg_usage_log_new: listens from now on; @engine must outlive it. Free with pg_usage_log_free(). */
PgUsageLog *pg_usage_log_new (PgEngine *engine);

/** pg_usage_log_free: what is not written yet is lost. NULL is legal. */
void pg_usage_log_free (PgUsageLog *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgUsageLog, pg_usage_log_free)

/**
 * pg_usage_log_write:
 * @max: write at most so many pairs: mail waits meanwhile
 * @error: as pg_store_put_usage(), but never PG_ERROR_LIMIT: what does not fit is lost, and counted
 *
 * Writes of what was counted until now, or, if that was done before, what was counted since. What could not be written is kept.
 *
 * Returns: PG_USAGE_LOG_FAILED with @error set if the store can't be written now
 */
G_GNUC_WARN_UNUSED_RESULT
PgUsageLogWrite pg_usage_log_write (PgUsageLog *self, guint max, GError **error);

/** pg_usage_log_write_all: writes all that was counted until now, however long it takes. FALSE with @error as there. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_usage_log_write_all (PgUsageLog *self, GError **error);

/** pg_usage_log_mark: to be given to pg_usage_log_is_written() later. */
guint64 pg_usage_log_mark (const PgUsageLog *self);

/** pg_usage_log_is_written: TRUE if all that was counted before the @mark was made is in the store, or lost. */
gboolean pg_usage_log_is_written (const PgUsageLog *self, guint64 mark);

/** pg_usage_log_n_lost: recipients that were not counted, as too many pairs were new. */
guint64 pg_usage_log_n_lost (const PgUsageLog *self);

G_END_DECLS
