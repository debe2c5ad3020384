/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record: what is stored of one address: when somebody logged in from there, and who.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-record.c.
 *
 * All records have one size, so that a renewal replaces a value in its place (a database that does not grow does not break).
 * Users are kept newest first, as many as fit; of those that had to go, the newest login's time is kept.
 *
 * Layout, versions 1 and 2, behind the frame's header (16): address(16) newest(8) first(8) logins(8) dropped(8) n_users(1), then
 * for each user time(8) service(1) server(1) length(1) name(length); zeros to the end. Integers are little-endian.
 */
#pragma once

#include "core/frame.h"
#include "core/login.h"

G_BEGIN_DECLS

/** PG_RECORD_SIZE: bytes of every stored record. */
#define PG_RECORD_SIZE 256

/** PG_RECORD_NEVER: a time that has not been. */
#define PG_RECORD_NEVER G_MININT64

/** PG_RECORD_USERS_MAX: users that may fit, with names of one byte. */
#define PG_RECORD_USERS_MAX 15

typedef struct
{
  gint64    login_us; /* this user's newest login from the address */
  PgService service;
  PgServer  server;
  guint8    name_len;
  guint8    name_at; /* in PgRecord.names */
} PgRecordUser;

/** PgRecord: a value; copying it copies all of it. */
typedef struct
{
  PgAddress    address;
  gint64       newest_us;
  gint64       first_us;
  guint64      logins;
  gint64       dropped_us; /* newest login of a user who no longer fits; PG_RECORD_NEVER: all are here */
  guint        n_users;
  PgRecordUser users[PG_RECORD_USERS_MAX]; /* newest first */
  char         names[PG_RECORD_SIZE];
} PgRecord;

/** pg_record_init: an empty record of @address: no login yet. */
void pg_record_init (PgRecord *self, const PgAddress *address);

/** pg_record_user_name: name of user @index (below n_users), borrowed from @self. */
PgSpan pg_record_user_name (const PgRecord *self, guint index);

/** pg_record_find_user: index of the user of that name, or -1. */
gint pg_record_find_user (const PgRecord *self, PgSpan name);

/** pg_record_has_user: TRUE if a user of that name is among those that are kept; ASCII letters of either case are the same. */
gboolean pg_record_has_user (const PgRecord *self, PgSpan name);

/** pg_record_add_login: counts @login and remembers its user; times only ever move forward. */
void pg_record_add_login (PgRecord *self, const PgLogin *login);

/**
 * pg_record_merge:
 * @self: what is known of an address
 * @other: what somebody else knows of it; its own address is not looked at
 *
 * Takes over each login of @other that is newer than what @self has of the same user, and of the two first logins the first, of
 * counts and of what had to go the greater: so merging twice is as merging once.
 *
 * Returns: TRUE if @self has changed
 */
gboolean pg_record_merge (PgRecord *self, const PgRecord *other);

/** pg_record_cap: what was done after @told_us and up to @now_us is told as done at @told_us; what lies behind that stays. */
void pg_record_cap (PgRecord *self, gint64 told_us, gint64 now_us);

/** pg_record_forget_future: forgets all that lies behind @now_us: a clock that ran ahead has told it. May leave no login. */
void pg_record_forget_future (PgRecord *self, gint64 now_us);

/** pg_record_encode: writes @self to @out, sealed for storage under @key. */
void pg_record_encode (const PgRecord *self, const PgSecret *secret, const PgHash *key, guint8 out[PG_RECORD_SIZE]);

/**
 * pg_record_decode:
 * @data: (array length=size): stored bytes, of any content
 * @size: how many
 * @secret: the database's
 * @key: the key they were found under
 * @out: (out): the record; undefined on failure
 * @error: PG_ERROR_DAMAGED
 *
 * Returns: FALSE with @error set if they are no record of version 1 or 2, whole and unchanged
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_record_decode (const guint8 *data, gsize size, const PgSecret *secret, const PgHash *key, PgRecord *out,
                           GError **error);

G_END_DECLS
