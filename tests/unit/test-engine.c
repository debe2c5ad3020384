/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/engine.h"

#include "core/duration.h"
#include "core/error.h"
#include "store/family.h"

#include "folder.h"

#define NOW_US (1000000 * PG_HOUR)
#define WINDOW_US (30 * PG_MINUTE)

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

/* --- short ways ------------------------------------------------------------------------------------------------------ */

static PgConfig *
config_of (const char *override)
{
  g_autofree char *store = g_strdup_printf ("popgate.store=gdbm:%s", path);
  const char      *overrides[] = { store, override, NULL };
  GError          *error = NULL;
  PgConfig        *config = pg_config_parse (pg_span_from_string (""), overrides, &error);

  ck_assert_msg (config != NULL, "%s", config == NULL ? error->message : "");
  return config;
}

static PgEngine *
open_engine_as (const char *override, PgStoreMode mode)
{
  PgEngine *engine = pg_engine_new (config_of (override), mode);
  g_autoptr (GError) error = NULL;
  gboolean ok = pg_engine_open (engine, &error);

  ck_assert_msg (ok, "%s", ok ? "" : error->message);
  ck_assert (pg_engine_problem (engine) == NULL);
  return engine;
}

static PgEngine *
open_engine (const char *override)
{
  return open_engine_as (override, PG_STORE_READ_WRITE);
}

static PgAddress
address_of (const char *text)
{
  PgAddress address;

  ck_assert_msg (pg_address_parse (pg_span_from_string (text), &address), "%s", text);
  return address;
}

/* A login of @time_us, read at @now_us. */
static PgLoginFate
read_login (PgEngine *engine, const char *address, const char *user, gint64 time_us, gint64 now_us)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *block = NULL;
  const char      *why = "untouched";
  PgLogin          login = {
             .time_us = time_us,
             .address = address_of (address),
             .user = exact_string (&block, user),
             .service = PG_SERVICE_POP3,
             .server = PG_SERVER_DOVECOT,
  };
  PgLoginFate fate = pg_engine_login (engine, &login, now_us, &why, &error);

  ck_assert ((fate == PG_LOGIN_FAILED) == (error != NULL));
  ck_assert ((fate == PG_LOGIN_REFUSED) == (why != NULL));
  return fate;
}

static void
log_in (PgEngine *engine, const char *address, const char *user, gint64 time_us)
{
  ck_assert_int_eq (read_login (engine, address, user, time_us, time_us), PG_LOGIN_GRANTED);
  ck_assert (pg_store_flush (pg_engine_store (engine), G_MAXUINT, NULL));
}

static PgFinding
ask_at (PgEngine *engine, const char *address, gint64 now_us)
{
  PgQuery    query = { .is_rcpt = TRUE, .has_address = TRUE, .address = address_of (address) };
  PgFinding  found, told;
  PgRuleStep steps[PG_N_RULES - 1];
  guint      n_decide = 0;

  pg_engine_explain (engine, &query, now_us, &told, steps);
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      n_decide += steps[i].decides ? 1 : 0;
      ck_assert (!steps[i].decides || steps[i].rule == told.decision.rule);
      g_free (steps[i].saw);
    }
  ck_assert_uint_eq (n_decide, 1);
  pg_engine_decide (engine, &query, now_us, &found);
  ck_assert_int_eq (found.decision.rule, told.decision.rule);
  ck_assert_int_eq (found.decision.verdict, told.decision.verdict);
  return found;
}

#define assert_rule(engine, address, now_us, expected)                                                                           \
  do                                                                                                                             \
    {                                                                                                                            \
      PgFinding asked = ask_at (engine, address, now_us);                                                                        \
                                                                                                                                 \
      ck_assert_msg (asked.decision.rule == (expected), "%s: %s", (address), pg_rule_name (asked.decision.rule));                \
    }                                                                                                                            \
  while (0)

static PgNote
note_about (PgNoteKind kind, const char *target, gint64 made_us, gint64 until_us)
{
  PgNote note = { .kind = kind, .made_us = made_us, .until_us = until_us };

  if (target != NULL)
    ck_assert_msg (pg_note_set_target (&note, pg_span_from_string (target), NULL), "%s", target);
  return note;
}

static guint64
add_note_until (PgEngine *engine, PgNoteKind kind, const char *target, gint64 made_us, gint64 until_us)
{
  PgNote note = note_about (kind, target, made_us, until_us);

  ck_assert (pg_engine_add_note (engine, &note, NULL));
  return note.id;
}

static guint64
add_note (PgEngine *engine, PgNoteKind kind, const char *target, gint64 made_us)
{
  return add_note_until (engine, kind, target, made_us, PG_NOTE_FOREVER);
}

/* "1 deny 192.0.2.1, 3 freeze all": the notes by id. */
static char *
list_notes (const PgNoteset *notes)
{
  g_autoptr (GPtrArray) list = pg_noteset_list (notes);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < list->len; i++)
    {
      const PgNote    *note = g_ptr_array_index (list, i);
      g_autofree char *target = pg_note_target_to_string (note);

      g_string_append_printf (text, "%s%" G_GUINT64_FORMAT " %s %s", i > 0 ? ", " : "", note->id,
                              pg_note_kind_to_string (note->kind), target);
    }
  return g_string_free (text, FALSE);
}

