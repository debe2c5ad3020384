/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/hindsight.h"

#include "core/duration.h"

#include "folder.h"

#define NOW_US (1000000 * PG_HOUR)

static char     *path; /* of the database, in the folder */
static PgEngine *engine;

static void
set_up (void)
{
  g_autofree char *store = NULL;
  const char      *overrides[] = { NULL, NULL };

  make_folder ();
  path = in_folder ("popgate.gdbm");
  store = g_strdup_printf ("popgate.store=gdbm:%s", path);
  overrides[0] = store;
  engine = pg_engine_new (pg_config_parse (pg_span_from_string (""), overrides, NULL), PG_STORE_READ_WRITE);
  ck_assert (pg_engine_open (engine, NULL));
}

static void
tear_down (void)
{
  g_clear_pointer (&engine, pg_engine_free);
  g_clear_pointer (&path, g_free);
  remove_folder ();
}

static PgAddress
some_address (void)
{
  PgAddress address;

  ck_assert (pg_address_parse (pg_span_from_string ("192.0.2.1"), &address));
  return address;
}

/* So many minutes before now. */
static gint64
minutes (gint64 before)
{
  return NOW_US - before * PG_MINUTE;
}

static void
log_in (const char *user, gint64 before)
{
  PgLogin     login = { .time_us = minutes (before),
                        .address = some_address (),
                        .user = pg_span_from_string (user),
                        .service = PG_SERVICE_POP3,
                        .server = PG_SERVER_DOVECOT };
  const char *why;

  ck_assert_int_eq (pg_engine_login (engine, &login, login.time_us, &why, NULL), PG_LOGIN_GRANTED);
}

static void
add_note (PgNoteKind kind, const char *target, gint64 before)
{
  PgNote note = { .kind = kind, .made_us = minutes (before), .until_us = PG_NOTE_FOREVER };

  ck_assert (target == NULL || pg_note_set_target (&note, pg_span_from_string (target), NULL));
  ck_assert (pg_engine_add_note (engine, &note, NULL));
}

static PgRule
ask_at (gint64 before, gboolean *out_hides)
{
  PgQuery     query = { .is_rcpt = TRUE, .has_address = TRUE, .address = some_address () };
  PgHindsight seen;
  PgRuleStep  steps[PG_N_RULES - 1];
  PgRule      decides = 0;

  pg_hindsight_explain (engine, &query, minutes (before), NOW_US, &seen, steps);
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      if (steps[i].decides)
        decides = steps[i].rule;
      g_free (steps[i].saw);
    }
  ck_assert_int_eq (decides, seen.finding.decision.rule);
  *out_hides = seen.may_hide_logins;
  return decides;
}

static void
assert_then (gint64 before, PgRule rule, gboolean hides)
{
  gboolean may_hide;
  PgRule   found = ask_at (before, &may_hide);

  ck_assert_msg (found == rule, "%d minutes ago: rule %d, not %d", (int) before, (int) found, (int) rule);
  ck_assert_msg (may_hide == hides, "%d minutes ago: may hide %d", (int) before, may_hide);
}

START_TEST (a_login_permitted_in_its_window)
{
  log_in ("bob", 100);
  assert_then (101, PG_RULE_NO_LOGIN, FALSE); /* the first login there was later */
  assert_then (100, PG_RULE_LOGIN, FALSE);
  assert_then (70, PG_RULE_LOGIN, FALSE);
  assert_then (69, PG_RULE_NO_LOGIN, FALSE);
}
END_TEST

START_TEST (a_later_login_hides_earlier_ones)
{
  log_in ("bob", 200);
  log_in ("bob", 10);
  assert_then (5, PG_RULE_LOGIN, FALSE);
  assert_then (100, PG_RULE_NO_LOGIN, TRUE);
  assert_then (200, PG_RULE_NO_LOGIN, TRUE);
  assert_then (201, PG_RULE_NO_LOGIN, FALSE);
}
END_TEST

START_TEST (another_users_login_stays)
{
  log_in ("alice", 200);
  log_in ("bob", 10);
  assert_then (190, PG_RULE_LOGIN, TRUE);
  assert_then (100, PG_RULE_NO_LOGIN, TRUE);
}
END_TEST

START_TEST (nothing_is_known_of_long_ago)
{
  assert_then (7 * 24 * 60, PG_RULE_NO_LOGIN, FALSE);
  assert_then (7 * 24 * 60 + 1, PG_RULE_NO_LOGIN, TRUE);
}
END_TEST

START_TEST (notes_hold_from_when_they_were_made)
{
  log_in ("bob", 100);
  add_note (PG_NOTE_DENY, "192.0.2.1", 90);
  assert_then (95, PG_RULE_LOGIN, FALSE);
  assert_then (90, PG_RULE_DENIED, FALSE);
  add_note (PG_NOTE_FREEZE, NULL, 85);
  assert_then (86, PG_RULE_DENIED, FALSE);
  assert_then (85, PG_RULE_FROZEN, FALSE);
}
END_TEST

START_TEST (a_revoke_ends_what_was_before)
{
  log_in ("bob", 100);
  add_note (PG_NOTE_REVOKE, "user:bob", 90);
  assert_then (91, PG_RULE_LOGIN, FALSE);
  assert_then (89, PG_RULE_NO_LOGIN, FALSE);
}
END_TEST

START_TEST (a_store_that_fails_is_told)
{
  ck_assert (pg_store_close (pg_engine_store (engine), NULL));
  assert_then (5, PG_RULE_STORE, FALSE);
}
END_TEST

START_TEST (it_changes_nothing)
{
  PgRecord  record;
  PgAddress address = some_address ();
  gboolean  hides;

  log_in ("bob", 10);
  add_note (PG_NOTE_DENY, "192.0.2.1", 5);
  ask_at (100, &hides);
  ck_assert_int_eq (pg_store_get (pg_engine_store (engine), &address, &record, NULL), PG_STORE_FOUND);
  ck_assert_int_eq (record.newest_us, minutes (10));
  ck_assert_uint_eq (pg_noteset_size (pg_engine_notes (engine)), 1);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_test (tests, a_login_permitted_in_its_window);
  tcase_add_test (tests, a_later_login_hides_earlier_ones);
  tcase_add_test (tests, another_users_login_stays);
  tcase_add_test (tests, nothing_is_known_of_long_ago);
  tcase_add_test (tests, notes_hold_from_when_they_were_made);
  tcase_add_test (tests, a_revoke_ends_what_was_before);
  tcase_add_test (tests, a_store_that_fails_is_told);
  tcase_add_test (tests, it_changes_nothing);
}

PG_TEST_MAIN ("hindsight", fill)
