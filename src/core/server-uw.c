/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/server-uw.h"

static const PgProgram programs[] = {
  PG_PROGRAM ("ipop3d", PG_SERVICE_POP3),
  PG_PROGRAM ("ipop3sd", PG_SERVICE_POP3),
  PG_PROGRAM ("imapd", PG_SERVICE_IMAP),
  PG_PROGRAM ("imapsd", PG_SERVICE_IMAP),
  { 0 },
};

static const PgLoginForm forms[] = {
  { "{Admin }Login user=!%U host={%h }[%a]{ nmsgs=%d/%d}", 0 },
  { "Auth user=!%U host={%h }[%a]{ nmsgs=%d/%d}", 0 },
  { "APOP user=!%U host={%h }[%a]{ nmsgs=%d/%d}", 0 },
  { "Authenticated user=!%U host={%h }[%a]{ mech=%w}", 0 },
  { 0 },
};

const PgFormFamily pg_server_uw = { PG_SERVER_UW, programs, forms };