/* What the engine knows is what the database holds. */
static void
assert_notes (PgEngine *engine, const char *expected)
{
  g_autoptr (PgNoteset) stored = pg_noteset_new ();
  g_autofree char *known = list_notes (pg_engine_notes (engine));
  g_autofree char *on_disk = NULL;

  ck_assert_str_eq (known, expected);
  ck_assert (pg_store_load_notes (pg_engine_store (engine), stored, NULL));
  on_disk = list_notes (stored);
  ck_assert_str_eq (on_disk, expected);
}

/* Cuts the file under the open store, so that the next read fails. Returns what it held. */
static void
break_file (void)
{
  ck_assert (truncate (path, 0) == 0);
}

/* The file is cut under the open store, which is seen when a record is read. */
static void
lose_file (PgEngine *engine)
{
  log_in (engine, "192.0.2.250", "bob", NOW_US);
  ck_assert (truncate (path, 0) == 0);
  assert_rule (engine, "192.0.2.250", NOW_US, PG_RULE_STORE);
}

static void
restore_file (GBytes *bytes)
{
  gsize       len;
  const char *data = g_bytes_get_data (bytes, &len);

  write_bytes (path, data, len);
  g_bytes_unref (bytes);
}

/* Base and redo log go, and the database if it is still there. */
static void
lose_family (void)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = in_folder (name);

      if (g_str_has_prefix (file, path))
        ck_assert (g_remove (file) == 0);
    }
}

/* --- logins and questions -------------------------------------------------------------------------------------------- */

/* A verdict from memory is the one that the database gives, and tells no less when it is asked to. */
START_TEST (what_was_permitted_is_decided_from_memory)
{
  PgEngine *engine = open_engine (NULL);
  PgQuery   query = { .is_rcpt = TRUE, .has_address = TRUE, .address = address_of ("192.0.2.1") };
  PgFinding finding;

  log_in (engine, "192.0.2.1", "bob", NOW_US);
  pg_engine_decide (engine, &query, NOW_US, &finding);
  ck_assert (!finding.is_recalled && finding.known != NULL && finding.decision.user == 0);
  finding.known->mark = 1;
  pg_engine_decide (engine, &query, NOW_US + 1, &finding);
  ck_assert (finding.is_recalled && finding.has_record);
  ck_assert_int_eq (finding.decision.rule, PG_RULE_LOGIN);
  ck_assert_int_eq (finding.decision.login_us, NOW_US);
  ck_assert_int_eq (finding.decision.user, -1);
  pg_engine_read_record (engine, &finding);
  ck_assert (!finding.is_recalled && finding.decision.user == 0);
  ck_assert (pg_span_is (pg_record_user_name (&finding.record, 0), "bob"));
  pg_engine_decide (engine, &query, NOW_US + WINDOW_US + 1, &finding);
  ck_assert_int_eq (finding.decision.rule, PG_RULE_NO_LOGIN);

  log_in (engine, "192.0.2.1", "carol", NOW_US + PG_HOUR);
  pg_engine_decide (engine, &query, NOW_US + PG_HOUR, &finding);
  ck_assert (!finding.is_recalled && finding.decision.login_us == NOW_US + PG_HOUR); /* it has no mark any more */
  pg_engine_free (engine);
}
END_TEST

/* Since users matter it is read; that it was permitted before is remembered all the same, of the newest login. */
START_TEST (a_mark_stays_when_a_note_about_a_user_is_made)
{
  PgEngine *engine = open_engine (NULL);
  PgQuery   query = { .is_rcpt = TRUE, .has_address = TRUE, .address = address_of ("192.0.2.1") };
  PgFinding finding;

  log_in (engine, "192.0.2.1", "bob", NOW_US);
  log_in (engine, "192.0.2.1", "carol", NOW_US + 1);
  pg_engine_decide (engine, &query, NOW_US + 1, &finding);
  finding.known->mark = 1;
  add_note (engine, PG_NOTE_DENY, "user:dave", NOW_US);
  pg_engine_decide (engine, &query, NOW_US + 1, &finding);
  ck_assert (!finding.is_recalled && finding.known != NULL && finding.known->mark == 1);
  add_note (engine, PG_NOTE_DENY, "user:carol", NOW_US + 1);
  pg_engine_decide (engine, &query, NOW_US + 1, &finding);
  ck_assert_int_eq (finding.decision.login_us, NOW_US);
  ck_assert (finding.known == NULL);
  pg_engine_free (engine);
}
END_TEST

START_TEST (a_login_permits_its_address_for_the_window)
{
  PgEngine *engine = open_engine (NULL);
  PgFinding finding;

  assert_rule (engine, "192.0.2.1", NOW_US, PG_RULE_NO_LOGIN);
  log_in (engine, "192.0.2.1", "bob", NOW_US);
  finding = ask_at (engine, "::ffff:192.0.2.1", NOW_US);
  ck_assert_int_eq (finding.decision.verdict, PG_VERDICT_OK);
  ck_assert_int_eq (finding.decision.login_us, NOW_US);
  ck_assert (finding.has_record && pg_span_is (pg_record_user_name (&finding.record, (guint) finding.decision.user), "bob"));
  assert_rule (engine, "192.0.2.2", NOW_US, PG_RULE_NO_LOGIN);
  assert_rule (engine, "192.0.2.1", NOW_US + WINDOW_US, PG_RULE_LOGIN);
  assert_rule (engine, "192.0.2.1", NOW_US + WINDOW_US + 1, PG_RULE_NO_LOGIN);
  pg_engine_free (engine);

  engine = open_engine (NULL);
  assert_rule (engine, "192.0.2.1", NOW_US + WINDOW_US, PG_RULE_LOGIN);
  pg_engine_free (engine);
  pg_engine_free (NULL);
}
END_TEST

