/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/merge.h"

#include "core/duration.h"

#include "folder.h"

#define NOW_US (1000000 * PG_HOUR)
#define TOLD_US (NOW_US - PG_MINUTE)

static char *path; /* of the database, in the folder */

static void
set_up (void)
{
  make_folder ();
  path = in_folder ("popgate.gdbm");
}

static void
tear_down (void)
{
  g_clear_pointer (&path, g_free);
  remove_folder ();
}

static PgEngine *
open_engine (const char *override)
{
  g_autofree char *store = g_strdup_printf ("popgate.store=gdbm:%s", path);
  const char      *overrides[] = { store, override, NULL };
  PgConfig        *config = pg_config_parse (pg_span_from_string (""), overrides, NULL);
  PgEngine        *engine;

  ck_assert (config != NULL);
  engine = pg_engine_new (config, PG_STORE_READ_WRITE);
  ck_assert (pg_engine_open (engine, NULL));
  return engine;
}

static PgMerge
merge_into (PgEngine *engine)
{
  return (PgMerge){ .engine = engine, .told_us = TOLD_US, .now_us = NOW_US };
}

static PgRecord
record_of (const char *address, const char *user, gint64 login_us)
{
  PgLogin login = { .time_us = login_us, .user = pg_span_from_string (user), .service = PG_SERVICE_POP3, .server = PG_SERVER_UW };
  PgRecord record;

  ck_assert (pg_address_parse (pg_span_from_string (address), &login.address));
  pg_record_init (&record, &login.address);
  pg_record_add_login (&record, &login);
  return record;
}

static PgMergeFate
merge_record (PgEngine *engine, const PgRecord *record)
{
  PgMerge merge = merge_into (engine);
  g_autoptr (GError) error = NULL;
  const char *why = NULL;
  PgMergeFate fate = pg_merge_record (&merge, record, &why, &error);

  ck_assert ((fate == PG_MERGE_FAILED) == (error != NULL));
  ck_assert (fate != PG_MERGE_REFUSED || why != NULL);
  return fate;
}

static PgVerdict
ask (PgEngine *engine, const char *address)
{
  PgQuery   query = { .is_rcpt = TRUE, .has_address = TRUE };
  PgFinding finding;

  ck_assert (pg_address_parse (pg_span_from_string (address), &query.address));
  pg_engine_explain (engine, &query, NOW_US, &finding, NULL);
  return finding.decision.verdict;
}

static PgNote
note_of (PgNoteKind kind, const char *target, gint64 made_us)
{
  PgNote note = { .kind = kind, .made_us = made_us, .until_us = PG_NOTE_FOREVER, .by = "ann", .why = "so" };

  ck_assert (target == NULL || pg_note_set_target (&note, pg_span_from_string (target), NULL));
  return note;
}

static PgMergeFate
merge_note (PgEngine *engine, const PgNote *note)
{
  PgMerge merge = merge_into (engine);
  g_autoptr (GError) error = NULL;
  const char *why = NULL;
  PgMergeFate fate = pg_merge_note (&merge, note, &why, &error);

  ck_assert ((fate == PG_MERGE_FAILED) == (error != NULL));
  ck_assert ((fate == PG_MERGE_REFUSED) == (why != NULL));
  return fate;
}

/* --- grants ---------------------------------------------------------------------------------------------------------- */

static const struct
{
  const char *name;
  const char *setting;
  const char *user;
  gint64      login_us;
  PgMergeFate fate;
  gboolean    grants;
} rows[] = {
  { "a login in the window", NULL, "bob", TOLD_US - 1, PG_MERGE_NEW, TRUE },
  { "one whose window is over", NULL, "bob", NOW_US - 31 * PG_MINUTE, PG_MERGE_NEW, FALSE },
  { "a very old one", NULL, "bob", NOW_US - 8 * PG_DAY, PG_MERGE_REFUSED, FALSE },
  { "just as it was told", NULL, "bob", TOLD_US + 5 * PG_SECOND, PG_MERGE_NEW, TRUE },
  { "after it was told", NULL, "bob", TOLD_US + 5 * PG_SECOND + 1, PG_MERGE_REFUSED, FALSE },
  { "far ahead", NULL, "bob", NOW_US + PG_DAY, PG_MERGE_REFUSED, FALSE },
  { "a user who never gets a grant", "log.never_users=BOB", "bob", TOLD_US, PG_MERGE_REFUSED, FALSE },
  { "a service that does not grant", "log.services=imap", "bob", TOLD_US, PG_MERGE_REFUSED, FALSE },
  { "an address that never is granted", "log.never_grant=192.0.2.0/24", "bob", TOLD_US, PG_MERGE_NEW, FALSE },
};

