/* SPDX-License-Identifier: GPL-3.0-or-later */
/* head-key: who wrote a line, as a key of a table.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-joiner.c.
 */
#pragma once

#include "core/head.h"

G_BEGIN_DECLS

/** PG_HEAD_KEY_MAX: bytes of the longest key, with its NUL. */
#define PG_HEAD_KEY_MAX 384

/**
 * pg_head_key:
 * @head: whose host and program count
 * @pid: the process id that counts; may be empty
 * @out: (out): the three with a blank behind each, which none of them has in it; NUL-terminated
 *
 * Returns: FALSE if they are longer than any key
 */
gboolean pg_head_key (const PgHead *head, PgSpan pid, char out[PG_HEAD_KEY_MAX]);

G_END_DECLS
