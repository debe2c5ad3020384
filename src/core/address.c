/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/address.h"

#include "core/error.h"

#include <arpa/inet.h>

static const guint8 mapped_prefix[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

gboolean
pg_address_is_v4 (const PgAddress *address)
{
  return memcmp (address->bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

gboolean
pg_address_is_unspecified (const PgAddress *address)
{
  static const guint8 zeros[sizeof address->bytes] = { 0 };
  gsize               from = pg_address_is_v4 (address) ? sizeof mapped_prefix : 0;

  return memcmp (address->bytes + from, zeros, sizeof zeros - from) == 0;
}

/* As inet_pton() reads it, which is asked for IPv6 only: each request and each login has an address, and most are these. No
 * leading zeros, which some take for octal. */
static gboolean
parse_v4 (PgSpan text, guint8 out[4])
{
  const char *at = text.data;
  const char *end = at + text.len;

  for (guint n = 0; n < 4; n++)
    {
      const char *first = at;
      guint       octet = 0;

      for (; at < end && at - first < 3 && g_ascii_isdigit (*at); at++)
        octet = octet * 10 + (guint) (*at - '0');
      if (at == first || octet > 255 || (*first == '0' && at > first + 1))
        return FALSE;
      out[n] = (guint8) octet;
      if (n < 3 && (at == end || *at++ != '.'))
        return FALSE;
    }
  return at == end;
}

static gboolean
parse_v6 (PgSpan text, guint8 out[16])
{
  char copy[PG_ADDRESS_TEXT_MAX];

  if (text.len >= sizeof copy || memchr (text.data, '\0', text.len) != NULL)
    return FALSE;
  memcpy (copy, text.data, text.len);
  copy[text.len] = '\0';
  return inet_pton (AF_INET6, copy, out) == 1;
}

gboolean
pg_address_parse (PgSpan text, PgAddress *out)
{
  PgAddress parsed;

  if (text.len == 0)
    return FALSE; /* there may be no data */
  if (parse_v4 (text, parsed.bytes + sizeof mapped_prefix))
    memcpy (parsed.bytes, mapped_prefix, sizeof mapped_prefix);
  else if (!parse_v6 (text, parsed.bytes))
    return FALSE;
  *out = parsed;
  return TRUE;
}

static char *
append_octet (char *at, guint8 octet)
{
  if (octet >= 100)
    *at++ = (char) ('0' + octet / 100);
  if (octet >= 10)
    *at++ = (char) ('0' + octet / 10 % 10);
  *at++ = (char) ('0' + octet % 10);
  return at;
}

/* inet_ntop() goes through printf(), and logs have many IPv4 addresses. */
static const char *
v4_to_string (const guint8 octets[4], char buffer[PG_ADDRESS_TEXT_MAX])
{
  char *at = append_octet (buffer, octets[0]);

  for (guint i = 1; i < 4; i++)
    {
      *at++ = '.';
      at = append_octet (at, octets[i]);
    }
  *at = '\0';
  return buffer;
}

const char *
pg_address_to_string (const PgAddress *address, char buffer[PG_ADDRESS_TEXT_MAX])
{
  if (pg_address_is_v4 (address))
    return v4_to_string (address->bytes + sizeof mapped_prefix, buffer);
  return inet_ntop (AF_INET6, address->bytes, buffer, PG_ADDRESS_TEXT_MAX);
}

PgAddress
pg_address_mask (const PgAddress *address, guint prefix)
{
  PgAddress masked = *address;
  guint     whole = prefix / 8;

  g_return_val_if_fail (prefix <= 128, masked);
  if (whole == sizeof masked.bytes)
    return masked;
  masked.bytes[whole] &= (guint8) (0xff00u >> prefix % 8);
  memset (masked.bytes + whole + 1, 0, sizeof masked.bytes - whole - 1);
  return masked;
}

/* The prefix in bits of the 16-byte form: what the admin wrote counts from the start of his family's address. */
static gboolean
parse_prefix (PgSpan text, gboolean is_v4, guint8 *out)
{
  guint value;

  if (!pg_span_take_number (&text, 1, 3, &value) || text.len != 0 || value > (is_v4 ? 32u : 128u))
    return FALSE;
  *out = (guint8) (is_v4 ? value + PG_NETWORK_V4_BITS : value);
  return TRUE;
}

static gboolean
fail_network (PgSpan text, const char *expected, GError **error)
{
  g_autofree char *shown = pg_span_escape (text, 80);

  g_set_error (error, PG_ERROR, PG_ERROR_VALUE, "\"%s\": expected %s", shown, expected);
  return FALSE;
}

gboolean
pg_network_parse (PgSpan text, PgNetwork *out, GError **error)
{
  PgSpan    rest = text;
  PgSpan    base = text;
  gboolean  has_prefix = pg_span_take_until (&rest, '/', &base);
  PgNetwork network = { .prefix = 128 };

  if (!pg_address_parse (base, &network.base))
    return fail_network (text, "an IP address or ADDRESS/PREFIX", error);
  if (has_prefix && !parse_prefix (rest, pg_address_is_v4 (&network.base), &network.prefix))
    return fail_network (text, "a prefix of 0 to 32 (IPv4) or 0 to 128 (IPv6) after the \"/\"", error);
  if (!pg_network_covers (&network, &network.base))
    return fail_network (text, "no bits set behind the prefix", error);
  *out = network;
  return TRUE;
}

const char *
pg_network_to_string (const PgNetwork *network, char buffer[PG_NETWORK_TEXT_MAX])
{
  gboolean is_v4 = pg_address_is_v4 (&network->base) && network->prefix >= PG_NETWORK_V4_BITS;
  gsize    len;

  pg_address_to_string (&network->base, buffer);
  len = strlen (buffer);
  if (network->prefix < 128)
    g_snprintf (buffer + len, PG_NETWORK_TEXT_MAX - len, "/%u",
                is_v4 ? network->prefix - (guint) PG_NETWORK_V4_BITS : network->prefix);
  return buffer;
}

gboolean
pg_network_covers (const PgNetwork *network, const PgAddress *address)
{
  PgAddress masked = pg_address_mask (address, network->prefix);

  if (pg_address_is_v4 (address) && network->prefix < PG_NETWORK_V4_BITS)
    return FALSE;
  return pg_address_equal (&masked, &network->base);
}
