/* SPDX-License-Identifier: GPL-3.0-or-later */
/* usage: what is kept of one user and address that relay: since when, how much, and on which days. popgate report tells it.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-usage.c.
 *
 * Days are those of UTC, numbered from 1970-01-01. All usages have one size, as records have; of most of them the end is zeros,
 * which the redo log leaves away.
 *
 * Layout, version 1, behind the frame's header (16): way(1) user length(1) zero(2) newest_day(4) address(16) first(8) last(8)
 * total(8) user(length) days(4 each, the newest first); zeros to the end. Integers are little-endian.
 */
#pragma once

#include "core/address.h"
#include "core/frame.h"
#include "core/login.h"

G_BEGIN_DECLS

/** PG_USAGE_DAYS: for so many days back it is known how much there was on each: a printer may speak but once a quarter. */
#define PG_USAGE_DAYS 92

/** PG_USAGE_SIZE: bytes of every stored usage. */
#define PG_USAGE_SIZE 616

/** PG_USAGE_NAME_MAX: bytes of the longest name of a pair. */
#define PG_USAGE_NAME_MAX (1 + 16 + PG_USER_MAX)

/** PgUsageWay: why somebody may relay; the numbers are in files and never change. */
typedef enum
{
  PG_USAGE_NONE = 0,
  PG_USAGE_LOGIN = 1, /* because of a login */
  PG_USAGE_ALLOW = 2, /* because of an admin's allow; there is no user */
  PG_USAGE_AUTH = 3,  /* by SMTP AUTH */
  PG_N_USAGE_WAYS
} PgUsageWay;

/** PgUsagePair: who, and from where; of PG_USAGE_AUTH the address is the one seen last, and the user alone makes the pair. */
typedef struct
{
  PgUsageWay way;
  PgAddress  address;
  guint8     user_len;
  char       user[PG_USER_MAX];
} PgUsagePair;

/** PgUsage: a value; copying it copies all of it. */
typedef struct
{
  PgUsagePair pair;
  gint64      first_us;
  gint64      last_us;
  guint64     total;               /* recipients, since first_us */
  guint32     newest_day;          /* the day of days[0] */
  guint32     days[PG_USAGE_DAYS]; /* recipients on newest_day, the day before it, and so on */
} PgUsage;

/** pg_usage_way_name: "login", "allow", "auth"; "?" for a number that is none. */
const char *pg_usage_way_name (PgUsageWay way);

/** pg_usage_pair_set: @user is cut at PG_USER_MAX bytes; it may be empty. */
void pg_usage_pair_set (PgUsagePair *self, PgUsageWay way, const PgAddress *address, PgSpan user);

/** pg_usage_pair_user: borrowed from @self. */
PgSpan pg_usage_pair_user (const PgUsagePair *self);

/** pg_usage_pair_name: writes to @out what tells the pair from all others; returns how many bytes. */
gsize pg_usage_pair_name (const PgUsagePair *self, guint8 out[PG_USAGE_NAME_MAX]);

/** pg_usage_day_of: the number of the day; 0 before 1970. */
guint32 pg_usage_day_of (gint64 time_us);

/** pg_usage_init: nothing was used yet. */
void pg_usage_init (PgUsage *self, const PgUsagePair *pair);

/**
 * pg_usage_add:
 * @pair: the same as @self has, but perhaps another address of PG_USAGE_AUTH
 * @first_us: when the first of the recipients was asked for
 * @last_us: and the last, on the same day
 * @n: recipients, 1 or more; what no longer fits a counter is left away
 *
 * Days that are more than PG_USAGE_DAYS ahead of @last_us were counted by a wrong clock, and are forgotten.
 */
void pg_usage_add (PgUsage *self, const PgUsagePair *pair, gint64 first_us, gint64 last_us, guint32 n);

/** pg_usage_on: recipients on @day; 0 if it is not known. */
guint32 pg_usage_on (const PgUsage *self, guint32 day);

/** pg_usage_is_outdated: TRUE if all that is known of days is older than PG_USAGE_DAYS. */
gboolean pg_usage_is_outdated (const PgUsage *self, gint64 now_us);

/** pg_usage_encode: writes @self to @out, sealed for storage under @key. */
void pg_usage_encode (const PgUsage *self, const PgSecret *secret, const PgHash *key, guint8 out[PG_USAGE_SIZE]);

/**
 * pg_usage_decode:
 * @data: (array length=size): stored bytes, of any content
 * @size: how many
 * @secret: the database's
 * @key: the key they were found under
 * @out: (out): the usage; undefined on failure
 * @error: PG_ERROR_DAMAGED
 *
 * Returns: FALSE with @error set if they are no usage of version 1, whole and unchanged
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_usage_decode (const guint8 *data, gsize size, const PgSecret *secret, const PgHash *key, PgUsage *out,
                          GError **error);

G_END_DECLS
