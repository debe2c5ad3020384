/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/grant-log.h"

void
pg_grant_log_tell (PgLogThrottle *throttle, const PgLogin *login)
{
  g_autofree char *user = NULL;
  char             address[PG_ADDRESS_TEXT_MAX];

  if (!pg_log_may (throttle, "grants"))
    return;
  user = pg_span_escape (login->user, PG_USER_MAX);
  g_message ("grant address=%s user=\"%s\" service=%s server=%s", pg_address_to_string (&login->address, address), user,
             pg_service_to_string (login->service), pg_server_to_string (login->server));
}
