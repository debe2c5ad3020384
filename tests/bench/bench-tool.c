/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench-tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECT_TRIES 5000
#define CONNECT_PAUSE_US 1000

void
pg_bench_die (int status, const char *format, ...)
{
  va_list          args;
  g_autofree char *text = NULL;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  fprintf (stderr, "%s: %s\n", g_get_prgname (), text);
  exit (status);
}

void
pg_bench_parse_options (const char *summary, const GOptionEntry *entries, int *argc, char ***argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_summary (context, summary);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, &error))
    pg_bench_die (PG_BENCH_USAGE, "%s", error->message);
  if (*argc > 1)
    pg_bench_die (PG_BENCH_USAGE, "unexpected argument '%s'", (*argv)[1]);
}

void
pg_bench_raise_nofile (guint wanted)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) < 0)
    pg_bench_die (PG_BENCH_FAILED, "getrlimit: %s", g_strerror (errno));
  if (limit.rlim_cur >= wanted)
    return;
  limit.rlim_cur = wanted;
  if (limit.rlim_max < wanted || setrlimit (RLIMIT_NOFILE, &limit) < 0)
    pg_bench_die (PG_BENCH_FAILED, "cannot have %u open files; raise the hard limit (ulimit -Hn)", wanted);
}

int
pg_bench_connect (const char *path, guint64 *out_refused)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int                fd = socket (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

  if (fd < 0)
    pg_bench_die (PG_BENCH_FAILED, "socket: %s", g_strerror (errno));
  if (g_strlcpy (address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path)
    pg_bench_die (PG_BENCH_USAGE, "'%s': too long for a unix socket", path);
  for (int i = 0; i < CONNECT_TRIES; i++)
    {
      if (connect (fd, (struct sockaddr *) &address, sizeof address) == 0)
        return fd;
      if (errno != EAGAIN)
        break;
      *out_refused += 1;
      g_usleep (CONNECT_PAUSE_US);
    }
  pg_bench_die (PG_BENCH_FAILED, "cannot connect to '%s': %s", path, g_strerror (errno));
}

int
pg_bench_open_log (const char *path)
{
  int fd = open (path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

  if (fd < 0)
    pg_bench_die (PG_BENCH_FAILED, "cannot open '%s': %s", path, g_strerror (errno));
  return fd;
}

void
pg_bench_write (int fd, const char *data, gsize len)
{
  gssize n = write (fd, data, len);

  if (n != (gssize) len)
    pg_bench_die (PG_BENCH_FAILED, "cannot write to the log: %s", n < 0 ? g_strerror (errno) : "short write");
}

void
pg_bench_wait_until (gint64 when_ns)
{
  struct timespec until = {
    .tv_sec = (time_t) (when_ns / PG_BENCH_NS_PER_S),
    .tv_nsec = (long) (when_ns % PG_BENCH_NS_PER_S),
  };

  while (clock_nanosleep (CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
    continue;
}
