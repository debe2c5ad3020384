/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/keys.h"

#include "core/bytes.h"
#include "core/frame.h"

PgHash
pg_key_of_grant (const PgSecret *secret, const PgAddress *address)
{
  guint8 image[1 + sizeof address->bytes] = { PG_FRAME_GRANT };

  memcpy (image + 1, address->bytes, sizeof address->bytes);
  return pg_siphash_128 (secret, image, sizeof image);
}

PgHash
pg_key_of_place (const PgSecret *secret, guint64 place)
{
  guint8 image[1 + 8] = { PG_FRAME_NOTE };

  pg_bytes_put_u64 (image + 1, place);
  return pg_siphash_128 (secret, image, sizeof image);
}

PgHash
pg_key_of_position (const PgSecret *secret, const char *source)
{
  gsize              len = strlen (source);
  g_autofree guint8 *image = g_malloc (len + 1);

  image[0] = PG_FRAME_POSITION;
  memcpy (image + 1, source, len);
  return pg_siphash_128 (secret, image, len + 1);
}

PgHash
pg_key_of_usage (const PgSecret *secret, const PgUsagePair *pair)
{
  guint8 image[1 + PG_USAGE_NAME_MAX] = { PG_FRAME_USAGE };

  return pg_siphash_128 (secret, image, 1 + pg_usage_pair_name (pair, image + 1));
}

PgSpan
pg_key_span (const PgHash *key)
{
  return pg_span ((const char *) key->bytes, sizeof key->bytes);
}

guint
pg_key_hash (gconstpointer key)
{
  guint hash;

  memcpy (&hash, key, sizeof hash); /* it is one already: any part of it does */
  return hash;
}

gboolean
pg_key_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (PgHash)) == 0;
}
