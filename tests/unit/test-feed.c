/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/feed.h"
#include "engine/event-copy.h"

#include "control/message.h"

#include "common.h"

#define NOW_US ((gint64) 1795600000 * G_USEC_PER_SEC)

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

/* --- filter ---------------------------------------------------------------------------------------------------------- */

static PgAddress
address_of (const char *text)
{
  PgAddress address;

  ck_assert (pg_address_parse (pg_span_from_string (text), &address));
  return address;
}

static PgLogin
login_of (const char *address, const char *user)
{
  return (PgLogin){ .time_us = NOW_US,
                    .address = address_of (address),
                    .user = pg_span_from_string (user),
                    .service = PG_SERVICE_POP3,
                    .server = PG_SERVER_DOVECOT };
}

static PgNote
note_of (PgNoteKind kind, const char *target)
{
  PgNote note = { .id = 7, .kind = kind, .until_us = PG_NOTE_FOREVER };

  ck_assert (target == NULL || pg_note_set_target (&note, pg_span_from_string (target), NULL));
  return note;
}

/* A verdict about @address, because @user logged in there; NULL: nobody did. */
static PgFinding
finding_of (PgVerdict verdict, const char *address, const char *user)
{
  PgFinding finding = { .decision = { .verdict = verdict, .rule = PG_RULE_LOGIN, .login_us = PG_RECORD_NEVER, .user = -1 } };
  PgAddress from = address_of (address);
  PgLogin   login;

  if (user == NULL)
    return finding;
  login = login_of (address, user);
  pg_record_init (&finding.record, &from);
  pg_record_add_login (&finding.record, &login);
  finding.has_record = TRUE;
  finding.decision.user = 0;
  finding.decision.login_us = NOW_US;
  return finding;
}

static JsonObject *
request_of (const char *text)
{
  JsonObject *request = pg_message_parse (pg_span_from_string (text), NULL);

  ck_assert_ptr_nonnull (request);
  return request;
}

static const struct
{
  const char *name;
  const char *request;
  const char *passes; /* of the events of tell_all(), each by its letter; NULL: it is refused */
} filters[] = {
  { "all", "{}", "ABCDEFGHIJ" },
  { "logins", "{\"only\": \"logins\"}", "AB" },
  { "verdicts", "{\"only\": \"verdicts\"}", "CDE" },
  { "notes", "{\"only\": \"notes\"}", "FGH" },
  { "two kinds", "{\"only\": \"store,sources\"}", "IJ" },
  { "capitals", "{\"only\": \"Logins\"}", "AB" },
  { "no such kind", "{\"only\": \"logins,grants\"}", NULL },
  { "a beginning of one", "{\"only\": \"login\"}", NULL },
  { "no kind", "{\"only\": \"\"}", NULL },
  { "a comma too many", "{\"only\": \"logins,\"}", NULL },
  { "address", "{\"address\": \"192.0.2.1\"}", "ACFH" },
  { "network", "{\"address\": \"192.0.2.0/24\"}", "ABCDFH" },
  { "another network", "{\"address\": \"198.51.100.0/24\"}", "H" },
  { "no network", "{\"address\": \"192.0.2.0/33\"}", NULL },
  { "user", "{\"user\": \"BOB\"}", "ACGH" },
  { "another user", "{\"user\": \"bo\"}", "H" },
  { "no user", "{\"user\": \"\"}", NULL },
  { "address and user", "{\"address\": \"192.0.2.1\", \"user\": \"bob\"}", "ACH" },
  { "user elsewhere", "{\"address\": \"192.0.2.2\", \"user\": \"bob\"}", "H" },
  { "verdict", "{\"verdict\": \"OK\"}", "C" },
  { "verdicts of two kinds", "{\"verdict\": \"dunno,DEFER_IF_REJECT\"}", "DE" },
  { "a verdict that is not among them", "{\"verdict\": \"REJECT\"}", "" },
  { "no verdict", "{\"verdict\": \"450\"}", NULL },
  { "verdict and kind", "{\"verdict\": \"OK\", \"only\": \"notes,verdicts\"}", "C" },
  { "verdict and another kind", "{\"verdict\": \"OK\", \"only\": \"notes\"}", NULL },
  { "address and kinds that have none", "{\"address\": \"192.0.2.1\", \"only\": \"sources,store\"}", NULL },
  { "address and one kind that has one", "{\"address\": \"192.0.2.1\", \"only\": \"sources,logins\"}", "A" },
};

