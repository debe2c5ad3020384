# SPDX-License-Identifier: GPL-3.0-or-later
"""Under a service manager: sockets that are passed, restarts that nobody notices, and what popgated tells of itself."""

import os
import shutil
import signal
import socket
import subprocess
import time
import unittest

import loglines
import policy
import workdir
from mail import FOREIGN, SENDER
from mailsite import DaemonTest, SiteTest
from manager import Listener, Sockets
from popgate import POPGATE_LOGIN, POPGATED
from processes import Program
from waiting import hold_for, wait_for

A, B = '192.0.2.1', '192.0.2.2'
OK, RUNTIME, USAGE = 0, 1, 2

SOCKET_ACTIVATE = shutil.which('systemd-socket-activate')
SMTP_SOURCE = '/usr/sbin/smtp-source'


class SocketTest(DaemonTest):

    def setUp(self):
        super().setUp()
        self.sockets = Sockets()
        self.addCleanup(self.sockets.close)

    def hold_all(self):
        """All three kinds, where the configuration has nothing, and files in the way of what it has."""
        self.sockets.hold_unix('policy', f'{self.folder}/held-policy')
        self.sockets.hold_unix('control', f'{self.folder}/held-control')
        self.sockets.hold_unix('login', f'{self.folder}/held-login', socket.SOCK_SEQPACKET)
        self.popgated.configure({name: f'unix:{workdir.write(path, "in the way")}' for name, path in
                                 (('policy.listen', self.popgated.policy), ('control.listen', self.popgated.control),
                                  ('login.listen', self.popgated.login))} | {'login.reporters': 'nobody'})
        self.popgated.policy = f'{self.folder}/held-policy'
        self.popgated.control = f'{self.folder}/held-control'
        self.popgated.login = f'{self.folder}/held-login'
        self.sockets.pass_to(self.popgated)

    def report(self, address):
        subprocess.run([POPGATE_LOGIN, '-s', self.popgated.login, 'pop3', '/bin/true'], check=True, timeout=10,
                       env={'USER': 'bob', 'IP': address})

    def ask_control(self, *arguments):
        return self.popgated.cli('--socket', self.popgated.control, *arguments)


class Passed(SocketTest):

    def test_they_win_and_are_never_removed(self):
        self.hold_all()
        before = {path: os.stat(path).st_ino for path in (self.popgated.policy, self.popgated.control, self.popgated.login)}
        for _ in range(2):
            self.popgated.start()
            self.report(A)
            self.popgated.wait_for_verdict('OK', A)
            self.assertEqual(self.ask_control('check', A).status, 0)
            self.assertEqual(self.popgated.stop(), OK)
        self.assertEqual({path: os.stat(path).st_ino for path in before}, before)
        for name in ('policy', 'control', 'login'):
            with open(f'{self.folder}/{name}', encoding='utf-8') as file:
                self.assertEqual(file.read(), 'in the way')

    def test_kinds_that_are_not_passed_are_made(self):
        self.sockets.hold_unix('policy', f'{self.folder}/held')
        self.sockets.pass_to(self.popgated)
        self.popgated.policy = f'{self.folder}/held'
        self.popgated.start()
        self.popgated.wait_for_verdict('DUNNO', A)  # before, the others may not be made yet
        self.popgated.must('status')
        self.assertFalse(os.path.lexists(f'{self.folder}/policy'))
        self.popgated.stop()
        self.assertFalse(os.path.lexists(self.popgated.control))
        self.assertTrue(os.path.lexists(self.popgated.policy))

    def test_several_of_a_kind(self):
        port = self.sockets.hold_inet('policy')
        self.sockets.hold_unix('policy', f'{self.folder}/held')
        self.sockets.pass_to(self.popgated)
        self.popgated.configure({'policy.listen': f'unix:{self.folder}/held, inet:127.0.0.1:{port}, inet:[::1]:{port}'})
        self.popgated.policy = f'{self.folder}/held'
        self.popgated.start()
        self.popgated.wait_for_verdict('DUNNO', A)  # before, a socket that was passed is open, and nothing need be said
        unused = [line for line in self.popgated.log().splitlines() if 'is not made' in line]
        self.assertEqual(len(unused), 1)
        self.assertIn(f'inet:[::1]:{port}', unused[0])
        self.popgated.policy = ('127.0.0.1', port)
        self.assertVerdict('DUNNO', A)

    def test_what_is_no_such_socket_is_refused(self):
        rows = (('nonsense', socket.SOCK_STREAM, True, 'FileDescriptorName=', USAGE),
                ('policy.socket', socket.SOCK_STREAM, True, 'FileDescriptorName=', USAGE),
                ('policy', socket.SOCK_STREAM, False, 'ListenStream=', RUNTIME),
                ('policy', socket.SOCK_SEQPACKET, True, 'ListenStream=', RUNTIME),
                ('policy', socket.SOCK_DGRAM, False, 'ListenStream=', RUNTIME),
                ('control', socket.SOCK_SEQPACKET, True, 'ListenStream=', RUNTIME),
                ('login', socket.SOCK_STREAM, True, 'ListenSequentialPacket=', RUNTIME))
        for number, (name, kind, listens, named, status) in enumerate(rows):
            with self.subTest(name, kind=kind, listens=listens):
                sockets = Sockets()
                self.addCleanup(sockets.close)
                sockets.hold_unix(name, f'{self.folder}/row{number}', kind, listens=listens)
                self.assertRefused(sockets, named, status)

    def test_control_over_tcp_is_refused(self):
        """It knows who asks by the user id, which only a unix socket tells."""
        self.sockets.hold_inet('control')
        self.assertRefused(self.sockets, 'ListenStream=', RUNTIME)

    def assertRefused(self, sockets, named, status):
        sockets.pass_to(self.popgated)
        self.assertEqual(self.popgated.launch().wait(), status)
        self.assertIn(named, self.popgated.log())
        self.assertFalse(os.path.lexists(self.popgated.store))


