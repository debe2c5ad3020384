/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/error.h"
#include "core/request.h"

#include "common.h"

#define HEAD "request=smtpd_access_policy\n"

/* What a parser said of a run of bytes, told as text: queries, then how it ended. */
typedef struct
{
  PgRequest *request;
  GString   *out;
  gboolean   failed;
  PgAddress  heard;
  guint      n_heard; /* of the request that is not complete yet */
} Reader;

static void
hear (const PgAddress *address, gpointer user_data)
{
  Reader *reader = user_data;

  reader->heard = *address;
  reader->n_heard++;
}

/* What was heard before the request's end is what it says in the end. */
static void
check_heard (Reader *reader)
{
  PgQuery query;

  pg_request_query (reader->request, &query);
  ck_assert_uint_eq (reader->n_heard, query.has_address ? 1 : 0);
  ck_assert (!query.has_address || pg_address_equal (&reader->heard, &query.address));
  reader->n_heard = 0;
}

static void
tell_value (GString *out, const char *name, PgSpan value)
{
  if (value.len == 0)
    return;
  g_string_append_printf (out, " %s=", name);
  g_string_append_len (out, value.data, (gssize) value.len);
}

static void
tell_query (const PgRequest *request, GString *out)
{
  char    buffer[PG_ADDRESS_TEXT_MAX];
  PgQuery query;

  pg_request_query (request, &query);
  g_string_append (out, query.is_rcpt ? "{rcpt" : "{other");
  g_string_append_printf (out, " %s", query.has_address ? pg_address_to_string (&query.address, buffer) : "nowhere");
  tell_value (out, "sender", query.sender);
  tell_value (out, "recipient", query.recipient);
  tell_value (out, "sasl", query.sasl_username);
  tell_value (out, "context", query.context);
  tell_value (out, "instance", query.instance);
  g_string_append (out, "}");
}

static const char *
error_word (const GError *error)
{
  if (g_error_matches (error, PG_ERROR, PG_ERROR_SYNTAX))
    return "syntax";
  return g_error_matches (error, PG_ERROR, PG_ERROR_LIMIT) ? "limit" : "?";
}

static void
read_portion (Reader *reader, PgSpan bytes)
{
  g_autofree char   *block = NULL;
  g_autoptr (GError) error = NULL;
  PgSpan             data = exact (&block, bytes);

  while (!reader->failed && data.len > 0)
    {
      gboolean complete = FALSE;
      gboolean ok = pg_request_feed (reader->request, &data, &complete, &error);

      ck_assert_msg (ok == (error == NULL), "result and error disagree");
      reader->failed = !ok;
      if (!ok)
        {
          ck_assert (!complete);
          g_string_append_printf (reader->out, "!%s", error_word (error));
        }
      else if (complete)
        {
          ck_assert (!pg_request_is_begun (reader->request));
          tell_query (reader->request, reader->out);
          check_heard (reader);
          pg_request_reset (reader->request);
        }
      else
        ck_assert (data.len == 0);
    }
}

/* Reads @bytes in portions: the first @first bytes, then @step at a time (0: the rest at once). Transfer full. */
static char *
read_cut (PgSpan bytes, gsize first, gsize step)
{
  Reader reader = { .request = pg_request_new (), .out = g_string_new (NULL) };

  pg_request_hear (reader.request, hear, &reader);
  read_portion (&reader, pg_span (bytes.data, first));
  for (gsize at = first; at < bytes.len;)
    {
      gsize len = step == 0 ? bytes.len - at : MIN (step, bytes.len - at);

      read_portion (&reader, pg_span (bytes.data + at, len));
      at += len;
    }
  if (!reader.failed && pg_request_is_begun (reader.request))
    g_string_append (reader.out, "...");
  pg_request_free (reader.request);
  return g_string_free (reader.out, FALSE);
}

