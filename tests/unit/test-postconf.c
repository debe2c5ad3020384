/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/error.h"
#include "core/postconf-list.h"
#include "core/postconf.h"

#include "common.h"

/* --- settings and services ------------------------------------------------------------------------------------------- */

static const char settings[] = "# a comment\n"
                               "mynetworks = 127.0.0.0/8 [::1]/128\n"
                               "empty =\n"
                               "long = one,\n"
                               "    two\n"
                               "\tthree\n"
                               "equals = a = b\n"
                               "twice = 1\n"
                               "twice = 2\n"
                               "no setting\n"
                               "= nor this\n"
                               "10025/inet/mynetworks = 192.0.2.0/24\n"
                               "last = without LF";

static const struct
{
  const char *name;
  const char *expected;
} values[] = {
  { "mynetworks", "127.0.0.0/8 [::1]/128" },
  { "empty", "" },
  { "long", "one,     two \tthree" },
  { "equals", "a = b" },
  { "twice", "2" },
  { "no setting", NULL },
  { "", NULL },
  { "last", "without LF" },
  { "LAST", NULL },
};

static PgPostconf *
read_settings (void)
{
  PgPostconf *self = pg_postconf_new ();
  char       *block;

  ck_assert (pg_postconf_add_settings (self, exact_string (&block, settings), NULL));
  g_free (block);
  return self;
}

START_TEST (setting)
{
  g_autoptr (PgPostconf) self = read_settings ();

  assert_row_text (values[_i].name, pg_postconf_get (self, values[_i].name), values[_i].expected);
  ck_assert_uint_eq (pg_postconf_n_strange (self), 2);
}
END_TEST

static const char services[] = "smtp       inet  n       -       y       -       -       smtpd\n"
                               "10025      inet  n       -       n       -       -       smtpd -o x=y\n"
                               "    -o smtpd_relay_restrictions=reject\n"
                               "qmgr       unix  n       -       -       300     1       qmgr\n"
                               "short      unix  n\n";

START_TEST (service)
{
  g_autoptr (PgPostconf) self = read_settings ();
  gboolean is_own;
  char    *block;

  ck_assert (pg_postconf_add_services (self, exact_string (&block, services), NULL));
  g_free (block);
  ck_assert_uint_eq (pg_postconf_n_services (self), 3);
  ck_assert_str_eq (pg_postconf_service (self, 0)->name, "smtp");
  ck_assert_int_eq (pg_postconf_service (self, 0)->chroot, 'y');
  ck_assert_str_eq (pg_postconf_service (self, 1)->command, "smtpd");
  ck_assert_str_eq (pg_postconf_service (self, 2)->type, "unix");
  ck_assert_int_eq (pg_postconf_service (self, 2)->chroot, '-');
  ck_assert_str_eq (pg_postconf_get_for (self, pg_postconf_service (self, 1), "mynetworks", &is_own), "192.0.2.0/24");
  ck_assert (is_own);
  ck_assert_str_eq (pg_postconf_get_for (self, pg_postconf_service (self, 0), "mynetworks", &is_own), "127.0.0.0/8 [::1]/128");
  ck_assert (!is_own);
}
END_TEST

START_TEST (refused)
{
  g_autoptr (PgPostconf) self = pg_postconf_new ();
  g_autoptr (GError) nul = NULL;
  g_autoptr (GError) limit = NULL;
  g_autofree char *much = g_strnfill (PG_POSTCONF_TEXT_MAX + 1, 'x');

  ck_assert (!pg_postconf_add_settings (self, pg_span ("a = b\0c", 7), &nul));
  ck_assert (g_error_matches (nul, PG_ERROR, PG_ERROR_SYNTAX));
  ck_assert (!pg_postconf_add_services (self, pg_span_from_string (much), &limit));
  ck_assert (g_error_matches (limit, PG_ERROR, PG_ERROR_LIMIT));
  ck_assert_ptr_null (pg_postconf_get (self, "a"));
}
END_TEST

/* --- lists ----------------------------------------------------------------------------------------------------------- */

/* What is expected: names, "(argument)" behind those that have one, "?" before those that only warn. */
static const struct
{
  const char *list;
  const char *expected;
} lists[] = {
  { "", "" },
  { " , ,\t\r\n", "" },
  { "permit_mynetworks, reject_unauth_destination", "permit_mynetworks reject_unauth_destination" },
  { "permit_mynetworks reject", "permit_mynetworks reject" },
  { "permit,,reject", "permit reject" },
  { "check_policy_service unix:private/popgate, reject", "check_policy_service(unix:private/popgate) reject" },
  { "check_policy_service, unix:x reject", "check_policy_service(unix:x) reject" },
  { "CHECK_POLICY_SERVICE { unix:x, { default_action = OK a, b } }, reject",
    "CHECK_POLICY_SERVICE({ unix:x, { default_action = OK a, b } }) reject" },
  { "check_policy_service { unix:x, { a } , reject", "check_policy_service({ unix:x, { a } , reject)" },
  { "check_policy_service", "check_policy_service" },
  { "check_client_access hash:/x reject_rbl_client a.example permit",
    "check_client_access(hash:/x) reject_rbl_client(a.example) permit" },
  { "warn_if_reject reject_unauth_destination, permit", "?reject_unauth_destination permit" },
  { "permit warn_if_reject", "permit" },
  { "} permit", "} permit" },
};