START_TEST (a_login_of_the_future_is_one_of_now)
{
  PgEngine *engine = open_engine (NULL);

  ck_assert_int_eq (read_login (engine, "192.0.2.1", "bob", NOW_US + PG_HOUR, NOW_US), PG_LOGIN_GRANTED);
  ck_assert_int_eq (ask_at (engine, "192.0.2.1", NOW_US).record.newest_us, NOW_US);
  assert_rule (engine, "192.0.2.1", NOW_US + WINDOW_US + 1, PG_RULE_NO_LOGIN);
  pg_engine_free (engine);
}
END_TEST

START_TEST (a_clock_stepped_back_defers)
{
  PgEngine *engine = open_engine (NULL);

  log_in (engine, "192.0.2.1", "bob", NOW_US);
  assert_rule (engine, "192.0.2.1", NOW_US - 5 * PG_SECOND, PG_RULE_LOGIN);
  assert_rule (engine, "192.0.2.1", NOW_US - 5 * PG_SECOND - 1, PG_RULE_FUTURE);
  pg_engine_free (engine);
}
END_TEST

START_TEST (each_login_has_its_fate)
{
  PgEngine               *engine = open_engine (NULL);
  const PgEngineCounters *counters = pg_engine_counters (engine);

  ck_assert_int_eq (read_login (engine, "127.0.0.1", "bob", NOW_US, NOW_US), PG_LOGIN_REFUSED);
  ck_assert_int_eq (read_login (engine, "192.0.2.1", "bob", NOW_US, NOW_US + WINDOW_US + 1), PG_LOGIN_REFUSED);
  ck_assert_uint_eq (pg_store_n_grants (pg_engine_store (engine)), 0); /* what is refused is not stored */
  ck_assert_int_eq (read_login (engine, "192.0.2.1", "bob", NOW_US, NOW_US), PG_LOGIN_GRANTED);
  ck_assert_int_eq (read_login (engine, "192.0.2.1", "bob", NOW_US, NOW_US), PG_LOGIN_KEPT);
  ck_assert_int_eq (read_login (engine, "192.0.2.1", "bob", NOW_US + 1, NOW_US + 1), PG_LOGIN_KEPT);
  ck_assert_int_eq (read_login (engine, "192.0.2.1", "carol", NOW_US + 2, NOW_US + 2), PG_LOGIN_GRANTED);
  ck_assert_int_eq (read_login (engine, "192.0.2.1", "bob", NOW_US - 9, NOW_US), PG_LOGIN_KEPT);
  ck_assert_uint_eq (counters->logins[PG_LOGIN_REFUSED], 2);
  ck_assert_uint_eq (counters->logins[PG_LOGIN_GRANTED], 2);
  ck_assert_uint_eq (counters->logins[PG_LOGIN_KEPT], 3);
  ck_assert_uint_eq (counters->logins[PG_LOGIN_FAILED], 0);
  pg_engine_free (engine);
}
END_TEST

START_TEST (only_a_decision_counts_and_asking_changes_nothing)
{
  PgEngine *engine = open_engine (NULL);
  PgQuery   other = { .is_rcpt = FALSE };
  PgFinding finding;
  g_autoptr (GBytes) before = NULL;
  g_autoptr (GBytes) after = NULL;

  log_in (engine, "192.0.2.1", "bob", NOW_US);
  before = read_bytes (path);
  assert_rule (engine, "192.0.2.1", NOW_US, PG_RULE_LOGIN);
  assert_rule (engine, "192.0.2.2", NOW_US, PG_RULE_NO_LOGIN);
  pg_engine_decide (engine, &other, NOW_US, &finding);
  ck_assert (finding.decision.rule == PG_RULE_NOT_RCPT && !finding.has_record);
  other.is_rcpt = TRUE;
  pg_engine_decide (engine, &other, NOW_US, &finding);
  ck_assert (finding.decision.rule == PG_RULE_NO_ADDRESS && !finding.has_record);
  pg_engine_explain (engine, &other, NOW_US, &finding, NULL);
  ck_assert_uint_eq (pg_engine_n_decisions (engine, PG_RULE_LOGIN), 1);
  ck_assert_uint_eq (pg_engine_n_decisions (engine, PG_RULE_NO_LOGIN), 1);
  ck_assert_uint_eq (pg_engine_n_decisions (engine, PG_RULE_NOT_RCPT), 1);
  ck_assert_uint_eq (pg_engine_n_decisions (engine, PG_RULE_NO_ADDRESS), 1);
  ck_assert_uint_eq (pg_engine_counters (engine)->decisions[PG_RULE_LOGIN][PG_VERDICT_OK], 1);
  ck_assert_uint_eq (pg_engine_counters (engine)->decisions[PG_RULE_LOGIN][PG_VERDICT_DUNNO], 0);
  after = read_bytes (path);
  ck_assert (g_bytes_equal (before, after));
  pg_engine_free (engine);
}
END_TEST

START_TEST (a_source_that_is_behind_defers_who_did_not_log_in)
{
  PgEngine *engine = open_engine (NULL);

  log_in (engine, "192.0.2.1", "bob", NOW_US);
  pg_engine_set_source_problem (engine, "catching up");
  ck_assert_str_eq (pg_engine_source_problem (engine), "catching up");
  assert_rule (engine, "192.0.2.1", NOW_US, PG_RULE_LOGIN);
  assert_rule (engine, "192.0.2.2", NOW_US, PG_RULE_SOURCE);
  pg_engine_set_source_problem (engine, NULL);
  assert_rule (engine, "192.0.2.2", NOW_US, PG_RULE_NO_LOGIN);
  pg_engine_free (engine);
}
END_TEST

