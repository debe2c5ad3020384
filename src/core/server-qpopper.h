/* SPDX-License-Identifier: GPL-3.0-or-later */
/* server-qpopper: the login lines of Qpopper, as its option log-login writes them by default, through syslog.
 *
 * Pure: tables for login-form, which says what the forms mean. Fuzzed by tests/fuzz/fuzz-login-form.c.
 *
 * Its "Stats:" lines are not read: they tell when a session ended. A log file of its own ("-t") has neither host nor tag.
 * Source: Qpopper 4.0 popper/pop_init.c (pLog_login), popper/pop_log.c
 */
#pragma once

#include "core/login-form.h"

G_BEGIN_DECLS

/** pg_server_qpopper: the family, for the table of login-line.c. */
extern const PgFormFamily pg_server_qpopper;

G_END_DECLS
