/* SPDX-License-Identifier: GPL-3.0-or-later */
/* span: a run of bytes that somebody else owns, and the few steps a parser takes over it.
 *
 * Pure: no I/O, no clock, no log, no globals. Bytes may be anything, NUL included; nothing is NUL-terminated.
 * A parser here is a chain of takes: each one either matches and moves the span on, or leaves it as it was.
 * They are inline because each line of a log goes through many of them.
 */
#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/** PgSpan: @len bytes at @data, borrowed; @data may be NULL if @len is 0. */
typedef struct
{
  const char *data;
  gsize       len;
} PgSpan;

static inline PgSpan
pg_span (const char *data, gsize len)
{
  return (PgSpan){ data, len };
}

/** pg_span_from_string: the bytes of a NUL-terminated string, without the NUL. */
static inline PgSpan
pg_span_from_string (const char *string)
{
  return (PgSpan){ string, strlen (string) };
}

static inline gboolean
pg_span_equal (PgSpan a, PgSpan b)
{
  return a.len == b.len && (a.len == 0 || memcmp (a.data, b.data, a.len) == 0);
}

static inline gboolean
pg_span_is (PgSpan span, const char *string)
{
  return pg_span_equal (span, pg_span_from_string (string));
}

/** pg_span_skip: drops the first @count bytes; @count must be at most the length. */
static inline void
pg_span_skip (PgSpan *span, gsize count)
{
  if (count == 0)
    return; /* there may be no data: NULL + 0 is undefined */
  span->data += count;
  span->len -= count;
}

/**
 * pg_span_find:
 * @span: where to look
 * @needle: NUL-terminated, not empty
 * @out_at: (out): offset of the first occurrence; untouched if there is none
 *
 * Returns: TRUE if @needle occurs in @span
 */
static inline gboolean
pg_span_find (PgSpan span, const char *needle, gsize *out_at)
{
  gsize       len = strlen (needle);
  const char *hit = span.data;
  gsize       left = span.len;

  while (left >= len && (hit = (const char *) memchr (hit, needle[0], left - len + 1)) != NULL)
    {
      if (memcmp (hit, needle, len) == 0)
        {
          *out_at = (gsize) (hit - span.data);
          return TRUE;
        }
      hit++;
      left = span.len - (gsize) (hit - span.data);
    }
  return FALSE;
}

/** pg_span_take: if @span begins with @literal, drops it and returns TRUE. */
static inline gboolean
pg_span_take (PgSpan *span, const char *literal)
{
  gsize len = strlen (literal);

  if (span->len < len || memcmp (span->data, literal, len) != 0)
    return FALSE;
  pg_span_skip (span, len);
  return TRUE;
}

/**
 * pg_span_take_until:
 * @span: (inout): what is left; moved behind the @stop byte on success
 * @stop: the byte that ends the field; it is taken and not part of @out
 * @out: (out): the bytes before @stop, perhaps none
 *
 * Returns: FALSE, with nothing moved, if @stop does not occur
 */
static inline gboolean
pg_span_take_until (PgSpan *span, char stop, PgSpan *out)
{
  const char *hit;
  gsize       len;

  if (span->len == 0)
    return FALSE;
  hit = memchr (span->data, stop, span->len);
  if (hit == NULL)
    return FALSE;
  len = (gsize) (hit - span->data);
  *out = pg_span (span->data, len);
  pg_span_skip (span, len + 1);
  return TRUE;
}

/**
 * pg_span_take_number:
 * @span: (inout): what is left; moved behind the digits on success
 * @min_digits: at least this many decimal digits, 1 or more
 * @max_digits: at most this many, up to 9; a further digit is left where it is
 * @out: (out): the value
 *
 * Returns: FALSE, with nothing moved, if there are too few digits
 */
static inline gboolean
pg_span_take_number (PgSpan *span, guint min_digits, guint max_digits, guint *out)
{
  guint value = 0;
  guint digits = 0;

  while (digits < max_digits && digits < span->len && span->data[digits] >= '0' && span->data[digits] <= '9')
    value = value * 10 + (guint) (span->data[digits++] - '0');
  if (digits < min_digits)
    return FALSE;
  pg_span_skip (span, digits);
  *out = value;
  return TRUE;
}

/**
 * pg_span_only_has:
 * @span: any bytes
 * @extra: NUL-terminated: the bytes that are legal beside ASCII letters and digits
 *
 * Returns: TRUE if @span is not empty and each byte is a letter, a digit or in @extra
 */
gboolean pg_span_only_has (PgSpan span, const char *extra);

/**
 * pg_span_escape:
 * @span: foreign bytes
 * @max_bytes: how many input bytes to show at the most
 *
 * Makes foreign text fit for a log or a terminal: printable ASCII stays, backslash and double quote get a backslash,
 * any other byte becomes \xHH, and what was cut is told by a trailing "...".
 *
 * Returns: (transfer full): a NUL-terminated string, free with g_free()
 */
char *pg_span_escape (PgSpan span, gsize max_bytes) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