START_TEST (a_prefix_is_one_client_but_for_notes_and_never_grant)
{
  PgEngine *engine = open_engine ("log.ipv6_prefix=64");
  PgAddress inside = address_of ("2001:db8::1");
  PgAddress v4 = address_of ("192.0.2.1");

  ck_assert_uint_eq (pg_engine_grant_network (engine, &inside).prefix, 64);
  ck_assert_uint_eq (pg_engine_grant_network (engine, &v4).prefix, 128);
  log_in (engine, "2001:db8::1", "bob", NOW_US);
  log_in (engine, "192.0.2.1", "bob", NOW_US);
  assert_rule (engine, "2001:db8::ffff:ffff:ffff:ffff", NOW_US, PG_RULE_LOGIN);
  assert_rule (engine, "2001:db8:0:1::1", NOW_US, PG_RULE_NO_LOGIN);
  assert_rule (engine, "192.0.2.2", NOW_US, PG_RULE_NO_LOGIN);
  add_note (engine, PG_NOTE_DENY, "2001:db8::2", NOW_US);
  assert_rule (engine, "2001:db8::2", NOW_US, PG_RULE_DENIED);
  assert_rule (engine, "2001:db8::3", NOW_US, PG_RULE_LOGIN);
  add_note (engine, PG_NOTE_REVOKE, "2001:db8::3", NOW_US);
  assert_rule (engine, "2001:db8::3", NOW_US, PG_RULE_NO_LOGIN);
  assert_rule (engine, "2001:db8::4", NOW_US, PG_RULE_LOGIN);
  pg_engine_set_config (engine, config_of ("log.never_grant=2001:db8::4"));
  assert_rule (engine, "2001:db8::4", NOW_US, PG_RULE_NEVER);
  pg_engine_free (engine);
}
END_TEST

START_TEST (never_grant_holds_at_the_question_too)
{
  PgEngine *engine = open_engine (NULL);

  log_in (engine, "192.0.2.1", "bob", NOW_US);
  pg_engine_set_config (engine, config_of ("log.never_grant=192.0.2.0/24"));
  assert_rule (engine, "192.0.2.1", NOW_US, PG_RULE_NEVER);
  ck_assert_int_eq (read_login (engine, "192.0.2.1", "bob", NOW_US + PG_MINUTE, NOW_US + PG_MINUTE), PG_LOGIN_REFUSED);
  pg_engine_set_config (engine, config_of ("popgate.window=1s"));
  assert_rule (engine, "192.0.2.1", NOW_US + PG_SECOND, PG_RULE_LOGIN);
  assert_rule (engine, "192.0.2.1", NOW_US + PG_SECOND + 1, PG_RULE_NO_LOGIN);
  pg_engine_free (engine);
}
END_TEST

START_TEST (a_record_is_outdated_when_no_window_can_reach_it)
{
  PgRecord record = { .newest_us = NOW_US };

  ck_assert (!pg_engine_is_outdated (&record, NOW_US + 7 * PG_DAY));
  ck_assert (pg_engine_is_outdated (&record, NOW_US + 7 * PG_DAY + 1));
  ck_assert (!pg_engine_is_outdated (&record, NOW_US - PG_DAY));
}
END_TEST

/* --- what admins say ------------------------------------------------------------------------------------------------- */

static const struct
{
  const char *name;
  const char *target;
} revokes[] = {
  { "address", "192.0.2.1" },
  { "network", "192.0.2.0/24" },
  { "user", "user:bob" },
};

START_TEST (after_a_revoke_only_a_newer_login_counts)
{
  PgEngine   *engine = open_engine (NULL);
  const char *name = revokes[_i].name;
  gint64      revoked_us = NOW_US + PG_SECOND;

  log_in (engine, "192.0.2.1", "bob", NOW_US);
  add_note (engine, PG_NOTE_REVOKE, revokes[_i].target, revoked_us);
  assert_rule (engine, "192.0.2.1", revoked_us, PG_RULE_NO_LOGIN);
  /* The log is read once more. */
  assert_row (name, read_login (engine, "192.0.2.1", "bob", NOW_US, revoked_us + 1) == PG_LOGIN_REFUSED);
  assert_row (name, read_login (engine, "192.0.2.1", "bob", revoked_us, revoked_us + 1) == PG_LOGIN_REFUSED);
  assert_rule (engine, "192.0.2.1", revoked_us + 1, PG_RULE_NO_LOGIN);
  pg_engine_free (engine);

  engine = open_engine (NULL); /* the revoke stays */
  assert_row (name, read_login (engine, "192.0.2.1", "bob", NOW_US, revoked_us + 1) == PG_LOGIN_REFUSED);
  assert_rule (engine, "192.0.2.1", revoked_us + 1, PG_RULE_NO_LOGIN);
  assert_row (name, read_login (engine, "192.0.2.1", "bob", revoked_us + 1, revoked_us + 1) == PG_LOGIN_GRANTED);
  assert_rule (engine, "192.0.2.1", revoked_us + 1, PG_RULE_LOGIN);
  pg_engine_free (engine);
}
END_TEST

