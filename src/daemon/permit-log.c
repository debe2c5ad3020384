/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/permit-log.h"

#include "core/siphash.h"

/* Places in a set, which fills a cache line: an address can be at any of them. */
#define WAYS 8

/* The table begins small, as memory that is near is fast, and doubles when it is half full. At last it has two million places. */
#define FIRST_BITS 8
#define LAST_BITS 18

/* Of two addresses that share a name, and whose users logged in within one second, the log owes a line: of a million in half an
 * hour there is one such pair in seven. */
#define LOGIN_BITS 24
#define LOGIN_MASK ((1 << LOGIN_BITS) - 1)

/* Minutes are numbered from 1 to the last one, and 1 again. As a mark: it was told, and counted in none of them. */
#define LAST_MINUTE 254
#define TOLD 255

typedef struct
{
  guint32 name;               /* of a keyed hash of the address; odd: 0 is a free place */
  guint32 login : LOGIN_BITS; /* seconds, as far as they fit, of the login it was logged with; 0: an admin's allow */
  guint32 minute : 8;         /* in which it was counted last; 0: in none */
} Entry;

G_STATIC_ASSERT (sizeof (Entry) * WAYS == 64);

struct _PgPermitLog
{
  Entry   *entries; /* sets of WAYS; the name's first bits say which */
  guint    bits;
  guint    n_entries;
  PgSecret secret;
  guint64  n_repeated;
  guint    n_addresses;
  guint8   minute;
};

static Entry *
new_entries (guint bits)
{
  return g_new0 (Entry, (gsize) WAYS << bits);
}

PgPermitLog *
pg_permit_log_new (void)
{
  PgPermitLog *self = g_new0 (PgPermitLog, 1);

  self->bits = FIRST_BITS;
  self->entries = new_entries (self->bits);
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

/* The entry of that name; else a free place of its set; else the one that was logged for the oldest login, to be used anew. */
static Entry *
find_entry (PgPermitLog *self, guint32 name)
{
  Entry *set = self->entries + (gsize) (name >> (32 - self->bits)) * WAYS;
  Entry *oldest = set;

  for (guint i = 0; i < WAYS; i++)
    {
      if (set[i].name == name || set[i].name == 0)
        return &set[i];
      if (set[i].login < oldest->login)
        oldest = &set[i];
    }
  return oldest;
}

/* Each set becomes two, for which there is room. */
static void
grow (PgPermitLog *self)
{
  g_autofree Entry *old = self->entries;
  gsize             n_old = (gsize) WAYS << self->bits;

  self->entries = new_entries (++self->bits);
  for (gsize i = 0; i < n_old; i++)
    if (old[i].name != 0)
      *find_entry (self, old[i].name) = old[i];
}

static void
remember (PgPermitLog *self, Entry *entry, guint32 name, guint32 login)
{
  self->n_entries += entry->name == 0;
  *entry = (Entry){ .name = name, .login = login & LOGIN_MASK };
  if (self->n_entries > (guint) WAYS << self->bits >> 1 && self->bits < LAST_BITS)
    grow (self);
}

/* @minute: in which the address was counted last; 0: in none */
static guint8
count_again (PgPermitLog *self, guint8 minute)
{
  self->n_repeated++;
  if (minute != self->minute)
    self->n_addresses++;
  return self->minute;
}

/* With what is known of the grant stands whether it was told, and when it was counted. */
static void
add_marked (PgPermitLog *self, const PgQuery *query, const PgFinding *finding, gint64 now_us)
{
  PgIndexEntry *known = finding->known;

  if (known->mark == 0)
    {
      tell (query, finding, now_us);
      known->mark = TOLD;
    }
  else
    known->mark = count_again (self, known->mark);
}

static void
add_to_table (PgPermitLog *self, const PgQuery *query, const PgFinding *finding, gint64 now_us)
{
  gboolean by_login = finding->decision.rule == PG_RULE_LOGIN;
  guint32  login = by_login ? (finding->decision.login_us / G_USEC_PER_SEC) & LOGIN_MASK : 0;
  guint32  name = (guint32) pg_siphash_64 (&self->secret, query->address.bytes, sizeof query->address.bytes) | 1;
  Entry   *entry = find_entry (self, name);

  if (entry->name == name && entry->login == login)
    {
      entry->minute = count_again (self, entry->minute);
      return;
    }
  remember (self, entry, name, login);
  tell (query, finding, now_us);
}

void
pg_permit_log_add (PgPermitLog *self, const PgQuery *query, const PgFinding *finding, gint64 now_us)
{
  if (finding->known != NULL && finding->decision.rule == PG_RULE_LOGIN)
    add_marked (self, query, finding, now_us);
  else
    add_to_table (self, query, finding, now_us);
}

void
pg_permit_log_tell (PgPermitLog *self)
{
  if (self->n_repeated > 0)
    g_message ("permits repeated=%" G_GUINT64_FORMAT " addresses=%u", self->n_repeated, self->n_addresses);
  self->n_repeated = self->n_addresses = 0;
  self->minute = self->minute % LAST_MINUTE + 1;
}
