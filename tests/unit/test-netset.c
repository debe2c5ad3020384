/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/netset.h"

#include "common.h"

static PgNetwork
network_of (const char *text)
{
  PgNetwork network;

  ck_assert_msg (pg_network_parse (pg_span_from_string (text), &network, NULL), "%s", text);
  return network;
}

static PgAddress
address_of (const char *text)
{
  PgAddress address;

  ck_assert_msg (pg_address_parse (pg_span_from_string (text), &address), "%s", text);
  return address;
}

static void
add (PgNetset *set, const char *text)
{
  PgNetwork network = network_of (text);

  pg_netset_add (set, &network, (gpointer) text);
}

/* All values that cover @address, narrowest first, each followed by a blank. */
static char *
list_covers (const PgNetset *set, const char *text)
{
  GString  *list = g_string_new (NULL);
  PgAddress address = address_of (text);
  gint      cursor = PG_NETSET_START;
  PgNetwork network;
  gpointer  value;

  while (pg_netset_next_cover (set, &address, &cursor, &network, &value))
    {
      char buffer[PG_NETWORK_TEXT_MAX];

      assert_row_text (text, pg_network_to_string (&network, buffer), (const char *) value);
      g_string_append_printf (list, "%s ", (const char *) value);
    }
  return g_string_free (list, FALSE);
}

static const struct
{
  const char *address;
  const char *covers;
} rows[] = {
  { "192.0.2.1", "192.0.2.1 192.0.2.0/31 192.0.2.0/24 0.0.0.0/0 " },
  { "192.0.2.0", "192.0.2.0/31 192.0.2.0/24 0.0.0.0/0 " },
  { "192.0.2.2", "192.0.2.0/24 0.0.0.0/0 " },
  { "198.51.100.1", "0.0.0.0/0 " },
  { "::ffff:192.0.2.1", "192.0.2.1 192.0.2.0/31 192.0.2.0/24 0.0.0.0/0 " },
  { "::192.0.2.1", "::/0 " },
  { "2001:db8::1", "2001:db8::1 2001:db8::/32 ::/0 " },
  { "2001:db8::2", "2001:db8::/32 ::/0 " },
  { "2001:db9::2", "::/0 " },
};

START_TEST (the_narrowest_network_comes_first)
{
  static const char *const networks[] = { "0.0.0.0/0",  "192.0.2.0/31",  "192.0.2.0/24", "192.0.2.1",
                                          "::/0",       "2001:db8::/32", "2001:db8::1",  NULL };
  g_autoptr (PgNetset) set = pg_netset_new (NULL);
  g_autofree char *covers = NULL;

  for (const char *const *text = networks; *text != NULL; text++)
    add (set, *text);
  covers = list_covers (set, rows[_i].address);
  assert_row_text (rows[_i].address, covers, rows[_i].covers);
}
END_TEST

START_TEST (nothing_covers_in_an_empty_set)
{
  g_autoptr (PgNetset) set = pg_netset_new (NULL);
  PgAddress address = address_of ("192.0.2.1");
  PgNetwork network = network_of ("192.0.2.1");

  ck_assert (!pg_netset_covers (set, &address, NULL));
  ck_assert (!pg_netset_remove (set, &network));
  ck_assert (pg_netset_get (set, &network) == NULL);
}
END_TEST

START_TEST (a_removed_network_covers_no_more)
{
  g_autoptr (PgNetset) set = pg_netset_new (NULL);
  PgAddress address = address_of ("192.0.2.1");
  PgNetwork wide = network_of ("192.0.2.0/24");
  PgNetwork other = network_of ("192.0.2.0/25");
  PgNetwork found;

  add (set, "192.0.2.0/24");
  add (set, "198.51.100.0/24");
  ck_assert (pg_netset_get (set, &wide) != NULL);
  ck_assert (pg_netset_get (set, &other) == NULL);
  ck_assert (pg_netset_covers (set, &address, &found) && found.prefix == wide.prefix);
  ck_assert (!pg_netset_remove (set, &other));
  ck_assert (pg_netset_remove (set, &wide));
  ck_assert (!pg_netset_remove (set, &wide));
  ck_assert (!pg_netset_covers (set, &address, NULL));
  address = address_of ("198.51.100.9");
  ck_assert (pg_netset_covers (set, &address, NULL));
}
END_TEST

static guint n_freed;

static void
count_freed (G_GNUC_UNUSED gpointer value)
{
  n_freed++;
}

START_TEST (values_are_freed_once)
{
  PgNetset *set = pg_netset_new (count_freed);
  PgNetwork network = network_of ("192.0.2.0/24");

  add (set, "192.0.2.0/24");
  add (set, "192.0.2.0/24");
  ck_assert_uint_eq (n_freed, 1);
  ck_assert (pg_netset_remove (set, &network));
  ck_assert_uint_eq (n_freed, 2);
  ck_assert (!pg_netset_remove (set, &network));
  add (set, "192.0.2.0/24");
  add (set, "192.0.2.0/25");
  pg_netset_free (set);
  ck_assert_uint_eq (n_freed, 4);
  pg_netset_free (NULL);
}
END_TEST

/* Against the plain way: ask every network. */
START_TEST (a_random_set_agrees_with_a_search_through_all)
{
  g_autoptr (GRand)    rand = g_rand_new_with_seed ((guint32) _i);
  g_autoptr (PgNetset) set = pg_netset_new (NULL);
  PgNetwork all[60];

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    {
      char      text[PG_ADDRESS_TEXT_MAX];
      PgAddress base;

      g_snprintf (text, sizeof text, g_rand_boolean (rand) ? "192.0.%d.%d" : "2001:db8::%d:%d", g_rand_int_range (rand, 0, 4),
                  g_rand_int_range (rand, 0, 256));
      base = address_of (text);
      all[i].prefix = (guint8) g_rand_int_range (rand, pg_address_is_v4 (&base) ? PG_NETWORK_V4_BITS : 0, 129);
      all[i].base = pg_address_mask (&base, all[i].prefix);
      pg_netset_add (set, &all[i], &all[i]);
    }
  for (guint round = 0; round < 500; round++)
    {
      char      text[PG_ADDRESS_TEXT_MAX];
      PgAddress address;
      PgNetwork found = { 0 };
      gint      narrowest = -1;

      g_snprintf (text, sizeof text, g_rand_boolean (rand) ? "192.0.%d.%d" : "2001:db8::%d:%d", g_rand_int_range (rand, 0, 4),
                  g_rand_int_range (rand, 0, 256));
      address = address_of (text);
      for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
        if (pg_network_covers (&all[i], &address))
          narrowest = MAX (narrowest, all[i].prefix);
      assert_row (text, pg_netset_covers (set, &address, &found) == (narrowest >= 0));
      assert_row (text, narrowest < 0 || found.prefix == narrowest);
    }
}
END_TEST

static void
fill (TCase *tests)
{
  tcase_add_loop_test (tests, the_narrowest_network_comes_first, 0, G_N_ELEMENTS (rows));
  tcase_add_test (tests, nothing_covers_in_an_empty_set);
  tcase_add_test (tests, a_removed_network_covers_no_more);
  tcase_add_test (tests, values_are_freed_once);
  tcase_add_loop_test (tests, a_random_set_agrees_with_a_search_through_all, 0, 8);
}

PG_TEST_MAIN ("netset", fill)
