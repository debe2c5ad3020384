/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unpack-class: what the ways to unpack have in common: where their input comes from, and what each of them can do. */
#pragma once

#include "source/unpack.h"

G_BEGIN_DECLS

#define PG_UNPACK_PORTION 131072

/** PgUnpackInput: a file as it is stored. @rest: what was read and is not used up. */
typedef struct
{
  int      fd;
  char    *name;
  PgSpan   rest;
  gboolean is_at_end; /* nothing comes behind @rest */
  char     buffer[PG_UNPACK_PORTION];
} PgUnpackInput;

/** pg_unpack_input_fill: reads on if @rest is used up. FALSE, PG_ERROR_SYSTEM: it can't be read. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_unpack_input_fill (PgUnpackInput *self, GError **error);

/**
 * PgUnpackClass: one way to unpack.
 * @begin: (nullable): makes its state; @input is borrowed and outlives it
 * @next: as pg_unpack_next()
 * @free: (nullable): ends the state
 */
typedef struct
{
  const char *name;
  const char *magic;
  gsize       magic_len;
  gpointer (*begin) (PgUnpackInput *input, GError **error);
  gboolean (*next) (gpointer state, PgSpan *out, GError **error);
  void (*free) (gpointer state);
} PgUnpackClass;

/** pg_unpack_gzip_begin, _next, _free: gzip, through GLib; each member's checksum and length are verified. */
gpointer pg_unpack_gzip_begin (PgUnpackInput *input, GError **error);
gboolean pg_unpack_gzip_next (gpointer state, PgSpan *out, GError **error);
void     pg_unpack_gzip_free (gpointer state);

/** pg_unpack_archive_begin, _next, _free: bzip2, xz and zstd, through libarchive; without it the first fails. */
gpointer pg_unpack_archive_begin (PgUnpackInput *input, GError **error);
gboolean pg_unpack_archive_next (gpointer state, PgSpan *out, GError **error);
void     pg_unpack_archive_free (gpointer state);

G_END_DECLS
