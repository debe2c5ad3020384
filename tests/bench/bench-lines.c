/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-lines: writes login lines to a log that the daemon follows: grants come the way they come in life.
 *
 * Prints one JSON object: how many lines, in which time, and the address of the last one.
 */
#include "bench-line.h"
#include "bench-tool.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BATCH_LINES 256
#define BATCHES_PER_S 1000 /* with --rate */

static struct
{
  char *file, *set;
  int   first, count, rate;
} options = { .count = 100000 };

static const GOptionEntry entries[] = {
  { "file", 'f', 0, G_OPTION_ARG_FILENAME, &options.file, "The log; made if absent, else appended to", "PATH" },
  { "set", 's', 0, G_OPTION_ARG_STRING, &options.set, "Whose addresses: grants, fresh, background (grants)", "SET" },
  { "first", 0, 0, G_OPTION_ARG_INT, &options.first, "Number of the first address (0)", "N" },
  { "count", 'n', 0, G_OPTION_ARG_INT, &options.count, "Lines, each with an address of its own (100000)", "N" },
  { "rate", 'r', 0, G_OPTION_ARG_INT, &options.rate, "Lines a second; 0: as fast as possible (0)", "N" },
  G_OPTION_ENTRY_NULL,
};

static PgBenchSet
chosen_set (void)
{
  static const char *const names[PG_BENCH_N_SETS] = { "grants", "strangers", "fresh", "background" };

  for (guint i = 0; i < PG_BENCH_N_SETS; i++)
    if (g_strcmp0 (options.set, names[i]) == 0)
      return (PgBenchSet) i;
  if (options.set != NULL)
    pg_bench_die (PG_BENCH_USAGE, "--set: there is no set '%s'", options.set);
  return PG_BENCH_SET_GRANTS;
}

static void
check_options (void)
{
  if (options.file == NULL)
    pg_bench_die (PG_BENCH_USAGE, "--file is missing");
  if (options.first < 0 || options.count < 1 || options.count > (int) PG_BENCH_SET_SIZE - options.first)
    pg_bench_die (PG_BENCH_USAGE, "--first and --count must lie within %u addresses", PG_BENCH_SET_SIZE);
  if (options.rate < 0)
    pg_bench_die (PG_BENCH_USAGE, "--rate cannot be negative");
}

static void
write_lines (int fd, PgBenchSet set)
{
  g_autoptr (GString) batch = g_string_new (NULL);
  int    step = options.rate > 0 ? MAX (options.rate / BATCHES_PER_S, 1) : BATCH_LINES;
  gint64 begin_ns = pg_bench_now_ns ();

  for (int done = 0; done < options.count; done += step)
    {
      if (options.rate > 0)
        pg_bench_wait_until (begin_ns + (gint64) done * PG_BENCH_NS_PER_S / options.rate);
      g_string_truncate (batch, 0);
      for (int i = done; i < MIN (done + step, options.count); i++)
        pg_bench_line_append (batch, set, (guint32) (options.first + i));
      pg_bench_write (fd, batch->str, batch->len);
    }
}

int
main (int argc, char **argv)
{
  char       last[PG_BENCH_ADDRESS_MAX];
  PgBenchSet set;
  gint64     begin_ns;
  int        fd;

  pg_bench_parse_options ("Writes login lines to a log.", entries, &argc, &argv);
  check_options ();
  set = chosen_set ();
  fd = pg_bench_open_log (options.file);
  begin_ns = pg_bench_now_ns ();
  write_lines (fd, set);
  pg_bench_address_text (set, (guint32) (options.first + options.count - 1), last);
  printf ("{\"lines\": %d, \"seconds\": %.6f, \"last\": \"%s\"}\n", options.count, (double) (pg_bench_now_ns () - begin_ns) / 1e9,
          last);
  close (fd);
  return PG_BENCH_DONE;
}
