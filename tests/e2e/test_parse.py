# SPDX-License-Identifier: GPL-3.0-or-later
"""popgate parse: what it says of logs, packed ones too. It needs neither daemon nor database."""

import bz2
import gzip
import lzma
import os
import resource
import shutil
import subprocess
import time
import unittest

import loglines
import workdir
from popgate import DONE, FAILED, USAGE, POPGATE, run

A, B, OURSELVES = '192.0.2.1', '192.0.2.2', '192.0.2.250'
NOBODY = 61111  # who runs nothing else: his processes are counted
FOREIGN = b'Nov 23 12:00:00 mx postfix/smtpd[1]: connect from mail.example.com[198.51.100.1]\n'
REFUSED = loglines.iso(A).replace(b'rip=192.0.2.1', b'rip=nowhere')
UNKNOWN_FORM = loglines.iso(A).replace(b'Login: ', b'Logged in, but you should use this server instead: ')
FAILED_LOGIN = loglines.iso(A).replace(b'Login: ', b'Aborted login (auth failed, 1 attempts in 2 secs): ')


class ParseTest(unittest.TestCase):

    def setUp(self):
        self.folder = workdir.make()
        self.addCleanup(workdir.remove, self.folder)
        self.conf = self.write('popgate.conf', b'')

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as file:
            file.write(data)
        return path

    def parse(self, *arguments, stdin='', status=DONE):
        result = run(POPGATE, '-c', self.conf, 'parse', *arguments, stdin=stdin)
        self.assertEqual(result.status, status, result)
        return result

    def objects(self, *arguments, **how):
        return self.parse('--json', *arguments, **how).objects()


