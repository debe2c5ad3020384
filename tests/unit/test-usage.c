/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/usage.h"

#include "core/bytes.h"
#include "core/duration.h"
#include "core/error.h"

#include "common.h"

static const PgSecret secret = { "sixteen bytes.." };
static const PgHash   key = { "where it stands" };
static const PgHash   other_key = { "somewhere else." };

#define TODAY 20000

static PgAddress
address_of (const char *text)
{
  PgAddress address;

  ck_assert (pg_address_parse (pg_span_from_string (text), &address));
  return address;
}

static PgUsagePair
pair_of (PgUsageWay way, const char *address_text, const char *user)
{
  PgAddress   address = address_of (address_text);
  PgUsagePair pair;

  pg_usage_pair_set (&pair, way, &address, pg_span_from_string (user));
  return pair;
}

static PgUsage
new_usage (void)
{
  PgUsagePair pair = pair_of (PG_USAGE_LOGIN, "192.0.2.1", "bob");
  PgUsage     usage;

  pg_usage_init (&usage, &pair);
  return usage;
}

static void
add (PgUsage *usage, gint64 day, guint32 n)
{
  PgUsagePair pair = usage->pair;

  pg_usage_add (usage, &pair, day * PG_DAY + 1, day * PG_DAY + 2, n);
}

/* --- days ------------------------------------------------------------------------------------------------------------ */

static const struct
{
  const char *name;
  struct
  {
    gint    day; /* from TODAY */
    guint32 n;
  } uses[6];
  const char *days; /* "-1:3 0:2", the oldest first, of what is known today */
} rings[] = {
  { "once", { { 0, 1 } }, "0:1" },
  { "twice a day", { { 0, 1 }, { 0, 4 } }, "0:5" },
  { "two days", { { -1, 3 }, { 0, 2 } }, "-1:3 0:2" },
  { "out of order", { { 0, 2 }, { -1, 3 }, { 0, 1 } }, "-1:3 0:3" },
  { "a gap", { { -40, 3 }, { 0, 2 } }, "-40:3 0:2" },
  { "the oldest that is kept", { { -91, 3 }, { 0, 2 } }, "-91:3 0:2" },
  { "too old", { { -92, 3 }, { 0, 2 } }, "0:2" },
  { "far too old", { { -5000, 3 }, { 0, 2 } }, "0:2" },
  { "some of it too old", { { -92, 3 }, { -91, 4 }, { -1, 5 }, { 0, 2 } }, "-91:4 -1:5 0:2" },
  { "a clock that ran ahead for some days", { { 5, 3 }, { 0, 2 } }, "0:2" },
  { "a clock that ran ahead for years", { { -3, 8 }, { 5000, 3 }, { 0, 2 }, { 1, 1 } }, "0:2" },
  { "a full counter", { { 0, G_MAXUINT32 - 1 }, { 0, 5 } }, "0:4294967295" },
  { "nothing", { { 0, 0 } }, "" },
};

static char *
tell_days (const PgUsage *usage)
{
  GString *told = g_string_new (NULL);

  for (gint day = -200; day <= 0; day++)
    if (pg_usage_on (usage, (guint32) (TODAY + day)) > 0)
      g_string_append_printf (told, "%s%d:%u", told->len > 0 ? " " : "", day, pg_usage_on (usage, (guint32) (TODAY + day)));
  return g_string_free (told, FALSE);
}

START_TEST (each_day_is_counted)
{
  PgUsage          usage = new_usage ();
  g_autofree char *days = NULL;
  guint64          total = 0;

  for (guint i = 0; i < G_N_ELEMENTS (rings[_i].uses) && rings[_i].uses[i].n > 0; i++)
    {
      add (&usage, TODAY + rings[_i].uses[i].day, rings[_i].uses[i].n);
      total += rings[_i].uses[i].n;
    }
  days = tell_days (&usage);
  assert_row_text (rings[_i].name, days, rings[_i].days);
  assert_row (rings[_i].name, usage.total == total);
}
END_TEST

