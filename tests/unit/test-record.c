/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/bytes.h"
#include "core/error.h"
#include "core/record.h"

#include "common.h"

static const PgSecret secret = { "sixteen bytes.." };
static const PgSecret other_secret = { "sixteen others." };
static const PgHash   key = { "where it stands" };
static const PgHash   other_key = { "somewhere else." };

/* --- frames ---------------------------------------------------------------------------------------------------------- */

static const gsize frame_sizes[] = { PG_FRAME_HEADER, PG_FRAME_HEADER + 1, 256, 512, PG_FRAME_MAX };

static guint8 *
make_frame (gsize size)
{
  guint8 *frame = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    frame[i] = (guint8) (i * 7);
  pg_frame_seal (frame, size, PG_FRAME_GRANT, 3, &secret, &key);
  return frame;
}

static gboolean
is_damaged (const guint8 *frame, gsize size, gsize expected_size, PgFrameKind kind, guint8 version, const PgSecret *a_secret,
            const PgHash *a_key)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *copy = g_memdup2 (frame, size);
  gboolean           ok = pg_frame_check (copy, size, expected_size, kind, version, a_secret, a_key, &error);

  ck_assert (ok == (error == NULL));
  ck_assert (ok || g_error_matches (error, PG_ERROR, PG_ERROR_DAMAGED));
  return !ok;
}

START_TEST (a_frame_is_only_what_it_was_sealed_as)
{
  gsize              size = frame_sizes[_i];
  g_autofree guint8 *frame = make_frame (size);

  ck_assert (!is_damaged (frame, size, size, PG_FRAME_GRANT, 3, &secret, &key));
  ck_assert (is_damaged (frame, size, size, PG_FRAME_NOTE, 3, &secret, &key));
  ck_assert (is_damaged (frame, size, size, PG_FRAME_GRANT, 2, &secret, &key));
  ck_assert (is_damaged (frame, size, size, PG_FRAME_GRANT, 4, &secret, &key));
  ck_assert (is_damaged (frame, size, size, PG_FRAME_GRANT, 3, &other_secret, &key));
  ck_assert (is_damaged (frame, size, size, PG_FRAME_GRANT, 3, &secret, &other_key));
  ck_assert (is_damaged (frame, size, size - 1, PG_FRAME_GRANT, 3, &secret, &key));
  ck_assert (is_damaged (frame, size, size + 1, PG_FRAME_GRANT, 3, &secret, &key));
  for (gsize cut = 0; cut < size; cut++)
    {
      ck_assert (is_damaged (frame, cut, size, PG_FRAME_GRANT, 3, &secret, &key));
      ck_assert (is_damaged (frame, cut, cut, PG_FRAME_GRANT, 3, &secret, &key));
    }
}
END_TEST

START_TEST (every_flipped_bit_is_seen)
{
  gsize              size = frame_sizes[_i];
  g_autofree guint8 *frame = make_frame (size);

  for (gsize bit = 0; bit < 8 * size; bit++)
    {
      frame[bit / 8] ^= (guint8) (1u << bit % 8);
      ck_assert_msg (is_damaged (frame, size, size, PG_FRAME_GRANT, 3, &secret, &key), "bit %zu of %zu bytes", bit, size);
      frame[bit / 8] ^= (guint8) (1u << bit % 8);
    }
}
END_TEST

START_TEST (a_frame_of_another_size_is_a_bug)
{
  guint8 frame[PG_FRAME_MAX + 1] = { 0 };

  pg_frame_seal (frame, _i == 0 ? PG_FRAME_HEADER - 1 : PG_FRAME_MAX + 1, PG_FRAME_GRANT, 1, &secret, &key);
}
END_TEST

/* --- what a record remembers ----------------------------------------------------------------------------------------- */

static PgAddress
some_address (void)
{
  PgAddress address;

  ck_assert (pg_address_parse (pg_span_from_string ("192.0.2.1"), &address));
  return address;
}

static PgRecord
empty_record (void)
{
  PgAddress address = some_address ();
  PgRecord  record;

  pg_record_init (&record, &address);
  return record;
}

