/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is logged of permits: the first after each login, and a count of the others. */
#include "daemon/permit-log.h"

#include "common.h"

#define LOGIN_US (G_GINT64_CONSTANT (1700000000) * G_USEC_PER_SEC)
#define NOW_US (LOGIN_US + 90 * G_USEC_PER_SEC)
#define N_MINUTES 600 /* more than a byte can number */
#define N_MANY 100000 /* more than fit into the table as it begins */

static GString *said;
static guint    n_said;

static void
keep (G_GNUC_UNUSED const char *domain, G_GNUC_UNUSED GLogLevelFlags level, const char *message, G_GNUC_UNUSED gpointer user_data)
{
  g_string_append_printf (said, "%s\n", message);
  n_said++;
}

static PgPermitLog *
begin (void)
{
  said = g_string_new (NULL);
  g_log_set_handler (G_LOG_DOMAIN, G_LOG_LEVEL_MESSAGE, keep, NULL);
  return pg_permit_log_new ();
}

static void
end (PgPermitLog *log)
{
  pg_permit_log_free (log);
  g_string_free (said, TRUE);
}

/* Compares what was said since it was compared last. */
static void
assert_said (const char *name, const char *expected)
{
  assert_row_text (name, said->str, expected);
  g_string_truncate (said, 0);
}

static PgAddress
nth_address (guint n)
{
  return (PgAddress){
    { [10] = 0xff, [11] = 0xff, [12] = 10, [13] = (guint8) (n >> 16), [14] = (guint8) (n >> 8), [15] = (guint8) n }
  };
}

/* Bob of address @n may relay since @login_us. */
static void
permit (PgPermitLog *log, guint n, gint64 login_us, PgIndexEntry *known)
{
  PgAddress address = nth_address (n);
  PgQuery   query = { .is_rcpt = TRUE, .has_address = TRUE, .address = address };
  PgLogin   login = { .time_us = login_us, .address = address, .user = BYTES ("bob\n") };
  PgFinding finding = { .has_record = TRUE, .known = known };

  login.service = PG_SERVICE_POP3;
  login.server = PG_SERVER_DOVECOT;
  pg_record_init (&finding.record, &address);
  pg_record_add_login (&finding.record, &login);
  finding.decision = (PgDecision){ .verdict = PG_VERDICT_OK, .rule = PG_RULE_LOGIN, .login_us = login_us };
  pg_permit_log_add (log, &query, &finding, NOW_US);
}

static void
permit_by_allow (PgPermitLog *log, guint n, PgIndexEntry *known)
{
  PgQuery   query = { .is_rcpt = TRUE, .has_address = TRUE, .address = nth_address (n) };
  PgFinding finding = { .known = known };

  finding.decision = (PgDecision){ .verdict = PG_VERDICT_OK, .rule = PG_RULE_ALLOWED, .login_us = PG_RECORD_NEVER, .user = -1 };
  pg_permit_log_add (log, &query, &finding, NOW_US);
}

#define FIRST                                                                                                                    \
  "permit address=10.0.0.1 rule=login user=\"bob\\x0a\" service=pop3 server=dovecot login=2023-11-14T22:13:20Z age=90s\n"
#define NEWER                                                                                                                    \
  "permit address=10.0.0.1 rule=login user=\"bob\\x0a\" service=pop3 server=dovecot login=2023-11-14T22:13:30Z age=80s\n"

/* Whether the mark stands beside the grant (1) or in the table (0), the same is told. */
START_TEST (the_first_is_told_and_the_others_are_counted)
{
  PgPermitLog  *log = begin ();
  PgIndexEntry  entry = { .name = 1 };
  PgIndexEntry *known = _i == 1 ? &entry : NULL;

  permit (log, 1, LOGIN_US, known);
  assert_said ("first", FIRST);
  pg_permit_log_tell (log);
  assert_said ("nothing to be counted", "");
  permit (log, 1, LOGIN_US, known);
  permit (log, 1, LOGIN_US, known);
  pg_permit_log_tell (log);
  assert_said ("again", "permits repeated=2 addresses=1\n");
  permit (log, 1, LOGIN_US, known);
  pg_permit_log_tell (log);
  assert_said ("in the next minute", "permits repeated=1 addresses=1\n");
  entry.mark = 0; /* as whenever it is put anew */
  permit (log, 1, LOGIN_US + 10 * G_USEC_PER_SEC, known);
  assert_said ("after the next login", NEWER);
  permit (log, 1, LOGIN_US + 10 * G_USEC_PER_SEC, known);
  end (log);
}
END_TEST

