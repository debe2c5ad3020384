/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reader: portions of bytes -> lines given to a sink that may say "not now". No I/O, no clock. */
#pragma once

#include "core/lines.h"
#include "source/source-class.h"

G_BEGIN_DECLS

/** PgReader: zero is a reader that was not begun. */
typedef struct
{
  PgLines *lines;
  PgSpan   rest; /* of the portion, not looked at yet */
  GBytes  *held; /* a line that was not taken */
} PgReader;

/** pg_reader_begin: forgets everything; the next byte begins a line. */
void pg_reader_begin (PgReader *self);

/** pg_reader_is_begun: FALSE: pg_reader_begin() is to come first. */
gboolean pg_reader_is_begun (const PgReader *self);

/** pg_reader_clear: frees what it holds. */
void pg_reader_clear (PgReader *self);

/** pg_reader_is_empty: TRUE if the last portion was used up and no line waits: only then may another one be pushed. */
gboolean pg_reader_is_empty (const PgReader *self);

/** pg_reader_push: the next portion; borrowed until pg_reader_is_empty(). */
void pg_reader_push (PgReader *self, PgSpan portion);

/** pg_reader_give: hands lines to @sink. Returns FALSE if one was not taken. */
gboolean pg_reader_give (PgReader *self, PgSource *source, const PgSourceSink *sink);

/** pg_reader_n_open: bytes pushed behind the last line that was taken. */
guint64 pg_reader_n_open (const PgReader *self);

G_END_DECLS
