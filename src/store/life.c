/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a store is opened, closed and freed by who may have something under way in its threads: that is ended first. */
#include "store/store-private.h"

gboolean
pg_store_open (PgStore *self, GError **error)
{
  pg_store_end_turn (self);
  return pg_store_open_now (self, error);
}

gboolean
pg_store_close (PgStore *self, GError **error)
{
  pg_store_end_turn (self);
  return pg_store_close_now (self, error);
}

void
pg_store_free (PgStore *self)
{
  if (self == NULL)
    return;
  pg_store_end_turn (self);
  pg_store_dispose (self);
}
