/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/address.h"
#include "core/error.h"

#include "common.h"

#include <arpa/inet.h>

/* --- addresses ------------------------------------------------------------------------------------------------------- */

static const struct
{
  PgSpan      text;
  const char *canonical; /* NULL: no address */
} addresses[] = {
  { BYTES ("192.0.2.1"), "192.0.2.1" },
  { BYTES ("0.0.0.0"), "0.0.0.0" },
  { BYTES ("255.255.255.255"), "255.255.255.255" },
  { BYTES ("10.20.30.0"), "10.20.30.0" },
  { BYTES ("::"), "::" },
  { BYTES ("::1"), "::1" },
  { BYTES ("2001:DB8::0:1"), "2001:db8::1" },
  { BYTES ("2001:db8:0:0:1:0:0:1"), "2001:db8::1:0:0:1" },
  { BYTES ("2001:0db8:0000:0000:0000:0000:0000:0001"), "2001:db8::1" },
  { BYTES ("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
  { BYTES ("::ffff:192.0.2.1"), "192.0.2.1" },
  { BYTES ("::FFFF:c000:201"), "192.0.2.1" },
  { BYTES ("0:0:0:0:0:ffff:192.0.2.1"), "192.0.2.1" },
  { BYTES ("::192.0.2.1"), "::192.0.2.1" },
  { BYTES (""), NULL },
  { BYTES ("unknown"), NULL },
  { BYTES ("192.0.2"), NULL },
  { BYTES ("192.0.2.1.1"), NULL },
  { BYTES ("192.0.2.256"), NULL },
  { BYTES ("192.0.2.01"), NULL },
  { BYTES ("00.0.2.1"), NULL },
  { BYTES ("192.0.2.00"), NULL },
  { BYTES ("192.0.2."), NULL },
  { BYTES (".0.2.1"), NULL },
  { BYTES ("192..2.1"), NULL },
  { BYTES ("192.0.2.1."), NULL },
  { BYTES ("192.0.2.0001"), NULL },
  { BYTES ("192.0.2.1000"), NULL },
  { BYTES ("192,0,2,1"), NULL },
  { BYTES ("192.0.2.-1"), NULL },
  { BYTES ("0300.0.2.1"), NULL },
  { BYTES ("0xc0.0.2.1"), NULL },
  { BYTES ("3221225985"), NULL },
  { BYTES (" 192.0.2.1"), NULL },
  { BYTES ("192.0.2.1 "), NULL },
  { BYTES ("192.0.2.1\n"), NULL },
  { BYTES ("192.0.2.1\0"), NULL },
  { BYTES ("192.0.2.1\0.3"), NULL },
  { BYTES ("\0"), NULL },
  { BYTES ("192.0.2.1/32"), NULL },
  { BYTES ("[2001:db8::1]"), NULL },
  { BYTES ("fe80::1%eth0"), NULL },
  { BYTES ("2001:db8::1::2"), NULL },
  { BYTES ("2001:db8:1"), NULL },
  { BYTES ("::ffff:192.0.2.01"), NULL },
  { BYTES ("1:2:3:4:5:6:7:8:9"), NULL },
  { BYTES ("12345::1"), NULL },
  { BYTES ("IPv6:2001:db8::1"), NULL },
  { BYTES ("0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"), NULL },
};

START_TEST (address_is_parsed)
{
  const char      *name = addresses[_i].text.data;
  g_autofree char *block = NULL;
  PgSpan           text = exact (&block, addresses[_i].text);
  char             buffer[PG_ADDRESS_TEXT_MAX];
  PgAddress        untouched;
  PgAddress        address;

  memset (&untouched, 0xa5, sizeof untouched);
  address = untouched;
  if (addresses[_i].canonical == NULL)
    {
      assert_row (name, !pg_address_parse (text, &address));
      assert_row (name, pg_address_equal (&address, &untouched));
      return;
    }
  assert_row (name, pg_address_parse (text, &address));
  assert_row_text (name, pg_address_to_string (&address, buffer), addresses[_i].canonical);
}
END_TEST

/* TRUE if @text was an address. */
static gboolean
check_by_inet_pton (const char *text)
{
  guint8           octets[4];
  gboolean         is_address = inet_pton (AF_INET, text, octets) == 1;
  g_autofree char *block = NULL;
  PgAddress        address;

  assert_row (text, pg_address_parse (exact (&block, pg_span_from_string (text)), &address) == is_address);
  assert_row (text, !is_address || (pg_address_is_v4 (&address) && memcmp (address.bytes + 12, octets, sizeof octets) == 0));
  return is_address;
}

/* At each of the four places, all that can be written there with up to four of these characters. */
START_TEST (an_ipv4_address_is_read_as_by_inet_pton)
{
  static const char        some[] = "012569. -x";
  static const char *const before[] = { "", "192.", "192.0.", "192.0.2." };
  static const char *const behind[] = { ".0.2.1", ".2.1", ".1", "" };
  const guint              base = sizeof some;
  guint                    n_addresses = 0;

  for (guint number = 0; number < base * base * base * base; number++)
    {
      char octet[5] = "";
      char text[20];

      for (guint rest = number, len = 0; rest > 0; rest /= base)
        if (rest % base > 0)
          octet[len++] = some[rest % base - 1];
      g_snprintf (text, sizeof text, "%s%s%s", before[_i], octet, behind[_i]);
      n_addresses += check_by_inet_pton (text) ? 1 : 0;
    }
  ck_assert_uint_gt (n_addresses, 100);
}
END_TEST

static PgAddress
address_of (const char *text)
{
  PgAddress address;

  ck_assert_msg (pg_address_parse (pg_span_from_string (text), &address), "%s", text);
  return address;
}

START_TEST (both_notations_of_an_ipv4_address_are_one_value)
{
  PgAddress dotted = address_of ("192.0.2.1");
  PgAddress mapped = address_of ("::ffff:192.0.2.1");
  PgAddress compatible = address_of ("::192.0.2.1");

  ck_assert (pg_address_equal (&dotted, &mapped));
  ck_assert (pg_address_is_v4 (&mapped));
  ck_assert (!pg_address_is_v4 (&compatible));
  ck_assert (!pg_address_equal (&dotted, &compatible));
}
END_TEST

START_TEST (a_random_address_survives_its_text)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed ((guint32) _i);

  for (guint round = 0; round < 2000; round++)
    {
      char      buffer[PG_ADDRESS_TEXT_MAX];
      PgAddress address;
      PgAddress again;

      for (gsize i = 0; i < sizeof address.bytes; i++) /* runs of zeros, as RFC 5952 shortens them */
        address.bytes[i] = g_rand_boolean (rand) ? 0 : (guint8) g_rand_int (rand);
      pg_address_to_string (&address, buffer);
      ck_assert (strlen (buffer) < PG_ADDRESS_TEXT_MAX);
      ck_assert_msg (pg_address_parse (pg_span_from_string (buffer), &again), "%s", buffer);
      ck_assert_msg (pg_address_equal (&address, &again), "%s", buffer);
    }
}
END_TEST

START_TEST (mask_keeps_the_leading_bits)
{
  PgAddress ones;
  PgAddress masked;

  memset (&ones, 0xff, sizeof ones);
  masked = pg_address_mask (&ones, (guint) _i);
  for (gint bit = 0; bit < 128; bit++)
    ck_assert_msg (((masked.bytes[bit / 8] >> (7 - bit % 8) & 1) == 1) == (bit < _i), "prefix %d, bit %d", _i, bit);
}
END_TEST

START_TEST (a_mask_of_more_than_128_bits_is_a_bug)
{
  PgAddress address = address_of ("::1");

  pg_address_mask (&address, 129);
}
END_TEST

/* --- networks -------------------------------------------------------------------------------------------------------- */

static const struct
{
  PgSpan      text;
  const char *canonical; /* NULL: no network */
} networks[] = {
  { BYTES ("192.0.2.1"), "192.0.2.1" },
  { BYTES ("192.0.2.1/32"), "192.0.2.1" },
  { BYTES ("192.0.2.0/24"), "192.0.2.0/24" },
  { BYTES ("0.0.0.0/0"), "0.0.0.0/0" },
  { BYTES ("0.0.0.0/1"), "0.0.0.0/1" },
  { BYTES ("128.0.0.0/1"), "128.0.0.0/1" },
  { BYTES ("::/0"), "::/0" },
  { BYTES ("2001:DB8::/32"), "2001:db8::/32" },
  { BYTES ("2001:db8::1/128"), "2001:db8::1" },
  { BYTES ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127"), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127" },
  { BYTES ("::ffff:192.0.2.0/24"), "192.0.2.0/24" },
  { BYTES (""), NULL },
  { BYTES ("/"), NULL },
  { BYTES ("/24"), NULL },
  { BYTES ("192.0.2.0/"), NULL },
  { BYTES ("192.0.2.0/33"), NULL },
  { BYTES ("192.0.2.0/-1"), NULL },
  { BYTES ("192.0.2.0/+24"), NULL },
  { BYTES ("192.0.2.0/24 "), NULL },
  { BYTES ("192.0.2.0/24/24"), NULL },
  { BYTES ("192.0.2.0/24\0"), NULL },
  { BYTES ("192.0.2.0/0024"), NULL },
  { BYTES ("192.0.2.0/255.255.255.0"), NULL },
  { BYTES ("192.0.2.1/24"), NULL },
  { BYTES ("192.0.2.1/0"), NULL },
  { BYTES ("2001:db8::/129"), NULL },
  { BYTES ("2001:db8::1/64"), NULL },
  { BYTES ("::ffff:192.0.2.0/120"), NULL },
  { BYTES ("::1/0"), NULL },
  { BYTES ("none"), NULL },
  { BYTES ("a\xff\x01\n\"\\/24"), NULL },
};

START_TEST (network_is_parsed)
{
  const char          *name = networks[_i].text.data;
  g_autofree char     *block = NULL;
  g_autoptr (GError)   error = NULL;
  PgSpan               text = exact (&block, networks[_i].text);
  char                 buffer[PG_NETWORK_TEXT_MAX];
  PgNetwork            network = { .prefix = 77 };
  gboolean             ok = pg_network_parse (text, &network, &error);

  assert_row_agrees (name, ok, error, networks[_i].canonical != NULL);
  if (ok)
    {
      assert_row_text (name, pg_network_to_string (&network, buffer), networks[_i].canonical);
      assert_row (name, pg_network_covers (&network, &network.base));
      return;
    }
  assert_row (name, network.prefix == 77);
  assert_row (name, g_error_matches (error, PG_ERROR, PG_ERROR_VALUE));
  for (const char *c = error->message; *c != '\0'; c++)
    assert_row (name, g_ascii_isprint (*c));
}
END_TEST

static const struct
{
  const char *network;
  const char *address;
  gboolean    covers;
} covers[] = {
  { "192.0.2.0/24", "192.0.2.0", TRUE },
  { "192.0.2.0/24", "192.0.2.255", TRUE },
  { "192.0.2.0/24", "::ffff:192.0.2.255", TRUE },
  { "192.0.2.0/24", "192.0.3.0", FALSE },
  { "192.0.2.0/24", "192.0.1.255", FALSE },
  { "192.0.2.0/25", "192.0.2.127", TRUE },
  { "192.0.2.0/25", "192.0.2.128", FALSE },
  { "192.0.2.1", "192.0.2.1", TRUE },
  { "192.0.2.1", "192.0.2.0", FALSE },
  { "0.0.0.0/0", "203.0.113.9", TRUE },
  { "0.0.0.0/0", "::", FALSE },
  { "0.0.0.0/0", "2001:db8::1", FALSE },
  { "0.0.0.0/0", "::fffe:203.0.113.9", FALSE },
  { "::/0", "2001:db8::1", TRUE },
  { "::/0", "::", TRUE },
  { "::/0", "203.0.113.9", FALSE },
  { "::/64", "203.0.113.9", FALSE },
  { "::/64", "::203.0.113.9", TRUE },
  { "2001:db8::/32", "2001:db8:ffff::1", TRUE },
  { "2001:db8::/32", "2001:db9::", FALSE },
  { "2001:db8::/33", "2001:db8:8000::", FALSE },
  { "fe80::/10", "febf::1", TRUE },
  { "fe80::/10", "fec0::1", FALSE },
};

START_TEST (network_covers_what_it_should)
{
  PgAddress address = address_of (covers[_i].address);
  PgNetwork network;

  ck_assert (pg_network_parse (pg_span_from_string (covers[_i].network), &network, NULL));
  ck_assert_msg (pg_network_covers (&network, &address) == covers[_i].covers, "%s and %s", covers[_i].network,
                 covers[_i].address);
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, an_ipv4_address_is_read_as_by_inet_pton, 0, 4);
  tcase_add_loop_test (tests, address_is_parsed, 0, G_N_ELEMENTS (addresses));
  tcase_add_test (tests, both_notations_of_an_ipv4_address_are_one_value);
  tcase_add_loop_test (tests, a_random_address_survives_its_text, 0, 4);
  tcase_add_loop_test (tests, mask_keeps_the_leading_bits, 0, 129);
  tcase_add_test_raise_signal (tests, a_mask_of_more_than_128_bits_is_a_bug, SIGTRAP);
  tcase_add_loop_test (tests, network_is_parsed, 0, G_N_ELEMENTS (networks));
  tcase_add_loop_test (tests, network_covers_what_it_should, 0, G_N_ELEMENTS (covers));
}

PG_TEST_MAIN ("address", fill)
