/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "control/portable.h"

#include "core/error.h"

#include "common.h"

/* --- what is written can be read ------------------------------------------------------------------------------------- */

/* Through a line, as it goes from one host to another. */
static JsonObject *
carry (JsonObject *object)
{
  g_autofree char *line = pg_message_to_line (object);
  g_autoptr (GError) error = NULL;
  char       *block;
  JsonObject *again;

  ck_assert_int_eq (line[strlen (line) - 1], '\n');
  line[strlen (line) - 1] = '\0';
  again = pg_portable_parse (exact_string (&block, line), &error);
  ck_assert_msg (again != NULL, "%s: %s", line, error != NULL ? error->message : "");
  g_free (block);
  json_object_unref (object);
  return again;
}

static void
fill_name (GRand *rand, char *name, gsize len)
{
  for (gsize i = 0; i < len; i++)
    name[i] = (char) g_rand_int_range (rand, 0, 256);
}

static PgRecord
random_record (GRand *rand)
{
  PgAddress address = { 0 };
  PgRecord  record;

  for (gsize i = 0; i < sizeof address.bytes; i++)
    address.bytes[i] = (guint8) g_rand_int_range (rand, 0, 256);
  pg_record_init (&record, &address);
  for (gint n = g_rand_int_range (rand, 1, 20); n > 0; n--)
    {
      char    name[PG_USER_MAX];
      PgLogin login = {
        .time_us = g_rand_int_range (rand, 0, 1000),
        .user = pg_span (name, (gsize) g_rand_int_range (rand, 1, n % 2 == 0 ? 12 : PG_USER_MAX)),
        .service = (PgService) g_rand_int_range (rand, 1, PG_N_SERVICES),
        .server = (PgServer) g_rand_int_range (rand, 1, PG_SERVER_SOLID_POP3D + 1),
      };

      fill_name (rand, name, login.user.len);
      pg_record_add_login (&record, &login);
    }
  return record;
}

START_TEST (a_record_comes_back_as_it_was)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) _i);

  for (guint round = 0; round < 500; round++)
    {
      PgRecord record = random_record (rand);
      PgRecord again;
      g_autoptr (JsonObject) object = carry (pg_portable_grant (&record));
      g_autoptr (GError) error = NULL;
      guint8 bytes[2][PG_RECORD_SIZE];

      ck_assert_int_eq (pg_portable_kind (object), PG_PORTABLE_GRANT);
      ck_assert_msg (pg_portable_read_grant (object, &again, &error), "%s", error != NULL ? error->message : "");
      pg_record_encode (&record, &(PgSecret){ 0 }, &(PgHash){ 0 }, bytes[0]);
      pg_record_encode (&again, &(PgSecret){ 0 }, &(PgHash){ 0 }, bytes[1]);
      ck_assert_mem_eq (bytes[0], bytes[1], PG_RECORD_SIZE);
    }
}
END_TEST

static const PgNote notes[] = {
  { .kind = PG_NOTE_FREEZE, .target = PG_NOTE_ALL, .made_us = 5, .until_us = PG_NOTE_FOREVER, .by = "root" },
  { .kind = PG_NOTE_DENY,
    .target = PG_NOTE_USER,
    .user = "b\xff\\b",
    .made_us = 5,
    .until_us = 6,
    .by = "a\xc3",
    .why = "\"\n\x01\xc3" },
  { .kind = PG_NOTE_REVOKE,
    .target = PG_NOTE_USER,
    .user = "all",
    .made_us = 5,
    .until_us = PG_NOTE_FOREVER,
    .why = "\xe2\x82\xac" },
  { .kind = PG_NOTE_ALLOW, .target = PG_NOTE_NETWORK, .network = { .prefix = 0 }, .made_us = 5, .until_us = 7 },
};

