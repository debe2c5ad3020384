/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/listen.h"

#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A burst of clients beyond the backlog is refused at once on a unix socket (EAGAIN), not made to wait. */
#define BACKLOG 4096

static gboolean
fail (GError **error, const char *doing, const char *what)
{
  g_set_error (error, PG_ERROR, PG_ERROR_SYSTEM, "cannot %s %s: %s", doing, what, g_strerror (errno));
  return FALSE;
}

static gboolean
fill_unix_address (const char *path, struct sockaddr_un *out, GError **error)
{
  *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
  if (strlen (path) < sizeof out->sun_path)
    {
      memcpy (out->sun_path, path, strlen (path));
      return TRUE;
    }
  g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "socket %s: expected a path of at most %zu bytes", path,
               sizeof out->sun_path - 1);
  return FALSE;
}

/* Does somebody answer at this address? A full backlog is an answer as well, and so is that the socket is of another type. */
static gboolean
is_answered (const struct sockaddr_un *address)
{
  int      fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  gboolean refused;

  if (fd < 0)
    return TRUE;
  refused = connect (fd, (const struct sockaddr *) address, sizeof *address) != 0 && (errno == ECONNREFUSED || errno == ENOENT);
  close (fd);
  return !refused;
}

/* TRUE if nothing that is somebody's stands at @path. */
static gboolean
is_free (const char *path, const struct sockaddr_un *address, GError **error)
{
  struct stat status;

  if (lstat (path, &status) != 0)
    return errno == ENOENT || fail (error, "look at", path);
  if (!S_ISSOCK (status.st_mode))
    g_set_error (error, PG_ERROR, PG_ERROR_SYSTEM, "%s exists and is no socket", path);
  else if (is_answered (address))
    g_set_error (error, PG_ERROR, PG_ERROR_BUSY, "socket %s is in use: another process answers there", path);
  else
    return TRUE;
  return FALSE;
}

static uid_t
find_owner (const PgListenRights *rights)
{
  const struct passwd *entry;

  if (rights->owner == NULL || rights->owner[0] == '\0')
    return (uid_t) -1;
  entry = getpwnam (rights->owner);
  if (entry == NULL)
    g_warning ("socket owner \"%s\": there is no such user; the owner is left as it is", rights->owner);
  return entry != NULL ? entry->pw_uid : (uid_t) -1;
}

static gid_t
find_group (const PgListenRights *rights)
{
  const struct group *entry;

  if (rights->group == NULL || rights->group[0] == '\0')
    return (gid_t) -1;
  entry = getgrnam (rights->group);
  if (entry == NULL)
    g_warning ("socket group \"%s\": there is no such group; the group is left as it is", rights->group);
  return entry != NULL ? entry->gr_gid : (gid_t) -1;
}

static gboolean
set_rights (const char *path, const PgListenRights *rights, GError **error)
{
  uid_t uid = find_owner (rights);
  gid_t gid = find_group (rights);

  /* Who is not root can't give it away; the mode alone decides then. */
  if ((uid != (uid_t) -1 || gid != (gid_t) -1) && lchown (path, uid, gid) != 0)
    {
      if (errno != EPERM)
        return fail (error, "set the owner of", path);
      g_warning ("cannot set owner and group of %s: %s", path, g_strerror (errno));
    }
  /* The folder may be another user's, who could put a link in its place. */
  return fchmodat (AT_FDCWD, path, rights->mode, AT_SYMLINK_NOFOLLOW) == 0 || fail (error, "set the mode of", path);
}

static int
bind_closed (const struct sockaddr_un *address, int type)
{
  int    fd = socket (AF_UNIX, (type != 0 ? type : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  mode_t old;
  int    bound;

  if (fd < 0)
    return -1;
  old = umask (0777);
  bound = bind (fd, (const struct sockaddr *) address, sizeof *address);
  umask (old);
  if (bound == 0)
    return fd;
  close (fd);
  return -1;
}

/* Makes the socket under the name @fresh; it takes its own when all is set. */
static gboolean
make_unix (PgListener *self, const char *fresh, const PgListenRights *rights, GError **error)
{
  struct sockaddr_un address;
  struct stat        status;

  if (!fill_unix_address (fresh, &address, error))
    return FALSE;
  (void) unlink (fresh);
  self->fd = bind_closed (&address, rights->type);
  if (self->fd < 0)
    return fail (error, "make socket", self->path);
  if (!set_rights (fresh, rights, error))
    return FALSE;
  if (listen (self->fd, BACKLOG) != 0 || lstat (fresh, &status) != 0)
    return fail (error, "listen on", self->path);
  self->device = status.st_dev;
  self->inode = status.st_ino;
  return rename (fresh, self->path) == 0 || fail (error, "put in place", self->path);
}

static gboolean
listen_unix (PgListener *self, const PgListenRights *rights, GError **error)
{
  g_autofree char   *folder = g_path_get_dirname (self->path);
  g_autofree char   *fresh = g_strdup_printf ("%s/.pg%d", folder, (int) getpid ());
  struct sockaddr_un address;

  if (!fill_unix_address (self->path, &address, error) || !is_free (self->path, &address, error))
    return FALSE;
  if (make_unix (self, fresh, rights, error))
    return TRUE;
  (void) unlink (fresh);
  return FALSE;
}

/* "127.0.0.1:10040" or "[::1]:10040". */
static GSocketAddress *
parse_inet (const char *text)
{
  const char      *colon = strrchr (text, ':');
  g_autofree char *host = NULL;
  guint64          port;
  gsize            len;

  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 1, 65535, &port, NULL))
    return NULL;
  len = (gsize) (colon - text);
  if (len >= 2 && text[0] == '[' && text[len - 1] == ']')
    host = g_strndup (text + 1, len - 2);
  else
    host = g_strndup (text, len);
  return g_inet_socket_address_new_from_string (host, (guint) port);
}

