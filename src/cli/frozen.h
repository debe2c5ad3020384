/* SPDX-License-Identifier: GPL-3.0-or-later */
/* frozen: whether a popgated that does not run now would let nobody relay. */
#pragma once

#include "cli/cli.h"

G_BEGIN_DECLS

/** PG_FROZEN_TEXT: how a freeze is told. */
#define PG_FROZEN_TEXT "FROZEN: nobody relays by popgate, mail waits"

/** pg_frozen_in_database: TRUE if the database has a freeze in force; FALSE also if it is in use, or can't be read. */
gboolean pg_frozen_in_database (const PgCli *cli);

G_END_DECLS
