/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is counted of who relays, out of the answers of a real engine; and what becomes of it when the store fails. */
#include "engine/usage-log.h"

#include "core/duration.h"
#include "core/error.h"

#include "store-tools.h"

#define NOW_US (20000 * PG_DAY + PG_HOUR)

static PgEngine   *engine;
static PgUsageLog *usages;

static void
set_up_engine (void)
{
  g_autofree char *store = NULL;

  set_up ();
  store = g_strdup_printf ("popgate.store=gdbm:%s", path);
  engine = pg_engine_new (pg_config_parse (pg_span_from_string (""), (const char *[]){ store, NULL }, NULL), PG_STORE_READ_WRITE);
  ck_assert (pg_engine_open (engine, NULL));
  usages = pg_usage_log_new (engine);
}

static void
tear_down_engine (void)
{
  g_clear_pointer (&usages, pg_usage_log_free);
  g_clear_pointer (&engine, pg_engine_free);
  tear_down ();
}

static PgAddress
address_of (const char *text)
{
  PgAddress address;

  ck_assert (pg_address_parse (pg_span_from_string (text), &address));
  return address;
}

/* A question as Postfix asks it; what is NULL is not said. */
typedef struct
{
  const char *address;
  const char *sasl;
  const char *instance;
  const char *recipient;
  gboolean    at_data;
} Question;

static PgSpan
span_of (const char *text)
{
  return text != NULL ? pg_span_from_string (text) : pg_span (NULL, 0);
}

static PgVerdict
ask (const Question *question, gint64 now_us)
{
  PgFinding finding;
  PgQuery   query = {
      .is_rcpt = !question->at_data,
      .has_address = question->address != NULL,
      .sasl_username = span_of (question->sasl),
      .instance = span_of (question->instance),
      .recipient = span_of (question->recipient),
  };

  if (question->address != NULL)
    query.address = address_of (question->address);
  pg_engine_decide (engine, &query, now_us, &finding);
  return finding.decision.verdict;
}

static void
log_in (const char *address, const char *user)
{
  const char *why;
  PgLogin     login = {
        .time_us = NOW_US,
        .address = address_of (address),
        .user = pg_span_from_string (user),
        .service = PG_SERVICE_POP3,
        .server = PG_SERVER_DOVECOT,
  };

  ck_assert (pg_engine_login (engine, &login, NOW_US, &why, NULL) == PG_LOGIN_GRANTED);
}

static void
allow (const char *address)
{
  PgNote note = { .kind = PG_NOTE_ALLOW, .made_us = NOW_US, .until_us = PG_NOTE_FOREVER };

  ck_assert (pg_note_set_target (&note, pg_span_from_string (address), NULL));
  ck_assert (pg_engine_add_note (engine, &note, NULL));
}

static void
write_all (void)
{
  PgUsageLogWrite result;
  g_autoptr (GError) error = NULL;

  while ((result = pg_usage_log_write (usages, 3, &error)) == PG_USAGE_LOG_MORE)
    ;
  ck_assert_msg (result == PG_USAGE_LOG_DONE, "%s", error != NULL ? error->message : "");
}

static gint
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* "login bob 192.0.2.1 3" for each usage, sorted. */
static char *
tell_usages (void)
{
  g_autoptr (PgStoreCursor) cursor = pg_store_cursor_new (pg_engine_store (engine));
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  PgStoreItem item;

  while (pg_store_cursor_step (cursor, &item, NULL) == PG_STORE_FOUND)
    {
      g_autofree char *user = NULL;
      char             address[PG_ADDRESS_TEXT_MAX];

      if (item.kind != PG_STORE_USAGE)
        continue;
      user = span_to_string (pg_usage_pair_user (&item.usage.pair));
      g_ptr_array_add (lines, g_strdup_printf ("%s %s %s %" G_GUINT64_FORMAT, pg_usage_way_name (item.usage.pair.way), user,
                                               pg_address_to_string (&item.usage.pair.address, address), item.usage.total));
    }
  g_ptr_array_sort (lines, compare_lines);
  g_ptr_array_add (lines, NULL);
  return g_strjoinv ("; ", (char **) lines->pdata);
}