static void
add (PgRecord *record, gint64 time_us, const char *user)
{
  PgLogin login = {
    .time_us = time_us,
    .address = some_address (),
    .user = pg_span_from_string (user),
    .service = PG_SERVICE_POP3,
    .server = PG_SERVER_DOVECOT,
  };

  pg_record_add_login (record, &login);
}

/* "alice@7 bob@3": the users, newest first. */
static char *
tell_users (const PgRecord *record)
{
  GString *told = g_string_new (NULL);

  for (guint i = 0; i < record->n_users; i++)
    {
      g_autofree char *name = span_to_string (pg_record_user_name (record, i));

      g_string_append_printf (told, "%s%s@%" G_GINT64_FORMAT, i > 0 ? " " : "", name, record->users[i].login_us);
    }
  return g_string_free (told, FALSE);
}

static const struct
{
  const char *name;
  struct
  {
    gint64      time_us;
    const char *user;
  } logins[5];
  const char *users;
  gint64      newest;
  gint64      first;
} histories[] = {
  { "one", { { 5, "a" } }, "a@5", 5, 5 },
  { "twice", { { 5, "a" }, { 9, "a" } }, "a@9", 9, 5 },
  { "twice at once", { { 5, "a" }, { 5, "a" } }, "a@5", 5, 5 },
  { "an old line again", { { 9, "a" }, { 5, "a" } }, "a@9", 9, 5 },
  { "two users", { { 5, "a" }, { 6, "b" } }, "b@6 a@5", 6, 5 },
  { "two users, out of order", { { 6, "b" }, { 5, "a" } }, "b@6 a@5", 6, 5 },
  { "two users at once", { { 5, "a" }, { 5, "b" } }, "b@5 a@5", 5, 5 },
  { "the last becomes the first", { { 5, "a" }, { 6, "b" }, { 7, "c" }, { 8, "a" } }, "a@8 c@7 b@6", 8, 5 },
  { "into the middle", { { 5, "a" }, { 9, "b" }, { 7, "c" } }, "b@9 c@7 a@5", 9, 5 },
  { "from the end to the middle", { { 5, "a" }, { 9, "b" }, { 7, "c" }, { 8, "a" } }, "b@9 a@8 c@7", 9, 5 },
  { "an old line of a known user", { { 9, "b" }, { 7, "a" }, { 5, "b" } }, "b@9 a@7", 9, 5 },
  { "before the epoch", { { -5, "a" }, { -9, "b" } }, "a@-5 b@-9", -5, -9 },
  { "names differ by case", { { 5, "a" }, { 6, "A" } }, "A@6 a@5", 6, 5 },
};

START_TEST (times_only_move_forward)
{
  const char      *name = histories[_i].name;
  PgRecord         record = empty_record ();
  g_autofree char *users = NULL;
  guint            n = 0;

  for (; n < G_N_ELEMENTS (histories[_i].logins) && histories[_i].logins[n].user != NULL; n++)
    add (&record, histories[_i].logins[n].time_us, histories[_i].logins[n].user);
  users = tell_users (&record);
  assert_row_text (name, users, histories[_i].users);
  assert_row (name, record.newest_us == histories[_i].newest);
  assert_row (name, record.first_us == histories[_i].first);
  assert_row (name, record.logins == n);
  assert_row (name, record.dropped_us == PG_RECORD_NEVER);
}
END_TEST

START_TEST (an_empty_record_has_no_login)
{
  PgRecord record = empty_record ();

  ck_assert (record.newest_us == PG_RECORD_NEVER && record.first_us == PG_RECORD_NEVER);
  ck_assert (record.n_users == 0 && record.logins == 0);
  ck_assert_int_eq (pg_record_find_user (&record, pg_span_from_string ("a")), -1);
}
END_TEST

START_TEST (a_user_is_found_by_the_whole_name)
{
  PgRecord record = empty_record ();

  add (&record, 1, "bob");
  add (&record, 2, "bo");
  ck_assert_int_eq (pg_record_find_user (&record, pg_span_from_string ("bob")), 1);
  ck_assert_int_eq (pg_record_find_user (&record, pg_span_from_string ("bo")), 0);
  ck_assert_int_eq (pg_record_find_user (&record, pg_span_from_string ("b")), -1);
  ck_assert_int_eq (pg_record_find_user (&record, pg_span_from_string ("BOB")), -1);
}
END_TEST

