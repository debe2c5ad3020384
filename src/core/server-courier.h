/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server-courier: the login lines of Courier's POP3 and IMAP servers (Courier and Courier-IMAP), with or without TLS.
 *
 * Pure: tables for login-form, which says what the forms mean. Fuzzed by tests/fuzz/fuzz-login-form.c.
 *
 * "port=" came with 1.4 or so, "protocol=" and "stls=1" are told where Courier's login program knows them. Courier itself
 * writes control bytes and those above 126 as ".". A failure begins with "LOGIN FAILED, user=", an end with "LOGOUT, user=".
 * Source: Courier imap/pop3dserver.c, imap/pop3login.c, imap/imapd.c; Courier 1.0.16 as it runs
 */
#pragma once

#include "core/login-form.h"

G_BEGIN_DECLS

/** pg_server_courier: the family, for the table of login-line.c. */
extern const PgFormFamily pg_server_courier;

G_END_DECLS
