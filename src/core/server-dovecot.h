/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server-dovecot: the login lines of Dovecot 1.0 to 2.4.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-login-line.c.
 *
 * Grammar:  message  = process success ": " elements
 *           process  = service "-login: " [ "Info: " ]    the level always in Dovecot's own files, seldom in syslog
 *                    / "Info: " [ service "-login: " ]    in Dovecot's own files up to 1.x, as head.h reads them
 *           success  = "Login" (to 2.3) / "Logged in" (from 2.4), exactly
 *           elements = element *( ", " element )          in any order, with custom ones among them
 *                    / name " [" address "]"              only up to 1.x; a name of letters, digits, "-", "_", "." and "@"
 *           element  = "user=<" name ">" / "rip=" address / "lip=" address / "method=" word / "session=" id / other
 * Required: user and rip once; at most one of each other; a second "rip=" or "user=<" anywhere refuses the line.
 * The name stands before the address and the client chose it: it ends at a ">" that can be its only end, or the line is
 * refused. So is one whose name was cut ("..."), whose method is ANONYMOUS, that may be cut behind rip, or that ends within
 * an element.
 * A proxy's "proxy(name): started proxying to" (2.2) and "Started proxying to" (2.3, 2.4) is no login: nobody has seen a mailbox
 * yet. The Dovecot behind it writes one, with the client's address if the proxy is in its login_trusted_networks.
 * Source:   Dovecot login-common/client-common.c (2.3.19, 2.4.0), login_log_format_elements
 */
#pragma once

#include "core/server.h"

G_BEGIN_DECLS

/** pg_server_dovecot_parse: see PgServerParse. */
PgLineKind pg_server_dovecot_parse (const PgHead *head, PgHeadFormat format, PgLogin *out, const char **out_why);

/** pg_server_dovecot_is_login: FALSE if @message, in syslog, is none that pg_server_dovecot_parse() takes or refuses. */
gboolean pg_server_dovecot_is_login (PgSpan message);

G_END_DECLS
