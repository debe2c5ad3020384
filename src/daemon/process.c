/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/process.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The second field of statm counts pages. */
static gint64
resident_bytes (void)
{
  g_autofree char *text = NULL;
  char            *end;

  if (!g_file_get_contents ("/proc/self/statm", &text, NULL, NULL))
    return -1;
  (void) g_ascii_strtoll (text, &end, 10);
  return *end == ' ' ? g_ascii_strtoll (end, NULL, 10) * sysconf (_SC_PAGESIZE) : -1;
}

static gint64
cpu_us (void)
{
  struct rusage usage;

  if (getrusage (RUSAGE_SELF, &usage) != 0)
    return -1;
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

/* Since Linux 6.2 the folder's size is their number; to count many one by one would take too long. */
static gint64
n_fds (void)
{
  struct stat status;

  return stat ("/proc/self/fd", &status) == 0 && status.st_size > 0 ? (gint64) status.st_size : -1;
}

static gint64
max_fds (void)
{
  struct rlimit limit;

  return getrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? (gint64) limit.rlim_cur : -1;
}

PgProcess
pg_process_look (void)
{
  return (PgProcess){
    .resident_bytes = resident_bytes (),
    .cpu_us = cpu_us (),
    .n_fds = n_fds (),
    .max_fds = max_fds (),
  };
}
