/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/login-queue.h"
#include "core/report-login.h"

#include "common.h"

#define NOW G_GINT64_CONSTANT (1795649973123456)

static PgReport
some_report (void)
{
  return (PgReport){
    .time_us = NOW,
    .service = pg_span_from_string ("pop3"),
    .address = pg_span_from_string ("192.0.2.7"),
    .server_address = pg_span_from_string ("198.51.100.1"),
    .user = pg_span_from_string ("anna"),
  };
}

/* --- as bytes -------------------------------------------------------------------------------------------------------- */

/* The form is not to change: the two programs may be of different versions for a while. */
static const char some_bytes[] = "pgl\1\x80\xf9\xc9\x56\x22\x61\x06\0\4pop3\x09"
                                 "192.0.2.7\x0c"
                                 "198.51.100.1\4anna";
#define SOME_SIZE (sizeof some_bytes - 1)

static gboolean
decodes (PgSpan bytes)
{
  g_autofree char *block = NULL;
  PgReport         report;

  return pg_report_decode (exact (&block, bytes), &report);
}

START_TEST (it_has_this_form)
{
  PgReport report = some_report ();
  PgReport again;
  guint8   bytes[PG_REPORT_MAX];

  ck_assert_uint_eq (pg_report_encode (&report, bytes), SOME_SIZE);
  ck_assert_mem_eq (bytes, some_bytes, SOME_SIZE);
  ck_assert (pg_report_decode (pg_span ((const char *) bytes, SOME_SIZE), &again));
  ck_assert_int_eq (again.time_us, NOW);
  ck_assert (pg_span_is (again.service, "pop3") && pg_span_is (again.address, "192.0.2.7"));
  ck_assert (pg_span_is (again.server_address, "198.51.100.1") && pg_span_is (again.user, "anna"));
}
END_TEST

START_TEST (only_the_whole_of_it_is_one)
{
  char longer[SOME_SIZE + 1] = { 0 };

  ck_assert (decodes (pg_span (some_bytes, SOME_SIZE)));
  for (gsize cut = 0; cut < SOME_SIZE; cut++)
    ck_assert_msg (!decodes (pg_span (some_bytes, cut)), "cut to %zu", cut);
  memcpy (longer, some_bytes, SOME_SIZE);
  ck_assert (!decodes (pg_span (longer, sizeof longer)));
}
END_TEST

START_TEST (a_changed_head_or_length_is_none)
{
  static const gsize places[] = { 0, 1, 2, 3, 12, 17, 27, 40 };
  char               changed[SOME_SIZE];

  memcpy (changed, some_bytes, SOME_SIZE);
  for (guint value = 0; value < 256; value++)
    {
      changed[places[_i]] = (char) value;
      ck_assert_msg (decodes (pg_span (changed, SOME_SIZE)) == (changed[places[_i]] == some_bytes[places[_i]]), "%u at %zu",
                     value, places[_i]);
    }
}
END_TEST

/* How long each text is, and how long the report is then; 0: it does not fit. */
static const struct
{
  const char *name;
  gsize       lengths[4];
  gsize       size;
} lengths[] = {
  { "nothing in it", { 0, 0, 0, 0 }, 16 },
  { "the longest text", { 0, 0, 0, 255 }, 271 },
  { "a longer one", { 0, 0, 0, 256 }, 0 },
  { "a longer one at the begin", { 256, 0, 0, 0 }, 0 },
  { "a far longer one", { 4, 9, 9, 1000000 }, 0 },
  { "the longest report", { 255, 241, 0, 0 }, 512 },
  { "one byte more", { 255, 242, 0, 0 }, 0 },
  { "one byte more at the end", { 255, 0, 0, 242 }, 0 },
  { "as long, at the end", { 255, 0, 0, 241 }, 512 },
  { "all long", { 255, 255, 255, 255 }, 0 },
};