class Between(SocketTest):
    """One popgated has ended, the next has not begun: who comes meanwhile waits."""

    def setUp(self):
        super().setUp()
        self.hold_all()
        self.popgated.start()
        self.report(A)
        self.popgated.wait_for_verdict('OK', A)

    def check(self):
        with policy.Connection(self.popgated.policy) as asking:
            asking.send(policy.request(A))
            self.report(B)
            self.assertTrue(asking.is_silent())
            self.popgated.start()
            self.assertEqual(asking.read_action(), 'OK')
        self.popgated.wait_for_verdict('OK', B)

    def test_after_an_end(self):
        self.assertEqual(self.popgated.stop(), OK)
        self.check()

    def test_while_it_ends(self):
        """It waits for who is to ask; who comes then is a matter of the next one."""
        with policy.Connection(self.popgated.policy) as old:
            wait_for(lambda: policy.is_open(self.popgated.policy), 'the one before to be let in')
            self.popgated.program.send_signal(signal.SIGTERM)
            hold_for(lambda: not self.popgated.program.exited(), 'popgated to wait for who is to ask', 0.1)
            with policy.Connection(self.popgated.policy) as young:
                young.send(policy.request(A))
                self.assertEqual(old.ask(policy.request(A)), 'OK')
                self.assertEqual(self.popgated.program.wait(), OK)
                self.popgated.start()
                self.assertEqual(young.read_action(), 'OK')

    def test_after_a_crash(self):
        self.must('allow', '198.51.100.1')  # waits until all is on the disk
        self.popgated.kill()
        self.check()

    def must(self, *arguments):
        result = self.ask_control(*arguments)
        self.assertEqual(result.status, OK, result)


@unittest.skipUnless(SOCKET_ACTIVATE, 'systemd-socket-activate is not installed')
class RealActivation(SocketTest):
    """systemd-socket-activate listens, and becomes popgated when the first client comes."""

    def test_it(self):
        self.log.append(loglines.iso(A))
        self.popgated.configure({'policy.listen': f'unix:{self.folder}/other', 'control.listen': f'unix:{self.folder}/other2'})
        self.popgated.wrapper = [SOCKET_ACTIVATE, '-E', 'G_DEBUG', '-l', self.popgated.policy, '-l', self.popgated.control,
                                 '--fdname=policy:control']
        for _ in range(2):
            self.popgated.launch()
            wait_for(lambda: os.path.exists(self.popgated.control), 'systemd-socket-activate to listen')
            self.popgated.wait_for_verdict('OK', A)
            self.assertEqual(self.ask_control('check', A).status, 0)
            self.assertEqual(self.popgated.stop(), OK)
            self.assertTrue(os.path.exists(self.popgated.policy))
            for path in (self.popgated.policy, self.popgated.control):
                os.unlink(path)  # or systemd-socket-activate can't begin anew
        self.assertFalse(os.path.lexists(f'{self.folder}/other'))


