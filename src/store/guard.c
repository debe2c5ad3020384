/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/guard.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

/* Each thread's own: SIGBUS comes to the thread that touched the page. */
static _Thread_local volatile sig_atomic_t is_inside;
static _Thread_local volatile sig_atomic_t was_hit;
static guintptr                            page_size;

/* Runs in the signal handler: mmap(2) is a bare system call. */
static gboolean
put_zeros (gconstpointer touched)
{
  gpointer page = (gpointer) ((guintptr) touched & ~(page_size - 1));

  return mmap (page, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page;
}

static void
on_bus_error (int number, siginfo_t *info, G_GNUC_UNUSED void *context)
{
  was_hit = 1;
  if (is_inside != 0 && put_zeros (info->si_addr))
    return;
  signal (number, SIG_DFL); /* the instruction runs again, and what must happen happens */
}

static void
install (void)
{
  struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };

  page_size = (guintptr) sysconf (_SC_PAGESIZE);
  sigemptyset (&action.sa_mask);
  sigaction (SIGBUS, &action, NULL);
}

void
pg_guard_enter (void)
{
  static gsize once;

  if (g_once_init_enter (&once))
    {
      install ();
      g_once_init_leave (&once, 1);
    }
  was_hit = 0;
  is_inside = 1;
}

gboolean
pg_guard_leave (void)
{
  is_inside = 0;
  return was_hit == 0;
}
