/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/server-gnu-pop3d.h"

static const PgProgram programs[] = {
  PG_PROGRAM ("gnu-pop3d", PG_SERVICE_POP3),
  { 0 },
};

static const PgLoginForm forms[] = {
  { "User %u logged in with mailbox %t from !%a", 0 },
  { 0 },
};

const PgFormFamily pg_server_gnu_pop3d = { PG_SERVER_GNU_POP3D, programs, forms };
