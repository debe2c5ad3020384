/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/parse-summary.h"

#include "core/siphash.h"

typedef struct
{
  guint64 n_logins;
  guint64 n_grants;
} Count;

typedef struct
{
  PgServer  server;
  PgService service;
  PgSpan    user; /* of an entry in the table: its own */
  guint64   hash; /* of the user */
  Count     count;
} Entry;

struct _PgParseSummary
{
  PgSecret    secret;
  GHashTable *entries; /* a set of Entry */
  Count       others[PG_N_SERVERS][PG_N_SERVICES];
};

static guint
hash_entry (gconstpointer key)
{
  const Entry *entry = key;

  return (guint) entry->hash ^ (guint) entry->server << 8 ^ (guint) entry->service;
}

static gboolean
is_same_entry (gconstpointer a, gconstpointer b)
{
  const Entry *left = a;
  const Entry *right = b;

  return left->server == right->server && left->service == right->service && left->user.len == right->user.len
         && memcmp (left->user.data, right->user.data, left->user.len) == 0;
}

static gint
compare_entries (gconstpointer a, gconstpointer b)
{
  const Entry *left = a;
  const Entry *right = b;
  gint         order;

  if (left->server != right->server)
    return left->server < right->server ? -1 : 1;
  if (left->service != right->service)
    return left->service < right->service ? -1 : 1;
  order = memcmp (left->user.data, right->user.data, MIN (left->user.len, right->user.len));
  return order != 0 ? order : (left->user.len > right->user.len) - (left->user.len < right->user.len);
}

PgParseSummary *
pg_parse_summary_new (void)
{
  PgParseSummary *self = g_new0 (PgParseSummary, 1);

  for (gsize i = 0; i < sizeof self->secret.bytes; i++)
    self->secret.bytes[i] = (guint8) g_random_int_range (0, 256);
  self->entries = g_hash_table_new_full (hash_entry, is_same_entry, g_free, NULL);
  return self;
}

void
pg_parse_summary_free (PgParseSummary *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->entries);
  g_free (self);
}

/* One block holds the entry and, behind it, the name. */
static Entry *
keep_entry (PgParseSummary *self, const Entry *key)
{
  Entry *entry = g_malloc (sizeof *entry + key->user.len);

  *entry = *key;
  entry->user.data = memcpy (entry + 1, key->user.data, key->user.len);
  g_hash_table_add (self->entries, entry);
  return entry;
}

static Count *
find_count (PgParseSummary *self, const PgLogin *login)
{
  Entry  key = { .server = login->server, .service = login->service, .user = login->user };
  Entry *entry;

  key.hash = pg_siphash_64 (&self->secret, key.user.data, key.user.len);
  entry = g_hash_table_lookup (self->entries, &key);
  if (entry == NULL && g_hash_table_size (self->entries) >= PG_PARSE_SUMMARY_MAX)
    return &self->others[login->server][login->service];
  return entry != NULL ? &entry->count : &keep_entry (self, &key)->count;
}

void
pg_parse_summary_add (PgParseSummary *self, const PgLogin *login, gboolean grants)
{
  Count *count = find_count (self, login);

  count->n_logins++;
  count->n_grants += grants ? 1 : 0;
}

void
pg_parse_summary_show (const PgParseSummary *self, PgParseRows *rows)
{
  g_autoptr (GList) entries = g_list_sort (g_hash_table_get_keys (self->entries), compare_entries);

  pg_parse_rows_add_heading (rows);
  for (GList *link = entries; link != NULL; link = link->next)
    {
      const Entry *entry = link->data;

      pg_parse_rows_add_count (rows, entry->server, entry->service, &entry->user, entry->count.n_logins, entry->count.n_grants);
    }
  for (guint server = 0; server < PG_N_SERVERS; server++)
    for (guint service = 0; service < PG_N_SERVICES; service++)
      if (self->others[server][service].n_logins > 0)
        pg_parse_rows_add_count (rows, (PgServer) server, (PgService) service, NULL, self->others[server][service].n_logins,
                                 self->others[server][service].n_grants);
}
