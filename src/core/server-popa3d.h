/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server-popa3d: the logins of popa3d: two lines, or one with the patch that writes the address into it.
 *
 * Pure: tables for login-form, which says what the forms mean. Fuzzed by tests/fuzz/fuzz-login-form.c.
 *
 * Started by inetd it writes no address at all.
 * Source: popa3d 1.0.3 as it runs; the patch: pop-before-smtp 1.42 contrib/popa3d
 */
#pragma once

#include "core/login-form.h"

G_BEGIN_DECLS

/** pg_server_popa3d: the family, for the table of login-line.c. */
extern const PgFormFamily pg_server_popa3d;

G_END_DECLS