static const struct
{
  const char *name;
  PgSpan      bytes;
  const char *told;
} rows[] = {
  { "nothing", BYTES (""), "" },
  { "least", BYTES (HEAD "\n"), "{other nowhere}" },
  { "rcpt", BYTES (HEAD "protocol_state=RCPT\nclient_address=192.0.2.1\n\n"), "{rcpt 192.0.2.1}" },
  { "every attribute", BYTES ("protocol_state=RCPT\n" HEAD "sender=a@b\nrecipient=c@d\nsasl_username=u\npolicy_context=x\n"
                              "instance=1.2\nclient_address=2001:DB8::1\n\n"),
    "{rcpt 2001:db8::1 sender=a@b recipient=c@d sasl=u context=x instance=1.2}" },
  { "v4-mapped", BYTES (HEAD "client_address=::ffff:192.0.2.1\n\n"), "{other 192.0.2.1}" },
  { "two in one", BYTES (HEAD "client_address=192.0.2.1\nsender=a\n\n" HEAD "client_address=192.0.2.2\n\n"),
    "{other 192.0.2.1 sender=a}{other 192.0.2.2}" },
  { "nothing left of the one before", BYTES (HEAD "protocol_state=RCPT\nclient_address=192.0.2.1\n\n" HEAD "\n"),
    "{rcpt 192.0.2.1}{other nowhere}" },
  { "unfinished", BYTES (HEAD "client_address=192.0.2.1\n"), "..." },
  { "unfinished second", BYTES (HEAD "\nr"), "{other nowhere}..." },
  { "unknown attributes", BYTES (HEAD "x=1\nclient_address_type=4\nCLIENT_ADDRESS=192.0.2.1\n client_address=192.0.2.2\n\n"),
    "{other nowhere}" },
  { "first wins", BYTES (HEAD "client_address=192.0.2.1\nclient_address=192.0.2.2\n\n"), "{other 192.0.2.1}" },
  { "empty is absent", BYTES (HEAD "client_address=\nclient_address=192.0.2.2\nsender=\n\n"), "{other 192.0.2.2}" },
  { "equal signs in a value", BYTES (HEAD "sender==a=b=@c\n\n"), "{other nowhere sender==a=b=@c}" },
  { "bytes of any kind", BYTES (HEAD "sender=\xff\x01 \t\n\n"), "{other nowhere sender=\xff\x01 \t}" },
  { "unknown client", BYTES (HEAD "client_address=unknown\n\n"), "{other nowhere}" },
  { "address with a blank", BYTES (HEAD "client_address= 192.0.2.1\n\n"), "{other nowhere}" },
  { "CR is a byte", BYTES (HEAD "protocol_state=RCPT\r\nclient_address=192.0.2.1\r\n\n"), "{other nowhere}" },
  { "lower-case state", BYTES (HEAD "protocol_state=rcpt\n\n"), "{other nowhere}" },
  { "longer state", BYTES (HEAD "protocol_state=RCPT2\n\n"), "{other nowhere}" },
  { "blank line with CR", BYTES (HEAD "\r\n"), "!syntax" },
  { "blank line at once", BYTES ("\n"), "!syntax" },
  { "no request", BYTES ("client_address=192.0.2.1\n\n"), "!syntax" },
  { "wrong request", BYTES ("request=junk\n\n"), "!syntax" },
  { "wrong request first", BYTES ("request=junk\n" HEAD "\n"), "!syntax" },
  { "empty request first", BYTES ("request=\n" HEAD "\n"), "{other nowhere}" },
  { "request with a tail", BYTES ("request=smtpd_access_policy \n\n"), "!syntax" },
  { "no equal sign", BYTES (HEAD "junk\n\n"), "!syntax" },
  { "no name", BYTES (HEAD "=192.0.2.1\n\n"), "!syntax" },
  { "NUL in a value", BYTES (HEAD "client_address=192.0.2.1\0\n\n"), "!syntax" },
  { "NUL in a name", BYTES (HEAD "client\0address=192.0.2.1\n\n"), "!syntax" },
  { "NUL in an unknown attribute", BYTES (HEAD "x=\0\n\n"), "!syntax" },
  { "NUL alone", BYTES (HEAD "\0\n\n"), "!syntax" },
  { "HTTP", BYTES ("POST / HTTP/1.1\r\nHost: x\r\n\r\n" HEAD "\n"), "!syntax" },
  { "failure in the second", BYTES (HEAD "\njunk\n" HEAD "\n"), "{other nowhere}!syntax" },
};

