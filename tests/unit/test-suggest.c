/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/suggest.h"

#include "common.h"

static const char *const words[] = { "check", "explain", "list", "revoke", "status", "stats", "a-word-of-more-than-24-bytes" };

static const struct
{
  const char *typed;
  const char *meant; /* NULL: none */
} rows[] = {
  { "check", "check" },
  { "chek", "check" },
  { "checkk", "check" },
  { "chcek", "check" },
  { "hceck", "check" },
  { "xheck", "check" },
  { "lst", "list" },
  { "lsti", "list" },
  { "explian", "explain" },
  { "revoek", "revoke" },
  { "rveoek", "revoke" },
  { "stat", "status" },
  { "stats", "stats" },
  { "state", "stats" },
  { "statsu", "status" },
  { "e", "explain" },
  { "x", NULL },
  { "ls", NULL },
  { "lxx", NULL },
  { "", NULL },
  { "no-such-command", NULL },
  { "checkcheckcheckcheckcheckcheck", NULL },
  { "a-word-of-more-than-24-byte", NULL },
  { "\xff\xfe", NULL },
};

START_TEST (words_are_suggested)
{
  assert_row_text (rows[_i].typed, pg_suggest (rows[_i].typed, words, G_N_ELEMENTS (words)), rows[_i].meant);
}
END_TEST

START_TEST (nothing_comes_of_nothing)
{
  ck_assert_ptr_null (pg_suggest ("check", words, 0));
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, words_are_suggested, 0, G_N_ELEMENTS (rows));
  tcase_add_test (tests, nothing_comes_of_nothing);
}

PG_TEST_MAIN ("suggest", fill)