START_TEST (days_are_those_of_utc)
{
  ck_assert_uint_eq (pg_usage_day_of (0), 0);
  ck_assert_uint_eq (pg_usage_day_of (-5), 0);
  ck_assert_uint_eq (pg_usage_day_of (PG_DAY - 1), 0);
  ck_assert_uint_eq (pg_usage_day_of (PG_DAY), 1);
  ck_assert_uint_eq (pg_usage_day_of (G_GINT64_CONSTANT (1764115200000000)), 20418); /* 2025-11-26T00:00:00Z */
  ck_assert_uint_eq (pg_usage_day_of (G_GINT64_CONSTANT (1764115199999999)), 20417);
}
END_TEST

START_TEST (first_and_last_are_kept)
{
  PgUsage usage = new_usage ();

  pg_usage_add (&usage, &usage.pair, 50, 60, 1);
  ck_assert (usage.first_us == 50 && usage.last_us == 60);
  pg_usage_add (&usage, &usage.pair, 70, 90, 2);
  ck_assert (usage.first_us == 50 && usage.last_us == 90);
  pg_usage_add (&usage, &usage.pair, 20, 30, 2); /* the clock was set back */
  ck_assert (usage.first_us == 20 && usage.last_us == 30 && usage.total == 5);
}
END_TEST

START_TEST (what_is_old_is_outdated)
{
  PgUsage usage = new_usage ();

  add (&usage, TODAY, 1);
  ck_assert (!pg_usage_is_outdated (&usage, (gint64) TODAY * PG_DAY));
  ck_assert (!pg_usage_is_outdated (&usage, (gint64) (TODAY + PG_USAGE_DAYS) * PG_DAY - 1));
  ck_assert (pg_usage_is_outdated (&usage, (gint64) (TODAY + PG_USAGE_DAYS) * PG_DAY));
  usage.newest_day = G_MAXUINT32;
  ck_assert (!pg_usage_is_outdated (&usage, (gint64) TODAY * PG_DAY));
}
END_TEST

/* --- pairs ----------------------------------------------------------------------------------------------------------- */

static gboolean
is_same (const PgUsagePair *a, const PgUsagePair *b)
{
  guint8 a_name[PG_USAGE_NAME_MAX];
  guint8 b_name[PG_USAGE_NAME_MAX];
  gsize  a_len = pg_usage_pair_name (a, a_name);

  return a_len == pg_usage_pair_name (b, b_name) && memcmp (a_name, b_name, a_len) == 0;
}

static const struct
{
  const char *name;
  PgUsageWay  way;
  const char *address;
  const char *user;
  gboolean    same; /* as bob from 192.0.2.1 by a login */
} pairs[] = {
  { "the same", PG_USAGE_LOGIN, "::ffff:192.0.2.1", "bob", TRUE },
  { "another address", PG_USAGE_LOGIN, "192.0.2.2", "bob", FALSE },
  { "another user", PG_USAGE_LOGIN, "192.0.2.1", "bo", FALSE },
  { "no user", PG_USAGE_LOGIN, "192.0.2.1", "", FALSE },
  { "another way", PG_USAGE_ALLOW, "192.0.2.1", "bob", FALSE },
};

START_TEST (a_pair_is_known_by_its_name)
{
  PgUsagePair bob = pair_of (PG_USAGE_LOGIN, "192.0.2.1", "bob");
  PgUsagePair other = pair_of (pairs[_i].way, pairs[_i].address, pairs[_i].user);

  assert_row (pairs[_i].name, is_same (&bob, &other) == pairs[_i].same);
}
END_TEST

