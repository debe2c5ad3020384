/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/record.h"

#include "core/bytes.h"
#include "core/error.h"

#define VERSION 2
#define OLD_VERSION 1 /* of the same layout; only the frame's checksum is another */
#define ADDRESS_AT 16
#define NEWEST_AT 32
#define FIRST_AT 40
#define LOGINS_AT 48
#define DROPPED_AT 56
#define N_USERS_AT 64
#define USERS_AT 65
#define USER_HEADER 11 /* time, service, server, length */

G_STATIC_ASSERT (VERSION <= PG_FRAME_VERSION_MAX);
G_STATIC_ASSERT (USERS_AT + USER_HEADER + PG_USER_MAX <= PG_RECORD_SIZE);
G_STATIC_ASSERT (PG_RECORD_USERS_MAX *(USER_HEADER + 1) <= PG_RECORD_SIZE - USERS_AT);

void
pg_record_init (PgRecord *self, const PgAddress *address)
{
  self->address = *address;
  self->newest_us = self->first_us = self->dropped_us = PG_RECORD_NEVER;
  self->logins = 0;
  self->n_users = 0; /* so nobody looks at users and names: a kilobyte that each answer would have to clear */
}

PgSpan
pg_record_user_name (const PgRecord *self, guint index)
{
  return pg_span (self->names + self->users[index].name_at, self->users[index].name_len);
}

gint
pg_record_find_user (const PgRecord *self, PgSpan name)
{
  for (guint i = 0; i < self->n_users; i++)
    if (pg_span_equal (pg_record_user_name (self, i), name))
      return (gint) i;
  return -1;
}

gboolean
pg_record_has_user (const PgRecord *self, PgSpan name)
{
  for (guint i = 0; i < self->n_users; i++)
    {
      PgSpan known = pg_record_user_name (self, i);

      if (known.len == name.len && g_ascii_strncasecmp (known.data, name.data, name.len) == 0)
        return TRUE;
    }
  return FALSE;
}

/* Adds a user behind those that are there. FALSE if there is no room on disk for one more. */
static gboolean
append_user (PgRecord *self, const PgRecordUser *user, PgSpan name)
{
  gsize names = 0;

  for (guint i = 0; i < self->n_users; i++)
    names += self->users[i].name_len;
  if (self->n_users == PG_RECORD_USERS_MAX || USERS_AT + (self->n_users + 1) * USER_HEADER + names + name.len > PG_RECORD_SIZE)
    return FALSE;
  memcpy (self->names + names, name.data, name.len);
  self->users[self->n_users] = *user;
  self->users[self->n_users].name_at = (guint8) names;
  self->users[self->n_users].name_len = (guint8) name.len;
  self->n_users++;
  return TRUE;
}

static void
append_or_drop (PgRecord *self, const PgRecordUser *user, PgSpan name)
{
  if (!append_user (self, user, name))
    self->dropped_us = MAX (self->dropped_us, user->login_us);
}

/* Rebuilds the list with @login's user at its place by time; whoever then finds no room is dropped. */
static void
renew_users (PgRecord *self, const PgLogin *login)
{
  PgRecord     old = *self;
  gint         known = pg_record_find_user (&old, login->user);
  PgRecordUser user = { .login_us = login->time_us, .service = login->service, .server = login->server };
  gboolean     placed = FALSE;

  if (known >= 0 && old.users[known].login_us > login->time_us)
    return;
  self->n_users = 0;
  for (guint i = 0; i < old.n_users; i++)
    {
      if (!placed && old.users[i].login_us <= login->time_us)
        {
          append_or_drop (self, &user, login->user);
          placed = TRUE;
        }
      if ((gint) i != known)
        append_or_drop (self, &old.users[i], pg_record_user_name (&old, i));
    }
  if (!placed)
    append_or_drop (self, &user, login->user);
}

void
pg_record_add_login (PgRecord *self, const PgLogin *login)
{
  g_return_if_fail (login->user.len >= 1 && login->user.len <= PG_USER_MAX);

  self->logins++;
  self->newest_us = MAX (self->newest_us, login->time_us);
  if (self->first_us == PG_RECORD_NEVER || login->time_us < self->first_us)
    self->first_us = login->time_us;
  renew_users (self, login);
}

static gboolean
is_same (const PgRecord *a, const PgRecord *b)
{
  if (a->newest_us != b->newest_us || a->first_us != b->first_us || a->logins != b->logins || a->dropped_us != b->dropped_us
      || a->n_users != b->n_users)
    return FALSE;
  for (guint i = 0; i < a->n_users; i++)
    if (a->users[i].login_us != b->users[i].login_us || !pg_span_equal (pg_record_user_name (a, i), pg_record_user_name (b, i)))
      return FALSE;
  return TRUE;
}

/* TRUE if @other knows a newer login of user @index of @self; or, with @or_same, as new a one. */
static gboolean
is_surpassed (const PgRecord *self, guint index, const PgRecord *other, gboolean or_same)
{
  gint known = pg_record_find_user (other, pg_record_user_name (self, index));

  if (known < 0)
    return FALSE;
  return other->users[known].login_us > self->users[index].login_us
         || (or_same && other->users[known].login_us == self->users[index].login_us);
}

