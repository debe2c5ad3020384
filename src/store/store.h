/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store: the one door to stored grants, notes, usages and log positions.
 *
 * One opener at a time: the daemon while it runs, else popgate(1), reading.
 * A store outlives its file: after any failure the file is closed, pg_store_problem() says why, every call fails, and
 * pg_store_open() tries again. So an error is never taken for "nothing stored".
 *
 * Keys are SipHash-128 under a secret in the file, as GDBM's own hash can be made to collide from outside; all values of a
 * kind have one size, so that a renewal replaces in place.
 * A write is visible to the next read when a call returns; pg_store_sync_async() brings it to the disk, in the redo log
 * (redo.h). A file that was not closed in order is thrown away, and made anew of a base and the redo log; if these are damaged
 * too, of every record that proves itself (salvage.h). So a store that writes opens by itself, whatever became of its files.
 * Not thread-safe: one thread calls. What takes long is done in others, which have what they work on for themselves alone:
 * waiting for the disk, checkpoints, and, for who calls pg_store_tick_async(), opening, whatever has to be made anew for it.
 */
#pragma once

#include "core/noteset.h"
#include "core/record.h"
#include "core/usage.h"
#include "store/index.h"

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _PgStore       PgStore;
typedef struct _PgStoreCursor PgStoreCursor;

/** PG_STORE_USAGES_MAX: usages that one database may hold. */
#define PG_STORE_USAGES_MAX 100000

/** PG_STORE_POSITION_MAX: bytes of the longest position of a source. */
#define PG_STORE_POSITION_MAX 220

typedef enum
{
  PG_STORE_READ_ONLY,
  PG_STORE_READ_WRITE, /* creates the file if it is absent */
} PgStoreMode;

/** PgStoreAnswer: to a read. Only with PG_STORE_FAILED is the caller's error set. */
typedef enum
{
  PG_STORE_FAILED = 0,
  PG_STORE_ABSENT,
  PG_STORE_FOUND,
} PgStoreAnswer;

/**
 * pg_store_new:
 * @path: the file; it is not opened yet
 * @mode: what for
 *
 * Returns: (transfer full): free with pg_store_free()
 */
PgStore *pg_store_new (const char *path, PgStoreMode mode);

/** pg_store_close: closes in order, waiting for the disk; FALSE with @error set if not all is known to be there. A database that
 * is being made anew is left as it was. */
gboolean pg_store_close (PgStore *self, GError **error);

/** pg_store_free: closes as pg_store_close() and ends @self; NULL is legal. */
void pg_store_free (PgStore *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgStore, pg_store_free)

/**
 * pg_store_open:
 * @self: a store; if it is open already, nothing is done
 * @error: PG_ERROR_BUSY if another process has it, PG_ERROR_VERSION if it is of a later version, PG_ERROR_DAMAGED and
 *   PG_ERROR_ABSENT for a reader only, PG_ERROR_STORE; names the path
 *
 * For writing it is recovered as far as it must be, which is told by pg_store_take_news(), and damaged files are set aside. If it
 * can be read but not written, as the disk is full, it opens; then each write fails until pg_store_tick() has found room.
 *
 * Returns: FALSE with @error set, and pg_store_problem() saying the same, if it can't be used
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_open (PgStore *self, GError **error);

/**
 * pg_store_tick: to be called once a second by who writes
 *
 * Closes the store if its file was removed, replaced or cut; makes checkpoints.
 */
void pg_store_tick (PgStore *self);

/** PgStoreChanged: called in the main context of pg_store_tick_async() when the store was opened, or may be written from now on,
 * or neither could be done: pg_store_problem() and pg_store_write_problem() tell. */
typedef void (*PgStoreChanged) (PgStore *self, gpointer user_data);

/**
 * pg_store_tick_async: for who must not wait: in the place of pg_store_open() and pg_store_tick()
 * @self: a store to be written
 *
 * Does all that these do and that takes long in a thread of its own. Until it is open that is its problem; when it is, it may be
 * read; when pg_store_is_busy() is FALSE again, written.
 */
void pg_store_tick_async (PgStore *self, PgStoreChanged changed, gpointer user_data);

/** pg_store_is_busy: TRUE while a thread opens it, or makes it ready to be written. */
gboolean pg_store_is_busy (const PgStore *self);

/** pg_store_n_made: how many records are done, if the database is being made anew, else -1. */
gint64 pg_store_n_made (const PgStore *self);

/** pg_store_await: waits until pg_store_is_busy() is FALSE, at most @max_us. */
void pg_store_await (PgStore *self, gint64 max_us);