START_TEST (of_auth_the_user_is_all)
{
  PgUsagePair here = pair_of (PG_USAGE_AUTH, "192.0.2.1", "bob");
  PgUsagePair there = pair_of (PG_USAGE_AUTH, "2001:db8::1", "bob");
  PgUsagePair other = pair_of (PG_USAGE_AUTH, "192.0.2.1", "alice");
  PgUsage     usage;

  ck_assert (is_same (&here, &there));
  ck_assert (!is_same (&here, &other));
  pg_usage_init (&usage, &here);
  pg_usage_add (&usage, &there, 1, 1, 1);
  ck_assert (pg_address_equal (&usage.pair.address, &there.address));
}
END_TEST

START_TEST (a_long_name_is_cut)
{
  g_autofree char *longest = g_strnfill (PG_USER_MAX, 'x');
  g_autofree char *longer = g_strnfill (1000, 'x');
  PgUsagePair      fits = pair_of (PG_USAGE_LOGIN, "192.0.2.1", longest);
  PgUsagePair      cut = pair_of (PG_USAGE_LOGIN, "192.0.2.1", longer);

  ck_assert (pg_span_is (pg_usage_pair_user (&cut), longest));
  ck_assert (is_same (&fits, &cut));
}
END_TEST

/* --- the stored form ------------------------------------------------------------------------------------------------- */

static gboolean
decode_at (const guint8 *bytes, gsize size, const PgHash *at, PgUsage *out)
{
  g_autoptr (GError) error = NULL;
  g_autofree guint8 *copy = g_memdup2 (bytes, size);
  gboolean           ok = pg_usage_decode (copy, size, &secret, at, out, &error);

  ck_assert (ok == (error == NULL));
  ck_assert (ok || g_error_matches (error, PG_ERROR, PG_ERROR_DAMAGED));
  return ok;
}

static void
assert_same_usage (const PgUsage *a, const PgUsage *b)
{
  ck_assert (is_same (&a->pair, &b->pair) && pg_address_equal (&a->pair.address, &b->pair.address));
  ck_assert (a->first_us == b->first_us && a->last_us == b->last_us && a->total == b->total);
  ck_assert (a->newest_day == b->newest_day);
  ck_assert_mem_eq (a->days, b->days, sizeof a->days);
}

START_TEST (a_random_usage_survives_storage)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) _i);
  g_autofree char *user = g_strnfill ((gsize) g_rand_int_range (rand, 0, PG_USER_MAX + 1), 'u');
  PgUsagePair      pair = pair_of ((PgUsageWay) g_rand_int_range (rand, 1, PG_N_USAGE_WAYS), "2001:db8::7", user);
  PgUsage          usage;

  pg_usage_init (&usage, &pair);
  for (guint round = 0; round < 200; round++)
    {
      guint8  bytes[PG_USAGE_SIZE];
      PgUsage again;

      add (&usage, g_rand_int_range (rand, 1, 40000), g_rand_int (rand));
      pg_usage_encode (&usage, &secret, &key, bytes);
      ck_assert (decode_at (bytes, sizeof bytes, &key, &again));
      assert_same_usage (&usage, &again);
    }
}
END_TEST

