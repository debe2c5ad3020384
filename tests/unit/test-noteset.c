/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/noteset.h"

#include "common.h"

#define NOW_US G_GINT64_CONSTANT (1000000)

static PgAddress
address_of (const char *text)
{
  PgAddress address;

  ck_assert_msg (pg_address_parse (pg_span_from_string (text), &address), "%s", text);
  return address;
}

static PgNote
note_about (guint64 id, PgNoteKind kind, const char *target)
{
  PgNote note = { .id = id, .kind = kind, .made_us = NOW_US, .until_us = PG_NOTE_FOREVER };

  if (target != NULL)
    ck_assert_msg (pg_note_set_target (&note, pg_span_from_string (target), NULL), "%s", target);
  return note;
}

static void
add_until (PgNoteset *set, guint64 id, PgNoteKind kind, const char *target, gint64 until_us)
{
  PgNote note = note_about (id, kind, target);

  note.until_us = until_us;
  pg_noteset_add (set, &note);
}

static void
add (PgNoteset *set, guint64 id, PgNoteKind kind, const char *target)
{
  add_until (set, id, kind, target, PG_NOTE_FOREVER);
}

/* Id of the note of @kind that covers @address, or 0. */
static guint64
covering (const PgNoteset *set, PgNoteKind kind, const char *text, gint64 now_us)
{
  PgAddress     address = address_of (text);
  const PgNote *note = pg_noteset_covering (set, kind, &address, now_us);

  return note != NULL ? note->id : 0;
}

START_TEST (an_empty_set_says_nothing)
{
  g_autoptr (PgNoteset) set = pg_noteset_new ();
  PgAddress address = address_of ("192.0.2.1");
  PgNote    like = note_about (1, PG_NOTE_DENY, "192.0.2.1");

  ck_assert_uint_eq (pg_noteset_size (set), 0);
  ck_assert (pg_noteset_get (set, 1) == NULL);
  ck_assert (!pg_noteset_remove (set, 1));
  ck_assert (pg_noteset_find (set, PG_NOTE_DENY, &like) == NULL);
  ck_assert (pg_noteset_freeze (set, NOW_US) == NULL);
  ck_assert (!pg_noteset_has_user_notes (set, NOW_US));
  ck_assert (pg_noteset_user_counts (set, pg_span_from_string ("bob"), NOW_US, NOW_US));
  ck_assert (pg_noteset_revoked_us (set, &address) == PG_NOTESET_NEVER);
  pg_noteset_free (NULL);
}
END_TEST

START_TEST (the_narrowest_note_in_force_covers)
{
  g_autoptr (PgNoteset) set = pg_noteset_new ();

  add (set, 1, PG_NOTE_DENY, "192.0.2.0/24");
  add_until (set, 2, PG_NOTE_DENY, "192.0.2.1", NOW_US + 5);
  add (set, 3, PG_NOTE_ALLOW, "192.0.2.0/25");
  add (set, 4, PG_NOTE_DENY, "user:192.0.2.9");
  ck_assert_uint_eq (covering (set, PG_NOTE_DENY, "192.0.2.1", NOW_US), 2);
  ck_assert_uint_eq (covering (set, PG_NOTE_DENY, "::ffff:192.0.2.1", NOW_US + 4), 2);
  ck_assert_uint_eq (covering (set, PG_NOTE_DENY, "192.0.2.1", NOW_US + 5), 1);
  ck_assert_uint_eq (covering (set, PG_NOTE_DENY, "192.0.2.2", NOW_US), 1);
  ck_assert_uint_eq (covering (set, PG_NOTE_ALLOW, "192.0.2.2", NOW_US), 3);
  ck_assert_uint_eq (covering (set, PG_NOTE_ALLOW, "192.0.2.200", NOW_US), 0);
  ck_assert_uint_eq (covering (set, PG_NOTE_DENY, "192.0.3.1", NOW_US), 0);
}
END_TEST

