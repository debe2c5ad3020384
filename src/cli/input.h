/* SPDX-License-Identifier: GPL-3.0-or-later */
/* input: the standard input, line by line, as it comes. */
#pragma once

#include "core/span.h"

G_BEGIN_DECLS

typedef struct _PgInput PgInput;

/**
 * PgInputStep:
 * @PG_INPUT_FAILED: it cannot be read
 * @PG_INPUT_OVERLONG: a line of more than PG_LINES_MAX bytes, which was dropped
 */
typedef enum
{
  PG_INPUT_FAILED = 0,
  PG_INPUT_END,
  PG_INPUT_LINE,
  PG_INPUT_OVERLONG,
} PgInputStep;

/** pg_input_new: from the standard input; free with pg_input_free(). */
PgInput *pg_input_new (void);

/** pg_input_free: ends @self; NULL is legal. */
void pg_input_free (PgInput *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgInput, pg_input_free)

/**
 * pg_input_next:
 * @out_line: (out): with PG_INPUT_LINE, the line without its LF, which the last one need not have; valid until the next call
 * @error: PG_ERROR_SYSTEM, with PG_INPUT_FAILED only
 *
 * Waits no longer than until a line is complete.
 */
G_GNUC_WARN_UNUSED_RESULT
PgInputStep pg_input_next (PgInput *self, PgSpan *out_line, GError **error);

/** pg_input_number: which line it was that pg_input_next() told of last, from 1. */
guint64 pg_input_number (const PgInput *self);

G_END_DECLS