START_TEST (the_oldest_user_has_to_go)
{
  PgRecord record = empty_record ();
  char     name[8];

  for (gint i = 0; i < PG_RECORD_USERS_MAX; i++)
    {
      g_snprintf (name, sizeof name, "%c", 'a' + i);
      add (&record, 100 + i, name);
    }
  ck_assert_uint_eq (record.n_users, PG_RECORD_USERS_MAX);
  ck_assert (record.dropped_us == PG_RECORD_NEVER);
  add (&record, 200, "z");
  ck_assert_uint_eq (record.n_users, PG_RECORD_USERS_MAX);
  ck_assert (record.dropped_us == 100);
  ck_assert_int_eq (pg_record_find_user (&record, pg_span_from_string ("a")), -1);
  ck_assert_int_eq (pg_record_find_user (&record, pg_span_from_string ("z")), 0);
  add (&record, 50, "y"); /* older than all: has no room, but is known to have been */
  ck_assert (record.dropped_us == 100 && record.newest_us == 200 && record.first_us == 50);
  ck_assert_int_eq (pg_record_find_user (&record, pg_span_from_string ("y")), -1);
}
END_TEST

START_TEST (the_newest_user_always_fits)
{
  PgRecord         record = empty_record ();
  g_autofree char *longest = g_strnfill (PG_USER_MAX, 'x');

  for (gint i = 0; i < PG_RECORD_USERS_MAX; i++)
    add (&record, 100 + i, (char[]){ (char) ('a' + i), '\0' });
  add (&record, 200, longest);
  ck_assert_uint_eq (record.n_users, 1);
  ck_assert (record.dropped_us == 100 + PG_RECORD_USERS_MAX - 1);
  ck_assert (pg_span_is (pg_record_user_name (&record, 0), longest));
  add (&record, 201, "b");
  ck_assert (pg_span_is (pg_record_user_name (&record, 0), "b"));
  ck_assert (record.dropped_us == 200);
}
END_TEST

static const struct
{
  const char *name;
  gint64      now;
  const char *users; /* of a@5 b@7 c@9 */
  gint64      newest;
  gint64      first;
} presents[] = {
  { "all is past", 9, "c@9 b@7 a@5", 9, 5 },
  { "one is future", 8, "b@7 a@5", 7, 5 },
  { "one is past", 5, "a@5", 5, 5 },
  { "all is future", 4, "", PG_RECORD_NEVER, PG_RECORD_NEVER },
};

START_TEST (the_future_is_forgotten)
{
  const char      *name = presents[_i].name;
  PgRecord         record = empty_record ();
  g_autofree char *users = NULL;
  g_autofree char *users_then = NULL;

  add (&record, 5, "a");
  add (&record, 7, "b");
  add (&record, 9, "c");
  pg_record_forget_future (&record, presents[_i].now);
  users = tell_users (&record);
  assert_row_text (name, users, presents[_i].users);
  assert_row (name, record.newest_us == presents[_i].newest && record.first_us == presents[_i].first);
  assert_row (name, record.logins == 3 && record.dropped_us == PG_RECORD_NEVER);
  add (&record, presents[_i].now, "z");
  users_then = tell_users (&record);
  assert_row (name, g_str_has_prefix (users_then, "z@") && record.newest_us == presents[_i].now);
}
END_TEST

/* Who has to go may have been denied: that somebody has gone is not forgotten, only its time is put right. */
START_TEST (the_future_of_those_who_had_to_go_is_now)
{
  PgRecord record = empty_record ();

  for (gint i = 0; i <= PG_RECORD_USERS_MAX; i++)
    add (&record, 100 + i, (char[]){ (char) ('a' + i), '\0' });
  ck_assert (record.dropped_us == 100);
  pg_record_forget_future (&record, 50);
  ck_assert (record.n_users == 0 && record.dropped_us == 50 && record.newest_us == PG_RECORD_NEVER);
  record.dropped_us = 40;
  pg_record_forget_future (&record, 50);
  ck_assert (record.dropped_us == 40 && record.newest_us == 40);
}
END_TEST

