/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine while clocks are wrong: ours, which is stepped back and forth, and those of who writes the stamps. */
#include "core/duration.h"
#include "engine/engine.h"

#include "folder.h"

/* 2026-11-23 12:00:00 UTC */
#define NOW_US (G_GINT64_CONSTANT (1795435200) * PG_SECOND)
#define WINDOW_US (30 * PG_MINUTE)
#define A "192.0.2.1"
#define B "192.0.2.2"

static PgEngine *
open_engine (void)
{
  g_autofree char *path = in_folder ("clock.gdbm");
  g_autofree char *store = g_strdup_printf ("popgate.store=gdbm:%s", path);
  const char      *overrides[] = { store, "popgate.window=30m", NULL };
  GError          *error = NULL;
  PgConfig        *config = pg_config_parse (pg_span_from_string (""), overrides, &error);
  PgEngine        *engine;

  ck_assert_msg (config != NULL, "%s", config == NULL ? error->message : "");
  engine = pg_engine_new (config, PG_STORE_READ_WRITE);
  ck_assert_msg (pg_engine_open (engine, &error), "%s", error != NULL ? error->message : "");
  return engine;
}

static PgEngine *
reopen (PgEngine *engine)
{
  ck_assert (pg_engine_save_newest (engine, NULL));
  pg_engine_free (engine);
  return open_engine ();
}

static PgAddress
address_of (const char *text)
{
  PgAddress address;

  ck_assert_msg (pg_address_parse (pg_span_from_string (text), &address), "%s", text);
  return address;
}

/* A login of "bob" with that stamp, read at @now_us. */
static PgLoginFate
read_login (PgEngine *engine, const char *address, gint64 stamp_us, gint64 now_us)
{
  const char *why;
  PgLogin     login = { .time_us = stamp_us,
                        .address = address_of (address),
                        .user = pg_span_from_string ("bob"),
                        .service = PG_SERVICE_POP3,
                        .server = PG_SERVER_DOVECOT };

  return pg_engine_login (engine, &login, now_us, &why, NULL);
}

static PgFinding
ask (PgEngine *engine, const char *address, gint64 now_us)
{
  PgQuery   query = { .is_rcpt = TRUE, .has_address = TRUE, .address = address_of (address) };
  PgFinding finding;

  pg_engine_decide (engine, &query, now_us, &finding);
  return finding;
}

static PgRule
rule_at (PgEngine *engine, const char *address, gint64 now_us)
{
  return ask (engine, address, now_us).decision.rule;
}

static void
revoke_now (PgEngine *engine, const char *target, gint64 now_us)
{
  PgNote note = { .kind = PG_NOTE_REVOKE, .made_us = pg_engine_revoke_us (engine, now_us), .until_us = PG_NOTE_FOREVER };

  ck_assert (pg_note_set_target (&note, pg_span_from_string (target), NULL));
  ck_assert (pg_engine_add_note (engine, &note, NULL));
}

static const char *const targets[] = { A, "192.0.2.0/24", "user:bob" };

/* --- stamps that are ahead ------------------------------------------------------------------------------------------- */

START_TEST (a_revoke_holds_for_all_that_was_read)
{
  PgEngine *engine = open_engine ();
  gint64    stamp_us = NOW_US + 10 * PG_MINUTE;

  ck_assert_int_eq (read_login (engine, A, stamp_us, NOW_US), PG_LOGIN_GRANTED);
  ck_assert_int_eq (rule_at (engine, A, NOW_US), PG_RULE_LOGIN);
  engine = reopen (engine);
  revoke_now (engine, targets[_i], NOW_US + 2 * PG_MINUTE);
  for (gint64 minutes = 2; minutes < 60; minutes++)
    {
      ck_assert_int_eq (rule_at (engine, A, NOW_US + minutes * PG_MINUTE), PG_RULE_NO_LOGIN);
      /* The log is read once more, from its start. */
      ck_assert_int_eq (read_login (engine, A, stamp_us, NOW_US + minutes * PG_MINUTE), PG_LOGIN_REFUSED);
      if (minutes % 10 == 0)
        engine = reopen (engine);
    }
  pg_engine_free (engine);
}
END_TEST