START_TEST (a_grant_is_taken_as_it_is)
{
  PgEngine *engine = open_engine (rows[_i].setting);
  PgRecord  record = record_of ("192.0.2.1", rows[_i].user, rows[_i].login_us);

  assert_row (rows[_i].name, merge_record (engine, &record) == rows[_i].fate);
  assert_row (rows[_i].name, (ask (engine, "192.0.2.1") == PG_VERDICT_OK) == rows[_i].grants);
  if (rows[_i].fate == PG_MERGE_NEW)
    assert_row (rows[_i].name, merge_record (engine, &record) == PG_MERGE_KEPT);
  pg_engine_free (engine);
}
END_TEST

START_TEST (what_is_stored_is_not_lost)
{
  PgEngine *engine = open_engine (NULL);
  PgRecord  ours = record_of ("192.0.2.1", "bob", NOW_US - PG_SECOND);
  PgRecord  theirs = record_of ("192.0.2.1", "bob", NOW_US - PG_HOUR);
  PgRecord  stored;

  ck_assert (pg_store_put (pg_engine_store (engine), &ours, NULL));
  ck_assert_int_eq (merge_record (engine, &theirs), PG_MERGE_RENEWED); /* of its first login */
  ck_assert_int_eq (merge_record (engine, &theirs), PG_MERGE_KEPT);
  ck_assert_int_eq (pg_store_get (pg_engine_store (engine), &ours.address, &stored, NULL), PG_STORE_FOUND);
  ck_assert_int_eq (stored.newest_us, NOW_US - PG_SECOND);
  ck_assert_int_eq (stored.first_us, NOW_US - PG_HOUR);
  pg_engine_free (engine);
}
END_TEST

/* Who it was is not known: it may be one who gets no grant here. */
START_TEST (a_newest_login_without_a_user_grants_nothing)
{
  PgEngine *engine = open_engine (NULL);
  PgRecord  record = record_of ("192.0.2.1", "bob", NOW_US - PG_HOUR);
  PgRecord  nobody = record_of ("192.0.2.2", "bob", NOW_US - PG_HOUR);

  record.newest_us = record.dropped_us = NOW_US - PG_MINUTE;
  nobody.n_users = 0;
  ck_assert_int_eq (merge_record (engine, &record), PG_MERGE_NEW);
  ck_assert_int_eq (ask (engine, "192.0.2.1"), PG_VERDICT_DUNNO);
  ck_assert_int_eq (merge_record (engine, &nobody), PG_MERGE_REFUSED);
  pg_engine_free (engine);
}
END_TEST

START_TEST (a_prefix_of_ours_holds)
{
  PgEngine *engine = open_engine ("log.ipv6_prefix=64");
  PgRecord  record = record_of ("2001:db8::7", "bob", TOLD_US);
  PgNote    revoke = note_of (PG_NOTE_REVOKE, "2001:db8::7", TOLD_US - 1);

  ck_assert_int_eq (merge_record (engine, &record), PG_MERGE_NEW);
  ck_assert_int_eq (ask (engine, "2001:db8::9"), PG_VERDICT_OK);
  ck_assert_int_eq (merge_note (engine, &revoke), PG_MERGE_NEW);
  ck_assert_int_eq (merge_note (engine, &revoke), PG_MERGE_KEPT);
  ck_assert_int_eq (ask (engine, "2001:db8::9"), PG_VERDICT_OK);
  revoke.made_us = TOLD_US;
  ck_assert_int_eq (merge_note (engine, &revoke), PG_MERGE_RENEWED);
  ck_assert_int_eq (ask (engine, "2001:db8::9"), PG_VERDICT_DUNNO);
  pg_engine_free (engine);
}
END_TEST