class Rows(ParseTest):

    def test_each_member_of_a_login(self):
        when = time.time() - 5
        path = self.write('log', FOREIGN + loglines.iso(A, 'bob', when, 'imap'))
        self.assertEqual(self.objects(path), [
            {'line': 2, 'time': int(when), 'address': A, 'user': 'bob', 'service': 'imap', 'server': 'dovecot', 'grants': True,
             'why': ''}])

    def test_what_grants_nothing_says_why(self):
        path = self.write('log', loglines.iso('127.0.0.9') + loglines.iso(A))
        told = self.objects(path)
        self.assertEqual([(one['grants'], bool(one['why'])) for one in told], [(False, True), (True, False)])
        lines = self.parse(path).out.splitlines()
        self.assertRegex(lines[0], r'nothing +127\.0\.0\.9 .*: its address is in never_grant$')
        self.assertRegex(lines[1], r'grants +192\.0\.2\.1 +pop3 by bob \(dovecot\)$')

    def test_refused_lines_are_told_with_why_only(self):
        path = self.write('log', REFUSED + loglines.iso(A))
        self.assertEqual([one['line'] for one in self.objects(path)], [2])
        refused, login = self.objects('--why', path)
        self.assertEqual((refused['line'], refused['refused']), (1, 'rip is no IP address'))
        self.assertEqual(refused['text'], REFUSED.decode().rstrip('\n'))
        self.assertEqual(login['line'], 2)
        self.assertIn('line 1 not taken for a login (rip is no IP address): ', self.parse('--why', path).out)

    def test_unmatched(self):
        path = self.write('log', FOREIGN + FAILED_LOGIN + REFUSED + loglines.iso(A) + UNKNOWN_FORM)
        told = self.objects('--unmatched', path)
        self.assertEqual([(one['line'], 'grants' in one) for one in told], [(3, False), (5, False)])
        self.assertTrue(all(one['refused'] for one in told))

    def test_overlong_lines_are_counted(self):
        path = self.write('log', b'x' * 20000 + b'\n' + loglines.iso(A) + b'y' * 400000 + b'\n' + loglines.iso(B))
        self.assertEqual([(one['line'], one['address']) for one in self.objects(path)], [(2, A), (4, B)])

    def test_a_line_without_its_end_is_none(self):
        self.assertEqual(self.objects(self.write('log', loglines.iso(A).rstrip(b'\n'))), [])

    def test_several_files(self):
        first, second = self.write('first', FOREIGN + loglines.iso(A)), self.write('second', loglines.iso(B) + REFUSED)
        told = self.objects('--why', first, '-', second, stdin=loglines.iso('192.0.2.3').decode())
        self.assertEqual([(one['file'], one['line']) for one in told], [(first, 2), ('-', 1), (second, 1), (second, 2)])
        self.assertNotIn('file', self.objects(first)[0])
        self.assertIn(f'{second}: line 2 ', self.parse('--why', first, second).out)

    def test_each_file_has_its_own_format(self):
        own, syslog = self.write('own', loglines.own_file(A)), self.write('syslog', loglines.rfc3164(B))
        self.assertEqual([one['address'] for one in self.objects(own, syslog)], [A, B])

    def test_the_rest_is_read_if_one_is_missing(self):
        path = self.write('log', loglines.iso(A))
        result = self.parse('--json', os.path.join(self.folder, 'absent'), path, self.folder, status=FAILED)
        self.assertEqual([one['address'] for one in result.objects()], [A])
        self.assertIn('absent', result.err)

    def test_foreign_bytes_are_escaped(self):
        path = self.write('log', loglines.iso(A, 'b@d').replace(b'b@d', b'\x7f\xff"\\\xc3<'))
        self.assertEqual(self.objects(path)[0]['user'], '\x7f\ufffd"\\\ufffd<')
        self.assertIn(r'by \x7f\xff\"\\\xc3< (dovecot)', self.parse(path).out)

    def test_two_line_logins_are_joined_within_a_file(self):
        first = b'Nov 23 12:00:00 mx popa3d[77]: Session from 192.0.2.1\n'
        second = b'Nov 23 12:00:01 mx popa3d[77]: Authentication passed for bob\n'
        both, one, other = self.write('both', first + second), self.write('one', first), self.write('other', second)
        self.assertEqual([(row['line'], row['address'], row['user']) for row in self.objects(both)], [(2, A, 'bob')])
        self.assertEqual(self.objects(one, other), [])

    def test_a_pipe_is_told_as_it_comes(self):
        with subprocess.Popen([POPGATE, '-c', self.conf, '--json', 'parse'], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parse:
            for address in (A, B):
                parse.stdin.write(loglines.iso(address))
                parse.stdin.flush()
                self.assertIn(address, parse.stdout.readline().decode())
            parse.stdin.close()
            self.assertEqual(parse.wait(10), DONE)

    def test_it_ends_when_nothing_can_be_written(self):
        with open('/dev/full', 'wb') as full, subprocess.Popen([POPGATE, '-c', self.conf, 'parse'], stdin=subprocess.PIPE,
                                                               stdout=full, stderr=subprocess.PIPE) as parse:
            parse.stdin.write(loglines.iso(A))
            parse.stdin.flush()
            self.assertEqual(parse.wait(10), FAILED)
            self.assertIn(b'cannot write', parse.stderr.read())

    @unittest.skipUnless(os.geteuid() == 0, 'needs root, to become a user who may start no thread')
    def test_it_says_when_there_can_be_no_thread(self):
        def become_nobody():
            resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)

        with open(POPGATE, 'rb') as program, open(self.conf, 'rb') as conf, open('/dev/null', 'rb') as log:
            done = subprocess.run([f'/proc/self/fd/{program.fileno()}', '-c', f'/dev/fd/{conf.fileno()}', 'parse'], stdin=log,
                                  pass_fds=(program.fileno(), conf.fileno()), preexec_fn=become_nobody, timeout=10,
                                  capture_output=True, check=False)
        self.assertEqual(done.returncode, FAILED, done)
        self.assertIn(b'thread', done.stderr)


