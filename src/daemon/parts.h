/* SPDX-License-Identifier: GPL-3.0-or-later */
/* parts: of the daemon, those that are asked how they are. */
#pragma once

#include "daemon/committer.h"
#include "daemon/login-server.h"
#include "daemon/policy-server.h"
#include "engine/usage-log.h"

G_BEGIN_DECLS

/** PgParts: all borrowed. @started_us: monotonic. */
typedef struct
{
  const PgPolicyServer *policy;
  const PgLoginServer  *logins;
  const PgWatcher      *watcher;
  const PgCommitter    *committer;
  const PgUsageLog     *usage;
  gint64                started_us;
} PgParts;

G_END_DECLS
