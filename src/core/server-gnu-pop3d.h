/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server-gnu-pop3d: the login lines of GNU pop3d. Its successor in GNU Mailutils writes no address.
 *
 * Pure: tables for login-form, which says what the forms mean. Fuzzed by tests/fuzz/fuzz-login-form.c.
 *
 * Source: pop-before-smtp 1.42's documentation; GNU pop3d 0.9
 */
#pragma once

#include "core/login-form.h"

G_BEGIN_DECLS

/** pg_server_gnu_pop3d: the family, for the table of login-line.c. */
extern const PgFormFamily pg_server_gnu_pop3d;

G_END_DECLS
