/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/siphash.h"

#include "core/bytes.h"

typedef struct
{
  guint64 v[4];
} State;

static inline guint64
rotate (guint64 x, guint bits)
{
  return x << bits | x >> (64 - bits);
}

static inline void
mix (State *s)
{
  s->v[0] += s->v[1];
  s->v[1] = rotate (s->v[1], 13) ^ s->v[0];
  s->v[0] = rotate (s->v[0], 32);
  s->v[2] += s->v[3];
  s->v[3] = rotate (s->v[3], 16) ^ s->v[2];
  s->v[0] += s->v[3];
  s->v[3] = rotate (s->v[3], 21) ^ s->v[0];
  s->v[2] += s->v[1];
  s->v[1] = rotate (s->v[1], 17) ^ s->v[2];
  s->v[2] = rotate (s->v[2], 32);
}

/* Rounds are written out: each answer to Postfix takes some eighty of them. */
static inline void
absorb (State *s, guint64 word)
{
  s->v[3] ^= word;
  mix (s);
  mix (s);
  s->v[0] ^= word;
}

static State
start (const PgSecret *secret)
{
  guint64 k0 = pg_bytes_get_u64 (secret->bytes);
  guint64 k1 = pg_bytes_get_u64 (secret->bytes + 8);

  return (State){ { k0 ^ G_GUINT64_CONSTANT (0x736f6d6570736575), k1 ^ G_GUINT64_CONSTANT (0x646f72616e646f6d),
                    k0 ^ G_GUINT64_CONSTANT (0x6c7967656e657261), k1 ^ G_GUINT64_CONSTANT (0x7465646279746573) } };
}

static inline void
absorb_all (State *s, const guint8 *data, gsize len)
{
  guint64 last = (guint64) len << 56;
  gsize   whole = len - len % 8;

  for (gsize i = 0; i < whole; i += 8)
    absorb (s, pg_bytes_get_u64 (data + i));
  for (gsize i = whole; i < len; i++)
    last |= (guint64) data[i] << (8 * (i - whole));
  absorb (s, last);
}

static guint64
squeeze (State *s)
{
  mix (s);
  mix (s);
  mix (s);
  mix (s);
  return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}

guint64
pg_siphash_64 (const PgSecret *secret, gconstpointer data, gsize len)
{
  State s = start (secret);

  absorb_all (&s, data, len);
  s.v[2] ^= 0xff;
  return squeeze (&s);
}

PgHash
pg_siphash_128 (const PgSecret *secret, gconstpointer data, gsize len)
{
  State  s = start (secret);
  PgHash hash;

  s.v[1] ^= 0xee;
  absorb_all (&s, data, len);
  s.v[2] ^= 0xee;
  pg_bytes_put_u64 (hash.bytes, squeeze (&s));
  s.v[1] ^= 0xdd;
  pg_bytes_put_u64 (hash.bytes + 8, squeeze (&s));
  return hash;
}