class Summary(ParseTest):

    def test_counts(self):
        path = self.write('log', loglines.iso(A) * 3 + loglines.iso(A, 'alice') + loglines.iso(A, service='imap') + REFUSED
                          + loglines.iso(OURSELVES))
        told = [(one['count'], one['grants'], one['server'], one['service'], one['user']) for one in self.objects('--summary', path)]
        self.assertEqual(told, [(1, 1, 'dovecot', 'pop3', 'alice'), (4, 3, 'dovecot', 'pop3', 'bob'),
                                (1, 1, 'dovecot', 'imap', 'bob')])
        self.assertRegex(self.parse('--summary', path).out.splitlines()[2], r'^ +4 +3 +dovecot +pop3 +bob$')

    def test_files_are_counted_together(self):
        path = self.write('log', loglines.iso(A))
        self.assertEqual([one['count'] for one in self.objects('--summary', path, path)], [2])

    def test_many_users(self):
        line = loglines.iso(A, 'USER')
        path = self.write('log', b''.join(line.replace(b'USER', b'u%d' % number) for number in range(100_500)))
        told = self.objects('--summary', path)
        self.assertEqual(len(told), 100_001)
        self.assertEqual(told[-1], {'count': 500, 'grants': 500, 'server': 'dovecot', 'service': 'pop3', 'others': True})
        self.assertIn('(others)', self.parse('--summary', path).out.splitlines()[-1])

    def test_summary_goes_with_nothing_else(self):
        for option in ('--why', '--unmatched'):
            self.assertIn('--summary', self.parse('--summary', option, status=USAGE).err)


class Packed(ParseTest):

    LINES = FOREIGN * 3000 + loglines.iso(A) + FOREIGN * 30000 + loglines.iso(B)

    def packers(self):
        yield 'gz', gzip.compress
        yield 'bz2', bz2.compress
        yield 'xz', lzma.compress
        if shutil.which('zstd'):
            yield 'zst', lambda data: subprocess.run(['zstd', '-qc'], input=data, stdout=subprocess.PIPE, check=True).stdout

    def test_packed_logs_are_read(self):
        for name, pack in self.packers():
            with self.subTest(name):
                path = self.write('log', pack(self.LINES))  # the name does not tell
                self.assertEqual([(one['line'], one['address']) for one in self.objects(path)], [(3001, A), (33002, B)])

    def test_packed_standard_input(self):
        done = subprocess.run([POPGATE, '-c', self.conf, '--json', 'parse', '-'], input=gzip.compress(self.LINES),
                              stdout=subprocess.PIPE, check=True, timeout=10)
        self.assertEqual(len(done.stdout.splitlines()), 2)

    def test_cut_files(self):
        """What comes before the cut counts; the exit status and the error say that there was one."""
        for name, pack in self.packers():
            with self.subTest(name):
                packed = pack(loglines.iso(A) + os.urandom(2_000_000).hex().encode() + b'\n')
                path = self.write('log', packed[:-10])
                result = self.parse('--json', path, status=FAILED)
                self.assertEqual([one['address'] for one in result.objects()], [A])
                self.assertIn(path, result.err)


class Memory(ParseTest):

    @staticmethod
    def limit():
        resource.setrlimit(resource.RLIMIT_DATA, (64 << 20, 64 << 20))

    def test_it_does_not_grow_with_the_log(self):
        """80 MB of log out of a small file, half of it one line, in 64 MB of memory."""
        path = self.write('log', gzip.compress(FOREIGN * 500_000 + b'x' * 40_000_000 + b'\n' + loglines.iso(A), 1))
        for options in ((), ('--summary',), ('--unmatched', '--why')):
            done = subprocess.run([POPGATE, '-c', self.conf, 'parse', *options, path], stdout=subprocess.PIPE, check=False,
                                  timeout=30, preexec_fn=self.limit)
            self.assertEqual(done.returncode, DONE, options)
