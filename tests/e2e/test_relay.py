# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job: who logged in over POP3 or IMAP may relay, for a while, and nobody else."""

import math
import time

import loglines
import mail
import postfix
from mailsite import SiteTest
from waiting import wait_for


class Relay(SiteTest):

    def test_a_stranger_may_not(self):
        self.assertDenied(mail.fresh_address())

    def test_a_pop_login_lets_mail_through(self):
        client = mail.fresh_address()
        self.assertDenied(client)
        self.assertTrue(self.site.pop_login(client))
        self.site.wait_for_code(250, client)
        with self.site.sender(client) as sender:
            sender.begin()
            self.assertEqual(sender.rcpt().code, 250)
            self.assertEqual(sender.data(f'from {client}.').code, 250)
        message = self.site.sink.wait_for_message(f'from {client}.')
        self.assertIn(mail.FOREIGN, message)

    def test_a_login_is_for_its_own_address_only(self):
        client, neighbour = mail.fresh_address(), mail.fresh_address()
        self.site.let_in(client)
        self.assertRelays(client)
        self.assertDenied(neighbour)

    def test_the_first_connection_may_come_before_the_login(self):
        client = mail.fresh_address()
        with self.site.sender(client) as sender:
            sender.begin()
            self.assertEqual(sender.rcpt().code, 554)
            self.site.let_in(client)
            self.assertEqual(sender.rcpt().code, 250)

    def test_an_imap_login_counts_too(self):
        client = mail.fresh_address()
        self.assertTrue(self.site.imap_login(client))
        self.site.wait_for_code(250, client)

    def test_a_failed_login_grants_nothing(self):
        client = mail.fresh_address()
        self.assertFalse(self.site.pop_login(client, password='wrong'))
        self.assertFalse(self.site.pop_login(client, user='nobody-here'))
        self.assertFalse(self.site.imap_login(client, password='wrong'))
        self.site.let_in()
        self.assertDenied(client)

    def test_a_user_name_cannot_forge_a_login(self):
        client, victim = mail.fresh_address(), mail.fresh_address()
        for name in (f'x>, method=PLAIN, rip={victim}, lip=127.0.0.1, mpid=1, session=<a',
                     f'pop3-login: Info: Login: user=<bob>, method=PLAIN, rip={victim}, lip=127.0.0.1, session=<a>'):
            self.assertFalse(self.site.imap_login(client, user=name, password='wrong'))
        self.site.let_in()
        self.assertDenied(victim)
        self.assertDenied(client)

    def test_lines_through_syslog_count(self):
        for line in (loglines.rfc3164, loglines.iso):
            client = mail.fresh_address()
            self.assertDenied(client)
            self.site.syslog.append(line(client))
            self.site.wait_for_code(250, client)

    def test_the_line_of_dovecot_2_4_counts(self):
        client = mail.fresh_address()
        self.site.syslog.append(loglines.rfc3164(client, word='Logged in'))
        self.site.wait_for_code(250, client)

    def test_a_refusal_to_serve_is_no_login(self):
        client, witness = mail.fresh_address(), mail.fresh_address()
        word = 'Logged in, but you should use this server instead'
        self.site.syslog.append(loglines.rfc3164(client, word=word) + loglines.iso(witness))
        self.site.wait_for_code(250, witness)
        self.assertDenied(client)

    def test_own_domain_is_for_everybody(self):
        client = mail.fresh_address()
        with self.site.sender(client) as sender:
            sender.begin()
            self.assertEqual(sender.rcpt(mail.OWN).code, 250)
            self.assertEqual(sender.data(f'home from {client}.').code, 250)
        self.assertIn(mail.OWN, self.site.sink.wait_for_message(f'home from {client}.'))

    def test_the_first_permit_is_logged_in_full(self):
        client = self.site.let_in()
        self.assertRelays(client)
        self.assertRelays(client)
        permits = [line for line in self.site.popgated.log().splitlines() if f'permit address={client} ' in line]
        self.assertEqual(len(permits), 1, permits)
        self.assertRegex(permits[0], r' user="bob" service=pop3 .*login=20\d\d-\d\d-\d\dT\S+ age=\ds$')


class Window(SiteTest):
    """The log tells whole seconds, and a second means its start: a login may end up to a second early, never late."""

    SETTINGS = {'popgate.window': '3s'}

    def test_the_permit_ends_with_the_window(self):
        client = mail.fresh_address()
        before = math.floor(time.time())
        self.site.let_in(client)
        after = time.time()
        self.assertRelays(client)
        self.site.wait_for_code(554, client)
        ended = time.time()
        self.assertGreaterEqual(ended, before + 3)
        self.assertLess(ended, after + 3 + 1)

    def test_a_new_login_opens_a_new_window(self):
        client = self.site.let_in()
        first = math.floor(time.time())
        wait_for(lambda: time.time() >= first + 2, 'the window to be nearly over', interval=0.05)
        self.site.let_in(client)
        wait_for(lambda: time.time() >= first + 4, 'the first window to be over', interval=0.05)
        self.assertRelays(client)
        self.site.wait_for_code(554, client)


class OtherWaysIn(SiteTest):
    """SMTP AUTH and mynetworks come before us: they are not asked about, and not hurt when we are down."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site.popgated.stop()

    def test_smtp_auth(self):
        self.assertNotAsked(lambda: self.send_with_auth(mail.fresh_address()))

    def test_mynetworks(self):
        self.assertNotAsked(lambda: self.assertRelays(postfix.MYNETWORKS.replace('0.0/16', '0.5')))

    def send_with_auth(self, client):
        with self.site.sender(client) as sender:
            sender.login()
            sender.begin()
            self.assertEqual(sender.rcpt().code, 250)
            self.assertEqual(sender.data(f'auth from {client}.').code, 250)
        self.site.sink.wait_for_message(f'auth from {client}.')

    def assertNotAsked(self, act):
        """A stranger, about whom Postfix has to ask, comes afterwards: the complaints about us must all be his."""
        before = self.complaints()
        act()
        self.assertDeferred(mail.fresh_address())
        wait_for(lambda: self.complaints() >= before + 2, 'Postfix to complain twice about the stranger')
        self.assertEqual(self.complaints(), before + 2)

    def complaints(self):
        return self.site.postfix.log().count('warning: connect to private/popgate')
