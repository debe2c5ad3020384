/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses and networks: what is read is written as it is read again; masks and networks agree. */
#include "core/address.h"
#include "core/netset.h"

#include "common.h"

#include <arpa/inet.h>

static void
check_address (const PgAddress *address)
{
  char      buffer[PG_ADDRESS_TEXT_MAX];
  PgAddress again;

  pg_address_to_string (address, buffer);
  must (strlen (buffer) < sizeof buffer);
  must (pg_address_parse (pg_span_from_string (buffer), &again));
  must (pg_address_equal (address, &again));
}

static void
check_prefix (const PgAddress *address, guint prefix)
{
  PgAddress masked = pg_address_mask (address, prefix);
  PgAddress again = pg_address_mask (&masked, prefix);
  PgNetwork network = { masked, (guint8) prefix };
  g_autoptr (PgNetset) set = pg_netset_new (NULL);

  must (pg_address_equal (&masked, &again));
  must (pg_network_covers (&network, address) == (!pg_address_is_v4 (address) || prefix >= PG_NETWORK_V4_BITS));
  pg_netset_add (set, &network, NULL);
  must (pg_netset_covers (set, address, NULL) == pg_network_covers (&network, address));
}

static void
check_network (const PgNetwork *network)
{
  char      buffer[PG_NETWORK_TEXT_MAX];
  PgNetwork again;

  pg_network_to_string (network, buffer);
  must (strlen (buffer) < sizeof buffer);
  must (pg_network_parse (pg_span_from_string (buffer), &again, NULL));
  must (again.prefix == network->prefix && pg_address_equal (&again.base, &network->base));
  must (pg_network_covers (network, &network->base));
}

/* The library's reader and ours agree on each text that may be an IPv4 address. */
static void
check_v4 (PgSpan text)
{
  g_autofree char *string = g_strndup (text.data, text.len);
  gboolean         is_v4;
  PgAddress        address;
  guint8           octets[4];

  is_v4 = strlen (string) == text.len && inet_pton (AF_INET, string, octets) == 1;
  if (memchr (text.data, ':', text.len) == NULL)
    must (pg_address_parse (text, &address) == is_v4);
  if (is_v4)
    must (pg_address_is_v4 (&address) && memcmp (address.bytes + 12, octets, sizeof octets) == 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  PgSpan             input = pg_span ((const char *) data, size);
  guint              prefix = take_byte (&input) % 129;
  g_autofree char   *block = NULL;
  g_autoptr (GError) error = NULL;
  PgSpan             text = exact (&block, input);
  PgAddress          address;
  PgNetwork          network;

  if (input.len >= sizeof address.bytes)
    {
      memcpy (address.bytes, input.data, sizeof address.bytes);
      check_address (&address);
      check_prefix (&address, prefix);
    }
  if (text.len > 0)
    check_v4 (text);
  if (pg_address_parse (text, &address))
    {
      check_address (&address);
      check_prefix (&address, prefix);
      must (pg_network_parse (text, &network, NULL) && network.prefix == 128);
    }
  if (pg_network_parse (text, &network, &error))
    check_network (&network);
  else
    must (error != NULL);
  return 0;
}
