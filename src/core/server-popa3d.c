/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/server-popa3d.h"

static const PgProgram programs[] = {
  PG_PROGRAM ("popa3d", PG_SERVICE_POP3),
  { 0 },
};

static const PgLoginForm forms[] = {
  { "Authentication passed for %U -- [!%a]", 0 },
  { 0 },
};

const PgFormFamily pg_server_popa3d = { PG_SERVER_POPA3D, programs, forms };
