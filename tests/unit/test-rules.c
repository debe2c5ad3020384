/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/duration.h"
#include "core/rules.h"

#include "common.h"

#define NOW_US G_GINT64_CONSTANT (1795435200000000)
#define WINDOW_US (30 * PG_MINUTE)
#define N_STEPS (PG_N_RULES - 1)
#define A_MATTER_OF_LOGINS ((PgVerdict) 99)

/* A question and all that is known, as a test row puts it together. */
typedef struct
{
  PgQuery        query;
  PgFacts        facts;
  PgRuleSettings settings;
  PgNoteset     *notes;
  PgNetset      *never;
  PgRecord       record;
  guint64        next_id;
} World;

static PgAddress
address_of (const char *text)
{
  PgAddress address;

  ck_assert_msg (pg_address_parse (pg_span_from_string (text), &address), "%s", text);
  return address;
}

/* 192.0.2.1 asks at RCPT; nothing is known of it. */
static World *
new_world (void)
{
  World *w = g_new0 (World, 1);

  w->notes = pg_noteset_new ();
  w->never = pg_netset_new (NULL);
  w->query = (PgQuery){ .is_rcpt = TRUE, .has_address = TRUE, .address = address_of ("192.0.2.1") };
  w->facts = (PgFacts){ .notes = w->notes };
  w->settings = (PgRuleSettings){ .window_us = WINDOW_US, .never = w->never };
  pg_record_init (&w->record, &w->query.address);
  return w;
}

