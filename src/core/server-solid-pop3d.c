/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/server-solid-pop3d.h"

static const PgProgram programs[] = {
  PG_PROGRAM ("spop3d", PG_SERVICE_POP3),
  PG_PROGRAM ("solid-pop3d", PG_SERVICE_POP3),
  { 0 },
};

static const PgLoginForm forms[] = {
  { "{mapped }user %u authenticated - !%a", 0 },
  { "{mapped }user %u authenticated - !%h (%a)", 0 },
  { 0 },
};

const PgFormFamily pg_server_solid_pop3d = { PG_SERVER_SOLID_POP3D, programs, forms };
