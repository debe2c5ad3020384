/* SPDX-License-Identifier: GPL-3.0-or-later */
/* condition: the daemon's part of what popgate status shows. */
#pragma once

#include "daemon/parts.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/** pg_condition_describe: adds to @status what popgate(1), --json, says of it. */
void pg_condition_describe (JsonObject *status, const PgParts *parts);

G_END_DECLS
