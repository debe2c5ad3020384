# SPDX-License-Identifier: GPL-3.0-or-later
"""popgate-login: logins that Dovecot itself tells of, and no log."""

import base64
import errno
import fcntl
import os
import pwd
import signal
import socket
import statistics
import subprocess
import time
import unittest

import mail
import workdir
from mailsite import DaemonTest, Site, SiteTest, lacks_ipv6
from popgate import POPGATE_LOGIN, POPGATED, run
from waiting import wait_for

A, B = '192.0.2.1', '192.0.2.2'
REPORTER = 'dovecot'  # Debian's default_internal_user
QUICK = 1.0  # seconds for a whole login at the real Dovecot, on a machine with no time for it
SILENT_MAX = 256
WAITING_MAX = 50000

POSTLOGIN = """\
service {service} {{
  executable = {service} {service}-postlogin
}}
service {service}-postlogin {{
  executable = script-login {program} -s {socket} {service}
  user = {user}
  unix_listener {service}-postlogin {{
  }}
}}
"""

# In lower case, as Dovecot makes them.
HOSTILE = ('al>ice', 'x>, rip=6.6.6.6', 'x>, method=plain, rip=6.6.6.6, lip=6.6.6.7, session=<a>', 'two words', 'q"uo\'te\\',
           'per%cent%u', '-s', '--', '=', 'ü-nicode', '\u202egnp', '$(id)', 'x' * 180)
REFUSED = ('ta\tb', 'new\nline', 'x\r\n', 'bell\a', 'del\x7f', 'y' * 181)

ANYBODY = f"""\
auth_username_chars =
auth_mechanisms = plain login anonymous
auth_anonymous_username = bob
passdb {{
  driver = static
  args = password={mail.PASSWORD}
}}
"""


def _postlogin(login_socket, user):
    return ''.join(POSTLOGIN.format(service=service, program=POPGATE_LOGIN, socket=login_socket, user=user)
                   for service in ('pop3', 'imap'))


class LoginSite(Site):
    """A site whose Dovecot reports its logins."""

    def __init__(self, follows_log):
        super().__init__({'login.reporters': REPORTER})
        self.popgated.configure({'log.source': f'file:{self.dovecot.log},format=dovecot' if follows_log else '',
                                 'login.listen': f'unix:{self.popgated.login}'})
        self.dovecot.configure(_postlogin(self.popgated.login, REPORTER))
        self.dovecot.configure(ANYBODY)


class LoginTest(SiteTest):

    FOLLOWS_LOG = False

    @classmethod
    def setUpClass(cls):
        cls.site = LoginSite(cls.FOLLOWS_LOG)
        cls.addClassCleanup(cls.site.stop)
        cls.site.start()

    @property
    def popgated(self):
        return self.site.popgated

    def status(self):
        return self.popgated.cli('--json', 'status').objects()[0]

    def reports(self):
        return self.status()['reports']

    def assertGrant(self, address, **columns):
        self.popgated.wait_for_verdict('OK', address)
        grant = self.popgated.grants()[address]
        self.assertEqual({name: grant[name] for name in columns}, columns)

    def plain_login(self, address, user):
        """SASL PLAIN, which takes names of all kinds."""
        with socket.create_connection(('127.0.0.1', self.site.dovecot.pop_port), 15, (address, 0)) as connection:
            return _say(connection, b'AUTH PLAIN ' + _base64(f'\0{user}\0{mail.PASSWORD}')).startswith(b'+OK')


def _say(connection, line):
    connection.recv(4096)  # the greeting
    connection.sendall(line + b'\r\n')
    return connection.recv(4096)


def _base64(text):
    return base64.b64encode(text.encode())


