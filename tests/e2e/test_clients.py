# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that mean no good: the others are answered all the same, and memory, descriptors and log have bounds.

Deadlines of minutes are proven by tests/unit/test-lobby.c; how much slower the others get, by tests/bench/bench_clients.py.
"""

import contextlib
import fcntl
import json
import os
import resource
import select
import signal
import socket
import sys
import termios
import threading
import time
import unittest

import hostile
import loglines
import policy
import popgate
from hostile import Crowd
from mailsite import DaemonTest
from waiting import hold_for, wait_for

A, B = '192.0.2.1', '192.0.2.2'
MANY = 10_000
SHORT = b'request=smtpd_access_policy\n\n'
BEGUN = b'request=smtpd_access_policy\nsender=' + b'x' * 60_000  # and no end
LINES_A_MINUTE = 20  # of one kind and one peer, at the most; a test may see two minutes


def status(popgated):
    return json.loads(popgated.must('--json', 'status'))


class ClientTest(DaemonTest):

    def setUp(self):
        super().setUp()
        self.log.append(loglines.iso(A))

    def start(self, **settings):
        self.popgated.configure({f'policy.{name}': str(value) for name, value in settings.items()})
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', A)
        self.pid = self.popgated.program.pid

    def crowd(self, path=None, kind=socket.SOCK_STREAM):
        crowd = Crowd(path or self.popgated.policy, kind)
        self.addCleanup(crowd.leave)
        return crowd

    def connect(self):
        connection = policy.Connection(self.popgated.policy)
        self.addCleanup(connection.socket.close)
        return connection

    def assertOthersAreServed(self):
        wait_for(lambda: self.popgated.verdict(A) == 'OK', f'{A} to be permitted')
        wait_for(lambda: self.popgated.verdict(B) == 'DUNNO', f'{B} to get its answer')

    def assertIsIdle(self, seconds=1.0):
        """It waits for something to happen, and does not ask again and again whether it has."""
        before = hostile.cpu_seconds(self.pid)
        time.sleep(seconds)  # the time itself is what is measured
        self.assertLess(hostile.cpu_seconds(self.pid) - before, 0.3 * seconds)

    @contextlib.contextmanager
    def stopped(self):
        """What is sent to it meanwhile comes all at once."""
        self.popgated.program.send_signal(signal.SIGSTOP)
        try:
            wait_for(lambda: _state(self.pid) == 'T', 'popgated to stop')
            yield
        finally:
            self.popgated.program.send_signal(signal.SIGCONT)

    def count_logged(self, text):
        return sum(text in line for line in self.popgated.log().splitlines())


class Connections(ClientTest):

    def test_ten_thousand_at_once(self):
        lack = hostile.allow_descriptors(MANY)
        if lack:
            self.skipTest(lack)
        self.start()
        before = hostile.anonymous_kib(self.pid)
        crowd = self.crowd().join(MANY, policy.request(A))
        self.assertOthersAreServed()
        for client in crowd.sockets:
            client.settimeout(10)
            self.assertEqual(client.recv(100), b'action=OK\n\n')
        self.assertLess(hostile.anonymous_kib(self.pid) - before, 4 * MANY)
        self.assertGreaterEqual(status(self.popgated)['connections'], MANY)
        crowd.leave()
        wait_for(lambda: status(self.popgated)['connections'] == 0, 'all connections to be forgotten')

    def test_silent_ones_make_room(self):
        """Who asks nothing goes when there is no room, and who was answered lately stays."""
        self.start(max_connections=50)
        mine = self.connect()
        self.assertEqual(mine.ask(policy.request(A)), 'OK')
        silent = self.crowd().join(49)
        late = self.connect()
        late.send(policy.request(A))
        self.assertTrue(late.is_silent())
        self.assertEqual(late.read_action(), 'OK')
        self.assertEqual(silent.n_open(), 48)
        self.assertEqual(mine.ask(policy.request(A)), 'OK')
        self.assertGreater(self.count_logged('as many as may be'), 0)
        self.assertLessEqual(self.count_logged('as many as may be'), LINES_A_MINUTE)

    def test_no_descriptors_left(self):
        """Those who are in are served, no processor is burnt, and the others come in when there are some again."""
        self.start()
        early = self.connect()
        self.assertEqual(early.ask(policy.request(A)), 'OK')
        hostile.limit_descriptors(self.pid, hostile.n_descriptors(self.pid) + 10)
        first = self.crowd().join(30)
        late = self.connect()
        late.send(policy.request(B))
        wait_for(lambda: 'cannot accept' in self.popgated.log(), 'the lack of descriptors to be told')
        self.assertIsIdle(2.5)
        self.assertTrue(late.is_silent())
        self.assertEqual(early.ask(policy.request(A)), 'OK')
        first.leave()
        self.assertEqual(late.read_action(), 'DUNNO')
        self.assertLessEqual(self.count_logged('cannot accept'), LINES_A_MINUTE)

    def test_no_descriptors_left_for_others(self):
        """The control and login sockets do not spin either."""
        self.popgated.configure({'login.listen': f'unix:{self.popgated.login}', 'login.reporters': '0'})
        self.start()
        hostile.limit_descriptors(self.pid, hostile.n_descriptors(self.pid))
        self.crowd(self.popgated.control).join(3)
        self.crowd(self.popgated.login, socket.SOCK_SEQPACKET).join(3)
        wait_for(lambda: self.count_logged('cannot accept') >= 2, 'both to be told')
        self.assertIsIdle(2.5)
        hostile.limit_descriptors(self.pid, 1000)
        wait_for(lambda: self.popgated.cli('status').status == popgate.DONE, 'admins to be let in again')

    def test_a_flood_of_connects(self):
        """Come and go as fast as it can be done."""
        self.start()
        before = hostile.anonymous_kib(self.pid)
        stop = threading.Event()
        flood = threading.Thread(target=self.come_and_go, args=(stop,))
        flood.start()
        self.addCleanup(flood.join)
        self.addCleanup(stop.set)
        with self.connect() as mine:
            for _ in range(500):
                self.assertEqual(mine.ask(policy.request(A)), 'OK')
        self.assertOthersAreServed()
        self.assertLess(hostile.anonymous_kib(self.pid) - before, 8192)

    def come_and_go(self, stop):
        while not stop.is_set():
            with Crowd(self.popgated.policy) as crowd:
                try:
                    crowd.join(50)
                except BlockingIOError:
                    continue


class Requests(ClientTest):

    def test_requests_without_end(self):
        """What is kept of them has a bound for all together; who is in the middle of none is not touched."""
        self.start()
        mine = self.connect()
        self.assertEqual(mine.ask(policy.request(A)), 'OK')
        before = hostile.anonymous_kib(self.pid)
        crowd = self.crowd().join(900, BEGUN)
        wait_for(lambda: crowd.n_open() < 600, 'the oldest to be closed')
        self.assertOthersAreServed()
        self.assertEqual(mine.ask(policy.request(A)), 'OK')
        self.assertGreater(crowd.n_open(), 450)
        self.assertLess(hostile.anonymous_kib(self.pid) - before, 96 * 1024)
        self.assertLessEqual(self.count_logged('unfinished'), LINES_A_MINUTE)

    def test_clients_that_never_read(self):
        self.start()
        before = hostile.anonymous_kib(self.pid)
        crowd = self.crowd().join(100)
        for client in crowd.sockets:
            hold = 0
            while hold < 20:  # it may be about to read some more
                hold = 0 if hostile.send_until_full(client, SHORT * 100) else hold + 1
        self.assertOthersAreServed()
        self.assertLess(hostile.anonymous_kib(self.pid) - before, 100 * 128)
        self.assertIsIdle()

    def test_half_requests(self):
        self.start()
        before = hostile.anonymous_kib(self.pid)
        crowd = self.crowd().join(900, policy.request(A)[:-1])
        self.assertOthersAreServed()
        self.assertIsIdle()
        self.assertLess(hostile.anonymous_kib(self.pid) - before, 900 * 4)
        for client in crowd.sockets:
            client.settimeout(10)
            client.send(b'\n')
            self.assertEqual(client.recv(100), b'action=OK\n\n')

    def test_room_for_their_descriptors(self):
        """The kernel makes a full table larger while all of popgated waits, and who connects is refused meanwhile."""
        self.start(max_connections=40_000)
        self.assertGreater(hostile.descriptor_table(self.pid), min(40_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 1))

    def test_a_byte_now_and_then(self):
        """The time of a request runs from its first byte on: none of the later ones makes it younger."""
        self.start(max_connections=20)
        loris = self.crowd().join(20)
        late = self.connect()
        late.send(policy.request(A))
        began = time.monotonic()
        request = iter(BEGUN)
        while not _readable(late.socket, 0.1):
            byte = bytes([next(request)])
            for client in loris.sockets:
                try:
                    client.send(byte)
                except OSError:
                    pass
            self.assertLess(time.monotonic() - began, 20)
        self.assertEqual(late.read_action(), 'OK')
        self.assertEqual(loris.n_open(), 19)

    def test_who_asks_in_pieces_comes_second(self):
        """All have asked before one does who always asks as Postfix does: it is answered before most of them."""
        self.start()
        mine = self.connect()
        crowd = self.crowd().join(1000)
        for client in crowd.sockets:
            client.send(SHORT[:-1])
        wait_for(lambda: not any(_n_unread(client) for client in crowd.sockets), 'the first pieces to be read')
        self.assertEqual(mine.ask(policy.request(A)), 'OK')
        for client in crowd.sockets:
            client.send(SHORT[-1:])
        for client in crowd.sockets:
            client.settimeout(policy.TIMEOUT)
            self.assertEqual(client.recv(100), b'action=DUNNO\n\n')
        with self.stopped(), select.epoll() as answered:
            for client in crowd.sockets:
                client.send(SHORT)
            mine.send(policy.request(A))
            for client in (*crowd.sockets, mine.socket):
                answered.register(client, select.EPOLLIN | select.EPOLLET)
            self.popgated.program.send_signal(signal.SIGCONT)
            order = []
            wait_for(lambda: order.extend(fd for fd, _ in answered.poll(0)) or len(order) > 1000, 'all to be answered')
        self.assertLess(order.index(mine.socket.fileno()), 100)

    def test_thousands_in_a_row(self):
        """Each is answered, in order; who asks one meanwhile does not wait for all of them."""
        self.start()
        n_requests = 20_000
        flood = self.connect()
        replies = []
        reader = threading.Thread(target=lambda: replies.append(_read(flood.socket, len(b'action=DUNNO\n\n') * n_requests)))
        reader.start()
        writer = threading.Thread(target=flood.send, args=(SHORT * n_requests,))
        writer.start()
        self.assertOthersAreServed()
        writer.join()
        reader.join()
        self.assertEqual(replies, [b'action=DUNNO\n\n' * n_requests])

    def test_garbage_as_fast_as_it_goes(self):
        """100,000 connections with garbage: as many lines in the log as one may cause, and no more."""
        self.start()
        before = hostile.anonymous_kib(self.pid)
        for number in range(100_000):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(self.popgated.policy)
                client.send(b'\x1b]0;x\x07 garbage \xff\n\n')
            if number % 10_000 == 0:
                self.assertOthersAreServed()
        wait_for(lambda: status(self.popgated)['connections_failed'] == 100_000, 'all to be counted')
        self.assertLessEqual(len(self.popgated.log().splitlines()), 2 * LINES_A_MINUTE + 10)
        self.assertNotIn('\x1b', self.popgated.log())
        self.assertLess(hostile.anonymous_kib(self.pid) - before, 8192)


def _readable(client, seconds):
    client.settimeout(seconds)
    try:
        return bool(client.recv(1, socket.MSG_PEEK))
    except TimeoutError:
        return False
    finally:
        client.settimeout(policy.TIMEOUT)


def _n_unread(client):
    """How much of what was sent has not been read yet."""
    return int.from_bytes(fcntl.ioctl(client, termios.TIOCOUTQ, bytes(4)), sys.byteorder)


def _state(pid):
    with open(f'/proc/{pid}/stat', encoding='ascii') as stat:
        return stat.read().rpartition(')')[2].split()[0]


def _read(client, n_bytes):
    data = b''
    while len(data) < n_bytes and (chunk := client.recv(65536)):
        data += chunk
    return data


class Admins(ClientTest):
    """The control socket: everybody may connect."""

    def setUp(self):
        super().setUp()
        self.start()

    def test_a_thousand_silent_admins(self):
        """There is room for some; the idlest go for new ones."""
        crowd = self.crowd(self.popgated.control).join(900)
        wait_for(lambda: crowd.n_open() <= 64, 'those without room to be closed')
        wait_for(lambda: self.popgated.cli('status').status == popgate.DONE, 'an admin to be answered')
        self.assertOthersAreServed()

    @unittest.skipIf(os.geteuid() != 0, 'only root can become somebody else')
    def test_a_flood_of_strangers(self):
        """They keep no admin out, are told so if they ask, and are sent away if they do not."""
        self.assertEqual(hostile.as_nobody(self.be_a_stranger), 0)
        self.popgated.must('status')
        self.assertLess(hostile.anonymous_kib(self.pid), 64 * 1024)

    def be_a_stranger(self):
        silent = Crowd(self.popgated.control).join(16)
        for _ in range(5000):
            Crowd(self.popgated.control).join(1, b'[' * 10_000).leave()
        assert popgate.run('/bin/true').status == 0
        wait_for(lambda: silent.n_open() == 0, 'silent strangers to be sent away')
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.popgated.control)
            client.send(b'{"comm')
            assert b'may not use the control socket' in client.recv(1000)

    def test_who_never_reads(self):
        """A list that nobody reads is made only as far as it can be sent."""
        self.log.append(b''.join(loglines.iso(f'198.18.{n >> 8}.{n & 255}') for n in range(5000)))
        self.popgated.wait_for_verdict('OK', '198.18.19.135')
        before = hostile.anonymous_kib(self.pid)
        self.crowd(self.popgated.control).join(30, b'{"command": "list"}\n' * 100)
        self.assertIsIdle()
        self.assertLess(hostile.anonymous_kib(self.pid) - before, 8192)
        self.assertOthersAreServed()
        self.assertEqual(len(self.popgated.grants()), 5001)

    def test_requests_that_are_none(self):
        for data in (b'[' * 16_000 + b'\n', b'{"a":' * 3000 + b'\n', b'{"command":' + b'"x",' * 4000 + b'\n', b'x' * 40_000,
                     b'\0\n', b'{}\n', b'{"command": 7}\n', b'{"command": "list", "net": {"a": []}, "user": [1]}\n'):
            with self.subTest(data[:20]), socket.socket(socket.AF_UNIX) as client:
                client.settimeout(10)
                client.connect(self.popgated.control)
                client.send(data)
                with client.makefile('rb') as replies:
                    self.assertTrue(any(b'"exit"' in line for line in replies))
        self.assertOthersAreServed()

    def test_half_a_request(self):
        """The rest of it is waited for, in peace, and then it is answered."""
        crowd = self.crowd(self.popgated.control).join(40, b'{"command": ')
        self.popgated.must('status')
        self.assertIsIdle()
        self.assertEqual(crowd.n_open(), 40)
        for client in crowd.sockets:
            client.send(b'"status"}\n')
            client.settimeout(10)
            with client.makefile('rb') as replies:
                self.assertIn(b'"row"', replies.readline())


class Reporters(ClientTest):
    """popgate-login's socket: everybody may connect, too."""

    def setUp(self):
        super().setUp()
        self.popgated.configure({'login.listen': f'unix:{self.popgated.login}', 'login.reporters': '0'})
        self.start()

    def report(self, address):
        environment = dict(os.environ, USER='bob', IP=address)
        return popgate.subprocess.run([popgate.POPGATE_LOGIN, '-s', self.popgated.login, 'pop3', '/bin/true'], env=environment,
                                      timeout=10, check=False).returncode

    def test_silent_ones(self):
        """There is room for some, and a report comes through all the same."""
        crowd = self.crowd(self.popgated.login, socket.SOCK_SEQPACKET).join(900)
        wait_for(lambda: crowd.n_open() <= 256, 'the oldest to be closed')
        self.assertEqual(self.report(B), 0)
        self.popgated.wait_for_verdict('OK', B)
        wait_for(lambda: crowd.n_open() == 0, 'all silent ones to be closed')

    def test_garbage(self):
        """20,000 reports that are none: counted, and some of them logged."""
        for number in range(20_000):
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
                client.connect(self.popgated.login)
                client.send(b'\x1b[2J garbage \n' * (number % 9 + 1))
        wait_for(lambda: status(self.popgated)['reports']['refused'] == 20_000, 'all to be counted')
        self.assertLessEqual(len(self.popgated.log().splitlines()), 2 * LINES_A_MINUTE + 10)
        self.assertNotIn('\x1b', self.popgated.log())
        self.assertEqual(self.report(B), 0)
        self.popgated.wait_for_verdict('OK', B)

    @unittest.skipIf(os.geteuid() != 0, 'only root can become somebody else')
    def test_strangers(self):
        self.assertEqual(hostile.as_nobody(self.flood), 0)
        wait_for(lambda: status(self.popgated)['reports']['strangers'] == 20_000, 'all to be counted')
        self.assertLessEqual(len(self.popgated.log().splitlines()), 2 * LINES_A_MINUTE + 10)

    def flood(self):
        for _ in range(20_000):
            Crowd(self.popgated.login, socket.SOCK_SEQPACKET).join(1, b'x').leave()
