# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock is stepped by hours under the running daemon, by libfaketime; the log is stamped by the same clock."""

import glob
import os
import time
import unittest

import loglines
import policy
from mailsite import DaemonTest
from waiting import hold_for, wait_for

A, B, STRANGER = '192.0.2.1', '192.0.2.2', '203.0.113.9'
HOUR = 3600


def _library():
    found = glob.glob('/usr/lib/*/faketime/libfaketimeMT.so.1') + glob.glob('/usr/lib*/faketime/libfaketimeMT.so.1')
    return found[0] if found else None


@unittest.skipIf(_library() is None, 'libfaketime is not installed')
class ClockTest(DaemonTest):
    """A popgated whose clock is set by `step`; how much time passes is told by another one, which is left alone."""

    def setUp(self):
        super().setUp()
        self.offset = 0
        self._file = f'{self.folder}/clock'
        self.step(0)
        self.popgated.environment.update(
            LD_PRELOAD=_library(), FAKETIME_TIMESTAMP_FILE=self._file, FAKETIME_NO_CACHE='1', FAKETIME_DONT_FAKE_MONOTONIC='1',
            DONT_FAKE_MONOTONIC='1', NO_FAKE_STAT='1')
        self.popgated.start()

    def step(self, hours):
        """The clock is `hours` ahead of the right time from now on."""
        self.offset = hours * HOUR
        with open(self._file + '.new', 'w', encoding='ascii') as file:
            file.write(f'{self.offset:+d}\n')
        os.rename(self._file + '.new', self._file)

    def login(self, address, **how):
        """As a server on this machine tells it."""
        self.log.append(loglines.iso(address, when=time.time() + self.offset, **how))

    def log_in(self, address):
        self.login(address)
        self.popgated.wait_for_verdict('OK', address)


class Stepped(ClockTest):

    def test_back(self):
        """Who logged in "later" waits, and is let in by the next login."""
        self.log_in(A)
        self.step(-3)
        self.popgated.wait_for_verdict('DEFER_IF_REJECT', A)
        self.assertIn('The clock was set back', self.popgated.ask(A))
        self.assertVerdict('DUNNO', STRANGER)
        self.log_in(A)
        self.assertEqual(self.popgated.grants()[A]['count'], '2')

    def test_back_and_forth(self):
        """What was granted while the clock was wrong is over when it is right."""
        self.log_in(A)
        self.step(-3)
        self.log_in(B)
        self.step(0)
        self.popgated.wait_for_verdict('DUNNO', B)
        self.assertVerdict('OK', A)
        self.log_in(B)

    def test_forth(self):
        self.log_in(A)
        self.step(3)
        self.popgated.wait_for_verdict('DUNNO', A)
        self.log_in(A)

    def test_forth_and_back(self):
        self.step(3)
        self.log_in(A)
        self.step(0)
        self.popgated.wait_for_verdict('DEFER_IF_REJECT', A)
        self.log_in(A)
        until = int(self.popgated.grants()[A]['until'])
        self.assertLessEqual(until, time.time() + 30 * 60 + 1)

    def test_over_a_restart(self):
        self.step(3)
        self.log_in(A)
        self.popgated.must('allow', B)  # waits until all is on the disk
        self.step(0)
        self.popgated.kill()
        self.popgated.start()
        wait_for(lambda: self.popgated.first_source()['state'] == 'current', 'the log to be read')
        self.assertVerdict('DEFER_IF_REJECT', A)
        self.log_in(A)


class Revoked(ClockTest):
    """A revoke stays, wherever the clock goes, and though the log is read again from its start."""

    def read_again(self):
        """popgated crashes, and the place where it stopped is no place in the log any more."""
        self.popgated.kill()
        with open(self.log.path, 'rb') as log:
            old = log.read()
        os.truncate(self.log.path, 0)
        self.log.append(b'another beginning\n' + old)
        self.popgated.start()
        wait_for(lambda: self.popgated.first_source()['state'] == 'current', 'the log to be read')

    def assertNever(self, target):
        self.popgated.must('revoke', target)
        for hours in (0, -3, 0, 3, 0):
            self.step(hours)
            self.read_again()
            hold_for(lambda: self.popgated.verdict(A) != 'OK', f'no grant at {hours:+d} hours', 0.1)

    def test_by_address(self):
        self.step(2)
        self.log_in(A)
        self.step(0)
        self.assertNever(A)

    def test_by_user(self):
        self.step(2)
        self.log_in(A)
        self.step(0)
        self.read_again()
        self.assertNever('user:bob')

    def test_of_a_login_stamped_ahead(self):
        """By a log host whose clock is ahead: ours never was."""
        self.log.append(loglines.iso(A, when=time.time() + HOUR))
        self.popgated.wait_for_verdict('OK', A)
        self.assertNever(A)


class Unmoved(ClockTest):
    """What waits for time to pass waits for time, and not for the clock."""

    SETTINGS = {'log.stale': '2s'}

    def test_stale(self):
        """Neither does a step make a log stale, nor does one back keep it from becoming so."""
        for hours in (3, -3):
            with self.subTest(hours=hours):
                self.step(0)
                self.login(B)
                self.popgated.wait_for_verdict('DUNNO', STRANGER)
                os.unlink(self.log.path)
                wait_for(lambda: self.popgated.first_source()['state'] == 'blind', 'it to be seen')
                self.step(hours)
                hold_for(lambda: self.popgated.verdict(STRANGER) == 'DUNNO', 'less than stale', 0.5)
                self.popgated.wait_for_verdict('DEFER_IF_REJECT', STRANGER, timeout=4)
                self.log.append(b'')

    def test_connections(self):
        """An idle client, and one in the middle of a question, are not cut off."""
        question = policy.request(STRANGER)
        with policy.Connection(self.popgated.policy) as idle, policy.Connection(self.popgated.policy) as busy:
            self.assertEqual(idle.ask(question), 'DUNNO')
            busy.send(question[:50])
            for hours in (6, -6, 0):
                self.step(hours)
                wait_for(lambda: self.popgated.first_source()['state'] == 'current', 'a tick')
                hold_for(lambda: self.popgated.verdict(STRANGER) == 'DUNNO', 'answers to all', 1.2)
            self.assertEqual(idle.ask(question), 'DUNNO')
            busy.send(question[50:])
            self.assertEqual(busy.read_action(), 'DUNNO')