class Logins(LoginTest):

    def test_a_pop_login(self):
        client = mail.fresh_address()
        self.assertDenied(client)
        self.assertTrue(self.site.pop_login(client))
        self.assertGrant(client, user='bob', service='pop3', by='popgate-login', count='1')
        self.assertRelays(client)

    def test_an_imap_login(self):
        client = mail.fresh_address()
        self.assertDenied(client)
        self.assertTrue(self.site.imap_login(client, user='alice'))
        self.assertGrant(client, user='alice', service='imap', by='popgate-login')
        self.assertRelays(client)

    def test_explain_tells_who_reported_it(self):
        client = mail.fresh_address()
        self.assertTrue(self.site.pop_login(client))
        self.popgated.wait_for_verdict('OK', client)
        self.assertIn('popgate-login', self.popgated.cli('explain', client).out)
        self.assertIn(f'grant address={client} user="bob" service=pop3 server=popgate-login', self.popgated.log())

    def test_ipv6(self):
        for client in ('2001:db8::17', '2001:db8:ffff:1:2:3:4:5'):
            self.assertTrue(self.site.pop_login_for(client))
            self.assertGrant(client, user='bob')
            self.assertEqual(self.site.rcpt_for(client).code, 250)

    @unittest.skipIf(lacks_ipv6(), lacks_ipv6())
    def test_ipv6_without_a_forwarder(self):
        self.assertTrue(self.site.imap_login('::1'))
        self.assertGrant('::1', user='bob', service='imap')

    def test_a_failed_login(self):
        client = mail.fresh_address()
        self.assertFalse(self.site.pop_login(client, password='wrong'))
        self.site.let_in()
        self.assertDenied(client)

    def test_anonymous(self):
        """Whoever comes may log in so."""
        client = mail.fresh_address()
        with socket.create_connection(('127.0.0.1', self.site.dovecot.pop_port), 15, (client, 0)) as connection:
            self.assertIn(b'+OK', _say(connection, b'AUTH ANONYMOUS ' + _base64('me@client.test')))
        self.site.let_in()
        self.assertDenied(client)

    def test_names_of_all_kinds(self):
        """The name is an argument of nothing, and stands in no line that is read: the address is never the one in it."""
        for user in HOSTILE:
            with self.subTest(user):
                client = mail.fresh_address()
                self.assertTrue(self.plain_login(client, user))
                self.popgated.wait_for_verdict('OK', client)
                grant = self.popgated.cli('--json', 'explain', client).objects()[0]
                self.assertEqual([login['user'] for login in grant['logins']], [user])
        self.assertEqual(self.popgated.verdict('6.6.6.6'), 'DUNNO')

    def test_names_that_no_note_could_name(self):
        for user in REFUSED:
            with self.subTest(user):
                client = mail.fresh_address()
                refused = self.reports()['refused']
                self.assertTrue(self.plain_login(client, user))
                wait_for(lambda before=refused: self.reports()['refused'] == before + 1, 'the report to be refused')
                self.assertEqual(self.popgated.verdict(client), 'DUNNO')
        self.assertIn('report not taken for a login (its user\'s name is empty or too long)', self.popgated.log())
        self.assertIn('report not taken for a login (its user\'s name has control characters)', self.popgated.log())

    def test_services(self):
        self.popgated.restart({'log.services': 'pop3'})
        self.addCleanup(self.popgated.restart, {'log.services': 'pop3, imap'})
        client = mail.fresh_address()
        self.assertTrue(self.site.imap_login(client))
        self.site.let_in()
        self.assertDenied(client)


class BothWays(LoginTest):
    """Reported, and read in the log."""

    FOLLOWS_LOG = True

    def test_each_login_counts_once(self):
        for _ in range(3):
            client = mail.fresh_address()
            both = [count + 1 for count in self.counts()]
            self.assertTrue(self.site.pop_login(client))
            wait_for(lambda expected=both: self.counts() == expected, 'the login to come both ways')
            self.assertGrant(client, user='bob', service='pop3', count='1')

    def counts(self):
        status = self.status()
        return [status['reports']['logins'], status['lines']['logins']]

    def test_a_login_during_an_outage(self):
        self.popgated.stop()
        client = mail.fresh_address()
        self.assertTrue(self.site.pop_login(client))
        self.popgated.start()
        self.assertGrant(client, by='dovecot')


