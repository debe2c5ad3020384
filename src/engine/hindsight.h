/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hindsight: what would have been answered at an earlier moment, by what is stored now.
 *
 * That is not all that was known then: of each user at an address only the newest login is stored, notes that were forgotten or
 * replaced since are gone, and it is not stored how the logs and the database were. What may make a difference is told.
 */
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

/**
 * PgHindsight:
 * @finding: the decision, and of the record what is of that moment or before
 * @has_now: something is stored of the address
 * @now: what that is, of later moments too
 * @may_hide_logins: who has logged in there since may have done so before as well: then that is not known any more
 */
typedef struct
{
  PgFinding finding;
  gboolean  has_now;
  PgRecord  now;
  gboolean  may_hide_logins;
} PgHindsight;

/**
 * pg_hindsight_explain:
 * @query: what would have been asked
 * @at_us: when
 * @now_us: the present
 * @out_steps: (out caller-allocates): as pg_rules_explain()
 */
void pg_hindsight_explain (PgEngine *engine, const PgQuery *query, gint64 at_us, gint64 now_us, PgHindsight *out,
                           PgRuleStep out_steps[PG_N_RULES - 1]);

G_END_DECLS
