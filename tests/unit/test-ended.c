/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a revoke has ended, as the command tells it. */
#include "control/commands.h"
#include "control/ended.h"

#include "core/duration.h"

#include "folder.h"

#define NOW_US (1000 * PG_DAY)

static PgEngine *
open_engine (void)
{
  g_autofree char *path = in_folder ("popgate.gdbm");
  g_autofree char *store = g_strdup_printf ("popgate.store=gdbm:%s", path);
  const char      *overrides[] = { store, NULL };
  PgEngine        *engine = pg_engine_new (pg_config_parse (pg_span_from_string (""), overrides, NULL), PG_STORE_READ_WRITE);

  ck_assert (pg_engine_open (engine, NULL));
  return engine;
}

static void
log_in (PgEngine *engine, const char *address, const char *user, gint64 ago_us)
{
  PgLogin login = {
    .time_us = NOW_US - ago_us, .user = pg_span_from_string (user), .service = PG_SERVICE_POP3, .server = PG_SERVER_DOVECOT
  };
  const char *why;

  ck_assert (pg_address_parse (pg_span_from_string (address), &login.address));
  ck_assert_int_eq (pg_engine_login (engine, &login, NOW_US - ago_us, &why, NULL), PG_LOGIN_GRANTED);
}

static void
log_all_in (PgEngine *engine)
{
  log_in (engine, "192.0.2.1", "bob", 60 * PG_SECOND);
  log_in (engine, "192.0.2.1", "alice", 50 * PG_SECOND);
  log_in (engine, "192.0.2.2", "Bob", 60 * PG_SECOND);
  log_in (engine, "192.0.2.3", "carol", 60 * PG_SECOND);
  log_in (engine, "2001:db8::1", "dave", 60 * PG_SECOND);
  log_in (engine, "192.0.2.4", "bob", 31 * PG_MINUTE);
}

static void
describe_nothing (G_GNUC_UNUSED JsonObject *status, G_GNUC_UNUSED gpointer user_data)
{
}

/* The row that it is answered with; transfer full. */
static JsonObject *
run (PgEngine *engine, const char *command, const char *target)
{
  const PgCommandHost host = { .engine = engine, .by = "root", .now_us = NOW_US, .describe = describe_nothing };
  g_autoptr (JsonObject) request = json_object_new ();
  g_autoptr (PgAnswer) answer = NULL;
  JsonObject *row = NULL;
  JsonObject *message;

  json_object_set_string_member (request, "command", command);
  json_object_set_string_member (request, "target", target);
  answer = pg_command_run (&host, request);
  while (pg_answer_next (answer, &message))
    {
      if (message == NULL)
        continue;
      if (json_object_has_member (message, "row"))
        row = json_object_ref (json_object_get_object_member (message, "row"));
      else
        ck_assert_int_eq (pg_message_get_int (message, "exit", -1), PG_EXIT_OK);
      json_object_unref (message);
    }
  ck_assert_ptr_nonnull (row);
  return row;
}

static gint
compare_strings (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(char *const *) a, *(char *const *) b);
}

/* "ADDRESS USER USER" of each grant that is told, in order of the addresses, with commas between; transfer full. */
static char *
tell_grants (JsonObject *row)
{
  JsonArray *grants = json_object_get_array_member (row, "grants");
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < json_array_get_length (grants); i++)
    {
      JsonObject *grant = json_array_get_object_element (grants, i);
      JsonArray  *users = json_object_get_array_member (grant, "users");
      GString    *text = g_string_new (pg_message_get_string (grant, "address"));

      for (guint j = 0; j < json_array_get_length (users); j++)
        g_string_append_printf (text, " %s", json_array_get_string_element (users, j));
      g_ptr_array_add (texts, g_string_free (text, FALSE));
    }
  g_ptr_array_sort (texts, compare_strings);
  g_ptr_array_add (texts, NULL);
  return g_strjoinv (", ", (char **) texts->pdata);
}