static char *
describe (PgSpan list)
{
  g_autoptr (GArray) items = pg_postconf_list_parse (list, NULL);
  GString *text = g_string_new (NULL);

  ck_assert_ptr_nonnull (items);
  for (guint i = 0; i < items->len; i++)
    {
      const PgPostconfRestriction *item = &g_array_index (items, PgPostconfRestriction, i);

      g_string_append_printf (text, "%s%s%.*s", i > 0 ? " " : "", item->warns_only ? "?" : "", (int) item->name.len,
                              item->name.data);
      if (item->argument.len > 0)
        g_string_append_printf (text, "(%.*s)", (int) item->argument.len, item->argument.data);
    }
  return g_string_free (text, FALSE);
}

START_TEST (list)
{
  char            *block;
  g_autofree char *got = describe (exact_string (&block, lists[_i].list));

  assert_row_text (lists[_i].list, got, lists[_i].expected);
  g_free (block);
}
END_TEST

START_TEST (too_long)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i <= PG_POSTCONF_WORDS_MAX; i++)
    g_string_append (text, "a ");
  ck_assert_ptr_null (pg_postconf_list_parse (pg_span (text->str, text->len), &error));
  ck_assert (g_error_matches (error, PG_ERROR, PG_ERROR_LIMIT));
}
END_TEST

/* --- check_policy_service -------------------------------------------------------------------------------------------- */

static const struct
{
  const char *argument;
  gboolean    ok;
  const char *endpoint;
  const char *timeout; /* NULL: not said */
  const char *action;
  const char *context;
} asks[] = {
  { "unix:private/popgate", TRUE, "unix:private/popgate", NULL, NULL, NULL },
  { "{ unix:private/popgate, timeout=5s, { default_action = DEFER_IF_REJECT 4.7.1 try again } }", TRUE, "unix:private/popgate",
    "5s", "DEFER_IF_REJECT 4.7.1 try again", NULL },
  { "{inet:127.0.0.1:10040,policy_context=popgate-reject,default_action=DUNNO}", TRUE, "inet:127.0.0.1:10040", NULL, "DUNNO",
    "popgate-reject" },
  { "{ unix:x { timeout = 5s } }", TRUE, "unix:x", "5s", NULL, NULL },
  { "{ unix:x, { default_action = } }", TRUE, "unix:x", NULL, "", NULL },
  { "{ unix:x, max_idle=9, timeout=1 }", TRUE, "unix:x", "1", NULL, NULL },
  { "", FALSE, NULL, NULL, NULL, NULL },
  { "{ }", FALSE, NULL, NULL, NULL, NULL },
  { "{ unix:x, { a = b }", FALSE, NULL, NULL, NULL, NULL },
  { "{ unix:x, timeout }", FALSE, NULL, NULL, NULL, NULL },
  { "{ unix:x, { a = b }c }", FALSE, NULL, NULL, NULL, NULL },
  { "{ unix:x, =b }", FALSE, NULL, NULL, NULL, NULL },
};

static void
assert_part (const char *row, PgSpan got, const char *expected)
{
  g_autofree char *text = got.data != NULL ? g_strndup (got.data, got.len) : NULL;

  assert_row_text (row, text, expected);
}

START_TEST (ask)
{
  g_autoptr (GError) error = NULL;
  PgPostconfAsk got;
  char         *block;
  gboolean      ok = pg_postconf_ask_parse (exact_string (&block, asks[_i].argument), &got, &error);

  assert_row_agrees (asks[_i].argument, ok, error, asks[_i].ok);
  if (ok)
    {
      assert_part (asks[_i].argument, got.endpoint, asks[_i].endpoint);
      assert_part (asks[_i].argument, got.timeout, asks[_i].timeout);
      assert_part (asks[_i].argument, got.default_action, asks[_i].action);
      assert_part (asks[_i].argument, got.policy_context, asks[_i].context);
      assert_row (asks[_i].argument, got.has_braces == (asks[_i].argument[0] == '{'));
    }
  g_free (block);
}
END_TEST

/* --- mynetworks ------------------------------------------------------------------------------------------------------ */

static const struct
{
  const char *word;
  const char *expected; /* NULL: none */
} networks[] = {
  { "127.0.0.0/8", "127.0.0.0/8" },
  { "192.0.2.9/24", "192.0.2.0/24" },
  { "192.0.2.9", "192.0.2.9" },
  { "0.0.0.0/0", "0.0.0.0/0" },
  { "[::1]/128", "::1" },
  { "[2001:db8::]/32", "2001:db8::/32" },
  { "[::ffff:127.0.0.0]/104", "127.0.0.0/8" },
  { "[::]/0", "::/0" },
  { "192.0.2.0/33", NULL },
  { "192.0.2.0/", NULL },
  { "hash:/etc/postfix/nets", NULL },
  { "!192.0.2.1", NULL },
  { "/etc/postfix/nets", NULL },
  { "static:all", NULL },
  { "", NULL },
};

START_TEST (network)
{
  char      buffer[PG_NETWORK_TEXT_MAX];
  PgNetwork got;
  char     *block;
  gboolean  ok = pg_postconf_network_parse (exact_string (&block, networks[_i].word), &got);

  assert_row_text (networks[_i].word, ok ? pg_network_to_string (&got, buffer) : NULL, networks[_i].expected);
  g_free (block);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, setting, 0, G_N_ELEMENTS (values));
  tcase_add_test (tests, service);
  tcase_add_test (tests, refused);
  tcase_add_loop_test (tests, list, 0, G_N_ELEMENTS (lists));
  tcase_add_test (tests, too_long);
  tcase_add_loop_test (tests, ask, 0, G_N_ELEMENTS (asks));
  tcase_add_loop_test (tests, network, 0, G_N_ELEMENTS (networks));
}

PG_TEST_MAIN ("postconf", fill)