START_TEST (a_login_without_a_fit_name_is_a_bug)
{
  PgRecord         record = empty_record ();
  g_autofree char *too_long = g_strnfill (PG_USER_MAX + 1, 'x');

  add (&record, 1, _i == 0 ? "" : too_long);
}
END_TEST

/* --- the stored form ------------------------------------------------------------------------------------------------- */

static gboolean
decode (const guint8 *bytes, gsize size, PgRecord *out)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *copy = g_memdup2 (bytes, size);
  gboolean           ok = pg_record_decode (copy, size, &secret, &key, out, &error);

  ck_assert (ok == (error == NULL));
  ck_assert (ok || g_error_matches (error, PG_ERROR, PG_ERROR_DAMAGED));
  return ok;
}

static void
check_same (const PgRecord *a, const PgRecord *b)
{
  g_autofree char *a_users = tell_users (a);
  g_autofree char *b_users = tell_users (b);

  ck_assert_str_eq (a_users, b_users);
  ck_assert (pg_address_equal (&a->address, &b->address));
  ck_assert (a->newest_us == b->newest_us && a->first_us == b->first_us);
  ck_assert (a->logins == b->logins && a->dropped_us == b->dropped_us);
  for (guint i = 0; i < a->n_users; i++)
    ck_assert (a->users[i].service == b->users[i].service && a->users[i].server == b->users[i].server);
}

START_TEST (a_random_record_survives_storage)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) _i);
  PgRecord record = empty_record ();

  for (guint round = 0; round < 300; round++)
    {
      guint8   bytes[PG_RECORD_SIZE];
      char     name[PG_USER_MAX + 1];
      gint     len = g_rand_int_range (rand, 1, g_rand_boolean (rand) ? 5 : PG_USER_MAX + 1);
      PgRecord again;

      memset (name, 'a' + g_rand_int_range (rand, 0, 26), (gsize) len);
      name[len] = '\0';
      add (&record, g_rand_int_range (rand, -1000, 1000000), name);
      pg_record_encode (&record, &secret, &key, bytes);
      ck_assert (decode (bytes, sizeof bytes, &again));
      check_same (&record, &again);
    }
}
END_TEST

START_TEST (an_empty_record_survives_storage)
{
  PgRecord record = empty_record ();
  PgRecord again;
  guint8   bytes[PG_RECORD_SIZE];

  pg_record_encode (&record, &secret, &key, bytes);
  ck_assert (decode (bytes, sizeof bytes, &again));
  check_same (&record, &again);
  ck_assert (again.newest_us == PG_RECORD_NEVER && again.dropped_us == PG_RECORD_NEVER);
}
END_TEST

