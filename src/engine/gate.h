/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gate: login -> may it grant?
 *
 * No I/O, no clock. What the gate refuses is not stored; what it lets pass is still judged by the rules at each question.
 */
#pragma once

#include "core/config.h"
#include "core/noteset.h"
#include "core/record.h"

G_BEGIN_DECLS

/**
 * pg_gate_refusal:
 * @config: what is configured
 * @notes: what admins said
 * @login: a login as read, its time not yet clamped
 * @now_us: the present
 *
 * Returns: (nullable) (transfer none): why the login grants nothing, as a phrase; NULL if it grants
 */
const char *pg_gate_refusal (const PgConfig *config, const PgNoteset *notes, const PgLogin *login, gint64 now_us);

/** pg_gate_user_refusal: of what pg_gate_refusal() says, that which no rule asks again at a question: service and user. */
const char *pg_gate_user_refusal (const PgConfig *config, const PgLogin *login);

/**
 * pg_gate_is_renewal_needed:
 * @config: what is configured
 * @notes: what admins said
 * @record: what is stored of the address
 * @login: a login that may grant, its time clamped
 * @now_us: the present
 *
 * Returns: FALSE if writing it would change next to nothing: the same user as the newest, whose login still counts, and less
 *   than the smaller of 5 s and a hundredth of the window later; or no later at all
 */
gboolean pg_gate_is_renewal_needed (const PgConfig *config, const PgNoteset *notes, const PgRecord *record, const PgLogin *login,
                                    gint64 now_us);

G_END_DECLS