static void
assert_usages (const char *name, const char *expected)
{
  g_autofree char *told = tell_usages ();

  assert_row_text (name, told, expected);
}

/* --- what counts ----------------------------------------------------------------------------------------------------- */

/* bob has logged in from 192.0.2.1, and 192.0.2.2 is allowed. */
static const struct
{
  const char *name;
  Question    question;
  const char *usages;
} questions[] = {
  { "because of a login", { .address = "192.0.2.1" }, "login bob 192.0.2.1 1" },
  { "because of an allow", { .address = "192.0.2.2" }, "allow  192.0.2.2 1" },
  { "may not", { .address = "192.0.2.3" }, "" },
  { "by AUTH", { .address = "192.0.2.3", .sasl = "carol" }, "auth carol 192.0.2.3 1" },
  { "by AUTH, with a login", { .address = "192.0.2.1", .sasl = "bob" }, "auth bob 192.0.2.1 1" },
  { "by AUTH, with an allow", { .address = "192.0.2.2", .sasl = "bob" }, "auth bob 192.0.2.2 1" },
  { "by AUTH, from nowhere", { .sasl = "bob" }, "auth bob :: 1" },
  { "not at RCPT", { .address = "192.0.2.1", .at_data = TRUE }, "" },
  { "by AUTH, not at RCPT", { .address = "192.0.2.1", .sasl = "bob", .at_data = TRUE }, "" },
};

START_TEST (who_relays_is_counted)
{
  log_in ("192.0.2.1", "bob");
  allow ("192.0.2.2");
  ask (&questions[_i].question, NOW_US);
  assert_usages (questions[_i].name, "");
  write_all ();
  assert_usages (questions[_i].name, questions[_i].usages);
}
END_TEST

static const struct
{
  const char *name;
  Question    first;
  Question    second;
  const char *usages;
} repetitions[] = {
  { "asked twice",
    { "192.0.2.1", NULL, "1.2.3", "a@b", FALSE },
    { "192.0.2.1", NULL, "1.2.3", "a@b", FALSE },
    "login bob 192.0.2.1 1" },
  { "another recipient",
    { "192.0.2.1", NULL, "1.2.3", "a@b", FALSE },
    { "192.0.2.1", NULL, "1.2.3", "c@b", FALSE },
    "login bob 192.0.2.1 2" },
  { "another delivery",
    { "192.0.2.1", NULL, "1.2.3", "a@b", FALSE },
    { "192.0.2.1", NULL, "1.2.4", "a@b", FALSE },
    "login bob 192.0.2.1 2" },
  { "nobody says which delivery",
    { "192.0.2.1", NULL, NULL, "a@b", FALSE },
    { "192.0.2.1", NULL, NULL, "a@b", FALSE },
    "login bob 192.0.2.1 2" },
  { "refused at first",
    { "192.0.2.9", NULL, "1.2.3", "a@b", FALSE },
    { "192.0.2.1", NULL, "1.2.3", "a@b", FALSE },
    "login bob 192.0.2.1 1" },
};

START_TEST (what_is_asked_twice_counts_once)
{
  log_in ("192.0.2.1", "bob");
  ask (&repetitions[_i].first, NOW_US);
  ask (&repetitions[_i].second, NOW_US);
  write_all ();
  assert_usages (repetitions[_i].name, repetitions[_i].usages);
}
END_TEST

