/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit: each change by an admin leaves a line in the log: who, what came of it, and what was asked. */
#pragma once

#include "control/commands.h"

G_BEGIN_DECLS

/**
 * pg_audit:
 * @by: who asked; valid and harmless text
 * @request: what for; foreign text
 * @answer: what came of it; none of its messages was taken yet
 */
void pg_audit (const char *by, JsonObject *request, const PgAnswer *answer);

G_END_DECLS
