/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sweeping, while the store fails and comes back. */
#include "daemon/sweeper.h"

#include "core/duration.h"

#include "store-tools.h"

#define N_GRANTS 2000

/* Both clocks, in the place of GLib's. */
static gint64 time_us = PG_DAY;

gint64
g_get_monotonic_time (void)
{
  return time_us;
}

gint64
g_get_real_time (void)
{
  return 1000 * PG_DAY + time_us;
}

static PgEngine *
open_engine (void)
{
  g_autofree char *store = g_strdup_printf ("popgate.store=gdbm:%s", path);
  const char      *overrides[] = { store, NULL };
  PgEngine        *engine = pg_engine_new (pg_config_parse (pg_span_from_string (""), overrides, NULL), PG_STORE_READ_WRITE);

  ck_assert (pg_engine_open (engine, NULL));
  return engine;
}

static void
put_usage (PgStore *store, guint n, gint64 then_us)
{
  PgAddress   address = nth_address (n);
  PgUsagePair pair;
  PgUsage     usage;

  pg_usage_pair_set (&pair, PG_USAGE_LOGIN, &address, pg_span_from_string ("bob"));
  pg_usage_init (&usage, &pair);
  pg_usage_add (&usage, &pair, then_us, then_us, 1);
  ck_assert (pg_store_put_usage (store, &usage, NULL));
}

/* A sweep of the first half of the grants, which are old. */
static PgSweeper *
begin_sweep (PgEngine *engine)
{
  PgSweeper *sweeper = pg_sweeper_new (engine);

  for (guint n = 0; n < N_GRANTS; n++)
    put_grant (pg_engine_store (engine), n, "bob", n < N_GRANTS / 2 ? 1 : g_get_real_time ());
  pg_sweeper_start (sweeper);
  time_us += 2 * PG_HOUR; /* the clock is steady */
  pg_sweeper_start (sweeper);
  ck_assert (g_main_context_iteration (NULL, FALSE));
  ck_assert_uint_eq (pg_store_n_cursors (pg_engine_store (engine)), 1);
  return sweeper;
}

/* Until there is nothing more to do. */
static void
sweep_out (PgEngine *engine)
{
  for (guint i = 0; i < 1000 && g_main_context_iteration (NULL, FALSE); i++)
    ;
  ck_assert_uint_eq (pg_store_n_cursors (pg_engine_store (engine)), 0);
  ck_assert (!g_main_context_pending (NULL));
}

START_TEST (what_is_old_goes)
{
  PgEngine  *engine = open_engine ();
  PgSweeper *sweeper = begin_sweep (engine);

  sweep_out (engine);
  ck_assert_uint_eq (pg_store_n_grants (pg_engine_store (engine)), N_GRANTS / 2);
  pg_sweeper_free (sweeper);
  pg_engine_free (engine);
}
END_TEST

/* The walk is over then, and the next one sweeps what was left. */
START_TEST (a_store_opened_anew_in_between_ends_the_walk)
{
  PgEngine  *engine = open_engine ();
  PgSweeper *sweeper = begin_sweep (engine);

  ck_assert (pg_store_close (pg_engine_store (engine), NULL));
  if (_i == 1)
    ck_assert (g_main_context_iteration (NULL, FALSE));
  ck_assert (pg_engine_open (engine, NULL));
  sweep_out (engine);
  pg_sweeper_start (sweeper);
  sweep_out (engine);
  ck_assert_uint_eq (pg_store_n_grants (pg_engine_store (engine)), N_GRANTS / 2);
  pg_sweeper_free (sweeper);
  pg_engine_free (engine);
}
END_TEST

START_TEST (usages_of_long_ago_go)
{
  PgEngine  *engine = open_engine ();
  PgStore   *store = pg_engine_store (engine);
  PgSweeper *sweeper;

  for (guint n = 0; n < 300; n++)
    put_usage (store, n, g_get_real_time () - (n < 200 ? PG_USAGE_DAYS + 1 : PG_USAGE_DAYS - 1) * PG_DAY);
  sweeper = begin_sweep (engine);
  sweep_out (engine);
  ck_assert_uint_eq (pg_store_n_usages (store), 100);
  ck_assert_uint_eq (pg_store_n_grants (store), N_GRANTS / 2);
  pg_sweeper_free (sweeper);
  pg_engine_free (engine);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_test (tests, what_is_old_goes);
  tcase_add_test (tests, usages_of_long_ago_go);
  tcase_add_loop_test (tests, a_store_opened_anew_in_between_ends_the_walk, 0, 2); /* at once, later */
}

PG_TEST_MAIN ("sweeper", fill)