START_TEST (uses_add_up)
{
  PgAddress   address = address_of ("192.0.2.1");
  PgUsagePair pair;
  PgUsage     usage;

  log_in ("192.0.2.1", "bob");
  for (guint i = 0; i < 5; i++)
    ask (&(Question){ .address = "192.0.2.1" }, NOW_US + i);
  write_all ();
  ask (&(Question){ .address = "192.0.2.1" }, NOW_US + PG_MINUTE);
  ask (&(Question){ .address = "192.0.2.1", .sasl = "bob" }, NOW_US + PG_MINUTE);
  ask (&(Question){ .address = "192.0.2.7", .sasl = "bob" }, NOW_US + PG_MINUTE);
  write_all ();
  assert_usages ("all", "auth bob 192.0.2.7 2; login bob 192.0.2.1 6");
  pg_usage_pair_set (&pair, PG_USAGE_LOGIN, &address, pg_span_from_string ("bob"));
  ck_assert (pg_store_get_usage (pg_engine_store (engine), &pair, &usage, NULL) == PG_STORE_FOUND);
  ck_assert (usage.first_us == NOW_US && usage.last_us == NOW_US + PG_MINUTE);
  ck_assert_uint_eq (pg_usage_on (&usage, 20000), 6);
}
END_TEST

START_TEST (users_at_one_address_are_told_apart)
{
  g_autofree char *longest = g_strnfill (PG_USER_MAX + 20, 'x');

  allow ("192.0.2.2");
  for (guint i = 0; i < 3; i++)
    {
      ask (&(Question){ .address = "192.0.2.2", .sasl = "bob" }, NOW_US);
      ask (&(Question){ .address = "192.0.2.2", .sasl = "bo" }, NOW_US);
      ask (&(Question){ .address = "192.0.2.2" }, NOW_US);
      ask (&(Question){ .address = "192.0.2.2", .sasl = longest }, NOW_US);
    }
  write_all ();
  longest[PG_USER_MAX] = '\0';
  g_autofree char *expected = g_strdup_printf ("allow  192.0.2.2 3; auth bo 192.0.2.2 3; auth bob 192.0.2.2 3; "
                                               "auth %s 192.0.2.2 3",
                                               longest);

  assert_usages ("apart", expected);
}
END_TEST

START_TEST (midnight_parts_days)
{
  const gint64 midnight_us = 20001 * PG_DAY;
  PgAddress    address = address_of ("192.0.2.2");
  PgUsagePair  pair;
  PgUsage      usage;

  allow ("192.0.2.2");
  ask (&(Question){ .address = "192.0.2.2" }, midnight_us - 1);
  ask (&(Question){ .address = "192.0.2.2" }, midnight_us);
  ask (&(Question){ .address = "192.0.2.2" }, midnight_us + 1);
  write_all ();
  pg_usage_pair_set (&pair, PG_USAGE_ALLOW, &address, pg_span (NULL, 0));
  ck_assert (pg_store_get_usage (pg_engine_store (engine), &pair, &usage, NULL) == PG_STORE_FOUND);
  ck_assert (pg_usage_on (&usage, 20000) == 1 && pg_usage_on (&usage, 20001) == 2);
  ck_assert (usage.first_us == midnight_us - 1);
}
END_TEST

/* --- writing --------------------------------------------------------------------------------------------------------- */

static void
ask_by_auth (guint n)
{
  g_autofree char *user = g_strdup_printf ("user-%u", n);

  ask (&(Question){ .address = "192.0.2.3", .sasl = user }, NOW_US);
}

START_TEST (memory_is_bounded_and_what_is_lost_is_told)
{
  for (guint n = 0; n < PG_USAGE_LOG_PAIRS + 10; n++)
    ask_by_auth (n);
  ask_by_auth (0);
  ck_assert_uint_eq (pg_usage_log_n_lost (usages), 10);
  write_all ();
  ck_assert_uint_eq (pg_store_n_usages (pg_engine_store (engine)), PG_USAGE_LOG_PAIRS);
  for (guint n = 0; n < PG_USAGE_LOG_PAIRS + 10; n++)
    ask_by_auth (n % 20 + PG_USAGE_LOG_PAIRS - 10);
  write_all ();
  ck_assert_uint_eq (pg_store_n_usages (pg_engine_store (engine)), PG_USAGE_LOG_PAIRS + 10);
  ck_assert_uint_eq (pg_usage_log_n_lost (usages), 10);
}
END_TEST

