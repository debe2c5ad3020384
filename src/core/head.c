/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/head.h"

#define HOST_BYTES "-_.:"
#define PROGRAM_BYTES "-_./"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* RFC 5424 */
#define PRIORITY_MAX 191
#define DATA_NAME_MAX 32

/* No line with a head of syslog is shorter. */
#define SYSLOG_MIN 20

/* So far a loop finds the end of a field sooner than memchr(3). */
#define SHORT_FIELD 8

gboolean
pg_head_format_from_span (PgSpan word, PgHeadFormat *out)
{
  if (pg_span_is (word, "auto"))
    *out = PG_HEAD_UNKNOWN;
  else if (pg_span_is (word, "syslog"))
    *out = PG_HEAD_SYSLOG;
  else if (pg_span_is (word, "dovecot"))
    *out = PG_HEAD_DOVECOT;
  else if (pg_span_is (word, "tai64n"))
    *out = PG_HEAD_TAI64N;
  else
    return FALSE;
  return TRUE;
}

/* "dovecot: " or "popa3d[197]: "; the first colon ends the tag, so nothing in the message can pass for one. */
static gboolean
take_tag (PgSpan *span, PgSpan *program, PgSpan *pid)
{
  PgSpan tag;

  if (!pg_span_take_until (span, ':', &tag) || !pg_span_take (span, " "))
    return FALSE;
  *program = tag;
  *pid = pg_span (NULL, 0);
  if (pg_span_take_until (&tag, '[', program))
    {
      if (!pg_span_take_until (&tag, ']', pid) || tag.len != 0 || !pg_span_only_has (*pid, ""))
        return FALSE;
    }
  return pg_span_only_has (*program, PROGRAM_BYTES);
}

static gboolean
take_stamp (PgSpan *span, PgStamp *out)
{
  PgSpan  rest = *span;
  PgStamp stamp;

  if (!pg_stamp_take (&rest, &stamp) || !pg_span_take (&rest, " "))
    return FALSE;
  *span = rest;
  *out = stamp;
  return TRUE;
}

/* --- syslog ---------------------------------------------------------------------------------------------------------- */

static gboolean
parse_rfc3164 (PgSpan rest, PgHead *head)
{
  if (!take_stamp (&rest, &head->stamp) || head->stamp.is_moment || !pg_span_take_until (&rest, ' ', &head->host)
      || !pg_span_only_has (head->host, HOST_BYTES) || !take_tag (&rest, &head->program, &head->pid))
    return FALSE;
  head->message = rest;
  return TRUE;
}

/* A word of printable ASCII and the blank behind it. */
static gboolean
take_word (PgSpan *span, PgSpan *out)
{
  if (!pg_span_take_until (span, ' ', out) || out->len == 0)
    return FALSE;
  for (gsize i = 0; i < out->len; i++)
    if (!g_ascii_isgraph (out->data[i]))
      return FALSE;
  return TRUE;
}

static gboolean
take_data_name (PgSpan *span)
{
  gsize len = 0;

  while (len < span->len && g_ascii_isgraph (span->data[len]) && strchr ("=]\"", span->data[len]) == NULL)
    len++;
  pg_span_skip (span, len);
  return len >= 1 && len <= DATA_NAME_MAX;
}

/* A quoted value, from behind its first quote; a quote, a backslash and a bracket within have a backslash before them. */
static gboolean
take_data_value (PgSpan *span)
{
  for (gsize i = 0; i < span->len && span->data[i] != ']'; i++)
    {
      if (span->data[i] == '\\')
        i++;
      else if (span->data[i] == '"')
        {
          pg_span_skip (span, i + 1);
          return TRUE;
        }
    }
  return FALSE;
}

/* "-" or [name name="value" ...], one or more: passed over, for others may have filled it. */
static gboolean
take_structured_data (PgSpan *span)
{
  if (pg_span_take (span, "-"))
    return TRUE;
  do
    {
      if (!pg_span_take (span, "[") || !take_data_name (span))
        return FALSE;
      while (pg_span_take (span, " "))
        if (!take_data_name (span) || !pg_span_take (span, "=\"") || !take_data_value (span))
          return FALSE;
      if (!pg_span_take (span, "]"))
        return FALSE;
    }
  while (span->len > 0 && span->data[0] == '[');
  return TRUE;
}

/* Behind the "<". */
static gboolean
parse_rfc5424 (PgSpan rest, PgHead *head)
{
  PgSpan message_id;
  guint  priority;

  if (!pg_span_take_number (&rest, 1, 3, &priority) || priority > PRIORITY_MAX || !pg_span_take (&rest, ">1 ")
      || !take_stamp (&rest, &head->stamp) || !head->stamp.has_offset || !take_word (&rest, &head->host)
      || !pg_span_only_has (head->host, HOST_BYTES) || !take_word (&rest, &head->program)
      || !pg_span_only_has (head->program, PROGRAM_BYTES) || !take_word (&rest, &head->pid) || !take_word (&rest, &message_id)
      || !take_structured_data (&rest) || (rest.len > 0 && !pg_span_take (&rest, " ")))
    return FALSE;
  if (pg_span_is (head->pid, "-"))
    head->pid = pg_span (NULL, 0);
  (void) pg_span_take (&rest, " ");
  (void) pg_span_take (&rest, BYTE_ORDER_MARK);
  head->message = rest;
  return TRUE;
}

static gboolean
parse_syslog (PgSpan rest, PgHead *head)
{
  return pg_span_take (&rest, "<") ? parse_rfc5424 (rest, head) : parse_rfc3164 (rest, head);
}

