/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench-load: asks a policy server as many smtpd processes do: many connections, one request in flight on each.
 *
 * One thread, epoll. The request is built beforehand; between a reply and the next request on the same connection
 * stand only the address, one look at the clock and one count. What this program and the server cost is printed, because
 * they share the machine: a server that waits for this program is faster than the requests a second say.
 *
 * Latency is from the send of a request to the read of its reply. The loop is closed, so with many connections most
 * of it is waiting in line behind the others. Prints one JSON object.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* struct ucred */
#endif
#include "bench-histogram.h"
#include "bench-request.h"
#include "bench-tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 256
#define SILENCE_MS 10000 /* without any reply for so long, the server hangs */
#define SPARE_FDS 32
#define WRONG_SHOWN_MAX 5
#define BUSY 0.9 /* a program that ran for this share of the time was not waiting for the other one */

typedef struct
{
  int      fd;
  gboolean hit; /* what was asked: an address of the grants, or a stranger's */
  guint32  index;
  gint64   sent_ns;
  gsize    held;
  char     reply[PG_BENCH_REPLY_MAX]; /* last: mostly only its first bytes are touched */
} Connection;

typedef enum
{
  START,   /* each connection asks once */
  WARM_UP, /* as RUN, not counted */
  RUN,
  DRAIN, /* what is in flight is answered, nothing more is asked */
} Phase;

typedef struct
{
  gint64 wall_ns, own_ns, server_ns;
} Clocks;

typedef struct
{
  int              epoll;
  int              n_connections;
  Connection      *connections;
  Phase            phase;
  guint            in_flight;
  guint64          random;
  clockid_t        server_clock;
  PgBenchRequest   request;
  PgBenchHistogram latency;                     /* of RUN */
  guint64          actions[PG_BENCH_N_ACTIONS]; /* of RUN */
  guint64          wrong, refused;              /* of all phases */
  gint64           started_ns, first_max_ns;
  Clocks           used;
} Load;

static struct
{
  char    *socket;
  int      connections, grants;
  gint64   requests;
  double   seconds, warm_up, hits;
  gint64   seed;
  gboolean expect;
} options = { .connections = 1, .grants = 100000, .seconds = 2, .warm_up = 0.2, .hits = 0.5, .seed = 1 };

static const GOptionEntry entries[] = {
  { "socket", 's', 0, G_OPTION_ARG_FILENAME, &options.socket, "The server's unix socket", "PATH" },
  { "connections", 'c', 0, G_OPTION_ARG_INT, &options.connections, "Connections (1)", "N" },
  { "grants", 'g', 0, G_OPTION_ARG_INT, &options.grants, "Addresses that have a grant (100000)", "N" },
  { "hits", 0, 0, G_OPTION_ARG_DOUBLE, &options.hits, "Share of requests about these (0.5)", "SHARE" },
  { "seconds", 't', 0, G_OPTION_ARG_DOUBLE, &options.seconds, "Measure for so long (2)", "S" },
  { "requests", 'n', 0, G_OPTION_ARG_INT64, &options.requests, "Measure so many requests instead", "N" },
  { "warm-up", 'w', 0, G_OPTION_ARG_DOUBLE, &options.warm_up, "Ask for so long before (0.2)", "S" },
  { "seed", 0, 0, G_OPTION_ARG_INT64, &options.seed, "Which random order of addresses (1)", "N" },
  { "expect", 'e', 0, G_OPTION_ARG_NONE, &options.expect, "Fail unless hits are OK and others DUNNO", NULL },
  G_OPTION_ENTRY_NULL,
};