START_TEST (a_denied_user_spoils_nobody_elses_login)
{
  PgEngine *engine = open_engine (NULL);
  guint64   id;

  log_in (engine, "192.0.2.1", "bob", NOW_US);
  id = add_note (engine, PG_NOTE_DENY, "user:Bob", NOW_US);
  assert_rule (engine, "192.0.2.1", NOW_US, PG_RULE_NO_LOGIN);
  log_in (engine, "192.0.2.1", "carol", NOW_US + PG_MINUTE);
  assert_rule (engine, "192.0.2.1", NOW_US + PG_MINUTE, PG_RULE_LOGIN);
  ck_assert_int_eq (read_login (engine, "192.0.2.1", "bob", NOW_US + PG_HOUR, NOW_US + PG_HOUR), PG_LOGIN_REFUSED);
  assert_rule (engine, "192.0.2.1", NOW_US + PG_MINUTE + WINDOW_US + 1, PG_RULE_NO_LOGIN);
  ck_assert (pg_engine_forget_note (engine, id, NULL));
  log_in (engine, "192.0.2.1", "bob", NOW_US + PG_HOUR);
  assert_rule (engine, "192.0.2.1", NOW_US + PG_HOUR, PG_RULE_LOGIN);
  pg_engine_free (engine);
}
END_TEST

/* When more users log in than a record holds, it can't be told who of them did: then a denied user spoils all. */
START_TEST (among_too_many_users_a_denied_one_spoils_all)
{
  PgEngine *engine = open_engine (NULL);

  for (int i = 0; i < 40; i++)
    {
      g_autofree char *user = g_strdup_printf ("user%d", i);

      log_in (engine, "192.0.2.1", user, NOW_US + i);
    }
  assert_rule (engine, "192.0.2.1", NOW_US + 40, PG_RULE_LOGIN);
  add_note (engine, PG_NOTE_DENY, "user:somebody", NOW_US);
  assert_rule (engine, "192.0.2.1", NOW_US + 40, PG_RULE_NO_LOGIN);
  pg_engine_free (engine);
}
END_TEST

START_TEST (notes_rule_the_answers)
{
  PgEngine *engine = open_engine (NULL);
  guint64   freeze, deny, allow;

  log_in (engine, "192.0.2.1", "bob", NOW_US);
  allow = add_note (engine, PG_NOTE_ALLOW, "198.51.100.0/24", NOW_US);
  assert_rule (engine, "198.51.100.7", NOW_US, PG_RULE_ALLOWED);
  deny = add_note (engine, PG_NOTE_DENY, "198.51.100.7", NOW_US);
  assert_rule (engine, "198.51.100.7", NOW_US, PG_RULE_DENIED);
  freeze = add_note (engine, PG_NOTE_FREEZE, NULL, NOW_US);
  assert_rule (engine, "192.0.2.1", NOW_US, PG_RULE_FROZEN);
  assert_notes (engine, "1 allow 198.51.100.0/24, 2 deny 198.51.100.7, 3 freeze all");
  ck_assert_uint_eq (add_note_until (engine, PG_NOTE_DENY, "198.51.100.7", NOW_US, NOW_US + 5), deny); /* replaced */
  ck_assert (pg_engine_forget_note (engine, freeze, NULL));
  assert_rule (engine, "198.51.100.7", NOW_US + 4, PG_RULE_DENIED);
  assert_rule (engine, "198.51.100.7", NOW_US + 5, PG_RULE_ALLOWED);
  ck_assert (pg_engine_forget_note (engine, allow, NULL));
  assert_rule (engine, "198.51.100.7", NOW_US + 5, PG_RULE_NO_LOGIN);
  assert_notes (engine, "2 deny 198.51.100.7");
  pg_engine_free (engine);
  engine = open_engine (NULL);
  assert_notes (engine, "2 deny 198.51.100.7");
  ck_assert_uint_eq (add_note (engine, PG_NOTE_DENY, "198.51.100.8", NOW_US), 4);
  pg_engine_free (engine);
}
END_TEST

START_TEST (a_note_that_is_not_there_can_not_be_forgotten)
{
  g_autoptr (GError) error = NULL;
  PgEngine *engine = open_engine (NULL);

  ck_assert (!pg_engine_forget_note (engine, 1, &error));
  ck_assert (g_error_matches (error, PG_ERROR, PG_ERROR_VALUE));
  ck_assert (pg_engine_problem (engine) == NULL);
  pg_engine_free (engine);
}
END_TEST

START_TEST (outdated_notes_are_forgotten)
{
  PgEngine *engine = open_engine (NULL);
  gint64    later_us = NOW_US + 14 * PG_DAY;

  add_note (engine, PG_NOTE_DENY, "192.0.2.1", NOW_US);
  add_note_until (engine, PG_NOTE_DENY, "192.0.2.2", NOW_US - PG_DAY, NOW_US);
  add_note (engine, PG_NOTE_REVOKE, "192.0.2.3", NOW_US);
  add_note_until (engine, PG_NOTE_FREEZE, NULL, NOW_US - PG_DAY, NOW_US + 1);
  ck_assert (pg_engine_forget_outdated_notes (engine, later_us, NULL));
  assert_notes (engine, "1 deny 192.0.2.1, 2 deny 192.0.2.2, 3 revoke 192.0.2.3, 4 freeze all");
  ck_assert (pg_engine_forget_outdated_notes (engine, later_us + 1, NULL));
  assert_notes (engine, "1 deny 192.0.2.1, 4 freeze all");
  pg_engine_free (engine);
}
END_TEST

