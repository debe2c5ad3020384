/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/watch-line.h"

#include "control/message.h"

#include "common.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Friday, 2026-11-27 00:00:00 UTC. */
#define MIDNIGHT 1795737600

static const struct
{
  const char *name;
  const char *row; /* members behind "time" */
  const char *line;
} rows[] = {
  { "granted",
    "\"event\":\"login\",\"address\":\"192.0.2.7\",\"user\":\"bob@example.org\",\"service\":\"pop3\",\"server\":\"dovecot\","
    "\"fate\":\"granted\",\"why\":null",
    "login      192.0.2.7        bob@example.org  pop3 dovecot  granted" },
  { "refused",
    "\"event\":\"login\",\"address\":\"2001:db8::1:2:3:4:5\",\"user\":\"b\\u001b\\u009b\",\"service\":\"imap\","
    "\"server\":\"dovecot\",\"fate\":\"refused\",\"why\":\"its address is denied\"",
    "login      2001:db8::1:2:3:4:5  b\\x1b\\xc2\\x9b  imap dovecot  refused: its address is denied" },
  { "permitted",
    "\"event\":\"verdict\",\"address\":\"192.0.2.7\",\"verdict\":\"OK\",\"reason\":\"login\",\"sender\":\"a@b\","
    "\"recipient\":\"c@d\",\"sasl_username\":\"\",\"user\":\"bob\"",
    "verdict    192.0.2.7        OK     login     bob  from a@b to c@d" },
  { "not permitted, without an address",
    "\"event\":\"verdict\",\"address\":null,\"verdict\":\"DUNNO\",\"reason\":\"address\",\"sender\":\"\",\"recipient\":\"c@d\","
    "\"sasl_username\":\"x\\ny\"",
    "verdict    -                DUNNO  address   -  from - to c@d, logged in to SMTP as x\\x0ay" },
  { "note",
    "\"event\":\"note\",\"note\":7,\"kind\":\"deny\",\"target\":\"user:bob\",\"by\":\"root\",\"until\":1795737661,\"why\":\"so\"",
    "note       7 deny user:bob, by root, until 2026-11-27 00:01:01: so" },
  { "freeze", "\"event\":\"note\",\"note\":8,\"kind\":\"freeze\",\"target\":\"all\",\"by\":\"root\",\"until\":null,\"why\":\"\"",
    "note       8 freeze all, by root; FROZEN: nobody relays by popgate, mail waits" },
  { "thaw",
    "\"event\":\"forgotten\",\"note\":8,\"kind\":\"freeze\",\"target\":\"all\",\"by\":\"root\",\"until\":null,\"why\":\"\"",
    "forgotten  8 freeze all, by root" },
  { "source in trouble", "\"event\":\"source\",\"problem\":\"file:x: absent\"",
    "source     file:x: absent; refusals are deferred" },
  { "source again", "\"event\":\"source\",\"problem\":null", "source     logins are read to their end" },
  { "store in trouble", "\"event\":\"store\",\"problem\":\"x: locked\"", "store      x: locked; refusals are deferred" },
  { "store again", "\"event\":\"store\",\"problem\":null", "store      the database can be used" },
  { "dropped", "\"event\":\"dropped\",\"count\":12",
    "dropped    12 events are missing here: they came faster than they were read" },
  { "well", "\"event\":\"watching\",\"frozen\":false,\"source_problem\":null,\"store_problem\":null",
    "watching   logins and database are well" },
  { "ill", "\"event\":\"watching\",\"frozen\":true,\"source_problem\":\"a\",\"store_problem\":\"b\"",
    "watching   FROZEN: nobody relays by popgate, mail waits; database: b; logins: a" },
  { "of a later version", "\"event\":\"com\\u001bet\",\"x\":1", "com\\x1bet  " },
};

/* Where lines go instead of the standard output. */
static FILE *shown;

static void
set_up (void)
{
  g_setenv ("TZ", "UTC", TRUE);
  tzset ();
  shown = tmpfile ();
  ck_assert_ptr_nonnull (shown);
  ck_assert_int_ge (dup2 (fileno (shown), STDOUT_FILENO), 0);
}

static void
tear_down (void)
{
  fclose (shown);
}

static void
show (gint64 time_s, const char *members, PgWatchDay *day)
{
  g_autofree char *text = g_strdup_printf ("{\"time\":%" G_GINT64_FORMAT ",%s}", time_s, members);
  g_autoptr (JsonObject) row = pg_message_parse (pg_span_from_string (text), NULL);

  ck_assert_ptr_nonnull (row);
  pg_watch_line_show (row, day);
}

/* All that was shown; transfer full. */
static char *
read_shown (void)
{
  char   text[4096];
  gssize n;

  fflush (stdout);
  n = pread (fileno (shown), text, sizeof text, 0);
  ck_assert_int_ge (n, 0);
  return g_strndup (text, (gsize) n);
}

START_TEST (line)
{
  PgWatchDay       day = { .year = 2026, .day = 330 };
  g_autofree char *expected = g_strdup_printf ("23:59:59  %s\n", rows[_i].line);
  g_autofree char *got = NULL;

  show (MIDNIGHT - 1, rows[_i].row, &day);
  got = read_shown ();
  assert_row_text (rows[_i].name, got, expected);
}
END_TEST

START_TEST (a_new_day_is_told)
{
  const char      *row = "\"event\":\"store\",\"problem\":null";
  PgWatchDay       day = { 0 };
  g_autofree char *got = NULL;

  show (MIDNIGHT - 1, row, &day);
  show (MIDNIGHT, row, &day);
  show (MIDNIGHT + 1, row, &day);
  got = read_shown ();
  ck_assert_str_eq (got, "--- Thu 2026-11-26\n"
                         "23:59:59  store      the database can be used\n"
                         "--- Fri 2026-11-27\n"
                         "00:00:00  store      the database can be used\n"
                         "00:00:01  store      the database can be used\n");
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_checked_fixture (tests, set_up, tear_down);
  tcase_add_loop_test (tests, line, 0, G_N_ELEMENTS (rows));
  tcase_add_test (tests, a_new_day_is_told);
}

PG_TEST_MAIN ("watch-line", fill)
