# SPDX-License-Identifier: GPL-3.0-or-later
"""popgate exporter: what it tells over HTTP, to whom, and what those who mean no good can make of it."""

import os
import pwd
import signal
import socket
import sys
import time
import unittest

import confine
import exporter
import exposition
import hostile
import loglines
import workdir
from exporter import Exporter
from mailsite import DaemonTest
from manager import Sockets
from popgate import FAILED, POPGATE, USAGE, run
from waiting import wait_for

A, STRANGER = '192.0.2.1', '192.0.2.9'
HERE = os.path.dirname(os.path.abspath(__file__))
UNIT = os.path.join(HERE, '..', '..', 'systemd', 'popgate-exporter.service.in')

CONNECTIONS_EACH_MAX = 32
SILENCE_S, WHOLE_S = 5, 15
FRESH_S = 1


@unittest.skipIf(exporter.lacking(), exporter.lacking())
class ExporterTest(DaemonTest):

    def setUp(self):
        super().setUp()
        self.exporter = Exporter(self.folder, self.popgated.control)
        self.addCleanup(self.exporter.stop)

    def start(self):
        self.popgated.start()
        self.log.append(loglines.iso(A))
        self.popgated.wait_for_verdict('OK', A)
        self.exporter.start()

    def scrape(self):
        status, headers, text = self.exporter.ask('/metrics')
        self.assertEqual((status, headers['Content-Type']), (200, 'text/plain; version=0.0.4; charset=utf-8'))
        return exposition.Metrics(text)

    def health(self):
        status, _, text = self.exporter.ask('/healthz')
        return status, text


class Answers(ExporterTest):

    def test_metrics_are_those_of_stats(self):
        self.start()
        scraped = self.scrape()
        shown = exposition.Metrics(self.popgated.must('stats', '--prometheus'))
        self.assertEqual(scraped.names(), shown.names())
        self.assertEqual(scraped.types, shown.types)
        for name in ('popgate_grants', 'popgate_start_time_seconds', 'popgate_build_info', 'popgate_lines_total'):
            self.assertEqual(scraped.of(name), shown.of(name))
        self.assertEqual(scraped.value('popgate_up'), 1)

    def test_they_are_never_old(self):
        self.start()
        before = self.scrape().total('popgate_requests_total')
        self.popgated.ask(STRANGER)
        wait_for(lambda: self.scrape().total('popgate_requests_total') > before, 'the request to be seen', FRESH_S + 5)

    def test_health(self):
        self.start()
        self.assertEqual(self.health(), (200, 'ok\n'))

    def test_popgated_is_down_and_comes_back(self):
        self.exporter.start()
        status, why = self.health()
        self.assertEqual(status, 503)
        self.assertIn(self.popgated.control, why)
        metrics = self.scrape()
        self.assertEqual((metrics.names(), metrics.value('popgate_up')), ({'popgate_up'}, 0))
        self.popgated.start()
        wait_for(lambda: self.health() == (200, 'ok\n'), 'it to be well again')
        self.assertEqual(self.scrape().value('popgate_up'), 1)
        self.popgated.stop()
        wait_for(lambda: self.health()[0] == 503, 'the end to be seen')
        wait_for(lambda: self.exporter.log().count('cannot reach') == 2, 'each trouble to be told once')
        self.assertEqual(self.exporter.log().count('well again'), 1)

    def test_the_database_cannot_be_used(self):
        workdir.write(f'{self.folder}/none', '')
        self.popgated.configure({'popgate.store': f'gdbm:{self.folder}/none/popgate.gdbm'})
        self.popgated.start()
        self.exporter.start()
        wait_for(lambda: f'{self.folder}/none/popgate.gdbm' in self.health()[1], 'the trouble to be named')
        self.assertEqual(self.health()[0], 503)
        self.assertEqual(self.scrape().value('popgate_fault', fault='store'), 1)

    def test_popgated_hangs(self):
        self.start()
        self.popgated.program.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            self.assertEqual(self.health()[0], 503)
            self.assertLess(time.monotonic() - began, 8)
        finally:
            self.popgated.program.send_signal(signal.SIGCONT)

    @unittest.skipIf(os.geteuid() != 0, 'only root can become somebody else')
    def test_a_reader_is_enough(self):
        nobody = pwd.getpwnam('nobody')
        self.exporter.wrapper = ['setpriv', f'--reuid={nobody.pw_uid}', f'--regid={nobody.pw_gid}', '--clear-groups']
        self.start()
        os.chmod(self.popgated.control, 0o666)
        self.assertIn('may not use the control socket', self.health()[1])
        self.popgated.configure({'control.readers': 'nobody'})
        self.popgated.must('reload')
        wait_for(lambda: self.health() == (200, 'ok\n'), 'the reader to be answered')