/* The numbers in files never change: this is a usage written by version 1. */
START_TEST (version_1_stays_readable)
{
  PgUsage usage = new_usage ();
  guint8  bytes[PG_USAGE_SIZE];

  pg_usage_add (&usage, &usage.pair, 0x0102030405, 2 * PG_DAY + 5, 7);
  pg_usage_add (&usage, &usage.pair, 3 * PG_DAY + 5, 3 * PG_DAY + 6, 0x01020304);
  pg_usage_encode (&usage, &secret, &key, bytes);
  ck_assert_mem_eq (bytes, "u\1\x68\2", 4);
  ck_assert_mem_eq (bytes + 16, "\1\3\0\0\3\0\0\0", 8);
  ck_assert_mem_eq (bytes + 24, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1", 16);
  ck_assert_mem_eq (bytes + 40, "\x05\x04\x03\x02\x01\0\0\0", 8);
  ck_assert (pg_bytes_get_i64 (bytes + 48) == 3 * PG_DAY + 6);
  ck_assert_mem_eq (bytes + 56, "\x0b\3\2\1\0\0\0\0", 8);
  ck_assert_mem_eq (bytes + 64, "bob\4\3\2\1\7\0\0\0\0", 12);
}
END_TEST

START_TEST (damaged_bytes_are_no_usage)
{
  PgUsage usage = new_usage ();
  PgUsage again;
  guint8  bytes[PG_USAGE_SIZE + 1] = { 0 };

  add (&usage, TODAY, 3);
  pg_usage_encode (&usage, &secret, &key, bytes);
  ck_assert (decode_at (bytes, PG_USAGE_SIZE, &key, &again));
  ck_assert (!decode_at (bytes, PG_USAGE_SIZE, &other_key, &again));
  ck_assert (!decode_at (bytes, PG_USAGE_SIZE + 1, &key, &again));
  ck_assert (!decode_at (bytes, PG_USAGE_SIZE - 1, &key, &again));
  ck_assert (!decode_at (bytes, 0, &key, &again));
  for (gsize i = 0; i < PG_USAGE_SIZE; i++)
    {
      bytes[i] ^= 0x10;
      ck_assert_msg (!decode_at (bytes, PG_USAGE_SIZE, &key, &again), "byte %zu", i);
      bytes[i] ^= 0x10;
    }
}
END_TEST

static const struct
{
  const char *name;
  gsize       at;
  guint8      value;
  gboolean    ok;
} fields[] = {
  { "as it was", 16, 1, TRUE },
  { "the last way", 16, 3, TRUE },
  { "no way", 16, 0, FALSE },
  { "an unknown way", 16, 4, FALSE },
  { "the longest user", 17, 180, TRUE },
  { "a longer user", 17, 181, FALSE },
  { "the longest there is", 17, 255, FALSE },
};

/* Sealed as it should be, and yet wrong: a bug of another version must not become an overread. */
START_TEST (a_field_out_of_range_is_no_usage)
{
  PgUsage usage = new_usage ();
  PgUsage again;
  guint8  bytes[PG_USAGE_SIZE];

  add (&usage, TODAY, 3);
  pg_usage_encode (&usage, &secret, &key, bytes);
  bytes[fields[_i].at] = fields[_i].value;
  pg_frame_seal (bytes, sizeof bytes, PG_FRAME_USAGE, 1, &secret, &key);
  assert_row (fields[_i].name, decode_at (bytes, sizeof bytes, &key, &again) == fields[_i].ok);
}
END_TEST

START_TEST (each_way_has_a_name)
{
  ck_assert_str_eq (pg_usage_way_name (PG_USAGE_LOGIN), "login");
  ck_assert_str_eq (pg_usage_way_name (PG_USAGE_ALLOW), "allow");
  ck_assert_str_eq (pg_usage_way_name (PG_USAGE_AUTH), "auth");
  ck_assert_str_eq (pg_usage_way_name ((PgUsageWay) 0), "?");
  ck_assert_str_eq (pg_usage_way_name (PG_N_USAGE_WAYS), "?");
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, each_day_is_counted, 0, G_N_ELEMENTS (rings));
  tcase_add_test (tests, days_are_those_of_utc);
  tcase_add_test (tests, first_and_last_are_kept);
  tcase_add_test (tests, what_is_old_is_outdated);
  tcase_add_loop_test (tests, a_pair_is_known_by_its_name, 0, G_N_ELEMENTS (pairs));
  tcase_add_test (tests, of_auth_the_user_is_all);
  tcase_add_test (tests, a_long_name_is_cut);
  tcase_add_loop_test (tests, a_random_usage_survives_storage, 0, 8);
  tcase_add_test (tests, version_1_stays_readable);
  tcase_add_test (tests, damaged_bytes_are_no_usage);
  tcase_add_loop_test (tests, a_field_out_of_range_is_no_usage, 0, G_N_ELEMENTS (fields));
  tcase_add_test (tests, each_way_has_a_name);
}

PG_TEST_MAIN ("usage", fill)
