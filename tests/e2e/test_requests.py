# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests as a real Postfix sent them (tests/corpus/requests), replayed at the raw socket; and what is no request."""

import os

import loglines
import policy
from mailsite import DaemonTest
from waiting import wait_for

CORPUS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'corpus', 'requests')

GRANTED = ('127.0.0.2', '2001:db8::7')  # some of the corpus's clients, so that its verdicts are mixed


def _read(name):
    with open(os.path.join(CORPUS, name), 'rb') as file:
        return file.read()


REQUESTS = {name: _read(name) for name in sorted(os.listdir(CORPUS)) if name.endswith('.txt')}


def _attributes(request):
    return dict(line.split('=', 1) for line in request.decode().splitlines() if line)


def _expected(request):
    attributes = _attributes(request)
    granted = attributes['client_address'] in GRANTED and attributes['protocol_state'] == 'RCPT'
    return 'OK' if granted else 'DUNNO'


class Replay(DaemonTest):

    def setUp(self):
        super().setUp()
        self.log.append(b''.join(loglines.iso(address) for address in GRANTED))
        self.popgated.start()
        for address in GRANTED:
            self.popgated.wait_for_verdict('OK', address)

    def connect(self):
        connection = policy.Connection(self.popgated.policy)
        self.addCleanup(connection.socket.close)
        return connection

    def test_the_corpus_is_mixed(self):
        verdicts = [_expected(request) for request in REQUESTS.values()]
        self.assertEqual(len(verdicts), 23)
        self.assertGreater(verdicts.count('OK'), 5)
        self.assertGreater(verdicts.count('DUNNO'), 5)

    def test_each_on_a_connection_of_its_own(self):
        for name, request in REQUESTS.items():
            with self.subTest(name):
                self.assertEqual(self.connect().ask(request), _expected(request))

    def test_one_after_the_other(self):
        connection = self.connect()
        for name, request in REQUESTS.items():
            self.assertEqual(connection.ask(request), _expected(request), name)

    def test_byte_by_byte(self):
        connection = self.connect()
        for name, request in REQUESTS.items():
            for at in range(len(request)):
                connection.send(request[at:at + 1])
            self.assertEqual(connection.read_action(), _expected(request), name)

    def test_cut_in_two(self):
        """No reply before the last byte is there, wherever the cut is."""
        request = REQUESTS['rcpt-ipv4.txt']
        connection = self.connect()
        for cut in range(1, len(request), 7):
            connection.send(request[:cut])
            connection.send(request[cut:])
            self.assertEqual(connection.read_action(), 'OK', f'cut at {cut}')
        connection.send(request[:-1])
        self.assertTrue(connection.is_silent())
        connection.send(request[-1:])
        self.assertEqual(connection.read_action(), 'OK')

    def test_all_in_one_go(self):
        connection = self.connect()
        connection.send(b''.join(REQUESTS.values()))
        for name, request in REQUESTS.items():
            self.assertEqual(connection.read_action(), _expected(request), name)
        self.assertTrue(connection.is_silent())

    def test_a_client_that_does_not_read(self):
        """It is not read from either, takes nothing from others, and gets all its replies when it reads at last."""
        request, reply = b'request=smtpd_access_policy\n\n', b'action=DUNNO\n\n'
        connection = self.connect()
        n_sent = self.send_until_it_stops(connection.socket, request * 1000) // len(request)
        self.assertVerdict('OK', GRANTED[0])
        received = b''
        while len(received) < n_sent * len(reply):
            received += connection.socket.recv(65536)
        self.assertEqual(received, reply * n_sent)

    def send_until_it_stops(self, client, data):
        """Send `data` again and again until there is no room for 0.3 s; how many bytes that were."""
        n_sent = 0
        client.settimeout(0.3)
        try:
            while n_sent < 100_000_000:
                n_sent += client.send(data[n_sent % len(data):])
        except TimeoutError:
            client.settimeout(policy.TIMEOUT)
            return n_sent
        raise AssertionError('the server takes requests without end from who reads no replies')

    def test_nothing_is_left_of_the_request_before(self):
        connection = self.connect()
        self.assertEqual(connection.ask(policy.request(GRANTED[0])), 'OK')
        self.assertEqual(connection.ask(policy.request(None)), 'DUNNO')
        self.assertEqual(connection.ask(policy.request(GRANTED[0], state=None)), 'DUNNO')

    def test_what_is_unknown_or_repeated_is_ignored(self):
        connection = self.connect()
        self.assertEqual(connection.ask(policy.request(GRANTED[0], tls_sni='mx', no_such_thing='x=y=z')), 'OK')
        twice = policy.request(GRANTED[0]).replace(b'\n\n', b'\nclient_address=192.0.2.77\n\n')
        self.assertEqual(connection.ask(twice), 'OK')

    def test_a_long_request(self):
        connection = self.connect()
        self.assertEqual(connection.ask(policy.request(GRANTED[0], sender='x' * 60000)), 'OK')

    def test_end_of_input_after_complete_requests(self):
        """A client may stop talking and still listen."""
        connection = self.connect()
        connection.send(policy.request(GRANTED[0]) * 3)
        connection.socket.shutdown(1)
        self.assertEqual(connection.read_to_end(), b'action=OK\n\n' * 3)

    def test_end_of_input_within_a_request(self):
        connection = self.connect()
        connection.send(policy.request(GRANTED[0])[:-1])
        connection.socket.shutdown(1)
        self.assertEqual(connection.read_to_end(), b'')


