/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server-uw: the login lines of the University of Washington's ipop3d and imapd.
 *
 * Pure: tables for login-form, which says what the forms mean. Fuzzed by tests/fuzz/fuzz-login-form.c.
 *
 * The host field is cut at 80 bytes, so a long host name may leave no address, and the line is refused; so is one with a
 * host name alone, as where the server was told to write no addresses, and one that ends with "no mailbox".
 * Failures begin with "Login failed user=", "Login failure user=", "Login excessive", "Login disabled" or "AUTHENTICATE".
 * Source: UW imap ipopd/ipop3d.c, imapd/imapd.c (imap-2002 to imap-2007)
 */
#pragma once

#include "core/login-form.h"

G_BEGIN_DECLS

/** pg_server_uw: the family, for the table of login-line.c. */
extern const PgFormFamily pg_server_uw;

G_END_DECLS
