/* SPDX-License-Identifier: GPL-3.0-or-later */
/* place: one stored note, or the place of one. */
#pragma once

#include "core/note.h"
#include "store/file.h"
#include "store/root.h"

G_BEGIN_DECLS

/** PgPlace: what stands at a place. Only with PG_PLACE_DAMAGED is the caller's error set. */
typedef enum
{
  PG_PLACE_DAMAGED = 0,
  PG_PLACE_FREE,
  PG_PLACE_NOTE,
} PgPlace;

/** pg_place_decode: reads what was found under @key. */
G_GNUC_WARN_UNUSED_RESULT
PgPlace pg_place_decode (PgSpan value, const PgSecret *secret, const PgHash *key, PgNote *out, GError **error);

/** pg_place_encode: as it stands under @key; @note NULL: a place that is free. */
void pg_place_encode (const PgNote *note, const PgSecret *secret, const PgHash *key, guint8 out[PG_NOTE_SIZE]);

/** pg_place_prove_all: PG_ERROR_DAMAGED if one place of those that @root counts is not there or not whole. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_place_prove_all (PgFile *file, const PgRoot *root, GError **error);

G_END_DECLS
