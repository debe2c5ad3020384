/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/server-cyrus.h"

static const PgProgram programs[] = {
  PG_PROGRAM ("pop3", PG_SERVICE_POP3),
  PG_PROGRAM ("pop3s", PG_SERVICE_POP3),
  PG_PROGRAM ("pop3d", PG_SERVICE_POP3),
  PG_PROGRAM ("imap", PG_SERVICE_IMAP),
  PG_PROGRAM ("imaps", PG_SERVICE_IMAP),
  PG_PROGRAM ("imapd", PG_SERVICE_IMAP),
  PG_PROGRAM ("cyrus/pop3", PG_SERVICE_POP3),
  PG_PROGRAM ("cyrus/pop3s", PG_SERVICE_POP3),
  PG_PROGRAM ("cyrus/pop3d", PG_SERVICE_POP3),
  PG_PROGRAM ("cyrus/imap", PG_SERVICE_IMAP),
  PG_PROGRAM ("cyrus/imaps", PG_SERVICE_IMAP),
  PG_PROGRAM ("cyrus/imapd", PG_SERVICE_IMAP),
  { 0 },
};

static const PgLoginForm forms[] = {
  { "login: !{%h }[%a] %u %m User logged in{ SESSIONID=<%w>}", 0 },
  { "login: !%h[%a] %u %m User logged in{ SESSIONID=<%w>}", 0 },
  { 0 },
};

const PgFormFamily pg_server_cyrus = { PG_SERVER_CYRUS, programs, forms };
