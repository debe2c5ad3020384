/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/events.h"

#include "common.h"

static PgEvents *events;

static void
set_up (void)
{
  events = pg_events_new ();
}

static void
tear_down (void)
{
  g_clear_pointer (&events, pg_events_free);
}

static void
note_problem (const PgEvent *event, gpointer user_data)
{
  GString *heard = user_data;

  g_string_append_printf (heard, "%u:%s ", event->kind, event->problem != NULL ? event->problem : "-");
}

static void
tell (PgEventKind kind, const char *problem)
{
  pg_events_tell (events, &(PgEvent){ .kind = kind, .problem = problem });
}

START_TEST (each_hears_of_what_it_wants)
{
  g_autoptr (GString) sources = g_string_new (NULL);
  g_autoptr (GString) both = g_string_new (NULL);
  g_autofree char *wanted = g_strdup_printf ("%u:a %u:- ", PG_EVENT_SOURCE, PG_EVENT_SOURCE);
  g_autofree char *all = g_strdup_printf ("%u:a %u:b %u:- ", PG_EVENT_SOURCE, PG_EVENT_STORE, PG_EVENT_SOURCE);

  pg_events_subscribe (events, 1 << PG_EVENT_SOURCE, note_problem, sources);
  pg_events_subscribe (events, 1 << PG_EVENT_SOURCE | 1 << PG_EVENT_STORE, note_problem, both);
  tell (PG_EVENT_SOURCE, "a");
  tell (PG_EVENT_STORE, "b");
  tell (PG_EVENT_NOTE, "c");
  tell (PG_EVENT_SOURCE, NULL);
  ck_assert_str_eq (sources->str, wanted);
  ck_assert_str_eq (both->str, all);
}
END_TEST

START_TEST (who_left_hears_nothing)
{
  g_autoptr (GString) gone = g_string_new (NULL);
  g_autoptr (GString) stays = g_string_new (NULL);

  pg_events_subscribe (events, 1 << PG_EVENT_STORE | 1 << PG_EVENT_NOTE, note_problem, gone);
  pg_events_subscribe (events, 1 << PG_EVENT_NOTE, note_problem, gone);
  pg_events_subscribe (events, 1 << PG_EVENT_STORE, note_problem, stays);
  pg_events_unsubscribe (events, gone);
  pg_events_unsubscribe (events, gone);
  tell (PG_EVENT_STORE, "a");
  tell (PG_EVENT_NOTE, "b");
  ck_assert_str_eq (gone->str, "");
  ck_assert_uint_eq (stays->len, 4);
}
END_TEST

START_TEST (it_is_known_what_is_wanted)
{
  g_autoptr (GString) heard = g_string_new (NULL);

  ck_assert (!pg_events_is_wanted (events, PG_EVENT_VERDICT));
  pg_events_subscribe (events, 1 << PG_EVENT_VERDICT, note_problem, heard);
  ck_assert (pg_events_is_wanted (events, PG_EVENT_VERDICT));
  ck_assert (!pg_events_is_wanted (events, PG_EVENT_LOGIN));
  pg_events_unsubscribe (events, heard);
  ck_assert (!pg_events_is_wanted (events, PG_EVENT_VERDICT));
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_test (tests, each_hears_of_what_it_wants);
  tcase_add_test (tests, who_left_hears_nothing);
  tcase_add_test (tests, it_is_known_what_is_wanted);
}

PG_TEST_MAIN ("events", fill)
