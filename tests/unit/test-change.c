/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/change.h"

#include "common.h"

static const PgSecret secret = { "sixteen bytes.." };
static const PgSecret another = { "other sixteen.." };

#define OFFSET 12345

static const struct
{
  const char  *name;
  PgChangeKind kind;
  PgSpan       key;
  PgSpan       value;
  gsize        size; /* as stored */
} rows[] = {
  { "put", PG_CHANGE_PUT, BYTES ("a key of sixteen"), BYTES ("value"), 14 + 16 + 5 },
  { "zeros at the end", PG_CHANGE_PUT, BYTES ("key"), BYTES ("value\0\0\0"), 14 + 3 + 5 },
  { "zeros inside", PG_CHANGE_PUT, BYTES ("key"), BYTES ("\0v\0e"), 14 + 3 + 4 },
  { "only zeros", PG_CHANGE_PUT, BYTES ("key"), BYTES ("\0\0"), 14 + 3 },
  { "an empty value", PG_CHANGE_PUT, BYTES ("key"), BYTES (""), 14 + 3 },
  { "remove", PG_CHANGE_REMOVE, BYTES ("a key of sixteen"), { NULL, 0 }, 14 + 16 },
  { "mark", PG_CHANGE_MARK, { NULL, 0 }, { NULL, 0 }, 14 },
};

static GByteArray *
encode (int row)
{
  GByteArray *bytes = g_byte_array_new ();

  pg_change_append (
      &(PgChange){ .kind = rows[row].kind, .key = rows[row].key, .value_len = rows[row].value.len, .value = rows[row].value },
      bytes);
  pg_change_seal_all (bytes->data, bytes->len, &secret, OFFSET);
  return bytes;
}

static PgSpan
span_of (const GByteArray *bytes)
{
  return pg_span ((const char *) bytes->data, bytes->len);
}

START_TEST (what_is_written_is_read)
{
  g_autoptr (GByteArray) bytes = encode (_i);
  guint8   value[PG_FRAME_MAX];
  PgChange change;

  assert_row (rows[_i].name, bytes->len == rows[_i].size);
  assert_row (rows[_i].name, pg_change_decode (span_of (bytes), &secret, OFFSET, &change) == rows[_i].size);
  assert_row (rows[_i].name, change.kind == rows[_i].kind && pg_span_equal (change.key, rows[_i].key));
  assert_row (rows[_i].name, change.value_len == rows[_i].value.len);
  pg_change_get_value (&change, value);
  assert_row (rows[_i].name, change.value_len == 0 || memcmp (value, rows[_i].value.data, change.value_len) == 0);
}
END_TEST

START_TEST (what_is_cut_is_none)
{
  g_autoptr (GByteArray) bytes = encode (_i);

  for (guint len = 0; len < bytes->len; len++)
    {
      g_autofree char *block = NULL;
      PgChange         change;

      assert_row (rows[_i].name,
                  pg_change_decode (exact (&block, pg_span ((char *) bytes->data, len)), &secret, OFFSET, &change) == 0);
    }
}
END_TEST

START_TEST (what_is_changed_is_none)
{
  g_autoptr (GByteArray) bytes = encode (_i);

  for (guint bit = 0; bit < 8 * bytes->len; bit++)
    {
      g_autofree char *block = NULL;
      PgSpan           span = exact (&block, span_of (bytes));
      PgChange         change;

      block[bit / 8] = (char) (block[bit / 8] ^ 1 << bit % 8);
      ck_assert_msg (pg_change_decode (span, &secret, OFFSET, &change) == 0, "%s: bit %u", rows[_i].name, bit);
    }
}
END_TEST

START_TEST (what_stood_elsewhere_is_none)
{
  g_autoptr (GByteArray) bytes = encode (_i);
  PgChange change;

  assert_row (rows[_i].name, pg_change_decode (span_of (bytes), &secret, OFFSET + 1, &change) == 0);
  assert_row (rows[_i].name, pg_change_decode (span_of (bytes), &another, OFFSET, &change) == 0);
  assert_row (rows[_i].name, pg_change_parse (span_of (bytes), &change) == rows[_i].size); /* the form is whole */
}
END_TEST

START_TEST (a_group_is_sealed_one_by_one)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  gsize at = 0;

  for (int row = 0; row < (int) G_N_ELEMENTS (rows); row++)
    pg_change_append (
        &(PgChange){ .kind = rows[row].kind, .key = rows[row].key, .value_len = rows[row].value.len, .value = rows[row].value },
        bytes);
  pg_change_seal_all (bytes->data, bytes->len, &another, 7);
  pg_change_seal_all (bytes->data, bytes->len, &secret, OFFSET); /* again, as it is tried again */
  for (int row = 0; row < (int) G_N_ELEMENTS (rows); row++)
    {
      PgChange change;
      gsize    size = pg_change_decode (pg_span ((char *) bytes->data + at, bytes->len - at), &secret, OFFSET + at, &change);

      assert_row (rows[row].name, size == rows[row].size && change.kind == rows[row].kind);
      at += size;
    }
  ck_assert_uint_eq (at, bytes->len);
}
END_TEST

static const struct
{
  const char *name;
  PgSpan      bytes;
} bad_forms[] = {
  { "nothing", { NULL, 0 } },
  { "no kind", BYTES ("checksum\0\3\0\0\0\0key") },
  { "no key", BYTES ("checksump\0\0\0\0\0") },
  { "a key too long", BYTES ("checksump\41\0\0\0\0"
                             "a key of thirty-two bytes, and one") },
  { "a value too long", BYTES ("checksump\3\1\4\0\0key") },
  { "more kept than there is", BYTES ("checksump\3\1\0\2\0keyxy") },
  { "a value that is removed", BYTES ("checksumr\3\1\0\1\0keyx") },
  { "a mark with a key", BYTES ("checksumm\3\0\0\0\0key") },
};

START_TEST (what_has_no_form_is_none)
{
  g_autofree char *block = NULL;
  PgChange         change;

  assert_row (bad_forms[_i].name, pg_change_parse (exact (&block, bad_forms[_i].bytes), &change) == 0);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, what_is_written_is_read, 0, G_N_ELEMENTS (rows));
  tcase_add_loop_test (tests, what_is_cut_is_none, 0, G_N_ELEMENTS (rows));
  tcase_add_loop_test (tests, what_is_changed_is_none, 0, G_N_ELEMENTS (rows));
  tcase_add_loop_test (tests, what_stood_elsewhere_is_none, 0, G_N_ELEMENTS (rows));
  tcase_add_test (tests, a_group_is_sealed_one_by_one);
  tcase_add_loop_test (tests, what_has_no_form_is_none, 0, G_N_ELEMENTS (bad_forms));
}

PG_TEST_MAIN ("change", fill)
