/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-latency: how long after a login line is written to the followed log is its address permitted?
 *
 * Writes one line, asks over one policy connection until the answer is OK, and does so for many addresses, one after
 * the other. The time is from just before the write to the read of the OK: the last question and its answer are in
 * it. Prints one JSON object.
 */
#include "bench-histogram.h"
#include "bench-line.h"
#include "bench-request.h"
#include "bench-tool.h"

#include <stdio.h>
#include <unistd.h>

#define PERMIT_WAIT_S 10

typedef struct
{
  int              log, policy;
  GString         *line;
  PgBenchRequest   request;
  PgBenchHistogram latency;
  guint64          n_asked;
} Latency;

static struct
{
  char  *socket, *file;
  int    first, count;
  double pause_ms;
} options = { .count = 1000, .pause_ms = 1 };

static const GOptionEntry entries[] = {
  { "socket", 's', 0, G_OPTION_ARG_FILENAME, &options.socket, "The daemon's policy socket", "PATH" },
  { "file", 'f', 0, G_OPTION_ARG_FILENAME, &options.file, "The log that it follows", "PATH" },
  { "first", 0, 0, G_OPTION_ARG_INT, &options.first, "Number of the first address (0); each serves only once", "N" },
  { "count", 'n', 0, G_OPTION_ARG_INT, &options.count, "Logins (1000)", "N" },
  { "pause", 'p', 0, G_OPTION_ARG_DOUBLE, &options.pause_ms, "Let the daemon rest so long before each (1)", "MS" },
  G_OPTION_ENTRY_NULL,
};

static void
check_options (void)
{
  if (options.socket == NULL || options.file == NULL)
    pg_bench_die (PG_BENCH_USAGE, "--socket and --file are needed");
  if (options.first < 0 || options.count < 1 || options.count > (int) PG_BENCH_SET_SIZE - options.first)
    pg_bench_die (PG_BENCH_USAGE, "--first and --count must lie within %u addresses", PG_BENCH_SET_SIZE);
  if (!(options.pause_ms >= 0))
    pg_bench_die (PG_BENCH_USAGE, "--pause cannot be negative");
}

static gboolean
is_permitted (Latency *self, guint32 index)
{
  self->n_asked++;
  return pg_bench_ask (self->policy, &self->request, PG_BENCH_SET_FRESH, index) == PG_BENCH_OK;
}

static void
log_in (Latency *self, guint32 index)
{
  gint64 begin_ns, now_ns;

  if (is_permitted (self, index))
    pg_bench_die (PG_BENCH_FAILED, "address %u is permitted before its login: give another --first", index);
  pg_bench_wait_until (pg_bench_now_ns () + (gint64) (options.pause_ms * 1e6));
  g_string_truncate (self->line, 0);
  pg_bench_line_append (self->line, PG_BENCH_SET_FRESH, index);

  begin_ns = pg_bench_now_ns ();
  pg_bench_write (self->log, self->line->str, self->line->len);
  while (!is_permitted (self, index))
    if (pg_bench_now_ns () - begin_ns > PERMIT_WAIT_S * PG_BENCH_NS_PER_S)
      pg_bench_die (PG_BENCH_FAILED, "not permitted %d s after its login: %s", PERMIT_WAIT_S, self->line->str);
  now_ns = pg_bench_now_ns ();
  pg_bench_histogram_add (&self->latency, now_ns - begin_ns);
}

int
main (int argc, char **argv)
{
  g_autofree Latency *self = g_new0 (Latency, 1);
  guint64             refused = 0;

  pg_bench_parse_options ("Measures how soon a login line permits.", entries, &argc, &argv);
  check_options ();
  self->log = pg_bench_open_log (options.file);
  self->policy = pg_bench_connect (options.socket, &refused);
  self->line = g_string_new (NULL);
  pg_bench_request_init (&self->request);

  for (int i = 0; i < options.count; i++)
    log_in (self, (guint32) (options.first + i));
  printf ("{\"logins\": %d, \"asked\": %" G_GUINT64_FORMAT, options.count, self->n_asked);
  printf (", \"median_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f}\n", pg_bench_histogram_us (&self->latency, 0.5),
          pg_bench_histogram_us (&self->latency, 0.99), pg_bench_histogram_us (&self->latency, 1));
  g_string_free (self->line, TRUE);
  close (self->policy);
  close (self->log);
  return PG_BENCH_DONE;
}
