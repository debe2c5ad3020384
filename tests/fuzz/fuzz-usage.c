/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stored usages: bytes of any kind, unsealed and sealed; uses at any times. What is read is written as it is read again. */
#include "core/usage.h"

#include "core/duration.h"

#include "common.h"

static const PgSecret secret = { "sixteen bytes.." };
static const PgHash   key = { "where it stands" };

static void
check_usage (const PgUsage *usage)
{
  guint8  bytes[PG_USAGE_SIZE];
  guint8  again_bytes[PG_USAGE_SIZE];
  guint8  name[PG_USAGE_NAME_MAX];
  PgUsage again;

  must (usage->pair.user_len <= PG_USER_MAX && pg_usage_pair_name (&usage->pair, name) <= sizeof name);
  pg_usage_encode (usage, &secret, &key, bytes);
  must (pg_usage_decode (bytes, sizeof bytes, &secret, &key, &again, NULL));
  pg_usage_encode (&again, &secret, &key, again_bytes);
  must (memcmp (bytes, again_bytes, sizeof bytes) == 0);
}

static void
fuzz_sealed (PgSpan input)
{
  g_autofree guint8 *bytes = g_malloc0 (PG_USAGE_SIZE);
  gsize              len = MIN (input.len, PG_USAGE_SIZE - PG_FRAME_HEADER);
  PgUsage            usage;

  if (len > 0)
    memcpy (bytes + PG_FRAME_HEADER, input.data, len);
  must (!pg_usage_decode (bytes, PG_USAGE_SIZE, &secret, &key, &usage, NULL));
  pg_frame_seal (bytes, PG_USAGE_SIZE, PG_FRAME_USAGE, 1, &secret, &key);
  if (pg_usage_decode (bytes, PG_USAGE_SIZE, &secret, &key, &usage, NULL))
    check_usage (&usage);
}

static void
fuzz_raw (PgSpan input)
{
  g_autofree char *block = NULL;
  PgSpan           bytes = exact (&block, input);
  PgUsage          usage;

  must (!pg_usage_decode ((const guint8 *) bytes.data, bytes.len, &secret, &key, &usage, NULL));
}

/* "day day count", one behind the other: what was counted on a day is there, or was too long before another. */
static void
fuzz_uses (PgSpan input)
{
  PgAddress   address = { { 0 } };
  PgUsagePair pair;
  PgUsage     usage;

  pg_usage_pair_set (&pair, PG_USAGE_LOGIN, &address, input);
  pg_usage_init (&usage, &pair);
  while (input.len >= 3)
    {
      guint32 day = 1 + (guint32) (take_byte (&input) | (take_byte (&input) & 1) << 8);
      guint32 n = 1 + take_byte (&input);
      guint32 before = pg_usage_on (&usage, day);
      guint64 total = usage.total;

      pg_usage_add (&usage, &pair, day * PG_DAY, day * PG_DAY + 1, n);
      must (usage.total == total + n);
      must (pg_usage_on (&usage, day) == before + n);
      must (usage.newest_day >= day && usage.newest_day - day < PG_USAGE_DAYS);
      check_usage (&usage);
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  PgSpan input = pg_span ((const char *) data, size);

  switch (take_byte (&input) % 3)
    {
    case 0:
      fuzz_sealed (input);
      break;
    case 1:
      fuzz_raw (input);
      break;
    default:
      fuzz_uses (input);
      break;
    }
  return 0;
}