START_TEST (a_note_comes_back_as_it_was)
{
  PgNote again;
  g_autoptr (JsonObject) object = carry (pg_portable_note (&notes[_i]));
  g_autoptr (GError) error = NULL;

  ck_assert_int_eq (pg_portable_kind (object), PG_PORTABLE_NOTE);
  ck_assert_msg (pg_portable_read_note (object, &again, &error), "%s", error != NULL ? error->message : "");
  ck_assert_int_eq (again.kind, notes[_i].kind);
  ck_assert (pg_note_is_same_target (&again, &notes[_i]));
  ck_assert_int_eq (again.made_us, notes[_i].made_us);
  ck_assert_int_eq (again.until_us, notes[_i].until_us);
  ck_assert_str_eq (again.by, notes[_i].by);
  ck_assert_str_eq (again.why, notes[_i].why);
}
END_TEST

START_TEST (begin_and_end_come_back)
{
  g_autoptr (JsonObject) head = carry (pg_portable_header ("0.1", 1234567));
  g_autoptr (JsonObject) end = carry (pg_portable_end (3, 4));
  gint64  told_us;
  guint64 n_notes, n_grants;

  ck_assert_int_eq (pg_portable_kind (head), PG_PORTABLE_HEADER);
  ck_assert (pg_portable_read_header (head, &told_us, NULL));
  ck_assert_int_eq (told_us, 1234567);
  ck_assert_int_eq (pg_portable_kind (end), PG_PORTABLE_END);
  ck_assert (pg_portable_read_end (end, &n_notes, &n_grants, NULL));
  ck_assert_uint_eq (n_notes, 3);
  ck_assert_uint_eq (n_grants, 4);
}
END_TEST

/* --- what is refused ------------------------------------------------------------------------------------------------- */

#define USER(more) "{\"user\":\"bob\",\"time_us\":5,\"service\":\"pop3\",\"server\":\"dovecot\"" more "}"
#define GRANT(users)                                                                                                             \
  "{\"grant\":\"192.0.2.1\",\"newest_us\":5,\"first_us\":5,\"count\":1,\"dropped_us\":null,\"users\":[" users "]}"
#define NOTE(kind, target)                                                                                                       \
  "{\"note\":\"" kind "\",\"target\":\"" target "\",\"by\":\"\",\"made_us\":5,\"until_us\":null,\"why\":\"\"}"