static void
note_passing (const PgEventFilter *filter, char letter, const PgEvent *event, GString *passed)
{
  if (pg_event_filter_passes (filter, event))
    g_string_append_c (passed, letter);
}

static void
try_verdict (const PgEventFilter *filter, char letter, PgVerdict verdict, const char *address, const char *user, GString *passed)
{
  PgFinding finding = finding_of (verdict, address != NULL ? address : "::", user);
  PgQuery   query = { .has_address = address != NULL };

  if (address != NULL)
    query.address = address_of (address);
  note_passing (filter, letter, &(PgEvent){ .kind = PG_EVENT_VERDICT, .query = &query, .finding = &finding }, passed);
}

static void
try_all (const PgEventFilter *filter, GString *passed)
{
  PgLogin bob = login_of ("192.0.2.1", "bob");
  PgLogin alice = login_of ("192.0.2.2", "alice");
  PgNote  deny = note_of (PG_NOTE_DENY, "192.0.2.0/28");
  PgNote  revoke = note_of (PG_NOTE_REVOKE, "user:Bob");
  PgNote  freeze = note_of (PG_NOTE_FREEZE, NULL);

  note_passing (filter, 'A', &(PgEvent){ .kind = PG_EVENT_LOGIN, .login = &bob }, passed);
  note_passing (filter, 'B', &(PgEvent){ .kind = PG_EVENT_LOGIN, .login = &alice }, passed);
  try_verdict (filter, 'C', PG_VERDICT_OK, "192.0.2.1", "bob", passed);
  try_verdict (filter, 'D', PG_VERDICT_DUNNO, "192.0.2.2", NULL, passed);
  try_verdict (filter, 'E', PG_VERDICT_DEFER_IF_REJECT, NULL, NULL, passed);
  note_passing (filter, 'F', &(PgEvent){ .kind = PG_EVENT_NOTE, .note = &deny }, passed);
  note_passing (filter, 'G', &(PgEvent){ .kind = PG_EVENT_FORGOTTEN, .note = &revoke }, passed);
  note_passing (filter, 'H', &(PgEvent){ .kind = PG_EVENT_NOTE, .note = &freeze }, passed);
  note_passing (filter, 'I', &(PgEvent){ .kind = PG_EVENT_SOURCE, .problem = "x" }, passed);
  note_passing (filter, 'J', &(PgEvent){ .kind = PG_EVENT_STORE }, passed);
}

START_TEST (filter)
{
  g_autoptr (JsonObject) request = request_of (filters[_i].request);
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) passed = g_string_new (NULL);
  PgEventFilter wanted;
  gboolean      ok = pg_event_filter_parse (request, &wanted, &error);

  assert_row_agrees (filters[_i].name, ok, error, filters[_i].passes != NULL);
  if (!ok)
    return;
  try_all (&wanted, passed);
  assert_row_text (filters[_i].name, passed->str, filters[_i].passes);
}
END_TEST

START_TEST (a_user_that_no_login_can_have)
{
  g_autoptr (JsonObject) request = json_object_new ();
  g_autofree char *name = g_strnfill (PG_USER_MAX + 1, 'x');
  PgEventFilter    wanted;

  json_object_set_string_member (request, "user", name);
  ck_assert (!pg_event_filter_parse (request, &wanted, NULL));
  json_object_set_string_member (request, "user", name + 1);
  ck_assert (pg_event_filter_parse (request, &wanted, NULL));
}
END_TEST

/* --- copy ------------------------------------------------------------------------------------------------------------ */

/* Copies @event, and overwrites the text that it was made of. */
static PgEvent *
copy_and_spoil (const PgEvent *event, char *text)
{
  gsize    size;
  PgEvent *copy = pg_event_copy (event, &size);

  memset (text, '!', strlen (text));
  return copy;
}

START_TEST (a_copy_of_a_login_stands_alone)
{
  char    text[] = "bob because";
  PgLogin login = login_of ("192.0.2.1", "");
  PgEvent event = { .kind = PG_EVENT_LOGIN, .now_us = NOW_US, .login = &login, .fate = PG_LOGIN_REFUSED, .why = text + 4 };
  g_autofree PgEvent *copy = NULL;

  login.user = pg_span (text, 3);
  copy = copy_and_spoil (&event, text);
  memset (&login, 0, sizeof login);
  ck_assert (pg_span_is (copy->login->user, "bob"));
  ck_assert_str_eq (copy->why, "because");
  ck_assert_ptr_null (copy->problem);
  ck_assert_uint_eq (copy->fate, PG_LOGIN_REFUSED);
  ck_assert_int_eq (copy->login->time_us, NOW_US);
}
END_TEST

