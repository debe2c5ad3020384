/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keys: under which key each record is stored.
 *
 * Pure: no I/O, no clock, no log, no globals. SipHash-128 of the kind and the name, under the database's secret: GDBM's own
 * hash can be made to collide from outside.
 */
#pragma once

#include "core/address.h"
#include "core/siphash.h"
#include "core/usage.h"

G_BEGIN_DECLS

/** pg_key_of_grant: of the grant of @address. */
PgHash pg_key_of_grant (const PgSecret *secret, const PgAddress *address);

/** pg_key_of_place: of the record at @place, which holds a note or is free. */
PgHash pg_key_of_place (const PgSecret *secret, guint64 place);

/** pg_key_of_position: of the position of @source. */
PgHash pg_key_of_position (const PgSecret *secret, const char *source);

/** pg_key_of_usage: of the usage of @pair. */
PgHash pg_key_of_usage (const PgSecret *secret, const PgUsagePair *pair);

/** pg_key_span: the bytes of @key, borrowed. */
PgSpan pg_key_span (const PgHash *key);

/** pg_key_hash: a GHashFunc of PgHash, or of what begins with one. */
guint pg_key_hash (gconstpointer key);

/** pg_key_equal: a GEqualFunc of these. */
gboolean pg_key_equal (gconstpointer a, gconstpointer b);

G_END_DECLS