/** pg_store_set_checkpoint: a checkpoint is made when the redo log holds more than @bytes; for tests. */
void pg_store_set_checkpoint (PgStore *self, guint64 bytes);

/** pg_store_take_news: (transfer full): what happened that an administrator should read, the oldest first; NULL: nothing more. */
char *pg_store_take_news (PgStore *self) G_GNUC_WARN_UNUSED_RESULT;

/** pg_store_path: where it is; borrowed. */
const char *pg_store_path (const PgStore *self);

/** pg_store_problem: why it cannot be used now, or NULL if it can; valid until the next call. */
const char *pg_store_problem (const PgStore *self);

/** pg_store_lacks_end: TRUE if it was opened to be read, and was not closed in order: notes are complete, but what was granted
 * last may stand only in the redo log, until it is opened to be written. */
gboolean pg_store_lacks_end (const PgStore *self);

/** pg_store_id: a number that differs between databases and stays the same for one; 0 while closed. */
guint64 pg_store_id (const PgStore *self);

/**
 * pg_store_get:
 * @address: under which the grant is stored
 * @out: (out): what is stored, if found
 * @error: PG_ERROR_STORE or PG_ERROR_DAMAGED
 */
G_GNUC_WARN_UNUSED_RESULT
PgStoreAnswer pg_store_get (PgStore *self, const PgAddress *address, PgRecord *out, GError **error);

/**
 * pg_store_recall: what pg_store_get() would find, without reading the file
 * @out: (out) (nullable): the newest login of the grant, borrowed until something is put, removed or read; NULL: nothing is
 * stored
 *
 * Whatever was read or written since the file was opened is known, and after a walk over all of it also what is not stored.
 *
 * Returns: FALSE if it has to be read
 */
gboolean pg_store_recall (PgStore *self, const PgAddress *address, PgIndexEntry **out);

/** pg_store_expect: pg_store_recall() of @address is to come; meanwhile what it finds may come nearer. */
void pg_store_expect (PgStore *self, const PgAddress *address);

/** pg_store_knows_all: TRUE if pg_store_recall() has nothing to be read: each grant is known, and that there are no others. */
gboolean pg_store_knows_all (PgStore *self);

/** pg_store_put: stores @record under its own address, in the place of what was there. It is in the redo log then, and found by
 * all that is here; pg_store_flush() brings it to the database. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_put (PgStore *self, const PgRecord *record, GError **error);

/** pg_store_remove: removes what is stored of @address; TRUE also if there was nothing. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_remove (PgStore *self, const PgAddress *address, GError **error);

/**
 * pg_store_flush: brings up to @max grants to the database that wait for that, those that wait longest
 * @error: PG_ERROR_STORE
 *
 * To be called now and then: a grant in the database costs ten times what it costs in the redo log, and of one that is renewed
 * meanwhile only the last is written. Closing flushes all.
 *
 * Returns: FALSE if it can't be now: nothing is lost, and they wait on as far as the store stays open
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_flush (PgStore *self, guint max, GError **error);

/** pg_store_n_pending: how many grants wait; PG_PENDING_MAX at the most. */
guint pg_store_n_pending (const PgStore *self);

/** pg_store_has_notes: TRUE if it is open, and pg_store_load_notes() was called since it was opened. */
gboolean pg_store_has_notes (const PgStore *self);

/**
 * pg_store_load_notes:
 * @self: an open store
 * @out: an empty set
 * @error: PG_ERROR_STORE, or PG_ERROR_DAMAGED if one note is missing or can't be read: then they are not complete
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_load_notes (PgStore *self, PgNoteset *out, GError **error);

/**
 * pg_store_put_note:
 * @self: a store whose notes were loaded since it was opened
 * @note: (inout): if its id is 0 it gets the next one; else it replaces the note of that id, or is added under it
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_put_note (PgStore *self, PgNote *note, GError **error);

/** pg_store_remove_note: as pg_store_put_note(), removes note @id; TRUE also if there is none. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_remove_note (PgStore *self, guint64 id, GError **error);

/**
 * pg_store_get_position:
 * @source: the source's name as configured
 * @out: (out) (transfer full): what was put
 */
G_GNUC_WARN_UNUSED_RESULT
PgStoreAnswer pg_store_get_position (PgStore *self, const char *source, GBytes **out, GError **error);

/** pg_store_put_position: keeps @position (at most PG_STORE_POSITION_MAX bytes) for @source. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_put_position (PgStore *self, const char *source, GBytes *position, GError **error);

/**
 * pg_store_get_usage:
 * @pair: whose
 * @out: (out): what is stored, if found
 * @error: PG_ERROR_STORE, or PG_ERROR_DAMAGED, after which the store is as open as before
 */