class Outages(LoginTest):
    """Whatever state the daemon is in, the login succeeds at once."""

    def assertLogsIn(self, client):
        begun = time.monotonic()
        self.assertTrue(self.site.pop_login(client))
        self.assertTrue(self.site.imap_login(client))
        self.assertLess(time.monotonic() - begun, 2 * QUICK)

    def assertTold(self, what):
        with open(self.site.dovecot.log, encoding='utf-8') as log:
            self.assertIn(f'popgate-login: {self.popgated.login}: {what}; this login is not reported', log.read())

    def test_down(self):
        self.popgated.stop()
        self.addCleanup(self.popgated.start)
        self.assertLogsIn(mail.fresh_address())
        self.assertTold('No such file or directory')

    def test_crashed(self):
        self.popgated.kill()
        self.addCleanup(self.popgated.start)
        self.assertLogsIn(mail.fresh_address())
        self.assertTold('Connection refused')

    def test_hung(self):
        """The report waits in the backlog, and counts from when the login was."""
        client = mail.fresh_address()
        self.popgated.program.send_signal(signal.SIGSTOP)
        try:
            self.assertLogsIn(client)
            logged_in = time.time()
            time.sleep(2.1)  # no synchronisation: to be told from a login of now, in whole seconds
        finally:
            self.popgated.program.send_signal(signal.SIGCONT)
        self.assertGrant(client, by='popgate-login')
        self.assertLessEqual(int(self.popgated.grants()[client]['newest']), logged_in)

    def test_full_backlog(self):
        self.popgated.stop()
        self.addCleanup(self.popgated.start)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
            self.addCleanup(os.unlink, self.popgated.login)  # runs before the start
            server.bind(self.popgated.login)
            os.chmod(self.popgated.login, 0o666)
            server.listen(0)
            filler = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self.addCleanup(filler.close)
            filler.connect(self.popgated.login)
            self.assertLogsIn(mail.fresh_address())
        self.assertTold('Resource temporarily unavailable')

    def test_another_kind_of_socket(self):
        self.popgated.stop()
        self.addCleanup(self.popgated.start)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
            self.addCleanup(os.unlink, self.popgated.login)
            server.bind(self.popgated.login)
            os.chmod(self.popgated.login, 0o666)
            self.assertLogsIn(mail.fresh_address())

    def test_who_may_not(self):
        client = mail.fresh_address()
        strangers = self.reports()['strangers']
        self.popgated.restart({'login.reporters': 'nobody'})
        self.addCleanup(self.popgated.restart, {'login.reporters': REPORTER})
        self.assertLogsIn(client)
        uid = pwd.getpwnam(REPORTER).pw_uid
        wait_for(lambda: f'uid {uid} may not report logins' in self.popgated.log(), 'the stranger to be told of')
        self.assertGreater(self.reports()['strangers'], strangers)
        self.assertDenied(client)
        self.popgated.configure({'login.reporters': f'nobody {uid}'})
        self.popgated.must('reload')
        self.assertLogsIn(client)
        self.assertGrant(client, by='popgate-login')


def report_as(popgated, user, address, program=('/bin/true',), **environment):
    """Run popgate-login as Dovecot does, with one uid or another."""
    return subprocess.run([POPGATE_LOGIN, '-s', popgated.login, 'pop3', *program], user=user, timeout=10, check=False,
                          capture_output=True, env={'USER': 'bob', 'IP': address, 'LOCAL_IP': '192.0.2.250', **environment})


@unittest.skipIf(os.geteuid() != 0, 'only root can be one user and another')
def _fill(path):
    """Write a file until not one more byte fits."""
    with open(path, 'wb', buffering=0) as file:
        try:
            while file.write(b'x' * 4096):
                pass
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