static const struct
{
  const char *name;
  const char *command; /* NULL: none */
  const char *about;
  const char *target;
  const char *grants;
  gint64      ended;
  gint64      kept;
} rows[] = {
  { "an address", NULL, NULL, "192.0.2.1", "192.0.2.1 alice bob", 1, 0 },
  { "an IPv6 address", NULL, NULL, "2001:db8::1", "2001:db8::1 dave", 1, 0 },
  { "a network", NULL, NULL, "192.0.2.0/24", "192.0.2.1 alice bob, 192.0.2.2 Bob, 192.0.2.3 carol", 3, 0 },
  { "a user", NULL, NULL, "user:bob", "192.0.2.2 Bob", 1, 1 },
  { "a user who was nowhere", NULL, NULL, "user:eve", "", 0, 0 },
  { "an address without a login", NULL, NULL, "192.0.2.9", "", 0, 0 },
  { "an address whose window is over", NULL, NULL, "192.0.2.4", "", 0, 0 },
  { "once more", "revoke", "192.0.2.1", "192.0.2.1", "", 0, 0 },
  { "what a wider one has ended", "revoke", "192.0.2.0/24", "user:bob", "", 0, 0 },
  { "the last user", "revoke", "user:alice", "user:bob", "192.0.2.1 alice bob, 192.0.2.2 Bob", 2, 0 },
  { "a user who is denied", "deny", "user:bob", "user:bob", "", 0, 1 },
  { "an address that is denied", "deny", "192.0.2.1", "192.0.2.1", "192.0.2.1 alice bob", 1, 0 },
};

START_TEST (what_is_told)
{
  PgEngine *engine = open_engine ();
  g_autoptr (JsonObject) row = NULL;
  g_autofree char *grants = NULL;

  log_all_in (engine);
  if (rows[_i].command != NULL)
    json_object_unref (run (engine, rows[_i].command, rows[_i].about));
  row = run (engine, "revoke", rows[_i].target);
  grants = tell_grants (row);
  assert_row_text (rows[_i].name, grants, rows[_i].grants);
  assert_row (rows[_i].name, pg_message_get_int (row, "ended", -1) == rows[_i].ended);
  assert_row (rows[_i].name, pg_message_get_int (row, "kept", -1) == rows[_i].kept);
  assert_row_text (rows[_i].name, pg_message_get_string (row, "kind"), "revoke");
  assert_row (rows[_i].name, json_object_get_null_member (row, "problem"));
  pg_engine_free (engine);
}
END_TEST

START_TEST (when_it_would_have_ended)
{
  PgEngine *engine = open_engine ();
  g_autoptr (JsonObject) row = NULL;
  JsonObject *grant;

  log_all_in (engine);
  json_object_unref (run (engine, "deny", "user:alice"));
  row = run (engine, "revoke", "192.0.2.1");
  grant = json_array_get_object_element (json_object_get_array_member (row, "grants"), 0);
  ck_assert_int_eq (pg_message_get_int (grant, "login", 0), (NOW_US - 60 * PG_SECOND) / PG_SECOND); /* bob's, not alice's */
  ck_assert_int_eq (pg_message_get_int (grant, "until", 0), (NOW_US + 29 * PG_MINUTE) / PG_SECOND);
  pg_engine_free (engine);
}
END_TEST

START_TEST (many_are_counted)
{
  PgEngine *engine = open_engine ();
  g_autoptr (JsonObject) row = NULL;

  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *address = g_strdup_printf ("198.51.%u.%u", i / 250, i % 250);

      log_in (engine, address, "bob", PG_SECOND);
    }
  row = run (engine, "revoke", "user:bob");
  ck_assert_int_eq (pg_message_get_int (row, "ended", 0), 1000);
  ck_assert_uint_eq (json_array_get_length (json_object_get_array_member (row, "grants")), PG_ENDED_GRANTS_MAX);
  ck_assert_uint_eq (pg_store_n_cursors (pg_engine_store (engine)), 0);
  pg_engine_free (engine);
}
END_TEST

static void
fill (TCase *tests)
{
  add_folder (tests);
  tcase_add_loop_test (tests, what_is_told, 0, G_N_ELEMENTS (rows));
  tcase_add_test (tests, when_it_would_have_ended);
  tcase_add_test (tests, many_are_counted);
}

PG_TEST_MAIN ("ended", fill)
