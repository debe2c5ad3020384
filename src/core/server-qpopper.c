/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/server-qpopper.h"

static const PgProgram programs[] = {
  PG_PROGRAM ("popper", PG_SERVICE_POP3),
  PG_PROGRAM ("qpopper", PG_SERVICE_POP3),
  PG_PROGRAM ("in.qpopper", PG_SERVICE_POP3),
  { 0 },
};

static const PgLoginForm forms[] = {
  { "(v%w) POP login by user \"!%u\" at (%h) %a{ [%w:%d]}", 0 },
  { 0 },
};

const PgFormFamily pg_server_qpopper = { PG_SERVER_QPOPPER, programs, forms };