START_TEST (a_copy_of_a_verdict_stands_alone)
{
  char                text[] = "sender recipient auth context";
  PgFinding           finding = finding_of (PG_VERDICT_OK, "192.0.2.1", "bob");
  PgQuery             query = { .is_rcpt = TRUE, .has_address = TRUE, .address = address_of ("192.0.2.1") };
  PgEvent             event = { .kind = PG_EVENT_VERDICT, .now_us = NOW_US, .query = &query, .finding = &finding };
  g_autofree PgEvent *copy = NULL;

  query.sender = pg_span (text, 6);
  query.recipient = pg_span (text + 7, 9);
  query.sasl_username = pg_span (text + 17, 4);
  query.context = pg_span (text + 22, 7);
  finding.decision.text = text;
  copy = copy_and_spoil (&event, text);
  memset (&finding, 0, sizeof finding);
  memset (&query, 0, sizeof query);
  ck_assert (pg_span_is (copy->query->sender, "sender"));
  ck_assert (pg_span_is (copy->query->recipient, "recipient"));
  ck_assert (pg_span_is (copy->query->sasl_username, "auth"));
  ck_assert_uint_eq (copy->query->context.len, 0);
  ck_assert_ptr_null (copy->finding->decision.text);
  ck_assert (pg_span_is (pg_record_user_name (&copy->finding->record, 0), "bob"));
}
END_TEST

START_TEST (a_copy_has_a_bound)
{
  g_autofree char    *text = g_strnfill (100000, 'x');
  PgQuery             query = { .sender = pg_span_from_string (text), .recipient = pg_span_from_string (text) };
  PgEvent             event = { .kind = PG_EVENT_VERDICT, .query = &query, .problem = text };
  gsize               size;
  g_autofree PgEvent *copy = pg_event_copy (&event, &size);

  ck_assert_uint_eq (copy->query->recipient.len, PG_EVENT_TEXT_MAX);
  ck_assert_uint_eq (strlen (copy->problem), PG_EVENT_TEXT_MAX);
  ck_assert_uint_lt (size, 4 * PG_EVENT_TEXT_MAX);
}
END_TEST

/* --- feed ------------------------------------------------------------------------------------------------------------ */

static const PgEventFilter everything = { .kinds = (1 << PG_N_EVENTS) - 1 };

static void
tell (const char *problem)
{
  pg_events_tell (events, &(PgEvent){ .kind = PG_EVENT_SOURCE, .problem = problem });
}

/* Numbers, so that it can be seen which are missing. */
static void
tell_numbers (guint from, guint n)
{
  for (guint i = from; i < from + n; i++)
    {
      g_autofree char *number = g_strdup_printf ("%u", i);

      tell (number);
    }
}

/* The next one must be number @expected. */
static void
assert_next (PgFeed *feed, guint expected)
{
  g_autofree char    *number = g_strdup_printf ("%u", expected);
  g_autofree PgEvent *event = NULL;
  guint64             n_lost;

  ck_assert (pg_feed_next (feed, &event, &n_lost));
  ck_assert_ptr_nonnull (event);
  ck_assert_str_eq (event->problem, number);
  ck_assert_int_gt (event->now_us, 0);
}

static void
assert_loss (PgFeed *feed, guint64 expected)
{
  PgEvent *event;
  guint64  n_lost;

  ck_assert (pg_feed_next (feed, &event, &n_lost));
  ck_assert_ptr_null (event);
  ck_assert_uint_eq (n_lost, expected);
}

static void
assert_empty (PgFeed *feed)
{
  PgEvent *event;
  guint64  n_lost;

  ck_assert (pg_feed_is_empty (feed));
  ck_assert (!pg_feed_next (feed, &event, &n_lost));
}

START_TEST (events_come_in_order)
{
  g_autoptr (PgFeed) feed = pg_feed_new (events, &everything);

  assert_empty (feed);
  tell_numbers (0, 3);
  ck_assert (!pg_feed_is_empty (feed));
  for (guint i = 0; i < 3; i++)
    assert_next (feed, i);
  assert_empty (feed);
}
END_TEST

START_TEST (only_what_passes_is_kept)
{
  PgEventFilter wanted = { .kinds = 1 << PG_EVENT_STORE };
  g_autoptr (PgFeed) feed = pg_feed_new (events, &wanted);

  ck_assert (!pg_events_is_wanted (events, PG_EVENT_SOURCE));
  tell ("x");
  assert_empty (feed);
}
END_TEST

