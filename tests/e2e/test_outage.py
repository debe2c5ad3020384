# SPDX-License-Identifier: GPL-3.0-or-later
"""popgated ends, crashes, comes back: what Postfix says meanwhile, and what is remembered."""

import mail
import postfix
from mailsite import SiteTest


class Down(SiteTest):

    def setUp(self):
        self.client = self.site.let_in()
        self.addCleanup(self.site.popgated.start)
        self.site.popgated.stop()

    def test_relaying_waits(self):
        """Even for who may: mail is kept by the client, and none is lost."""
        self.assertDeferred(self.client)
        self.assertDeferred(mail.fresh_address())

    def test_own_domain_is_served(self):
        client = mail.fresh_address()
        with self.site.sender(client) as sender:
            sender.begin()
            self.assertEqual(sender.rcpt(mail.OWN).code, 250)
            self.assertEqual(sender.rcpt(mail.FOREIGN).code, 450)
            self.assertEqual(sender.data(f'meanwhile from {client}.').code, 250)
        message = self.site.sink.wait_for_message(f'meanwhile from {client}.')
        self.assertIn(mail.OWN, message)
        self.assertNotIn(mail.FOREIGN, message)

    def test_mynetworks_are_served(self):
        self.assertRelays(postfix.MYNETWORKS.replace('0.0/16', '0.7'))


class Restart(SiteTest):

    def test_in_mid_session(self):
        client, stranger = self.site.let_in(), mail.fresh_address()
        with self.site.sender(client) as good, self.site.sender(stranger) as bad:
            self.say_both(good, bad)
            self.site.popgated.restart()
            self.say_both(good, bad, begun=True)

    def test_after_a_crash_in_mid_session(self):
        client, stranger = self.site.let_in(), mail.fresh_address()
        self.wait_until_stored(client)
        with self.site.sender(client) as good, self.site.sender(stranger) as bad:
            self.say_both(good, bad)
            self.site.popgated.kill()
            self.assertEqual(good.rcpt('meanwhile@remote.test').code, 450)
            self.site.popgated.start()
            self.say_both(good, bad, begun=True)

    def say_both(self, good, bad, begun=False):
        for sender, code in ((good, 250), (bad, 554)):
            if not begun:
                sender.begin()
            self.assertEqual(sender.rcpt().code, code)

    def wait_until_stored(self, client):
        """A grant is on disk a second after it was made at the latest; if not, it is read from the log again."""
        self.assertIn(client, self.site.popgated.grants())

    def test_a_login_during_the_outage_counts_afterwards(self):
        client = mail.fresh_address()
        self.assertDenied(client)
        self.site.popgated.stop()
        self.assertTrue(self.site.pop_login(client))
        self.site.popgated.start()
        self.site.wait_for_code(250, client)

    def test_a_login_during_a_crash_counts_afterwards(self):
        client = mail.fresh_address()
        self.site.popgated.kill()
        self.assertTrue(self.site.pop_login(client))
        self.site.popgated.start()
        self.site.wait_for_code(250, client)
