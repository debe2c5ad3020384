/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/message.h"

#include "common.h"

static char *
repeat (const char *text, guint n)
{
  GString *out = g_string_new (NULL);

  while (n-- > 0)
    g_string_append (out, text);
  return g_string_free (out, FALSE);
}

/* --- pg_message_parse ------------------------------------------------------------------------------------------------ */

static const struct
{
  const char *name;
  const char *before;
  const char *repeated;
  guint       n;
  const char *after;
  gboolean    ok;
} rows[] = {
  { "an object", "{", "", 0, "}", TRUE },
  { "nothing", "", "", 0, "", FALSE },
  { "an array", "[1]", "", 0, "", FALSE },
  { "a string", "\"x\"", "", 0, "", FALSE },
  { "no end", "{\"a\":1", "", 0, "", FALSE },
  { "deep", "{\"a\":", "[", 63, "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}", TRUE },
  { "too deep", "{\"a\":", "[", 64, "", FALSE },
  { "deep enough for a stack", "", "[", 4000000, "", FALSE },
  { "objects without end", "", "{\"a\":", 800000, "", FALSE },
  { "side by side", "{\"a\":[", "[],", 1000, "{}]}", TRUE },
  { "in a string", "{\"a\":\"", "[{", 1000, "\"}", TRUE },
  { "behind a quote in a string", "{\"a\":\"\\\"", "[", 1000, "\"}", TRUE },
  { "behind a backslash in a string", "{\"a\":\"\\\\\", \"b\":", "[", 4000000, "", FALSE },
  { "behind a quote in a comment", "/*\"*/{\"a\":", "[", 4000000, "", FALSE },
  { "behind a quote in a comment of a line", "//\"\n{\"a\":", "[", 4000000, "", FALSE },
  { "behind a quote in other quotes", "{'\"':", "[", 4000000, "", FALSE },
  { "slashes and quotes in a string", "{\"a\":\"", "/*'", 1000, "\"}", TRUE },
  { "backslash at the end", "{\"a\":\"\\", "", 0, "", FALSE },
  { "escapes", "{\"a\":\"\\u00e4\\n\\ud83d\\uDE00\\\"\"}", "", 0, "", TRUE },
  { "a NUL", "{\"a\":\"x\\u0000y\"}", "", 0, "", FALSE },
  { "a NUL behind a backslash", "{\"a\":\"x\\\\u0000y\"}", "", 0, "", TRUE },
  { "half a pair", "{\"a\":\"\\ud83d\"}", "", 0, "", FALSE },
  { "half a pair, and a character", "{\"a\":\"\\ud83d\\u0041\"}", "", 0, "", FALSE },
  { "the other half", "{\"a\":\"\\ude00\\ud83d\"}", "", 0, "", FALSE },
  { "each short escape", "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "", 0, "", TRUE },
  { "an octal number", "{\"a\":\"\\200\"}", "", 0, "", FALSE },
  { "an escape of C", "{\"a\":\"\\v\"}", "", 0, "", FALSE },
  { "no digits", "{\"a\":\"\\u]800\"}", "", 0, "", FALSE },
  { "too few digits", "{\"a\":\"\\u004\"}", "", 0, "", FALSE },
  { "no end within an escape", "{\"a\":\"\\u00", "", 0, "", FALSE },
};

START_TEST (parse)
{
  g_autofree char *middle = repeat (rows[_i].repeated, rows[_i].n);
  g_autofree char *text = g_strconcat (rows[_i].before, middle, rows[_i].after, NULL);
  g_autoptr (GError) error = NULL;
  char       *block;
  JsonObject *object = pg_message_parse (exact_string (&block, text), &error);

  assert_row_agrees (rows[_i].name, object != NULL, error, rows[_i].ok);
  if (object != NULL)
    json_object_unref (object);
  g_free (block);
}
END_TEST

/* --- foreign text ---------------------------------------------------------------------------------------------------- */

START_TEST (foreign_text_comes_back)
{
  static const char text[] = "a\"b\\c\n\x1b[[[{{{\xff\xc3\xbc";
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (JsonObject) parsed = NULL;
  g_autofree char *line = NULL;

  pg_message_set_text (object, "user", pg_span (text, sizeof text - 1));
  line = pg_message_to_line (object);
  ck_assert_ptr_eq (strchr (line, '\n'), line + strlen (line) - 1);
  parsed = pg_message_parse (pg_span_from_string (line), NULL);
  ck_assert_ptr_nonnull (parsed);
  ck_assert_str_eq (pg_message_get_string (parsed, "user"), "a\"b\\c\n\x1b[[[{{{\xef\xbf\xbd\xc3\xbc");
}
END_TEST

/* Nothing that a terminal obeys, and nothing that is no JSON. */
START_TEST (no_control_character_is_left)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (JsonObject) parsed = NULL;
  g_autofree char  *line = NULL;
  static const char text[] = "\x01\x1f\x7f\xc2\x80\xc2\x9b[31m\xc3\xbc";

  pg_message_set_text (object, "user", pg_span (text, sizeof text - 1));
  line = pg_message_to_line (object);
  for (const char *at = line; at[1] != '\0'; at = g_utf8_next_char (at))
    ck_assert_msg (!g_unichar_iscntrl (g_utf8_get_char (at)), "%s", line);
  parsed = pg_message_parse (pg_span_from_string (line), NULL);
  ck_assert_str_eq (pg_message_get_string (parsed, "user"), text);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, parse, 0, G_N_ELEMENTS (rows));
  tcase_add_test (tests, foreign_text_comes_back);
  tcase_add_test (tests, no_control_character_is_left);
}

PG_TEST_MAIN ("message", fill)