START_TEST (what_does_not_fit_is_not_sent)
{
  g_autofree char *text = g_strnfill (1000000, 'x');
  PgReport         report = {
            .service = pg_span (text, lengths[_i].lengths[0]),
            .address = pg_span (text, lengths[_i].lengths[1]),
            .server_address = pg_span (NULL, 0),
            .user = pg_span (text, lengths[_i].lengths[3]),
  };
  g_autofree guint8 *bytes = g_malloc (PG_REPORT_MAX);
  gsize              size;

  if (lengths[_i].lengths[2] > 0)
    report.server_address = pg_span (text, lengths[_i].lengths[2]);
  size = pg_report_encode (&report, bytes);
  ck_assert_msg (size == lengths[_i].size, "%s: %zu", lengths[_i].name, size);
  ck_assert (size == 0 || decodes (pg_span ((const char *) bytes, size)));
}
END_TEST

START_TEST (a_longer_one_is_none)
{
  g_autofree char *bytes = g_malloc0 (PG_REPORT_MAX + 1);

  /* 12 + 256 + 245 are 513: each text is well, and the whole is too long. */
  memcpy (bytes, some_bytes, 12);
  bytes[12] = '\xff';
  bytes[268] = '\xf1';
  ck_assert (!decodes (pg_span (bytes, PG_REPORT_MAX + 1)));
  bytes[268] = '\xf0';
  ck_assert (!decodes (pg_span (bytes, PG_REPORT_MAX + 1)));
  bytes[268] = '\xf1';
  ck_assert (decodes (pg_span (bytes, PG_REPORT_MAX)));
}
END_TEST

/* --- as a login ------------------------------------------------------------------------------------------------------ */

#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct
{
  const char *service;
  const char *address;
  const char *server_address;
  PgSpan      user;
  const char *told; /* "address service" or why not */
} reports[] = {
  { "pop3", "192.0.2.7", "198.51.100.1", BYTES ("anna"), "192.0.2.7 pop3" },
  { "imap", "2001:db8::7", "2001:db8::1", BYTES ("anna"), "2001:db8::7 imap" },
  { "imap", "2001:DB8:0:0:0:0:0:7", "", BYTES ("anna"), "2001:db8::7 imap" },
  { "submission", "192.0.2.7", "", BYTES ("anna"), "192.0.2.7 submission" },
  { "sieve", "192.0.2.7", "", BYTES ("anna"), "192.0.2.7 sieve" },
  { "pop3", "::ffff:192.0.2.7", "", BYTES ("anna"), "192.0.2.7 pop3" },
  { "pop3", "192.0.2.7", "", BYTES ("x>, rip=6.6.6.6"), "192.0.2.7 pop3" },
  { "pop3", "192.0.2.7", "", BYTES ("\xff\xc3\x28 caf\xc3\xa9"), "192.0.2.7 pop3" },
  { "pop3", "192.0.2.7", "", BYTES (X60 X60 X60), "192.0.2.7 pop3" },
  { "pop3", "192.0.2.7", "", BYTES (X60 X60 X60 "x"), "its user's name is empty or too long" },
  { "pop3", "192.0.2.7", "", BYTES (""), "its user's name is empty or too long" },
  { "pop3", "192.0.2.7", "", BYTES ("an\nna"), "its user's name has control characters" },
  { "pop3", "192.0.2.7", "", BYTES ("an\001tna"), "its user's name has control characters" },
  { "pop3", "192.0.2.7", "", BYTES ("anna\0"), "its user's name has control characters" },
  { "pop3", "192.0.2.7", "", BYTES ("\x7f"), "its user's name has control characters" },
  { "POP3", "192.0.2.7", "", BYTES ("anna"), "there is no such service" },
  { "", "192.0.2.7", "", BYTES ("anna"), "there is no such service" },
  { "pop3s", "192.0.2.7", "", BYTES ("anna"), "there is no such service" },
  { "pop3", "", "", BYTES ("anna"), "its address is none" },
  { "pop3", "192.0.2.7 ", "", BYTES ("anna"), "its address is none" },
  { "pop3", "192.0.2.07", "", BYTES ("anna"), "its address is none" },
  { "pop3", "192.0.2.0/24", "", BYTES ("anna"), "its address is none" },
  { "pop3", "fe80::1%eth0", "", BYTES ("anna"), "its address is none" },
  { "pop3", "mx.example", "", BYTES ("anna"), "its address is none" },
  { "pop3", "0.0.0.0", "", BYTES ("anna"), "its address is none" },
  { "pop3", "::", "", BYTES ("anna"), "its address is none" },
  { "pop3", "192.0.2.7", "x", BYTES ("anna"), "the server's address is none" },
};

