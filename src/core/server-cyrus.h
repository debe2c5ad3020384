/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server-cyrus: the login lines of Cyrus IMAP, pop3d and imapd, under the names that they have in cyrus.conf by default.
 *
 * Pure: tables for login-form, which says what the forms mean. Fuzzed by tests/fuzz/fuzz-login-form.c.
 *
 * The address stands before the name. "anonymous" is followed by what the client gave as its password, so that user is
 * refused, and so is "nopassword". A failure begins with "badlogin:". That a POP3 client is turned away after its login because
 * it logged in a short while ago (popminpoll) is told by a line of its own, and the login is one all the same.
 * Source: Cyrus imap/pop3d.c, imap/imapd.c; Cyrus 3.6.1 as it runs
 */
#pragma once

#include "core/login-form.h"

G_BEGIN_DECLS

/** pg_server_cyrus: the family, for the table of login-line.c. */
extern const PgFormFamily pg_server_cyrus;

G_END_DECLS