START_TEST (a_list_shows_which_login_counts)
{
  PgEngine *engine = open_engine (NULL);
  PgRecord  record;

  log_in (engine, "192.0.2.1", "carol", NOW_US - 7);
  log_in (engine, "192.0.2.1", "bob", NOW_US);
  record = ask_at (engine, "192.0.2.1", NOW_US).record;
  ck_assert_int_eq (pg_engine_counting_login (engine, pg_engine_notes (engine), &record, NOW_US), NOW_US);
  add_note (engine, PG_NOTE_DENY, "user:bob", NOW_US);
  ck_assert_int_eq (pg_engine_counting_login (engine, pg_engine_notes (engine), &record, NOW_US), NOW_US - 7);
  add_note (engine, PG_NOTE_REVOKE, "192.0.2.1", NOW_US);
  ck_assert_int_eq (pg_engine_counting_login (engine, pg_engine_notes (engine), &record, NOW_US), PG_RECORD_NEVER);
  pg_engine_free (engine);
}
END_TEST

/* --- a store that fails ---------------------------------------------------------------------------------------------- */

START_TEST (until_it_is_open_all_is_deferred)
{
  g_autoptr (GError) error = NULL;
  PgEngine *engine;
  PgNote    note = note_about (PG_NOTE_DENY, "192.0.2.1", NOW_US, PG_NOTE_FOREVER);
  int       lock = pg_family_lock (path, NULL);

  ck_assert (lock >= 0);
  engine = pg_engine_new (config_of (NULL), PG_STORE_READ_WRITE);
  for (int round = 0; round < 2; round++)
    {
      ck_assert (pg_engine_problem (engine) != NULL);
      assert_rule (engine, "192.0.2.1", NOW_US, PG_RULE_STORE);
      ck_assert_int_eq (ask_at (engine, "192.0.2.1", NOW_US).decision.verdict, PG_VERDICT_DEFER_IF_REJECT);
      ck_assert_int_eq (read_login (engine, "192.0.2.1", "bob", NOW_US, NOW_US), PG_LOGIN_FAILED);
      ck_assert (!pg_engine_add_note (engine, &note, NULL));
      ck_assert (!pg_engine_forget_note (engine, 1, NULL));
      g_clear_error (&error);
      ck_assert (!pg_engine_open (engine, &error));
      ck_assert_str_eq (pg_engine_problem (engine), error->message);
    }
  close (lock);
  ck_assert (pg_engine_open (engine, NULL));
  log_in (engine, "192.0.2.1", "bob", NOW_US);
  assert_rule (engine, "192.0.2.1", NOW_US, PG_RULE_LOGIN);
  pg_engine_free (engine);
}
END_TEST

static PgEngine *
open_with_note_and_login (void)
{
  PgEngine *engine = open_engine (NULL);

  add_note (engine, PG_NOTE_DENY, "192.0.2.9", NOW_US);
  log_in (engine, "192.0.2.1", "bob", NOW_US);
  return engine;
}

typedef void (*Notice) (PgEngine *engine);

static void
notice_by_question (PgEngine *engine)
{
  assert_rule (engine, "192.0.2.1", NOW_US, PG_RULE_STORE);
}

static void
notice_by_login (PgEngine *engine)
{
  ck_assert_int_eq (read_login (engine, "192.0.2.1", "bob", NOW_US + PG_HOUR, NOW_US + PG_HOUR), PG_LOGIN_FAILED);
}

/* Somebody else uses the store, and the engine does not see it. */
static void
notice_elsewhere (PgEngine *engine)
{
  PgAddress address = address_of ("192.0.2.1");
  PgRecord  record;

  ck_assert (pg_store_get (pg_engine_store (engine), &address, &record, NULL) == PG_STORE_FAILED);
}

static const struct
{
  const char *name;
  Notice      notice;
} notices[] = {
  { "question", notice_by_question },
  { "login", notice_by_login },
  { "elsewhere", notice_elsewhere },
};

START_TEST (a_failure_defers_until_the_store_is_open_again)
{
  PgEngine *engine = open_with_note_and_login ();
  break_file ();
  notices[_i].notice (engine);
  assert_row (notices[_i].name, pg_engine_problem (engine) != NULL);
  assert_rule (engine, "192.0.2.1", NOW_US, PG_RULE_STORE);
  assert_rule (engine, "192.0.2.9", NOW_US, PG_RULE_STORE);
  assert_rule (engine, "192.0.2.2", NOW_US, PG_RULE_STORE);
  assert_row (notices[_i].name, pg_engine_open (engine, NULL));
  assert_row (notices[_i].name, pg_engine_problem (engine) == NULL);
  assert_rule (engine, "192.0.2.1", NOW_US, PG_RULE_LOGIN);
  assert_rule (engine, "192.0.2.9", NOW_US, PG_RULE_DENIED);
  assert_notes (engine, "1 deny 192.0.2.9");
  pg_engine_free (engine);
}
END_TEST

static void
write_down (const PgEvent *event, gpointer user_data)
{
  static const char *const names[PG_N_EVENTS] = { "login", "verdict", "note", "forgotten", "source", "store" };
  GString                 *heard = user_data;

  g_string_append (heard, names[event->kind]);
  if (event->login != NULL)
    g_string_append_printf (heard, " %u", event->fate);
  if (event->finding != NULL)
    g_string_append_printf (heard, " %u", event->finding->decision.rule);
  if (event->note != NULL)
    g_string_append_printf (heard, " %" G_GUINT64_FORMAT, event->note->id);
  if (event->kind == PG_EVENT_SOURCE)
    g_string_append_printf (heard, " %s", event->problem != NULL ? event->problem : "-");
  g_string_append (heard, "; ");
}

