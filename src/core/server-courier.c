/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/server-courier.h"

static const PgProgram programs[] = {
  PG_PROGRAM ("pop3d", PG_SERVICE_POP3),
  PG_PROGRAM ("pop3d-ssl", PG_SERVICE_POP3),
  PG_PROGRAM ("courierpop3login", PG_SERVICE_POP3),
  PG_PROGRAM ("courierpop3d", PG_SERVICE_POP3),
  PG_PROGRAM ("pop3login", PG_SERVICE_POP3),
  PG_PROGRAM ("imapd", PG_SERVICE_IMAP),
  PG_PROGRAM ("imapd-ssl", PG_SERVICE_IMAP),
  PG_PROGRAM ("courierimaplogin", PG_SERVICE_IMAP),
  PG_PROGRAM ("courierimapd", PG_SERVICE_IMAP),
  PG_PROGRAM ("imaplogin", PG_SERVICE_IMAP),
  PG_PROGRAM ("couriertcpd", 0),
  { 0 },
};

static const PgLoginForm forms[] = {
  { "LOGIN, user=!%u, ip=[%a]{, port=[%d]}{, protocol=%P}{, stls=1}", 0 },
  { 0 },
};

const PgFormFamily pg_server_courier = { PG_SERVER_COURIER, programs, forms };
