/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-echo SOCKET [NS]: the least that any policy server must do, as fast as one thread can do it.
 *
 * epoll, read, look for the blank line, write a fixed reply for each. It decides nothing, logs nothing and forgets
 * nobody's deadline, because it has none. popgated is measured as a share of this; so it must not be slowed down.
 *
 * With NS it computes for so many nanoseconds before each reply, and touches no memory for it: so bench_limit.py sees what a
 * server can reach that has to decide something.
 *
 * Runs until SIGTERM or SIGINT; the socket is left for the caller to remove.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 4096
#define EVENTS_MAX 512
#define READ_MAX 16384
#define FDS_MAX 65536

static const char reply[] = "action=DUNNO\n\n";

static long work_ns;

/* By descriptor: the last byte that was read was LF, so an LF that comes first now makes a blank line. */
static bool after_lf[FDS_MAX];

static _Noreturn void
die (const char *what)
{
  perror (what);
  exit (1);
}

/* Is one of the 8 pairs (at[0], at[1]) to (at[7], at[8]) LF LF? Looks at all of them at once. */
static bool
has_blank_line (const char *at)
{
  const uint64_t ones = UINT64_C (0x0101010101010101);
  uint64_t       here, next, differs;

  memcpy (&here, at, sizeof here);
  memcpy (&next, at + 1, sizeof next);
  differs = (here ^ (ones * '\n')) | (next ^ (ones * '\n')); /* a zero byte where both are LF */
  return ((differs - ones) & ~differs & (ones << 7)) != 0;
}

/* Counts the blank lines in data[0..len); data[-1] is the byte before, or anything but LF. */
static unsigned
count_blank_lines (const char *data, size_t len)
{
  const char *at = data - 1, *last = data + len - 1;
  unsigned    found = 0;

  while (at < last)
    {
      if (last - at >= 8 && !has_blank_line (at))
        at += 8;
      else if (at[0] == '\n' && at[1] == '\n')
        {
          found++;
          at += 2;
        }
      else
        at++;
    }
  return found;
}

static int64_t
now_ns (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C (1000000000) + now.tv_nsec;
}

static void
compute (void)
{
  int64_t end_ns = now_ns () + work_ns;

  while (now_ns () < end_ns)
    continue;
}

static bool
answer (int fd, unsigned requests)
{
  for (; requests > 0; requests--)
    {
      if (work_ns > 0)
        compute ();
      if (send (fd, reply, sizeof reply - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return false;
    }
  return true;
}

/* Returns: may there be more to read? */
static bool
serve_once (int fd, bool hung_up)
{
  static char buffer[1 + READ_MAX];
  ssize_t     n = recv (fd, buffer + 1, READ_MAX, MSG_DONTWAIT);

  if (n < 0 && errno == EAGAIN)
    return false;
  if (n > 0)
    {
      buffer[0] = after_lf[fd] ? '\n' : ' ';
      after_lf[fd] = buffer[n] == '\n' && buffer[n - 1] != '\n';
      if (answer (fd, count_blank_lines (buffer + 1, (size_t) n)))
        return hung_up || n == READ_MAX;
    }
  close (fd);
  return false;
}

/* Edge-triggered: reads until less came than there was room for. */
static void
serve (int fd, uint32_t events)
{
  while (serve_once (fd, (events & (EPOLLRDHUP | EPOLLHUP)) != 0))
    continue;
}

static void
accept_all (int epoll, int listener)
{
  int fd;

  while ((fd = accept (listener, NULL, NULL)) >= 0)
    {
      struct epoll_event wanted = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = fd };

      if (fd >= FDS_MAX || epoll_ctl (epoll, EPOLL_CTL_ADD, fd, &wanted) < 0)
        {
          close (fd);
          continue;
        }
      after_lf[fd] = false;
    }
  if (errno == EMFILE || errno == ENFILE)
    die ("accept");
}

static int
listen_on (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int                fd = socket (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

  if (strlen (path) >= sizeof address.sun_path)
    {
      fprintf (stderr, "bench-echo: '%s': too long for a unix socket\n", path);
      exit (2);
    }
  memcpy (address.sun_path, path, strlen (path) + 1);
  if (fd < 0 || bind (fd, (struct sockaddr *) &address, sizeof address) < 0 || listen (fd, BACKLOG) < 0)
    die (path);
  return fd;
}

static void
raise_nofile (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0)
    {
      limit.rlim_cur = limit.rlim_max;
      setrlimit (RLIMIT_NOFILE, &limit);
    }
}

static _Noreturn void
run (int epoll, int listener)
{
  struct epoll_event events[EVENTS_MAX];

  for (;;)
    {
      int n = epoll_wait (epoll, events, EVENTS_MAX, -1);

      if (n < 0 && errno != EINTR)
        die ("epoll_wait");
      for (int i = 0; i < n; i++)
        if (events[i].data.fd == listener)
          accept_all (epoll, listener);
        else
          serve (events[i].data.fd, events[i].events);
    }
}

int
main (int argc, char **argv)
{
  struct epoll_event wanted = { .events = EPOLLIN };
  int                epoll, listener;

  work_ns = argc == 3 ? atol (argv[2]) : 0;
  if (argc < 2 || argc > 3 || argv[1][0] == '-' || work_ns < 0)
    {
      fprintf (stderr, "usage: bench-echo SOCKET [NS]\n");
      return 2;
    }
  raise_nofile ();
  listener = listen_on (argv[1]);
  epoll = epoll_create1 (0);
  wanted.data.fd = listener;
  if (epoll < 0 || epoll_ctl (epoll, EPOLL_CTL_ADD, listener, &wanted) < 0)
    die ("epoll");
  run (epoll, listener);
}
