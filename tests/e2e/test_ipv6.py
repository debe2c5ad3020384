# SPDX-License-Identifier: GPL-3.0-or-later
"""IPv6 clients: over the real [::1], and with addresses of the documentation network that Postfix and Dovecot are told of."""

import unittest

import policy
from mailsite import SiteTest, lacks_ipv6


@unittest.skipIf(lacks_ipv6(), lacks_ipv6())
class Ipv6(SiteTest):

    def test_login_and_relay_over_ipv6(self):
        self.assertDenied('::1')
        self.site.let_in('::1')
        self.assertRelays('::1')

    def test_a_login_is_for_its_own_address_only(self):
        self.assertTrue(self.site.pop_login_for('2001:db8::7'))
        self.site.wait_for_code_for(250, '2001:db8::7')
        self.assertEqual(self.site.rcpt_for('2001:db8::8').code, 554)
        self.assertEqual(self.site.rcpt_for('2001:db8:0:1::7').code, 554)

    def test_two_ways_to_write_an_address(self):
        self.assertTrue(self.site.pop_login_for('2001:DB8:0:0:0::00A7'))
        self.site.wait_for_code_for(250, '2001:db8::a7')
        self.assertEqual(self.site.rcpt_for('2001:0DB8::00a7').code, 250)

    def test_a_mapped_login_is_one_of_ipv4(self):
        self.assertTrue(self.site.pop_login_for('::ffff:192.0.2.9'))
        self.site.wait_for_code_for(250, '192.0.2.9')
        self.assertEqual(self.site.rcpt_for('::ffff:192.0.2.9').code, 250)
        self.assertEqual(self.site.rcpt_for('192.0.2.10').code, 554)

    def test_a_mapped_client_is_one_of_ipv4(self):
        """Postfix hands it on as it is where postscreen or a proxy told it so."""
        self.assertTrue(self.site.pop_login_for('192.0.2.11'))
        self.site.popgated.wait_for_verdict('OK', '192.0.2.11')
        for address in ('::ffff:192.0.2.11', '::FFFF:c000:20b', '0:0:0:0:0:ffff:192.0.2.11'):
            self.assertEqual(self.site.popgated.verdict(address), 'OK', address)
        self.assertEqual(self.site.popgated.verdict('::192.0.2.11'), 'DUNNO')

    def test_what_is_no_address_gets_no_opinion(self):
        self.site.let_in('::1')
        for text in ('unknown', '', '[::1]', 'IPv6:::1', '::1%lo', '::1/128', ' ::1', '::1 ', '::1\t', '127.1', '0x7f.0.0.1'):
            with self.subTest(client_address=text), policy.Connection(self.site.popgated.policy) as connection:
                self.assertEqual(connection.ask(policy.request(text)), 'DUNNO')


@unittest.skipIf(lacks_ipv6(), lacks_ipv6())
class Prefix(SiteTest):
    """A host that takes a new address every hour logs in with one and sends with the next."""

    SETTINGS = {'log.ipv6_prefix': '64'}

    def test_a_login_is_for_its_network(self):
        self.assertTrue(self.site.pop_login_for('2001:db8:1:2:aaaa::1'))
        self.site.wait_for_code_for(250, '2001:db8:1:2:bbbb::2')
        self.assertEqual(self.site.rcpt_for('2001:db8:1:2::').code, 250)
        self.assertEqual(self.site.rcpt_for('2001:db8:1:3::').code, 554)

    def test_ipv4_is_never_cut(self):
        self.assertTrue(self.site.pop_login_for('192.0.2.20'))
        self.site.wait_for_code_for(250, '192.0.2.20')
        self.assertEqual(self.site.rcpt_for('192.0.2.21').code, 554)
