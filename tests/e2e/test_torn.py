# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that Courier's logger tore: nobody who failed to log in gets a grant by a piece of one."""

import os
import time
from datetime import datetime, timezone

import loglines
from mailsite import DaemonTest

A, B, C = '192.0.2.1', '192.0.2.2', '192.0.2.3'


def courier(message, age=0):
    when = datetime.fromtimestamp(time.time() - age, timezone.utc).isoformat(timespec='microseconds')
    return f'{when} mx pop3d: {message}\n'.encode()


def connection(address):
    return f'Connection, ip=[::ffff:{address}], port=[4711]'


def login(address):
    return f'LOGIN, user=bob, ip=[::ffff:{address}], port=[4711]'


FIRST_PIECE = 'LOGIN FAILED, user=' + 486 * 'x'


class CourierTorn(DaemonTest):

    def setUp(self):
        super().setUp()
        self.log.append(courier(connection(C)) + courier(login(C)))
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', C)

    def _pass_a_login(self, address):
        """What stands before it was read then."""
        self.log.append(loglines.iso(address))
        self.popgated.wait_for_verdict('OK', address)

    def test_a_piece_is_no_login(self):
        self.log.append(courier(FIRST_PIECE, age=10) + courier(login(A), age=10))
        self.log.append(courier(connection(B), age=5) + courier(login(B), age=5))
        self.popgated.wait_for_verdict('OK', B)
        self.assertVerdict('DUNNO', A)

    def test_nor_behind_a_restart(self):
        self.log.append(courier(FIRST_PIECE))
        self._pass_a_login('192.0.2.4')
        self.popgated.stop()
        self.log.append(courier(login(A)))
        self.popgated.start()
        self._pass_a_login('192.0.2.5')
        self.assertVerdict('DUNNO', A)
        self.log.append(courier(connection(B)) + courier(login(B)))
        self.popgated.wait_for_verdict('OK', B)

    def test_nor_behind_a_kill(self):
        self.log.append(courier(FIRST_PIECE))
        self._pass_a_login('192.0.2.4')
        self.popgated.kill()
        self.log.append(courier(login(A)))
        self.popgated.start()
        self._pass_a_login('192.0.2.5')
        self.assertVerdict('DUNNO', A)


class CourierTornInAPipe(DaemonTest):

    SETTINGS = {'log.source': 'stdin:,format=syslog'}

    def test_nor_behind_a_kill(self):
        """A pipe has no position: what was read of it by the one before is not known."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, writer)
        self.addCleanup(os.close, reader)
        self.popgated.start(stdin=reader)
        os.write(writer, courier(connection(C)) + courier(FIRST_PIECE) + loglines.iso('192.0.2.4'))
        self.popgated.wait_for_verdict('OK', '192.0.2.4')
        self.popgated.kill()
        os.write(writer, courier(login(A)) + loglines.iso('192.0.2.5'))
        self.popgated.start(stdin=reader)
        self.popgated.wait_for_verdict('OK', '192.0.2.5')
        self.assertVerdict('DUNNO', A)
        os.write(writer, courier(connection(B)) + courier(login(B)))
        self.popgated.wait_for_verdict('OK', B)