class UnderLoad(SiteTest):
    """Goal: popgated goes and comes again and again while mails flow, and no client notices."""

    MAILS, SESSIONS, MIN_RESTARTS = 800, 40, 5

    # Postfix asks twice, a second apart: who goes away twice within that time, in the middle of a request, is told of.
    PACE_S = 2.2

    # But a popgated that ends in order goes in the middle of none, and its sockets stay.
    CLOSE_PACE_S = 1.0

    def check(self, restart, pace_s=PACE_S):
        """Send mails, and do `restart` now and then, whenever some more have gone."""
        self.site.let_in('127.0.0.1')
        before = self.n_sent()
        load = self.send_mails()
        restarts = 0
        while not load.exited():
            taken, began = self.n_taken(), time.monotonic()
            wait_for(lambda: load.exited() or (self.n_taken() > taken + 10 and time.monotonic() - began > pace_s),
                     'mails to flow', interval=0.05)
            if not load.exited():
                restart()
                restarts += 1
        self.assertEqual(load.wait(), 0, 'smtp-source was told no, or lost a connection')
        self.assertGreaterEqual(restarts, self.MIN_RESTARTS)
        wait_for(lambda: self.n_sent() - before == self.MAILS, 'all mails to arrive', 60, 0.1)
        self.assertNothingWasNoticed()
        print(f'        {self.MAILS} mails, {restarts} times: 0 deferred, 0 connections lost', flush=True)

    def send_mails(self):
        """Many sessions at once, each of which sends one mail after the other, with a pause of up to a second."""
        argv = [SMTP_SOURCE, '-d', '-R', '1', '-s', str(self.SESSIONS), '-m', str(self.MAILS), '-f', SENDER, '-t', FOREIGN,
                f'127.0.0.1:{self.site.postfix.port()}']
        return Program('smtp-source', argv, f'{self.site.folder}/smtp-source.log').start()

    def n_taken(self):
        return self.site.postfix.log().count('/cleanup[')

    def n_sent(self):
        return self.site.postfix.log().count('status=sent')

    def assertNothingWasNoticed(self):
        log = self.site.postfix.log()
        for words in ('status=deferred', 'NOQUEUE', 'lost connection after (?!CONNECT)', 'timeout', 'problem talking to server'):
            self.assertNotRegex(log, words)

    def restart(self):
        """As a service manager does it."""
        self.assertEqual(self.site.popgated.stop(), OK)
        self.start()

    def crash(self):
        self.site.popgated.kill()
        self.start()

    def start(self):
        """Until it answers: sockets that are held are there before it is, and who is ended before it can be is killed."""
        self.site.popgated.start().verdict('127.0.0.1')


