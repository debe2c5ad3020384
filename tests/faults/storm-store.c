/* SPDX-License-Identifier: GPL-3.0-or-later */
/* storm-store: writes to a store as fast as it can until it is killed, or looks what a store holds after that.
 *
 * Usage: storm-store PATH write SEED       goes on where the database ends; says "synced N" after each sync
 *        storm-store PATH verify SEED N    of the sequence 0.. all below N is there, as it was written, and nothing else
 * verify exits 0; or 1, and says why. STORM_CHECKPOINT=BYTES: checkpoints are made that often.
 *
 * The sequence: grant I has an address and a time made of SEED and I. Each PASSING_EVERY of them an address is put that is
 * removed with the next; each NOTE_EVERY of them an administrator's note is put, each USAGE_EVERY a usage, one of N_USAGES in
 * turn. In between older grants are renewed.
 */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

#define FIRST_US G_GINT64_CONSTANT (1700000000000000)
#define PASSING_EVERY 16
#define NOTE_EVERY 64
#define USAGE_EVERY 8
#define N_USAGES 100
#define BATCH_MAX 64

typedef struct
{
  PgStore *store;
  guint32  seed;
  guint64  next; /* of the sequence, to be written */
  gboolean is_writing;
} Storm;

static void G_GNUC_NORETURN G_GNUC_PRINTF (1, 2) die (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  vfprintf (stderr, format, args);
  va_end (args);
  fputc ('\n', stderr);
  exit (EXIT_FAILURE);
}

/* --- the sequence ---------------------------------------------------------------------------------------------------- */

static void
put_u32 (guint8 *at, guint32 value)
{
  value = GUINT32_TO_BE (value);
  memcpy (at, &value, sizeof value);
}

static guint32
get_u32 (const guint8 *at)
{
  guint32 value;

  memcpy (&value, at, sizeof value);
  return GUINT32_FROM_BE (value);
}

/* Of grant @n, or of the passing one with it. */
static PgAddress
nth_address (const Storm *storm, guint64 n, gboolean is_passing)
{
  PgAddress address = { { 0x20, 0x01, 0x0d, 0xb8, is_passing ? 1 : 0 } };

  put_u32 (address.bytes + 8, storm->seed ^ ((guint32) n * 2654435761U));
  put_u32 (address.bytes + 12, (guint32) n);
  return address;
}

static PgRecord
nth_record (const Storm *storm, guint64 n, gboolean is_passing)
{
  g_autofree char *user = g_strdup_printf ("user-%" G_GUINT64_FORMAT, n);
  PgAddress        address = nth_address (storm, n, is_passing);
  PgRecord         record;
  PgLogin          login = { .time_us = FIRST_US + (gint64) n, .address = address, .user = pg_span_from_string (user) };

  login.service = PG_SERVICE_POP3;
  login.server = PG_SERVER_DOVECOT;
  pg_record_init (&record, &address);
  pg_record_add_login (&record, &login);
  return record;
}

static PgNote
nth_note (const Storm *storm, guint64 n)
{
  PgNote note = {
    .kind = PG_NOTE_DENY, .target = PG_NOTE_NETWORK, .made_us = FIRST_US + (gint64) n, .until_us = PG_NOTE_FOREVER
  };

  note.network = (PgNetwork){ .base = nth_address (storm, n, FALSE), .prefix = 128 };
  g_snprintf (note.why, sizeof note.why, "%" G_GUINT64_FORMAT, n);
  return note;
}

/* Its total says of which number it is. */
static PgUsage
nth_usage (const Storm *storm, guint64 n)
{
  g_autofree char *user = g_strdup_printf ("user-%" G_GUINT64_FORMAT, n / USAGE_EVERY % N_USAGES);
  PgAddress        address = nth_address (storm, n / USAGE_EVERY % N_USAGES, FALSE);
  PgUsagePair      pair;
  PgUsage          usage;

  pg_usage_pair_set (&pair, PG_USAGE_LOGIN, &address, pg_span_from_string (user));
  pg_usage_init (&usage, &pair);
  pg_usage_add (&usage, &pair, FIRST_US, FIRST_US + (gint64) n, (guint32) n + 1);
  return usage;
}

/* --- writing --------------------------------------------------------------------------------------------------------- */

static void
ignore (G_GNUC_UNUSED PgStore *store, G_GNUC_UNUSED gpointer user_data)
{
}

