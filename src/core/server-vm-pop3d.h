/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server-vm-pop3d: the logins of vm-pop3d: one line, two with older versions.
 *
 * Pure: tables for login-form, which says what the forms mean. Fuzzed by tests/fuzz/fuzz-login-form.c.
 *
 * Source: pop-before-smtp 1.42's documentation
 */
#pragma once

#include "core/login-form.h"

G_BEGIN_DECLS

/** pg_server_vm_pop3d: the family, for the table of login-line.c. */
extern const PgFormFamily pg_server_vm_pop3d;

G_END_DECLS
