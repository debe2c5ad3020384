/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/permit-log.h"

#include "core/duration.h"

/* So many addresses are remembered; then all are forgotten at once. */
#define ADDRESSES_MAX 65536

typedef struct
{
  PgAddress address;
  gint64    login_us; /* of the login it was logged with */
  gboolean  is_repeated; /* since it was told last */
} Entry;

struct _PgPermitLog
{
  GHashTable *entries; /* of Entry, by its address */
  guint64     n_repeated;
  guint       n_addresses;
};

static guint
hash_address (gconstpointer address)
{
  const PgAddress *self = address;
  guint            hash = 2166136261u;

  for (gsize i = 0; i < sizeof self->bytes; i++)
    hash = (hash ^ self->bytes[i]) * 16777619u;
  return hash;
}

static gboolean
equal_addresses (gconstpointer a, gconstpointer b)
{
  return pg_address_equal (a, b);
}

PgPermitLog *
pg_permit_log_new (void)
{
  PgPermitLog *self = g_new0 (PgPermitLog, 1);

  self->entries = g_hash_table_new_full (hash_address, equal_addresses, NULL, g_free);
  return self;
}

void
pg_permit_log_free (PgPermitLog *self)
{
  if (self == NULL)
    return;
  pg_permit_log_tell (self);
  g_hash_table_unref (self->entries);
  g_free (self);
}

static void
tell_login (const PgQuery *query, const PgFinding *finding, gint64 now_us)
{
  const PgDecision      *decision = &finding->decision;
  const PgRecordUser    *user = &finding->record.users[decision->user];
  g_autofree char       *name = pg_span_escape (pg_record_user_name (&finding->record, (guint) decision->user), PG_USER_MAX);
  g_autoptr (GDateTime)  when = g_date_time_new_from_unix_utc (decision->login_us / G_USEC_PER_SEC);
  g_autofree char       *login = g_date_time_format_iso8601 (when);
  char                   address[PG_ADDRESS_TEXT_MAX];

  g_message ("permit address=%s rule=login user=\"%s\" service=%s server=%s login=%s age=%" G_GINT64_FORMAT "s",
             pg_address_to_string (&query->address, address), name, pg_service_to_string (user->service),
             pg_server_to_string (user->server), login, MAX (now_us - decision->login_us, 0) / G_USEC_PER_SEC);
}

static void
tell (const PgQuery *query, const PgFinding *finding, gint64 now_us)
{
  char address[PG_ADDRESS_TEXT_MAX];

  if (finding->decision.rule == PG_RULE_LOGIN && finding->decision.user >= 0)
    tell_login (query, finding, now_us);
  else
    g_message ("permit address=%s rule=%s", pg_address_to_string (&query->address, address),
               pg_rule_name (finding->decision.rule));
}

static void
count_again (PgPermitLog *self, Entry *entry)
{
  self->n_repeated++;
  if (!entry->is_repeated)
    self->n_addresses++;
  entry->is_repeated = TRUE;
}

static void
remember (PgPermitLog *self, const PgAddress *address, gint64 login_us)
{
  Entry *entry = g_new0 (Entry, 1);

  if (g_hash_table_size (self->entries) >= ADDRESSES_MAX)
    g_hash_table_remove_all (self->entries);
  entry->address = *address;
  entry->login_us = login_us;
  g_hash_table_replace (self->entries, &entry->address, entry);
}

void
pg_permit_log_add (PgPermitLog *self, const PgQuery *query, const PgFinding *finding, gint64 now_us)
{
  Entry *known = g_hash_table_lookup (self->entries, &query->address);
  gint64 login_us = finding->decision.rule == PG_RULE_LOGIN ? finding->decision.login_us : PG_RECORD_NEVER;

  if (known != NULL && known->login_us == login_us)
    count_again (self, known);
  else
    {
      remember (self, &query->address, login_us);
      tell (query, finding, now_us);
    }
}

void
pg_permit_log_tell (PgPermitLog *self)
{
  GHashTableIter iter;
  gpointer       entry;

  if (self->n_repeated == 0)
    return;
  g_message ("permits repeated=%" G_GUINT64_FORMAT " addresses=%u", self->n_repeated, self->n_addresses);
  self->n_repeated = self->n_addresses = 0;
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    ((Entry *) entry)->is_repeated = FALSE;
}
