/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/head.h"

#define HOST_BYTES "-_.:"
#define PROGRAM_BYTES "-_./"

gboolean
pg_head_format_from_span (PgSpan word, PgHeadFormat *out)
{
  if (pg_span_is (word, "auto"))
    *out = PG_HEAD_UNKNOWN;
  else if (pg_span_is (word, "syslog"))
    *out = PG_HEAD_SYSLOG;
  else if (pg_span_is (word, "dovecot"))
    *out = PG_HEAD_DOVECOT;
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
parse_syslog (PgSpan rest, PgHead *head)
{
  if (!pg_span_take_until (&rest, ' ', &head->host) || !pg_span_only_has (head->host, HOST_BYTES)
      || !take_tag (&rest, &head->program, &head->pid))
    return FALSE;
  head->message = rest;
  return TRUE;
}

gboolean
pg_head_parse (PgSpan line, PgHeadFormat format, PgHead *out)
{
  PgHead head = { 0 };

  if (!pg_stamp_take (&line, &head.stamp) || !pg_span_take (&line, " "))
    return FALSE;
  if (format == PG_HEAD_DOVECOT)
    head.message = line;
  else if (format != PG_HEAD_SYSLOG || !parse_syslog (line, &head))
    return FALSE;
  *out = head;
  return TRUE;
}

/* Dovecot's own files name the level behind the process: "pop3-login: Info: ", "imap(bob)<12><x>: Error: ". */
static gboolean
begins_with_level (PgSpan rest)
{
  static const char *const levels[] = { "Debug: ", "Info: ", "Warning: ", "Error: ", "Fatal: ", "Panic: " };

  for (gsize i = 0; i < G_N_ELEMENTS (levels); i++)
    if (pg_span_take (&rest, levels[i]))
      return TRUE;
  return FALSE;
}

PgHeadFormat
pg_head_guess (PgSpan line)
{
  PgHead head;
  PgSpan process;

  if (!pg_head_parse (line, PG_HEAD_DOVECOT, &head))
    return PG_HEAD_UNKNOWN;
  if (head.stamp.has_offset)
    return PG_HEAD_SYSLOG;
  process = head.message;
  if (pg_span_take_until (&process, ':', &head.program) && pg_span_only_has (head.program, PROGRAM_BYTES)
      && pg_span_take (&process, " ") && begins_with_level (process))
    return PG_HEAD_DOVECOT;
  return pg_head_parse (line, PG_HEAD_SYSLOG, &head) ? PG_HEAD_SYSLOG : PG_HEAD_UNKNOWN;
}
