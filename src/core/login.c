/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/login.h"

static const char *const service_names[PG_N_SERVICES] = {
  [PG_SERVICE_POP3] = "pop3",
  [PG_SERVICE_IMAP] = "imap",
  [PG_SERVICE_SUBMISSION] = "submission",
  [PG_SERVICE_SIEVE] = "sieve",
};

static const char *const server_names[PG_N_SERVERS] = {
  [PG_SERVER_DOVECOT] = "dovecot",   [PG_SERVER_COURIER] = "courier",
  [PG_SERVER_CYRUS] = "cyrus",       [PG_SERVER_UW] = "uw",
  [PG_SERVER_QPOPPER] = "qpopper",   [PG_SERVER_VPOPMAIL] = "vpopmail",
  [PG_SERVER_POPA3D] = "popa3d",     [PG_SERVER_PERDITION] = "perdition",
  [PG_SERVER_TEAPOP] = "teapop",     [PG_SERVER_GNU_POP3D] = "gnu-pop3d",
  [PG_SERVER_VM_POP3D] = "vm-pop3d", [PG_SERVER_SOLID_POP3D] = "solid-pop3d",
  [PG_SERVER_POPGATE_LOGIN] = "popgate-login",
};

static const char *
name_of (const char *const *names, guint n_names, guint index)
{
  return index < n_names && names[index] != NULL ? names[index] : "?";
}

static guint
index_of (const char *const *names, guint n_names, PgSpan name)
{
  for (guint i = 1; i < n_names; i++)
    if (names[i] != NULL && pg_span_is (name, names[i]))
      return i;
  return 0;
}

const char *
pg_service_to_string (PgService service)
{
  return name_of (service_names, PG_N_SERVICES, service);
}

gboolean
pg_service_from_span (PgSpan name, PgService *out)
{
  guint index = index_of (service_names, PG_N_SERVICES, name);

  if (index == 0)
    return FALSE;
  *out = (PgService) index;
  return TRUE;
}

const char *
pg_server_to_string (PgServer server)
{
  return name_of (server_names, PG_N_SERVERS, server);
}

gboolean
pg_server_from_span (PgSpan name, PgServer *out)
{
  guint index = index_of (server_names, PG_N_SERVERS, name);

  if (index == 0)
    return FALSE;
  *out = (PgServer) index;
  return TRUE;
}
