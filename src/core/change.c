/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/change.h"

#include "core/bytes.h"

#define KIND_AT 8
#define KEY_LEN_AT 9
#define VALUE_LEN_AT 10
#define KEPT_LEN_AT 12

static gsize
get_u16 (const guint8 *at)
{
  return at[0] | (gsize) at[1] << 8;
}

static void
put_u16 (guint8 *at, gsize value)
{
  at[0] = (guint8) (value & 0xff);
  at[1] = (guint8) (value >> 8);
}

static gsize
len_without_zeros (PgSpan value)
{
  gsize len = value.len;

  while (len > 0 && value.data[len - 1] == '\0')
    len--;
  return len;
}

void
pg_change_append (const PgChange *self, GByteArray *out)
{
  guint8 header[PG_CHANGE_HEADER] = { 0 };
  gsize  kept = len_without_zeros (self->value);

  g_return_if_fail (self->key.len <= PG_CHANGE_KEY_MAX && self->value_len <= PG_FRAME_MAX && kept <= self->value_len);

  header[KIND_AT] = (guint8) self->kind;
  header[KEY_LEN_AT] = (guint8) self->key.len;
  put_u16 (header + VALUE_LEN_AT, self->value_len);
  put_u16 (header + KEPT_LEN_AT, kept);
  g_byte_array_append (out, header, sizeof header);
  g_byte_array_append (out, (const guint8 *) self->key.data, (guint) self->key.len);
  g_byte_array_append (out, (const guint8 *) self->value.data, (guint) kept);
}

static guint64
checksum_of (const guint8 *change, gsize size, const PgSecret *secret, guint64 offset)
{
  guint8 image[PG_CHANGE_MAX];

  pg_bytes_put_u64 (image, offset); /* in the checksum's own place */
  memcpy (image + KIND_AT, change + KIND_AT, size - KIND_AT);
  return pg_siphash_64 (secret, image, size);
}

void
pg_change_seal_all (guint8 *bytes, gsize len, const PgSecret *secret, guint64 offset)
{
  gsize at = 0;

  while (at < len)
    {
      PgChange change;
      gsize    size = pg_change_parse (pg_span ((const char *) bytes + at, len - at), &change);

      g_return_if_fail (size > 0);
      pg_bytes_put_u64 (bytes + at, checksum_of (bytes + at, size, secret, offset + at));
      at += size;
    }
}

/* A form for each thing: so bytes of any kind seldom look like a change. */
static gboolean
has_form (PgChangeKind kind, gsize key_len, gsize value_len, gsize kept)
{
  switch (kind)
    {
    case PG_CHANGE_PUT:
      return key_len > 0 && key_len <= PG_CHANGE_KEY_MAX && value_len <= PG_FRAME_MAX && kept <= value_len;
    case PG_CHANGE_REMOVE:
      return key_len > 0 && key_len <= PG_CHANGE_KEY_MAX && value_len == 0 && kept == 0;
    case PG_CHANGE_MARK:
      return key_len == 0 && value_len == 0 && kept == 0;
    default:
      return FALSE;
    }
}

gsize
pg_change_parse (PgSpan bytes, PgChange *out)
{
  const guint8 *at = (const guint8 *) bytes.data;
  gsize         key_len;
  gsize         kept;

  if (bytes.len < PG_CHANGE_HEADER)
    return 0;
  key_len = at[KEY_LEN_AT];
  kept = get_u16 (at + KEPT_LEN_AT);
  if (!has_form ((PgChangeKind) at[KIND_AT], key_len, get_u16 (at + VALUE_LEN_AT), kept)
      || bytes.len - PG_CHANGE_HEADER < key_len + kept)
    return 0;
  out->kind = (PgChangeKind) at[KIND_AT];
  out->key = pg_span (bytes.data + PG_CHANGE_HEADER, key_len);
  out->value_len = get_u16 (at + VALUE_LEN_AT);
  out->value = pg_span (bytes.data + PG_CHANGE_HEADER + key_len, kept);
  return PG_CHANGE_HEADER + key_len + kept;
}

gsize
pg_change_decode (PgSpan bytes, const PgSecret *secret, guint64 offset, PgChange *out)
{
  PgChange      change;
  const guint8 *at = (const guint8 *) bytes.data;
  gsize         size = pg_change_parse (bytes, &change);

  if (size == 0 || pg_bytes_get_u64 (at) != checksum_of (at, size, secret, offset))
    return 0;
  *out = change;
  return size;
}

void
pg_change_get_value (const PgChange *self, guint8 out[PG_FRAME_MAX])
{
  memset (out, 0, self->value_len);
  memcpy (out, self->value.data, self->value.len);
}
