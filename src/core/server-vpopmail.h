/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server-vpopmail: the login lines of vpopmail's vchkpw, which checks passwords for qmail's pop3d and others.
 *
 * Pure: tables for login-form, which says what the forms mean. Fuzzed by tests/fuzz/fuzz-login-form.c.
 *
 * vchkpw names itself by the port that the client came to: a port that is no mail service's tells no service, and its line
 * is refused; so is the login of a webmail host. SMTP AUTH is service submission.
 * A colon ends the name, and vpopmail has no name with one. An IPv6 address makes two readings, and the line is refused.
 * Source: vpopmail 5.4 vchkpw.c; the old form: pop-before-smtp 1.42's documentation
 */
#pragma once

#include "core/login-form.h"

G_BEGIN_DECLS

/** pg_server_vpopmail: the family, for the table of login-line.c. */
extern const PgFormFamily pg_server_vpopmail;

G_END_DECLS