START_TEST (what_came_before_a_mark_is_written_at_some_time)
{
  guint64 mark = pg_usage_log_mark (usages);
  guint   n_written = 0;

  ck_assert (pg_usage_log_is_written (usages, mark));
  for (guint n = 0; n < 10; n++)
    ask_by_auth (n);
  ck_assert (pg_usage_log_is_written (usages, mark));
  ck_assert (pg_usage_log_write (usages, 2, NULL) == PG_USAGE_LOG_MORE);
  ask_by_auth (100);
  mark = pg_usage_log_mark (usages);
  for (guint n = 0; !pg_usage_log_is_written (usages, mark); n++)
    {
      ask_by_auth (200 + n); /* whatever comes meanwhile */
      ck_assert (pg_usage_log_write (usages, 1, NULL) != PG_USAGE_LOG_FAILED);
      ck_assert_uint_lt (n_written++, 30);
    }
  ck_assert_uint_ge (pg_store_n_usages (pg_engine_store (engine)), 11);
}
END_TEST

START_TEST (at_the_end_nothing_is_left)
{
  for (guint n = 0; n < 10; n++)
    ask_by_auth (n);
  ck_assert (pg_usage_log_write (usages, 2, NULL) == PG_USAGE_LOG_MORE);
  for (guint n = 10; n < 15; n++)
    ask_by_auth (n);
  ck_assert (pg_usage_log_write_all (usages, NULL));
  ck_assert_uint_eq (pg_store_n_usages (pg_engine_store (engine)), 15);
  ck_assert (pg_usage_log_write_all (usages, NULL));
}
END_TEST

START_TEST (a_failing_store_loses_nothing)
{
  g_autoptr (GError) error = NULL;

  for (guint n = 0; n < 10; n++)
    ask_by_auth (n);
  ck_assert (pg_usage_log_write (usages, 4, NULL) == PG_USAGE_LOG_MORE);
  ck_assert (pg_store_close (pg_engine_store (engine), NULL));
  ck_assert (!pg_usage_log_write_all (usages, NULL));
  ck_assert (pg_usage_log_write (usages, 4, &error) == PG_USAGE_LOG_FAILED);
  ck_assert (g_error_matches (error, PG_ERROR, PG_ERROR_STORE));
  ask_by_auth (3); /* counted though nothing can be answered */
  ck_assert (pg_engine_open (engine, NULL));
  write_all ();
  ck_assert_uint_eq (pg_store_n_usages (pg_engine_store (engine)), 10);
  ck_assert_uint_eq (pg_usage_log_n_lost (usages), 0);
}
END_TEST

START_TEST (a_damaged_usage_begins_anew)
{
  ask_by_auth (7);
  ask_by_auth (7);
  write_all ();
  ck_assert (pg_store_close (pg_engine_store (engine), NULL));
  flip_at ("user-7", 5);
  ck_assert (pg_engine_open (engine, NULL));
  ask_by_auth (7);
  write_all ();
  assert_usages ("begun anew", "auth user-7 192.0.2.3 1");
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up_engine, tear_down_engine);
  tcase_add_loop_test (tests, who_relays_is_counted, 0, G_N_ELEMENTS (questions));
  tcase_add_loop_test (tests, what_is_asked_twice_counts_once, 0, G_N_ELEMENTS (repetitions));
  tcase_add_test (tests, uses_add_up);
  tcase_add_test (tests, users_at_one_address_are_told_apart);
  tcase_add_test (tests, midnight_parts_days);
  tcase_add_test (tests, memory_is_bounded_and_what_is_lost_is_told);
  tcase_add_test (tests, what_came_before_a_mark_is_written_at_some_time);
  tcase_add_test (tests, at_the_end_nothing_is_left);
  tcase_add_test (tests, a_failing_store_loses_nothing);
  tcase_add_test (tests, a_damaged_usage_begins_anew);
}

PG_TEST_MAIN ("usage-log", fill)
