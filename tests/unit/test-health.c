/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/health.h"

#include "core/duration.h"
#include "source/source-class.h"

#include "common.h"

#define STALE_US PG_MINUTE
#define START_US (1000 * PG_SECOND)

/* A source that says what the test wants. */
static PgSourceState state;
static const char   *problem;
static const char   *warning;

static PgSourceState
get_state (G_GNUC_UNUSED const PgSource *self)
{
  return state;
}

static const char *
get_problem (G_GNUC_UNUSED const PgSource *self)
{
  return problem;
}

static const char *
get_warning (G_GNUC_UNUSED const PgSource *self)
{
  return warning;
}

static char name[] = "log";
static const PgSourceClass class = { .state = get_state, .problem = get_problem, .warning = get_warning };
static const PgSource source = { .class = &class, .name = name };

static guint n_told; /* messages */

static GLogWriterOutput
count (G_GNUC_UNUSED GLogLevelFlags level, G_GNUC_UNUSED const GLogField *fields, G_GNUC_UNUSED gsize n_fields,
       G_GNUC_UNUSED gpointer user_data)
{
  n_told++;
  return G_LOG_WRITER_HANDLED;
}

static void
set_up (void)
{
  static gboolean is_set;

  if (!is_set)
    g_log_set_writer_func (count, NULL, NULL);
  is_set = TRUE;
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL); /* warnings are what is tested */
  n_told = 0;
  problem = "gone";
  warning = NULL;
}

/* One step of a life: what the source is, second by second, and what has to be said of it. */
typedef struct
{
  gint64      at_s;
  char        state;    /* c(urrent), (be)h(ind), b(lind) */
  const char *expected; /* of the problem; NULL: strangers are strangers */
} Step;

static const struct
{
  const char *name;
  Step        steps[8];
} lives[] = {
  { "a start", { { 0, 'h', "log: catching up" }, { 9, 'h', "log: catching up" }, { 10, 'c', NULL }, { 99, 'c', NULL } } },
  { "a start without a log", { { 0, 'b', "log: gone" }, { 1, 'h', "log: catching up" }, { 2, 'c', NULL } } },
  { "a log that grows",
    { { 0, 'c', NULL }, { 1, 'h', NULL }, { 2, 'h', NULL }, { 3, 'h', "log: catching up" }, { 4, 'c', NULL } } },
  { "a slow rotation", { { 0, 'c', NULL }, { 1, 'b', NULL }, { 61, 'b', NULL }, { 61, 'c', NULL }, { 62, 'b', NULL } } },
  { "an outage",
    { { 0, 'c', NULL },
      { 1, 'b', NULL },
      { 62, 'b', "log: gone" },
      { 99, 'b', "log: gone" },
      { 100, 'h', "log: catching up" },
      { 101, 'c', NULL },
      { 102, 'b', NULL } } },
  { "a backlog behind a short one", { { 0, 'c', NULL }, { 1, 'b', NULL }, { 30, 'h', "log: catching up" }, { 31, 'c', NULL } } },
};

START_TEST (strangers_wait_while_logins_may_be_missing)
{
  PgHealth health = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (lives[_i].steps) && lives[_i].steps[i].state != '\0'; i++)
    {
      const Step      *step = &lives[_i].steps[i];
      gint64           time_us = START_US + step->at_s * PG_SECOND;
      g_autofree char *found = NULL;

      state = step->state == 'c' ? PG_SOURCE_CURRENT : step->state == 'h' ? PG_SOURCE_BEHIND : PG_SOURCE_BLIND;
      pg_health_follow (&health, &source, STALE_US, time_us);
      found = pg_health_problem (&health, &source, STALE_US, time_us);
      ck_assert_msg (g_strcmp0 (found, step->expected) == 0, "%s, second %d: %s", lives[_i].name, (int) step->at_s,
                     found != NULL ? found : "no problem");
      ck_assert_int_eq (pg_health_not_current_for (&health, time_us) > 0,
                        step->state != 'c' && health.not_current_since_us < time_us);
    }
  pg_health_clear (&health);
}
END_TEST

