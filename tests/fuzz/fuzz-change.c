/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes of the redo log: bytes of any kind; what has a form is sealed and read as it was, what is not sealed is none. */
#include "core/change.h"

#include "common.h"

static const PgSecret secret = { "sixteen bytes.." };

static void
check_change (const PgChange *change, guint64 offset)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint8   value[PG_FRAME_MAX];
  PgChange again;

  must (change->key.len <= PG_CHANGE_KEY_MAX && change->value.len <= change->value_len && change->value_len <= PG_FRAME_MAX);
  pg_change_get_value (change, value);
  pg_change_append (change, bytes);
  pg_change_seal_all (bytes->data, bytes->len, &secret, offset);
  must (bytes->len <= PG_CHANGE_MAX);
  must (pg_change_decode (pg_span ((const char *) bytes->data, bytes->len), &secret, offset, &again) == bytes->len);
  must (again.kind == change->kind && again.value_len == change->value_len && pg_span_equal (again.key, change->key));
  must (pg_change_decode (pg_span ((const char *) bytes->data, bytes->len), &secret, offset + 1, &again) == 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree char *block = NULL;
  PgSpan           input = exact (&block, pg_span ((const char *) data, size));
  guint64          offset = size;
  PgChange         change;
  gsize            len;

  /* Now and then a fuzzer finds the right checksum: it sees what is compared. */
  len = pg_change_decode (input, &secret, offset, &change);
  must (len == 0 || len == pg_change_parse (input, &change));
  while ((len = pg_change_parse (input, &change)) > 0)
    {
      must (len >= PG_CHANGE_HEADER && len <= input.len && len <= PG_CHANGE_MAX);
      check_change (&change, offset);
      pg_change_seal_all ((guint8 *) (block + (input.data - block)), len, &secret, offset);
      must (pg_change_decode (input, &secret, offset, &change) == len);
      pg_span_skip (&input, len);
    }
  return 0;
}
