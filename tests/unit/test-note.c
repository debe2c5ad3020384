/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/error.h"
#include "core/note.h"

#include "common.h"

static const PgSecret secret = { "sixteen bytes.." };
static const PgHash   key = { "where it stands" };

static const struct
{
  PgSpan      text;
  const char *told; /* NULL: no target */
} targets[] = {
  { BYTES ("192.0.2.1"), "192.0.2.1" },
  { BYTES ("192.0.2.0/24"), "192.0.2.0/24" },
  { BYTES ("2001:DB8::/32"), "2001:db8::/32" },
  { BYTES ("::ffff:192.0.2.1"), "192.0.2.1" },
  { BYTES ("user:bob"), "user:bob" },
  { BYTES ("user:Bob@Example.ORG"), "user:bob@example.org" },
  { BYTES ("user: b"), "user: b" },
  { BYTES ("user:user:x"), "user:user:x" },
  { BYTES ("user:\xc3\x84"), "user:\xc3\x84" },
  { BYTES (""), NULL },
  { BYTES ("bob"), NULL },
  { BYTES ("user:"), NULL },
  { BYTES ("user:a\0b"), NULL },
  { BYTES ("User:bob"), NULL },
  { BYTES (" user:bob"), NULL },
  { BYTES ("192.0.2.1/24"), NULL },
  { BYTES ("192.0.2.1 "), NULL },
  { BYTES ("all"), NULL },
};

START_TEST (target_is_set)
{
  const char        *name = targets[_i].text.data;
  g_autofree char   *block = NULL;
  g_autofree char   *told = NULL;
  g_autoptr (GError) error = NULL;
  PgNote             note = { .id = 7 };
  gboolean           ok = pg_note_set_target (&note, exact (&block, targets[_i].text), &error);

  assert_row_agrees (name, ok, error, targets[_i].told != NULL);
  told = pg_note_target_to_string (&note);
  assert_row_text (name, told, ok ? targets[_i].told : "all");
  assert_row (name, ok || g_error_matches (error, PG_ERROR, PG_ERROR_VALUE));
}
END_TEST

START_TEST (a_user_name_is_bounded)
{
  g_autofree char *longest = g_strnfill (PG_USER_MAX, 'X');
  g_autofree char *fits = g_strconcat ("user:", longest, NULL);
  g_autofree char *over = g_strconcat (fits, "X", NULL);
  g_autofree char *block = NULL;
  PgNote           note = { 0 };

  ck_assert (!pg_note_set_target (&note, exact_string (&block, over), NULL));
  ck_assert (note.target == PG_NOTE_ALL && note.user[0] == '\0');
  ck_assert (pg_note_set_target (&note, pg_span_from_string (fits), NULL));
  ck_assert (strlen (note.user) == PG_USER_MAX && note.user[0] == 'x');
}
END_TEST

static PgNote
note_about (PgNoteKind kind, const char *target)
{
  PgNote note = { .id = 7, .kind = kind, .made_us = 1234567, .until_us = PG_NOTE_FOREVER };

  g_strlcpy (note.by, "root", sizeof note.by);
  if (target != NULL)
    ck_assert_msg (pg_note_set_target (&note, pg_span_from_string (target), NULL), "%s", target);
  return note;
}

static const struct
{
  const char *a;
  const char *b;
  gboolean    same;
} pairs[] = {
  { "192.0.2.1", "::ffff:192.0.2.1", TRUE },
  { "192.0.2.0/24", "192.0.2.0/25", FALSE },
  { "192.0.2.0/24", "192.0.3.0/24", FALSE },
  { "user:bob", "user:BOB", TRUE },
  { "user:bob", "user:bo", FALSE },
  { "user:192.0.2.1", "192.0.2.1", FALSE },
  { NULL, NULL, TRUE },
  { NULL, "192.0.2.1", FALSE },
};

START_TEST (targets_are_compared)
{
  PgNote a = note_about (PG_NOTE_DENY, pairs[_i].a);
  PgNote b = note_about (PG_NOTE_DENY, pairs[_i].b);

  ck_assert_msg (pg_note_is_same_target (&a, &b) == pairs[_i].same, "row %d", _i);
  ck_assert_msg (pg_note_is_same_target (&b, &a) == pairs[_i].same, "row %d", _i);
}
END_TEST

START_TEST (kinds_have_names)
{
  ck_assert_str_eq (pg_note_kind_to_string (PG_NOTE_ALLOW), "allow");
  ck_assert_str_eq (pg_note_kind_to_string (PG_NOTE_DENY), "deny");
  ck_assert_str_eq (pg_note_kind_to_string (PG_NOTE_REVOKE), "revoke");
  ck_assert_str_eq (pg_note_kind_to_string (PG_NOTE_FREEZE), "freeze");
  ck_assert_str_eq (pg_note_kind_to_string ((PgNoteKind) 0), "?");
  ck_assert_str_eq (pg_note_kind_to_string ((PgNoteKind) 5), "?");
}
END_TEST

/* --- the stored form ------------------------------------------------------------------------------------------------- */

static gboolean
decode (const guint8 *bytes, gsize size, PgNote *out)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *copy = g_memdup2 (bytes, size);
  gboolean           ok = pg_note_decode (copy, size, &secret, &key, out, &error);

  ck_assert (ok == (error == NULL));
  ck_assert (ok || g_error_matches (error, PG_ERROR, PG_ERROR_DAMAGED));
  return ok;
}

