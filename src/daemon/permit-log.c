/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/permit-log.h"

#include "core/siphash.h"

/* Places in a set: an address can be at any of them. */
#define WAYS 4

/* Sets; each fills a cache line. Pages that were never needed take no memory. */
#define SETS ((guint32) 1 << 18)

typedef struct
{
  guint64 name;    /* a keyed hash of the address: to two of them sharing it, the log owes nothing but a line */
  guint32 login_s; /* of the login it was logged with; 0: an admin's allow */
  guint32 minute;  /* in which it was counted last; from 1 */
} Entry;

struct _PgPermitLog
{
  Entry   *entries; /* SETS sets of WAYS */
  PgSecret secret;
  guint64  n_repeated;
  guint    n_addresses;
  guint32  minute;
};

PgPermitLog *
pg_permit_log_new (void)
{
  PgPermitLog *self = g_new0 (PgPermitLog, 1);

  self->entries = g_new0 (Entry, (gsize) SETS * WAYS);
  self->minute = 1;
  for (gsize i = 0; i < sizeof self->secret.bytes; i++)
    self->secret.bytes[i] = (guint8) g_random_int ();
  return self;
}

void
pg_permit_log_free (PgPermitLog *self)
{
  if (self == NULL)
    return;
  pg_permit_log_tell (self);
  g_free (self->entries);
  g_free (self);
}

static void
tell_login (const PgQuery *query, const PgFinding *finding, gint64 now_us)
{
  const PgDecision   *decision = &finding->decision;
  const PgRecordUser *user = &finding->record.users[decision->user];
  g_autofree char    *name = pg_span_escape (pg_record_user_name (&finding->record, (guint) decision->user), PG_USER_MAX);
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_utc (decision->login_us / G_USEC_PER_SEC);
  g_autofree char *login = g_date_time_format_iso8601 (when);
  char             address[PG_ADDRESS_TEXT_MAX];

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

/* The entry of that name; else the one of its set that was logged for the oldest login, to be used anew. */
static Entry *
find_entry (PgPermitLog *self, guint64 name)
{
  Entry *set = self->entries + (gsize) (name % SETS) * WAYS;
  Entry *oldest = set;

  for (guint i = 0; i < WAYS; i++)
    {
      if (set[i].name == name)
        return &set[i];
      if (set[i].login_s < oldest->login_s)
        oldest = &set[i];
    }
  return oldest;
}

static void
count_again (PgPermitLog *self, Entry *entry)
{
  self->n_repeated++;
  if (entry->minute != self->minute)
    self->n_addresses++;
  entry->minute = self->minute;
}

void
pg_permit_log_add (PgPermitLog *self, const PgQuery *query, const PgFinding *finding, gint64 now_us)
{
  gboolean by_login = finding->decision.rule == PG_RULE_LOGIN;
  guint32  login_s = by_login ? (guint32) (finding->decision.login_us / G_USEC_PER_SEC) : 0;
  guint64  name = pg_siphash_64 (&self->secret, query->address.bytes, sizeof query->address.bytes);
  Entry   *entry = find_entry (self, name);

  if (entry->name == name && entry->login_s == login_s)
    count_again (self, entry);
  else
    {
      *entry = (Entry){ .name = name, .login_s = login_s };
      tell (query, finding, now_us);
    }
}

void
pg_permit_log_tell (PgPermitLog *self)
{
  if (self->n_repeated > 0)
    g_message ("permits repeated=%" G_GUINT64_FORMAT " addresses=%u", self->n_repeated, self->n_addresses);
  self->n_repeated = self->n_addresses = 0;
  self->minute++;
}
