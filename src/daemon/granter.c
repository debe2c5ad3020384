/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/granter.h"

#include "daemon/log.h"

struct _PgGranter
{
  PgEngine     *engine;
  PgGranted     granted;
  gpointer      user_data;
  PgLogThrottle lines;
};

PgGranter *
pg_granter_new (PgEngine *engine, PgGranted granted, gpointer user_data)
{
  PgGranter *self = g_new0 (PgGranter, 1);

  self->engine = engine;
  self->granted = granted;
  self->user_data = user_data;
  return self;
}

void
pg_granter_free (PgGranter *self)
{
  g_free (self);
}

static void
tell (PgGranter *self, const PgLogin *login)
{
  g_autofree char *user = NULL;
  char             address[PG_ADDRESS_TEXT_MAX];

  if (!pg_log_may (&self->lines, "grants"))
    return;
  user = pg_span_escape (login->user, PG_USER_MAX);
  g_message ("grant address=%s user=\"%s\" service=%s server=%s", pg_address_to_string (&login->address, address), user,
             pg_service_to_string (login->service), pg_server_to_string (login->server));
}

gboolean
pg_granter_take (PgGranter *self, const PgLogin *login, gint64 now_us)
{
  g_autoptr (GError) error = NULL;
  const char *why;
  PgLoginFate fate = pg_engine_login (self->engine, login, now_us, &why, &error);

  if (fate == PG_LOGIN_GRANTED)
    {
      tell (self, login);
      self->granted (self->user_data);
    }
  return fate != PG_LOGIN_FAILED;
}