START_TEST (after_it_a_newer_login_counts)
{
  PgEngine *engine = open_engine ();
  gint64    ahead_us = 27 * PG_SECOND; /* as s6-log's stamps are */
  gint64    again_us = NOW_US + 2 * PG_MINUTE;

  ck_assert_int_eq (read_login (engine, A, NOW_US + ahead_us, NOW_US), PG_LOGIN_GRANTED);
  revoke_now (engine, targets[_i], NOW_US + PG_SECOND);
  ck_assert_int_eq (read_login (engine, A, again_us + ahead_us, again_us), PG_LOGIN_GRANTED);
  ck_assert_int_eq (rule_at (engine, A, again_us), PG_RULE_LOGIN);
  pg_engine_free (engine);
}
END_TEST

/* Who is not revoked does not notice. */
START_TEST (others_are_not_touched)
{
  PgEngine *engine = open_engine ();

  ck_assert_int_eq (read_login (engine, A, NOW_US + 100 * PG_DAY, NOW_US), PG_LOGIN_GRANTED);
  revoke_now (engine, A, NOW_US + PG_SECOND);
  ck_assert_int_eq (read_login (engine, B, NOW_US + PG_MINUTE, NOW_US + PG_MINUTE), PG_LOGIN_GRANTED);
  ck_assert_int_eq (rule_at (engine, B, NOW_US + PG_MINUTE), PG_RULE_LOGIN);
  pg_engine_free (engine);
}
END_TEST

static const struct
{
  const char *name;
  gint64      ahead_us; /* of the only login that was read; 0: none was */
  gint64      expected_us;
} moments[] = {
  { "none read", 0, 0 },
  { "behind", -PG_HOUR, 0 },
  { "a moment ahead", 1, 1 },
  { "an hour", PG_HOUR, PG_HOUR },
  { "a week", 7 * PG_DAY, 7 * PG_DAY },
  { "more", 7 * PG_DAY + 1, 7 * PG_DAY },
  { "far ahead", 30000 * PG_DAY, 7 * PG_DAY },
};

START_TEST (it_holds_for_a_week_at_the_most)
{
  PgEngine *engine = open_engine ();

  if (moments[_i].ahead_us != 0)
    read_login (engine, A, NOW_US + moments[_i].ahead_us, NOW_US);
  for (guint round = 0; round < 2; round++)
    {
      assert_row (moments[_i].name, pg_engine_revoke_us (engine, NOW_US) == NOW_US + moments[_i].expected_us);
      engine = reopen (engine);
    }
  pg_engine_free (engine);
}
END_TEST

/* What stands there is no reason not to answer. */
START_TEST (rubbish_in_its_place_is_nothing)
{
  PgEngine *engine = open_engine ();
  g_autoptr (GBytes) rubbish = g_bytes_new_static ("abc", 3);

  ck_assert_int_eq (read_login (engine, A, NOW_US + PG_HOUR, NOW_US), PG_LOGIN_GRANTED);
  ck_assert (pg_engine_save_newest (engine, NULL));
  ck_assert (pg_store_put_position (pg_engine_store (engine), "newest-stamp", rubbish, NULL));
  pg_engine_free (engine);
  engine = open_engine ();
  ck_assert_int_eq (pg_engine_revoke_us (engine, NOW_US), NOW_US);
  ck_assert_int_eq (rule_at (engine, A, NOW_US), PG_RULE_LOGIN);
  pg_engine_free (engine);
}
END_TEST

/* --- our clock is stepped -------------------------------------------------------------------------------------------- */

START_TEST (what_was_granted_before_the_step_can_be_revoked)
{
  PgEngine *engine = open_engine ();
  gint64    step_us = 3 * PG_HOUR;

  ck_assert_int_eq (read_login (engine, A, NOW_US, NOW_US), PG_LOGIN_GRANTED);
  engine = reopen (engine);
  ck_assert_int_eq (rule_at (engine, A, NOW_US - step_us), PG_RULE_FUTURE);
  revoke_now (engine, targets[_i], NOW_US - step_us);
  for (gint64 us = NOW_US - step_us; us < NOW_US + WINDOW_US; us += PG_MINUTE)
    ck_assert_int_eq (rule_at (engine, A, us), PG_RULE_NO_LOGIN);
  pg_engine_free (engine);
}
END_TEST

