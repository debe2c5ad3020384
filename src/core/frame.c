/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/frame.h"

#include "core/bytes.h"
#include "core/error.h"

#define CHECKSUM_AT 4
#define SHORT_VERSION 2

/* How many bytes the checksum is about. */
static gsize
n_summed (const guint8 *frame, gsize size)
{
  if (frame[0] != PG_FRAME_GRANT || frame[1] < SHORT_VERSION)
    return size;
  while (size >= PG_FRAME_HEADER + 8 && pg_bytes_get_u64 (frame + size - 8) == 0)
    size -= 8;
  return size;
}

static guint64
checksum_of (const guint8 *frame, gsize size, const PgSecret *secret, const PgHash *key)
{
  guint8 image[PG_FRAME_MAX + sizeof key->bytes];
  gsize  n = n_summed (frame, size);

  memcpy (image, key->bytes, sizeof key->bytes);
  memcpy (image + sizeof key->bytes, frame, n);
  memset (image + sizeof key->bytes + CHECKSUM_AT, 0, 8);
  return pg_siphash_64 (secret, image, n + sizeof key->bytes);
}

void
pg_frame_seal (guint8 *frame, gsize size, PgFrameKind kind, guint8 version, const PgSecret *secret, const PgHash *key)
{
  g_return_if_fail (size >= PG_FRAME_HEADER && size <= PG_FRAME_MAX);

  memset (frame, 0, PG_FRAME_HEADER);
  frame[0] = (guint8) kind;
  frame[1] = version;
  frame[2] = (guint8) (size & 0xff);
  frame[3] = (guint8) (size >> 8);
  pg_bytes_put_u64 (frame + CHECKSUM_AT, checksum_of (frame, size, secret, key));
}

gboolean
pg_frame_check (const guint8 *frame, gsize size, gsize expected_size, PgFrameKind kind, guint8 version, const PgSecret *secret,
                const PgHash *key, GError **error)
{
  const char *wrong = NULL;

  if (size < PG_FRAME_HEADER || frame[0] != (guint8) kind)
    wrong = "is of another kind";
  else if (frame[1] != version)
    wrong = "is of an unknown version";
  else if (size != expected_size || (gsize) (frame[2] | frame[3] << 8) != size)
    wrong = "has a wrong length";
  else if (pg_bytes_get_u64 (frame + CHECKSUM_AT) != checksum_of (frame, size, secret, key))
    wrong = "fails its checksum";
  if (wrong != NULL)
    g_set_error (error, PG_ERROR, PG_ERROR_DAMAGED, "a stored record (kind '%c', version %d) %s", (char) kind, version, wrong);
  return wrong == NULL;
}
