# SPDX-License-Identifier: GPL-3.0-or-later
"""popgate report: who still depends on POP-before-SMTP, and who has moved to SMTP AUTH."""

import csv
import io
import time
from datetime import datetime, timezone

import loglines
import mail
import policy
from mailsite import DaemonTest, SiteTest
from popgate import DONE, FAILED, USAGE
from waiting import wait_for

A, B, C = '192.0.2.1', '192.0.2.2', '2001:db8::3'


def _today():
    return datetime.now(timezone.utc).strftime('%Y-%m-%d')


def _report(popgated, *arguments):
    """(summary, [row]) of --json."""
    first, *rows = popgated.cli('--json', 'report', *arguments).objects()
    return first['summary'], rows


def _row_of(rows, user, way='login'):
    found = [row for row in rows if row['user'] == user and row['way'] == way]
    if len(found) != 1:
        raise AssertionError(f'{user} by {way}: {found}')
    return found[0]


class Relaying(SiteTest):
    """With a real Postfix that asks before permit_sasl_authenticated, and a real SASL."""

    def relay(self, source, recipients, auth=None):
        """One delivery; what Postfix says to each recipient."""
        with self.site.sender(source, 'move') as sender:
            if auth:
                sender.login(auth)
            sender.begin()
            return [sender.rcpt(recipient).code for recipient in recipients]

    def let_in(self, user):
        source = mail.fresh_address()
        self.assertTrue(self.site.pop_login(source, user=user))
        self.site.wait_for_code(250, source)
        return source

    def recipients(self, user, way='login'):
        return sum(row['recipients'] for row in _report(self.site.popgated)[1] if row['user'] == user and row['way'] == way)

    def test_each_relayed_recipient_counts_once(self):
        source = self.let_in('bob')
        before = self.recipients('bob')
        self.assertEqual(self.relay(source, ['a@remote.test', 'b@remote.test', 'a@remote.test', mail.OWN]), [250] * 4)
        self.assertEqual(self.relay(source, ['a@remote.test']), [250])
        self.assertEqual(self.recipients('bob'), before + 3)
        row = next(row for row in _report(self.site.popgated)[1] if row['address'] == source)
        self.assertEqual((row['user'], row['way'], row['moved']), ('bob', 'login', 'no'))
        self.assertEqual(row['days'], {_today(): row['recipients']})
        self.assertAlmostEqual(row['last'], time.time(), delta=30)

    def test_who_has_moved_to_smtp_auth(self):
        source = self.let_in('alice')
        self.assertEqual(_row_of(_report(self.site.popgated)[1], 'alice')['moved'], 'no')
        time.sleep(1.1 - time.time() % 1)  # the report's times are whole seconds
        self.assertEqual(self.relay(source, ['a@remote.test', 'b@remote.test'], auth='alice'), [250, 250])
        summary, rows = _report(self.site.popgated)
        self.assertEqual(_row_of(rows, 'alice')['moved'], 'yes')
        self.assertEqual(_row_of(rows, 'alice', 'auth')['recipients'], 2)
        self.assertEqual(_row_of(rows, 'alice', 'auth')['address'], source)
        self.assertEqual(summary['moved'], 1)

    def test_who_came_by_smtp_auth_only(self):
        self.assertEqual(self.relay(mail.fresh_address(), ['a@remote.test'], auth='carol'), [250])
        self.assertEqual(self.recipients('carol', 'auth'), 1)
        self.assertEqual(self.recipients('carol'), 0)

    def test_strangers_do_not_count(self):
        before = _report(self.site.popgated)[0]
        self.assertEqual(self.relay(mail.fresh_address(), ['a@remote.test']), [554])
        self.assertEqual(_report(self.site.popgated)[0], before)

    def test_smtp_auth_works_without_popgated(self):
        self.site.popgated.end()
        try:
            self.assertEqual(self.relay(mail.fresh_address(), ['a@remote.test'], auth='carol'), [250])
            self.assertEqual(self.relay(mail.fresh_address(), ['a@remote.test']), [450])
        finally:
            self.site.popgated.start()


