# SPDX-License-Identifier: GPL-3.0-or-later
"""popgate watch: what it shows, what it leaves out, how it outlives the daemon, and what watching may cost the daemon."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time
import unittest

import evidence
import hostile
import loglines
import policy
from mailsite import DaemonTest
from popgate import DONE, ENVIRONMENT, FAILED, POPGATE, USAGE
from waiting import wait_for

A, B, C = '192.0.2.1', '192.0.2.2', '2001:db8::3'
STRANGER = '198.51.100.1'
WATCHERS_MAX = 8
ALIVE_SECONDS = 10
MANY = 20_000


class Watch:
    """A popgate watch that runs, and what it has written so far."""

    def __init__(self, popgated, *arguments, environment=None):
        self._out = f'{popgated.folder}/watch-{id(self)}.out'
        self._err = f'{popgated.folder}/watch-{id(self)}.err'
        evidence.watch('popgate watch', self._err)
        with open(self._out, 'wb') as out, open(self._err, 'wb') as err:
            self._popen = subprocess.Popen([POPGATE, '-c', popgated.conf, *arguments], stdin=subprocess.DEVNULL, stdout=out,
                                           stderr=err, env=dict(os.environ, **ENVIRONMENT, **(environment or {})))

    def lines(self):
        with open(self._out, encoding='utf-8') as out:
            return out.read().splitlines()

    def rows(self, *events):
        """Its output as JSON; only of these events, if any are named."""
        rows = [json.loads(line) for line in self.lines()]
        return [row for row in rows if not events or row['event'] in events]

    def errors(self):
        with open(self._err, encoding='utf-8') as err:
            return err.read().splitlines()

    def signal(self, number):
        self._popen.send_signal(number)

    def wait(self):
        """Its exit status, when it has ended."""
        return self._popen.wait(timeout=10)

    def end(self):
        if self._popen.poll() is None:
            self._popen.kill()
            self._popen.wait()


class WatchTest(DaemonTest):

    def setUp(self):
        super().setUp()
        self.start()

    def start(self):
        """Start popgated, and wait until it has its database, and has read the log."""
        self.popgated.start()
        self.popgated.wait_for_verdict('DUNNO', STRANGER)

    def watch(self, *arguments, **how):
        """A watch that has begun."""
        watch = self.launch(*arguments, **how)
        wait_for(watch.lines, 'popgate watch to begin')
        return watch

    def launch(self, *arguments, **how):
        watch = Watch(self.popgated, *arguments, **how)
        self.addCleanup(watch.end)
        return watch

    def log_in(self, address, user='bob'):
        self.log.append(loglines.iso(address, user))
        self.popgated.wait_for_verdict('OK', address)

    def wait_for_row(self, watch, event, **members):
        """The first row of `event` that has these members."""
        def find():
            return next((row for row in watch.rows(event) if all(row[name] == value for name, value in members.items())), None)
        return wait_for(find, f'{event} with {members} to be shown')

    def status(self):
        return self.popgated.cli('--json', 'status').objects()[0]


class Events(WatchTest):

    def test_begin(self):
        self.assertEqual(self.watch('--json', 'watch').rows(),
                         [{'event': 'watching', 'time': self.now(), 'frozen': False, 'source_problem': None,
                           'store_problem': None}])

    def test_begin_while_frozen(self):
        self.popgated.must('freeze')
        self.assertTrue(self.watch('--json', 'watch').rows()[0]['frozen'])
        self.assertIn('FROZEN', self.watch('watch').lines()[1])

    def test_login(self):
        watch = self.watch('--json', 'watch')
        self.log_in(A, 'bob')
        row = self.wait_for_row(watch, 'login')
        self.assertAlmostEqual(row.pop('time'), time.time(), delta=5)
        self.assertAlmostEqual(row.pop('login'), time.time(), delta=5)
        self.assertEqual(list(row.items()), [('event', 'login'), ('address', A), ('user', 'bob'), ('service', 'pop3'),
                                             ('server', 'dovecot'), ('fate', 'granted'), ('why', None)])

    def test_login_that_grants_nothing(self):
        self.popgated.must('deny', B)
        watch = self.watch('--json', 'watch')
        self.log.append(loglines.iso(B))
        row = self.wait_for_row(watch, 'login', address=B)
        self.assertEqual(row['fate'], 'refused')
        self.assertIn('denied', row['why'])

    def test_verdict(self):
        self.log_in(A, 'bob')
        watch = self.watch('--json', 'watch', 'verdicts')
        self.popgated.ask(A, sender='me@client.test', recipient='you@remote.test', sasl_username='smtp-bob')
        row = self.wait_for_row(watch, 'verdict')
        self.assertAlmostEqual(row.pop('time'), time.time(), delta=5)
        self.assertEqual(row.pop('until') - row.pop('login'), 30 * 60)
        self.assertEqual(list(row.items()), [('event', 'verdict'), ('address', A), ('verdict', 'OK'), ('rule', 9),
                                             ('reason', 'login'), ('sender', 'me@client.test'), ('recipient', 'you@remote.test'),
                                             ('sasl_username', 'smtp-bob'), ('user', 'bob'), ('service', 'pop3'),
                                             ('server', 'dovecot')])

    def test_verdict_without_a_login(self):
        watch = self.watch('--json', 'watch', 'verdicts')
        self.popgated.ask(STRANGER)
        row = self.wait_for_row(watch, 'verdict', address=STRANGER)
        self.assertEqual((row['verdict'], row['reason'], row['login'], row['until']), ('DUNNO', 'no-login', None, None))
        self.assertNotIn('user', row)
        self.popgated.ask('unknown')
        self.assertEqual(self.wait_for_row(watch, 'verdict', address=None)['reason'], 'address')

    def test_notes(self):
        watch = self.watch('--json', 'watch')
        self.popgated.must('deny', 'user:Bob', '--why', 'lost it')
        made = self.wait_for_row(watch, 'note')
        self.assertEqual((made['kind'], made['target'], made['by'], made['why'], made['until'], made['in_force']),
                         ('deny', 'user:bob', 'root', 'lost it', None, True))
        self.popgated.must('forget', str(made['note']))
        self.assertEqual(self.wait_for_row(watch, 'forgotten')['note'], made['note'])
        self.popgated.must('freeze')
        self.wait_for_row(watch, 'note', kind='freeze', target='all')
        self.popgated.must('thaw')
        self.wait_for_row(watch, 'forgotten', kind='freeze')

    def test_source(self):
        self.popgated.restart({'log.stale': '1s'})
        watch = self.watch('--json', 'watch', 'sources')
        os.rename(self.popgated.source, self.popgated.source + '.away')
        os.mkdir(self.popgated.source)
        self.assertIn(self.popgated.source, self.wait_for_row(watch, 'source')['problem'])
        os.rmdir(self.popgated.source)
        os.rename(self.popgated.source + '.away', self.popgated.source)
        self.wait_for_row(watch, 'source', problem=None)

    def test_store(self):
        watch = self.watch('--json', 'watch', 'store')
        os.rename(self.popgated.store, self.folder + '/away')
        self.assertTrue(wait_for(lambda: watch.rows('store'), 'trouble with the database to be shown')[0]['problem'])
        self.wait_for_row(watch, 'store', problem=None)

    @staticmethod
    def now():
        """Equal to a time of just now."""
        class Now(int):
            def __eq__(self, other):
                return abs(other - time.time()) < 10
            __hash__ = int.__hash__
        return Now()


class Filters(WatchTest):

    WANTED = {
        ('logins',): ['login B'],
        ('verdicts',): ['verdict A', 'verdict STRANGER', 'verdict C'],
        ('notes',): ['note 192.0.2.0/28', 'note user:carol'],
        ('logins', 'notes'): ['note 192.0.2.0/28', 'note user:carol', 'login B'],
        ('--address', A): ['verdict A', 'note 192.0.2.0/28'],
        ('--address', '192.0.2.0/24'): ['verdict A', 'note 192.0.2.0/28', 'login B'],
        ('--address', '2001:db8::/32'): ['verdict C'],
        ('--user', 'BOB'): ['verdict A'],
        ('--user', 'carol', 'notes'): ['note user:carol'],
        ('--user', 'dave'): ['login B'],
        ('--verdict', 'DUNNO'): ['verdict STRANGER'],
        ('--verdict', 'OK,DEFER_IF_REJECT'): ['verdict A', 'verdict C'],
        ('sources', 'store'): [],
    }

    def setUp(self):
        super().setUp()
        self.log_in(A, 'bob')
        self.log_in(C, 'alice')

    def test_each(self):
        pending = list(self.WANTED.items())
        while pending:
            some, pending = pending[:WATCHERS_MAX - 1], pending[WATCHERS_MAX - 1:]
            self.see(dict(some))

    def see(self, wanted):
        """Each watch shows what it should, and when all that happens has been seen by one without a filter, nothing else."""
        watches = {arguments: self.watch('--json', 'watch', *arguments) for arguments in wanted}
        all_of_it = self.watch('--json', 'watch')
        self.popgated.ask(A)
        self.popgated.ask(STRANGER)
        self.popgated.ask(C)
        self.popgated.must('allow', '192.0.2.0/28')
        self.popgated.must('revoke', 'user:carol')
        self.log.append(loglines.iso(B, 'dave'))
        self.wait_for_row(all_of_it, 'login')
        for arguments, watch in watches.items():
            with self.subTest(arguments):
                wait_for(lambda: len(self.seen(watch)) >= len(wanted[arguments]), 'all that passes to be shown')
        for arguments, watch in watches.items():
            with self.subTest(arguments):
                self.assertEqual(self.seen(watch), wanted[arguments])
                watch.end()
        all_of_it.end()

    @staticmethod
    def seen(watch):
        names = {A: 'A', B: 'B', C: 'C', STRANGER: 'STRANGER'}
        return [f'{row["event"]} {names.get(row.get("address"), row.get("target"))}' for row in watch.rows()[1:]]

    def test_what_is_no_filter(self):
        for arguments in (('grants',), ('logins,',), ('--address', 'x'), ('--address', '192.0.2.1/24'), ('--user', ''),
                          ('--verdict', '450'), ('--verdict', 'OK', 'notes'), ('--address', A, 'store'), ('--user',)):
            with self.subTest(arguments):
                result = self.popgated.cli('watch', *arguments)
                self.assertEqual((result.status, result.out), (USAGE, ''), result)
                self.assertTrue(result.err)


class Lines(WatchTest):

    def test_lines(self):
        watch = self.watch('watch')
        self.log_in(A, 'bob@example.org')
        self.popgated.must('freeze', '--why', 'a test')
        self.popgated.must('thaw')
        wait_for(lambda: 'forgotten' in watch.lines()[-1], 'the thaw to be shown')
        lines = watch.lines()
        self.assertEqual(lines[0], time.strftime('--- %a %Y-%m-%d'))
        clock = r'\d\d:\d\d:\d\d  '
        self.assertRegex(lines[1], clock + 'watching   logins and database are well$')
        shown = [line for line in lines if 'DUNNO' not in line]
        self.assertRegex(shown[2], clock + 'login      192.0.2.1        bob@example.org  pop3 dovecot  granted$')
        self.assertRegex(shown[3], clock + r'verdict    192.0.2.1        OK     login     bob@example.org  from \S+ to \S+$')
        self.assertRegex(lines[-2], clock + r'note       \d+ freeze all, by root: a test; FROZEN')
        self.assertNotIn('\x1b', ''.join(lines))

    def test_foreign_text_is_harmless(self):
        watch = self.watch('watch')
        self.log.append(loglines.iso(A, 'b@d').replace(b'b@d', b'b\x7f\xc2\x9bd'))
        self.popgated.wait_for_verdict('OK', A)
        with policy.Connection(self.popgated.policy) as connection:
            connection.ask(policy.request(A).replace(b'sender@client.test', b'\x1b]0;x\x07\x9b'))
        wait_for(lambda: any(']0;x' in line for line in watch.lines()), 'a strange sender to be shown')
        self.assertNotRegex('\n'.join(watch.lines()), '[\x00-\x09\x0b-\x1f\x7f-\x9f]')

    def test_times_are_local(self):
        watch = self.watch('watch', environment={'TZ': 'AHEAD-5:30'})
        self.assertEqual(watch.lines()[1][3:5], time.strftime('%M', time.gmtime(time.time() + 30 * 60)))


class Ends(WatchTest):

    def test_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                watch = self.watch('watch')
                watch.signal(number)
                self.assertEqual(watch.wait(), DONE)
                self.assertEqual(watch.errors(), [])

    def test_nobody_reads(self):
        watch = subprocess.Popen([POPGATE, '-c', self.popgated.conf, 'watch'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(watch.stderr.close)
        self.addCleanup(watch.kill)
        watch.stdout.readline()
        watch.stdout.close()
        self.popgated.ask(A)
        self.assertEqual(watch.wait(timeout=10), DONE)
        self.assertEqual(watch.stderr.read(), b'')

    def test_nowhere_to_write(self):
        with open('/dev/full', 'wb') as full:
            done = subprocess.run([POPGATE, '-c', self.popgated.conf, 'watch'], stdout=full, stderr=subprocess.PIPE, timeout=10,
                                  check=False)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn(b'cannot write', done.stderr)


class Restarts(WatchTest):

    @staticmethod
    def shows_well(watch):
        """What it has told of the database last is that it is well."""
        row = watch.rows('watching', 'store')[-1]
        return row.get('problem', row.get('store_problem')) is None

    def test_goes_on(self):
        watch = self.watch('--json', 'watch')
        self.log_in(A)
        self.popgated.kill()
        wait_for(watch.errors, 'the end of the daemon to be told')
        self.start()
        wait_for(lambda: len(watch.rows('watching')) == 2, 'the watch to begin anew')
        wait_for(lambda: self.shows_well(watch), 'the database to be shown as well')
        self.log_in(B)
        self.wait_for_row(watch, 'login', address=B)
        self.popgated.end()
        self.start()
        wait_for(lambda: len(watch.rows('watching')) == 3, 'the watch to begin once more')
        wait_for(lambda: self.shows_well(watch), 'the database to be shown as well once more')
        self.popgated.must('deny', STRANGER)
        self.wait_for_row(watch, 'note', target=STRANGER)
        self.assertEqual([re.sub('popgated at .* is', 'popgated is', line) for line in watch.errors()],
                         ['popgate: popgated is gone; waiting for it', 'popgate: popgated answers again'] * 2)

    def test_nobody_there(self):
        self.popgated.end()
        result = self.popgated.cli('watch')
        self.assertEqual((result.status, result.out), (FAILED, ''))
        self.assertIn(self.popgated.control, result.err)

    def test_waits_for_it(self):
        self.popgated.end()
        watch = self.launch('--json', 'watch', '--wait')
        wait_for(watch.errors, 'the lack of a daemon to be told')
        self.assertIn('waiting for it', watch.errors()[0])
        self.start()
        self.popgated.must('deny', STRANGER)
        self.wait_for_row(watch, 'watching')
        self.assertEqual(watch.errors()[1:], ['popgate: popgated answers'])


class Cost(WatchTest):
    """Watchers by hand, since popgate itself means well."""

    def setUp(self):
        super().setUp()
        self.pid = self.popgated.program.pid

    def connect(self, request=b'{"command": "watch"}\n'):
        """A watcher that has read how it begins."""
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.settimeout(10)
        client.connect(self.popgated.control)
        client.sendall(request)
        return client, self.read(client)

    @staticmethod
    def read(client):
        """The next message."""
        line = b''
        while not line.endswith(b'\n'):
            byte = client.recv(1)
            if not byte:
                raise AssertionError(f'closed behind {line!r}')
            line += byte
        return json.loads(line)

    def ask_many(self, number):
        """So many verdicts, each answered at once."""
        with policy.Connection(self.popgated.policy) as connection:
            for _ in range(number // 100):
                connection.send(policy.request(STRANGER) * 100)
                for _ in range(100):
                    self.assertEqual(connection.read_action(), 'DUNNO')

    def n_descriptors(self):
        return hostile.n_descriptors(self.pid)

    def test_who_never_reads(self):
        self.ask_many(1000)
        before = hostile.anonymous_kib(self.pid)
        client, begin = self.connect()
        self.assertEqual(begin['row']['event'], 'watching')
        self.ask_many(MANY)
        self.assertLess(hostile.anonymous_kib(self.pid) - before, 4096)
        n_seen = n_lost = 0
        lines = client.makefile('r', encoding='utf-8')
        while n_seen + n_lost < MANY:
            row = json.loads(lines.readline())['row']
            n_seen += row['event'] == 'verdict'
            n_lost += row['count'] if row['event'] == 'dropped' else 0
        self.assertEqual(n_seen + n_lost, MANY)
        self.assertGreater(n_lost, MANY / 2)
        self.popgated.must('deny', STRANGER)
        self.assertEqual(json.loads(lines.readline())['row']['event'], 'note')

    def test_who_reads_misses_nothing(self):
        """One who keeps up: all that is asked one after the other is shown."""
        client, _ = self.connect()
        lines = client.makefile('r', encoding='utf-8')
        for number in range(2000):
            self.assertEqual(self.popgated.ask(STRANGER, sender=f'{number}@client.test'), 'DUNNO')
            self.assertEqual(json.loads(lines.readline())['row']['sender'], f'{number}@client.test')

    def test_who_goes_away(self):
        clients = [self.connect()[0] for _ in range(WATCHERS_MAX)]
        self.ask_many(1000)
        full = self.n_descriptors()
        for client in clients:
            client.close()
        wait_for(lambda: self.n_descriptors() <= full - WATCHERS_MAX, 'the descriptors of those who are gone to be closed')

    def test_who_says_no_more(self):
        """One who has shut his side for writing still hears."""
        client, _ = self.connect()
        client.shutdown(socket.SHUT_WR)
        self.popgated.must('deny', STRANGER)
        self.assertEqual(self.read(client)['row']['event'], 'note')

    def test_only_so_many(self):
        clients = [self.connect()[0] for _ in range(WATCHERS_MAX)]
        result = self.popgated.cli('watch')
        self.assertEqual((result.status, result.out), (FAILED, ''))
        self.assertIn(f'{WATCHERS_MAX} watch already', result.err)
        refused, refusal = self.connect()
        self.assertEqual(refusal['exit'], FAILED)
        refused.sendall(b'{"command": "check", "address": "192.0.2.1"}\n')
        self.assertEqual(self.read(refused)['row']['address'], A)
        clients.pop().close()
        wait_for(lambda: self.has_room(), 'room for another watch')

    @unittest.skipIf(os.geteuid() != 0, 'only root can become somebody else')
    def test_readers_keep_no_administrator_from_it(self):
        self.popgated.configure({'control.readers': 'nobody'})
        self.popgated.must('reload')
        os.chmod(self.popgated.control, 0o666)
        ours, theirs = socket.socketpair()
        self.assertEqual(hostile.as_nobody(lambda: self.watch_for_another(theirs)), 0)
        held = socket.recv_fds(ours, 1, WATCHERS_MAX)[1]
        self.assertEqual(len(held), WATCHERS_MAX)
        client, _ = self.connect()
        self.popgated.must('deny', STRANGER)
        self.assertEqual(self.read(client)['row']['event'], 'note')
        for descriptor in held:
            os.close(descriptor)

    def watch_for_another(self, channel):
        """In a child: who has connected counts, whoever holds the connection then."""
        clients = [self.connect()[0] for _ in range(WATCHERS_MAX)]
        socket.send_fds(channel, [b'x'], [client.fileno() for client in clients])

    def has_room(self):
        client, begin = self.connect()
        client.close()
        return 'row' in begin

    def test_silence(self):
        """Nothing happens: then no processor is used, and whoever waits hears that the daemon lives; popgate shows nothing."""
        watch = self.watch('watch')
        client, _ = self.connect()
        begin = time.monotonic()
        used = hostile.cpu_seconds(self.pid)
        client.settimeout(3 * ALIVE_SECONDS)
        self.assertEqual(self.read(client), {'alive': True})
        self.assertGreater(time.monotonic() - begin, ALIVE_SECONDS / 2)
        self.assertLess(hostile.cpu_seconds(self.pid) - used, 0.5)
        self.popgated.must('deny', STRANGER)
        wait_for(lambda: len(watch.lines()) > 2, 'a note to be shown')
        self.assertEqual(len(watch.lines()), 3)
        self.assertEqual(watch.errors(), [])

    def test_what_is_asked_wrongly(self):
        for request in (b'{"command": "watch", "only": "x"}\n', b'{"command": "watch", "address": "x"}\n'):
            with self.subTest(request):
                self.assertEqual(self.connect(request)[1]['exit'], USAGE)
        with contextlib.closing(self.connect(b'{"command": "watch", "only": 7, "user": null, "verdict": []}\n')[0]) as client:
            self.popgated.must('deny', STRANGER)
            self.assertEqual(self.read(client)['row']['event'], 'note')
