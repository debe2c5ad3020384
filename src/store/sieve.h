/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sieve: what is left of popgate's records in a file of any kind, whatever became of its order.
 *
 * Looks at each byte of the file whether a record stands there, as GDBM or the redo log writes it (key before value): its keyed
 * checksum, which covers the key, proves it. So neither a GDBM that still works nor gdbm_recover(3), which does not tell what
 * it lost, is needed.
 */
#pragma once

#include "store/root.h"
#include "store/work.h"

G_BEGIN_DECLS

/**
 * PgSieveTake: a record that is proven
 * @key: of a grant, a note, a place or a usage
 * @value: (array length=size): borrowed
 */
typedef void (*PgSieveTake) (const PgHash *key, const guint8 *value, gsize size, gpointer user_data);

/** PgSieveTakeRoot: a root that is proven. */
typedef void (*PgSieveTakeRoot) (const PgRoot *root, gpointer user_data);

/** pg_sieve_records: gives all records under @secret in the file @name, in the order they stand; what can't be read is none, nor
 * is what comes when @work (nullable) is cancelled. */
void pg_sieve_records (const char *name, const PgSecret *secret, PgWork *work, PgSieveTake take, gpointer user_data);

/** pg_sieve_roots: as pg_sieve_records(), all roots. */
void pg_sieve_roots (const char *name, PgWork *work, PgSieveTakeRoot take, gpointer user_data);

G_END_DECLS
