# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins that a server tells in two lines, and the heads beside syslog's usual ones."""

import time
from datetime import datetime, timezone

import loglines
from mailsite import DaemonTest

A, B, C, D = '192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'


def _iso(when):
    return datetime.fromtimestamp(when, timezone.utc).isoformat(timespec='microseconds')


def popa3d(pid, message, age=0):
    return f'{_iso(time.time() - age)} mx popa3d[{pid}]: {message}\n'.encode()


def rfc5424(pid, message):
    return f'<22>1 {_iso(time.time())} mx popa3d {pid} - [timeQuality tzKnown="1"] {message}\n'.encode()


def tai64n(pid, message):
    return f'@{(1 << 62) + 10 + int(time.time()):016x}00000000 popa3d[{pid}]: {message}\n'.encode()


def session(address):
    return f'Session from {address}'


PASSED = 'Authentication passed for bob'


class TwoLines(DaemonTest):

    def setUp(self):
        super().setUp()
        self.log.append(loglines.iso(D))
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', D)

    def _pass_a_login(self):
        """What stands before it was read then."""
        self.log.append(loglines.iso(C))
        self.popgated.wait_for_verdict('OK', C)

    def test_joined_over_reads(self):
        self.log.append(popa3d(7, session(A)))
        self._pass_a_login()
        self.assertVerdict('DUNNO', A)
        self.log.append(popa3d(7, PASSED))
        self.popgated.wait_for_verdict('OK', A)

    def test_joined_over_a_rotation(self):
        self.log.append(popa3d(7, session(A)))
        self._pass_a_login()
        self.log.rename()
        self.log.append(popa3d(7, PASSED))
        self.popgated.wait_for_verdict('OK', A)

    def test_not_joined(self):
        self.log.append(popa3d(7, session(A), age=70) + popa3d(7, PASSED))
        self.log.append(popa3d(8, session(B)) + popa3d(9, PASSED))
        self._pass_a_login()
        self.assertVerdict('DUNNO', A)
        self.assertVerdict('DUNNO', B)

    def test_missed_over_a_restart(self):
        """As the guide says; nobody gets another one's address by it."""
        self.log.append(popa3d(7, session(A)))
        self._pass_a_login()
        self.popgated.stop()
        self.log.append(popa3d(7, PASSED))
        self.popgated.start()
        self.log.append(loglines.iso(B))
        self.popgated.wait_for_verdict('OK', B)
        self.assertVerdict('DUNNO', A)

    def test_rfc5424(self):
        self.log.append(rfc5424(7, session(A)) + rfc5424(7, PASSED))
        self.popgated.wait_for_verdict('OK', A)


class SeveralSources(DaemonTest):

    def setUp(self):
        super().setUp()
        self.other = loglines.LogFile(f'{self.folder}/other.log')
        self.third = loglines.LogFile(f'{self.folder}/current')
        self.popgated.configure({'log.source': f'file:{self.log.path},format=syslog, file:{self.other.path},format=syslog, '
                                               f'file:{self.third.path},format=tai64n'})
        for log in (self.log, self.other, self.third):
            log.append(b'\n')
        self.popgated.start()

    def test_each_source_joins_its_own(self):
        self.log.append(popa3d(7, session(A)))
        self.other.append(popa3d(7, session(B)) + popa3d(7, PASSED))
        self.popgated.wait_for_verdict('OK', B)
        self.assertVerdict('DUNNO', A)
        self.log.append(popa3d(7, PASSED))
        self.popgated.wait_for_verdict('OK', A)

    def test_multilog(self):
        self.third.append(tai64n(7, session(A)) + tai64n(7, PASSED))
        self.popgated.wait_for_verdict('OK', A)
