# SPDX-License-Identifier: GPL-3.0-or-later
"""Each verdict of the rule table, seen on a real Postfix. The tests have the numbers of the rules.

One rule's verdict may look like another's, so popgate is asked which rule it was.
"""

import fcntl
import glob
import os

import mail
import postfix
from mailsite import SiteTest
from waiting import hold_for, wait_for


class VerdictTest(SiteTest):

    def assertRule(self, number, client):
        checked, = self.site.popgated.cli('--json', 'check', client).objects()
        self.assertEqual(checked['rule'], number, checked)


class Verdicts(VerdictTest):

    def test_02_another_state_than_rcpt(self):
        """Asked at DATA, a permit would let this mail through: the `reject` behind us is what answers."""
        client = self.site.let_in()
        self.site.popgated.must('allow', client)
        with self.site.sender(client, 'data') as sender:
            sender.begin()
            self.assertEqual(sender.rcpt().code, 250)
            self.assertEqual(sender.data('never taken').code, 554)

    def test_03_no_address(self):
        """Frozen comes after this rule, so that a 554 tells the two apart."""
        self.freeze()
        self.assertDenied(postfix.TRUSTED, xclient='[UNAVAILABLE]')
        self.assertDeferred(mail.fresh_address())

    def test_05_frozen(self):
        client = self.site.let_in()
        self.freeze()
        self.assertRule(5, client)
        self.assertDeferred(client)
        self.assertDeferred(mail.fresh_address())
        self.assertEqual(self.site.rcpt(client, mail.OWN).code, 250)
        self.site.popgated.must('thaw')
        self.assertRelays(client)
        self.assertDenied(mail.fresh_address())

    def freeze(self):
        self.addCleanup(self.site.popgated.must, 'thaw')
        self.site.popgated.must('freeze')

    def test_06_denied(self):
        client = self.site.let_in()
        self.site.popgated.must('deny', client)
        self.assertDenied(client)
        self.site.popgated.must('allow', client)
        self.assertDenied(client)
        self.assertTrue(self.site.pop_login(client))
        self.site.let_in()
        self.assertDenied(client)
        self.assertRule(6, client)

    def test_06_denied_network(self):
        client, other = self.site.let_in('127.2.1.9'), self.site.let_in('127.2.2.9')
        self.site.popgated.must('deny', '127.2.1.0/24')
        self.assertDenied(client)
        self.assertRelays(other)

    def test_07_allowed(self):
        client = mail.fresh_address()
        self.site.popgated.must('allow', client)
        self.assertRelays(client)
        self.assertRule(7, client)
        self.assertDenied(mail.fresh_address())

    def test_07_allowed_for_a_while(self):
        client = mail.fresh_address()
        self.site.popgated.must('allow', client, '--for', '1s')
        self.assertRelays(client)
        self.site.wait_for_code(554, client)

    def test_09_login(self):
        client = self.site.let_in()
        self.assertRelays(client)
        self.assertRule(9, client)

    def test_09_revoked(self):
        """Not for good: who logs in anew is let in. The log tells whole seconds, so that takes up to one."""
        client, other = self.site.let_in(), self.site.let_in()
        self.site.popgated.must('revoke', client)
        self.assertDenied(client)
        self.assertRelays(other)
        wait_for(lambda: self.site.pop_login(client) and self.site.rcpt(client).code == 250, 'a new login to count',
                 interval=0.2)

    def test_09_user_denied(self):
        alice, both = mail.fresh_address(), mail.fresh_address()
        self.site.pop_login(alice, user='alice')
        self.site.pop_login(both, user='alice')
        self.site.pop_login(both, user='bob')
        self.site.let_in()
        self.site.popgated.must('deny', 'user:alice')
        self.assertDenied(alice)
        self.assertRelays(both)

    def test_09_user_revoked(self):
        carol = mail.fresh_address()
        self.site.pop_login(carol, user='carol')
        self.site.wait_for_code(250, carol)
        self.site.popgated.must('revoke', 'user:carol')
        self.assertDenied(carol)

    def test_12_nothing_permits(self):
        stranger = mail.fresh_address()
        self.assertDenied(stranger)
        self.assertRule(12, stranger)


