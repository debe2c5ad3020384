/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict-line: what popgate check and explain say first. */
#pragma once

#include "cli/output.h"

G_BEGIN_DECLS

/** pg_verdict_tone: how @verdict is coloured. */
PgOutputTone pg_verdict_tone (const char *verdict);

/** pg_verdict_line_print: "192.0.2.1 may relay: ...", out of @row of check or explain. */
void pg_verdict_line_print (JsonObject *row);

G_END_DECLS