static void
free_world (World *w)
{
  pg_noteset_free (w->notes);
  pg_netset_free (w->never);
  g_free (w);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (World, free_world)

static void
add_login (World *w, gint64 time_us, const char *user)
{
  PgLogin login = {
    .time_us = time_us,
    .address = w->query.address,
    .user = pg_span_from_string (user),
    .service = PG_SERVICE_IMAP,
    .server = PG_SERVER_DOVECOT,
  };

  pg_record_add_login (&w->record, &login);
  w->facts.record = &w->record;
}

static void
add_note (World *w, PgNoteKind kind, const char *target, gint64 made_us, gint64 until_us)
{
  PgNote note = { .id = ++w->next_id, .kind = kind, .made_us = made_us, .until_us = until_us, .by = "root", .why = "because" };

  if (target != NULL)
    ck_assert (pg_note_set_target (&note, pg_span_from_string (target), NULL));
  pg_noteset_add (w->notes, &note);
}

static void
add_never (World *w, const char *text)
{
  PgNetwork network;

  ck_assert (pg_network_parse (pg_span_from_string (text), &network, NULL));
  pg_netset_add (w->never, &network, NULL);
}

static void
free_steps (PgRuleStep *steps)
{
  for (gsize i = 0; i < N_STEPS; i++)
    g_free (steps[i].saw);
}

/* Explaining decides the same: the deciding step, its verdict, and that it is the first that matches. */
static void
check_explanation (const World *w, const char *name, const PgDecision *decision)
{
  PgRuleStep steps[N_STEPS];
  guint      n_deciding = 0;
  gboolean   matched = FALSE;

  pg_rules_explain (&w->query, &w->facts, &w->settings, NOW_US, steps);
  for (gsize i = 0; i < N_STEPS; i++)
    {
      assert_row (name, steps[i].rule == (PgRule) (i + 1));
      assert_row (name, steps[i].title != NULL && steps[i].saw[0] != '\0');
      assert_row (name, steps[i].decides == (steps[i].matches && !matched));
      matched = matched || steps[i].matches;
      if (!steps[i].decides)
        continue;
      n_deciding++;
      assert_row (name, steps[i].rule == decision->rule);
      assert_row (name, steps[i].verdict == decision->verdict);
    }
  assert_row (name, n_deciding == 1);
  free_steps (steps);
}

static PgDecision
decide (const World *w, const char *name)
{
  PgDecision decision;

  pg_rules_decide (&w->query, &w->facts, &w->settings, NOW_US, &decision);
  check_explanation (w, name, &decision);
  return decision;
}

/* --- the table ------------------------------------------------------------------------------------------------------- */

static void
not_rcpt (World *w)
{
  w->query.is_rcpt = FALSE;
}

static void
no_address (World *w)
{
  w->query.has_address = FALSE;
}

static void
store_problem (World *w)
{
  w->facts.store_problem = "the store is gone";
}

static void
freeze (World *w)
{
  add_note (w, PG_NOTE_FREEZE, NULL, NOW_US, PG_NOTE_FOREVER);
}

static void
deny (World *w)
{
  add_note (w, PG_NOTE_DENY, "192.0.2.0/24", NOW_US, PG_NOTE_FOREVER);
}

static void
allow (World *w)
{
  add_note (w, PG_NOTE_ALLOW, "192.0.2.1", NOW_US, NOW_US + PG_HOUR);
}

static void
never (World *w)
{
  add_never (w, "192.0.2.0/25");
}

static void
fresh_login (World *w)
{
  add_login (w, NOW_US - PG_MINUTE, "bob");
}

static void
future_login (World *w)
{
  add_login (w, NOW_US + PG_HOUR, "bob");
}

static void
source_problem (World *w)
{
  w->facts.source_problem = "mail.log is behind";
}

typedef void (*Fact) (World *w);

static const struct
{
  PgRule    rule;
  PgVerdict verdict;
  Fact      fact;
  gboolean  has_text;
} table[] = {
  { PG_RULE_NOT_RCPT, PG_VERDICT_DUNNO, not_rcpt, FALSE },
  { PG_RULE_NO_ADDRESS, PG_VERDICT_DUNNO, no_address, FALSE },
  { PG_RULE_STORE, PG_VERDICT_DEFER_IF_REJECT, store_problem, TRUE },
  { PG_RULE_FROZEN, PG_VERDICT_DEFER_IF_REJECT, freeze, TRUE },
  { PG_RULE_DENIED, PG_VERDICT_DUNNO, deny, FALSE },
  { PG_RULE_ALLOWED, PG_VERDICT_OK, allow, FALSE },
  { PG_RULE_NEVER, PG_VERDICT_DUNNO, never, FALSE },
  { PG_RULE_LOGIN, PG_VERDICT_OK, fresh_login, FALSE },
  { PG_RULE_FUTURE, PG_VERDICT_DEFER_IF_REJECT, future_login, TRUE },
  { PG_RULE_SOURCE, PG_VERDICT_DEFER_IF_REJECT, source_problem, TRUE },
  { PG_RULE_NO_LOGIN, PG_VERDICT_DUNNO, NULL, FALSE },
};

static void
check_decision (const World *w, gsize row)
{
  const char *name = pg_rule_name (table[row].rule);
  PgDecision  decision = decide (w, name);

  ck_assert_msg (decision.rule == table[row].rule, "%s: got %s", name, pg_rule_name (decision.rule));
  assert_row (name, decision.verdict == table[row].verdict);
  assert_row (name, (decision.text != NULL) == table[row].has_text);
  if (decision.text != NULL)
    assert_row (name, pg_reply_text_is_valid (decision.text));
}

START_TEST (each_rule_decides_alone)
{
  g_autoptr (World) w = new_world ();

  if (table[_i].fact != NULL)
    table[_i].fact (w);
  check_decision (w, (gsize) _i);
}
END_TEST

/* Its fact together with each later one, and with all of them. */
START_TEST (each_rule_beats_all_behind_it)
{
  g_autoptr (World) all = new_world ();

  if (table[_i].fact == NULL)
    return;
  for (gsize later = (gsize) _i + 1; later < G_N_ELEMENTS (table) - 1; later++)
    {
      g_autoptr (World) w = new_world ();

      if (table[_i].fact == fresh_login && table[later].fact == future_login)
        continue; /* the newest login is one of the two */
      table[_i].fact (w);
      table[later].fact (w);
      table[later].fact (all);
      check_decision (w, (gsize) _i);
    }
  table[_i].fact (all);
  check_decision (all, (gsize) _i);
}
END_TEST

/* --- the window ------------------------------------------------------------------------------------------------------ */

static const struct
{
  gint64    age_us;
  PgRule    rule;
  PgVerdict verdict;
} ages[] = {
  { 0, PG_RULE_LOGIN, PG_VERDICT_OK },
  { 1, PG_RULE_LOGIN, PG_VERDICT_OK },
  { WINDOW_US - 1, PG_RULE_LOGIN, PG_VERDICT_OK },
  { WINDOW_US, PG_RULE_LOGIN, PG_VERDICT_OK },
  { WINDOW_US + 1, PG_RULE_NO_LOGIN, PG_VERDICT_DUNNO },
  { 365 * PG_DAY, PG_RULE_NO_LOGIN, PG_VERDICT_DUNNO },
  { NOW_US, PG_RULE_NO_LOGIN, PG_VERDICT_DUNNO },
  { -1, PG_RULE_LOGIN, PG_VERDICT_OK },
  { -5 * PG_SECOND, PG_RULE_LOGIN, PG_VERDICT_OK },
  { -5 * PG_SECOND - 1, PG_RULE_FUTURE, PG_VERDICT_DEFER_IF_REJECT },
  { -365 * PG_DAY, PG_RULE_FUTURE, PG_VERDICT_DEFER_IF_REJECT },
};

START_TEST (a_login_permits_for_just_one_window)
{
  g_autoptr (World) w = new_world ();
  g_autofree char *name = g_strdup_printf ("age %" G_GINT64_FORMAT, ages[_i].age_us);
  PgDecision       decision;

  add_login (w, NOW_US - ages[_i].age_us, "bob");
  decision = decide (w, name);
  ck_assert_msg (decision.rule == ages[_i].rule && decision.verdict == ages[_i].verdict, "%s: %s", name,
                 pg_rule_name (decision.rule));
  assert_row (name, decision.login_us == NOW_US - ages[_i].age_us && decision.user == 0);
}
END_TEST

START_TEST (an_empty_record_permits_nothing)
{
  g_autoptr (World) w = new_world ();

  w->facts.record = &w->record;
  ck_assert (decide (w, "empty").rule == PG_RULE_NO_LOGIN);
  ck_assert (decide (w, "empty").login_us == PG_RECORD_NEVER);
}
END_TEST

/* --- which login counts ---------------------------------------------------------------------------------------------- */

typedef struct
{
  gint64      age_us;
  const char *user;
} Login;

static const struct
{
  const char *name;
  Login       logins[3];
  PgNoteKind  kind;
  const char *target;
  gint64      note_age_us;
  PgVerdict   verdict;
  gint64      login_age_us; /* -1: none counts */
} counts[] = {
  { "revoked later", { { 60, "bob" } }, PG_NOTE_REVOKE, "192.0.2.1", 59, PG_VERDICT_DUNNO, -1 },
  { "revoked at that moment", { { 60, "bob" } }, PG_NOTE_REVOKE, "192.0.2.1", 60, PG_VERDICT_DUNNO, -1 },
  { "revoked before", { { 60, "bob" } }, PG_NOTE_REVOKE, "192.0.2.1", 61, PG_VERDICT_OK, 60 },
  { "revoked, then back", { { 60, "bob" }, { 10, "bob" } }, PG_NOTE_REVOKE, "192.0.2.1", 30, PG_VERDICT_OK, 10 },
  { "network revoked", { { 60, "bob" } }, PG_NOTE_REVOKE, "192.0.2.0/24", 30, PG_VERDICT_DUNNO, -1 },
  { "another revoked", { { 60, "bob" } }, PG_NOTE_REVOKE, "192.0.2.2", 30, PG_VERDICT_OK, 60 },
  { "user denied", { { 60, "bob" } }, PG_NOTE_DENY, "user:bob", 0, PG_VERDICT_DUNNO, -1 },
  { "user denied in capitals", { { 60, "Bob" } }, PG_NOTE_DENY, "user:BOB", 0, PG_VERDICT_DUNNO, -1 },
  { "another user's older login counts", { { 60, "alice" }, { 10, "bob" } }, PG_NOTE_DENY, "user:bob", 0, PG_VERDICT_OK, 60 },
  { "another user's login is too old",
    { { 1801, "alice" }, { 10, "bob" } },
    PG_NOTE_DENY,
    "user:bob",
    0,
    PG_VERDICT_DUNNO,
    1801 },
  { "another user denied", { { 60, "alice" }, { 90, "bob" } }, PG_NOTE_DENY, "user:bob", 0, PG_VERDICT_OK, 60 },
  { "user revoked", { { 60, "bob" } }, PG_NOTE_REVOKE, "user:bob", 30, PG_VERDICT_DUNNO, -1 },
  { "user revoked, then back", { { 60, "bob" }, { 10, "bob" } }, PG_NOTE_REVOKE, "user:bob", 30, PG_VERDICT_OK, 10 },
  { "user revoked, another stays", { { 60, "alice" }, { 40, "bob" } }, PG_NOTE_REVOKE, "user:bob", 30, PG_VERDICT_OK, 60 },
  { "denied user in the future", { { 60, "alice" }, { -3600, "bob" } }, PG_NOTE_DENY, "user:bob", 0, PG_VERDICT_OK, 60 },
};

START_TEST (only_logins_that_count_permit)
{
  const char *name = counts[_i].name;
  g_autoptr (World) w = new_world ();
  PgDecision decision;

  for (gsize i = 0; i < G_N_ELEMENTS (counts[_i].logins) && counts[_i].logins[i].user != NULL; i++)
    add_login (w, NOW_US - counts[_i].logins[i].age_us * PG_SECOND, counts[_i].logins[i].user);
  add_note (w, counts[_i].kind, counts[_i].target, NOW_US - counts[_i].note_age_us * PG_SECOND, PG_NOTE_FOREVER);
  decision = decide (w, name);
  assert_row (name, decision.verdict == counts[_i].verdict);
  if (counts[_i].login_age_us < 0)
    assert_row (name, decision.login_us == PG_RECORD_NEVER && decision.user == -1);
  else
    assert_row (name, decision.login_us == NOW_US - counts[_i].login_age_us * PG_SECOND && decision.user >= 0);
}
END_TEST

static void
add_crowd (World *w, gint64 age_us)
{
  for (gint i = 0; i < PG_RECORD_USERS_MAX + 1; i++)
    add_login (w, NOW_US - age_us, (char[]){ (char) ('a' + i), '\0' });
}

START_TEST (where_users_overflowed_a_note_on_a_user_stops_all)
{
  g_autoptr (World) w = new_world ();
  PgDecision decision;

  add_crowd (w, PG_MINUTE);
  ck_assert (decide (w, "no note").verdict == PG_VERDICT_OK);
  add_note (w, PG_NOTE_DENY, "user:somebody", NOW_US, NOW_US + 1);
  decision = decide (w, "note");
  ck_assert (decision.verdict == PG_VERDICT_DUNNO && decision.login_us == PG_RECORD_NEVER && decision.user == -1);
  pg_noteset_remove (w->notes, 1);
  add_note (w, PG_NOTE_DENY, "user:somebody", NOW_US - 10, NOW_US);
  ck_assert (decide (w, "ended note").verdict == PG_VERDICT_OK);
  add_note (w, PG_NOTE_REVOKE, "user:somebody", NOW_US - PG_DAY, PG_NOTE_FOREVER);
  ck_assert (decide (w, "revoke").verdict == PG_VERDICT_DUNNO);
}
END_TEST

START_TEST (who_dropped_out_before_the_window_stops_nobody)
{
  g_autoptr (World) w = new_world ();

  add_crowd (w, WINDOW_US + 1);
  add_login (w, NOW_US - PG_MINUTE, "z");
  add_note (w, PG_NOTE_DENY, "user:somebody", NOW_US, PG_NOTE_FOREVER);
  ck_assert (decide (w, "old crowd").verdict == PG_VERDICT_OK);
  add_note (w, PG_NOTE_DENY, "user:z", NOW_US, PG_NOTE_FOREVER);
  ck_assert (decide (w, "old crowd, denied").verdict == PG_VERDICT_DUNNO);
}
END_TEST

START_TEST (a_deny_of_a_user_does_not_touch_an_allow)
{
  g_autoptr (World) w = new_world ();

  fresh_login (w);
  allow (w);
  add_note (w, PG_NOTE_DENY, "user:bob", NOW_US, PG_NOTE_FOREVER);
  ck_assert (decide (w, "allowed").rule == PG_RULE_ALLOWED);
}
END_TEST

START_TEST (notes_end_by_themselves)
{
  g_autoptr (World) w = new_world ();

  add_note (w, PG_NOTE_FREEZE, NULL, 0, NOW_US);
  add_note (w, PG_NOTE_DENY, "192.0.2.1", 0, NOW_US);
  add_note (w, PG_NOTE_ALLOW, "192.0.2.1", 0, NOW_US);
  ck_assert (decide (w, "ended").rule == PG_RULE_NO_LOGIN);
  add_note (w, PG_NOTE_ALLOW, "192.0.2.1", 0, NOW_US + 1);
  ck_assert (decide (w, "not yet ended").rule == PG_RULE_ALLOWED);
  add_note (w, PG_NOTE_DENY, "192.0.2.1", 0, NOW_US + 1);
  ck_assert (decide (w, "deny").rule == PG_RULE_DENIED);
  add_note (w, PG_NOTE_FREEZE, NULL, 0, NOW_US + 1);
  ck_assert (decide (w, "freeze").rule == PG_RULE_FROZEN);
}
END_TEST

/* --- reject ---------------------------------------------------------------------------------------------------------- */

static const struct
{
  const char *name;
  const char *reject;
  PgSpan      context;
  Fact        fact;
  PgVerdict   verdict;
} rejects[] = {
  { "both", "check your mail first", BYTES ("popgate-reject"), NULL, PG_VERDICT_REJECT },
  { "no text", NULL, BYTES ("popgate-reject"), NULL, PG_VERDICT_DUNNO },
  { "no context", "check your mail first", BYTES (""), NULL, PG_VERDICT_DUNNO },
  { "another context", "check your mail first", BYTES ("popgate-reject2"), NULL, PG_VERDICT_DUNNO },
  { "shorter context", "check your mail first", BYTES ("popgate-rejec"), NULL, PG_VERDICT_DUNNO },
  { "context with NUL", "check your mail first", BYTES ("popgate-reject\0"), NULL, PG_VERDICT_DUNNO },
  { "not at RCPT", "check your mail first", BYTES ("popgate-reject"), not_rcpt, PG_VERDICT_DUNNO },
  { "no address", "check your mail first", BYTES ("popgate-reject"), no_address, PG_VERDICT_DUNNO },
  { "store", "check your mail first", BYTES ("popgate-reject"), store_problem, PG_VERDICT_DEFER_IF_REJECT },
  { "frozen", "check your mail first", BYTES ("popgate-reject"), freeze, PG_VERDICT_DEFER_IF_REJECT },
  { "denied", "check your mail first", BYTES ("popgate-reject"), deny, PG_VERDICT_DUNNO },
  { "never", "check your mail first", BYTES ("popgate-reject"), never, PG_VERDICT_DUNNO },
  { "login", "check your mail first", BYTES ("popgate-reject"), fresh_login, PG_VERDICT_OK },
  { "future", "check your mail first", BYTES ("popgate-reject"), future_login, PG_VERDICT_DEFER_IF_REJECT },
  { "source", "check your mail first", BYTES ("popgate-reject"), source_problem, PG_VERDICT_DEFER_IF_REJECT },
};

START_TEST (reject_only_where_the_admin_asked)
{
  const char *name = rejects[_i].name;
  g_autoptr (World) w = new_world ();
  g_autofree char *block = NULL;
  PgDecision       decision;

  w->settings.reject = rejects[_i].reject;
  w->query.context = exact (&block, rejects[_i].context);
  if (rejects[_i].fact != NULL)
    rejects[_i].fact (w);
  decision = decide (w, name);
  assert_row (name, decision.verdict == rejects[_i].verdict);
  assert_row (name, decision.verdict != PG_VERDICT_REJECT || decision.text == rejects[_i].reject);
}
END_TEST

/* --- explaining ------------------------------------------------------------------------------------------------------ */

static const struct
{
  const char *name;
  Fact        fact;
  PgRule      rule;
  const char *saw;
} sights[] = {
  { "policy", NULL, PG_RULE_NOT_POLICY, "a well-formed question" },
  { "state", not_rcpt, PG_RULE_NOT_RCPT, "asked at another state" },
  { "address", NULL, PG_RULE_NO_ADDRESS, "192.0.2.1" },
  { "no address", no_address, PG_RULE_NO_ADDRESS, "no IP address" },
  { "store", store_problem, PG_RULE_STORE, "the store is gone" },
  { "store, well", NULL, PG_RULE_STORE, "readable, notes complete" },
  { "frozen", freeze, PG_RULE_FROZEN, "freeze all by root (note 1): because" },
  { "denied", deny, PG_RULE_DENIED, "deny 192.0.2.0/24 by root (note 1): because" },
  { "not denied", NULL, PG_RULE_DENIED, "none" },
  { "allowed", allow, PG_RULE_ALLOWED, "allow 192.0.2.1 by root (note 1) for another 1h: because" },
  { "never", never, PG_RULE_NEVER, "covered by 192.0.2.0/25" },
  { "not never", NULL, PG_RULE_NEVER, "not covered" },
  { "login", fresh_login, PG_RULE_LOGIN, "imap by bob, newest login 1m ago, window 30m" },
  { "login in the future", future_login, PG_RULE_LOGIN, "imap by bob, newest login 1h in the future, window 30m" },
  { "no login", NULL, PG_RULE_LOGIN, "no login on record; one permits for 30m" },
  { "future", future_login, PG_RULE_FUTURE, "newest login 1h in the future: the clock was stepped back" },
  { "no future", fresh_login, PG_RULE_FUTURE, "no login in the future" },
  { "source", source_problem, PG_RULE_SOURCE, "mail.log is behind" },
  { "source, well", NULL, PG_RULE_SOURCE, "all logs are read up to their end" },
  { "rest", NULL, PG_RULE_NO_LOGIN, "nothing that permits" },
};

START_TEST (a_step_tells_what_it_saw)
{
  g_autoptr (World) w = new_world ();
  PgRuleStep steps[N_STEPS];

  if (sights[_i].fact != NULL)
    sights[_i].fact (w);
  pg_rules_explain (&w->query, &w->facts, &w->settings, NOW_US, steps);
  assert_row_text (sights[_i].name, steps[sights[_i].rule - 1].saw, sights[_i].saw);
  free_steps (steps);
}
END_TEST

START_TEST (foreign_names_are_escaped)
{
  g_autoptr (World) w = new_world ();
  PgRuleStep steps[N_STEPS];

  add_login (w, NOW_US, "\x1b[31m\"\xff");
  pg_rules_explain (&w->query, &w->facts, &w->settings, NOW_US, steps);
  assert_row_text ("name", steps[PG_RULE_LOGIN - 1].saw, "imap by \\x1b[31m\\\"\\xff, newest login 0s ago, window 30m");
  free_steps (steps);
}
END_TEST

static const struct
{
  PgNoteKind  kind;
  const char *target;
  guint       n_users; /* that have logged in there before, and find no room any more */
  const char *saw;
} uncounted[] = {
  { PG_NOTE_REVOKE, "192.0.2.1", 0, "no login that counts: the newest, 1m ago, was revoked; a new one permits" },
  { PG_NOTE_REVOKE, "user:bob", 0, "no login that counts: the newest, 1m ago, is of a user who is denied or revoked" },
  { PG_NOTE_DENY, "user:bob", 0, "no login that counts: the newest, 1m ago, is of a user who is denied or revoked" },
  { PG_NOTE_DENY, "user:bob", PG_RECORD_USERS_MAX,
    "no login that counts: too many users are there to know that none of them is denied or revoked" },
};

START_TEST (why_no_login_counts_is_told)
{
  g_autoptr (World) w = new_world ();
  PgRuleStep steps[N_STEPS];

  for (guint i = 0; i < uncounted[_i].n_users; i++)
    {
      g_autofree char *user = g_strdup_printf ("user%u", i);

      add_login (w, NOW_US - 2 * PG_MINUTE, user);
    }
  fresh_login (w);
  add_note (w, uncounted[_i].kind, uncounted[_i].target, NOW_US, PG_NOTE_FOREVER);
  pg_rules_explain (&w->query, &w->facts, &w->settings, NOW_US, steps);
  assert_row_text ("login", steps[PG_RULE_LOGIN - 1].saw, uncounted[_i].saw);
  free_steps (steps);
}
END_TEST

/* A dice throw of everything; what a plain reading of the manual says of it. */
static PgVerdict
expected_of (const World *w)
{
  const PgNote *some_deny = pg_noteset_covering (w->notes, PG_NOTE_DENY, &w->query.address, NOW_US);
  const PgNote *some_allow = pg_noteset_covering (w->notes, PG_NOTE_ALLOW, &w->query.address, NOW_US);

  if (!w->query.is_rcpt || !w->query.has_address)
    return PG_VERDICT_DUNNO;
  if (w->facts.store_problem != NULL || pg_noteset_freeze (w->notes, NOW_US) != NULL)
    return PG_VERDICT_DEFER_IF_REJECT;
  if (some_deny != NULL)
    return PG_VERDICT_DUNNO;
  if (some_allow != NULL)
    return PG_VERDICT_OK;
  if (pg_netset_covers (w->never, &w->query.address, NULL))
    return PG_VERDICT_DUNNO;
  return A_MATTER_OF_LOGINS;
}

static void
throw_world (World *w, GRand *rand)
{
  static const Fact facts[] = { not_rcpt, no_address, store_problem, freeze, deny, allow, never, source_problem };

  for (gsize i = 0; i < G_N_ELEMENTS (facts); i++)
    if (g_rand_int_range (rand, 0, 6) == 0)
      facts[i](w);
  for (gint n = g_rand_int_range (rand, 0, 20); n > 0; n--)
    add_login (w, NOW_US + g_rand_int_range (rand, -2000, 20) * PG_SECOND,
               (char[]){ (char) ('a' + g_rand_int_range (rand, 0, 20)), '\0' });
  for (gint n = g_rand_int_range (rand, 0, 3); n > 0; n--)
    add_note (w, g_rand_boolean (rand) ? PG_NOTE_DENY : PG_NOTE_REVOKE, g_rand_boolean (rand) ? "user:a" : "user:b",
              NOW_US + g_rand_int_range (rand, -2000, 1) * PG_SECOND, NOW_US + g_rand_int_range (rand, -9, 9));
  w->settings.reject = g_rand_boolean (rand) ? "no" : NULL;
  w->query.context = pg_span_from_string (g_rand_boolean (rand) ? PG_RULES_REJECT_CONTEXT : "x");
}

/* If it says OK for a login, a login of the record that no note takes back permits it. */
static void
check_permit (const World *w, const PgDecision *decision)
{
  gint64 age_us;

  if (decision->rule != PG_RULE_LOGIN)
    return;
  age_us = NOW_US - decision->login_us;
  ck_assert (age_us <= WINDOW_US && age_us >= -PG_RULES_FUTURE_SLACK_US);
  ck_assert (decision->user >= 0 && decision->user < (gint) w->record.n_users);
  ck_assert (w->record.users[decision->user].login_us == decision->login_us);
  ck_assert (
      pg_noteset_user_counts (w->notes, pg_record_user_name (&w->record, (guint) decision->user), decision->login_us, NOW_US));
}

START_TEST (random_cases_are_decided_as_they_are_explained)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) _i);

  for (guint round = 0; round < 2000; round++)
    {
      g_autoptr (World) w = new_world ();
      PgVerdict  expected;
      PgDecision decision;

      throw_world (w, rand);
      expected = expected_of (w);
      decision = decide (w, "random");
      ck_assert (expected == A_MATTER_OF_LOGINS || decision.verdict == expected);
      check_permit (w, &decision);
    }
}
END_TEST

