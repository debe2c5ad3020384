/* SPDX-License-Identifier: GPL-3.0-or-later */
/* index: of each grant that was read or written, when its newest login was. In memory, and nothing else of it.
 *
 * Pure: no I/O, no clock, no log, no globals. Entries are found by 64 bits of the grant's key, which is keyed (keys.h): that
 * another address has those of one of N grants is as likely as N in 2^64, and nobody can look for it without the secret. 16
 * bytes an entry, and two sevenths more at the most that is free. Bounded by PG_INDEX_MAX.
 */
#pragma once

#include "core/siphash.h"

#include <glib.h>

G_BEGIN_DECLS

/** PG_INDEX_MAX: entries at the most, with keys as they are, spread evenly; beyond them some find no room. */
#define PG_INDEX_MAX (1 << 24)

typedef struct _PgIndex PgIndex;

/**
 * PgIndexEntry:
 * @name: of the key; 0: a free place
 * @newest: time of the newest login, its last 56 bits: pg_index_newest_us()
 * @mark: whoever asks may keep something here; 0 whenever it was put
 */
typedef struct
{
  guint64 name;
  guint64 newest : 56;
  guint64 mark : 8;
} PgIndexEntry;

/** pg_index_newest_us: when the newest login was. */
static inline gint64
pg_index_newest_us (const PgIndexEntry *entry)
{
  return (gint64) ((guint64) entry->newest << 8) >> 8;
}

/** pg_index_new: an empty one; free with pg_index_free(). */
PgIndex *pg_index_new (void);

/** pg_index_free: ends @self; NULL is legal. */
void pg_index_free (PgIndex *self);

/** pg_index_clear: forgets all. */
void pg_index_clear (PgIndex *self);

/** pg_index_size: how many entries there are. */
guint64 pg_index_size (const PgIndex *self);

/** pg_index_find: the entry of @key, borrowed until something is put or removed; NULL: there is none. */
PgIndexEntry *pg_index_find (PgIndex *self, const PgHash *key);

/** pg_index_expect: pg_index_find() of @key is to come: meanwhile its entry may come nearer from memory that is far. */
void pg_index_expect (PgIndex *self, const PgHash *key);

/** pg_index_put: adds an entry or puts it in the place of the one of that key. FALSE: there is no room for it, or a time more
 * than a thousand years from 1970 has no place in it; then there is none. */
gboolean pg_index_put (PgIndex *self, const PgHash *key, gint64 newest_us);

/** pg_index_remove: does nothing if there is none. */
void pg_index_remove (PgIndex *self, const PgHash *key);

G_END_DECLS
