/* SPDX-License-Identifier: GPL-3.0-or-later */
/* program-memo: what is known of programs by their names, so that it need not be found out line by line.
 *
 * Pure: no I/O, no clock, no log, no globals. Bounded: a new name may push an old one out, and long ones are not kept.
 */
#pragma once

#include "core/span.h"

G_BEGIN_DECLS

#define PG_PROGRAM_MEMO_PLACES 64
#define PG_PROGRAM_MEMO_NAME_MAX 30

/** PgProgramMemo: zero is an empty one. Good for as long as the rules by which the names were judged. */
typedef struct
{
  struct
  {
    guint8 what;
    guint8 len;
    char   name[PG_PROGRAM_MEMO_NAME_MAX];
  } places[PG_PROGRAM_MEMO_PLACES];
} PgProgramMemo;

/** pg_program_memo_get: what was put for @name; 0: nothing, or it was pushed out. */
guint pg_program_memo_get (const PgProgramMemo *self, PgSpan name);

/** pg_program_memo_put: remembers that @name is @what, 1 to 255, unless the name is too long. */
void pg_program_memo_put (PgProgramMemo *self, PgSpan name, guint what);

G_END_DECLS
