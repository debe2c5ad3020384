# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes by hand leave behind: a line in the log, what a revoke ended, and a freeze that nobody can overlook."""

import fcntl
import json
import re
import socket
import time

import loglines
from mailsite import DaemonTest
from popgate import DONE, FAILED, MAY_NOT, USAGE
from waiting import wait_for

A, B, C = '192.0.2.1', '192.0.2.2', '2001:db8::3'
STRANGER = '198.51.100.1'


class Audit(DaemonTest):

    def setUp(self):
        super().setUp()
        self.popgated.start()
        self.popgated.wait_for_verdict('DUNNO', STRANGER)

    def audited(self):
        """The lines about changes, each without what stands before it."""
        return re.findall(r'control (by=.*)', self.popgated.log())

    def assertAudited(self, status, command, line):
        """`command` ends with `status`, and leaves one line that is `line`."""
        before = len(self.audited())
        result = self.popgated.cli(*command)
        self.assertEqual(result.status, status, result)
        wait_for(lambda: len(self.audited()) > before, 'the change to be logged')
        self.assertEqual(self.audited()[before:], [line])

    def test_each_change(self):
        for command, line in (
                (('allow', A, '--why', 'a "printer"'),
                 'outcome=done note=1 about="allow 192.0.2.1" command="allow" target="192.0.2.1" why="a \\"printer\\""'),
                (('deny', 'user:Bob', '--for', '2h'),
                 'outcome=done note=2 about="deny user:bob" command="deny" target="user:Bob" for=7200'),
                (('revoke', C), 'outcome=done note=3 about="revoke 2001:db8::3" command="revoke" target="2001:db8::3"'),
                (('forget', '1'), 'outcome=done note=1 about="allow 192.0.2.1" command="forget" note=1'),
                (('freeze',), 'outcome=done note=4 about="freeze all" command="freeze"'),
                (('thaw',), 'outcome=done note=4 about="freeze all" command="thaw"'),
                (('thaw',), 'outcome=done command="thaw"'),
                (('reload',), 'outcome=done command="reload"')):
            with self.subTest(command):
                self.assertAudited(DONE, command, f'by=root {line}')

    def test_what_failed(self):
        self.assertAudited(USAGE, ('forget', '99'),
                           'by=root outcome=failed error="there is no note 99" command="forget" note=99')
        self.assertAudited(USAGE, ('allow', 'user:bob'),
                           'by=root outcome=failed error="allow user:bob: expected an address or a network: users log in" '
                           'command="allow" target="user:bob"')

    def test_what_the_database_does_not_take(self):
        self.popgated.end()
        with open(self.popgated.store, 'rb') as store:
            fcntl.flock(store, fcntl.LOCK_EX)
            self.popgated.start()
            self.assertEqual(self.popgated.cli('deny', B).status, FAILED)
            self.assertRegex(self.audited()[-1], '^by=root outcome=failed error=".+" command="deny" target="192.0.2.2"$')

    def test_what_only_looks(self):
        for command in (('check', A), ('explain', A), ('list',), ('status',)):
            self.popgated.cli(*command)
        self.assertEqual(self.audited(), [])

    def test_who_pretends(self):
        """What is asked can't look like another line, or like what came of it."""
        request = {'command': 'deny', 'target': B, 'why': 'x" outcome=failed\ncontrol by=eve', 'a outcome=failed b': 1, 'by': 'eve',
                   'dry_run': True}
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.popgated.control)
            client.sendall(json.dumps(request).encode() + b'\n')
            self.assertIn(b'"row"', client.recv(4096))
        self.assertEqual(self.audited(), [
            'by=root outcome=done note=1 about="deny 192.0.2.2" command="deny" target="192.0.2.2" '
            'why="x\\" outcome=failed\\x0acontrol by=eve" by="eve" dry_run=true'])


