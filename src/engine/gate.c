/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/gate.h"

#include "core/duration.h"

static gboolean
is_never_user (const PgConfig *config, PgSpan user)
{
  for (char **name = config->never_users; *name != NULL; name++)
    if (strlen (*name) == user.len && g_ascii_strncasecmp (*name, user.data, user.len) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
is_from_ourselves (const PgConfig *config, const PgLogin *login)
{
  return login->has_server_address && !config->never_none && pg_address_equal (&login->address, &login->server_address);
}

const char *
pg_gate_user_refusal (const PgConfig *config, const PgLogin *login)
{
  if ((config->services & (1u << login->service)) == 0)
    return "its service does not grant";
  if (is_never_user (config, login->user))
    return "its user is in never_users";
  return NULL;
}

const char *
pg_gate_refusal (const PgConfig *config, const PgNoteset *notes, const PgLogin *login, gint64 now_us)
{
  const char *why = pg_gate_user_refusal (config, login);

  if (why != NULL)
    return why;
  if (pg_netset_covers (config->never_grant, &login->address, NULL))
    return "its address is in never_grant";
  if (is_from_ourselves (config, login))
    return "it came from the server's own address";
  if (pg_noteset_covering (notes, PG_NOTE_DENY, &login->address, now_us) != NULL)
    return "its address is denied";
  if (!pg_noteset_user_counts (notes, login->user, login->time_us, now_us))
    return "its user is denied or was revoked";
  if (login->time_us <= pg_noteset_revoked_us (notes, &login->address))
    return "its address was revoked";
  if (now_us - login->time_us > config->window_us)
    return "it is older than the window";
  return NULL;
}

/* Since it was stored the address or the user was revoked: then a login that is but little newer makes all the difference. */
static gboolean
was_revoked (const PgNoteset *notes, const PgRecord *record, const PgLogin *login, gint64 now_us)
{
  return record->newest_us <= pg_noteset_revoked_us (notes, &login->address)
         || !pg_noteset_user_counts (notes, login->user, record->newest_us, now_us);
}

gboolean
pg_gate_is_renewal_needed (const PgConfig *config, const PgNoteset *notes, const PgRecord *record, const PgLogin *login,
                           gint64 now_us)
{
  gint     known = pg_record_find_user (record, login->user);
  gint64   moved_us;
  gboolean is_newest;

  if (known < 0)
    return TRUE;
  moved_us = login->time_us - record->users[known].login_us;
  is_newest = known == 0 && record->users[0].login_us == record->newest_us;
  if (moved_us <= 0)
    return FALSE;
  return !is_newest || moved_us >= MIN (5 * PG_SECOND, config->window_us / 100) || was_revoked (notes, record, login, now_us);
}