class NeverGranted(VerdictTest):
    """Rule 8, and logins that grant nothing."""

    SETTINGS = {'log.never_grant': '192.0.2.0/24', 'log.never_users': 'alice'}

    def test_08_never_granted_network(self):
        self.assertTrue(self.site.pop_login_for('192.0.2.7'))
        self.assertTrue(self.site.pop_login_for('198.51.100.7'))
        self.site.wait_for_code_for(250, '198.51.100.7')
        self.assertEqual(self.site.rcpt_for('192.0.2.7').code, 554)
        self.assertRule(8, '192.0.2.7')

    def test_08_loopback_is_never_granted(self):
        client = mail.fresh_address()
        self.assertTrue(self.site.pop_login(client))
        self.assertTrue(self.site.pop_login_for('198.51.100.8'))
        self.site.wait_for_code_for(250, '198.51.100.8')
        self.assertDenied(client)

    def test_08_an_allow_goes_first(self):
        self.site.popgated.must('allow', '192.0.2.8')
        self.assertEqual(self.site.rcpt_for('192.0.2.8').code, 250)

    def test_a_user_who_never_grants(self):
        self.assertTrue(self.site.pop_login_for('198.51.100.9', user='alice'))
        self.assertTrue(self.site.pop_login_for('198.51.100.10'))
        self.site.wait_for_code_for(250, '198.51.100.10')
        self.assertEqual(self.site.rcpt_for('198.51.100.9').code, 554)


class Reject(VerdictTest):
    """Rule 12 with words of the admin's, where policy_context asks for them."""

    SETTINGS = {'policy.reject': 'check your mail first, then send again within 30 minutes'}

    def test_12_own_words(self):
        client = mail.fresh_address()
        reply = self.site.rcpt(client, service='reject')
        self.assertEqual(reply.code, 554)
        self.assertIn('5.7.1', reply.text)
        self.assertIn('check your mail first, then send again within 30 minutes', reply.text)
        self.site.let_in(client)
        self.assertRelays(client, service='reject')

    def test_12_not_without_the_context(self):
        reply = self.site.rcpt(mail.fresh_address())
        self.assertEqual(reply.code, 554)
        self.assertNotIn('check your mail', reply.text)

    def test_12_own_domain_is_served(self):
        self.assertRelays(mail.fresh_address(), recipient=mail.OWN, service='reject')

    def test_other_rules_keep_their_verdict(self):
        client = mail.fresh_address()
        self.site.popgated.must('deny', client)
        self.assertDenied(client, service='reject')


class Store(VerdictTest):
    """Rule 4: a store that cannot be read."""

    def setUp(self):
        self.client = self.site.let_in()
        self.addCleanup(self.site.popgated.restart)
        self.site.popgated.stop()

    def test_04_held_by_another_program(self):
        with open(self.site.popgated.store, 'rb') as store:
            fcntl.flock(store, fcntl.LOCK_EX)
            self.site.popgated.start()
            self.assertRule(4, self.client)
            self.assertDeferred(self.client)
            self.assertDeferred(mail.fresh_address())
            self.assertEqual(self.site.rcpt(self.client, mail.OWN).code, 250)
        self.site.wait_for_code(250, self.client)
        self.assertDenied(mail.fresh_address())

    def test_garbage_is_made_anew(self):
        """Of the base and the redo log, with all grants and notes; what stood there is kept."""
        with open(self.site.popgated.store, 'wb') as store:
            store.write(b'no database\n' * 1000)
        self.site.popgated.start()
        self.site.wait_for_code(250, self.client)
        self.assertDenied(mail.fresh_address())
        self.assertEqual(len(glob.glob(glob.escape(self.site.popgated.store) + '.damaged-*')), 1)


class Blind(VerdictTest):
    """Rule 11: a log that cannot be seen for longer than [log] stale."""

    SETTINGS = {'log.stale': '1s'}

    def test_11_log_removed(self):
        client, stranger = self.site.let_in(), mail.fresh_address()
        self.assertDenied(stranger)
        os.unlink(self.site.syslog.path)
        self.site.wait_for_code(450, stranger)
        self.assertRule(11, stranger)
        self.assertRelays(client)
        self.assertEqual(self.site.rcpt(stranger, mail.OWN).code, 250)
        self.site.syslog.append(b'')
        self.site.wait_for_code(554, stranger)

    def test_11_log_absent_at_the_start(self):
        client, stranger = self.site.let_in(), mail.fresh_address()
        self.site.popgated.stop()
        os.unlink(self.site.syslog.path)
        self.site.popgated.start()
        self.assertDeferred(stranger)
        self.assertRelays(client)
        self.site.syslog.append(b'')
        self.site.wait_for_code(554, stranger)

    def test_11_a_quiet_log_is_not_blind(self):
        stranger = mail.fresh_address()
        hold_for(lambda: self.site.rcpt(stranger).code == 554, 'a stranger to be refused while nothing is logged', 2.5)
