/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/sockets.h"

#include "daemon/activation.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static void
free_listener (gpointer listener)
{
  pg_listener_free (listener);
}

void
pg_sockets_make_folder_of (const char *path, mode_t mode, const PgIdentity *owner)
{
  g_autofree char *folder = g_path_get_dirname (path);

  if (mkdir (folder, 0700) != 0)
    return;
  if ((owner->is_set && geteuid () == 0 && lchown (folder, owner->uid, owner->gid) != 0) || chmod (folder, mode) != 0)
    g_warning ("cannot set owner and mode of %s: %s", folder, g_strerror (errno));
}

static gboolean
has_listener (const GPtrArray *listeners, const char *spec)
{
  for (guint i = 0; i < listeners->len; i++)
    if (g_str_equal (((const PgListener *) g_ptr_array_index (listeners, i))->spec, spec))
      return TRUE;
  return FALSE;
}

/* Others were passed. Mostly they are the same; if not, an admin may wonder. */
static void
tell_unused (const GPtrArray *listeners, char **specs)
{
  for (; *specs != NULL; specs++)
    if (!has_listener (listeners, *specs))
      g_message ("%s is not made: the service manager has passed others", *specs);
}

static gboolean
listen_all (GPtrArray *listeners, char **specs, const PgListenRights *rights, GError **error)
{
  if (listeners->len > 0)
    {
      tell_unused (listeners, specs);
      return TRUE;
    }
  for (; *specs != NULL; specs++)
    {
      PgListener *listener = pg_listen (*specs, rights, error);

      if (listener == NULL)
        return FALSE;
      g_ptr_array_add (listeners, listener);
    }
  return TRUE;
}

static void
make_folders (const GPtrArray *listeners, char **specs, const PgIdentity *owner)
{
  for (; listeners->len == 0 && *specs != NULL; specs++)
    pg_sockets_make_folder_of (*specs + strlen ("unix:"), 0755, owner);
}

static gboolean
make_others (PgSockets *self, const PgConfig *config, const PgIdentity *owner, GError **error)
{
  const PgListenRights policy = { config->socket_mode, config->socket_owner, config->socket_group, SOCK_STREAM };
  const PgListenRights control = { 0666, NULL, NULL, SOCK_STREAM }; /* the peer's uid is what counts */
  const PgListenRights logins = { 0666, NULL, NULL, SOCK_SEQPACKET };

  make_folders (self->control, config->control_listen, owner);
  make_folders (self->login, config->login_listen, owner);
  return listen_all (self->control, config->control_listen, &control, error)
         && listen_all (self->login, config->login_listen, &logins, error)
         && listen_all (self->policy, config->policy_listen, &policy, error);
}

PgSockets *
pg_sockets_open (const PgConfig *config, const PgIdentity *owner, GError **error)
{
  PgSockets *self = g_new0 (PgSockets, 1);

  self->policy = g_ptr_array_new_with_free_func (free_listener);
  self->control = g_ptr_array_new_with_free_func (free_listener);
  self->login = g_ptr_array_new_with_free_func (free_listener);
  if (pg_activation_adopt (self, error) && make_others (self, config, owner, error))
    return self;
  pg_sockets_free (self);
  return NULL;
}

void
pg_sockets_free (PgSockets *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->policy);
  g_ptr_array_unref (self->control);
  g_ptr_array_unref (self->login);
  g_free (self);
}
