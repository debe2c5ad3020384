/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-tool: what every benchmark program needs: a clock, a last word, connections.
 *
 * For the programs of this folder only: these functions end the program when they fail.
 */
#pragma once
#include <glib.h>
#include <time.h>
G_BEGIN_DECLS

#define PG_BENCH_NS_PER_S G_GINT64_CONSTANT (1000000000)

/* A benchmark asks the clock once or twice a request, so this is inline. Nanoseconds, monotonic. */
static inline gint64
pg_bench_now_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (gint64) now.tv_sec * PG_BENCH_NS_PER_S + (gint64) now.tv_nsec;
}

/* Exit statuses of all programs here. */
enum
{
  PG_BENCH_DONE = 0,
  PG_BENCH_FAILED = 1,
  PG_BENCH_USAGE = 2
};

/**
 * pg_bench_die:
 * @status: the exit status, PG_BENCH_FAILED or PG_BENCH_USAGE
 * @format: printf format; neither program name nor newline
 *
 * Tells the message on stderr and ends the program.
 */
void pg_bench_die (int status, const char *format, ...) G_GNUC_PRINTF (2, 3) G_GNUC_NORETURN;

/**
 * pg_bench_parse_options:
 * @summary: one line for --help
 * @entries: the options, ended by an empty entry
 * @argc: (inout): as in main
 * @argv: (inout): as in main
 *
 * Ends the program with PG_BENCH_USAGE if the options are wrong or anything is left over.
 */
void pg_bench_parse_options (const char *summary, const GOptionEntry *entries, int *argc, char ***argv);

/**
 * pg_bench_raise_nofile:
 * @wanted: descriptors that this program will have open at once
 *
 * Raises the soft limit as far as @wanted. Ends the program where the hard limit is lower.
 */
void pg_bench_raise_nofile (guint wanted);

/**
 * pg_bench_connect:
 * @path: a unix socket, absolute or relative
 * @out_refused: (out): how often the listen queue was full (EAGAIN); counted up, not set
 *
 * Connects without blocking, as Postfix does. A full queue is tried again every millisecond for five seconds.
 *
 * Returns: a connected descriptor, non-blocking and close-on-exec, to be closed by the caller
 */
int pg_bench_connect (const char *path, guint64 *out_refused);

/**
 * pg_bench_open_log:
 * @path: a log, made if absent
 *
 * Returns: a descriptor that appends, to be closed by the caller
 */
int pg_bench_open_log (const char *path);

/* Writes all of @data with one call, as syslogd does; ends the program if that cannot be. */
void pg_bench_write (int fd, const char *data, gsize len);

/**
 * pg_bench_wait_until:
 * @when_ns: a time of pg_bench_now_ns()
 *
 * Sleeps until then; returns at once if it has passed.
 */
void pg_bench_wait_until (gint64 when_ns);

G_END_DECLS
