/* SPDX-License-Identifier: GPL-3.0-or-later */
/* siphash: SipHash-2-4, a keyed hash that an outsider can't make collide.
 *
 * Pure: no I/O, no clock, no log, no globals.
 * Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012); the 128-bit form is the authors' reference.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** PgSecret: a 128-bit key, made at random once a database. */
typedef struct
{
  guint8 bytes[16];
} PgSecret;

/** PgHash: 16 bytes of keyed hash. */
typedef struct
{
  guint8 bytes[16];
} PgHash;

/** pg_siphash_64: SipHash-2-4 of @len bytes at @data under @secret. */
guint64 pg_siphash_64 (const PgSecret *secret, gconstpointer data, gsize len);

/** pg_siphash_128: the 128-bit form, in the byte order of the reference. */
PgHash pg_siphash_128 (const PgSecret *secret, gconstpointer data, gsize len);

G_END_DECLS