START_TEST (what_is_lost_is_counted_where_it_is_missing)
{
  g_autoptr (PgFeed) feed = pg_feed_new (events, &everything);
  guint half = PG_FEED_EVENTS_MAX / 2;

  tell_numbers (0, PG_FEED_EVENTS_MAX + 10);
  for (guint i = 0; i < half - 1; i++)
    assert_next (feed, i);
  tell_numbers (PG_FEED_EVENTS_MAX + 10, 5); /* still too many wait */
  assert_next (feed, half - 1);
  tell_numbers (5000, 2);
  for (guint i = half; i < PG_FEED_EVENTS_MAX; i++)
    assert_next (feed, i);
  assert_loss (feed, 15);
  assert_next (feed, 5000);
  assert_next (feed, 5001);
  assert_empty (feed);
}
END_TEST

START_TEST (what_is_lost_is_told_though_nothing_follows)
{
  g_autoptr (PgFeed) feed = pg_feed_new (events, &everything);

  tell_numbers (0, PG_FEED_EVENTS_MAX + 10);
  for (guint i = 0; i < PG_FEED_EVENTS_MAX; i++)
    assert_next (feed, i);
  ck_assert (!pg_feed_is_empty (feed));
  assert_loss (feed, 10);
  assert_empty (feed);
}
END_TEST

START_TEST (bytes_have_a_bound)
{
  g_autoptr (PgFeed) feed = pg_feed_new (events, &everything);
  g_autofree char *text = g_strnfill (PG_EVENT_TEXT_MAX, 'x');
  PgQuery          query = { .sender = pg_span_from_string (text), .recipient = pg_span_from_string (text) };
  PgEvent          told = { .kind = PG_EVENT_VERDICT, .query = &query };
  PgEvent         *event;
  guint64          n_lost;
  guint            n = 0;

  query.has_address = TRUE;
  told.finding = &(PgFinding){ .decision = { .user = -1 } };
  for (guint i = 0; i < PG_FEED_EVENTS_MAX; i++)
    pg_events_tell (events, &told);
  while (pg_feed_next (feed, &event, &n_lost) && event != NULL)
    {
      n++;
      g_free (event);
    }
  ck_assert_uint_gt (n, PG_FEED_BYTES_MAX / 2 / (2 * PG_EVENT_TEXT_MAX + 1000));
  ck_assert_uint_lt (n, PG_FEED_BYTES_MAX / (2 * PG_EVENT_TEXT_MAX));
  ck_assert_uint_eq (n + n_lost, PG_FEED_EVENTS_MAX);
}
END_TEST

static void
count (gpointer user_data)
{
  guint *n = user_data;

  (*n)++;
}

START_TEST (who_sleeps_is_woken_once)
{
  g_autoptr (PgFeed) feed = pg_feed_new (events, &everything);
  guint n = 0;

  pg_feed_set_wake (feed, count, &n);
  tell_numbers (0, 3);
  ck_assert_uint_eq (n, 1);
  for (guint i = 0; i < 3; i++)
    assert_next (feed, i);
  ck_assert_uint_eq (n, 1);
  tell_numbers (3, PG_FEED_EVENTS_MAX + 3);
  ck_assert_uint_eq (n, 2);
}
END_TEST

START_TEST (nothing_is_told_to_who_left)
{
  PgFeed *feed = pg_feed_new (events, &everything);

  tell_numbers (0, PG_FEED_EVENTS_MAX + 1);
  pg_feed_free (feed);
  ck_assert (!pg_events_is_wanted (events, PG_EVENT_SOURCE));
  tell ("x");
  pg_feed_free (NULL);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_loop_test (tests, filter, 0, G_N_ELEMENTS (filters));
  tcase_add_test (tests, a_user_that_no_login_can_have);
  tcase_add_test (tests, a_copy_of_a_login_stands_alone);
  tcase_add_test (tests, a_copy_of_a_verdict_stands_alone);
  tcase_add_test (tests, a_copy_has_a_bound);
  tcase_add_test (tests, events_come_in_order);
  tcase_add_test (tests, only_what_passes_is_kept);
  tcase_add_test (tests, what_is_lost_is_counted_where_it_is_missing);
  tcase_add_test (tests, what_is_lost_is_told_though_nothing_follows);
  tcase_add_test (tests, bytes_have_a_bound);
  tcase_add_test (tests, who_sleeps_is_woken_once);
  tcase_add_test (tests, nothing_is_told_to_who_left);
}

PG_TEST_MAIN ("feed", fill)
