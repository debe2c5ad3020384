/* SPDX-License-Identifier: GPL-3.0-or-later */
/* popgate-login: one link of Dovecot's post-login chain: tells popgated who has logged in, and runs the next program.
 *
 * It runs at each login, with the client waiting. So it links with the C library alone, makes one connection and one send that
 * never block, and whatever comes of them the next program is run. Standard input and output are the client's: nothing is
 * written there. The socket is SOCK_SEQPACKET: a report arrives whole or not at all, waits in the daemon's backlog without us,
 * and the daemon learns who connected. A datagram would wait in a queue of a few only.
 */
#include "config.h"

#include "core/report.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_SOCKET "/run/popgate/login"

/* As sysexits.h and sh(1) have them. */
#define EXIT_USAGE 64
#define EXIT_CANNOT_RUN 126
#define EXIT_NOT_FOUND 127

static const struct option long_options[] = {
  { "help", no_argument, NULL, 'h' },
  { "socket", required_argument, NULL, 's' },
  { "version", no_argument, NULL, 'V' },
  { NULL, 0, NULL, 0 },
};

/* In the form of popgate's and popgated's, which the shells' completions read. */
static const char help[] = "Usage:\n"
                           "  popgate-login [OPTION…] SERVICE PROGRAM [ARGUMENT...]\n"
                           "\n"
                           "Tells popgated of a login, and runs the next program of Dovecot's chain.\n"
                           "\n"
                           "Help Options:\n"
                           "  -h, --help            Show help options\n"
                           "\n"
                           "Application Options:\n"
                           "  -s, --socket=PATH     Report to PATH (" DEFAULT_SOCKET ")\n"
                           "  -V, --version         Print the version, and end\n"
                           "\n";

/* One line to the standard error, Dovecot's log, if that takes it at once. */
static void complain (const char *format, ...) G_GNUC_PRINTF (1, 2);

static void
complain (const char *format, ...)
{
  struct sigaction ignore = { .sa_handler = SIG_IGN };
  struct sigaction old;
  struct pollfd    log = { .fd = STDERR_FILENO, .events = POLLOUT };
  char             line[512];
  va_list          arguments;

  va_start (arguments, format);
  (void) vsnprintf (line, sizeof line - 1, format, arguments);
  va_end (arguments);
  strcat (line, "\n");
  if (poll (&log, 1, 0) != 1 || (log.revents & POLLOUT) == 0 || sigaction (SIGPIPE, &ignore, &old) != 0)
    return;
  if (write (STDERR_FILENO, line, strlen (line)) < 0)
    errno = 0; /* there is nobody left to tell */
  (void) sigaction (SIGPIPE, &old, NULL);
}

static gboolean
send_report (const char *path, const guint8 *report, gsize size)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int                fd;
  gboolean           is_sent;
  int                reason;

  if (strlen (path) >= sizeof address.sun_path)
    {
      errno = ENAMETOOLONG;
      return FALSE;
    }
  memcpy (address.sun_path, path, strlen (path));
  fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return FALSE;
  is_sent = connect (fd, (const struct sockaddr *) &address, sizeof address) == 0
            && send (fd, report, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t) size;
  reason = errno;
  (void) close (fd);
  errno = reason;
  return is_sent;
}

static gint64
now_us (void)
{
  struct timespec now;

  return clock_gettime (CLOCK_REALTIME, &now) == 0 ? (gint64) now.tv_sec * 1000000 + now.tv_nsec / 1000 : 0;
}

static PgSpan
get (const char *name)
{
  const char *value = getenv (name);

  return value != NULL ? pg_span_from_string (value) : pg_span (NULL, 0);
}

/* Anybody can log in by ANONYMOUS, whatever user Dovecot makes of it. */
static gboolean
is_anonymous (void)
{
  const char *mechanism = getenv ("AUTH_MECH");

  return mechanism != NULL && strcasecmp (mechanism, "ANONYMOUS") == 0;
}

static void
report_login (const char *path, const char *service)
{
  PgReport report = {
    .time_us = now_us (),
    .service = pg_span_from_string (service),
    .address = get ("IP"),
    .server_address = get ("LOCAL_IP"),
    .user = get ("USER"),
  };
  guint8 bytes[PG_REPORT_MAX];
  gsize  size = pg_report_encode (&report, bytes);

  if (report.address.len == 0 || report.user.len == 0 || is_anonymous ())
    return;
  if (size == 0)
    complain ("popgate-login: the name of the service or of the user is too long; this login is not reported");
  else if (!send_report (path, bytes, size))
    complain ("popgate-login: %.200s: %s; this login is not reported", path, strerror (errno));
}

static int
run_next (char **argv)
{
  int status;

  execvp (argv[0], argv);
  status = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
  complain ("popgate-login: cannot run %.200s: %s", argv[0], strerror (errno));
  return status;
}

/* Only an administrator runs it so: then the standard output is no client's. */
static int
tell (const char *text)
{
  return fputs (text, stdout) >= 0 && fflush (stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main (int argc, char **argv)
{
  const char *path = DEFAULT_SOCKET;
  int         option;

  opterr = 0; /* its words could block */
  while ((option = getopt_long (argc, argv, "+s:hV", long_options, NULL)) == 's')
    path = optarg;
  if (option == 'h')
    return tell (help);
  if (option == 'V')
    return tell ("popgate-login " PACKAGE_VERSION "\n");
  if (option != -1 || argc - optind < 2)
    {
      complain ("usage: popgate-login [-s SOCKET] [--] SERVICE PROGRAM [ARGUMENT...]");
      return EXIT_USAGE;
    }
  report_login (path, argv[optind]);
  return run_next (argv + optind + 1);
}
