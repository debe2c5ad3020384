/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "daemon/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#define WAITING_MAX 16

/* What the service manager had no room for, in order. There is one manager, which the environment names. */
static GQueue waiting = G_QUEUE_INIT;

/* FALSE if there is no manager, or none that can be reached so. */
static gboolean
find_manager (struct sockaddr_un *out, socklen_t *out_len)
{
  const char *path = getenv ("NOTIFY_SOCKET");
  gsize       len = path != NULL ? strlen (path) : 0;

  if (len < 2 || len >= sizeof out->sun_path || (path[0] != '/' && path[0] != '@'))
    return FALSE;
  *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
  memcpy (out->sun_path, path, len);
  if (path[0] == '@')
    out->sun_path[0] = '\0'; /* a name that is no file's */
  *out_len = (socklen_t) (offsetof (struct sockaddr_un, sun_path) + len);
  return TRUE;
}

/* sd_notify(3) would wait until the manager has room; mail must not wait for that. FALSE: not now. */
static gboolean
send_now (const char *state)
{
  struct sockaddr_un address;
  socklen_t          len;
  gboolean           has_room;
  int                fd;

  if (!find_manager (&address, &len))
    return TRUE;
  fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return FALSE;
  has_room = sendto (fd, state, strlen (state), MSG_NOSIGNAL, (const struct sockaddr *) &address, len) >= 0 || errno != EAGAIN;
  close (fd);
  return has_room;
}

void
pg_notify_retry (void)
{
  while (!g_queue_is_empty (&waiting) && send_now (g_queue_peek_head (&waiting)))
    g_free (g_queue_pop_head (&waiting));
}

void
pg_notify (const char *state)
{
  pg_notify_retry ();
  if (g_queue_is_empty (&waiting) && send_now (state))
    return;
  if (waiting.length == WAITING_MAX)
    g_free (g_queue_pop_head (&waiting));
  g_queue_push_tail (&waiting, g_strdup (state));
}

void
pg_notify_reloading (void)
{
  g_autofree char *state = g_strdup_printf ("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time ());

  pg_notify (state);
}

void
pg_notify_status (const char *text)
{
  g_autofree char *state = g_strconcat ("STATUS=", text, NULL);

  for (char *at = state; *at != '\0'; at++)
    if (g_ascii_iscntrl (*at))
      *at = ' ';
  pg_notify (state);
}

#ifdef HAVE_SYSTEMD
static gboolean
tell_alive (G_GNUC_UNUSED gpointer user_data)
{
  pg_notify_retry ();
  (void) send_now ("WATCHDOG=1"); /* or the next one */
  return G_SOURCE_CONTINUE;
}

guint
pg_notify_watch (void)
{
  guint64 limit_us;

  if (sd_watchdog_enabled (0, &limit_us) <= 0)
    return 0;
  return g_timeout_add ((guint) CLAMP (limit_us / 2000, 1, G_MAXUINT), tell_alive, NULL);
}
#else
guint
pg_notify_watch (void)
{
  return 0;
}
#endif