START_TEST (a_new_login_counts_at_once)
{
  PgEngine *engine = open_engine ();
  gint64    back_us = NOW_US - 3 * PG_HOUR;

  ck_assert_int_eq (read_login (engine, A, NOW_US, NOW_US), PG_LOGIN_GRANTED);
  ck_assert_int_eq (rule_at (engine, A, back_us), PG_RULE_FUTURE);
  ck_assert_int_eq (read_login (engine, A, back_us, back_us), PG_LOGIN_GRANTED);
  ck_assert_int_eq (ask (engine, A, back_us).record.newest_us, back_us);
  ck_assert_int_eq (rule_at (engine, A, back_us + WINDOW_US), PG_RULE_LOGIN);
  ck_assert_int_eq (rule_at (engine, A, back_us + WINDOW_US + 1), PG_RULE_NO_LOGIN);
  ck_assert_int_eq (rule_at (engine, A, NOW_US), PG_RULE_NO_LOGIN);
  pg_engine_free (engine);
}
END_TEST

/* The line that granted is read again, and its stamp is in the future now: it is not taken for a new login. */
START_TEST (the_same_login_counts_no_more_than_before)
{
  PgEngine *engine = open_engine ();
  gint64    back_us = NOW_US - 3 * PG_HOUR;

  ck_assert_int_eq (read_login (engine, A, NOW_US, NOW_US), PG_LOGIN_GRANTED);
  for (gint64 us = back_us; us < NOW_US - PG_MINUTE; us += PG_MINUTE)
    {
      ck_assert_int_eq (read_login (engine, A, NOW_US, us), PG_LOGIN_KEPT);
      ck_assert_int_eq (rule_at (engine, A, us), PG_RULE_FUTURE);
    }
  ck_assert_int_eq (ask (engine, A, NOW_US).record.newest_us, NOW_US);
  pg_engine_free (engine);
}
END_TEST

START_TEST (an_old_login_gives_no_more_than_its_rest)
{
  PgEngine *engine = open_engine ();
  gint64    back_us = NOW_US - 3 * PG_HOUR;

  ck_assert_int_eq (read_login (engine, A, NOW_US, NOW_US), PG_LOGIN_GRANTED);
  ck_assert_int_eq (read_login (engine, A, back_us - 20 * PG_MINUTE, back_us), PG_LOGIN_GRANTED);
  ck_assert_int_eq (rule_at (engine, A, back_us + 10 * PG_MINUTE), PG_RULE_LOGIN);
  ck_assert_int_eq (rule_at (engine, A, back_us + 10 * PG_MINUTE + 1), PG_RULE_NO_LOGIN);
  pg_engine_free (engine);
}
END_TEST

/* A clock that is a little off is put right all the time. */
START_TEST (a_step_within_the_slack_forgets_nothing)
{
  PgEngine *engine = open_engine ();

  ck_assert_int_eq (read_login (engine, A, NOW_US, NOW_US), PG_LOGIN_GRANTED);
  ck_assert_int_eq (read_login (engine, A, NOW_US - 5 * PG_SECOND, NOW_US - 5 * PG_SECOND), PG_LOGIN_KEPT);
  ck_assert_int_eq (ask (engine, A, NOW_US).record.newest_us, NOW_US);
  pg_engine_free (engine);
}
END_TEST

/* --- any steps, any time --------------------------------------------------------------------------------------------- */

#define LOGINS_MAX 400

/* What really happened: at which moment, and how far our clock was ahead of it then. */
typedef struct
{
  gint64 true_us;
  gint64 ahead_us;
  guint  n_logins;
  gint64 login_us[LOGINS_MAX];
  gint64 login_ahead_us[LOGINS_MAX];
} World;

static gint64
clock_of (const World *world)
{
  return world->true_us + world->ahead_us;
}

/* No grant outlives its window by more than the step that was undone since. */
static gboolean
may_permit (const World *world)
{
  for (guint i = 0; i < world->n_logins; i++)
    {
      gint64 undone_us = MAX (world->login_ahead_us[i] - world->ahead_us, 0);

      if (world->true_us - world->login_us[i] <= WINDOW_US + undone_us)
        return TRUE;
    }
  return FALSE;
}

static void
log_in (World *world, PgEngine *engine)
{
  PgFinding found;

  if (world->n_logins == LOGINS_MAX)
    return;
  world->login_us[world->n_logins] = world->true_us;
  world->login_ahead_us[world->n_logins++] = world->ahead_us;
  ck_assert_int_ne (read_login (engine, A, clock_of (world), clock_of (world)), PG_LOGIN_REFUSED);
  found = ask (engine, A, clock_of (world));
  ck_assert_msg (found.decision.verdict == PG_VERDICT_OK, "a customer who has just logged in gets rule %d",
                 (int) found.decision.rule);
}

