# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole mail site: Postfix, Dovecot, a sink for what is relayed, and popgated between them.

One is started for each class of tests; those do not disturb each other because each takes client addresses of its own.
"""

import os
import unittest

import dovecot
import mail
import postfix
import sink
import workdir
from dovecot import Dovecot
from loglines import LogFile
from popgate import Popgated
from postfix import Postfix
from waiting import wait_for


def _lacking():
    if os.geteuid() != 0:
        return 'only root can start Postfix and Dovecot'
    if not postfix.installed():
        return 'Postfix is not installed'
    if not dovecot.installed():
        return 'Dovecot with POP3 and IMAP is not installed'
    return ''


def lacks_ipv6():
    return '' if workdir.has_ipv6() else 'this machine has no [::1]'


class Site:
    """Started as a whole; `settings` are popgated's."""

    def __init__(self, settings=None):
        self.folder = workdir.make()
        self.sink = sink.Sink(self.folder)
        self.postfix = Postfix(self.folder, self.sink.port)
        self.dovecot = Dovecot(self.folder, self.postfix.auth_socket, postfix.TRUSTED)
        self.syslog = LogFile(f'{self.folder}/mail.log')
        self.popgated = self._make_popgated(settings or {})
        self.syslog.append(b'')

    def _make_popgated(self, settings):
        popgated = Popgated(self.folder, {
            'policy.listen': f'unix:{self.postfix.policy_socket}, inet:127.0.0.1:{self.postfix.policy_port}',
            'policy.socket_owner': 'postfix',
            'policy.socket_group': 'postfix',
            'log.source': f'file:{self.dovecot.log},format=dovecot, file:{self.syslog.path},format=syslog',
            **settings})
        popgated.policy = self.postfix.policy_socket
        return popgated

    def start(self):
        for server in (self.sink, self.dovecot, self.postfix, self.popgated):
            server.start()
        return self

    def stop(self):
        try:
            self.popgated.end()
        finally:
            for server in (self.postfix, self.dovecot, self.sink):
                server.stop()
            workdir.remove(self.folder)

    # --- what clients do

    def sender(self, source, service='plain', xclient=None):
        """An SMTP session; see mail.Sender."""
        return mail.Sender(self.postfix.port(service), source, xclient)

    def rcpt(self, source, recipient=mail.FOREIGN, service='plain', xclient=None):
        """What Postfix says to one recipient in a session of its own."""
        with self.sender(source, service, xclient) as sender:
            sender.begin()
            return sender.rcpt(recipient)

    def rcpt_for(self, client, recipient=mail.FOREIGN, service='plain'):
        """The same for an address that this machine does not have, which Postfix is told by XCLIENT."""
        return self.rcpt(postfix.TRUSTED, recipient, service, f'IPV6:{client}' if ':' in client else client)

    def pop_login(self, source, **who):
        return mail.pop_login(self.dovecot.pop_port, source, **who)

    def pop_login_for(self, client, **who):
        """A real login that Dovecot is told, by XCLIENT, to come from `client`."""
        return self.pop_login(postfix.TRUSTED, xclient=client, **who)

    def imap_login(self, source, **who):
        return mail.imap_login(self.dovecot.imap_port, source, **who)

    # --- what has to come of it

    def wait_for_code(self, code, source):
        """Try again until Postfix gives `code`."""
        wait_for(lambda: self.rcpt(source).code == code, f'{source} to get {code} of Postfix', interval=0.05)

    def wait_for_code_for(self, code, client):
        wait_for(lambda: self.rcpt_for(client).code == code, f'{client} to get {code} of Postfix', interval=0.05)

    def let_in(self, source=None):
        """Log in from `source`, by default a fresh address, and wait until it may relay; returns the address.

        All logins go the same way, one after the other: when this one counts, all before it were judged, too.
        """
        source = source or mail.fresh_address()
        if not self.pop_login(source):
            raise AssertionError(f'Dovecot refused the login from {source}')
        self.popgated.wait_for_verdict('OK', source)
        return source


@unittest.skipIf(_lacking(), _lacking())
class SiteTest(unittest.TestCase):
    """Tests with a site of their own, shared by all tests of the class."""

    SETTINGS = {}
    site = None

    @classmethod
    def setUpClass(cls):
        cls.site = Site(cls.SETTINGS)
        cls.addClassCleanup(cls.site.stop)
        cls.site.start()

    def assertRelays(self, source, **how):
        self.assertEqual(self.site.rcpt(source, **how).code, 250)

    def assertDenied(self, source, **how):
        reply = self.site.rcpt(source, **how)
        self.assertEqual(reply.code, 554, reply)
        self.assertIn('Relay access denied', reply.text)

    def assertDeferred(self, source, **how):
        reply = self.site.rcpt(source, **how)
        self.assertEqual(reply.code, 450, reply)
        self.assertIn('4.7.1', reply.text)


class DaemonTest(unittest.TestCase):
    """Tests with a popgated of their own for each, and no mail server; the log is written by the test."""

    SETTINGS = {}

    def setUp(self):
        self.folder = workdir.make()
        self.addCleanup(workdir.remove, self.folder)
        self.popgated = Popgated(self.folder, self.SETTINGS)
        self.addCleanup(self.popgated.end)
        self.log = LogFile(self.popgated.source)
        self.log.append(b'')

    def assertVerdict(self, word, address):
        self.assertEqual(self.popgated.verdict(address), word, address)
