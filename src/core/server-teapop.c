/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/server-teapop.h"

static const PgProgram programs[] = {
  PG_PROGRAM ("teapop", PG_SERVICE_POP3),
  PG_PROGRAM ("teapop_ssl", PG_SERVICE_POP3),
  { 0 },
};

static const PgLoginForm forms[] = {
  { "Successful login for !%u [%a]", 0 },
  { 0 },
};

const PgFormFamily pg_server_teapop = { PG_SERVER_TEAPOP, programs, forms };