G_GNUC_WARN_UNUSED_RESULT
PgStoreAnswer pg_store_get_usage (PgStore *self, const PgUsagePair *pair, PgUsage *out, GError **error);

/** pg_store_put_usage: stores @usage in the place of what was there; PG_ERROR_LIMIT if it is new, and PG_STORE_USAGES_MAX are. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_put_usage (PgStore *self, const PgUsage *usage, GError **error);

/** pg_store_remove_usage: TRUE also if there was nothing. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_remove_usage (PgStore *self, const PgUsagePair *pair, GError **error);

/** pg_store_n_usages: how many usages are stored, or 0 while it is closed. */
guint64 pg_store_n_usages (const PgStore *self);

/** pg_store_is_dirty: TRUE if there is something to sync: written since the last sync was begun, or not synced by it. */
gboolean pg_store_is_dirty (const PgStore *self);

/** pg_store_waiting: bytes that are not known to be on the disk. */
gsize pg_store_waiting (const PgStore *self);

/** pg_store_write_problem: why nothing can be written now, or what was written not be synced; NULL; valid until the next call. */
const char *pg_store_write_problem (const PgStore *self);

/** pg_store_sync: as pg_store_sync_async(), waiting: only where nobody waits for us. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_sync (PgStore *self, GError **error);

/**
 * pg_store_sync_async:
 * @done: called in the caller's main context; ends with pg_store_sync_finish()
 *
 * Brings all that was written so far to the disk, in a thread of its own; reads and writes go on meanwhile.
 */
void pg_store_sync_async (PgStore *self, GAsyncReadyCallback done, gpointer user_data);

/** pg_store_sync_finish: FALSE with @error (PG_ERROR_STORE) set if it is not known to be on the disk. */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_store_sync_finish (GAsyncResult *result, GError **error);

/**
 * pg_store_cursor_new:
 * @self: an open store; must outlive the cursor
 *
 * Returns: (transfer full): a walk over all grants and usages in no order. Both may be put meanwhile: one that is new then may
 *   be met or not, all others are met once; removing while another's cursor is open is a matter of pg_store_n_cursors().
 */
PgStoreCursor *pg_store_cursor_new (PgStore *self);

/** pg_store_cursor_new_loose: as pg_store_cursor_new(); but what is put or removed meanwhile may hide others from it, or show
 * them twice, or end it too early. For who can see whether that was so: it costs nothing while very much is put. */
PgStoreCursor *pg_store_cursor_new_loose (PgStore *self);

/** pg_store_cursor_free: ends @self; NULL is legal. */
void pg_store_cursor_free (PgStoreCursor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PgStoreCursor, pg_store_cursor_free)

/** PgStoreItem: what was met: @grant or @usage, or neither. */
typedef struct
{
  enum
  {
    PG_STORE_OTHER = 0,
    PG_STORE_GRANT,
    PG_STORE_USAGE,
  } kind;
  PgRecord grant;
  PgUsage  usage;
} PgStoreItem;

/** pg_store_cursor_step: looks at one record, whatever it is; so it takes no longer than that. PG_STORE_ABSENT: there is none
 * left. */
G_GNUC_WARN_UNUSED_RESULT
PgStoreAnswer pg_store_cursor_step (PgStoreCursor *self, PgStoreItem *out, GError **error);

/** pg_store_cursor_step_over: as pg_store_cursor_step(), for who can do without a grant that is damaged: it counts as
 * PG_STORE_OTHER. FALSE: there is none left, or the store failed. */
gboolean pg_store_cursor_step_over (PgStoreCursor *self, PgStoreItem *out);

/** pg_store_cursor_next: steps to the next grant, where nobody else waits. PG_STORE_ABSENT: there is none left. */
G_GNUC_WARN_UNUSED_RESULT
PgStoreAnswer pg_store_cursor_next (PgStoreCursor *self, PgRecord *out, GError **error);

/** pg_store_n_cursors: how many cursors are open. */
guint pg_store_n_cursors (const PgStore *self);

/**
 * PgStoreCounters: since the store was made.
 * @reads: of the file, by PgStoreAnswer: what is known without reading it is not counted
 * @writes: values that were put or removed
 */
typedef struct
{
  guint64 reads[PG_STORE_FOUND + 1];
  guint64 writes;
  guint64 write_failures;
  guint64 checkpoints;
  guint64 checkpoint_failures;
} PgStoreCounters;

/** pg_store_counters: borrowed. */
const PgStoreCounters *pg_store_counters (const PgStore *self);

/** pg_store_n_grants: how many grants are stored, or 0 while it is closed. */
guint64 pg_store_n_grants (const PgStore *self);

G_END_DECLS
