# SPDX-License-Identifier: GPL-3.0-or-later
"""Postfix's side of the policy protocol, by hand."""

import re
import socket
import struct

TIMEOUT = 10

_REPLY = re.compile(rb'action=(OK|DUNNO|(?:DEFER_IF_REJECT 4\.7\.1|REJECT 5\.7\.1) [ -~]+)\n\n')
LONGEST_REPLY = 500


def request(address, state='RCPT', **attributes):
    """A request as bytes; an attribute of None is left out."""
    pairs = {'request': 'smtpd_access_policy', 'protocol_state': state, 'protocol_name': 'ESMTP',
             'client_address': address, 'sender': 'sender@client.test', 'recipient': 'someone@remote.test'}
    pairs.update(attributes)
    return ''.join(f'{name}={value}\n' for name, value in pairs.items() if value is not None).encode() + b'\n'


class Connection:
    """A connection to `endpoint`: a path, or (host, port)."""

    def __init__(self, endpoint):
        self._received = b''
        if isinstance(endpoint, str):
            self.socket = socket.socket(socket.AF_UNIX)
        else:
            self.socket = socket.socket(socket.AF_INET6 if ':' in endpoint[0] else socket.AF_INET)
        # Python's own timeout would not let it wait in the line for a unix socket: EAGAIN where the backlog is full
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack('@ll', TIMEOUT, 0))
        try:
            self.socket.connect(endpoint)
        except OSError:
            self.socket.close()
            raise
        self.socket.settimeout(TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def ask(self, data):
        """Send a request; returns its action."""
        self.send(data)
        return self.read_action()

    def read_action(self):
        """The next reply's action. A reply that Postfix could misread fails: better none than such a one."""
        while b'\n\n' not in self._received:
            chunk = self.socket.recv(4096)
            if not chunk:
                raise AssertionError(f'closed instead of a reply; before that came {self._received!r}')
            self._received += chunk
        reply, _, self._received = self._received.partition(b'\n\n')
        return _action(reply + b'\n\n')

    def read_to_end(self):
        """Everything until the other side closes."""
        data = self._received
        try:
            while chunk := self.socket.recv(4096):
                data += chunk
        except ConnectionResetError:
            pass
        return data

    def is_silent(self, seconds=0.2):
        """Does nothing come for a while, not even the end?"""
        self.socket.settimeout(seconds)
        try:
            self._received += self.socket.recv(1)
            return False
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(TIMEOUT)


def _action(reply):
    match = _REPLY.fullmatch(reply)
    if not match or len(reply) > LONGEST_REPLY:
        raise AssertionError(f'not a well-formed reply: {reply!r}')
    return match[1].decode()


def is_open(endpoint):
    """Does somebody accept connections there?"""
    try:
        with Connection(endpoint):
            return True
    except OSError:
        return False
