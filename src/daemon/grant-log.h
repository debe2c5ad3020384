/* SPDX-License-Identifier: GPL-3.0-or-later */
/* grant-log: the line that tells of a login that was stored, however it came. */
#pragma once

#include "core/login.h"
#include "daemon/log.h"

G_BEGIN_DECLS

/** pg_grant_log_tell: "grant address=... user=... service=... server=...", as often as @throttle lets it. */
void pg_grant_log_tell (PgLogThrottle *throttle, const PgLogin *login);

G_END_DECLS