START_TEST (one_note_of_a_kind_about_a_target)
{
  g_autoptr (PgNoteset) set = pg_noteset_new ();
  PgNote like = note_about (9, PG_NOTE_DENY, "::ffff:192.0.2.1");

  add (set, 1, PG_NOTE_DENY, "192.0.2.1");
  add (set, 2, PG_NOTE_ALLOW, "192.0.2.1");
  add (set, 3, PG_NOTE_DENY, "192.0.2.1");
  ck_assert_uint_eq (pg_noteset_size (set), 2);
  ck_assert (pg_noteset_get (set, 1) == NULL);
  ck_assert_uint_eq (pg_noteset_find (set, PG_NOTE_DENY, &like)->id, 3);
  ck_assert_uint_eq (pg_noteset_find (set, PG_NOTE_ALLOW, &like)->id, 2);
  add (set, 4, PG_NOTE_DENY, "user:bob");
  add (set, 5, PG_NOTE_DENY, "user:Bob");
  add (set, 6, PG_NOTE_FREEZE, NULL);
  add (set, 7, PG_NOTE_FREEZE, NULL);
  ck_assert_uint_eq (pg_noteset_size (set), 4);
  like = note_about (9, PG_NOTE_DENY, "user:bob");
  ck_assert_uint_eq (pg_noteset_find (set, PG_NOTE_DENY, &like)->id, 5);
  ck_assert (pg_noteset_find (set, PG_NOTE_REVOKE, &like) == NULL);
  like = note_about (9, PG_NOTE_FREEZE, NULL);
  ck_assert_uint_eq (pg_noteset_find (set, PG_NOTE_FREEZE, &like)->id, 7);
  ck_assert (pg_noteset_find (set, PG_NOTE_DENY, &like) == NULL);
}
END_TEST

START_TEST (an_id_that_comes_again_takes_the_place_of_the_first)
{
  g_autoptr (PgNoteset) set = pg_noteset_new ();

  add (set, 1, PG_NOTE_ALLOW, "192.0.2.1");
  add (set, 1, PG_NOTE_DENY, "user:bob");
  add (set, 1, PG_NOTE_FREEZE, NULL);
  add (set, 1, PG_NOTE_DENY, "192.0.2.0/24");
  ck_assert_uint_eq (pg_noteset_size (set), 1);
  ck_assert_uint_eq (covering (set, PG_NOTE_ALLOW, "192.0.2.1", NOW_US), 0);
  ck_assert_uint_eq (covering (set, PG_NOTE_DENY, "192.0.2.1", NOW_US), 1);
  ck_assert (pg_noteset_freeze (set, NOW_US) == NULL);
  ck_assert (!pg_noteset_has_user_notes (set, NOW_US));
  pg_noteset_add (set, pg_noteset_get (set, 1)); /* a copy of its own */
  ck_assert_uint_eq (covering (set, PG_NOTE_DENY, "192.0.2.1", NOW_US), 1);
}
END_TEST

START_TEST (a_removed_note_says_no_more)
{
  g_autoptr (PgNoteset) set = pg_noteset_new ();

  add (set, 1, PG_NOTE_DENY, "192.0.2.1");
  add (set, 2, PG_NOTE_DENY, "user:bob");
  add (set, 3, PG_NOTE_FREEZE, NULL);
  add (set, 4, PG_NOTE_REVOKE, "192.0.2.1");
  ck_assert (pg_noteset_freeze (set, NOW_US) != NULL);
  for (guint64 id = 1; id <= 4; id++)
    {
      ck_assert (pg_noteset_remove (set, id));
      ck_assert (!pg_noteset_remove (set, id));
    }
  ck_assert_uint_eq (pg_noteset_size (set), 0);
  ck_assert_uint_eq (covering (set, PG_NOTE_DENY, "192.0.2.1", NOW_US), 0);
  ck_assert (!pg_noteset_has_user_notes (set, NOW_US));
  ck_assert (pg_noteset_freeze (set, NOW_US) == NULL);
}
END_TEST

START_TEST (notes_are_listed_by_id)
{
  static const guint64  ids[] = { 300, 2, G_MAXUINT64, 1, 299 };
  static const guint64  sorted[] = { 1, 2, 299, 300, G_MAXUINT64 };
  g_autoptr (PgNoteset) set = pg_noteset_new ();
  g_autoptr (GPtrArray) list = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      char target[32];

      g_snprintf (target, sizeof target, "192.0.2.%zu", i);
      add (set, ids[i], PG_NOTE_DENY, target);
    }
  list = pg_noteset_list (set);
  ck_assert_uint_eq (list->len, G_N_ELEMENTS (sorted));
  for (guint i = 0; i < list->len; i++)
    ck_assert_uint_eq (((const PgNote *) g_ptr_array_index (list, i))->id, sorted[i]);
}
END_TEST