def _tampered(old, new):
    request = policy.request(GRANTED[0])
    if old not in request:
        raise ValueError(old)
    return request.replace(old, new)


GARBAGE = {
    'another kind of request': _tampered(b'smtpd_access_policy', b'junk'),
    'no kind of request': _tampered(b'request=smtpd_access_policy\n', b''),
    'an empty kind of request': _tampered(b'request=smtpd_access_policy\n', b'request=\n'),
    'a NUL in a value': _tampered(b'ESMTP', b'ES\0MTP'),
    'a NUL in a name': _tampered(b'protocol_name', b'protocol\0name'),
    'a line without =': _tampered(b'protocol_name=ESMTP', b'protocol_name'),
    'a line without a name': _tampered(b'protocol_name=ESMTP', b'=ESMTP'),
    'an empty request': b'\n',
    'over 64 KiB, whole': policy.request(GRANTED[0], sender='x' * 66000),
    'over 64 KiB, without end': b'request=smtpd_access_policy\nsender=' + b'x' * 70000,
    'many short lines': b'request=smtpd_access_policy\n' + b'a=b\n' * 17000,
    'HTTP': b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'SMTP': b'EHLO client.test\r\nMAIL FROM:<>\r\n',
    'TLS': bytes.fromhex('16030100050100000100') + b'\n\n',
    'CRLF': policy.request(GRANTED[0]).replace(b'\n', b'\r\n') + b'\n',
}


class Garbage(DaemonTest):
    """Rule 1: no reply, one warning, and the connection is closed."""

    def setUp(self):
        super().setUp()
        self.log.append(loglines.iso(GRANTED[0]))
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', GRANTED[0])

    def test_garbage(self):
        for what, garbage in GARBAGE.items():
            with self.subTest(what):
                self.assertDropped(garbage)
        self.assertVerdict('OK', GRANTED[0])

    def test_after_a_good_request(self):
        with policy.Connection(self.popgated.policy) as connection:
            self.assertEqual(connection.ask(policy.request(GRANTED[0])), 'OK')
            connection.send(GARBAGE['HTTP'])
            self.assertEqual(connection.read_to_end(), b'')

    def test_a_good_request_behind_it_is_not_answered(self):
        self.assertDropped(GARBAGE['no kind of request'] + policy.request(GRANTED[0]))

    def test_what_came_before_it_is_answered(self):
        with policy.Connection(self.popgated.policy) as connection:
            connection.send(policy.request(GRANTED[0]) + GARBAGE['a line without ='])
            self.assertEqual(connection.read_to_end(), b'action=OK\n\n')

    def test_the_log_shows_it_escaped(self):
        self.assertDropped(b'\x1b[31mred\x07\nevil: address=192.0.2.1 permitted\n\n')
        self.assertNotIn('\x1b', self.popgated.log())
        self.assertNotIn('\x07', self.popgated.log())

    def assertDropped(self, data):
        before = self.warnings()
        with policy.Connection(self.popgated.policy) as connection:
            try:
                connection.send(data)
            except (BrokenPipeError, ConnectionResetError):
                pass
            self.assertEqual(connection.read_to_end(), b'')
        wait_for(lambda: self.warnings() > before, 'a warning to be logged')
        self.assertEqual(self.warnings(), before + 1)

    def warnings(self):
        return self.popgated.log().count('warning: ')
