/* SPDX-License-Identifier: GPL-3.0-or-later */
/* root: the stored record that makes a GDBM file a popgate database.
 *
 * Pure: no I/O, no clock, no log, no globals.
 *
 * Layout, version 3, behind the frame's header (16): secret(16) next_note_id(8) n_places(4) n_usages(4) n_positions(4) n_grants(4)
 * clean(1) redo(4); zeros to the end. n_grants is one more than it is, or 0: not known. Older versions are read as well: 2 has
 * n_positions(8), and 1 also n_places(8), and knows no usages: the same bytes, as there are never so many of either. It is the
 * only record under a plain key, since the secret that makes the other keys is in it.
 */
#pragma once

#include "core/frame.h"

G_BEGIN_DECLS

/** PG_ROOT_VERSION: which is written; all from 1 on are read. */
#define PG_ROOT_VERSION 3

/** PG_ROOT_SIZE: bytes of the stored root. */
#define PG_ROOT_SIZE 64

/** PG_ROOT_KEY: the plain key it is stored under. */
#define PG_ROOT_KEY "popgate"

/** PG_ROOT_PLACES_MAX: notes that one database may hold. */
#define PG_ROOT_PLACES_MAX 1000000

/**
 * PgRoot:
 * @secret: random, for this database only
 * @next_note_id: from 1; an id never comes again
 * @n_places: records that exist for notes, in use or free: so that a note that is missing is missed
 * @n_usages: usages stored
 * @n_grants: grants stored, if @has_count: that is so only in one that was closed in order
 * @n_positions: log positions stored; none is ever removed
 * @is_clean: closed in order, and whole; if not, it may be anything
 * @redo: the redo log's file that was written when it was closed, and which is so no older than this; 0: not known
 */
typedef struct
{
  PgSecret secret;
  guint64  next_note_id;
  guint64  n_places;
  guint64  n_usages;
  guint64  n_grants;
  guint64  n_positions;
  gboolean has_count;
  gboolean is_clean;
  guint32  redo;
} PgRoot;

/** pg_root_encode: writes @self to @out, sealed. Of one that is not clean the count of grants is not written. */
void pg_root_encode (const PgRoot *self, guint8 out[PG_ROOT_SIZE]);

/**
 * pg_root_decode:
 * @data: (array length=size): stored bytes, of any content
 * @size: how many
 * @out: (out): the root; undefined on failure
 * @error: PG_ERROR_DAMAGED, or PG_ERROR_VERSION if it seems to be of a later version
 *
 * Returns: FALSE with @error set if they are no root of version 1 to 3, whole and unchanged
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_root_decode (const guint8 *data, gsize size, PgRoot *out, GError **error);

/** pg_root_database: the id of the database it is the root of; never 0. */
guint64 pg_root_database (const PgRoot *self);

G_END_DECLS