static const struct
{
  const char *line;
  const char *expected; /* part of what is said; NULL: it is legal */
} lines[] = {
  { GRANT (USER ("")), NULL },
  { GRANT (USER (",\"more\":[1]")), NULL },
  { "{\"grant\":\"::1\",\"newest_us\":5,\"first_us\":null,\"count\":0,\"dropped_us\":5,\"users\":[]}", NULL },
  { "{\"grant\":\"x\",\"newest_us\":5,\"first_us\":5,\"count\":1,\"dropped_us\":null,\"users\":[" USER ("") "]}",
    "\"grant\": expected an IP" },
  { "{\"grant\":7}", "\"grant\": expected an IP" },
  { "{\"grant\":\"::1\"}", "\"users\": expected an array" },
  { "{\"grant\":\"::1\",\"users\":{}}", "\"users\": expected an array" },
  { GRANT ("1"), "\"users\": expected an array of objects" },
  { GRANT ("{}"), "\"user\": expected text of 1 to 180 bytes" },
  { GRANT ("{\"user\":\"\"}"), "\"user\": expected text" },
  { GRANT ("{\"user_base64\":\"%%\"}"), "\"user\": expected text" },
  { GRANT ("{\"user_base64\":\"YQ\"}"), "\"user\": expected text" },
  { GRANT ("{\"user_base64\":\"YQ==\",\"time_us\":5,\"service\":\"imap\",\"server\":\"uw\"}"), NULL },
  { GRANT ("{\"user\":\"bob\"}"), "\"time_us\": expected a time" },
  { GRANT ("{\"user\":\"bob\",\"time_us\":-1}"), "\"time_us\": expected a time" },
  { GRANT ("{\"user\":\"bob\",\"time_us\":1.5}"), "\"time_us\": expected a time" },
  { GRANT ("{\"user\":\"bob\",\"time_us\":null}"), "\"time_us\": expected a time" },
  { GRANT ("{\"user\":\"bob\",\"time_us\":99999999999999999999}"), "\"time_us\": expected a time" },
  { GRANT ("{\"user\":\"bob\",\"time_us\":253402300800000001}"), "\"time_us\": expected a time" },
  { GRANT ("{\"user\":\"bob\",\"time_us\":5,\"service\":\"smtp\"}"), "\"service\": expected pop3" },
  { GRANT ("{\"user\":\"bob\",\"time_us\":5,\"service\":\"pop3\",\"server\":\"x\"}"), "\"server\": expected" },
  { GRANT (USER ("") "," USER ("")), "\"user\": expected each user once" },
  { "{\"grant\":\"::1\",\"newest_us\":6,\"first_us\":5,\"count\":1,\"dropped_us\":null,\"users\":[" USER ("") "]}",
    "\"newest_us\": expected" },
  { "{\"grant\":\"::1\",\"newest_us\":4,\"first_us\":4,\"count\":1,\"dropped_us\":null,\"users\":[" USER ("") "]}",
    "\"newest_us\": expected" },
  { "{\"grant\":\"::1\",\"newest_us\":6,\"first_us\":5,\"count\":1,\"dropped_us\":6,\"users\":[" USER ("") "]}", NULL },
  { "{\"grant\":\"::1\",\"newest_us\":5,\"first_us\":6,\"count\":1,\"dropped_us\":null,\"users\":[" USER ("") "]}",
    "\"first_us\": expected" },
  { "{\"grant\":\"::1\",\"newest_us\":5,\"first_us\":5,\"count\":-1,\"dropped_us\":null,\"users\":[" USER ("") "]}",
    "\"count\": expected" },
  { "{\"grant\":\"::1\",\"newest_us\":5,\"first_us\":5,\"count\":1,\"users\":[" USER ("") "]}", "\"dropped_us\": expected" },
  { NOTE ("deny", "192.0.2.0/24"), NULL },
  { NOTE ("freeze", "all"), NULL },
  { NOTE ("revoke", "user:all"), NULL },
  { NOTE ("what", "192.0.2.1"), "\"note\": expected allow, deny, revoke or freeze" },
  { NOTE ("freeze", "192.0.2.1"), "\"target\": expected one that goes with" },
  { NOTE ("deny", "all"), "\"target\": expected one that goes with" },
  { NOTE ("allow", "user:bob"), "\"target\": expected one that goes with" },
  { NOTE ("deny", "192.0.2.1/24"), "\"target\": \"192.0.2.1/24\": expected no bits" },
  { NOTE ("deny", "user:"), "\"target\": a user name" },
  { NOTE ("deny", ""), "\"target\": expected text" },
  { "{\"note\":\"deny\",\"target\":\"::1\",\"by\":\"\",\"made_us\":5,\"until_us\":5,\"why\":\"\"}", "\"until_us\": expected" },
  { "{\"note\":\"deny\",\"target\":\"::1\",\"by\":\"\",\"made_us\":5,\"why\":\"\"}", "\"until_us\": expected" },
  { "{\"note\":\"deny\",\"target\":\"::1\",\"by\":\"123456789012345678901234567890123\",\"made_us\":5}",
    "\"by\": expected text of 0 to 32" },
  { "{\"note\":\"deny\",\"target\":\"::1\",\"by_base64\":\"AA==\",\"made_us\":5}", "\"by\": expected text without NUL" },
  { "{\"popgate_export\":1,\"time_us\":5}", NULL },
  { "{\"popgate_export\":2,\"time_us\":5}", "format 2" },
  { "{\"popgate_export\":\"1\",\"time_us\":5}", "\"popgate_export\": expected" },
  { "{\"popgate_export\":1}", "\"time_us\": expected" },
  { "{\"end\":true,\"notes\":0,\"grants\":0}", NULL },
  { "{\"end\":1,\"notes\":0,\"grants\":0}", "\"end\": expected true" },
  { "{\"end\":true,\"notes\":0}", "\"grants\": expected" },
  { "{\"x\":1}", "unknown" },
  { "{\"grant\":\"\\u0000\"}", "without NUL" },
  { "{\"grant\":\"\\\\u0000\"}", "an IP address" },
  { "[]", "a JSON object" },
};