START_TEST (request_is_the_same_for_every_cut)
{
  PgSpan bytes = rows[_i].bytes;

  for (gsize first = 0; first <= bytes.len; first++)
    for (gsize step = 0; step < 2; step++)
      {
        g_autofree char *told = read_cut (bytes, first, step);

        assert_row_text (rows[_i].name, told, rows[_i].told);
      }
}
END_TEST

/* A request of @len bytes in all: either one long value or many short attributes. */
static GString *
make_long (gsize len, gboolean one_value)
{
  GString *bytes = g_string_new (HEAD);

  if (one_value)
    {
      g_string_append (bytes, "sender=");
      while (bytes->len < len - 2)
        g_string_append_c (bytes, 'x');
      g_string_append (bytes, "\n\n");
      return bytes;
    }
  while (bytes->len < len - 8)
    g_string_append (bytes, "x=1\n");
  while (bytes->len < len - 2)
    g_string_append (bytes, bytes->str[bytes->len - 1] == '\n' ? "y=" : "z");
  g_string_append (bytes, "\n\n");
  return bytes;
}

static const struct
{
  gsize    len;
  gboolean one_value;
  gboolean ok;
} longs[] = {
  { PG_REQUEST_MAX - 1, TRUE, TRUE },     { PG_REQUEST_MAX, TRUE, TRUE },      { PG_REQUEST_MAX + 1, TRUE, FALSE },
  { PG_REQUEST_MAX + 2, TRUE, FALSE },    { 2 * PG_REQUEST_MAX, TRUE, FALSE }, { PG_REQUEST_MAX, FALSE, TRUE },
  { PG_REQUEST_MAX + 1, FALSE, FALSE },   { PG_REQUEST_MAX + 2, FALSE, FALSE },
};

START_TEST (a_request_is_bounded)
{
  static const gsize steps[] = { 0, 1, 4096, 65535 };
  GString           *bytes = make_long (longs[_i].len, longs[_i].one_value);

  ck_assert_uint_eq (bytes->len, longs[_i].len);
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autofree char *told = read_cut (pg_span (bytes->str, bytes->len), 0, steps[i]);

      ck_assert_msg (g_str_has_prefix (told, longs[_i].ok ? "{other nowhere" : "!limit"), "%zu bytes by %zu: %.60s",
                     longs[_i].len, steps[i], told);
    }
  g_string_free (bytes, TRUE);
}
END_TEST

START_TEST (a_request_without_an_end_is_bounded)
{
  g_autoptr (PgRequest) request = pg_request_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *bytes = g_strnfill (PG_REQUEST_MAX, 'x');
  PgSpan           data = pg_span (bytes, PG_REQUEST_MAX);
  gboolean         complete = TRUE;

  ck_assert (pg_request_feed (request, &data, &complete, &error));
  ck_assert (error == NULL && !complete && data.len == 0);
  ck_assert (pg_request_is_begun (request));
  data = pg_span ("\n", 1);
  ck_assert (!pg_request_feed (request, &data, &complete, &error));
  ck_assert (g_error_matches (error, PG_ERROR, PG_ERROR_LIMIT));
}
END_TEST

