/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "daemon/activation.h"

#ifdef HAVE_SYSTEMD

#include "core/error.h"
#include "core/span.h"

#include <stddef.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

typedef struct
{
  const char *name;
  int         type;
  gboolean    may_be_inet;
  gsize       offset;
} Kind;

static const Kind kinds[] = {
  { "policy", SOCK_STREAM, TRUE, offsetof (PgSockets, policy) },
  { "control", SOCK_STREAM, FALSE, offsetof (PgSockets, control) },
  { "login", SOCK_SEQPACKET, FALSE, offsetof (PgSockets, login) },
};

static const Kind *
find_kind (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_str_equal (kinds[i].name, name))
      return &kinds[i];
  return NULL;
}

static gboolean
is_of_kind (int fd, const Kind *kind)
{
  return sd_is_socket (fd, AF_UNIX, kind->type, 1) > 0
         || (kind->may_be_inet
             && (sd_is_socket (fd, AF_INET, kind->type, 1) > 0 || sd_is_socket (fd, AF_INET6, kind->type, 1) > 0));
}

static gboolean
fail (int fd, const char *name, const char *expected, PgError code, GError **error)
{
  g_autofree char *shown = pg_span_escape (pg_span_from_string (name), 60);

  g_set_error (error, PG_ERROR, (gint) code, "descriptor %d was passed as \"%s\": expected %s", fd, shown, expected);
  return FALSE;
}

static gboolean
adopt (PgSockets *sockets, int fd, const char *name, GError **error)
{
  const Kind *kind = find_kind (name);
  PgListener *listener;

  if (kind == NULL)
    return fail (fd, name, "the name policy, control or login (FileDescriptorName=)", PG_ERROR_VALUE, error);
  if (!is_of_kind (fd, kind))
    return fail (fd, name,
                 kind->type == SOCK_SEQPACKET ? "a unix socket of packets that listens (ListenSequentialPacket=)"
                 : kind->may_be_inet          ? "a unix, IPv4 or IPv6 socket that listens (ListenStream=)"
                                              : "a unix socket that listens (ListenStream=)",
                 PG_ERROR_SYSTEM, error);
  listener = pg_listener_adopt (fd, error);
  if (listener == NULL)
    return FALSE;
  g_message ("%s was passed by the service manager, for %s", listener->spec, name);
  g_ptr_array_add (G_STRUCT_MEMBER (GPtrArray *, sockets, kind->offset), listener);
  return TRUE;
}

static void
free_names (char **names)
{
  for (char **name = names; name != NULL && *name != NULL; name++)
    free (*name);
  free (names);
}

gboolean
pg_activation_adopt (PgSockets *sockets, GError **error)
{
  char   **names = NULL;
  int      n = sd_listen_fds_with_names (TRUE, &names);
  gboolean ok = n >= 0;

  if (n < 0)
    g_set_error (error, PG_ERROR, PG_ERROR_SYSTEM, "cannot take the sockets that were passed: %s", g_strerror (-n));
  for (int i = 0; i < n && ok; i++)
    ok = adopt (sockets, SD_LISTEN_FDS_START + i, names[i], error);
  free_names (names);
  return ok;
}

#else

gboolean
pg_activation_adopt (G_GNUC_UNUSED PgSockets *sockets, G_GNUC_UNUSED GError **error)
{
  return TRUE;
}

#endif