class PassedUnderLoad(UnderLoad):
    """With sockets that the service manager holds."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        popgated = cls.site.popgated
        popgated.stop()
        sockets = Sockets()
        cls.addClassCleanup(sockets.close)
        sockets.hold_unix('policy', popgated.policy, mode=0o660, owner='postfix')
        sockets.hold_unix('control', popgated.control)
        sockets.pass_to(popgated)
        popgated.start()

    def test_restarts(self):
        self.check(self.restart, self.CLOSE_PACE_S)

    def test_crashes(self):
        self.check(self.crash)


class OwnUnderLoad(UnderLoad):
    """With sockets of its own, which are absent for a moment: Postfix tries again after a second."""

    def test_restarts(self):
        self.check(self.restart)


class ToldTest(DaemonTest):

    def setUp(self):
        super().setUp()
        self.manager = Listener(self.folder)
        self.addCleanup(self.manager.close)

    def start(self, **environment):
        self.manager.listen_to(self.popgated, **environment)
        self.popgated.start()
        self.manager.wait_for('READY=1')


class Told(ToldTest):
    """What the service manager hears."""

    def test_life(self):
        self.start()
        self.assertEqual([message for message in self.manager.read() if not message.startswith('STATUS=')], ['READY=1'])
        self.assertEqual(self.popgated.stop(), OK)
        self.assertEqual(self.manager.read()[-1], 'STOPPING=1')

    def test_ready_means_that_it_answers(self):
        self.manager.listen_to(self.popgated)
        self.popgated.launch()
        self.manager.wait_for('READY=1')
        self.assertIn(self.popgated.ask(A).split()[0], ('DUNNO', 'DEFER_IF_REJECT'))

    def test_reload(self):
        self.start()
        for reload in (self.popgated.hang_up, lambda: self.popgated.must('reload')):
            self.manager.forget()
            before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
            reload()
            self.manager.wait_for('READY=1')
            told = self.manager.told('RELOADING=1')[-1]
            self.assertRegex(told, r'^RELOADING=1\nMONOTONIC_USEC=[0-9]+$')
            moment = int(told.rpartition('=')[2])
            self.assertTrue(before <= moment <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000, moment)
            order = [self.manager.messages.index(message) for message in (told, 'READY=1')]
            self.assertEqual(order, sorted(order))

    def test_a_manager_that_does_not_listen_holds_nobody_up(self):
        self.manager.listen_to(self.popgated, WATCHDOG_USEC='2000')
        self.popgated.launch()
        wait_for(lambda: policy.is_open(self.popgated.policy), 'popgated to serve')
        began = time.monotonic()
        while time.monotonic() - began < 1.5:  # more words than any queue holds
            self.assertIn(self.popgated.ask(A).split()[0], ('DUNNO', 'DEFER_IF_REJECT'))
        self.popgated.must('reload')
        self.assertEqual([message for message in self.manager.read() if message != 'WATCHDOG=1'][-1], 'READY=1')
        self.manager.wait_for('READY=1', 2)
        self.assertIn('RELOADING', ''.join(self.manager.messages))

    def test_a_name_that_is_no_file(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(f'\0popgate-test-{os.getpid()}')
            manager.settimeout(10)
            self.popgated.environment['NOTIFY_SOCKET'] = f'@popgate-test-{os.getpid()}'
            self.popgated.start()
            told = []
            while 'READY=1' not in told:
                told.append(manager.recv(4096).decode())

    def test_a_reload_that_fails_is_none(self):
        self.start()
        self.manager.forget()
        self.popgated.configure({'popgate.window': '8d'})
        self.popgated.hang_up()
        wait_for(lambda: '8d' in self.popgated.log(), 'the bad value to be logged')
        self.assertEqual(self.manager.told('RELOADING') + self.manager.told('READY'), [])

    def test_status_in_a_line(self):
        self.log.append(loglines.iso(A))
        self.start()
        self.manager.wait_for('STATUS=1 grants; 1 of 1 logs read to the end')
        self.popgated.configure({'log.source': f'file:{self.folder}/absent.log'})
        self.popgated.hang_up()
        self.assertIn('absent.log', self.manager.wait_for('STATUS=1 grants; 0 of 1 logs read to the end; deferring: '))
        for status in self.manager.told('STATUS='):
            self.assertNotIn('\n', status)

    def test_status_of_a_database_that_fails(self):
        self.popgated.configure({'popgate.store': f'gdbm:{self.folder}/absent/popgate/popgate.gdbm'})
        self.start()
        self.assertIn('absent', self.manager.wait_for('STATUS=Deferring: '))


class Watchdog(ToldTest):
    """It hears of a popgated that stands still by hearing nothing."""

    def test_it_is_told_twice_in_its_time(self):
        self.start(WATCHDOG_USEC='400000')
        self.manager.wait_for('WATCHDOG=1')
        began, count = time.monotonic(), len(self.manager.told('WATCHDOG=1'))
        self.manager.wait_for('WATCHDOG=1', count + 5)
        self.assertTrue(0.6 < time.monotonic() - began < 1.9, time.monotonic() - began)

    def test_not_of_a_loop_that_stands_still(self):
        self.start(WATCHDOG_USEC='200000')
        self.manager.wait_for('WATCHDOG=1')
        self.popgated.program.send_signal(signal.SIGSTOP)
        try:
            wait_for(lambda: _state(self.popgated.program.pid) == 'T', 'popgated to stand still')
            count = len(self.manager.told('WATCHDOG=1'))
            hold_for(lambda: len(self.manager.told('WATCHDOG=1')) == count, 'no word from it', 1.0)
        finally:
            self.popgated.program.send_signal(signal.SIGCONT)
        self.manager.wait_for('WATCHDOG=1', count + 1)

    def test_not_if_another_process_is_watched(self):
        self.start(WATCHDOG_USEC='200000', WATCHDOG_PID='1')
        hold_for(lambda: not self.manager.told('WATCHDOG=1'), 'no word for the watchdog', 0.5)

    def test_not_if_nobody_asks(self):
        self.start()
        hold_for(lambda: not self.manager.told('WATCHDOG=1'), 'no word for the watchdog', 0.5)


def _state(pid):
    """The letter for what a process does: T if it was stopped."""
    with open(f'/proc/{pid}/stat', encoding='ascii', errors='replace') as file:
        return file.read().rpartition(')')[2].split()[0]
