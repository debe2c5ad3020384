/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/login.h"

static const char *const service_names[PG_N_SERVICES] = {
  [PG_SERVICE_POP3] = "pop3",
  [PG_SERVICE_IMAP] = "imap",
  [PG_SERVICE_SUBMISSION] = "submission",
  [PG_SERVICE_SIEVE] = "sieve",
};

static const char *const server_names[PG_N_SERVERS] = {
  [PG_SERVER_DOVECOT] = "dovecot",
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
    if (pg_span_is (name, names[i]))
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