/* In the minute in which it was told, too. */
START_TEST (who_is_permitted_again_is_counted_at_once)
{
  PgPermitLog  *log = begin ();
  PgIndexEntry  entries[2] = { { .name = 1 }, { .name = 2 } };
  PgIndexEntry *known[2] = { _i == 1 ? &entries[0] : NULL, _i == 1 ? &entries[1] : NULL };

  permit (log, 1, LOGIN_US, known[0]);
  permit (log, 2, LOGIN_US, known[1]);
  for (guint i = 0; i < 3; i++)
    permit (log, i % 2 + 1, LOGIN_US, known[i % 2]);
  g_string_truncate (said, 0);
  pg_permit_log_tell (log);
  assert_said ("two", "permits repeated=3 addresses=2\n");
  end (log);
}
END_TEST

START_TEST (each_minute_counts_by_itself)
{
  PgPermitLog  *log = begin ();
  PgIndexEntry  entry = { .name = 1 };
  PgIndexEntry *known = _i == 1 ? &entry : NULL;

  permit (log, 1, LOGIN_US, known);
  for (guint i = 0; i < N_MINUTES; i++)
    {
      g_string_truncate (said, 0);
      permit (log, 1, LOGIN_US, known);
      permit (log, 1, LOGIN_US, known);
      pg_permit_log_tell (log);
      assert_said ("a minute", "permits repeated=2 addresses=1\n");
    }
  end (log);
}
END_TEST

/* It is no login's permit, so it leaves that one's mark alone. */
START_TEST (an_allow_is_told_as_such)
{
  PgPermitLog *log = begin ();
  PgIndexEntry known = { .name = 1 };

  permit_by_allow (log, 1, &known);
  permit_by_allow (log, 1, &known);
  assert_said ("allowed", "permit address=10.0.0.1 rule=allowed\n");
  ck_assert_uint_eq (known.mark, 0);
  permit (log, 1, LOGIN_US, &known);
  assert_said ("and by login", FIRST);
  end (log);
}
END_TEST

START_TEST (many_are_told_once_each)
{
  PgPermitLog *log = begin ();

  for (guint n = 0; n < N_MANY; n++)
    permit (log, n, LOGIN_US - (gint64) n * G_USEC_PER_SEC, NULL);
  ck_assert_uint_eq (n_said, N_MANY);
  for (guint n = 0; n < N_MANY; n++)
    permit (log, n, LOGIN_US - (gint64) n * G_USEC_PER_SEC, NULL);
  ck_assert_uint_lt (n_said, N_MANY + N_MANY / 20); /* of full sets the table has forgotten some */
  end (log);
}
END_TEST

START_TEST (the_rest_is_told_at_the_end)
{
  PgPermitLog *log = begin ();

  permit (log, 1, LOGIN_US, NULL);
  permit (log, 1, LOGIN_US, NULL);
  g_string_truncate (said, 0);
  pg_permit_log_free (log);
  assert_said ("at the end", "permits repeated=1 addresses=1\n");
  g_string_free (said, TRUE);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, the_first_is_told_and_the_others_are_counted, 0, 2);
  tcase_add_loop_test (tests, who_is_permitted_again_is_counted_at_once, 0, 2);
  tcase_add_loop_test (tests, each_minute_counts_by_itself, 0, 2);
  tcase_add_test (tests, an_allow_is_told_as_such);
  tcase_add_test (tests, many_are_told_once_each);
  tcase_add_test (tests, the_rest_is_told_at_the_end);
}

PG_TEST_MAIN ("permit-log", fill)
