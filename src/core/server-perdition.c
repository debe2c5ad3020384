/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/server-perdition.h"

static const PgProgram programs[] = {
  PG_PROGRAM ("perdition", 0),
  PG_PROGRAM ("perdition.pop3", PG_SERVICE_POP3),
  PG_PROGRAM ("perdition.pop3s", PG_SERVICE_POP3),
  PG_PROGRAM ("perdition.imap4", PG_SERVICE_IMAP),
  PG_PROGRAM ("perdition.imap4s", PG_SERVICE_IMAP),
  PG_PROGRAM ("perdition.imap", PG_SERVICE_IMAP),
  PG_PROGRAM ("perdition.imaps", PG_SERVICE_IMAP),
  { 0 },
};

static const PgLoginForm forms[] = {
  { "Auth: %c->%S client-secure=%w authorisation_id=NONE authentication_id=\"%u\" server=\"%q\" protocol=%P server-secure=%w "
    "status=\"ok!\"",
    0 },
  { "Auth: %c->%S client-secure=%w authorisation_id=\"%q\" authentication_id=\"%u\" server=\"%q\" protocol=%P server-secure=%w "
    "status=\"ok!\"",
    0 },
  { "Auth: %a->%s user=\"%u\" server=\"%q\" port=\"%o\" status=\"ok!\"", 0 },
  { 0 },
};

const PgFormFamily pg_server_perdition = { PG_SERVER_PERDITION, programs, forms };
