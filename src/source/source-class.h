/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source-class: what each kind of source provides. For the files of this folder. */
#pragma once

#include "core/source-spec.h"
#include "source/source.h"

G_BEGIN_DECLS

/** PgSourceClass: as the functions of source.h; @tick, @warning, @is_over and @position may be NULL where a kind has none. */
typedef struct
{
  void (*start) (PgSource *self, GBytes *position, gint64 since_us, const PgClock *clock);
  int (*fd) (const PgSource *self);
  gboolean (*read) (PgSource *self, gsize budget, const PgSourceSink *sink);
  void (*tick) (PgSource *self);
  PgSourceState (*state) (const PgSource *self);
  const char *(*problem) (const PgSource *self);
  const char *(*warning) (const PgSource *self);
  gboolean (*is_over) (const PgSource *self);
  GBytes *(*position) (PgSource *self);
  void (*free) (PgSource *self);
} PgSourceClass;

/**
 * PgSource: first member of each kind's own struct.
 * @format: PG_HEAD_UNKNOWN until a line decides it
 * @written_us: when the lines that are given now were written at the latest; set by the kinds that know
 */
struct _PgSource
{
  const PgSourceClass *class;
  char        *name;
  PgHeadFormat format;
  gint64       written_us;
};

/** pg_source_give: decides the format if need be, and hands @line to @sink. FALSE: not taken. */
gboolean pg_source_give (PgSource *self, PgSpan line, const PgSourceSink *sink);

/**
 * PgSourceNew: makes a source of a kind; name and format are set by pg_source_new().
 * @spec: of that kind; borrowed
 * @error: PG_ERROR_VALUE
 */
typedef PgSource *PgSourceNew (const PgSourceSpec *spec, GError **error);

/** pg_file_source_new: a source that follows a file. */
PgSourceNew pg_file_source_new;

/** pg_stdin_source_new: a source that reads the standard input. */
PgSourceNew pg_stdin_source_new;

/** pg_journal_source_new: a source that follows the journal; an error if popgate was built without libsystemd. */
PgSourceNew pg_journal_source_new;

G_END_DECLS
