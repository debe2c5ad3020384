/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/postconf-list.h"

#include "core/error.h"

static gboolean
is_separator (char c)
{
  return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

gboolean
pg_postconf_take_word (PgSpan *list, PgSpan *out)
{
  guint64 level = 0;
  gsize   len = 0;

  while (list->len > 0 && is_separator (list->data[0]))
    pg_span_skip (list, 1);
  for (; len < list->len && (level > 0 || !is_separator (list->data[len])); len++)
    if (list->data[len] == '{')
      level++;
    else if (list->data[len] == '}' && level > 0)
      level--;
  *out = pg_span (list->data, len);
  pg_span_skip (list, len);
  return len > 0;
}

/* --- lists ----------------------------------------------------------------------------------------------------------- */

static gboolean
is_word (PgSpan span, const char *word)
{
  return span.len == strlen (word) && (span.len == 0 || g_ascii_strncasecmp (span.data, word, span.len) == 0);
}

static gboolean
begins (PgSpan span, const char *start)
{
  return span.len >= strlen (start) && g_ascii_strncasecmp (span.data, start, strlen (start)) == 0;
}

static gboolean
ends (PgSpan span, const char *end)
{
  gsize len = strlen (end);

  return span.len >= len && g_ascii_strncasecmp (span.data + span.len - len, end, len) == 0;
}

/* Which ones take the word behind them. */
static gboolean
has_argument (PgSpan name)
{
  return is_word (name, "check_policy_service") || (begins (name, "check_") && ends (name, "_access"))
         || begins (name, "reject_rbl") || begins (name, "reject_rhsbl_") || begins (name, "permit_dnswl_")
         || begins (name, "permit_rhswl_") || is_word (name, "sleep");
}

/* The next restriction, its argument and a warn_if_reject before it. */
static gboolean
take_restriction (PgSpan *list, PgPostconfRestriction *out)
{
  PgSpan      word;
  const char *start;

  *out = (PgPostconfRestriction){ .warns_only = FALSE };
  if (!pg_postconf_take_word (list, &word))
    return FALSE;
  start = word.data;
  while (is_word (word, "warn_if_reject") && pg_postconf_take_word (list, &word))
    out->warns_only = TRUE;
  if (word.len == 0)
    return FALSE;
  out->name = word;
  if (has_argument (out->name))
    (void) pg_postconf_take_word (list, &out->argument);
  word = out->argument.len > 0 ? out->argument : out->name;
  out->text = pg_span (start, (gsize) (word.data + word.len - start));
  return TRUE;
}

GArray *
pg_postconf_list_parse (PgSpan list, GError **error)
{
  GArray               *restrictions = g_array_new (FALSE, FALSE, sizeof (PgPostconfRestriction));
  PgPostconfRestriction restriction;

  while (take_restriction (&list, &restriction))
    {
      if (restrictions->len == PG_POSTCONF_WORDS_MAX)
        {
          g_set_error (error, PG_ERROR, PG_ERROR_LIMIT, "a list of more than %u restrictions", PG_POSTCONF_WORDS_MAX);
          g_array_unref (restrictions);
          return NULL;
        }
      g_array_append_val (restrictions, restriction);
    }
  return restrictions;
}

gboolean
pg_postconf_is (const PgPostconfRestriction *restriction, const char *name)
{
  return is_word (restriction->name, name);
}

/* --- what check_policy_service is told ------------------------------------------------------------------------------- */

static PgSpan
strip (PgSpan span)
{
  while (span.len > 0 && is_separator (span.data[0]) && span.data[0] != ',')
    pg_span_skip (&span, 1);
  while (span.len > 0 && is_separator (span.data[span.len - 1]) && span.data[span.len - 1] != ',')
    span.len--;
  return span;
}

/* Takes the braces off; FALSE: what begins with one has its end elsewhere than at the last byte. */
static gboolean
unbrace (PgSpan *span)
{
  guint64 level = 0;

  for (gsize i = 0; i < span->len; i++)
    {
      if (span->data[i] == '{')
        level++;
      else if (span->data[i] == '}' && --level == 0)
        {
          if (i + 1 != span->len)
            return FALSE;
          *span = strip (pg_span (span->data + 1, span->len - 2));
          return TRUE;
        }
    }
  return FALSE;
}

static void
set_attribute (PgPostconfAsk *ask, PgSpan name, PgSpan value)
{
  if (value.data == NULL)
    value = pg_span ("", 0);
  if (pg_span_is (name, "timeout"))
    ask->timeout = value;
  else if (pg_span_is (name, "default_action"))
    ask->default_action = value;
  else if (pg_span_is (name, "policy_context"))
    ask->policy_context = value;
}

static gboolean
read_attribute (PgPostconfAsk *ask, PgSpan word, GError **error)
{
  g_autofree char *shown = pg_span_escape (word, 100);
  PgSpan           name;

  if (word.data[0] == '{' && !unbrace (&word))
    g_set_error (error, PG_ERROR, PG_ERROR_SYNTAX, "%s: braces that do not match", shown);
  else if (!pg_span_take_until (&word, '=', &name) || strip (name).len == 0)
    g_set_error (error, PG_ERROR, PG_ERROR_SYNTAX, "%s: expected NAME=VALUE, in braces if the value has blanks", shown);
  else
    {
      set_attribute (ask, strip (name), strip (word));
      return TRUE;
    }
  return FALSE;
}

gboolean
pg_postconf_ask_parse (PgSpan argument, PgPostconfAsk *out, GError **error)
{
  PgPostconfAsk ask = { .has_braces = argument.len > 0 && argument.data[0] == '{' };
  PgSpan        word;

  if (ask.has_braces && !unbrace (&argument))
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_SYNTAX, "check_policy_service: braces that do not match");
      return FALSE;
    }
  if (!pg_postconf_take_word (&argument, &ask.endpoint))
    {
      g_set_error_literal (error, PG_ERROR, PG_ERROR_SYNTAX, "check_policy_service: expected a socket behind it");
      return FALSE;
    }
  while (pg_postconf_take_word (&argument, &word))
    if (!read_attribute (&ask, word, error))
      return FALSE;
  *out = ask;
  return TRUE;
}

/* --- mynetworks ------------------------------------------------------------------------------------------------------ */

gboolean
pg_postconf_network_parse (PgSpan word, PgNetwork *out)
{
  char   text[PG_NETWORK_TEXT_MAX + 2];
  gsize  len = 0;
  guint  bits = G_MAXUINT;
  PgSpan span;
  gsize  slash;

  for (gsize i = 0; i < word.len; i++)
    if (word.data[i] != '[' && word.data[i] != ']')
      {
        if (len == sizeof text)
          return FALSE;
        text[len++] = word.data[i];
      }
  span = pg_span (text, len);
  if (pg_span_find (span, "/", &slash))
    {
      PgSpan digits = pg_span (text + slash + 1, len - slash - 1);

      if (!pg_span_take_number (&digits, 1, 3, &bits) || digits.len > 0)
        return FALSE;
      span.len = slash;
    }
  if (!pg_address_parse (span, &out->base))
    return FALSE;
  if (memchr (span.data, ':', span.len) == NULL)
    bits = bits == G_MAXUINT ? 128 : bits + PG_NETWORK_V4_BITS;
  else if (bits == G_MAXUINT)
    bits = 128;
  if (bits > 128)
    return FALSE;
  out->prefix = (guint8) bits;
  out->base = pg_address_mask (&out->base, bits);
  return TRUE;
}