START_TEST (a_reset_parser_is_as_new)
{
  g_autoptr (PgRequest) request = pg_request_new ();
  g_autofree char *bytes = g_strnfill (60000, 'x');
  GString         *told = g_string_new (NULL);
  PgSpan           data = pg_span (bytes, 60000);
  gboolean         complete;

  ck_assert (!pg_request_is_begun (request));
  ck_assert (pg_request_feed (request, &data, &complete, NULL));
  pg_request_reset (request);
  ck_assert (!pg_request_is_begun (request));
  data = pg_span_from_string ("junk\n");
  ck_assert (!pg_request_feed (request, &data, &complete, NULL));
  pg_request_reset (request);
  data = pg_span_from_string (HEAD "client_address=192.0.2.1\n\nrest");
  ck_assert (pg_request_feed (request, &data, &complete, NULL));
  ck_assert (complete);
  ck_assert (pg_span_is (data, "rest"));
  tell_query (request, told);
  ck_assert_str_eq (told->str, "{other 192.0.2.1}");
  g_string_free (told, TRUE);
  pg_request_free (NULL);
}
END_TEST

START_TEST (an_address_is_heard_as_soon_as_it_is_there)
{
  Reader             reader = { .request = pg_request_new () };
  PgSpan             data = pg_span_from_string ("client_address=\nclient_address=192.0.2.1\nclient_address=192.0.2.2\nsen");
  g_autoptr (GError) error = NULL;
  gboolean           complete;
  char               buffer[PG_ADDRESS_TEXT_MAX];

  pg_request_hear (reader.request, hear, &reader);
  ck_assert (pg_request_feed (reader.request, &data, &complete, &error));
  ck_assert_uint_eq (reader.n_heard, 1);
  ck_assert_str_eq (pg_address_to_string (&reader.heard, buffer), "192.0.2.1");
  pg_request_reset (reader.request);
  data = pg_span_from_string ("client_address=unknown\nclient_address=192.0.2.2\n");
  ck_assert (pg_request_feed (reader.request, &data, &complete, &error));
  ck_assert_uint_eq (reader.n_heard, 1);
  pg_request_free (reader.request);
}
END_TEST

/* --- the captured requests ------------------------------------------------------------------------------------------- */

/* How many states and addresses a capture of Postfix's own holds, told by plain search. */
static guint
count_in (const char *text, const char *needle)
{
  guint count = 0;

  for (const char *at = strstr (text, needle); at != NULL; at = strstr (at + 1, needle))
    count++;
  return count;
}

static void
check_capture (const char *path)
{
  g_autofree char *text = NULL;
  g_autofree char *whole = NULL;
  g_autofree char *bytewise = NULL;
  gsize            len;

  ck_assert_msg (g_file_get_contents (path, &text, &len, NULL), "%s", path);
  whole = read_cut (pg_span (text, len), 0, 0);
  bytewise = read_cut (pg_span (text, len), 0, 1);
  assert_row_text (path, whole, bytewise);
  assert_row (path, strchr (whole, '!') == NULL && !g_str_has_suffix (whole, "..."));
  ck_assert_msg (count_in (whole, "{rcpt ") == count_in (text, "\nprotocol_state=RCPT\n"), "%s: %s", path, whole);
  ck_assert_msg (count_in (whole, "{") >= count_in (text, "request=smtpd_access_policy\n"), "%s: %s", path, whole);
  assert_row (path, count_in (whole, " nowhere") == count_in (text, "\nclient_address=unknown\n"));
}

START_TEST (captured_requests_are_read)
{
  g_autofree char   *folder = corpus_path ("requests");
  g_autoptr (GDir)   dir = g_dir_open (folder, 0, NULL);
  const char        *name;
  guint              n_files = 0;

  ck_assert_msg (dir != NULL, "%s", folder);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (!g_str_has_suffix (name, ".txt"))
        continue;
      check_capture (path);
      n_files++;
    }
  ck_assert_uint_ge (n_files, 20);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, request_is_the_same_for_every_cut, 0, G_N_ELEMENTS (rows));
  tcase_add_loop_test (tests, a_request_is_bounded, 0, G_N_ELEMENTS (longs));
  tcase_add_test (tests, a_request_without_an_end_is_bounded);
  tcase_add_test (tests, a_reset_parser_is_as_new);
  tcase_add_test (tests, an_address_is_heard_as_soon_as_it_is_there);
  tcase_add_test (tests, captured_requests_are_read);
}

PG_TEST_MAIN ("request", fill)
