/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/reply.h"

#include "common.h"

static const struct
{
  const char *name;
  PgVerdict   verdict;
  const char *text;
  const char *expected;
} rows[] = {
  { "ok", PG_VERDICT_OK, NULL, "action=OK\n\n" },
  { "ok has no text", PG_VERDICT_OK, "hello", "action=OK\n\n" },
  { "dunno", PG_VERDICT_DUNNO, NULL, "action=DUNNO\n\n" },
  { "dunno has no text", PG_VERDICT_DUNNO, "hello", "action=DUNNO\n\n" },
  { "defer", PG_VERDICT_DEFER_IF_REJECT, "come back", "action=DEFER_IF_REJECT 4.7.1 come back\n\n" },
  { "defer, stock", PG_VERDICT_DEFER_IF_REJECT, NULL,
    "action=DEFER_IF_REJECT 4.7.1 Relay permission cannot be checked now, try again later\n\n" },
  { "reject", PG_VERDICT_REJECT, "check your mail first", "action=REJECT 5.7.1 check your mail first\n\n" },
  { "reject, stock", PG_VERDICT_REJECT, NULL, "action=REJECT 5.7.1 Relay access denied\n\n" },
  { "digits stay a text", PG_VERDICT_REJECT, "250", "action=REJECT 5.7.1 250\n\n" },
  { "no verdict", (PgVerdict) 4, "x", "action=DEFER_IF_REJECT 4.7.1 x\n\n" },
  { "no verdict at all", (PgVerdict) -1, "x", "action=DEFER_IF_REJECT 4.7.1 x\n\n" },
};

START_TEST (reply_is_formatted)
{
  g_autofree char *buffer = g_malloc (PG_REPLY_MAX);
  gsize            len = pg_reply_format (rows[_i].verdict, rows[_i].text, buffer);
  g_autofree char *got = g_strndup (buffer, len);

  assert_row_text (rows[_i].name, got, rows[_i].expected);
}
END_TEST

static const struct
{
  const char *text;
  gboolean    is_valid;
} texts[] = {
  { "x", TRUE },
  { "a b", TRUE },
  { "~!\"#%", TRUE },
  { "", FALSE },
  { " ", FALSE },
  { " a", FALSE },
  { "a ", FALSE },
  { "a\n", FALSE },
  { "a\nb", FALSE },
  { "\n", FALSE },
  { "a\naction=OK", FALSE },
  { "a\n\naction=OK\n\n", FALSE },
  { "a\rb", FALSE },
  { "a\tb", FALSE },
  { "a\x7f", FALSE },
  { "a\x1b[0m", FALSE },
  { "\xc3\xa4", FALSE },
};

/* What Postfix must find in every reply, whatever text it was made with. */
static void
check_shape (const char *name, PgVerdict verdict, const char *text)
{
  static const char *const words[] = { "action=DEFER_IF_REJECT 4.7.1 ", "action=DUNNO\n", "action=OK\n", "action=REJECT 5.7.1 " };
  g_autofree char         *buffer = g_malloc (PG_REPLY_MAX);
  gsize                    len = pg_reply_format (verdict, text, buffer);
  const char              *newline = memchr (buffer, '\n', len);

  assert_row (name, len <= PG_REPLY_MAX);
  assert_row (name, newline == buffer + len - 2 && newline[1] == '\n');
  assert_row (name, len > strlen (words[verdict]) - 1 && memcmp (buffer, words[verdict], strlen (words[verdict])) == 0);
  for (gsize i = 0; i < len - 2; i++)
    assert_row (name, g_ascii_isprint (buffer[i]));
}

START_TEST (no_text_gets_out_of_its_line)
{
  assert_row (texts[_i].text, pg_reply_text_is_valid (texts[_i].text) == texts[_i].is_valid);
  for (PgVerdict verdict = PG_VERDICT_DEFER_IF_REJECT; verdict <= PG_VERDICT_REJECT; verdict++)
    check_shape (texts[_i].text, verdict, texts[_i].text);
}
END_TEST

START_TEST (a_text_is_bounded)
{
  g_autofree char *longest = g_strnfill (PG_REPLY_TEXT_MAX, 'x');
  g_autofree char *longer = g_strnfill (PG_REPLY_TEXT_MAX + 1, 'x');

  ck_assert (pg_reply_text_is_valid (longest));
  ck_assert (!pg_reply_text_is_valid (longer));
  check_shape ("longest", PG_VERDICT_DEFER_IF_REJECT, longest);
  check_shape ("longest", PG_VERDICT_REJECT, longest);
  check_shape ("longer", PG_VERDICT_REJECT, longer);
}
END_TEST

START_TEST (zero_is_the_verdict_that_neither_relays_nor_bounces)
{
  ck_assert_str_eq (pg_verdict_to_string ((PgVerdict) 0), "DEFER_IF_REJECT");
  ck_assert_str_eq (pg_verdict_to_string (PG_VERDICT_OK), "OK");
  ck_assert_str_eq (pg_verdict_to_string (PG_VERDICT_DUNNO), "DUNNO");
  ck_assert_str_eq (pg_verdict_to_string (PG_VERDICT_REJECT), "REJECT");
  ck_assert_str_eq (pg_verdict_to_string ((PgVerdict) 99), "DEFER_IF_REJECT");
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, reply_is_formatted, 0, G_N_ELEMENTS (rows));
  tcase_add_loop_test (tests, no_text_gets_out_of_its_line, 0, G_N_ELEMENTS (texts));
  tcase_add_test (tests, a_text_is_bounded);
  tcase_add_test (tests, zero_is_the_verdict_that_neither_relays_nor_bounces);
}

PG_TEST_MAIN ("reply", fill)