class Forms(DaemonTest):
    """popgated alone, asked by hand."""

    def setUp(self):
        super().setUp()
        self.log.append(loglines.iso(A, 'bob') + loglines.iso(C, 'alice'))
        self.popgated.start()
        for address in (A, C):
            self.popgated.wait_for_verdict('OK', address)
        self.popgated.must('allow', B)
        self.use(A, 3, 'OK')
        self.use(B, 1, 'OK')
        self.use('198.51.100.9', 2, 'DUNNO', sasl_username='carol')

    def use(self, address, n, verdict, **more):
        """One delivery to `n` recipients."""
        instance = f'77.{time.time()}.0'
        with policy.Connection(self.popgated.policy) as connection:
            for number in range(n):
                request = policy.request(address, instance=instance, recipient=f'{number}@remote.test', **more)
                self.assertEqual(connection.ask(request), verdict)
                self.assertEqual(connection.ask(request), verdict)  # as Postfix may

    def assertCounted(self):
        summary, rows = _report(self.popgated)
        self.assertEqual((summary['users'], summary['allowed'], summary['moved'], summary['not_counted'] or 0), (2, 1, 0, 0))
        self.assertEqual((summary['since'] < summary['until'], summary['until']), (True, _today()))
        told = {(row['user'], row['address'], row['way']): row['total'] for row in rows}
        self.assertEqual(told, {('bob', A, 'login'): 3 + 1, ('alice', C, 'login'): 1, (None, B, 'allow'): 1,
                                ('carol', '198.51.100.9', 'auth'): 2})

    def test_what_is_counted_is_told_at_once(self):
        self.assertCounted()

    def test_a_restart_keeps_it(self):
        self.popgated.restart()
        self.assertCounted()

    def test_the_database_alone_tells_it(self):
        self.popgated.end()
        self.assertCounted()
        self.assertIsNone(_report(self.popgated)[0]['not_counted'])

    def test_a_kill_keeps_what_was_synced(self):
        self.assertCounted()
        wait_for(lambda: self.popgated.cli('--json', 'status').objects()[0]['store']['unsynced'] == 0, 'all to be on the disk')
        self.popgated.kill()
        self.popgated.start()
        self.assertCounted()

    def test_text(self):
        text = self.popgated.must('report')
        self.assertIn('still depend  2 users at 2 addresses', text)
        self.assertRegex(text, rf'(?m)^bob +{A} +{_today()} +1 +4  no$')
        self.assertRegex(text, rf'(?m)^- +{B} +{_today()} +1 +1  allow$')
        self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_csv(self):
        rows = list(csv.DictReader(io.StringIO(self.popgated.must('report', '--csv', '--days', '2'), newline='')))
        self.assertEqual({row['user'] for row in rows}, {'bob', 'alice', 'carol', ''})
        bob = next(row for row in rows if row['user'] == 'bob')
        self.assertEqual((bob['address'], bob['way'], bob['recipients'], bob['moved'], bob[_today()]), (A, 'login', '4', 'no', '4'))
        self.assertEqual(len(bob), 10 + 2)

    def test_a_name_is_no_formula(self):
        self.use('198.51.100.9', 1, 'DUNNO', sasl_username='=cmd|"/C calc"!A0')
        rows = list(csv.DictReader(io.StringIO(self.popgated.must('report', '--csv'), newline='')))
        self.assertIn("'=cmd|\"/C calc\"!A0", {row['user'] for row in rows})

    def test_days(self):
        for days in (1, 30, 92):
            summary, _ = _report(self.popgated, '--days', str(days))
            since = datetime.fromisoformat(summary['since'])
            self.assertEqual((datetime.fromisoformat(summary['until']) - since).days, days - 1)

    def test_usage(self):
        for arguments in (('--days', '0'), ('--days', '93'), ('--days', 'x'), ('--csv', '--html'), ('--json', '--csv'), (A,)):
            with self.subTest(arguments):
                result = self.popgated.cli('report', *arguments)
                self.assertEqual((result.status, result.out), (USAGE, ''))
                self.assertTrue(result.err)

    def test_a_store_that_fails(self):
        self.assertEqual(self.popgated.cli('report').status, DONE)
        self.popgated.end()
        with open(self.popgated.store, 'wb'):
            pass
        self.assertEqual(self.popgated.cli('report').status, FAILED)