static void
read_again (const World *world, PgEngine *engine, GRand *rand)
{
  if (world->n_logins > 0)
    {
      guint i = (guint) g_rand_int_range (rand, 0, (gint32) world->n_logins);

      (void) read_login (engine, A, world->login_us[i] + world->login_ahead_us[i], clock_of (world));
    }
}

static void
look (const World *world, PgEngine *engine, gint64 revoked_us)
{
  PgFinding found = ask (engine, A, clock_of (world));
  gboolean  ok = found.decision.verdict == PG_VERDICT_OK;

  ck_assert_msg (!ok || may_permit (world), "a grant has outlived its window");
  ck_assert_msg (!ok || world->login_us[world->n_logins - 1] > revoked_us, "a revoked grant has come back");
}

START_TEST (no_grant_outlives_its_window_but_by_the_step)
{
  PgEngine *engine = open_engine ();
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) _i);
  World world = { .true_us = NOW_US };

  for (guint round = 0; round < 2000; round++)
    {
      world.true_us += g_rand_int_range (rand, 1, 600) * PG_SECOND;
      switch (g_rand_int_range (rand, 0, 8))
        {
        case 0:
          world.ahead_us = g_rand_int_range (rand, -4 * 3600, 4 * 3600) * PG_SECOND;
          break;
        case 1:
          log_in (&world, engine);
          break;
        case 2:
          read_again (&world, engine, rand);
          break;
        case 3:
          engine = reopen (engine);
          break;
        default:
          look (&world, engine, PG_RECORD_NEVER);
        }
    }
  pg_engine_free (engine);
}
END_TEST

/* The log is read again and again, and the clock stepped: nothing brings back what was revoked. */
START_TEST (no_step_brings_back_what_was_revoked)
{
  PgEngine *engine = open_engine ();
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) _i);
  World  world = { .true_us = NOW_US };
  gint64 revoked_us;

  for (guint logins = 0; logins < 5; logins++)
    {
      world.true_us += 60 * PG_SECOND;
      world.ahead_us = g_rand_int_range (rand, -4 * 3600, 4 * 3600) * PG_SECOND;
      log_in (&world, engine);
    }
  revoked_us = world.true_us;
  engine = reopen (engine);
  world.ahead_us = g_rand_int_range (rand, -4 * 3600, 4 * 3600) * PG_SECOND;
  revoke_now (engine, targets[_i % 3], clock_of (&world));
  for (guint round = 0; round < 1000; round++)
    {
      world.true_us += g_rand_int_range (rand, 1, 60) * PG_SECOND;
      if (round % 10 == 0)
        world.ahead_us = g_rand_int_range (rand, -4 * 3600, 4 * 3600) * PG_SECOND;
      read_again (&world, engine, rand);
      look (&world, engine, revoked_us);
    }
  pg_engine_free (engine);
}
END_TEST

static void
fill (TCase *tests)
{
  add_folder (tests);
  tcase_add_loop_test (tests, a_revoke_holds_for_all_that_was_read, 0, G_N_ELEMENTS (targets));
  tcase_add_loop_test (tests, after_it_a_newer_login_counts, 0, G_N_ELEMENTS (targets));
  tcase_add_test (tests, others_are_not_touched);
  tcase_add_loop_test (tests, it_holds_for_a_week_at_the_most, 0, G_N_ELEMENTS (moments));
  tcase_add_test (tests, rubbish_in_its_place_is_nothing);
  tcase_add_loop_test (tests, what_was_granted_before_the_step_can_be_revoked, 0, G_N_ELEMENTS (targets));
  tcase_add_test (tests, a_new_login_counts_at_once);
  tcase_add_test (tests, the_same_login_counts_no_more_than_before);
  tcase_add_test (tests, an_old_login_gives_no_more_than_its_rest);
  tcase_add_test (tests, a_step_within_the_slack_forgets_nothing);
  tcase_add_loop_test (tests, no_grant_outlives_its_window_but_by_the_step, 0, 12);
  tcase_add_loop_test (tests, no_step_brings_back_what_was_revoked, 0, 12);
}

PG_TEST_MAIN ("clock", fill)
