/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server-solid-pop3d: the logins of solid-pop3d: one line with its option logextend, two without it.
 *
 * Pure: tables for login-form, which says what the forms mean. Fuzzed by tests/fuzz/fuzz-login-form.c.
 *
 * Source: solid-pop3d 0.15 as it runs
 */
#pragma once

#include "core/login-form.h"

G_BEGIN_DECLS

/** pg_server_solid_pop3d: the family, for the table of login-line.c. */
extern const PgFormFamily pg_server_solid_pop3d;

G_END_DECLS
