/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/span.h"

#include "common.h"

static const struct
{
  PgSpan      text;
  const char *needle;
  gint        at; /* -1: not there */
} finds[] = {
  { BYTES ("rip=1"), "rip=", 0 },
  { BYTES ("a rip=1, rip=2"), "rip=", 2 },
  { BYTES ("rip"), "rip=", -1 },
  { BYTES ("rirrip="), "rip=", 3 },
  { BYTES ("\0rip="), "rip=", 1 },
  { BYTES (""), "rip=", -1 },
};

START_TEST (find_gives_the_first)
{
  g_autofree char *block = NULL;
  PgSpan           text = exact (&block, finds[_i].text);
  gsize            at = 77;

  assert_row (finds[_i].text.data, pg_span_find (text, finds[_i].needle, &at) == (finds[_i].at >= 0));
  assert_row (finds[_i].text.data, at == (finds[_i].at >= 0 ? (gsize) finds[_i].at : 77));
}
END_TEST

START_TEST (spans_compare_by_their_bytes)
{
  PgSpan nothing = pg_span (NULL, 0);

  ck_assert (pg_span_equal (nothing, pg_span_from_string ("")));
  ck_assert (pg_span_is (nothing, ""));
  ck_assert (!pg_span_is (nothing, "a"));
  ck_assert (pg_span_is (pg_span ("abc", 2), "ab"));
  ck_assert (!pg_span_is (pg_span ("abc", 2), "abc"));
  ck_assert (!pg_span_is (pg_span ("a\0", 2), "a"));
}
END_TEST

START_TEST (take_moves_only_over_the_literal)
{
  PgSpan span = pg_span ("Login: x", 8);

  ck_assert (!pg_span_take (&span, "login: "));
  ck_assert (!pg_span_take (&span, "Login: xy"));
  ck_assert (span.len == 8);
  ck_assert (pg_span_take (&span, "Login: "));
  ck_assert (pg_span_is (span, "x"));
  ck_assert (pg_span_take (&span, "x"));
  ck_assert (span.len == 0);
  ck_assert (!pg_span_take (&span, "x"));
}
END_TEST

START_TEST (take_until_leaves_what_follows)
{
  PgSpan span = pg_span ("a=b=", 4);
  PgSpan name = { 0 };

  ck_assert (pg_span_take_until (&span, '=', &name));
  ck_assert (pg_span_is (name, "a"));
  ck_assert (pg_span_take_until (&span, '=', &name));
  ck_assert (pg_span_is (name, "b"));
  ck_assert (!pg_span_take_until (&span, '=', &name));
  ck_assert (pg_span_is (name, "b") && span.len == 0);
}
END_TEST

static const struct
{
  const char *text;
  guint       min;
  guint       max;
  gboolean    ok;
  guint       value;
  const char *rest;
} numbers[] = {
  { "7", 1, 1, TRUE, 7, "" },
  { "07:", 2, 2, TRUE, 7, ":" },
  { "123", 2, 2, TRUE, 12, "3" },
  { "999999999", 1, 9, TRUE, 999999999, "" },
  { "4294967296", 1, 9, TRUE, 429496729, "6" },
  { "7", 2, 2, FALSE, 0, "7" },
  { "", 1, 9, FALSE, 0, "" },
  { "x1", 1, 9, FALSE, 0, "x1" },
  { "-1", 1, 9, FALSE, 0, "-1" },
  { "+1", 1, 9, FALSE, 0, "+1" },
  { " 1", 1, 9, FALSE, 0, " 1" },
};

START_TEST (numbers_are_bounded)
{
  const char      *name = numbers[_i].text;
  g_autofree char *block = NULL;
  PgSpan           span = exact_string (&block, name);
  guint            value = 0;

  assert_row (name, pg_span_take_number (&span, numbers[_i].min, numbers[_i].max, &value) == numbers[_i].ok);
  assert_row (name, value == numbers[_i].value);
  assert_row (name, pg_span_is (span, numbers[_i].rest));
}
END_TEST

START_TEST (only_has_takes_no_empty_span)
{
  ck_assert (pg_span_only_has (pg_span_from_string ("aZ09"), ""));
  ck_assert (pg_span_only_has (pg_span_from_string ("a-b_c"), "_-"));
  ck_assert (!pg_span_only_has (pg_span_from_string (""), "_-"));
  ck_assert (!pg_span_only_has (pg_span_from_string ("a b"), "_-"));
  ck_assert (!pg_span_only_has (pg_span ("a\0", 2), "_-"));
  ck_assert (!pg_span_only_has (pg_span_from_string ("\xc3\xa4"), "_-"));
}
END_TEST

static const struct
{
  PgSpan      bytes;
  gsize       max;
  const char *shown;
} escapes[] = {
  { BYTES (""), 80, "" },
  { BYTES ("bob@example.org"), 80, "bob@example.org" },
  { BYTES ("a\"b\\c"), 80, "a\\\"b\\\\c" },
  { BYTES ("a\nb\r\0\x1b[31m"), 80, "a\\x0ab\\x0d\\x00\\x1b[31m" },
  { BYTES ("\xc3\xa4\x7f\xff"), 80, "\\xc3\\xa4\\x7f\\xff" },
  { BYTES ("abcdef"), 6, "abcdef" },
  { BYTES ("abcdef"), 5, "abcde..." },
  { BYTES ("abcdef"), 0, "..." },
};

START_TEST (escaped_text_is_printable)
{
  g_autofree char *block = NULL;
  g_autofree char *shown = pg_span_escape (exact (&block, escapes[_i].bytes), escapes[_i].max);

  assert_row_text (escapes[_i].shown, shown, escapes[_i].shown);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, find_gives_the_first, 0, G_N_ELEMENTS (finds));
  tcase_add_test (tests, spans_compare_by_their_bytes);
  tcase_add_test (tests, take_moves_only_over_the_literal);
  tcase_add_test (tests, take_until_leaves_what_follows);
  tcase_add_loop_test (tests, numbers_are_bounded, 0, G_N_ELEMENTS (numbers));
  tcase_add_test (tests, only_has_takes_no_empty_span);
  tcase_add_loop_test (tests, escaped_text_is_printable, 0, G_N_ELEMENTS (escapes));
}

PG_TEST_MAIN ("span", fill)