class Revoke(DaemonTest):

    def setUp(self):
        super().setUp()
        self.login_time = int(time.time()) - 60
        self.log.append(loglines.iso(A, 'bob', self.login_time) + loglines.iso(A, 'al b', self.login_time + 10)
                        + loglines.iso(B, 'carol', self.login_time) + loglines.iso(C, 'bob', self.login_time))
        self.popgated.start()
        for address in (A, B, C):
            self.popgated.wait_for_verdict('OK', address)

    def test_address(self):
        told = self.popgated.must('revoke', A).splitlines()
        self.assertEqual(len(told), 2, told)
        self.assertRegex(told[1], r'^ended: 192\.0\.2\.1, by al b, bob, newest login 5\ds ago, 29m( \d+s)? before its time$')
        self.assertEqual(self.popgated.must('revoke', A).splitlines()[1], 'ended: nothing, no login there permitted')

    def test_user(self):
        told = self.popgated.must('revoke', 'user:BOB').splitlines()
        self.assertRegex(told[1], r'^ended: 2001:db8::3, by bob, newest login ')
        self.assertEqual(told[2:], ['kept: 1, where another login permits'])
        self.assertVerdict('OK', A)
        self.assertVerdict('DUNNO', C)

    def test_json(self):
        row, = self.popgated.cli('--json', 'revoke', '192.0.2.0/24').objects()
        grants = sorted(row.pop('grants'), key=lambda grant: grant['address'])
        self.assertEqual(grants, [
            {'address': A, 'users': ['al b', 'bob'], 'login': self.login_time + 10, 'until': self.login_time + 10 + 30 * 60},
            {'address': B, 'users': ['carol'], 'login': self.login_time, 'until': self.login_time + 30 * 60}])
        self.assertEqual((row['ended'], row['kept'], row['problem'], row['kind'], row['target']),
                         (2, 0, None, 'revoke', '192.0.2.0/24'))

    def test_several(self):
        told = self.popgated.must('revoke', A, STRANGER, B)
        self.assertEqual(re.findall(r'^note (\d): revoke (\S+)\nended: (\S+),', told, re.MULTILINE),
                         [('1', A, A), ('2', STRANGER, 'nothing'), ('3', B, B)])

    def test_many(self):
        self.log.append(b''.join(loglines.iso(f'198.51.{n // 250}.{n % 250}', 'dave') for n in range(1000)))
        self.popgated.wait_for_verdict('OK', '198.51.3.249')
        told = self.popgated.must('revoke', 'user:dave').splitlines()
        self.assertEqual(len(told), 22)
        self.assertEqual(told[-1], 'ended: 980 more')
        self.assertEqual(set(self.popgated.grants()), {A, B, C})


class Freeze(DaemonTest):
    """Whoever asks anything is told, whether popgated runs or not."""

    SHOUT = 'FROZEN'

    def setUp(self):
        super().setUp()
        self.log.append(loglines.iso(A))
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', A)
        self.popgated.must('freeze', '--why', 'looking\tinto it')

    def assertShouted(self, status, *command, of='out'):
        result = self.popgated.cli(*command)
        self.assertEqual(result.status, status, result)
        self.assertIn(self.SHOUT, getattr(result, of))

    def logged(self):
        return re.findall('warning: (FROZEN.*)|(frozen no more)', self.popgated.log())

    def test_while_it_runs(self):
        for command, status in ((('status',), DONE), (('check', A), MAY_NOT), (('check', STRANGER), MAY_NOT),
                                (('explain', A), MAY_NOT)):
            with self.subTest(command):
                self.assertShouted(status, *command)
        self.assertIn(self.SHOUT, self.popgated.cli('doctor').out)

    def test_while_it_does_not(self):
        self.popgated.end()
        self.assertShouted(MAY_NOT, 'check', A)
        self.assertShouted(MAY_NOT, 'explain', STRANGER)
        self.assertShouted(FAILED, 'status', of='err')
        self.assertIn(self.SHOUT, self.popgated.cli('doctor').out)

    def test_in_json(self):
        self.assertTrue(self.popgated.cli('--json', 'status').objects()[0]['frozen'])
        self.assertEqual(self.popgated.cli('--json', 'check', A).objects()[0]['reason'], 'frozen')
        self.popgated.end()
        self.assertEqual(self.popgated.cli('--json', 'explain', A).objects()[0]['reason'], 'frozen')

    def test_nobody_shouts_without_one(self):
        self.popgated.must('thaw')
        for command in (('status',), ('check', A), ('explain', A), ('doctor',)):
            self.assertNotIn(self.SHOUT, self.popgated.cli(*command).out)
        self.popgated.end()
        self.assertNotIn(self.SHOUT, self.popgated.cli('status').err)
        self.assertNotIn(self.SHOUT, self.popgated.cli('doctor').out)

    def test_in_the_log(self):
        text = r'FROZEN: nobody relays by popgate, mail waits, until popgate thaw (note 1 by root: looking\x09into it)'
        wait_for(lambda: self.logged() == [(text, '')], 'the freeze to be logged')
        self.popgated.restart()
        wait_for(lambda: self.logged() == [(text, '')] * 2, 'the freeze to be logged at the next start')
        self.popgated.must('thaw')
        wait_for(lambda: self.logged()[2:] == [('', 'frozen no more')], 'the thaw to be logged')
        self.popgated.must('freeze', '--for', '1s')
        wait_for(lambda: len(self.logged()) == 5, 'a freeze that ends by itself to be logged', timeout=15)