class Usage(ExporterTest):

    def test_where(self):
        for where in ('127.0.0.1', 'localhost:9740', '::1:9740', '[::1]', ':9740', '127.0.0.1:0', '127.0.0.1:70000', ''):
            result = run(POPGATE, '--socket', '/none', 'exporter', '--listen', where)
            self.assertEqual(result.status, USAGE, (where, result))

    def test_a_place_that_is_taken(self):
        with socket.create_server(('127.0.0.1', self.exporter.port)):
            result = run(POPGATE, '--socket', '/none', 'exporter', '--listen', f'127.0.0.1:{self.exporter.port}')
        self.assertEqual(result.status, FAILED, result)
        self.assertIn(str(self.exporter.port), result.err)

    def test_ends_in_order(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            self.exporter.start()
            with socket.create_connection(('127.0.0.1', self.exporter.port)):
                self.assertEqual(self.exporter.stop(number), 0)


class BadRequests(ExporterTest):

    def setUp(self):
        super().setUp()
        self.start()

    def connect(self, data=b''):
        client = socket.create_connection(('127.0.0.1', self.exporter.port), timeout=10)
        self.addCleanup(client.close)
        client.sendall(data)
        return client

    def first_line(self, data):
        """What is answered to these bytes; '' if it is only closed."""
        try:
            return self.connect(data).makefile('rb').readline().decode().strip()
        except ConnectionError:
            return ''

    def assertWell(self):
        self.assertEqual(self.scrape().value('popgate_up'), 1)

    def test_other_methods_and_paths(self):
        for method in ('POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'BREW'):
            status, headers, _ = self.exporter.ask('/metrics', method, 'x' * 100 if method == 'POST' else None)
            self.assertEqual((status, headers['Allow']), (405, 'GET, HEAD'), method)
        for path in ('/metrics/', '/metric', '/healthz/x', '//metrics', '/../etc/passwd', '/%2e%2e/etc/passwd', '/METRICS'):
            self.assertEqual(self.exporter.ask(path)[0], 404, path)
        status, headers, text = self.exporter.ask('/metrics', 'HEAD')
        self.assertEqual((status, text), (200, ''))
        self.assertGreater(int(headers['Content-Length']), 1000)
        self.assertEqual(self.exporter.ask('/metrics?a=b')[0], 200)
        self.assertWell()

    def test_what_is_no_request(self):
        for data in (b'\0' * 3000, b'GET\r\n\r\n', b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n', b'GET /metrics HTTP/9.9\r\n\r\n',
                     b'GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n'):
            self.assertNotIn(' 200 ', self.first_line(data), data[:40])
        self.assertWell()

    def test_long_requests(self):
        for data in (b'GET /' + b'a' * 100_000 + b' HTTP/1.1\r\n\r\n', b'GET /metrics HTTP/1.1\r\n' + b'x: y\r\n' * 20_000 + b'\r\n',
                     b'a' * 1_000_000):
            self.assertRegex(self.first_line(data), r'^(HTTP/1\.[01] 4\d\d .*)?$')
        self.assertWell()
        self.assertLess(hostile.anonymous_kib(self.exporter.pid), 32 * 1024)

    def test_one_request_a_connection(self):
        client = self.connect(b'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n' * 3)
        self.assertEqual(client.makefile('rb').read().count(b'HTTP/1.1 200'), 1)

    def test_silence_ends(self):
        client = self.connect()
        began = time.monotonic()
        self.assertEqual(client.recv(100), b'')
        self.assertLess(time.monotonic() - began, SILENCE_S + 3)

    def test_slowness_ends(self):
        """A byte a second is not silence."""
        client = self.connect(b'GET /metrics HTTP/1.1\r\n')
        client.setblocking(False)
        began = time.monotonic()

        def is_over():
            try:
                client.send(b'x')
                return client.recv(1) == b''
            except BlockingIOError:
                return False
            except ConnectionError:
                return True

        wait_for(is_over, 'the slow one to be closed', WHOLE_S + 5, 0.5)
        self.assertGreater(time.monotonic() - began, SILENCE_S + 1)
        self.assertWell()

    def test_a_crowd(self):
        """Others of the same address may wait for as long as silence may last; then they are served."""
        crowd = []
        for _ in range(200):
            crowd.append(self.connect(b'GET /me'))
        descriptors = hostile.n_descriptors(self.exporter.pid)
        self.assertLess(descriptors, CONNECTIONS_EACH_MAX + 30)
        wait_for(self._is_served, 'somebody else to be served', WHOLE_S + 5, 0.5)
        for client in crowd:
            client.close()
        wait_for(lambda: hostile.n_descriptors(self.exporter.pid) < 20, 'all to be gone')
        self.assertWell()

    def _is_served(self):
        try:
            return self.health() == (200, 'ok\n')
        except OSError:
            return False

    def test_a_flood_does_not_reach_popgated(self):
        """What it told just now is told again: its stamp shows how often it was asked."""
        stamps = []
        until = time.monotonic() + 2
        while time.monotonic() < until:
            stamps.append(self.scrape().value('popgate_collected_timestamp_seconds'))
        self.assertGreater(len(stamps), 20)
        self.assertLessEqual(len(set(stamps)), 2 / FRESH_S + 1)


@unittest.skipIf(confine.lacking(), confine.lacking())
class Confined(ExporterTest):

    def test_its_whole_job_without_a_network(self):
        """As its units have it: the socket is passed, and it can reach nothing but popgated."""
        number = pwd.getpwnam('nobody').pw_uid
        state = workdir.subfolder(self.folder, 'state', 0o700, number, number)
        sockets = Sockets()
        self.addCleanup(sockets.close)
        self.exporter.port = sockets.hold_inet('http')
        sockets.pass_to(self.exporter)
        self.exporter.wrapper += [sys.executable, os.path.join(HERE, 'confine.py'), UNIT, str(number), state]
        self.popgated.configure({'control.readers': 'nobody'})
        self.start()
        os.chmod(self.popgated.control, 0o666)
        self.assertEqual(self.health(), (200, 'ok\n'))
        self.assertEqual(self.scrape().value('popgate_up'), 1)
        self.popgated.stop()
        wait_for(lambda: self.health()[0] == 503, 'the end to be seen')
        self.assertEqual(self.exporter.stop(), 0)