/* Where it was read no grant was made of it, and none counts when the deny has ended. */
START_TEST (what_was_denied_then_is_not_taken)
{
  static const struct
  {
    const char *target;
    gint64      made_us;
    PgMergeFate fate;
  } denies[] = {
    { "192.0.2.0/24", TOLD_US - 2, PG_MERGE_REFUSED }, { "192.0.2.0/24", TOLD_US, PG_MERGE_NEW },
    { "user:bob", TOLD_US - 2, PG_MERGE_REFUSED },     { "user:bob", TOLD_US, PG_MERGE_NEW },
    { "user:carol", TOLD_US - 2, PG_MERGE_NEW },
  };
  PgEngine *engine = open_engine (NULL);
  PgNote    note = note_of (PG_NOTE_DENY, denies[_i].target, denies[_i].made_us);
  PgRecord  record = record_of ("192.0.2.1", "Bob", TOLD_US - 1);

  ck_assert (pg_engine_add_note (engine, &note, NULL));
  ck_assert_int_eq (merge_record (engine, &record), denies[_i].fate);
  pg_engine_free (engine);
}
END_TEST

/* The narrowest deny is not the only one. */
START_TEST (of_two_denies_the_older_counts)
{
  PgEngine *engine = open_engine (NULL);
  PgNote    wide = note_of (PG_NOTE_DENY, "192.0.2.0/24", TOLD_US - 20);
  PgNote    narrow = note_of (PG_NOTE_DENY, "192.0.2.1", TOLD_US - 1);
  PgRecord  record = record_of ("192.0.2.1", "bob", TOLD_US - 5);

  ck_assert (pg_engine_add_note (engine, &wide, NULL) && pg_engine_add_note (engine, &narrow, NULL));
  ck_assert_int_eq (merge_record (engine, &record), PG_MERGE_REFUSED);
  pg_engine_free (engine);
}
END_TEST

START_TEST (a_dry_run_changes_nothing)
{
  PgEngine   *engine = open_engine (NULL);
  PgMerge     merge = merge_into (engine);
  PgRecord    record = record_of ("192.0.2.1", "bob", TOLD_US);
  PgNote      note = note_of (PG_NOTE_DENY, "192.0.2.1", TOLD_US);
  const char *why;

  merge.dry_run = TRUE;
  for (guint i = 0; i < 2; i++)
    {
      ck_assert_int_eq (pg_merge_record (&merge, &record, &why, NULL), PG_MERGE_NEW);
      ck_assert_int_eq (pg_merge_note (&merge, &note, &why, NULL), PG_MERGE_NEW);
    }
  ck_assert_uint_eq (pg_store_n_grants (pg_engine_store (engine)), 0);
  ck_assert_uint_eq (pg_noteset_size (pg_engine_notes (engine)), 0);
  pg_engine_free (engine);
}
END_TEST

START_TEST (a_store_that_fails_is_told)
{
  PgEngine *engine = open_engine (NULL);
  PgRecord  record = record_of ("192.0.2.1", "bob", TOLD_US);
  PgNote    note = note_of (PG_NOTE_DENY, "192.0.2.1", TOLD_US);

  ck_assert (pg_store_close (pg_engine_store (engine), NULL));
  ck_assert_int_eq (merge_record (engine, &record), PG_MERGE_FAILED);
  ck_assert_int_eq (merge_note (engine, &note), PG_MERGE_FAILED);
  pg_engine_free (engine);
}
END_TEST

/* --- notes ----------------------------------------------------------------------------------------------------------- */