START_TEST (it_is_a_login_or_says_why_not)
{
  PgReport report = {
    .time_us = NOW,
    .service = pg_span_from_string (reports[_i].service),
    .address = pg_span_from_string (reports[_i].address),
    .server_address = pg_span_from_string (reports[_i].server_address),
    .user = reports[_i].user,
  };
  PgLogin          login = { 0 };
  const char      *why = NULL;
  char             address[PG_ADDRESS_TEXT_MAX];
  g_autofree char *told = NULL;

  if (pg_report_to_login (&report, &login, &why))
    {
      told = g_strdup_printf ("%s %s", pg_address_to_string (&login.address, address), pg_service_to_string (login.service));
      ck_assert (login.time_us == NOW && login.server == PG_SERVER_POPGATE_LOGIN && pg_span_equal (login.user, report.user));
      ck_assert (login.has_server_address == (report.server_address.len > 0));
      ck_assert (why == NULL);
    }
  ck_assert (told != NULL || login.service == 0); /* else untouched */
  assert_row_text (reports[_i].address, told != NULL ? told : why, reports[_i].told);
}
END_TEST

START_TEST (no_time_can_overflow)
{
  static const gint64 times[] = { G_MININT64, -1, 0, G_MAXINT64 };
  PgReport            report = some_report ();
  PgLogin             login;
  const char         *why;

  report.time_us = times[_i];
  ck_assert (pg_report_to_login (&report, &login, &why) == (times[_i] >= 0));
}
END_TEST

/* --- waiting --------------------------------------------------------------------------------------------------------- */

static gboolean
push (PgLoginQueue *queue, gint64 time_us)
{
  g_autofree char *user = g_strdup_printf ("user%" G_GINT64_FORMAT, time_us);
  PgLogin          login = { .time_us = time_us, .user = pg_span_from_string (user) };

  return pg_login_queue_push (queue, &login);
}

START_TEST (the_oldest_is_first_and_goes_first)
{
  g_autoptr (PgLoginQueue) queue = pg_login_queue_new ();

  ck_assert (pg_login_queue_peek (queue) == NULL);
  pg_login_queue_drop (queue);
  for (gint64 i = 0; i < PG_LOGIN_QUEUE_MAX; i++)
    ck_assert (push (queue, i));
  ck_assert (!push (queue, PG_LOGIN_QUEUE_MAX));
  for (gint64 i = 1; i <= PG_LOGIN_QUEUE_MAX; i++)
    {
      const PgLogin   *login = pg_login_queue_peek (queue);
      g_autofree char *user = g_strdup_printf ("user%" G_GINT64_FORMAT, i);

      ck_assert_uint_eq (pg_login_queue_size (queue), PG_LOGIN_QUEUE_MAX + 1 - (guint) i);
      ck_assert (login->time_us == i && pg_span_is (login->user, user));
      pg_login_queue_drop (queue);
    }
  ck_assert (pg_login_queue_peek (queue) == NULL);
  ck_assert (push (queue, 1)); /* left to the end of the queue */
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_test (tests, it_has_this_form);
  tcase_add_test (tests, only_the_whole_of_it_is_one);
  tcase_add_loop_test (tests, a_changed_head_or_length_is_none, 0, 8);
  tcase_add_loop_test (tests, what_does_not_fit_is_not_sent, 0, G_N_ELEMENTS (lengths));
  tcase_add_test (tests, a_longer_one_is_none);
  tcase_add_loop_test (tests, it_is_a_login_or_says_why_not, 0, G_N_ELEMENTS (reports));
  tcase_add_loop_test (tests, no_time_can_overflow, 0, 4);
  tcase_add_test (tests, the_oldest_is_first_and_goes_first);
}

PG_TEST_MAIN ("report", fill)