/* As a daemon does, in threads. */
static void
open_to_write (Storm *storm)
{
  pg_store_tick_async (storm->store, ignore, NULL);
  while (pg_store_is_busy (storm->store))
    g_main_context_iteration (NULL, TRUE);
  if (pg_store_write_problem (storm->store) != NULL)
    die ("cannot be written: %s", pg_store_write_problem (storm->store));
}

static void
open_store (Storm *storm, PgNoteset *notes)
{
  const char *limit = g_getenv ("STORM_CHECKPOINT");
  g_autoptr (GError) error = NULL;

  if (limit != NULL)
    pg_store_set_checkpoint (storm->store, g_ascii_strtoull (limit, NULL, 10));
  if (storm->is_writing)
    open_to_write (storm);
  if (!pg_store_open (storm->store, &error) || !pg_store_load_notes (storm->store, notes, &error))
    die ("cannot open: %s", error->message);
}

static void
put (Storm *storm, guint64 n, gboolean is_passing)
{
  PgRecord record = nth_record (storm, n, is_passing);
  g_autoptr (GError) error = NULL;

  if (!pg_store_put (storm->store, &record, &error))
    die ("cannot put: %s", error->message);
}

static void
pass (Storm *storm, guint64 n)
{
  PgAddress before = nth_address (storm, n - PASSING_EVERY, TRUE);

  put (storm, n, TRUE);
  if (n >= PASSING_EVERY && !pg_store_remove (storm->store, &before, NULL))
    die ("cannot remove");
}

static void
put_note (Storm *storm, guint64 n)
{
  PgNote note = nth_note (storm, n);
  g_autoptr (GError) error = NULL;

  if (!pg_store_put_note (storm->store, &note, &error))
    die ("cannot put a note: %s", error->message);
}

static void
put_usage (Storm *storm, guint64 n)
{
  PgUsage usage = nth_usage (storm, n);
  g_autoptr (GError) error = NULL;

  if (!pg_store_put_usage (storm->store, &usage, &error))
    die ("cannot put a usage: %s", error->message);
}

/* The grant comes last: it stands for all that belongs to its number. */
static void
write_next (Storm *storm)
{
  guint64 n = storm->next;

  if (n % PASSING_EVERY == 0)
    pass (storm, n);
  if (n % NOTE_EVERY == 0)
    put_note (storm, n);
  if (n % USAGE_EVERY == 0)
    put_usage (storm, n);
  if (n % 3 == 0)
    put (storm, n / 2, FALSE);
  put (storm, n, FALSE);
  storm->next++;
}

static void
synced (G_GNUC_UNUSED GObject *source, GAsyncResult *result, gpointer user_data)
{
  guint64 *until = user_data;
  g_autoptr (GError) error = NULL;

  if (!pg_store_sync_finish (result, &error))
    die ("cannot sync: %s", error->message);
  printf ("synced %" G_GUINT64_FORMAT "\n", *until);
  fflush (stdout);
  *until = 0;
}

static void
go_on (Storm *storm)
{
  PgRecord record;

  for (;; storm->next++)
    {
      PgAddress address = nth_address (storm, storm->next, FALSE);

      if (pg_store_get (storm->store, &address, &record, NULL) != PG_STORE_FOUND)
        return;
    }
}

/* As a daemon does: writes go on while a sync is under way. */
static void G_GNUC_NORETURN
storm_on (Storm *storm)
{
  guint64 until = 0;

  for (;;)
    {
      for (gint32 i = g_random_int_range (1, BATCH_MAX); i > 0; i--)
        write_next (storm);
      if (!pg_store_flush (storm->store, (guint) g_random_int_range (0, 2 * BATCH_MAX), NULL))
        die ("cannot flush");
      if (until == 0)
        {
          until = storm->next;
          pg_store_sync_async (storm->store, synced, &until);
        }
      pg_store_tick_async (storm->store, ignore, NULL);
      g_main_context_iteration (NULL, FALSE);
    }
}

/* --- verifying ------------------------------------------------------------------------------------------------------- */