static void
check_survives (const PgNote *note)
{
  guint8 bytes[PG_NOTE_SIZE];
  PgNote again;

  pg_note_encode (note, &secret, &key, bytes);
  ck_assert (decode (bytes, sizeof bytes, &again));
  ck_assert (again.id == note->id && again.kind == note->kind && again.target == note->target);
  ck_assert (pg_note_is_same_target (&again, note));
  ck_assert (again.made_us == note->made_us && again.until_us == note->until_us);
  ck_assert_str_eq (again.by, note->by);
  ck_assert_str_eq (again.why, note->why);
  ck_assert_str_eq (again.user, note->user);
}

START_TEST (a_note_survives_storage)
{
  PgNote           note = note_about (PG_NOTE_DENY, "192.0.2.0/24");
  g_autofree char *name = g_strnfill (PG_USER_MAX, 'u');
  g_autofree char *target = g_strconcat ("user:", name, NULL);

  check_survives (&note);
  note = note_about (PG_NOTE_FREEZE, NULL);
  check_survives (&note);
  note = note_about (PG_NOTE_REVOKE, target);
  note.id = G_MAXUINT64;
  note.made_us = -1;
  note.until_us = 0;
  memset (note.by, 'b', PG_NOTE_BY_MAX);
  memset (note.why, 'w', PG_NOTE_WHY_MAX);
  check_survives (&note);
}
END_TEST

START_TEST (damaged_bytes_are_no_note)
{
  PgNote note = note_about (PG_NOTE_ALLOW, "192.0.2.1");
  guint8 bytes[PG_NOTE_SIZE];

  pg_note_encode (&note, &secret, &key, bytes);
  ck_assert (!decode (bytes, 0, &note));
  ck_assert (!decode (bytes, PG_NOTE_SIZE - 1, &note));
  for (gsize i = 0; i < PG_NOTE_SIZE; i++)
    {
      bytes[i] ^= 0x01;
      ck_assert_msg (!decode (bytes, sizeof bytes, &note), "byte %zu", i);
      bytes[i] ^= 0x01;
    }
  ck_assert (decode (bytes, sizeof bytes, &note));
}
END_TEST

static const struct
{
  const char *name;
  PgNoteKind  kind;
  const char *target;
  gsize       at;
  guint8      value;
  gboolean    ok;
} fields[] = {
  { "as it was", PG_NOTE_DENY, "192.0.2.1", 16, PG_NOTE_DENY, TRUE },
  { "no kind", PG_NOTE_DENY, "192.0.2.1", 16, 0, FALSE },
  { "unknown kind", PG_NOTE_DENY, "192.0.2.1", 16, 5, FALSE },
  { "unknown target", PG_NOTE_DENY, "192.0.2.1", 17, 3, FALSE },
  { "a freeze of one address", PG_NOTE_DENY, "192.0.2.1", 16, PG_NOTE_FREEZE, FALSE },
  { "a deny of everybody", PG_NOTE_DENY, "192.0.2.1", 17, PG_NOTE_ALL, FALSE },
  { "an allow of everybody", PG_NOTE_FREEZE, NULL, 16, PG_NOTE_ALLOW, FALSE },
  { "a prefix that is none", PG_NOTE_DENY, "192.0.2.1", 18, 129, FALSE },
  { "bits behind the prefix", PG_NOTE_ALLOW, "192.0.2.1", 18, 120, FALSE },
  { "a prefix that leaves its family", PG_NOTE_ALLOW, "0.0.0.0/0", 18, 80, FALSE },
  { "by: too long", PG_NOTE_DENY, "192.0.2.1", 19, PG_NOTE_BY_MAX + 1, FALSE },
  { "by: zeros in it", PG_NOTE_DENY, "192.0.2.1", 19, 5, FALSE },
  { "by: shorter", PG_NOTE_DENY, "192.0.2.1", 19, 3, TRUE },
  { "user: too long", PG_NOTE_DENY, "user:bob", 20, PG_USER_MAX + 1, FALSE },
  { "user: zeros in it", PG_NOTE_DENY, "user:bob", 20, 4, FALSE },
  { "user: nobody", PG_NOTE_DENY, "user:bob", 20, 0, FALSE },
  { "why: too long", PG_NOTE_DENY, "192.0.2.1", 21, PG_NOTE_WHY_MAX + 1, FALSE },
  { "why: zeros", PG_NOTE_DENY, "192.0.2.1", 21, 1, FALSE },
  { "no id", PG_NOTE_DENY, "192.0.2.1", 24, 0, FALSE },
};

/* Sealed as it should be, and yet wrong. */
START_TEST (a_field_out_of_range_is_no_note)
{
  PgNote note = note_about (fields[_i].kind, fields[_i].target);
  PgNote again;
  guint8 bytes[PG_NOTE_SIZE];

  pg_note_encode (&note, &secret, &key, bytes);
  bytes[fields[_i].at] = fields[_i].value;
  pg_frame_seal (bytes, sizeof bytes, PG_FRAME_NOTE, 1, &secret, &key);
  assert_row (fields[_i].name, decode (bytes, sizeof bytes, &again) == fields[_i].ok);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, target_is_set, 0, G_N_ELEMENTS (targets));
  tcase_add_test (tests, a_user_name_is_bounded);
  tcase_add_loop_test (tests, targets_are_compared, 0, G_N_ELEMENTS (pairs));
  tcase_add_test (tests, kinds_have_names);
  tcase_add_test (tests, a_note_survives_storage);
  tcase_add_test (tests, damaged_bytes_are_no_note);
  tcase_add_loop_test (tests, a_field_out_of_range_is_no_note, 0, G_N_ELEMENTS (fields));
}

PG_TEST_MAIN ("note", fill)
