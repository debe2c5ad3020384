/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit: each change by an admin leaves a line in the log: who, and what. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/** pg_audit: logs that @by (valid and harmless text) has asked for @request, whose members are foreign text. */
void pg_audit (const char *by, JsonObject *request);

G_END_DECLS
