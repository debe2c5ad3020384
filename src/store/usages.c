/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The usages of a store. No answer depends on them: one that is damaged closes nothing. */
#include "core/error.h"
#include "store/keys.h"
#include "store/store-private.h"

PgStoreAnswer
pg_store_get_usage (PgStore *self, const PgUsagePair *pair, PgUsage *out, GError **error)
{
  PgHash        key = pg_key_of_usage (&self->root.secret, pair);
  PgSpan        value;
  PgStoreAnswer answer = pg_store_get_value (self, &key, &value, error);
  gboolean      ok;

  if (answer != PG_STORE_FOUND)
    return answer;
  ok = pg_usage_decode (pg_store_span_bytes (value), value.len, &self->root.secret, &key, out, error);
  pg_file_free_span (&value);
  if (!ok)
    g_prefix_error (error, "%s: ", self->path);
  return ok ? PG_STORE_FOUND : PG_STORE_FAILED;
}

static gboolean
has_room (const PgStore *self, GError **error)
{
  if (self->root.n_usages < PG_STORE_USAGES_MAX)
    return TRUE;
  g_set_error (error, PG_ERROR, PG_ERROR_LIMIT, "%s: holds %d usages, and no more fit", self->path, PG_STORE_USAGES_MAX);
  return FALSE;
}

gboolean
pg_store_put_usage (PgStore *self, const PgUsage *usage, GError **error)
{
  PgHash   key = pg_key_of_usage (&self->root.secret, &usage->pair);
  gboolean is_new = !pg_file_has (self->file, pg_key_span (&key));
  guint8   image[PG_USAGE_SIZE];

  if (is_new && !has_room (self, error))
    return FALSE;
  pg_usage_encode (usage, &self->root.secret, &key, image);
  if (!pg_store_put_value (self, &key, image, sizeof image, error))
    return FALSE;
  if (!is_new)
    return TRUE;
  self->root.n_usages++;
  return pg_store_put_root (self, error);
}

gboolean
pg_store_remove_usage (PgStore *self, const PgUsagePair *pair, GError **error)
{
  PgHash        key = pg_key_of_usage (&self->root.secret, pair);
  PgStoreAnswer answer = pg_store_remove_value (self, &key, error);

  if (answer != PG_STORE_FOUND)
    return answer != PG_STORE_FAILED;
  self->root.n_usages--;
  return pg_store_put_root (self, error);
}

guint64
pg_store_n_usages (const PgStore *self)
{
  return pg_file_problem (self->file) == NULL ? self->root.n_usages : 0;
}
