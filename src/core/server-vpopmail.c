/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/server-vpopmail.h"

static const PgProgram programs[] = {
  PG_PROGRAM ("vpopmail", 0),
  { 0 },
};

static const PgLoginForm forms[] = {
  { "vchkpw-pop3{s}: (%w) login success !%U:%a", PG_SERVICE_POP3 },
  { "vchkpw-imap{s}: (%w) login success !%U:%a", PG_SERVICE_IMAP },
  { "vchkpw-smtp{s}: (%w) login success !%U:%a", PG_SERVICE_SUBMISSION },
  { "vchkpw-submission: (%w) login success !%U:%a", PG_SERVICE_SUBMISSION },
  { "vchkpw-%d: (%w) login success !%U:%a", 0 },
  { "vchkpw-webmail: (%w) login success !%U:%a", 0 },
  { "vchkpw: login [!%U] from %a", PG_SERVICE_POP3 },
  { 0 },
};

const PgFormFamily pg_server_vpopmail = { PG_SERVER_VPOPMAIL, programs, forms };