class Socket(DaemonTest):
    """The daemon's side, without a Dovecot."""

    def setUp(self):
        super().setUp()
        self.popgated.configure({'login.listen': f'unix:{self.popgated.login}', 'login.reporters': 'nobody'})
        os.chmod(self.folder, 0o755)

    def reports(self):
        return self.popgated.cli('--json', 'status').objects()[0]['reports']

    def send(self, message):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.connect(self.popgated.login)
            connection.send(message)

    def test_root_and_reporters_may(self):
        self.popgated.start()
        report_as(self.popgated, 'root', A)
        report_as(self.popgated, 'nobody', B)
        self.popgated.wait_for_verdict('OK', A)
        self.popgated.wait_for_verdict('OK', B)

    def test_nobody_else_may(self):
        self.popgated.start()
        done = report_as(self.popgated, 'daemon', A, ('/bin/echo', 'next'))
        self.assertEqual((done.returncode, done.stdout), (0, b'next\n'))
        report_as(self.popgated, 'nobody', B)
        self.popgated.wait_for_verdict('OK', B)
        self.assertVerdict('DUNNO', A)
        self.assertEqual((self.reports()['strangers'], self.reports()['logins']), (1, 1))

    def test_a_login_from_the_servers_own_address(self):
        self.popgated.configure({'log.never_grant': ''})
        self.popgated.start()
        report_as(self.popgated, 'nobody', A, LOCAL_IP=A)
        report_as(self.popgated, 'nobody', '127.0.0.1')
        report_as(self.popgated, 'nobody', f'::ffff:{B}')
        self.popgated.wait_for_verdict('OK', B)
        self.assertVerdict('DUNNO', A)
        self.assertVerdict('DUNNO', '127.0.0.1')

    def test_what_is_no_report(self):
        self.popgated.start()
        whole = b'pgl\x01' + int(time.time() * 1e6).to_bytes(8, 'little') + b'\x04pop3\x09192.0.2.1\x00\x03bob'
        messages = [b'x', b'pgl\x02' + whole[4:], whole + b'x', whole * 100, b'\0' * 512, b'pgl\x01' + b'\xff' * 508,
                    whole.replace(b'192.0.2.1', b'192.0.2.x'), whole.replace(b'pop3', b'pop5'),
                    whole.replace(b'bob', b'b\nb'), whole.replace(b'\x00\x03', b'\x01x\x03'),
                    b'pgl\x01' + b'\xff' * 8 + whole[12:], *(whole[:cut] for cut in range(1, len(whole)))]
        for message in messages:
            self.send(message)
        self.send(b'')
        wait_for(lambda: self.reports()['refused'] == len(messages), 'all to be refused')
        self.assertVerdict('DUNNO', A)
        self.assertEqual(self.popgated.log().count('report not taken for a login'), 20)
        self.assertNotIn('b\nb', self.popgated.log())
        self.send(whole)
        self.popgated.wait_for_verdict('OK', A)

    def test_silent_ones_are_in_nobodys_way(self):
        self.popgated.start()
        for _ in range(SILENT_MAX + 20):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self.addCleanup(connection.close)
            connection.connect(self.popgated.login)
        report_as(self.popgated, 'nobody', A)
        self.popgated.wait_for_verdict('OK', A)
        self.assertEqual(self.reports()['strangers'], 20)
        wait_for(lambda: self.reports()['strangers'] == SILENT_MAX + 20, 'silent connections to be ended', 15)

    def test_a_report_of_the_future_is_one_of_now(self):
        self.popgated.start()
        future = int((time.time() + 3600) * 1e6).to_bytes(8, 'little')
        self.send(b'pgl\x01' + future + b'\x04pop3\x09192.0.2.1\x00\x03bob')
        self.popgated.wait_for_verdict('OK', A)
        self.assertLessEqual(int(self.popgated.grants()[A]['newest']), time.time())

    def test_while_the_database_cannot_be_used(self):
        """The reports wait, and count from when the logins were; of too many the oldest go."""
        self.popgated.start()
        self.popgated.stop()
        with open(self.popgated.store, 'rb') as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            self.popgated.start()
            report_as(self.popgated, 'nobody', A)
            for number in range(WAITING_MAX - 1):
                now = int(time.time() * 1e6).to_bytes(8, 'little')
                address = f'10.0.{number // 250}.{number % 250}'.encode()
                self.send(b'pgl\x01' + now + b'\x04pop3' + bytes([len(address)]) + address + b'\x00\x03bob')
            wait_for(lambda: self.reports()['waiting'] == WAITING_MAX, 'all to wait')
            self.assertEqual(self.reports()['dropped'], 0)
            report_as(self.popgated, 'nobody', B)
            wait_for(lambda: self.reports()['dropped'] == 1, 'the oldest to be dropped')
            self.assertIn('newer ones wait for the database', self.popgated.log())
            reported = time.time()
            time.sleep(1.1)  # no synchronisation: to be told from a login of now
        self.popgated.wait_for_verdict('OK', B)
        self.assertVerdict('DUNNO', A)
        self.assertEqual(self.reports()['waiting'], 0)
        self.assertEqual(len(self.popgated.grants()), WAITING_MAX)
        self.assertLessEqual(int(self.popgated.grants()[B]['newest']), reported)

    @unittest.skipUnless(os.geteuid() == 0, 'only root can mount a small disk')
    def test_while_the_database_cannot_be_written(self):
        """It can be read: but who has logged in is not in it, and must not be bounced for that."""
        store = f'{self.folder}/small'
        os.mkdir(store)
        self.popgated.configure({'popgate.store': f'gdbm:{store}/popgate.gdbm'})
        self.popgated.wrapper = ['unshare', '--mount', 'sh', '-c', f'mount -t tmpfs -o size=2m none {store} && exec "$0" "$@"']
        self.popgated.start()
        self.popgated.wait_for_verdict('DUNNO', B)
        filler = f'/proc/{self.popgated.program.pid}/root{store}/filler'
        _fill(filler)
        number = 0
        while not self.reports()['waiting']:
            for number in range(number, number + 500):
                now = int(time.time() * 1e6).to_bytes(8, 'little')
                address = f'10.1.{number >> 8}.{number & 255}'.encode()
                self.send(b'pgl\x01' + now + b'\x04pop3' + bytes([len(address)]) + address + b'\x00\x03bob')
        self.assertVerdict('DEFER_IF_REJECT', B)
        self.assertIn('popgate-login', self.popgated.cli('--json', 'status').objects()[0]['source_problem'])
        os.unlink(filler)
        self.popgated.wait_for_verdict('DUNNO', B)
        self.assertEqual(self.reports()['waiting'], 0)

    def test_reports_that_came_before_the_end(self):
        self.popgated.start()
        self.popgated.program.send_signal(signal.SIGSTOP)
        report_as(self.popgated, 'nobody', A)
        self.popgated.program.send_signal(signal.SIGTERM)
        self.popgated.program.send_signal(signal.SIGCONT)
        self.popgated.end()
        self.popgated.start()
        self.assertVerdict('OK', A)

    def test_a_live_socket_is_refused(self):
        self.popgated.start()
        for group in ('login', 'control'):
            with self.subTest(group):
                result = run(POPGATED, '-c', self.popgated.conf, '-o', f'popgate.store=gdbm:{self.folder}/second.gdbm',
                             '-o', f'policy.listen=unix:{self.folder}/policy2', '-o', f'control.listen=unix:{self.folder}/2',
                             '-o', f'{group}.listen=unix:{self.popgated.login}')
                self.assertEqual(result.status, 1, result)
                self.assertIn(f'{self.popgated.login} is in use', result.err)
        report_as(self.popgated, 'nobody', A)
        self.popgated.wait_for_verdict('OK', A)

    def test_a_changed_socket_needs_a_restart(self):
        self.popgated.start()
        self.popgated.configure({'login.listen': f'unix:{self.folder}/login2', 'login.reporters': 'nobody no-such-user'})
        self.popgated.must('reload')
        self.assertIn('listen', self.popgated.log())
        self.assertIn('at the next start only', self.popgated.log())
        self.assertIn('[login] reporters: there is no user "no-such-user"', self.popgated.log())
        report_as(self.popgated, 'nobody', A)
        self.popgated.wait_for_verdict('OK', A)

    def test_status_without_it(self):
        self.popgated.configure({'login.listen': ''})
        self.popgated.start()
        self.assertIsNone(self.reports())
        self.assertFalse(os.path.exists(self.popgated.login))