static void
verify_all_there (Storm *storm, guint64 n_synced)
{
  g_autoptr (GError) error = NULL;
  PgRecord record;

  for (guint64 n = 0; n < n_synced; n++)
    {
      PgAddress address = nth_address (storm, n, FALSE);

      if (pg_store_get (storm->store, &address, &record, &error) != PG_STORE_FOUND)
        die ("lost: grant %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT ": %s", n, n_synced, error != NULL ? error->message : "");
    }
}

/* Numbers behind @n_synced may be there or not: their sync was under way. */
static void
verify_is_ours (Storm *storm, const PgRecord *record, guint64 n_synced)
{
  guint64   n = get_u32 (record->address.bytes + 12);
  gboolean  is_passing = record->address.bytes[4] == 1;
  PgAddress expected = nth_address (storm, n, is_passing);

  if (memcmp (&expected, &record->address, sizeof expected) != 0)
    die ("invented: an address that was never written, number %" G_GUINT64_FORMAT, n);
  if (record->newest_us != FIRST_US + (gint64) n || record->first_us != record->newest_us)
    die ("wrong time: grant %" G_GUINT64_FORMAT, n);
  if (is_passing && n + PASSING_EVERY < n_synced)
    die ("back again: what was removed with grant %" G_GUINT64_FORMAT, n + PASSING_EVERY);
}

static void
verify_nothing_else (Storm *storm, guint64 n_synced)
{
  g_autoptr (PgStoreCursor) cursor = pg_store_cursor_new (storm->store);
  g_autoptr (GError) error = NULL;
  PgRecord      record;
  PgStoreAnswer answer;

  while ((answer = pg_store_cursor_next (cursor, &record, &error)) == PG_STORE_FOUND)
    verify_is_ours (storm, &record, n_synced);
  if (answer == PG_STORE_FAILED)
    die ("cannot walk: %s", error->message);
}

static void
verify_notes (Storm *storm, const PgNoteset *notes, guint64 n_synced)
{
  g_autoptr (GPtrArray) list = pg_noteset_list (notes);

  for (guint i = 0; i < list->len; i++)
    {
      const PgNote *note = g_ptr_array_index (list, i);
      PgNote        expected = nth_note (storm, g_ascii_strtoull (note->why, NULL, 10));

      if (note->kind != PG_NOTE_DENY || strcmp (note->why, expected.why) != 0 || !pg_note_is_same_target (note, &expected))
        die ("invented: note %" G_GUINT64_FORMAT " (%s: %s)", note->id, pg_note_kind_to_string (note->kind), note->why);
    }
  for (guint64 n = 0; n < n_synced; n += NOTE_EVERY)
    {
      PgNote expected = nth_note (storm, n);

      if (pg_noteset_find (notes, PG_NOTE_DENY, &expected) == NULL)
        die ("lost: the note of grant %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, n, n_synced);
    }
}

/* Of each there is the newest that was synced, or a newer one. */
static void
verify_usages (Storm *storm, guint64 n_synced)
{
  guint64 n_pairs = MIN (n_synced / USAGE_EVERY + (n_synced % USAGE_EVERY > 0), N_USAGES);

  for (guint64 i = 0; i < n_pairs; i++)
    {
      guint64 newest = n_synced - 1 - (n_synced - 1 - i * USAGE_EVERY) % (N_USAGES * USAGE_EVERY);
      PgUsage expected = nth_usage (storm, newest);
      PgUsage found;

      if (pg_store_get_usage (storm->store, &expected.pair, &found, NULL) != PG_STORE_FOUND)
        die ("lost: the usage of grant %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT, newest, n_synced);
      if (found.total < newest + 1 || (found.total - newest - 1) % (N_USAGES * USAGE_EVERY) != 0)
        die ("wrong: the usage of grant %" G_GUINT64_FORMAT " is that of %" G_GUINT64_FORMAT, newest, found.total - 1);
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (PgNoteset) notes = pg_noteset_new ();
  Storm   storm = { .store = NULL };
  guint64 n_synced;

  if (argc < 4)
    {
      fputs ("usage: storm-store PATH write SEED | PATH verify SEED N\n", stderr);
      return 2;
    }
  storm.store = pg_store_new (argv[1], PG_STORE_READ_WRITE);
  storm.seed = (guint32) g_ascii_strtoull (argv[3], NULL, 10);
  storm.is_writing = strcmp (argv[2], "write") == 0;
  open_store (&storm, notes);
  if (storm.is_writing)
    {
      go_on (&storm);
      storm_on (&storm);
    }
  n_synced = argc > 4 ? g_ascii_strtoull (argv[4], NULL, 10) : 0;
  verify_all_there (&storm, n_synced);
  verify_nothing_else (&storm, n_synced);
  verify_notes (&storm, notes, n_synced);
  verify_usages (&storm, n_synced);
  pg_store_free (storm.store);
  return EXIT_SUCCESS;
}
