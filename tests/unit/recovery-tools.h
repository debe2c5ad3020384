/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recovery-tools: short ways to lose and damage the files of a store, and to see what it made of them. */
#pragma once

#include "store/base.h"
#include "store/family.h"

#include "store-tools.h"

static inline void
put_many (PgStore *store, guint from, guint to)
{
  for (guint n = from; n < to; n++)
    put_grant (store, n, "bob", n + 1);
}

static inline void
sync_store (PgStore *store)
{
  ck_assert (pg_store_sync (store, NULL));
}

static inline void
assert_many (const char *name, PgStore *store, guint n_grants)
{
  for (guint n = 0; n < n_grants; n++)
    {
      PgRecord record;

      ck_assert_msg (get_grant (store, n, &record) == PG_STORE_FOUND, "%s: grant %u is lost", name, n);
      ck_assert_msg (record.newest_us == n + 1, "%s: grant %u", name, n);
    }
}

/* Ticks, as the daemon does, until a checkpoint took the place of the redo log's file @number. */
static inline void
tick_until_gone (PgStore *store, guint64 number)
{
  g_autofree char *redo = pg_family_redo_name (path, number);

  while (g_file_test (redo, G_FILE_TEST_EXISTS))
    {
      pg_store_tick (store);
      ck_assert (pg_store_problem (store) == NULL);
      sync_store (store);
      g_usleep (1000);
    }
}

static inline gboolean
is_there (const char *suffix)
{
  g_autofree char *name = g_strconcat (path, suffix, NULL);

  return g_file_test (name, G_FILE_TEST_EXISTS);
}

static inline void
flip_byte (const char *suffix, double where)
{
  g_autofree char *name = g_strconcat (path, suffix, NULL);
  g_autoptr (GBytes) bytes = read_bytes (name);
  gsize              len;
  gconstpointer      data = g_bytes_get_data (bytes, &len);
  g_autofree guint8 *copy = g_memdup2 (data, len);

  copy[(gsize) ((double) (len - 1) * where)] ^= 0x40;
  write_bytes (name, copy, len);
}

static inline void
lose (const char *suffix)
{
  g_autofree char *name = g_strconcat (path, suffix, NULL);

  ck_assert_msg (g_remove (name) == 0, "%s", name);
}

static inline gboolean
is_frozen (PgStore *store)
{
  g_autoptr (PgNoteset) notes = pg_noteset_new ();
  PgNote freeze = { .kind = PG_NOTE_FREEZE, .target = PG_NOTE_ALL };

  ck_assert (pg_store_load_notes (store, notes, NULL));
  return pg_noteset_find (notes, PG_NOTE_FREEZE, &freeze) != NULL;
}

static inline void
lose_base (void)
{
  lose (".base-00000000");
}

static inline void
lose_database (void)
{
  lose ("");
}

/* A hundred grants and a note in each. */
static inline void
fill_three_sessions (void)
{
  static const char *const targets[] = { "192.0.2.1", "192.0.2.2", "user:carol" };

  for (guint i = 0; i < 3; i++)
    {
      PgStore *store = open_store ();

      put_many (store, 100 * i, 100 * i + 100);
      put_note (store, 0, targets[i]);
      put_position (store, SOURCE, "here", 4);
      pg_store_free (store);
    }
}
