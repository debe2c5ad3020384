# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail clients: one that sends, and ones that fetch. Each connects from an address of its choice."""

import imaplib
import itertools
import poplib
import smtplib
import socket
from typing import NamedTuple

from dovecot import PASSWORD
from postfix import OWN_DOMAIN

FOREIGN = 'someone@remote.test'
OWN = f'someone@{OWN_DOMAIN}'
SENDER = 'sender@client.test'
TIMEOUT = 15

_numbers = itertools.count(1)


class Reply(NamedTuple):
    code: int
    text: str


def fresh_address():
    """An IPv4 loopback address that no test has used before: so tests share servers, and no grants."""
    number = next(_numbers)
    return f'127.1.{number // 250}.{number % 250 + 1}'


def _server(source):
    return '::1' if ':' in source else '127.0.0.1'


class Sender:
    """An SMTP session from `source`; with `xclient`, as Postfix's XCLIENT has it, for somebody else."""

    def __init__(self, port, source, xclient=None):
        self.smtp = smtplib.SMTP(_server(source), port, 'client.test', TIMEOUT, (source, 0))
        self.smtp.ehlo()
        if xclient:
            self._must(220, self.smtp.docmd('XCLIENT', f'ADDR={xclient}'))
            self.smtp.ehlo()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.smtp.close()

    def login(self, user='bob', password=PASSWORD):
        self.smtp.login(user, password)

    def begin(self, sender=SENDER):
        self._must(250, self.smtp.docmd('MAIL', f'FROM:<{sender}>'))

    def rcpt(self, recipient=FOREIGN):
        """What Postfix says to one recipient."""
        return _reply(self.smtp.docmd('RCPT', f'TO:<{recipient}>'))

    def data(self, text):
        """DATA and a message, to recipients that were accepted; the first reply that says no, or the last."""
        reply = _reply(self.smtp.docmd('DATA'))
        if reply.code != 354:
            return reply
        self.smtp.send(f'Subject: {text}\r\n\r\n{text}\r\n.\r\n'.encode())
        return _reply(self.smtp.getreply())

    @staticmethod
    def _must(code, answer):
        if answer[0] != code:
            raise AssertionError(f'expected {code} of Postfix, not {answer}')


def _reply(answer):
    code, text = answer
    return Reply(code, text.decode('utf-8', 'replace'))


class _Pop(poplib.POP3):
    """poplib has no source address."""

    def __init__(self, port, source):
        self._source = source
        super().__init__(_server(source), port, TIMEOUT)

    def _create_socket(self, timeout):
        return socket.create_connection((self.host, self.port), timeout, (self._source, 0))


class _Imap(imaplib.IMAP4):
    """Neither has imaplib."""

    def __init__(self, port, source):
        self._source = source
        super().__init__(_server(source), port, TIMEOUT)

    def _create_socket(self, timeout):
        return socket.create_connection((self.host, self.port), timeout, (self._source, 0))


def pop_login(port, source, user='bob', password=PASSWORD, xclient=None):
    """Log in by POP3 and out again, with `xclient` for somebody else; returns False if the server said no."""
    pop = _Pop(port, source)
    try:
        if xclient:
            pop._shortcmd(f'XCLIENT ADDR={xclient} PORT=1024')  # poplib offers no public way
        pop.user(user)
        pop.pass_(password)
        pop.quit()
        return True
    except poplib.error_proto:
        return False
    finally:
        pop.close()


def imap_login(port, source, user='bob', password=PASSWORD):
    """Log in by IMAP and out again; returns False if the server said no."""
    imap = _Imap(port, source)
    try:
        imap.login(_quoted(user), password)
        return True
    except imaplib.IMAP4.error:
        return False
    finally:
        imap.logout()


def _quoted(text):
    """An IMAP quoted string; imaplib quotes the password only."""
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'
