/* SPDX-License-Identifier: GPL-3.0-or-later */
/* login: one successful POP3 or IMAP login, as a value, and the names of services and servers.
 *
 * Pure: no I/O, no clock, no log, no globals.
 */
#pragma once

#include "core/address.h"

G_BEGIN_DECLS

/** PG_USER_MAX: bytes of the longest user name that is taken; Dovecot logs at most 80. */
#define PG_USER_MAX 180

/** PgService: what was logged in to; the numbers are in stored records and never change. */
typedef enum
{
  PG_SERVICE_POP3 = 1,
  PG_SERVICE_IMAP = 2,
  PG_SERVICE_SUBMISSION = 3,
  PG_SERVICE_SIEVE = 4,
  PG_N_SERVICES
} PgService;

/** PgServer: the server family that wrote the line; the numbers are in stored records and never change. */
typedef enum
{
  PG_SERVER_DOVECOT = 1,
  PG_SERVER_COURIER = 2,
  PG_SERVER_CYRUS = 3,
  PG_SERVER_UW = 4,
  PG_SERVER_QPOPPER = 5,
  PG_SERVER_VPOPMAIL = 6,
  PG_SERVER_POPA3D = 7,
  PG_SERVER_PERDITION = 8,
  PG_SERVER_TEAPOP = 9,
  PG_SERVER_GNU_POP3D = 10,
  PG_SERVER_VM_POP3D = 11,
  PG_SERVER_SOLID_POP3D = 12,
  PG_SERVER_POPGATE_LOGIN = 20, /* reported by popgate-login, not read in a line */
  PG_N_SERVERS
} PgServer;

/**
 * PgLogin:
 * @time_us: when, microseconds since the epoch; whole seconds mean their start
 * @address: the client
 * @server_address: the address of ours that it connected to, if @has_server_address
 * @user: 1 to PG_USER_MAX bytes, borrowed from the line
 */
typedef struct
{
  gint64    time_us;
  PgAddress address;
  PgAddress server_address;
  gboolean  has_server_address;
  PgSpan    user;
  PgService service;
  PgServer  server;
} PgLogin;

/** pg_service_to_string: "pop3", "imap", "submission", "sieve", or "?" for a number that is none. */
const char *pg_service_to_string (PgService service);

/** pg_service_from_span: the service of that name. Returns FALSE, @out untouched, if there is none. */
gboolean pg_service_from_span (PgSpan name, PgService *out);

/** pg_server_to_string: "dovecot", "courier", ..., or "?" for a number that is none. */
const char *pg_server_to_string (PgServer server);

/** pg_server_from_span: the server family of that name. Returns FALSE, @out untouched, if there is none. */
gboolean pg_server_from_span (PgSpan name, PgServer *out);

G_END_DECLS