static const struct
{
  const char *name;
  PgNoteKind  kind;
  const char *target;
  gint64      made_us;
  gint64      until_us;
  PgMergeFate fate;
} told_notes[] = {
  { "a deny", PG_NOTE_DENY, "192.0.2.1", TOLD_US, PG_NOTE_FOREVER, PG_MERGE_NEW },
  { "a freeze", PG_NOTE_FREEZE, NULL, TOLD_US, NOW_US + 1, PG_MERGE_NEW },
  { "one that is over", PG_NOTE_DENY, "192.0.2.1", TOLD_US - PG_DAY, TOLD_US, PG_MERGE_NEW },
  { "over for long", PG_NOTE_DENY, "192.0.2.1", 5, NOW_US - 14 * PG_DAY - 1, PG_MERGE_REFUSED },
  { "a revoke of long ago", PG_NOTE_REVOKE, "192.0.2.1", NOW_US - 14 * PG_DAY - 1, PG_NOTE_FOREVER, PG_MERGE_REFUSED },
  { "a revoke that holds ahead", PG_NOTE_REVOKE, "user:bob", TOLD_US + 7 * PG_DAY, PG_NOTE_FOREVER, PG_MERGE_NEW },
  { "and further", PG_NOTE_REVOKE, "user:bob", TOLD_US + 8 * PG_DAY, PG_NOTE_FOREVER, PG_MERGE_REFUSED },
  { "an allow made later than told", PG_NOTE_ALLOW, "192.0.2.1", TOLD_US + PG_HOUR, PG_NOTE_FOREVER, PG_MERGE_REFUSED },
};

START_TEST (a_note_is_taken_as_it_is)
{
  PgEngine     *engine = open_engine (NULL);
  PgNote        note = note_of (told_notes[_i].kind, told_notes[_i].target, told_notes[_i].made_us);
  const PgNote *stored;

  note.until_us = told_notes[_i].until_us;
  assert_row (told_notes[_i].name, merge_note (engine, &note) == told_notes[_i].fate);
  stored = pg_noteset_find (pg_engine_notes (engine), note.kind, &note);
  assert_row (told_notes[_i].name, (stored != NULL) == (told_notes[_i].fate == PG_MERGE_NEW));
  if (stored != NULL)
    {
      assert_row (told_notes[_i].name, stored->made_us == note.made_us && stored->until_us == note.until_us);
      assert_row_text (told_notes[_i].name, stored->by, "ann");
      assert_row_text (told_notes[_i].name, stored->why, "so");
      assert_row (told_notes[_i].name, merge_note (engine, &note) == PG_MERGE_KEPT);
    }
  pg_engine_free (engine);
}
END_TEST

START_TEST (of_two_notes_the_later_one_stays)
{
  PgEngine *engine = open_engine (NULL);
  PgNote    mid = note_of (PG_NOTE_DENY, "192.0.2.1", TOLD_US - 5);
  PgNote    old = note_of (PG_NOTE_DENY, "192.0.2.1", TOLD_US - 9);
  PgNote new = note_of (PG_NOTE_DENY, "192.0.2.1", TOLD_US - 1);

  ck_assert_int_eq (merge_note (engine, &mid), PG_MERGE_NEW);
  ck_assert_int_eq (merge_note (engine, &old), PG_MERGE_KEPT);
  ck_assert_int_eq (merge_note (engine, &new), PG_MERGE_RENEWED);
  ck_assert_int_eq (merge_note (engine, &mid), PG_MERGE_KEPT);
  ck_assert_int_eq (pg_noteset_get (pg_engine_notes (engine), 1)->made_us, TOLD_US - 1);
  ck_assert_uint_eq (pg_noteset_size (pg_engine_notes (engine)), 1);
  pg_engine_free (engine);
}
END_TEST

/* It is in force there, whatever their clock showed: here since their export. */
START_TEST (a_deny_of_a_clock_ahead_holds)
{
  PgEngine *engine = open_engine (NULL);
  PgNote    ahead = note_of (PG_NOTE_DENY, "192.0.2.1", TOLD_US + PG_DAY);

  ck_assert_int_eq (merge_note (engine, &ahead), PG_MERGE_NEW);
  ck_assert_int_eq (merge_note (engine, &ahead), PG_MERGE_KEPT);
  ck_assert_int_eq (pg_noteset_get (pg_engine_notes (engine), 1)->made_us, TOLD_US);
  pg_engine_free (engine);
}
END_TEST