START_TEST (what_happens_is_told)
{
  PgEngine *engine = open_engine (NULL);
  g_autoptr (GString) heard = g_string_new (NULL);
  g_autofree char *expected =
      g_strdup_printf ("login %u; login %u; verdict %u; note 1; forgotten 1; source a; source b; source -; ", PG_LOGIN_GRANTED,
                       PG_LOGIN_REFUSED, PG_RULE_LOGIN);

  pg_events_subscribe (pg_engine_events (engine), (1 << PG_N_EVENTS) - 1, write_down, heard);
  read_login (engine, "192.0.2.1", "bob", NOW_US, NOW_US);
  read_login (engine, "127.0.0.1", "bob", NOW_US, NOW_US);
  assert_rule (engine, "192.0.2.1", NOW_US, PG_RULE_LOGIN);
  add_note (engine, PG_NOTE_DENY, "192.0.2.8", NOW_US);
  ck_assert (pg_engine_forget_note (engine, 1, NULL));
  ck_assert (!pg_engine_forget_note (engine, 1, NULL));
  pg_engine_set_source_problem (engine, "a");
  pg_engine_set_report_problem (engine, "b"); /* hidden behind a */
  pg_engine_set_source_problem (engine, "a");
  pg_engine_set_source_problem (engine, NULL);
  pg_engine_set_report_problem (engine, NULL);
  ck_assert_str_eq (heard->str, expected);
  pg_engine_free (engine);
}
END_TEST

START_TEST (a_new_database_gets_the_notes_of_the_old_one)
{
  PgEngine *engine = open_with_note_and_login ();

  add_note (engine, PG_NOTE_DENY, "192.0.2.8", NOW_US);
  add_note (engine, PG_NOTE_REVOKE, "user:carol", NOW_US);
  ck_assert (pg_engine_forget_note (engine, 1, NULL));
  lose_file (engine);
  lose_family ();
  ck_assert (pg_engine_open (engine, NULL));
  assert_notes (engine, "2 deny 192.0.2.8, 3 revoke user:carol");
  assert_rule (engine, "192.0.2.8", NOW_US, PG_RULE_DENIED);
  assert_rule (engine, "192.0.2.1", NOW_US, PG_RULE_NO_LOGIN); /* it was in the old one */
  ck_assert_uint_eq (add_note (engine, PG_NOTE_DENY, "192.0.2.7", NOW_US), 4);
  assert_notes (engine, "2 deny 192.0.2.8, 3 revoke user:carol, 4 deny 192.0.2.7");
  pg_engine_free (engine);
  engine = open_engine (NULL);
  assert_notes (engine, "2 deny 192.0.2.8, 3 revoke user:carol, 4 deny 192.0.2.7");
  pg_engine_free (engine);
}
END_TEST

/* The database in the place of ours has notes of its own. */
START_TEST (notes_of_two_databases_are_brought_together)
{
  g_autofree char *aside = in_folder ("aside");
  PgEngine        *engine = open_engine (NULL);

  add_note (engine, PG_NOTE_DENY, "192.0.2.51", NOW_US);      /* 1: the id of another note in ours */
  add_note (engine, PG_NOTE_DENY, "192.0.2.2", NOW_US + 5);   /* 2: newer than in ours */
  add_note (engine, PG_NOTE_REVOKE, "192.0.2.3", NOW_US - 5); /* 3: older than in ours */
  pg_engine_free (engine);
  ck_assert (g_rename (path, aside) == 0);
  lose_family ();

  engine = open_engine (NULL);
  add_note (engine, PG_NOTE_ALLOW, "192.0.2.1", NOW_US);
  add_note_until (engine, PG_NOTE_DENY, "192.0.2.2", NOW_US, NOW_US + 1);
  add_note (engine, PG_NOTE_REVOKE, "192.0.2.3", NOW_US);
  lose_file (engine);
  ck_assert (g_rename (aside, path) == 0);
  ck_assert (pg_engine_open (engine, NULL));
  assert_notes (engine, "1 deny 192.0.2.51, 2 deny 192.0.2.2, 3 revoke 192.0.2.3, 4 allow 192.0.2.1");
  assert_rule (engine, "192.0.2.2", NOW_US + 10, PG_RULE_DENIED);
  assert_rule (engine, "192.0.2.1", NOW_US, PG_RULE_ALLOWED);
  ck_assert_int_eq (read_login (engine, "192.0.2.3", "bob", NOW_US - 1, NOW_US), PG_LOGIN_REFUSED);
  ck_assert_uint_eq (add_note (engine, PG_NOTE_DENY, "192.0.2.7", NOW_US), 5);
  pg_engine_free (engine);
}
END_TEST

/* An admin puts yesterday's copy back. */
START_TEST (notes_newer_than_a_restored_database_stay)
{
  PgEngine *engine = open_engine (NULL);
  GBytes   *backup;

  add_note (engine, PG_NOTE_DENY, "192.0.2.1", NOW_US);
  ck_assert (pg_store_close (pg_engine_store (engine), NULL));
  backup = read_bytes (path);
  ck_assert (pg_engine_open (engine, NULL));
  add_note (engine, PG_NOTE_DENY, "192.0.2.2", NOW_US);
  lose_file (engine);
  restore_file (backup);
  ck_assert (pg_engine_open (engine, NULL));
  assert_notes (engine, "1 deny 192.0.2.1, 2 deny 192.0.2.2");
  ck_assert_uint_eq (add_note (engine, PG_NOTE_DENY, "192.0.2.3", NOW_US), 3);
  pg_engine_free (engine);
}
END_TEST