class Program(unittest.TestCase):
    """popgate-login itself: what it hands on, and how long it takes."""

    def setUp(self):
        self.folder = workdir.make()
        self.addCleanup(workdir.remove, self.folder)
        self.socket = f'{self.folder}/login'
        self.environment = {'USER': 'bob', 'IP': A, 'LOCAL_IP': B, 'OTHER': 'kept'}

    def run_login(self, *arguments, **how):
        return subprocess.run([POPGATE_LOGIN, '-s', self.socket, *arguments], capture_output=True, timeout=10, check=False,
                              env=self.environment, **how)

    def listen(self):
        server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.addCleanup(server.close)
        server.settimeout(10)
        server.bind(self.socket)
        server.listen(4096)
        return server

    def test_what_is_reported(self):
        server = self.listen()
        before = time.time() * 1e6
        self.assertEqual(self.run_login('imap', '/bin/true').returncode, 0)
        report = server.accept()[0].recv(4096)
        self.assertEqual(report[:4], b'pgl\x01')
        self.assertEqual(report[12:], b'\x04imap\x09192.0.2.1\x09192.0.2.2\x03bob')
        self.assertTrue(before - 1 <= int.from_bytes(report[4:12], 'little') <= time.time() * 1e6)

    def test_what_is_handed_on(self):
        self.listen()
        done = self.run_login('--', 'pop3', '/bin/sh', '-c', 'printf "%s|" "$0" "$@" "$USER" "$IP" "$OTHER"; ls /proc/$$/fd; exit 7',
                              'a b', '', '-s', stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, 7)
        self.assertEqual(done.stdout.decode(), 'a b||-s|bob|192.0.2.1|kept|0\n1\n2\n')
        self.assertEqual(done.stderr, b'')

    def test_a_program_in_the_path(self):
        self.environment['PATH'] = '/usr/bin:/bin'
        self.assertEqual(self.run_login('pop3', 'true').returncode, 0)

    def test_signals_are_handed_on_as_they_were(self):
        """Also behind a complaint, which must not end in SIGPIPE."""
        shown = self.run_login('pop3', '/bin/grep', 'SigIgn', '/proc/self/status', restore_signals=True)
        self.assertEqual(int(shown.stdout.split()[1], 16) & 1 << signal.SIGPIPE - 1, 0)
        self.assertIn(b'this login is not reported', shown.stderr)
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run([POPGATE_LOGIN, '-s', self.socket, 'pop3', '/bin/echo', 'next'], stdout=subprocess.PIPE,
                              stderr=writer, timeout=10, check=False, env=self.environment)
        os.close(writer)
        self.assertEqual((done.returncode, done.stdout), (0, b'next\n'))

    def test_a_log_that_takes_nothing(self):
        """Nobody reads Dovecot's log pipe, and it is full."""
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        os.set_blocking(writer, False)
        with self.assertRaises(BlockingIOError):
            while True:
                os.write(writer, b'x' * 4096)
        os.set_blocking(writer, True)
        done = subprocess.run([POPGATE_LOGIN, '-s', self.socket, 'pop3', '/bin/true'], stderr=writer, timeout=10, check=False,
                              env=self.environment)
        self.assertEqual(done.returncode, 0)

    def test_without_any_descriptor(self):
        done = subprocess.run(['/bin/sh', '-c', f'exec {POPGATE_LOGIN} -s {self.socket} pop3 /bin/true <&- >&- 2>&-'],
                              timeout=10, check=False, env=self.environment)
        self.assertEqual(done.returncode, 0)

    def test_nothing_to_report(self):
        """Then nothing is said either: Dovecot has such logins, by a socket of its own."""
        server = self.listen()
        server.settimeout(0)
        for change in ({'IP': ''}, {'USER': ''}, {'AUTH_MECH': 'ANONYMOUS'}, {'AUTH_MECH': 'anonymous'}):
            self.environment = {'USER': 'bob', 'IP': A, **change}
            self.assertEqual(self.run_login('pop3', '/bin/true').stderr, b'')
        self.environment = {}
        self.assertEqual(self.run_login('pop3', '/bin/true').returncode, 0)
        self.assertRaises(BlockingIOError, server.accept)

    def test_texts_that_are_too_long(self):
        for name in ('USER', 'IP', 'LOCAL_IP'):
            self.environment = {'USER': 'bob', 'IP': A, 'LOCAL_IP': B, name: 'x' * 100000}
            done = self.run_login('pop3', '/bin/echo', 'next')
            self.assertEqual((done.returncode, done.stdout), (0, b'next\n'))
            self.assertIn(b'too long', done.stderr)
        self.environment = {'USER': 'bob', 'IP': A}
        self.socket = self.socket.ljust(3000, 'x')
        self.assertEqual(self.run_login('pop3', '/bin/true').returncode, 0)

    def test_used_wrongly(self):
        for arguments in ((), ('pop3',), ('-x', 'pop3', '/bin/true'), ('-s',)):
            done = self.run_login(*arguments)
            self.assertEqual(done.returncode, 64, arguments)
            self.assertIn(b'usage: popgate-login', done.stderr)
            self.assertEqual(done.stdout, b'')
        self.assertEqual(self.run_login('pop3', f'{self.folder}/absent').returncode, 127)
        self.assertEqual(self.run_login('pop3', self.folder).returncode, 126)

    def test_help(self):
        for argument, text in (('--help', b'--socket=PATH'), ('--version', b'popgate-login ')):
            done = self.run_login(argument)
            self.assertEqual((done.returncode, done.stderr), (0, b''))
            self.assertIn(text, done.stdout)

    def test_long_options(self):
        done = self.run_login(f'--socket={self.socket}', '--', 'pop3', '/bin/echo', 'next', '--help')
        self.assertEqual((done.returncode, done.stdout), (0, b'next --help\n'))

    def test_how_long_it_takes(self):
        """The whole of it, exec of the next program included, less the time of that program alone."""
        full = f'{self.folder}/full'
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
            server.bind(full)
            server.listen(0)
            filler = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self.addCleanup(filler.close)
            filler.connect(full)
            self.listen()
            ways = {'alone': (), 'reported': (self.socket,), 'full': (full,), 'absent': (f'{self.folder}/absent',)}
            times = {name: [] for name in ways}
            for _ in range(100):
                for name, path in ways.items():
                    times[name].append(self.measure(*path))
        took = {name: statistics.median(all_times) for name, all_times in times.items()}
        more = {name: round(1000 * (took[name] - took['alone']), 2) for name in ways if name != 'alone'}
        print(f'        popgate-login takes, in ms: {more}', flush=True)
        self.assertLess(max(more.values()), 5)

    def measure(self, *path):
        argv = ['/bin/true']
        if path:
            argv = [POPGATE_LOGIN, '-s', path[0], 'pop3', *argv]
        begun = time.perf_counter()
        pid = os.posix_spawn(argv[0], argv, self.environment, file_actions=[(os.POSIX_SPAWN_CLOSE, 2)])
        os.waitpid(pid, 0)
        return time.perf_counter() - begun