/* As pg_span_take_until(), of a field that is nearly always as long as in the line before, and short. */
static inline gboolean
skip_short_until (PgSpan *span, char stop)
{
  PgSpan skipped;

  for (gsize i = 0; i < SHORT_FIELD && i < span->len; i++)
    if (span->data[i] == stop)
      {
        pg_span_skip (span, i + 1);
        return TRUE;
      }
  return pg_span_take_until (span, stop, &skipped);
}

/* Up to the program, a head of syslog is passed over: its stamp, host and the blanks behind them. */
static gboolean
skip_to_program (PgSpan *line)
{
  gboolean has_digit = g_ascii_isdigit (line->data[0]);
  gboolean is_rfc3339 = has_digit && line->data[10] == 'T';
  PgSpan   word;

  if (line->data[0] == '<')
    return pg_span_take_until (line, ' ', &word) && pg_span_take_until (line, ' ', &word) && skip_short_until (line, ' ');
  pg_span_skip (line, strlen (is_rfc3339 ? "2026-11-23T11:44:40" : has_digit ? "2026-11-23 11:44:40 " : "Nov 23 11:44:14 "));
  return (!is_rfc3339 || pg_span_take_until (line, ' ', &word)) && skip_short_until (line, ' ');
}

gboolean
pg_head_peek (PgSpan line, PgSpan *out_program, PgSpan *out_message)
{
  gboolean is_rfc5424 = line.len > 0 && line.data[0] == '<';
  PgSpan   tag;

  *out_message = pg_span (NULL, 0);
  if (line.len < SYSLOG_MIN || !skip_to_program (&line))
    return FALSE;
  if (is_rfc5424)
    return pg_span_take_until (&line, ' ', out_program);
  if (!pg_span_take_until (&line, ':', &tag))
    return FALSE;
  *out_program = tag;
  (void) pg_span_take_until (&tag, '[', out_program);
  if (pg_span_take (&line, " "))
    *out_message = line;
  return TRUE;
}

/* --- multilog, and Dovecot itself ------------------------------------------------------------------------------------ */

static gboolean
take_tai64n (PgSpan *span, PgHead *head)
{
  return span->len > 0 && span->data[0] == '@' && take_stamp (span, &head->stamp);
}

static gboolean
parse_tai64n (PgSpan rest, PgHead *head)
{
  if (!take_tai64n (&rest, head) || !take_tag (&rest, &head->program, &head->pid))
    return FALSE;
  head->message = rest;
  return TRUE;
}

/* "dovecot: ", "pop3-login: " */
static gboolean
take_name (PgSpan *span, PgSpan *out)
{
  PgSpan rest = *span;
  PgSpan name;

  if (!pg_span_take_until (&rest, ':', &name) || !pg_span_only_has (name, PROGRAM_BYTES) || !pg_span_take (&rest, " "))
    return FALSE;
  *span = rest;
  *out = name;
  return TRUE;
}

static gboolean
take_own_prefix (PgSpan *span, PgHead *head)
{
  PgSpan  rest = *span;
  PgSpan  name = pg_span (NULL, 0);
  PgStamp stamp;

  (void) take_name (&rest, &name);
  if (!take_stamp (&rest, &stamp) || stamp.is_moment)
    return FALSE;
  head->program = name;
  head->stamp = stamp;
  *span = rest;
  return TRUE;
}

static gboolean
parse_dovecot (PgSpan rest, PgHead *head)
{
  gboolean by_multilog = take_tai64n (&rest, head);
  gboolean by_itself = take_own_prefix (&rest, head);

  head->message = rest;
  return by_multilog || by_itself;
}

static gboolean
parse (PgSpan line, PgHeadFormat format, PgHead *head)
{
  switch (format)
    {
    case PG_HEAD_SYSLOG:
      return parse_syslog (line, head);
    case PG_HEAD_DOVECOT:
      return parse_dovecot (line, head);
    case PG_HEAD_TAI64N:
      return parse_tai64n (line, head);
    case PG_HEAD_UNKNOWN:
    default:
      return FALSE;
    }
}

gboolean
pg_head_parse (PgSpan line, PgHeadFormat format, PgHead *out)
{
  PgHead head = { 0 };

  if (!parse (line, format, &head))
    return FALSE;
  *out = head;
  return TRUE;
}

/* --- which format? --------------------------------------------------------------------------------------------------- */

/* Dovecot's own files name the level: "pop3-login: Info: ", "imap(bob)<12><x>: Error: ", "dovecot: STAMP Info: ". */
static gboolean
begins_with_level (PgSpan rest)
{
  static const char *const levels[] = { "Debug: ", "Info: ", "Warning: ", "Error: ", "Fatal: ", "Panic: " };

  for (gsize i = 0; i < G_N_ELEMENTS (levels); i++)
    if (pg_span_take (&rest, levels[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_by_dovecot (PgSpan line)
{
  PgHead head;
  PgSpan name;

  return pg_head_parse (line, PG_HEAD_DOVECOT, &head) && (head.program.len > 0 || take_name (&head.message, &name))
         && begins_with_level (head.message);
}

PgHeadFormat
pg_head_guess (PgSpan line)
{
  PgSpan  rest = line;
  PgStamp stamp;
  PgHead  head;

  if (take_stamp (&rest, &stamp) && stamp.has_offset)
    return PG_HEAD_SYSLOG;
  if (is_by_dovecot (line))
    return PG_HEAD_DOVECOT;
  if (pg_head_parse (line, PG_HEAD_SYSLOG, &head))
    return PG_HEAD_SYSLOG;
  return pg_head_parse (line, PG_HEAD_TAI64N, &head) ? PG_HEAD_TAI64N : PG_HEAD_UNKNOWN;
}
