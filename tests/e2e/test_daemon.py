# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon as a process: its sockets, its signals, its exit status."""

import grp
import json
import os
import pwd
import signal
import socket
import stat
import time
import unittest

import hostile
import loglines
import policy
import workdir
from mailsite import DaemonTest
from popgate import POPGATED, run
from waiting import hold_for, wait_for

A, B = '192.0.2.1', '192.0.2.2'
OK, RUNTIME, USAGE = 0, 1, 2
FAILED = 3
REFUSALS = ('may not use the control socket', 'may only look')


def _stale_socket(path):
    """What a server that crashed leaves behind."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)


class Sockets(DaemonTest):

    def test_a_stale_socket_is_taken_over(self):
        _stale_socket(self.popgated.policy)
        _stale_socket(self.popgated.control)
        self.popgated.start()
        self.assertVerdict('DUNNO', A)
        self.popgated.must('status')

    def test_a_live_socket_is_refused(self):
        self.popgated.start()
        self.assertSecondFails(self.popgated.policy, {'control.listen': f'unix:{self.folder}/control2'})
        self.assertVerdict('DUNNO', A)

    def test_a_live_control_socket_is_refused(self):
        self.popgated.start()
        self.assertSecondFails(self.popgated.control, {'policy.listen': f'unix:{self.folder}/policy2'})
        self.popgated.must('status')

    def test_a_live_port_is_refused(self):
        port = workdir.free_port()
        self.popgated.configure({'policy.listen': f'inet:127.0.0.1:{port}'})
        self.popgated.policy = ('127.0.0.1', port)
        self.popgated.start()
        self.assertSecondFails(str(port), {'control.listen': f'unix:{self.folder}/control2'})

    def assertSecondFails(self, named, settings=None):
        """A second daemon does not start beside the first, and says what it is that is taken."""
        arguments = [f'{name}={value}' for name, value in
                     {'popgate.store': f'gdbm:{self.folder}/second.gdbm', **(settings or {})}.items()]
        result = run(POPGATED, '-c', self.popgated.conf, *(word for one in arguments for word in ('-o', one)))
        self.assertEqual(result.status, RUNTIME, result)
        self.assertIn(named, result.err)

    def test_a_file_in_the_way_is_left_alone(self):
        workdir.write(self.popgated.policy, 'precious')
        self.assertEqual(self.popgated.launch().wait(), RUNTIME)
        self.assertIn(self.popgated.policy, self.popgated.log())
        with open(self.popgated.policy, encoding='utf-8') as file:
            self.assertEqual(file.read(), 'precious')

    @unittest.skipIf(os.geteuid() != 0, 'only root can give a socket away')
    def test_owner_group_and_mode(self):
        self.popgated.configure({'policy.socket_owner': 'nobody', 'policy.socket_group': 'daemon', 'policy.socket_mode': '0620'})
        self.popgated.start()
        found = os.stat(self.popgated.policy)
        self.assertTrue(stat.S_ISSOCK(found.st_mode))
        self.assertEqual(stat.S_IMODE(found.st_mode), 0o620)
        self.assertEqual(found.st_uid, pwd.getpwnam('nobody').pw_uid)
        self.assertEqual(found.st_gid, grp.getgrnam('daemon').gr_gid)

    def test_mode_whatever_the_umask(self):
        self.addCleanup(os.umask, os.umask(0o077))
        self.popgated.launch()
        os.umask(0o022)
        wait_for(lambda: self.popgated.program.must_run() and policy.is_open(self.popgated.policy), 'popgated to serve')
        self.assertEqual(stat.S_IMODE(os.stat(self.popgated.policy).st_mode), 0o660)

    def test_an_owner_that_does_not_exist_is_a_warning(self):
        self.popgated.configure({'policy.socket_owner': 'nobody-of-this-name'})
        self.popgated.start()
        self.assertIn('nobody-of-this-name', self.popgated.log())

    def test_they_are_removed_at_the_end(self):
        self.popgated.start()
        self.assertEqual(self.popgated.stop(), OK)
        self.assertFalse(os.path.lexists(self.popgated.policy))
        self.assertFalse(os.path.lexists(self.popgated.control))

    def test_several_listeners(self):
        port = workdir.free_port()
        self.popgated.configure({
            'policy.listen': f'unix:{self.popgated.policy}, unix:{self.folder}/second, inet:127.0.0.1:{port}'})
        self.log.append(loglines.iso(A))
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', A)
        for endpoint in (f'{self.folder}/second', ('127.0.0.1', port)):
            with policy.Connection(endpoint) as connection:
                self.assertEqual(connection.ask(policy.request(A)), 'OK')

    def test_hundreds_of_connections(self):
        self.log.append(loglines.iso(A))
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', A)
        connections = [policy.Connection(self.popgated.policy) for _ in range(300)]
        for connection in connections:
            self.addCleanup(connection.socket.close)
            connection.send(policy.request(A))
        for connection in connections:
            self.assertEqual(connection.read_action(), 'OK')

    def test_more_connections_than_configured_wait(self):
        self.popgated.configure({'policy.max_connections': '2'})
        self.popgated.start()
        with policy.Connection(self.popgated.policy) as first, policy.Connection(self.popgated.policy) as second:
            self.assertEqual(first.ask(policy.request(A)), 'DUNNO')
            self.assertEqual(second.ask(policy.request(A)), 'DUNNO')
            third = policy.Connection(self.popgated.policy)
            self.addCleanup(third.socket.close)
            third.send(policy.request(A))
            self.assertTrue(third.is_silent())
        self.assertEqual(third.read_action(), 'DUNNO')

    @unittest.skipIf(os.geteuid() != 0, 'only root can become somebody else')
    def test_control_is_for_admins_only(self):
        self.popgated.start()
        self.assertEqual(self.ask_as_nobody('freeze', 'status'), [(FAILED, 'may not use the control socket'), None])
        self.assertVerdict('DUNNO', A)

    @unittest.skipIf(os.geteuid() != 0, 'only root can become somebody else')
    def test_readers_may_only_look(self):
        self.popgated.configure({'control.readers': 'nobody'})
        self.popgated.start()
        may_not = (FAILED, 'may only look')
        told = self.ask_as_nobody('status', 'freeze', 'stats', 'reload', 'list', 'allow', 'thaw', 'report')
        self.assertEqual(told, [(OK, ''), may_not, (OK, ''), may_not, (OK, ''), may_not, may_not, (OK, '')])
        self.assertVerdict('DUNNO', A)
        self.popgated.configure({'control.readers': ''})
        self.popgated.must('reload')
        self.assertEqual(self.ask_as_nobody('status'), [(FAILED, 'may not use the control socket')])

    @unittest.skipIf(os.geteuid() != 0, 'only root can become somebody else')
    def test_who_is_no_admin_any_more_may_nothing_on_an_old_connection(self):
        self.popgated.configure({'control.admins': 'root, nobody'})
        self.popgated.start()
        os.chmod(self.popgated.control, 0o666)
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            os.seteuid(pwd.getpwnam('nobody').pw_uid)
            try:
                client.connect(self.popgated.control)
            finally:
                os.seteuid(0)
            client.sendall(b'{"command":"status"}\n')
            self.assertIn(b'{', client.recv(65536))
            self.popgated.configure({'control.admins': 'root'})
            self.popgated.must('reload')
            try:
                client.sendall(b'{"command":"allow","target":"0.0.0.0/0"}\n')
                while client.recv(65536):
                    pass
            except OSError:
                pass  # it was closed before
        self.assertVerdict('DUNNO', A)
        self.assertEqual(self.popgated.cli('--json', 'status').objects()[0]['notes'], [])

    def ask_as_nobody(self, *commands):
        """How each ends for user nobody, who may not be able to run popgate itself: (exit, the known part of the error), or
        None if it is not answered any more."""
        os.chmod(self.popgated.control, 0o666)
        reader, writer = os.pipe()
        self.assertEqual(hostile.as_nobody(lambda: os.write(writer, json.dumps(self._ask_all(commands)).encode())), 0)
        os.close(writer)
        with open(reader, encoding='utf-8') as told:
            ends = json.load(told)
        return [end and (end['exit'], next((known for known in REFUSALS if known in end.get('error', '')), '')) for end in ends]

    def _ask_all(self, commands):
        with socket.socket(socket.AF_UNIX) as client, client.makefile('rb') as answers:
            client.connect(self.popgated.control)
            return [self._ask(client, answers, command) for command in commands]

    @staticmethod
    def _ask(client, answers, command):
        try:
            client.sendall(json.dumps({'command': command}).encode() + b'\n')
            for line in answers:
                message = json.loads(line)
                if 'exit' in message:
                    return message
        except OSError:
            pass
        return None


class Signals(DaemonTest):

    def test_sigterm_ends_it_within_a_second(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                self.popgated.start()
                with policy.Connection(self.popgated.policy) as idle, policy.Connection(self.popgated.policy) as half:
                    self.assertEqual(idle.ask(policy.request(A)), 'DUNNO')
                    half.send(policy.request(A)[:-1])
                    began = time.monotonic()
                    self.assertEqual(self.popgated.program.stop(number), OK)
                    self.assertLess(time.monotonic() - began, 1.0)
                    self.assertEqual(idle.read_to_end(), b'')
                    self.assertEqual(half.read_to_end(), b'')

    def test_sigterm_waits_for_a_request_on_its_way(self):
        """Postfix would ask again only after a second."""
        self.popgated.start()
        request = policy.request(A)
        with policy.Connection(self.popgated.policy) as new, policy.Connection(self.popgated.policy) as begun:
            begun.send(request[:20])
            self.popgated.program.send_signal(signal.SIGTERM)
            began = time.monotonic()
            hold_for(lambda: not self.popgated.program.exited(), 'popgated to wait for who is to ask', 0.1)
            for piece in (request[:50], request[50:]):
                new.send(piece)
            self.assertEqual(new.read_action(), 'DUNNO')
            begun.send(request[20:])
            self.assertEqual(begun.read_action(), 'DUNNO')
            self.assertEqual(self.popgated.program.wait(), OK)
            self.assertLess(time.monotonic() - began, 1.0)

    def test_sigterm_answers_what_it_holds(self):
        self.popgated.start()
        with policy.Connection(self.popgated.policy) as connection:
            connection.send(policy.request(A) * 20)
            self.assertEqual(self.popgated.stop(), OK)
            self.assertEqual(connection.read_to_end(), b'action=DUNNO\n\n' * 20)

    def test_sighup_takes_the_new_configuration(self):
        self.log.append(loglines.iso(A, when=time.time() - 60))
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', A)
        with policy.Connection(self.popgated.policy) as connection:
            self.popgated.configure({'popgate.window': '30s'})
            self.popgated.hang_up()
            self.popgated.wait_for_verdict('DUNNO', A)
            self.popgated.configure({'popgate.window': '30m'})
            self.popgated.hang_up()
            self.popgated.wait_for_verdict('OK', A)
            self.assertEqual(connection.ask(policy.request(A)), 'OK')

    def test_sighup_with_a_bad_file_keeps_the_old_one(self):
        self.log.append(loglines.iso(A))
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', A)
        self.popgated.configure({'popgate.window': '8d', 'log.never_grant': '192.0.2.0/24'})
        self.popgated.hang_up()
        wait_for(lambda: '8d' in self.popgated.log(), 'the bad value to be logged')
        self.assertVerdict('OK', A)
        self.log.append(loglines.iso(B))
        self.popgated.wait_for_verdict('OK', B)

    def test_sighup_with_a_source_that_cannot_be_keeps_the_old_file(self):
        """All of it: what is wrong is seen only when the source is made."""
        self.log.append(loglines.iso(A, when=time.time() - 60))
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', A)
        self.popgated.configure({'popgate.window': '30s', 'log.source': 'journal:dovecot.service,uid=nobody-of-this-name'})
        self.popgated.hang_up()
        wait_for(lambda: 'is kept as it was' in self.popgated.log(), 'the bad source to be logged')
        self.assertVerdict('OK', A)
        self.log.append(loglines.iso(B))
        self.popgated.wait_for_verdict('OK', B)

    def test_standard_descriptors_that_are_closed(self):
        """What is opened next must not take their place: lines of the log would be written into it."""
        for number in range(3):
            self.popgated.wrapper = ['sh', '-c', f'exec "$0" "$@" {number}>&-']
            self.popgated.start()
            self.assertEqual(os.readlink(f'/proc/{self.popgated.program.pid}/fd/{number}'), '/dev/null')
            self.popgated.end()

    def test_signals_right_at_the_start(self):
        """From the moment at which the socket is there."""
        for number in (signal.SIGHUP, signal.SIGTERM) * 10:
            program = self.popgated.launch()
            wait_for(lambda: os.path.lexists(self.popgated.policy), 'the policy socket', interval=0.0005)
            program.send_signal(number)
            self.assertEqual(program.stop(), OK, number.name)

    def test_signals_while_the_configuration_is_read(self):
        """It has one thread then, so that its table of descriptors can be made large at once; signals wait."""
        with open(self.popgated.conf, 'rb') as file:
            settings = file.read()
        for number in (signal.SIGHUP, signal.SIGTERM):
            os.unlink(self.popgated.conf)
            os.mkfifo(self.popgated.conf)
            program = self.popgated.launch()
            with open(self.popgated.conf, 'wb') as fifo:
                self.assertEqual(hostile.n_threads(program.pid), 1)
                program.send_signal(number)
                os.unlink(self.popgated.conf)
                self.popgated.configure({})
                fifo.write(settings)
            if number == signal.SIGHUP:
                wait_for(lambda: 'configuration reloaded' in self.popgated.log(), 'the reload')
            self.assertEqual(program.stop() if number == signal.SIGHUP else program.wait(), OK, number.name)

    def test_sighup_and_a_new_source(self):
        self.popgated.start()
        other = loglines.LogFile(f'{self.folder}/other.log')
        other.append(loglines.iso(B))
        self.popgated.configure({'log.source': f'file:{other.path}'})
        self.popgated.hang_up()
        self.popgated.wait_for_verdict('OK', B)

    def test_it_says_when_it_is_ready(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
            notified.bind(f'{self.folder}/notify')
            notified.settimeout(10)
            os.environ['NOTIFY_SOCKET'] = f'{self.folder}/notify'
            self.addCleanup(os.environ.pop, 'NOTIFY_SOCKET', None)
            self.popgated.launch()
            said = b''
            while b'READY=1' not in said:
                said += notified.recv(4096) + b'\n'
            self.assertVerdict('DUNNO', A)
            self.popgated.must('status')


class CommandLine(DaemonTest):

    def run_daemon(self, *arguments):
        return run(POPGATED, '-c', self.popgated.conf, *arguments)

    def test_check_config(self):
        result = self.run_daemon('--check-config')
        self.assertEqual(result.status, OK, result)
        self.assertEqual(sorted(os.listdir(self.folder)), ['mail.log', 'popgate.conf'])

    def test_bad_values_are_named(self):
        for setting, named in (('popgate.window=0s', 'window'), ('popgate.window=8d', 'window'), ('popgate.window=30', 'window'),
                               ('popgate.colour=red', 'colour'), ('paint.colour=red', 'paint'), ('popgate.store=x', 'store'),
                               ('policy.socket_mode=999', 'socket_mode'), ('policy.max_connections=0', 'max_connections'),
                               ('log.ipv6_prefix=129', 'ipv6_prefix'), ('log.never_grant=192.0.2.1/24', 'never_grant'),
                               ('log.services=smtp', 'services'), ('policy.listen=private/popgate', 'listen'), ('junk', 'junk')):
            for arguments in (['--check-config'], []):
                with self.subTest(setting, arguments=arguments):
                    result = self.run_daemon('-o', setting, *arguments)
                    self.assertEqual(result.status, USAGE, result)
                    self.assertIn(named, result.err)
                    self.assertEqual(sorted(os.listdir(self.folder)), ['mail.log', 'popgate.conf'])

    def test_a_bad_file_is_named(self):
        workdir.write(self.popgated.conf, '[popgate]\nwindow 30m\n')
        result = self.run_daemon('--check-config')
        self.assertEqual(result.status, USAGE, result)
        self.assertIn(self.popgated.conf, result.err)

    def test_an_absent_file_is_an_error_when_it_was_asked_for(self):
        result = run(POPGATED, '-c', f'{self.folder}/absent.conf', '--check-config')
        self.assertEqual(result.status, USAGE, result)
        self.assertIn('absent.conf', result.err)

    def test_overrides(self):
        self.log.append(loglines.iso(A, when=time.time() - 60))
        self.popgated.launch('-o', 'popgate.window=30s')
        wait_for(lambda: policy.is_open(self.popgated.policy) and policy.is_open(self.popgated.control), 'popgated to serve')
        self.log.append(loglines.iso(B))
        self.popgated.wait_for_verdict('OK', B)
        self.assertVerdict('DUNNO', A)

    def test_help_config_is_a_configuration(self):
        result = run(POPGATED, '--help-config')
        self.assertEqual(result.status, OK, result)
        workdir.write(self.popgated.conf, result.out)
        checked = self.run_daemon('--check-config')
        self.assertEqual(checked.status, OK, checked)

    def test_help_and_version(self):
        self.assertEqual(run(POPGATED, '--help').status, OK)
        self.assertRegex(run(POPGATED, '--version').out, r'popgated?.* \d+\.\d+')
        self.assertEqual(run(POPGATED, '--no-such-option').status, USAGE)
