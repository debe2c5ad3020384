/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store-private: what the parts of the store share. For the files of this folder. */
#pragma once

#include "store/file.h"
#include "store/root.h"
#include "store/store.h"

G_BEGIN_DECLS

struct _PgStore
{
  char       *path;
  PgStoreMode mode;
  PgFile     *file;
  PgRoot      root;
  GHashTable *place_of;    /* note id -> its place; both guint64, one block owned by the table */
  GQueue      free_places; /* of guint64, owned */
  guint64     n_grants;
  guint       n_cursors;
  gboolean    has_notes; /* place_of and free_places are what the open file holds */
  gboolean    is_dirty;
};

/** pg_store_get_value: what stands under @key; found, it is freed with pg_file_free_span(). */
G_GNUC_WARN_UNUSED_RESULT
PgStoreAnswer pg_store_get_value (PgStore *self, const PgHash *key, PgSpan *out_value, GError **error);

/** pg_store_put_value: writes @size bytes under @key. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_put_value (PgStore *self, const PgHash *key, const guint8 *image, gsize size, GError **error);

/** pg_store_put_root: writes the root as it is now. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_put_root (PgStore *self, GError **error);

/** pg_store_refuse_damaged: closes the store for @what, a phrase; always FALSE. */
gboolean pg_store_refuse_damaged (PgStore *self, const char *what, GError **error);

/** pg_store_decode_grant: reads the grant that @value (transfer full) found under @key holds. */
G_GNUC_WARN_UNUSED_RESULT
PgStoreAnswer pg_store_decode_grant (PgStore *self, const PgHash *key, PgSpan value, PgRecord *out, GError **error);

/** pg_store_span_bytes: the bytes of a stored value. */
static inline const guint8 *
pg_store_span_bytes (PgSpan span)
{
  return (const guint8 *) span.data;
}

G_END_DECLS