/* All users of both are placed in one go, newest first: if they came one by one, who finds room would depend on their order. */
static void
merge_users (PgRecord *self, const PgRecord *old, const PgRecord *other)
{
  guint i = 0;
  guint j = 0;

  self->n_users = 0;
  while (i < old->n_users || j < other->n_users)
    if (j == other->n_users || (i < old->n_users && old->users[i].login_us >= other->users[j].login_us))
      {
        if (!is_surpassed (old, i, other, FALSE))
          append_or_drop (self, &old->users[i], pg_record_user_name (old, i));
        i++;
      }
    else
      {
        if (!is_surpassed (other, j, old, TRUE))
          append_or_drop (self, &other->users[j], pg_record_user_name (other, j));
        j++;
      }
}

gboolean
pg_record_merge (PgRecord *self, const PgRecord *other)
{
  PgRecord old = *self;

  merge_users (self, &old, other);
  self->newest_us = MAX (self->newest_us, other->newest_us);
  self->logins = MAX (self->logins, other->logins);
  self->dropped_us = MAX (self->dropped_us, other->dropped_us);
  if (self->first_us == PG_RECORD_NEVER || (other->first_us != PG_RECORD_NEVER && other->first_us < self->first_us))
    self->first_us = other->first_us;
  return !is_same (self, &old);
}

void
pg_record_cap (PgRecord *self, gint64 told_us, gint64 now_us)
{
  gint64 *times[3 + PG_RECORD_USERS_MAX] = { &self->newest_us, &self->first_us, &self->dropped_us };

  for (guint i = 0; i < self->n_users; i++)
    times[3 + i] = &self->users[i].login_us;
  for (guint i = 0; i < 3 + self->n_users; i++)
    if (*times[i] > told_us && *times[i] <= now_us)
      *times[i] = told_us;
}

/* Of users who no longer fit it is not known who they are: what one of them did in the future is taken for done now. */
void
pg_record_forget_future (PgRecord *self, gint64 now_us)
{
  PgRecord old = *self;

  self->dropped_us = MIN (old.dropped_us, now_us);
  self->first_us = old.first_us <= now_us ? old.first_us : PG_RECORD_NEVER;
  self->newest_us = old.dropped_us <= now_us ? old.dropped_us : PG_RECORD_NEVER;
  self->n_users = 0;
  for (guint i = 0; i < old.n_users; i++)
    if (old.users[i].login_us <= now_us)
      {
        append_user (self, &old.users[i], pg_record_user_name (&old, i));
        self->newest_us = MAX (self->newest_us, old.users[i].login_us);
      }
}

static guint8 *
put_user (const PgRecord *self, guint index, guint8 *at)
{
  const PgRecordUser *user = &self->users[index];

  pg_bytes_put_i64 (at, user->login_us);
  at[8] = (guint8) user->service;
  at[9] = (guint8) user->server;
  at[10] = user->name_len;
  memcpy (at + USER_HEADER, self->names + user->name_at, user->name_len);
  return at + USER_HEADER + user->name_len;
}

void
pg_record_encode (const PgRecord *self, const PgSecret *secret, const PgHash *key, guint8 out[PG_RECORD_SIZE])
{
  guint8 *at = out + USERS_AT;

  memset (out, 0, PG_RECORD_SIZE);
  memcpy (out + ADDRESS_AT, self->address.bytes, sizeof self->address.bytes);
  pg_bytes_put_i64 (out + NEWEST_AT, self->newest_us);
  pg_bytes_put_i64 (out + FIRST_AT, self->first_us);
  pg_bytes_put_u64 (out + LOGINS_AT, self->logins);
  pg_bytes_put_i64 (out + DROPPED_AT, self->dropped_us);
  out[N_USERS_AT] = (guint8) self->n_users;
  for (guint i = 0; i < self->n_users; i++)
    at = put_user (self, i, at);
  pg_frame_seal (out, PG_RECORD_SIZE, PG_FRAME_GRANT, VERSION, secret, key);
}

/* Takes one user at @at. Returns where the next one begins, or NULL if this one runs over the end. */
static const guint8 *
get_user (PgRecord *self, const guint8 *at, const guint8 *end)
{
  PgRecordUser user;

  if (end - at < USER_HEADER || end - at - USER_HEADER < at[10])
    return NULL;
  user = (PgRecordUser){ .login_us = pg_bytes_get_i64 (at), .service = at[8], .server = at[9] };
  if (!append_user (self, &user, pg_span ((const char *) at + USER_HEADER, at[10])))
    return NULL;
  return at + USER_HEADER + at[10];
}

gboolean
pg_record_decode (const guint8 *data, gsize size, const PgSecret *secret, const PgHash *key, PgRecord *out, GError **error)
{
  guint8        version = size >= PG_FRAME_HEADER && data[1] == OLD_VERSION ? OLD_VERSION : VERSION;
  const guint8 *at;

  if (!pg_frame_check (data, size, PG_RECORD_SIZE, PG_FRAME_GRANT, version, secret, key, error))
    return FALSE;
  memcpy (out->address.bytes, data + ADDRESS_AT, sizeof out->address.bytes);
  out->newest_us = pg_bytes_get_i64 (data + NEWEST_AT);
  out->first_us = pg_bytes_get_i64 (data + FIRST_AT);
  out->logins = pg_bytes_get_u64 (data + LOGINS_AT);
  out->dropped_us = pg_bytes_get_i64 (data + DROPPED_AT);
  out->n_users = 0;
  at = data + USERS_AT;
  for (guint i = 0; i < data[N_USERS_AT] && at != NULL; i++)
    at = get_user (out, at, data + size);
  if (at != NULL)
    return TRUE;
  g_set_error_literal (error, PG_ERROR, PG_ERROR_DAMAGED, "a stored grant has a malformed list of users");
  return FALSE;
}
