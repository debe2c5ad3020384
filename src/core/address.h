/* SPDX-License-Identifier: GPL-3.0-or-later */
/* address: an IP address as a value, and a network of them.
 *
 * Pure: no I/O, no clock, no log, no globals. Fuzzed by tests/fuzz/fuzz-address.c.
 *
 * One form for both families: 16 bytes in network order, IPv4 as v4-mapped IPv6 (RFC 4291, 2.5.5.2). So 192.0.2.1 and
 * ::ffff:192.0.2.1 are the same value, as they are the same client, however Dovecot or Postfix wrote it; the 16 bytes
 * compare, hash and store as they are.
 */
#pragma once

#include "core/span.h"

G_BEGIN_DECLS

/** PG_ADDRESS_TEXT_MAX: bytes of the longest text of an address, with its NUL (RFC 4291 text, INET6_ADDRSTRLEN). */
#define PG_ADDRESS_TEXT_MAX 46

/** PG_NETWORK_TEXT_MAX: bytes of the longest text of a network, with its NUL. */
#define PG_NETWORK_TEXT_MAX (PG_ADDRESS_TEXT_MAX + 4)

typedef struct
{
  guint8 bytes[16];
} PgAddress;

/** PG_NETWORK_V4_BITS: prefix of the networks that hold IPv4: 0.0.0.0/0 has it, and no shorter one covers an IPv4 address. */
#define PG_NETWORK_V4_BITS 96

/** PgNetwork: all addresses whose first @prefix bits (0 to 128; an IPv4 /24 is 120) are those of @base; rest zero. */
typedef struct
{
  PgAddress base;
  guint8    prefix;
} PgNetwork;

/**
 * pg_address_parse:
 * @text: the whole text of one address, dotted decimal or RFC 4291; no zone, brackets, prefix, blanks or octal
 * @out: (out): the address, v4-mapped folded; untouched on failure
 *
 * Returns: FALSE if @text is no address (what inet_pton(3) refuses is none)
 */
gboolean pg_address_parse (PgSpan text, PgAddress *out);

/** pg_address_is_v4: TRUE for an IPv4 address, in either notation. */
gboolean pg_address_is_v4 (const PgAddress *address);

/** pg_address_is_unspecified: TRUE for :: and 0.0.0.0, which no client can have. */
gboolean pg_address_is_unspecified (const PgAddress *address);

static inline gboolean
pg_address_equal (const PgAddress *a, const PgAddress *b)
{
  return memcmp (a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/**
 * pg_address_to_string:
 * @address: any address
 * @buffer: PG_ADDRESS_TEXT_MAX bytes
 *
 * Returns: @buffer with the canonical text (RFC 5952 for IPv6, dotted decimal for IPv4), NUL-terminated
 */
const char *pg_address_to_string (const PgAddress *address, char buffer[PG_ADDRESS_TEXT_MAX]);

/**
 * pg_address_mask:
 * @address: any address
 * @prefix: 0 to 128 leading bits to keep, of the 16-byte form
 *
 * Returns: @address with all later bits zero
 */
PgAddress pg_address_mask (const PgAddress *address, guint prefix);

/**
 * pg_network_parse:
 * @text: ADDRESS or ADDRESS/PREFIX; a bare address is the network of itself
 * @out: (out): the network; untouched on failure
 * @error: PG_ERROR_VALUE, saying what was expected; host bits behind the prefix are refused, as in Postfix's cidr_table(5)
 *
 * Returns: FALSE with @error set if @text is no network
 */
G_GNUC_WARN_UNUSED_RESULT
gboolean pg_network_parse (PgSpan text, PgNetwork *out, GError **error);

/** pg_network_to_string: text of @network in @buffer; a single address without "/PREFIX". Returns @buffer. */
const char *pg_network_to_string (const PgNetwork *network, char buffer[PG_NETWORK_TEXT_MAX]);

/** pg_network_covers: TRUE if @address lies in @network; ::/0 is all of IPv6 and no IPv4. */
gboolean pg_network_covers (const PgNetwork *network, const PgAddress *address);

G_END_DECLS
