/* SPDX-License-Identifier: GPL-3.0-or-later */
/* common: what all fuzzers share. Each one checks properties: a wrong answer is a crash, as an overread is. */
#pragma once

#include "core/login-line.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/** fail: tells what was wrong, and ends in the way that libFuzzer keeps the input for. */
static inline void G_GNUC_NORETURN
fail (const char *file, int line, const char *what)
{
  g_printerr ("%s:%d: %s\n", file, line, what);
  abort ();
}

/** must: fails if @condition does not hold; not compiled out. */
#define must(condition)                                                                                                          \
  do                                                                                                                             \
    if (!(condition))                                                                                                            \
      fail (__FILE__, __LINE__, #condition);                                                                                     \
  while (0)

/** exact: the bytes in a block of just their length, so that ASan sees a read beyond them; free @block with g_free(). */
static inline PgSpan
exact (char **block, PgSpan bytes)
{
  *block = g_memdup2 (bytes.data, bytes.len);
  return pg_span (*block, bytes.len);
}

/** take_byte: the next byte of the input, 0 if there is none. */
static inline guint
take_byte (PgSpan *input)
{
  guint byte;

  if (input->len == 0)
    return 0;
  byte = (guchar) input->data[0];
  pg_span_skip (input, 1);
  return byte;
}

/** take_steps: up to 7 bytes, as the next one says: how long the portions are into which the input will be cut. */
static inline PgSpan
take_steps (PgSpan *input)
{
  gsize  count = take_byte (input) % 8;
  PgSpan steps = pg_span (input->data, MIN (count, input->len));

  pg_span_skip (input, steps.len);
  return steps;
}

/** step_of: length of portion @turn, 1 or more; all of @len if there are no steps; longer ones where there is much to read. */
static inline gsize
step_of (PgSpan steps, gsize turn, gsize len)
{
  gsize step;

  if (steps.len == 0)
    return len;
  step = (guchar) steps.data[turn % steps.len];
  return 1 + (len > 4096 ? 61 * step : step);
}

/** FUZZ_NOW_US: the present of whoever reads lines here. */
#define FUZZ_NOW_US G_GINT64_CONSTANT (1795435200000000)

/** read_line: pg_login_line_parse() at FUZZ_NOW_US in UTC, for all servers; @memo (nullable): what came before. */
static inline PgLineKind
read_line (PgSpan line, PgHeadFormat format, PgProgramMemo *memo, PgLogin *out, const char **out_why)
{
  static const char *const dovecot_names[] = { "dovecot", NULL };
  static const char *const any_host[] = { NULL };
  static GTimeZone        *utc = NULL;
  PgLineRules              rules = { .dovecot_names = dovecot_names, .hosts = any_host, .servers = ~0u, .memo = memo };
  PgClock                  clock = { .now_us = FUZZ_NOW_US };

  if (utc == NULL)
    utc = g_time_zone_new_utc ();
  clock.zone = utc;
  return pg_login_line_parse (line, format, &rules, &clock, NULL, out, out_why);
}

/** FuzzWay: an input that begins with @letter goes to @check, without it; @with: whatever @check takes. */
typedef struct
{
  char letter;
  void (*check) (PgSpan text, guint with);
  guint with;
} FuzzWay;

/** take_way: does with the bytes what the first of them says; nothing if there is no such way. Returns: 0, as libFuzzer wants. */
static inline int
take_way (const FuzzWay *ways, gsize n_ways, const guint8 *data, gsize size)
{
  PgSpan           input = pg_span ((const char *) data, size);
  guint            letter = take_byte (&input);
  g_autofree char *block = NULL;
  PgSpan           text = exact (&block, input);

  for (gsize i = 0; i < n_ways; i++)
    if ((guchar) ways[i].letter == letter)
      ways[i].check (text, ways[i].with);
  return 0;
}

#define RUN_BYTE '\xf0'
#define UNFOLDED_MAX 70000

static inline void
append_run (GString *out, gsize count)
{
  gsize len = out->len;

  g_string_set_size (out, len + count);
  memset (out->str + len, 'x', count);
}

/**
 * unfold:
 * @input: bytes, in which RUN_BYTE and a number N stand for 128 * (N + 1) times "x"
 *
 * So a short input reaches the bounds of the parsers. What would go over UNFOLDED_MAX is cut.
 *
 * Returns: (transfer full): the bytes in full
 */
static inline GString *
unfold (PgSpan input)
{
  GString *out = g_string_new (NULL);

  for (gsize i = 0; i < input.len && out->len < UNFOLDED_MAX; i++)
    if (input.data[i] == RUN_BYTE && i + 1 < input.len)
      append_run (out, 128 * ((gsize) (guchar) input.data[++i] + 1));
    else
      g_string_append_c (out, input.data[i]);
  return out;
}
