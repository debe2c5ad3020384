/* SPDX-License-Identifier: GPL-3.0-or-later */
/* merge: brings what another database knows, of some moment, together with what is stored here.
 *
 * Nothing becomes newer by it than it was there, and nothing that is stored here is lost; so merging twice is as merging once.
 * What is merged grants by the same rules as all else: never_grant, denies and revokes are asked at each question. Of the gate's
 * reasons those are looked at here that no rule asks again.
 */
#pragma once

#include "engine/engine.h"

G_BEGIN_DECLS

/**
 * PgMergeFate: what became of it.
 * @PG_MERGE_FAILED: it could not be stored
 * @PG_MERGE_REFUSED: nothing of it may be taken
 * @PG_MERGE_KEPT: all of it was known already, or something newer
 * @PG_MERGE_RENEWED: what is stored has changed
 * @PG_MERGE_NEW: nothing was stored of it
 */
typedef enum
{
  PG_MERGE_FAILED = 0,
  PG_MERGE_REFUSED,
  PG_MERGE_KEPT,
  PG_MERGE_RENEWED,
  PG_MERGE_NEW,
  PG_N_MERGE_FATES
} PgMergeFate;

/**
 * PgMerge: what all that is merged has in common.
 * @told_us: when it was so, by the other's clock; what it says of later moments cannot be true
 * @now_us: the present; @told_us is at most PG_RULES_FUTURE_SLACK_US behind it
 * @dry_run: only tell the fates, and store nothing
 */
typedef struct
{
  PgEngine *engine;
  gint64    told_us;
  gint64    now_us;
  gboolean  dry_run;
} PgMerge;

/**
 * pg_merge_record:
 * @record: what the other one has stored of its address
 * @out_why: (out) (transfer none): with PG_MERGE_REFUSED, why: a phrase
 * @error: with PG_MERGE_FAILED only
 *
 * A login that is stamped a little later than @now_us is taken for one of now, and so stored; one stamped later than @told_us
 * is refused. A newest login whose user is not told, as there was no room, does not grant.
 */
G_GNUC_WARN_UNUSED_RESULT
PgMergeFate pg_merge_record (const PgMerge *self, const PgRecord *record, const char **out_why, GError **error);

/** pg_merge_note: the same for a note, whose number is not looked at: of two about the same the later one stays, unless
 * it is over, and the other one is not. */
G_GNUC_WARN_UNUSED_RESULT
PgMergeFate pg_merge_note (const PgMerge *self, const PgNote *note, const char **out_why, GError **error);

G_END_DECLS