/* The numbers in files never change: this is a record written by version 2. */
START_TEST (version_2_stays_readable)
{
  PgRecord record = empty_record ();
  guint8   bytes[PG_RECORD_SIZE];

  add (&record, 0x0102030405060708, "bob");
  pg_record_encode (&record, &secret, &key, bytes);
  ck_assert_mem_eq (bytes, "g\2\0\1", 4);
  ck_assert_mem_eq (bytes + 12, "\0\0\0\0", 4);
  ck_assert_mem_eq (bytes + 16, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1", 16);
  ck_assert_mem_eq (bytes + 32, "\x08\x07\x06\x05\x04\x03\x02\x01", 8);
  ck_assert_mem_eq (bytes + 40, "\x08\x07\x06\x05\x04\x03\x02\x01", 8);
  ck_assert_mem_eq (bytes + 48, "\1\0\0\0\0\0\0\0", 8);
  ck_assert_mem_eq (bytes + 56, "\0\0\0\0\0\0\0\x80", 8);
  ck_assert_mem_eq (bytes + 64, "\1\x08\x07\x06\x05\x04\x03\x02\x01\1\1\3bob\0", 16);
  ck_assert (pg_bytes_get_u64 (bytes + 4) != 0);
}
END_TEST

/* Which has the same layout, and a checksum over all of its bytes. */
START_TEST (version_1_stays_readable)
{
  PgRecord record = empty_record ();
  PgRecord again;
  guint8   bytes[PG_RECORD_SIZE];
  guint8   whole[sizeof key.bytes + PG_RECORD_SIZE];

  add (&record, 7, "bob");
  pg_record_encode (&record, &secret, &key, bytes);
  bytes[1] = 1;
  memset (bytes + 4, 0, 8);
  memcpy (whole, key.bytes, sizeof key.bytes);
  memcpy (whole + sizeof key.bytes, bytes, sizeof bytes);
  pg_bytes_put_u64 (bytes + 4, pg_siphash_64 (&secret, whole, sizeof whole));
  ck_assert (decode (bytes, sizeof bytes, &again));
  check_same (&record, &again);
  bytes[1] = 2;
  ck_assert (!decode (bytes, sizeof bytes, &again));
}
END_TEST

/* A checksum that leaves zeros out knows how many. */
START_TEST (zeros_at_the_end_are_counted)
{
  gsize              size = frame_sizes[_i];
  g_autofree guint8 *frame = g_malloc0 (size);

  for (gsize end = PG_FRAME_HEADER; end <= size; end++)
    {
      memset (frame, 0, size);
      memset (frame + PG_FRAME_HEADER, 'x', end - PG_FRAME_HEADER);
      pg_frame_seal (frame, size, PG_FRAME_GRANT, 3, &secret, &key);
      ck_assert (!is_damaged (frame, size, size, PG_FRAME_GRANT, 3, &secret, &key));
      for (gsize at = PG_FRAME_HEADER; at < size; at += 7)
        {
          guint8 was = frame[at];

          frame[at] = was == 0;
          ck_assert_msg (is_damaged (frame, size, size, PG_FRAME_GRANT, 3, &secret, &key), "%zu of %zu", at, end);
          frame[at] = was;
        }
    }
}
END_TEST

START_TEST (damaged_bytes_are_no_record)
{
  PgRecord record = empty_record ();
  PgRecord again;
  guint8   bytes[PG_RECORD_SIZE + 1] = { 0 };

  add (&record, 7, "bob");
  pg_record_encode (&record, &secret, &key, bytes);
  ck_assert (decode (bytes, PG_RECORD_SIZE, &again));
  ck_assert (!decode (bytes, PG_RECORD_SIZE + 1, &again));
  ck_assert (!decode (bytes, PG_RECORD_SIZE - 1, &again));
  ck_assert (!decode (bytes, 0, &again));
  for (gsize i = 0; i < PG_RECORD_SIZE; i++)
    {
      bytes[i] ^= 0x10;
      ck_assert_msg (!decode (bytes, PG_RECORD_SIZE, &again), "byte %zu", i);
      bytes[i] ^= 0x10;
    }
}
END_TEST

#define N_USERS_AT 64
#define USERS_AT 65
#define NAME_LEN_AT (USERS_AT + 10)

static const struct
{
  const char *name;
  gsize       at;
  guint8      value;
  gboolean    ok;
} lists[] = {
  { "as it was", N_USERS_AT, 1, TRUE },
  { "one more, of zeros", N_USERS_AT, 2, TRUE },
  { "as many as fit, of zeros", N_USERS_AT, PG_RECORD_USERS_MAX, TRUE },
  { "one too many", N_USERS_AT, PG_RECORD_USERS_MAX + 1, FALSE },
  { "far too many", N_USERS_AT, 255, FALSE },
  { "a name up to the end", NAME_LEN_AT, PG_RECORD_SIZE - USERS_AT - 11, TRUE },
  { "a name over the end", NAME_LEN_AT, PG_RECORD_SIZE - USERS_AT - 10, FALSE },
  { "a name far over the end", NAME_LEN_AT, 255, FALSE },
};

/* Sealed as it should be, and yet wrong: a bug of another version must not become an overread. */
START_TEST (a_malformed_list_is_no_record)
{
  const char *name = lists[_i].name;
  PgRecord    record = empty_record ();
  PgRecord    again;
  guint8      bytes[PG_RECORD_SIZE];

  add (&record, 7, "bob");
  pg_record_encode (&record, &secret, &key, bytes);
  bytes[lists[_i].at] = lists[_i].value;
  pg_frame_seal (bytes, sizeof bytes, PG_FRAME_GRANT, 1, &secret, &key);
  assert_row (name, decode (bytes, sizeof bytes, &again) == lists[_i].ok);
}
END_TEST

/* --- merging --------------------------------------------------------------------------------------------------------- */

#define LOGINS_MAX 4

typedef struct
{
  gint64      time_us;
  const char *user;
} Told;

static PgRecord
record_of (const Told *logins, guint max)
{
  PgRecord record = empty_record ();

  for (guint i = 0; i < max && logins[i].user != NULL; i++)
    add (&record, logins[i].time_us, logins[i].user);
  return record;
}

static const struct
{
  const char *name;
  Told        ours[LOGINS_MAX];
  Told        theirs[LOGINS_MAX];
  const char *users;
  guint64     logins;
  gint64      first_us;
  gboolean    changes;
} merges[] = {
  { "nothing to nothing", { { 0 } }, { { 0 } }, "", 0, PG_RECORD_NEVER, FALSE },
  { "nothing to something", { { 5, "a" } }, { { 0 } }, "a@5", 1, 5, FALSE },
  { "something to nothing", { { 0 } }, { { 5, "a" } }, "a@5", 1, 5, TRUE },
  { "the same", { { 5, "a" } }, { { 5, "a" } }, "a@5", 1, 5, FALSE },
  { "an older login", { { 5, "a" }, { 9, "a" } }, { { 7, "a" } }, "a@9", 2, 5, FALSE },
  { "a newer login", { { 5, "a" } }, { { 9, "a" } }, "a@9", 1, 5, TRUE },
  { "an earlier first login", { { 9, "a" } }, { { 5, "a" } }, "a@9", 1, 5, TRUE },
  { "more of them", { { 9, "a" } }, { { 9, "a" }, { 9, "a" } }, "a@9", 2, 9, TRUE },
  { "another user", { { 9, "a" } }, { { 10, "b" } }, "b@10 a@9", 1, 9, TRUE },
  { "an older user", { { 9, "a" } }, { { 8, "b" } }, "a@9 b@8", 1, 8, TRUE },
  { "each knows more of one", { { 5, "b" }, { 9, "a" } }, { { 3, "a" }, { 7, "b" } }, "a@9 b@7", 2, 3, TRUE },
  { "two at once", { { 0 } }, { { 5, "a" }, { 5, "b" } }, "b@5 a@5", 2, 5, TRUE },
  { "two at once again", { { 5, "a" }, { 5, "b" } }, { { 5, "a" }, { 5, "b" } }, "b@5 a@5", 2, 5, FALSE },
  { "two at once the other way round", { { 5, "a" }, { 5, "b" } }, { { 5, "b" }, { 5, "a" } }, "b@5 a@5", 2, 5, FALSE },
};

START_TEST (two_records_become_one)
{
  const char      *name = merges[_i].name;
  PgRecord         ours = record_of (merges[_i].ours, LOGINS_MAX);
  PgRecord         theirs = record_of (merges[_i].theirs, LOGINS_MAX);
  gint64           newest_us = MAX (ours.newest_us, theirs.newest_us);
  g_autofree char *users = NULL;

  assert_row (name, pg_record_merge (&ours, &theirs) == merges[_i].changes);
  users = tell_users (&ours);
  assert_row_text (name, users, merges[_i].users);
  assert_row (name, ours.newest_us == newest_us);
  assert_row (name, ours.first_us == merges[_i].first_us);
  assert_row (name, ours.logins == merges[_i].logins);
  assert_row (name, !pg_record_merge (&ours, &theirs));
}
END_TEST

static PgRecord
random_history (GRand *rand)
{
  PgRecord record = empty_record ();

  for (gint i = g_rand_int_range (rand, 0, 40); i > 0; i--)
    {
      g_autofree char *user = g_strnfill ((gsize) g_rand_int_range (rand, 1, 60), (char) g_rand_int_range (rand, 'a', 'g'));

      add (&record, g_rand_int_range (rand, 0, 30), user);
    }
  return record;
}

/* Users who find no room too: once merged, merged; no time goes back, and none comes from nowhere. */
START_TEST (merging_random_records_twice_is_as_once)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) _i);

  for (guint round = 0; round < 2000; round++)
    {
      PgRecord ours = random_history (rand);
      PgRecord theirs = random_history (rand);
      PgRecord merged = ours;

      pg_record_merge (&merged, &theirs);
      ck_assert_int_eq (merged.newest_us, MAX (ours.newest_us, theirs.newest_us));
      ck_assert_int_ge (merged.dropped_us, MAX (ours.dropped_us, theirs.dropped_us));
      ck_assert (merged.newest_us == PG_RECORD_NEVER || merged.dropped_us <= merged.newest_us);
      ck_assert (!pg_record_merge (&merged, &theirs));
      ck_assert (!pg_record_merge (&merged, &ours));
    }
}
END_TEST

