/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests: the same for every way to cut the input; what comes out stands in it; bounds hold. */
#include "core/error.h"
#include "core/request.h"

#include "common.h"

static void
tell_value (GString *told, PgSpan value)
{
  must (value.len < PG_REQUEST_MAX);
  must (value.len == 0 || (memchr (value.data, '\n', value.len) == NULL && memchr (value.data, '\0', value.len) == NULL));
  g_string_append_len (told, value.data, (gssize) value.len);
  g_string_append_c (told, '\n');
}

static void
tell_query (const PgRequest *request, GString *told)
{
  char    buffer[PG_ADDRESS_TEXT_MAX];
  PgQuery query;

  pg_request_query (request, &query);
  must (!pg_request_is_begun (request));
  g_string_append_printf (told, "%d %s\n", query.is_rcpt,
                          query.has_address ? pg_address_to_string (&query.address, buffer) : "-");
  tell_value (told, query.sender);
  tell_value (told, query.recipient);
  tell_value (told, query.sasl_username);
  tell_value (told, query.context);
  tell_value (told, query.instance);
}

static guint n_heard;

static void
hear (G_GNUC_UNUSED const PgAddress *address, G_GNUC_UNUSED gpointer user_data)
{
  n_heard++;
}

static void
check_heard (const PgRequest *request)
{
  PgQuery query;

  pg_request_query (request, &query);
  must (n_heard == (query.has_address ? 1 : 0));
  n_heard = 0;
}

/* One portion. Returns FALSE after an error. */
static gboolean
read_portion (PgRequest *request, PgSpan data, GString *told)
{
  while (data.len > 0)
    {
      g_autoptr (GError) error = NULL;
      gboolean           complete;
      gboolean           ok = pg_request_feed (request, &data, &complete, &error);

      must (ok == (error == NULL));
      if (!ok)
        {
          must (!complete && error->domain == PG_ERROR);
          g_string_append_printf (told, "error %d", error->code);
          return FALSE;
        }
      must (complete || data.len == 0);
      if (!complete)
        continue;
      tell_query (request, told);
      check_heard (request);
      pg_request_reset (request);
      must (!pg_request_is_begun (request));
    }
  return TRUE;
}

static GString *
read_cut (PgSpan bytes, PgSpan steps)
{
  PgRequest *request = pg_request_new ();
  GString   *told = g_string_new (NULL);
  gboolean   ok = TRUE;

  n_heard = 0;
  pg_request_hear (request, hear, NULL);
  for (gsize at = 0, turn = 0; ok && at < bytes.len; turn++)
    {
      gsize            step = step_of (steps, turn, bytes.len);
      g_autofree char *block = NULL;
      PgSpan           data = exact (&block, pg_span (bytes.data + at, MIN (step, bytes.len - at)));

      at += data.len;
      ok = read_portion (request, data, told);
    }
  if (ok && pg_request_is_begun (request))
    g_string_append (told, "begun");
  pg_request_free (request);
  return told;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  PgSpan   input = pg_span ((const char *) data, size);
  PgSpan   steps = take_steps (&input);
  GString *bytes;
  GString *whole;
  GString *cut;

  bytes = unfold (input);
  whole = read_cut (pg_span (bytes->str, bytes->len), pg_span (NULL, 0));
  cut = read_cut (pg_span (bytes->str, bytes->len), steps);
  must (g_string_equal (whole, cut));
  g_string_free (bytes, TRUE);
  g_string_free (whole, TRUE);
  g_string_free (cut, TRUE);
  return 0;
}
