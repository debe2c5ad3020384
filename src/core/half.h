/* SPDX-License-Identifier: GPL-3.0-or-later */
/* half: the lines of servers that tell a login in two: who connected from where, and then who has logged in.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-joiner.c.
 *
 *   popa3d, as a daemon                "Session from " address       "Authentication passed for " name
 *   vm-pop3d, old                      "Connect from " address       "User " name " logged in"
 *   solid-pop3d, without logextend     "connect from " client        ["mapped "] "user " name " authenticated"
 *   client = address / host " (" address ")"       the host of letters, digits and "-_.:": the client's DNS may tell it
 *
 * The whole message has to match. The address is the server's own word; the name is the client's, and may hold anything: there
 * is nothing else in its line. The lines are so short that syslog cuts none of them within the address. A process that says that
 * its connection is over logs in nobody any more. Any other line of the process, a failed login of vm-pop3d and solid-pop3d too,
 * changes nothing.
 *
 * Run by inetd, popa3d writes no first line, and GNU mailutils (pop3d, imap4d) tells no address at all: there is no login then.
 *
 * Source: popa3d 1.0.3 and solid-pop3d 0.15 as they run; pop-before-smtp 1.42's documentation
 */
#pragma once

#include "core/login.h"

G_BEGIN_DECLS

/**
 * PgHalf:
 * @PG_HALF_NONE: neither of the two
 * @PG_HALF_ADDRESS: the first, by which the server tells the client's address
 * @PG_HALF_USER: the second: somebody has logged in
 * @PG_HALF_END: no login comes any more from this connection, or its first line tells no address
 */
typedef enum
{
  PG_HALF_NONE,
  PG_HALF_ADDRESS,
  PG_HALF_USER,
  PG_HALF_END,
} PgHalf;

/** pg_half_is_of: whether @server may tell a login in two lines. */
gboolean pg_half_is_of (PgServer server);

/**
 * pg_half_parse:
 * @server: who wrote the message
 * @message: of a line that is no whole login
 * @out: (inout): gets the address by PG_HALF_ADDRESS; user, service and server by PG_HALF_USER. The user is as it stands
 *   there, borrowed from @message: any bytes, perhaps none
 *
 * Returns: which of the two the message is; joiner.h says what becomes of it
 */
PgHalf pg_half_parse (PgServer server, PgSpan message, PgLogin *out);

G_END_DECLS