/* splitmix64: a multiplication or two an address. */
static guint64
next_random (guint64 *state)
{
  guint64 z = *state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static void
ask (Load *self, Connection *connection, gint64 now_ns)
{
  guint64     random = next_random (&self->random);
  const char *request;
  gsize       len;

  connection->hit = (double) (guint32) random < options.hits * 4294967296.0;
  connection->index = (guint32) (((random >> 32) * (guint64) options.grants) >> 32);
  connection->sent_ns = now_ns;
  request = pg_bench_request_about (&self->request, connection->hit ? PG_BENCH_SET_GRANTS : PG_BENCH_SET_STRANGERS,
                                    connection->index, &len);
  if (send (connection->fd, request, len, MSG_NOSIGNAL) != (gssize) len)
    pg_bench_die (PG_BENCH_FAILED, "cannot send a request: %s", g_strerror (errno));
  self->in_flight++;
}

static void
tell_wrong (const Connection *connection, PgBenchAction action)
{
  char address[PG_BENCH_ADDRESS_MAX];

  pg_bench_address_text (connection->hit ? PG_BENCH_SET_GRANTS : PG_BENCH_SET_STRANGERS, connection->index, address);
  fprintf (stderr, "bench-load: wrong answer: %s %s, answered %s\n", address, connection->hit ? "has a grant" : "has none",
           pg_bench_action_name (action));
}

static void
count_answer (Load *self, const Connection *connection, PgBenchAction action, gint64 now_ns)
{
  if (options.expect && action != (connection->hit ? PG_BENCH_OK : PG_BENCH_DUNNO))
    if (self->wrong++ < WRONG_SHOWN_MAX)
      tell_wrong (connection, action);
  if (self->phase == START)
    self->first_max_ns = MAX (self->first_max_ns, now_ns - connection->sent_ns);
  if (self->phase != RUN)
    return;
  self->actions[action]++;
  pg_bench_histogram_add (&self->latency, now_ns - connection->sent_ns);
}

/* Takes what has come. Returns: is it a whole reply? */
static gboolean
read_reply (Connection *connection)
{
  gssize n = recv (connection->fd, connection->reply + connection->held, sizeof connection->reply - connection->held, 0);

  if (n < 0 && errno == EAGAIN)
    return FALSE;
  if (n <= 0)
    pg_bench_die (PG_BENCH_FAILED, "the server closed a connection");
  connection->held += (gsize) n;
  if (connection->held >= 2 && memcmp (connection->reply + connection->held - 2, "\n\n", 2) == 0)
    return TRUE;
  if (connection->held == sizeof connection->reply)
    pg_bench_die (PG_BENCH_FAILED, "a reply is longer than %d bytes", PG_BENCH_REPLY_MAX);
  return FALSE;
}

static void
on_readable (Load *self, Connection *connection)
{
  gint64 now_ns;

  if (!read_reply (connection))
    return;
  now_ns = pg_bench_now_ns ();
  count_answer (self, connection, pg_bench_action_of (connection->reply, connection->held), now_ns);
  connection->held = 0;
  self->in_flight--;
  if (self->phase == WARM_UP || self->phase == RUN)
    ask (self, connection, now_ns);
}

static void
turn (Load *self)
{
  struct epoll_event events[EVENTS_MAX];
  int                n = epoll_wait (self->epoll, events, EVENTS_MAX, SILENCE_MS);

  if (n == 0)
    pg_bench_die (PG_BENCH_FAILED, "no answer for %d s; %u requests in flight", SILENCE_MS / 1000, self->in_flight);
  if (n < 0 && errno != EINTR)
    pg_bench_die (PG_BENCH_FAILED, "epoll_wait: %s", g_strerror (errno));
  for (int i = 0; i < n; i++)
    on_readable (self, events[i].data.ptr);
}

static void
turn_until_answered (Load *self, Phase phase)
{
  self->phase = phase;
  while (self->in_flight > 0)
    turn (self);
}

static void
turn_for (Load *self, Phase phase, double seconds, gint64 requests)
{
  gint64 end_ns = pg_bench_now_ns () + (gint64) (seconds * (double) PG_BENCH_NS_PER_S);

  self->phase = phase;
  while (requests > 0 ? self->latency.count < (guint64) requests : pg_bench_now_ns () < end_ns)
    turn (self);
}

static gint64
clock_ns (clockid_t clock)
{
  struct timespec time = { 0 };

  clock_gettime (clock, &time);
  return (gint64) time.tv_sec * PG_BENCH_NS_PER_S + (gint64) time.tv_nsec;
}

static Clocks
read_clocks (const Load *self)
{
  return (Clocks){
    .wall_ns = pg_bench_now_ns (),
    .own_ns = clock_ns (CLOCK_PROCESS_CPUTIME_ID),
    .server_ns = clock_ns (self->server_clock),
  };
}

/* The CPU clock of the process that listens, all its threads. */
static clockid_t
find_server_clock (int fd)
{
  struct ucred peer = { 0 };
  socklen_t    len = sizeof peer;
  clockid_t    clock;

  if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || clock_getcpuclockid (peer.pid, &clock) != 0)
    pg_bench_die (PG_BENCH_FAILED, "cannot tell the server's process");
  return clock;
}

static void
open_connection (Load *self, Connection *connection)
{
  struct epoll_event wanted = { .events = EPOLLIN | EPOLLET, .data.ptr = connection };

  connection->fd = pg_bench_connect (options.socket, &self->refused);
  ask (self, connection, pg_bench_now_ns ());
  if (epoll_ctl (self->epoll, EPOLL_CTL_ADD, connection->fd, &wanted) < 0)
    pg_bench_die (PG_BENCH_FAILED, "epoll_ctl: %s", g_strerror (errno));
}

