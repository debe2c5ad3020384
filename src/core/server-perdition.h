/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server-perdition: the login lines of the proxy Perdition. The address stands before the names.
 *
 * Pure: tables for login-form, which says what the forms mean. Fuzzed by tests/fuzz/fuzz-login-form.c.
 *
 * A line is one whatever became of the login; the last field tells: status="ok". Port and protocol came with Perdition 1.18.
 * Source: Perdition 2.2 as it runs; the old form: pop-before-smtp 1.42's documentation
 */
#pragma once

#include "core/login-form.h"

G_BEGIN_DECLS

/** pg_server_perdition: the family, for the table of login-line.c. */
extern const PgFormFamily pg_server_perdition;

G_END_DECLS