static gboolean
listen_inet (PgListener *self, const char *text, GError **error)
{
  g_autoptr (GSocketAddress) address = parse_inet (text);
  struct sockaddr_storage native;
  gssize                  size;
  int                     on = 1;

  if (address == NULL)
    {
      g_set_error (error, PG_ERROR, PG_ERROR_VALUE,
                   "inet:%s: expected inet:ADDRESS:PORT, as inet:127.0.0.1:10040 or inet:[::1]:10040", text);
      return FALSE;
    }
  size = g_socket_address_get_native_size (address);
  if (!g_socket_address_to_native (address, &native, sizeof native, error))
    return FALSE;
  self->fd = socket (native.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (self->fd < 0 || setsockopt (self->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0
      || bind (self->fd, (const struct sockaddr *) &native, (socklen_t) size) != 0 || listen (self->fd, BACKLOG) != 0)
    return fail (error, "listen on", self->spec);
  return TRUE;
}

PgListener *
pg_listen (const char *spec, const PgListenRights *rights, GError **error)
{
  PgListener *self = g_new0 (PgListener, 1);
  gboolean    ok;

  self->fd = -1;
  self->spec = g_strdup (spec);
  if (g_str_has_prefix (spec, "unix:"))
    {
      self->path = g_strdup (spec + strlen ("unix:"));
      ok = listen_unix (self, rights, error);
    }
  else
    ok = listen_inet (self, spec + strlen ("inet:"), error);
  if (ok)
    return self;
  pg_listener_free (self);
  return NULL;
}

static char *
describe_inet (GInetSocketAddress *address)
{
  GInetAddress    *host = g_inet_socket_address_get_address (address);
  g_autofree char *text = g_inet_address_to_string (host);
  gboolean         is_v6 = g_inet_address_get_family (host) == G_SOCKET_FAMILY_IPV6;

  return g_strdup_printf ("inet:%s%s%s:%u", is_v6 ? "[" : "", text, is_v6 ? "]" : "", g_inet_socket_address_get_port (address));
}

/* The spec of a socket that is bound; transfer full. NULL with errno set if it can't be found. */
static char *
find_spec (int fd)
{
  struct sockaddr_storage native;
  socklen_t               size = sizeof native;
  g_autoptr (GSocketAddress) address = NULL;

  if (getsockname (fd, (struct sockaddr *) &native, &size) != 0)
    return NULL;
  address = g_socket_address_new_from_native (&native, size);
  if (G_IS_INET_SOCKET_ADDRESS (address))
    return describe_inet (G_INET_SOCKET_ADDRESS (address));
  if (G_IS_UNIX_SOCKET_ADDRESS (address))
    return g_strconcat ("unix:", g_unix_socket_address_get_path (G_UNIX_SOCKET_ADDRESS (address)), NULL);
  errno = EAFNOSUPPORT;
  return NULL;
}

PgListener *
pg_listener_adopt (int fd, GError **error)
{
  PgListener *self = g_new0 (PgListener, 1);

  self->fd = fd;
  self->spec = find_spec (fd);
  if (self->spec == NULL)
    (void) fail (error, "use", "a socket that was passed");
  else if (g_unix_set_fd_nonblocking (fd, TRUE, error))
    return self;
  pg_listener_free (self);
  return NULL;
}

void
pg_listener_free (PgListener *self)
{
  struct stat status;

  if (self == NULL)
    return;
  if (self->path != NULL && self->inode != 0 && lstat (self->path, &status) == 0 && status.st_dev == self->device
      && status.st_ino == self->inode)
    (void) unlink (self->path);
  if (self->fd >= 0)
    close (self->fd);
  g_free (self->path);
  g_free (self->spec);
  g_free (self);
}
