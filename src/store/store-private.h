/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store-private: what the parts of the store share. For the files of this folder. */
#pragma once

#include "store/checkpoint.h"
#include "store/file-root.h"
#include "store/index.h"
#include "store/pending.h"
#include "store/redo.h"
#include "store/replay.h"
#include "store/store.h"
#include "store/turn.h"

G_BEGIN_DECLS

/** PG_STORE_POSITION_SIZE: bytes of every stored position. */
#define PG_STORE_POSITION_SIZE 240

/** PgStoreExpected: the key of a grant, by the secret of the file that was open. Zero: none was, as no secret is. */
typedef struct
{
  PgAddress address;
  PgSecret  secret;
  PgHash    key;
} PgStoreExpected;

struct _PgStore
{
  char           *path;
  PgStoreMode     mode;
  PgFile         *file;
  PgRoot          root;
  GHashTable     *place_of;    /* note id -> its place; both guint64, one block owned by the table */
  GQueue          free_places; /* of guint64, owned */
  guint64         n_grants;
  guint           n_cursors;
  PgStoreCounters counters;
  gboolean        has_notes; /* place_of and free_places are what the open file holds */

  /* grants that are in the redo log, and not in the open file yet: see values.c */
  PgPending *pending;

  /* in memory: see recall.c */
  PgIndex *index;      /* of what the file of that generation holds, as far as it was read or written */
  guint    generation; /* of the file */
  gboolean is_walked;  /* all that it held was met */

  PgStoreExpected expected; /* of the address that was asked about last */

  /* writing: see session.h */
  int           lock;    /* held for as long as the store may write; -1: not */
  PgRedo       *redo;    /* outlives the open file, as long as it holds what is not on the disk */
  guint64       suspect; /* the database that was open last, and not closed in order: whatever it says of itself; 0: none */
  gboolean      is_begun;
  char         *begin_problem; /* why nothing can be written, though the file is open */
  gboolean      is_rebuilt;    /* the open file was made of base and redo log, and is no other than these */
  PgReplay      replayed;      /* then: of what */
  gboolean      is_base_bad;   /* found out at run time: a new one is to be made of the database */
  guint64       base;
  guint64       checkpoint_bytes; /* 0: as it is best */
  guint64       closing;          /* a checkpoint waits for the redo log's next file; 0: none does */
  PgCheckpoint *checkpoint;       /* under way, or NULL */
  guint         checkpoint_pause; /* ticks until the next try */
  GQueue        news;             /* of char, owned */

  /* in a thread: see turns.c */
  PgWork        *work;   /* what who works on this store counts and asks; NULL: nobody cancels */
  PgNoteset     *loaded; /* what the thread that opened it read, until pg_store_load_notes() takes it */
  PgTurn        *turn;   /* under way, or NULL */
  char          *anew;   /* the problem while the database is being made anew */
  PgStoreChanged changed;
  gpointer       changed_data;
};

/** pg_store_dispose: closes and frees a store that has nothing under way in a thread. */
void pg_store_dispose (PgStore *self);

/** pg_store_close_now: pg_store_close() of such a store. */
gboolean pg_store_close_now (PgStore *self, GError **error);

/** pg_store_open_now: pg_store_open() of such a store. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_open_now (PgStore *self, GError **error);

/** pg_store_open_file: opens a store that is to be written, all but the session. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_open_file (PgStore *self, GError **error);

/** pg_store_read_notes: reads them from the open file. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_read_notes (PgStore *self, PgNoteset *out, GError **error);

/** pg_store_end_turn: cancels what is under way in a thread, and waits until it has ended; not for ever. */
void pg_store_end_turn (PgStore *self);

/** pg_store_tell: something that an administrator should read. */
void pg_store_tell (PgStore *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/** pg_store_get_value: what stands under @key; found, it is freed with pg_file_free_span(). */
G_GNUC_WARN_UNUSED_RESULT
PgStoreAnswer pg_store_get_value (PgStore *self, const PgHash *key, PgSpan *out_value, GError **error);

/** pg_store_put_value: writes @size bytes under @key. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_put_value (PgStore *self, const PgHash *key, const guint8 *image, gsize size, GError **error);

/** pg_store_put_later: as pg_store_put_value(), of a grant: it waits, and is in the file when pg_store_flush() has brought it
 * there.
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_put_later (PgStore *self, const PgHash *key, const guint8 image[PG_RECORD_SIZE], gboolean is_new,
                             GError **error);

/** pg_store_remove_value: ABSENT if nothing stands under @key. */
G_GNUC_WARN_UNUSED_RESULT
PgStoreAnswer pg_store_remove_value (PgStore *self, const PgHash *key, GError **error);

/** pg_store_know: from now on the newest login of the grant of @key is known without reading it. */
void pg_store_know (PgStore *self, const PgHash *key, gint64 newest_us);

/** pg_store_forget: the grant of @key is there no more. */
void pg_store_forget (PgStore *self, const PgHash *key);

/** pg_store_set_walked: each grant that the open file holds was read since it was opened. */
void pg_store_set_walked (PgStore *self);

/** pg_store_recall_key: as pg_store_recall(), by its key. */
gboolean pg_store_recall_key (PgStore *self, const PgHash *key, PgIndexEntry **out);

/** pg_store_put_root: writes the root as it is now. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_put_root (PgStore *self, GError **error);

/** pg_store_refuse_damaged: closes the store for @what, a phrase; always FALSE. */
gboolean pg_store_refuse_damaged (PgStore *self, const char *what, GError **error);

/** pg_store_get_grant: what is stored under @key, or waits to be. */
G_GNUC_WARN_UNUSED_RESULT
PgStoreAnswer pg_store_get_grant (PgStore *self, const PgHash *key, PgRecord *out, GError **error);

/** pg_store_decode_grant: reads the grant that @value, found under @key, holds. */
G_GNUC_WARN_UNUSED_RESULT
PgStoreAnswer pg_store_decode_grant (PgStore *self, const PgHash *key, PgSpan value, PgRecord *out, GError **error);

/** pg_store_span_bytes: the bytes of a stored value. */
static inline const guint8 *
pg_store_span_bytes (PgSpan span)
{
  return (const guint8 *) span.data;
}

G_END_DECLS