/* All connect at once, each asks as soon as it has; nobody asks twice before everybody was answered. */
static void
start (Load *self)
{
  gint64 begin_ns = pg_bench_now_ns ();

  self->phase = START;
  for (int i = 0; i < self->n_connections; i++)
    open_connection (self, &self->connections[i]);
  turn_until_answered (self, START);
  self->started_ns = pg_bench_now_ns () - begin_ns;
  self->server_clock = find_server_clock (self->connections[0].fd);
}

static void
measure (Load *self)
{
  Clocks before, after;

  for (int i = 0; i < self->n_connections; i++)
    ask (self, &self->connections[i], pg_bench_now_ns ());
  turn_for (self, WARM_UP, options.warm_up, 0);
  before = read_clocks (self);
  turn_for (self, RUN, options.seconds, options.requests);
  after = read_clocks (self);
  self->used = (Clocks){
    .wall_ns = after.wall_ns - before.wall_ns,
    .own_ns = after.own_ns - before.own_ns,
    .server_ns = after.server_ns - before.server_ns,
  };
  turn_until_answered (self, DRAIN);
}

/* The server had time to spare while this program had none. */
static gboolean
is_own_limit (const Load *self)
{
  double wall_ns = (double) self->used.wall_ns;

  return (double) self->used.own_ns >= BUSY * wall_ns && (double) self->used.server_ns < BUSY * wall_ns;
}

static void
print_actions (const Load *self)
{
  printf (", \"actions\": {");
  for (guint i = 0; i < PG_BENCH_N_ACTIONS; i++)
    printf ("%s\"%s\": %" G_GUINT64_FORMAT, i > 0 ? ", " : "", pg_bench_action_name ((PgBenchAction) i), self->actions[i]);
  printf ("}, \"wrong\": %" G_GUINT64_FORMAT, self->wrong);
}

static void
print_json (const Load *self)
{
  const PgBenchHistogram *latency = &self->latency;
  double                  count = (double) latency->count;

  printf ("{\"connections\": %d, \"requests\": %" G_GUINT64_FORMAT ", \"requests_per_s\": %.1f", self->n_connections,
          latency->count, count * 1e9 / (double) self->used.wall_ns);
  printf (", \"p50_us\": %.2f, \"p99_us\": %.2f, \"max_us\": %.2f", pg_bench_histogram_us (latency, 0.5),
          pg_bench_histogram_us (latency, 0.99), pg_bench_histogram_us (latency, 1));
  print_actions (self);
  printf (", \"own_us_each\": %.3f, \"server_us_each\": %.3f, \"limited_by_load\": %s", (double) self->used.own_ns / 1e3 / count,
          (double) self->used.server_ns / 1e3 / count, is_own_limit (self) ? "true" : "false");
  printf (", \"refused\": %" G_GUINT64_FORMAT ", \"started_ms\": %.3f, \"first_max_ms\": %.3f}\n", self->refused,
          (double) self->started_ns / 1e6, (double) self->first_max_ns / 1e6);
}

static void
check_options (void)
{
  if (options.socket == NULL)
    pg_bench_die (PG_BENCH_USAGE, "--socket is missing");
  if (options.connections < 1 || options.connections > 60000)
    pg_bench_die (PG_BENCH_USAGE, "--connections must be 1 to 60000");
  if (options.grants < 1 || options.grants > (int) PG_BENCH_SET_SIZE)
    pg_bench_die (PG_BENCH_USAGE, "--grants must be 1 to %u", PG_BENCH_SET_SIZE);
  if (!(options.hits >= 0 && options.hits <= 1))
    pg_bench_die (PG_BENCH_USAGE, "--hits must be 0 to 1");
  if (options.requests < 0 || !(options.seconds > 0) || !(options.warm_up >= 0))
    pg_bench_die (PG_BENCH_USAGE, "--requests, --seconds and --warm-up cannot be negative");
}

int
main (int argc, char **argv)
{
  g_autofree Load *self = g_new0 (Load, 1);

  pg_bench_parse_options ("Asks a policy server as fast as it answers.", entries, &argc, &argv);
  check_options ();
  pg_bench_raise_nofile ((guint) options.connections + SPARE_FDS);
  self->epoll = epoll_create1 (EPOLL_CLOEXEC);
  self->n_connections = options.connections;
  self->connections = g_new0 (Connection, (gsize) options.connections);
  self->random = (guint64) options.seed;
  pg_bench_request_init (&self->request);

  start (self);
  measure (self);
  print_json (self);
  for (int i = 0; i < self->n_connections; i++)
    close (self->connections[i].fd);
  close (self->epoll);
  g_free (self->connections);
  return self->wrong > 0 ? PG_BENCH_FAILED : PG_BENCH_DONE;
}