START_TEST (a_freeze_ends_by_itself)
{
  g_autoptr (PgNoteset) set = pg_noteset_new ();

  add_until (set, 1, PG_NOTE_FREEZE, NULL, NOW_US);
  ck_assert (pg_noteset_freeze (set, NOW_US - 1) != NULL);
  ck_assert (pg_noteset_freeze (set, NOW_US) == NULL);
}
END_TEST

START_TEST (the_newest_revoke_that_covers_counts)
{
  g_autoptr (PgNoteset) set = pg_noteset_new ();
  PgNote    wide = note_about (1, PG_NOTE_REVOKE, "192.0.2.0/24");
  PgNote    narrow = note_about (2, PG_NOTE_REVOKE, "192.0.2.1");
  PgAddress address = address_of ("192.0.2.1");
  PgAddress neighbour = address_of ("192.0.2.2");
  PgAddress stranger = address_of ("198.51.100.1");

  wide.made_us = 20;
  narrow.made_us = 10;
  narrow.until_us = 0; /* a revoke keeps its moment, whenever it ends */
  pg_noteset_add (set, &narrow);
  ck_assert (pg_noteset_revoked_us (set, &address) == 10);
  pg_noteset_add (set, &wide);
  ck_assert (pg_noteset_revoked_us (set, &address) == 20);
  ck_assert (pg_noteset_revoked_us (set, &neighbour) == 20);
  ck_assert (pg_noteset_revoked_us (set, &stranger) == PG_NOTESET_NEVER);
}
END_TEST

static const struct
{
  const char *name;
  gint64      login_us;
  gint64      now_us;
  gboolean    counts;
} users[] = {
  { "free", NOW_US, NOW_US, TRUE },
  { "denied", NOW_US, NOW_US, FALSE },
  { "DENIED", NOW_US, NOW_US, FALSE },
  { "denied", NOW_US, NOW_US + 9, FALSE },
  { "denied", NOW_US, NOW_US + 10, TRUE },
  { "denie", NOW_US, NOW_US, TRUE },
  { "denied2", NOW_US, NOW_US, TRUE },
  { "revoked", NOW_US - 1, NOW_US + 100, FALSE },
  { "revoked", NOW_US, NOW_US + 100, FALSE },
  { "Revoked", NOW_US, NOW_US + 100, FALSE },
  { "revoked", NOW_US + 1, NOW_US + 100, TRUE },
};

START_TEST (users_are_denied_and_revoked)
{
  g_autoptr (PgNoteset) set = pg_noteset_new ();
  g_autofree char *block = NULL;
  PgSpan           name = exact_string (&block, users[_i].name);

  add_until (set, 1, PG_NOTE_DENY, "user:denied", NOW_US + 10);
  ck_assert (pg_noteset_has_user_notes (set, NOW_US + 9));
  ck_assert (!pg_noteset_has_user_notes (set, NOW_US + 10));
  add (set, 2, PG_NOTE_REVOKE, "user:revoked");
  ck_assert (pg_noteset_has_user_notes (set, NOW_US + 10));
  ck_assert_msg (pg_noteset_user_counts (set, name, users[_i].login_us, users[_i].now_us) == users[_i].counts, "row %d: %s", _i,
                 users[_i].name);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_test (tests, an_empty_set_says_nothing);
  tcase_add_test (tests, the_narrowest_note_in_force_covers);
  tcase_add_test (tests, one_note_of_a_kind_about_a_target);
  tcase_add_test (tests, an_id_that_comes_again_takes_the_place_of_the_first);
  tcase_add_test (tests, a_removed_note_says_no_more);
  tcase_add_test (tests, notes_are_listed_by_id);
  tcase_add_test (tests, a_freeze_ends_by_itself);
  tcase_add_test (tests, the_newest_revoke_that_covers_counts);
  tcase_add_loop_test (tests, users_are_denied_and_revoked, 0, G_N_ELEMENTS (users));
}

PG_TEST_MAIN ("noteset", fill)
