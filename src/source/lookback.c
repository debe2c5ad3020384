/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "source/lookback.h"

#include <sys/stat.h>
#include <unistd.h>

#define STEP 262144

/* Hosts and programs stamp before they write: neighbouring lines may be a little out of order. */
#define SLACK_US PG_MINUTE

static PgSpan
read_step (const PgTail *tail, guint64 offset, char buffer[STEP])
{
  gssize got = pread (pg_tail_fd (tail), buffer, STEP, (off_t) offset);

  return pg_span (buffer, got > 0 ? (gsize) got : 0);
}

PgHeadFormat
pg_lookback_guess_lines (PgSpan data)
{
  g_autoptr (PgLines) lines = pg_lines_new (FALSE);
  PgHeadFormat format = PG_HEAD_UNKNOWN;
  PgSpan       line;

  while (format == PG_HEAD_UNKNOWN && pg_lines_next (lines, &data, &line))
    format = pg_head_guess (line);
  return format;
}

PgHeadFormat
pg_lookback_guess (const PgTail *tail)
{
  g_autofree char *buffer = g_malloc (STEP);

  return pg_lookback_guess_lines (read_step (tail, 0, buffer));
}

gboolean
pg_lookback_is_older (PgSpan data, PgHeadFormat format, gint64 since_us, const PgClock *clock, gboolean *out_older)
{
  g_autoptr (PgLines) lines = pg_lines_new (FALSE);
  PgSpan line;
  PgHead head;
  gint64 time_us;

  while (pg_lines_next (lines, &data, &line))
    if (pg_head_parse (line, format, &head) && pg_stamp_resolve (&head.stamp, clock, &time_us))
      {
        *out_older = time_us < since_us - SLACK_US;
        return TRUE;
      }
  return FALSE;
}

/* Where the first line begins behind @offset. FALSE: this step holds no line's end. */
static gboolean
find_line_start (PgSpan *data, guint64 *offset)
{
  PgSpan skipped;
  gsize  before = data->len;

  if (*offset == 0)
    return TRUE;
  if (!pg_span_take_until (data, '\n', &skipped))
    return FALSE;
  *offset += before - data->len;
  return TRUE;
}

gboolean
pg_lookback_seek (PgTail *tail, PgHeadFormat format, gint64 since_us, const PgClock *clock)
{
  g_autofree char *buffer = g_malloc (STEP);
  PgClock          writer = { .zone = clock->zone, .now_us = MIN (clock->now_us, pg_tail_written_us (tail)) };
  struct stat      status;
  guint64          step_at;
  gboolean         older = FALSE;

  if (fstat (pg_tail_fd (tail), &status) != 0)
    return FALSE;
  for (step_at = (guint64) status.st_size; step_at > 0 && !older;)
    {
      guint64 line_at = step_at = step_at > STEP ? step_at - STEP : 0;
      PgSpan  data = read_step (tail, step_at, buffer);

      if (find_line_start (&data, &line_at) && pg_lookback_is_older (data, format, since_us, &writer, &older) && older)
        pg_tail_seek (tail, line_at);
    }
  if (!older)
    pg_tail_seek (tail, 0);
  return !older;
}
