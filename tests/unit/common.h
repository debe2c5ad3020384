/* SPDX-License-Identifier: GPL-3.0-or-later */
/* common: what all unit tests share: main(), inputs of exact length, and the names of rows.
 *
 * A test program is a fill function that adds its tests to one test case, and PG_TEST_MAIN. Rows of a table are added with
 * tcase_add_loop_test(); each of them runs in a process of its own, and a failure names its row.
 */
#pragma once

#include "core/span.h"
#include "core/stamp.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>

/** BYTES: a PgSpan initialiser of a literal that may hold NULs; without the closing one. */
#define BYTES(literal)                                                                                                           \
  {                                                                                                                              \
    (literal), sizeof (literal) - 1                                                                                              \
  }

/** assert_row: fails with the name of the row. */
#define assert_row(name, expression) ck_assert_msg ((expression), "%s: %s", (name), #expression)

/** assert_row_text: two strings are the same, or the failure shows both. */
#define assert_row_text(name, got, expected)                                                                                     \
  ck_assert_msg (g_strcmp0 ((got), (expected)) == 0, "%s: got \"%s\", expected \"%s\"", (name), (got), (expected))

/** assert_row_agrees: a fallible function said yes if and only if it set no error, and as the row expects. */
#define assert_row_agrees(name, ok, error, expected)                                                                             \
  do                                                                                                                             \
    {                                                                                                                            \
      ck_assert_msg ((ok) == ((error) == NULL), "%s: result and error disagree", (name));                                        \
      ck_assert_msg ((ok) == (expected), "%s: %s", (name), (error) != NULL ? (error)->message : "accepted");                     \
    }                                                                                                                            \
  while (0)

/**
 * exact:
 * @block: (out): the memory, free with g_free()
 * @bytes: any bytes
 *
 * Returns: the same bytes in a block of just their length, so that ASan sees a read beyond them; no bytes are no block
 */
static inline PgSpan
exact (char **block, PgSpan bytes)
{
  *block = g_memdup2 (bytes.data, bytes.len);
  return pg_span (*block, bytes.len);
}

/** exact_string: exact() of a string, without its NUL. */
static inline PgSpan
exact_string (char **block, const char *string)
{
  return exact (block, pg_span_from_string (string));
}

/** span_to_string: a NUL-terminated copy, free with g_free(). */
static inline char *
span_to_string (PgSpan span)
{
  return g_strndup (span.data != NULL ? span.data : "", span.len);
}

/** utc_clock: it is @now_us, and local time is UTC. */
static inline PgClock
utc_clock (gint64 now_us)
{
  static GTimeZone *zone = NULL; /* for the whole run */

  if (zone == NULL)
    zone = g_time_zone_new_utc ();
  return (PgClock){ .zone = zone, .now_us = now_us };
}

/** corpus_path: path of tests/corpus/NAME, wherever the test is run from; transfer full. */
static inline char *
corpus_path (const char *name)
{
  const char *top = g_getenv ("top_srcdir");

  return g_build_filename (top != NULL ? top : ".", "tests", "corpus", name, NULL);
}

/** run_suite: runs the tests that @fill adds; a critical or warning of GLib ends the test that caused it. */
static inline int
run_suite (const char *name, void (*fill) (TCase *tests))
{
  Suite   *suite = suite_create (name);
  TCase   *tests = tcase_create (name);
  SRunner *runner = srunner_create (suite);
  int      failed;

  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  tcase_set_timeout (tests, 120);
  fill (tests);
  suite_add_tcase (suite, tests);
  srunner_run_all (runner, CK_ENV);
  failed = srunner_ntests_failed (runner);
  srunner_free (runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define PG_TEST_MAIN(name, fill)                                                                                                 \
  int main (void)                                                                                                                \
  {                                                                                                                              \
    return run_suite (name, fill);                                                                                               \
  }