/* --- told as of a moment --------------------------------------------------------------------------------------------- */

START_TEST (what_came_later_is_told_as_of_then)
{
  static const gint64 logins[] = { 5, 150, 250 }; /* before the moment, 100; then until now, 200; and ahead of it */
  static const gint64 told[] = { 5, 100, 250 };
  PgRecord            record;

  pg_record_init (&record, &(PgAddress){ { 7 } });
  for (guint i = 0; i < G_N_ELEMENTS (logins); i++)
    {
      g_autofree char *user = g_strdup_printf ("user%u", i);

      pg_record_add_login (&record, &(PgLogin){ .time_us = logins[i], .user = pg_span_from_string (user) });
    }
  pg_record_cap (&record, 100, 200);
  for (guint i = 0; i < G_N_ELEMENTS (logins); i++)
    {
      g_autofree char *user = g_strdup_printf ("user%u", i);
      gint             at = pg_record_find_user (&record, pg_span_from_string (user));

      ck_assert_int_eq (record.users[at].login_us, told[i]);
    }
  ck_assert (record.newest_us == 250 && record.first_us == 5 && record.dropped_us == PG_RECORD_NEVER);
  record.newest_us = record.dropped_us = 200;
  pg_record_cap (&record, 100, 200);
  ck_assert (record.newest_us == 100 && record.dropped_us == 100);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, a_frame_is_only_what_it_was_sealed_as, 0, G_N_ELEMENTS (frame_sizes));
  tcase_add_loop_test (tests, every_flipped_bit_is_seen, 0, G_N_ELEMENTS (frame_sizes));
  tcase_add_loop_test_raise_signal (tests, a_frame_of_another_size_is_a_bug, SIGTRAP, 0, 2);
  tcase_add_loop_test (tests, times_only_move_forward, 0, G_N_ELEMENTS (histories));
  tcase_add_test (tests, an_empty_record_has_no_login);
  tcase_add_test (tests, a_user_is_found_by_the_whole_name);
  tcase_add_test (tests, the_oldest_user_has_to_go);
  tcase_add_test (tests, the_newest_user_always_fits);
  tcase_add_loop_test (tests, the_future_is_forgotten, 0, G_N_ELEMENTS (presents));
  tcase_add_test (tests, the_future_of_those_who_had_to_go_is_now);
  tcase_add_loop_test_raise_signal (tests, a_login_without_a_fit_name_is_a_bug, SIGTRAP, 0, 2);
  tcase_add_loop_test (tests, a_random_record_survives_storage, 0, 8);
  tcase_add_test (tests, an_empty_record_survives_storage);
  tcase_add_test (tests, version_1_stays_readable);
  tcase_add_test (tests, version_2_stays_readable);
  tcase_add_loop_test (tests, zeros_at_the_end_are_counted, 0, G_N_ELEMENTS (frame_sizes));
  tcase_add_test (tests, damaged_bytes_are_no_record);
  tcase_add_loop_test (tests, a_malformed_list_is_no_record, 0, G_N_ELEMENTS (lists));
  tcase_add_test (tests, what_came_later_is_told_as_of_then);
  tcase_add_loop_test (tests, two_records_become_one, 0, G_N_ELEMENTS (merges));
  tcase_add_loop_test (tests, merging_random_records_twice_is_as_once, 0, 4);
}

PG_TEST_MAIN ("record", fill)