static gboolean
read_any (JsonObject *object, GError **error)
{
  PgNote   note;
  PgRecord record;
  gint64   us;
  guint64  n[2];

  switch (pg_portable_kind (object))
    {
    case PG_PORTABLE_HEADER:
      return pg_portable_read_header (object, &us, error);
    case PG_PORTABLE_NOTE:
      return pg_portable_read_note (object, &note, error);
    case PG_PORTABLE_GRANT:
      return pg_portable_read_grant (object, &record, error);
    case PG_PORTABLE_END:
      return pg_portable_read_end (object, &n[0], &n[1], error);
    case PG_PORTABLE_UNKNOWN:
      break;
    }
  g_set_error_literal (error, PG_ERROR, PG_ERROR_VALUE, "unknown");
  return FALSE;
}

START_TEST (a_line_is_what_it_has_to_be)
{
  g_autoptr (GError) error = NULL;
  char *block;
  g_autoptr (JsonObject) object = pg_portable_parse (exact_string (&block, lines[_i].line), &error);
  gboolean ok = object != NULL && read_any (object, &error);

  assert_row_agrees (lines[_i].line, ok, error, lines[_i].expected == NULL);
  if (!ok)
    ck_assert_msg (strstr (error->message, lines[_i].expected) != NULL, "%s: %s", lines[_i].line, error->message);
  g_free (block);
}
END_TEST

START_TEST (a_line_has_a_longest)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_strnfill (PG_PORTABLE_MAX + 1, ' ');
  g_autoptr (JsonObject) object = NULL;

  text[0] = '{';
  text[PG_PORTABLE_MAX - 1] = '}';
  object = pg_portable_parse (pg_span (text, PG_PORTABLE_MAX), NULL);
  ck_assert (object != NULL);
  ck_assert (pg_portable_parse (pg_span (text, PG_PORTABLE_MAX + 1), &error) == NULL);
  ck_assert (g_error_matches (error, PG_ERROR, PG_ERROR_LIMIT));
}
END_TEST

/* Any byte changed, or the end cut: something is said of it, or it is a legal line that means something else. */
START_TEST (damaged_lines_do_no_harm)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  for (guint round = 0; round < 20000; round++)
    {
      const char      *line = lines[g_rand_int_range (rand, 0, G_N_ELEMENTS (lines))].line;
      g_autofree char *copy = g_strdup (line);
      gsize            len = strlen (line) - (g_rand_boolean (rand) ? (gsize) g_rand_int_range (rand, 0, 2) : 0);
      g_autoptr (GError) error = NULL;
      g_autoptr (JsonObject) object = NULL;
      char *block;

      copy[g_rand_int_range (rand, 0, (gint32) strlen (line))] = (char) g_rand_int_range (rand, 0, 256);
      object = pg_portable_parse (exact (&block, pg_span (copy, len)), &error);
      ck_assert ((object == NULL) == (error != NULL));
      if (object != NULL)
        ck_assert (read_any (object, &error) == (error == NULL));
      g_free (block);
    }
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, a_record_comes_back_as_it_was, 0, 4);
  tcase_add_loop_test (tests, a_note_comes_back_as_it_was, 0, G_N_ELEMENTS (notes));
  tcase_add_test (tests, begin_and_end_come_back);
  tcase_add_loop_test (tests, a_line_is_what_it_has_to_be, 0, G_N_ELEMENTS (lines));
  tcase_add_test (tests, a_line_has_a_longest);
  tcase_add_test (tests, damaged_lines_do_no_harm);
}

PG_TEST_MAIN ("portable", fill)