/* Changes one byte of the name of the user that the database holds once. */
static void
damage_user (const char *user)
{
  g_autoptr (GBytes) bytes = read_bytes (path);
  gsize            len;
  const char      *data = g_bytes_get_data (bytes, &len);
  g_autofree char *copy = g_memdup2 (data, len);
  char            *at = memmem (copy, len, user, strlen (user));

  ck_assert (at != NULL);
  *at ^= 1;
  write_bytes (path, copy, len);
}

START_TEST (one_damaged_grant_defers_until_it_is_mended)
{
  PgEngine *engine = open_engine (NULL);

  log_in (engine, "192.0.2.1", "the-damaged-user", NOW_US);
  log_in (engine, "192.0.2.2", "bob", NOW_US);
  damage_user ("the-damaged-user");
  assert_rule (engine, "192.0.2.2", NOW_US, PG_RULE_LOGIN);
  assert_rule (engine, "192.0.2.1", NOW_US, PG_RULE_STORE);
  assert_rule (engine, "192.0.2.2", NOW_US, PG_RULE_STORE);
  ck_assert (pg_engine_problem (engine) != NULL);
  ck_assert (pg_engine_open (engine, NULL));
  assert_rule (engine, "192.0.2.1", NOW_US, PG_RULE_LOGIN);
  assert_rule (engine, "192.0.2.2", NOW_US, PG_RULE_LOGIN);
  ck_assert_uint_eq (pg_store_n_grants (pg_engine_store (engine)), 2);
  pg_engine_free (engine);
}
END_TEST

START_TEST (a_damaged_note_defers_all)
{
  g_autoptr (GError) error = NULL;
  PgEngine *engine = open_engine (NULL);

  log_in (engine, "192.0.2.1", "bob", NOW_US);
  add_note (engine, PG_NOTE_DENY, "user:the-damaged-user", NOW_US);
  pg_engine_free (engine);
  damage_user ("the-damaged-user");
  engine = pg_engine_new (config_of (NULL), PG_STORE_READ_WRITE);
  ck_assert (!pg_engine_open (engine, &error));
  ck_assert (g_error_matches (error, PG_ERROR, PG_ERROR_DAMAGED));
  assert_rule (engine, "192.0.2.1", NOW_US, PG_RULE_STORE);
  pg_engine_free (engine);
}
END_TEST

START_TEST (without_a_daemon_it_reads_only)
{
  PgEngine *engine = open_with_note_and_login ();
  PgEngine *second = pg_engine_new (config_of (NULL), PG_STORE_READ_ONLY);
  g_autoptr (GError) error = NULL;

  ck_assert (!pg_engine_open (second, &error));
  ck_assert (g_error_matches (error, PG_ERROR, PG_ERROR_BUSY));
  pg_engine_free (engine);
  ck_assert (pg_engine_open (second, NULL));
  assert_rule (second, "192.0.2.1", NOW_US, PG_RULE_LOGIN);
  assert_rule (second, "192.0.2.9", NOW_US, PG_RULE_DENIED);
  pg_engine_free (second);
}
END_TEST

static void
add_failure_tests (TCase *tests)
{
  tcase_add_test (tests, until_it_is_open_all_is_deferred);
  tcase_add_loop_test (tests, a_failure_defers_until_the_store_is_open_again, 0, G_N_ELEMENTS (notices));
  tcase_add_test (tests, what_happens_is_told);
  tcase_add_test (tests, what_was_permitted_is_decided_from_memory);
  tcase_add_test (tests, a_mark_stays_when_a_note_about_a_user_is_made);
  tcase_add_test (tests, a_new_database_gets_the_notes_of_the_old_one);
  tcase_add_test (tests, notes_of_two_databases_are_brought_together);
  tcase_add_test (tests, notes_newer_than_a_restored_database_stay);
  tcase_add_test (tests, one_damaged_grant_defers_until_it_is_mended);
  tcase_add_test (tests, a_damaged_note_defers_all);
  tcase_add_test (tests, without_a_daemon_it_reads_only);
}

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_test (tests, a_login_permits_its_address_for_the_window);
  tcase_add_test (tests, a_login_of_the_future_is_one_of_now);
  tcase_add_test (tests, a_clock_stepped_back_defers);
  tcase_add_test (tests, each_login_has_its_fate);
  tcase_add_test (tests, only_a_decision_counts_and_asking_changes_nothing);
  tcase_add_test (tests, a_source_that_is_behind_defers_who_did_not_log_in);
  tcase_add_test (tests, a_prefix_is_one_client_but_for_notes_and_never_grant);
  tcase_add_test (tests, never_grant_holds_at_the_question_too);
  tcase_add_test (tests, a_record_is_outdated_when_no_window_can_reach_it);
  tcase_add_loop_test (tests, after_a_revoke_only_a_newer_login_counts, 0, G_N_ELEMENTS (revokes));
  tcase_add_test (tests, a_denied_user_spoils_nobody_elses_login);
  tcase_add_test (tests, among_too_many_users_a_denied_one_spoils_all);
  tcase_add_test (tests, notes_rule_the_answers);
  tcase_add_test (tests, a_note_that_is_not_there_can_not_be_forgotten);
  tcase_add_test (tests, outdated_notes_are_forgotten);
  tcase_add_test (tests, a_list_shows_which_login_counts);
  add_failure_tests (tests);
}

PG_TEST_MAIN ("engine", fill)
