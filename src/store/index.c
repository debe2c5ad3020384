/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables of entries in the order of their names, with free places between them: a name's share of all names tells where in the
 * table its entry would stand best, and it stands there or a few places behind. So a search that meets a greater name is over,
 * and a table grows by writing its entries out once, from the first to the last. There are many tables, so that one that grows
 * makes nobody wait.
 */
#include "store/index.h"

#include <string.h>

#define TABLE_BITS 6
#define N_TABLES (1 << TABLE_BITS)

#define FIRST_PLACES 16

/* A table that is fuller grows, by an eighth: between 78 and 88 of 100 places are taken. */
#define FULL_EIGHTHS 7

#define PLACES_MAX ((PG_INDEX_MAX >> TABLE_BITS) / FULL_EIGHTHS * 8)

/* Behind the last place that can be an entry's best one: who finds no room there makes the table grow. */
#define SPARE 64

#define TIME_MAX ((G_GINT64_CONSTANT (1) << 55) - 1)
#define TIME_MASK ((G_GUINT64_CONSTANT (1) << 56) - 1)

/* What is read there is on its way, and nobody waits for it. */
#ifdef __GNUC__
#define PREFETCH(at) __builtin_prefetch (at)
#else
#define PREFETCH(at) ((void) (at))
#endif

/* Entries from one cache line to the next. */
#define LINE 4

typedef struct
{
  PgIndexEntry *entries; /* n_places + SPARE, and a last one that is always free; NULL: there are none */
  guint32       n_places;
  guint32       n;
} Table;

struct _PgIndex
{
  Table   tables[N_TABLES]; /* by the name's first bits */
  guint64 n;
};

G_STATIC_ASSERT (sizeof (PgIndexEntry) == 16);

PgIndex *
pg_index_new (void)
{
  return g_new0 (PgIndex, 1);
}

void
pg_index_clear (PgIndex *self)
{
  for (guint i = 0; i < N_TABLES; i++)
    g_free (self->tables[i].entries);
  memset (self, 0, sizeof *self);
}

void
pg_index_free (PgIndex *self)
{
  if (self == NULL)
    return;
  pg_index_clear (self);
  g_free (self);
}

guint64
pg_index_size (const PgIndex *self)
{
  return self->n;
}

static guint64
name_of (const PgHash *key)
{
  guint64 name;

  memcpy (&name, key->bytes, sizeof name);
  return MAX (name, 1);
}

static Table *
table_of (PgIndex *self, guint64 name)
{
  return &self->tables[name >> (64 - TABLE_BITS)];
}

/* The place where @name would stand best: it never falls when the name grows. */
static guint64
best_place (const Table *table, guint64 name)
{
  guint64 share = (name << TABLE_BITS) >> 32;

  return (share * table->n_places) >> 32;
}

/* The place of @name, or the one where it belongs: it is free, or a greater name stands there. */
static guint64
find_place (const Table *table, guint64 name)
{
  guint64 at = best_place (table, name);

  while (table->entries[at].name != 0 && table->entries[at].name < name)
    at++;
  return at;
}

PgIndexEntry *
pg_index_find (PgIndex *self, const PgHash *key)
{
  guint64 name = name_of (key);
  Table  *table = table_of (self, name);
  guint64 at;

  if (table->entries == NULL)
    return NULL;
  at = find_place (table, name);
  return table->entries[at].name == name ? &table->entries[at] : NULL;
}

/* It stands in the line of its best place, or in the next one. */
void
pg_index_expect (PgIndex *self, const PgHash *key)
{
  guint64      name = name_of (key);
  const Table *table = table_of (self, name);
  guint64      at;

  if (table->entries == NULL)
    return;
  at = best_place (table, name);
  PREFETCH (&table->entries[at]);
  PREFETCH (&table->entries[at + LINE]);
}

/* --- changing -------------------------------------------------------------------------------------------------------- */

static gsize
n_entries (const Table *table)
{
  return table->entries != NULL ? (gsize) table->n_places + SPARE : 0;
}

/* Writes the entries of @from into @to, which is empty. FALSE: they do not fit. */
static gboolean
write_out (const Table *from, Table *to)
{
  guint64 next = 0;

  for (gsize i = 0; i < n_entries (from); i++)
    if (from->entries[i].name != 0)
      {
        next = MAX (next, best_place (to, from->entries[i].name));
        if (next == n_entries (to))
          return FALSE;
        to->entries[next++] = from->entries[i];
      }
  to->n = from->n;
  return TRUE;
}

static gboolean
grow (Table *table)
{
  Table larger = { .n_places = MIN (MAX (table->n_places + table->n_places / 8, FIRST_PLACES), PLACES_MAX) };

  if (table->n_places >= PLACES_MAX)
    return FALSE;
  larger.entries = g_new0 (PgIndexEntry, (gsize) larger.n_places + SPARE + 1);
  if (!write_out (table, &larger))
    {
      g_free (larger.entries);
      return FALSE;
    }
  g_free (table->entries);
  *table = larger;
  return TRUE;
}

static gboolean
is_full (const Table *table)
{
  return (guint64) table->n * 8 >= (guint64) table->n_places * FULL_EIGHTHS;
}

/* Makes @at free: what stands there moves up to the next place that is. FALSE: there is none. */
static gboolean
make_room (Table *table, guint64 at)
{
  guint64 end = at;

  while (table->entries[end].name != 0)
    end++;
  if (end >= n_entries (table))
    return FALSE;
  memmove (&table->entries[at + 1], &table->entries[at], (end - at) * sizeof table->entries[0]);
  return TRUE;
}

/* The place for a new entry; NULL: there is no room. */
static PgIndexEntry *
add (Table *table, guint64 name)
{
  guint64 at;

  if (is_full (table) && !grow (table))
    return NULL;
  at = find_place (table, name);
  while (!make_room (table, at))
    {
      if (!grow (table))
        return NULL;
      at = find_place (table, name);
    }
  table->n++;
  return &table->entries[at];
}

gboolean
pg_index_put (PgIndex *self, const PgHash *key, gint64 newest_us)
{
  guint64       name = name_of (key);
  PgIndexEntry *entry;

  if (newest_us > TIME_MAX || newest_us < -TIME_MAX)
    {
      pg_index_remove (self, key);
      return FALSE;
    }
  entry = pg_index_find (self, key);
  if (entry == NULL)
    {
      entry = add (table_of (self, name), name);
      if (entry == NULL)
        return FALSE;
      self->n++;
    }
  *entry = (PgIndexEntry){ .name = name, .newest = (guint64) newest_us & TIME_MASK };
  return TRUE;
}

/* What stands behind moves down, up to the first that stands best where it is. */
void
pg_index_remove (PgIndex *self, const PgHash *key)
{
  PgIndexEntry *entry = pg_index_find (self, key);
  Table        *table;
  guint64       at, end;

  if (entry == NULL)
    return;
  table = table_of (self, entry->name);
  at = (guint64) (entry - table->entries);
  for (end = at + 1; table->entries[end].name != 0 && best_place (table, table->entries[end].name) < end;)
    end++;
  memmove (entry, entry + 1, (end - at - 1) * sizeof *entry);
  table->entries[end - 1] = (PgIndexEntry){ .name = 0 };
  table->n--;
  self->n--;
}