START_TEST (rules_have_names)
{
  ck_assert_str_eq (pg_rule_name (PG_RULE_NOT_POLICY), "protocol");
  ck_assert_str_eq (pg_rule_name (PG_RULE_NO_LOGIN), "no-login");
  ck_assert_str_eq (pg_rule_name ((PgRule) 0), "?");
  ck_assert_str_eq (pg_rule_name (PG_N_RULES), "?");
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, each_rule_decides_alone, 0, G_N_ELEMENTS (table));
  tcase_add_loop_test (tests, each_rule_beats_all_behind_it, 0, G_N_ELEMENTS (table));
  tcase_add_loop_test (tests, a_login_permits_for_just_one_window, 0, G_N_ELEMENTS (ages));
  tcase_add_test (tests, an_empty_record_permits_nothing);
  tcase_add_loop_test (tests, only_logins_that_count_permit, 0, G_N_ELEMENTS (counts));
  tcase_add_test (tests, where_users_overflowed_a_note_on_a_user_stops_all);
  tcase_add_test (tests, who_dropped_out_before_the_window_stops_nobody);
  tcase_add_test (tests, a_deny_of_a_user_does_not_touch_an_allow);
  tcase_add_test (tests, notes_end_by_themselves);
  tcase_add_loop_test (tests, reject_only_where_the_admin_asked, 0, G_N_ELEMENTS (rejects));
  tcase_add_loop_test (tests, a_step_tells_what_it_saw, 0, G_N_ELEMENTS (sights));
  tcase_add_test (tests, foreign_names_are_escaped);
  tcase_add_loop_test (tests, why_no_login_counts_is_told, 0, G_N_ELEMENTS (uncounted));
  tcase_add_loop_test (tests, random_cases_are_decided_as_they_are_explained, 0, 8);
  tcase_add_test (tests, rules_have_names);
}

PG_TEST_MAIN ("rules", fill)