START_TEST (what_changes_is_told_once)
{
  PgHealth health = { 0 };

  state = PG_SOURCE_BLIND;
  for (int second = 0; second < 10; second++)
    pg_health_follow (&health, &source, STALE_US, START_US + second * PG_SECOND);
  ck_assert_uint_eq (n_told, 1);
  problem = "a folder";
  pg_health_follow (&health, &source, STALE_US, START_US);
  pg_health_follow (&health, &source, STALE_US, START_US);
  ck_assert_uint_eq (n_told, 2);
  state = PG_SOURCE_CURRENT;
  pg_health_follow (&health, &source, STALE_US, START_US);
  pg_health_follow (&health, &source, STALE_US, START_US);
  ck_assert_uint_eq (n_told, 3);
  pg_health_clear (&health);
}
END_TEST

START_TEST (a_warning_is_shown_for_a_window)
{
  PgHealth health = { 0 };

  state = PG_SOURCE_CURRENT;
  pg_health_follow (&health, &source, STALE_US, START_US);
  ck_assert (pg_health_warning (&health, PG_HOUR, START_US) == NULL);
  warning = "torn";
  for (int minute = 0; minute < 60; minute++)
    {
      pg_health_follow (&health, &source, STALE_US, START_US + minute * PG_MINUTE);
      ck_assert_str_eq (pg_health_warning (&health, PG_HOUR, START_US + minute * PG_MINUTE), "torn");
    }
  ck_assert (pg_health_warning (&health, PG_HOUR, START_US + PG_HOUR) == NULL);
  ck_assert_uint_eq (n_told, 1);
  pg_health_clear (&health);
}
END_TEST

static const struct
{
  const char *name;
  gint64      stamps_min[5]; /* the clock shows minute 100 */
  gboolean    has_jumped;
  guint       n_told;
} orders[] = {
  { "in order", { 90, 91, 92, 93, 94 }, FALSE, 0 },
  { "a little out of order", { 90, 85, 90, 86, 91 }, FALSE, 0 },
  { "back", { 90, 84, 84, 84, 84 }, TRUE, 1 },
  { "on from there", { 90, 20, 21, 22, 23 }, TRUE, 1 },
  { "and right again", { 90, 20, 21, 85, 86 }, FALSE, 1 },
  { "twice", { 90, 20, 90, 20, 21 }, TRUE, 1 },
  { "ahead of the clock", { 9999, 99, 100, 101, 102 }, FALSE, 0 },
};

START_TEST (stamps_that_jump_back_are_told)
{
  PgHealth health = { 0 };

  for (gsize i = 0; i < G_N_ELEMENTS (orders[_i].stamps_min); i++)
    pg_health_stamp (&health, "log", orders[_i].stamps_min[i] * PG_MINUTE, 100 * PG_MINUTE);
  assert_row (orders[_i].name, (pg_health_warning (&health, PG_HOUR, START_US) != NULL) == orders[_i].has_jumped);
  assert_row (orders[_i].name, n_told == orders[_i].n_told);
  pg_health_clear (&health);
}
END_TEST

START_TEST (a_log_of_two_clocks_does_not_fill_ours)
{
  PgHealth health = { 0 };

  for (int second = 0; second < 7200; second++)
    pg_health_stamp (&health, "log", PG_DAY + second * PG_SECOND - (second % 2) * PG_HOUR, PG_DAY + second * PG_SECOND);
  ck_assert_uint_ge (n_told, 2);
  ck_assert_uint_le (n_told, 3);
  pg_health_clear (&health);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, NULL);
  tcase_add_loop_test (tests, strangers_wait_while_logins_may_be_missing, 0, G_N_ELEMENTS (lives));
  tcase_add_test (tests, what_changes_is_told_once);
  tcase_add_test (tests, a_warning_is_shown_for_a_window);
  tcase_add_loop_test (tests, stamps_that_jump_back_are_told, 0, G_N_ELEMENTS (orders));
  tcase_add_test (tests, a_log_of_two_clocks_does_not_fill_ours);
}

PG_TEST_MAIN ("health", fill)