/* One of ours that is newer, and over, does not stand in its way. */
START_TEST (what_is_in_force_is_not_kept_out)
{
  PgEngine *engine = open_engine (NULL);
  PgNote    ours = note_of (PG_NOTE_DENY, "192.0.2.1", TOLD_US - 1);
  PgNote    theirs = note_of (PG_NOTE_DENY, "192.0.2.1", TOLD_US - 9);

  ours.until_us = NOW_US;
  ck_assert (pg_engine_add_note (engine, &ours, NULL));
  ck_assert_int_eq (merge_note (engine, &theirs), PG_MERGE_RENEWED);
  ck_assert_int_eq (pg_noteset_get (pg_engine_notes (engine), 1)->until_us, PG_NOTE_FOREVER);
  pg_engine_free (engine);
}
END_TEST

/* A deny for an hour of elsewhere, long over, must not end one that is to stay. */
static const struct
{
  const char *name;
  PgNoteKind  kind;
  const char *target;
  gint64      ours_until_us;
  gint64      theirs_until_us;
  PgMergeFate fate;
} lasting[] = {
  { "a deny", PG_NOTE_DENY, "192.0.2.1", PG_NOTE_FOREVER, NOW_US, PG_MERGE_KEPT },
  { "a deny of a user", PG_NOTE_DENY, "user:bob", NOW_US + 1, NOW_US, PG_MERGE_KEPT },
  { "an allow", PG_NOTE_ALLOW, "192.0.2.1", PG_NOTE_FOREVER, NOW_US, PG_MERGE_KEPT },
  { "a freeze", PG_NOTE_FREEZE, NULL, PG_NOTE_FOREVER, NOW_US, PG_MERGE_KEPT },
  { "one that is not over", PG_NOTE_DENY, "192.0.2.1", PG_NOTE_FOREVER, NOW_US + 1, PG_MERGE_RENEWED },
  { "both are over", PG_NOTE_DENY, "192.0.2.1", NOW_US, NOW_US, PG_MERGE_RENEWED },
  { "a revoke", PG_NOTE_REVOKE, "192.0.2.1", PG_NOTE_FOREVER, NOW_US, PG_MERGE_RENEWED },
};

START_TEST (what_is_over_ends_nothing)
{
  PgEngine *engine = open_engine (NULL);
  PgNote    ours = note_of (lasting[_i].kind, lasting[_i].target, TOLD_US - 9);
  PgNote    theirs = note_of (lasting[_i].kind, lasting[_i].target, TOLD_US - 5);

  ours.until_us = lasting[_i].ours_until_us;
  theirs.until_us = lasting[_i].theirs_until_us;
  ck_assert (pg_engine_add_note (engine, &ours, NULL));
  assert_row (lasting[_i].name, merge_note (engine, &theirs) == lasting[_i].fate);
  pg_engine_free (engine);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_loop_test (tests, a_grant_is_taken_as_it_is, 0, G_N_ELEMENTS (rows));
  tcase_add_test (tests, of_two_denies_the_older_counts);
  tcase_add_test (tests, a_deny_of_a_clock_ahead_holds);
  tcase_add_test (tests, what_is_in_force_is_not_kept_out);
  tcase_add_test (tests, what_is_stored_is_not_lost);
  tcase_add_test (tests, a_newest_login_without_a_user_grants_nothing);
  tcase_add_test (tests, a_prefix_of_ours_holds);
  tcase_add_loop_test (tests, what_was_denied_then_is_not_taken, 0, 5);
  tcase_add_test (tests, a_dry_run_changes_nothing);
  tcase_add_test (tests, a_store_that_fails_is_told);
  tcase_add_loop_test (tests, a_note_is_taken_as_it_is, 0, G_N_ELEMENTS (told_notes));
  tcase_add_test (tests, of_two_notes_the_later_one_stays);
  tcase_add_loop_test (tests, what_is_over_ends_nothing, 0, G_N_ELEMENTS (lasting));
}

PG_TEST_MAIN ("merge", fill)
