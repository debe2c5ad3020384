/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/descriptors.h"

#include "core/config.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static rlim_t
raise_limit (rlim_t wanted)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
    return wanted;
  limit.rlim_cur = MIN (wanted, limit.rlim_max);
  if (setrlimit (RLIMIT_NOFILE, &limit) != 0)
    (void) getrlimit (RLIMIT_NOFILE, &limit);
  return MIN (wanted, limit.rlim_cur);
}

/* The table holds whatever number was ever used. It takes 8 bytes for each. */
static void
make_room (rlim_t number)
{
  int fd = fcntl (STDIN_FILENO, F_DUPFD_CLOEXEC, (int) number - 1);

  if (fd >= 0)
    (void) close (fd);
}

guint
pg_descriptors_reserve (guint max_connections)
{
  rlim_t wanted = (rlim_t) max_connections + PG_CONFIG_SPARE_FDS;
  rlim_t limit = raise_limit (wanted);
  rlim_t max_fit = limit > 2 * PG_CONFIG_SPARE_FDS ? limit - PG_CONFIG_SPARE_FDS : limit / 2;

  make_room (limit);
  if (limit == wanted || max_fit >= max_connections)
    return max_connections;
  g_warning ("only %lu descriptors are allowed: at most %lu of max_connections = %u will be served at once",
             (unsigned long) limit, (unsigned long) max_fit, max_connections);
  return (guint) max_fit;
}
