# SPDX-License-Identifier: GPL-3.0-or-later
"""Root is for making sockets, and is given up behind that: [popgate] user and group."""

import grp
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
import unittest

import loglines
import policy
import workdir
from mailsite import DaemonTest
from popgate import POPGATED, run
from waiting import wait_for

A, B = '192.0.2.1', '192.0.2.2'
OK, RUNTIME, USAGE = 0, 1, 2

USER = 'nobody'
NUMBER = 54321  # nobody's


def _status(pid):
    """What the kernel says of each thread of a process: a list of {name: value}."""
    threads = []
    for thread in os.listdir(f'/proc/{pid}/task'):
        with open(f'/proc/{pid}/task/{thread}/status', encoding='utf-8') as file:
            threads.append(dict(re.findall(r'^(\w+):\s*(.*?)\s*$', file.read(), re.M)))
    return threads


@unittest.skipIf(os.geteuid() != 0, 'only root can become somebody else')
class Privileges(DaemonTest):
    """The folder is root's, as Postfix's is another's: popgated can work in `state` and `run` only."""

    def setUp(self):
        super().setUp()
        self.popgated.store = f'{self.folder}/state/popgate.gdbm'
        self.popgated.control = f'{self.folder}/run/control'
        self.popgated.configure({'popgate.store': f'gdbm:{self.popgated.store}', 'popgate.user': USER,
                                 'control.listen': f'unix:{self.popgated.control}'})
        self.entry = pwd.getpwnam(USER)
        os.chmod(self.popgated.source, 0o644)

    def assertIs(self, uid, gid, groups):
        self.popgated.verdict(A)  # an answer comes only from who is ready
        threads = _status(self.popgated.program.pid)
        for thread in threads:
            self.assertEqual(thread['Uid'].split(), [str(uid)] * 4)
            self.assertEqual(thread['Gid'].split(), [str(gid)] * 4)
            self.assertEqual(set(map(int, thread['Groups'].split())), groups)
            for name in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb'):
                self.assertEqual(int(thread[name], 16), 0, name)
            self.assertEqual((thread['NoNewPrivs'], thread['Umask']), ('1', '0077'))
        self.assertGreater(len(threads), 1, 'the main thread alone proves nothing of the others')

    def assertWorks(self):
        """Its whole job: a login, a question, a note, a reload, and the end."""
        self.log.append(loglines.iso(A))
        self.popgated.wait_for_verdict('OK', A)
        self.popgated.must('deny', A)
        self.assertVerdict('DUNNO', A)
        self.popgated.configure({'log.never_grant': B})
        self.popgated.must('reload')
        self.log.append(loglines.iso(B) + loglines.iso('192.0.2.3'))
        self.popgated.wait_for_verdict('OK', '192.0.2.3')
        self.assertVerdict('DUNNO', B)
        self.assertEqual(self.popgated.stop(), OK)
        self.assertNotIn('warning', self.popgated.log())

    def test_a_user(self):
        self.popgated.start()
        self.assertIs(self.entry.pw_uid, self.entry.pw_gid, set(os.getgrouplist(USER, self.entry.pw_gid)))
        self.assertWorks()

    def test_a_group_of_its_own(self):
        """As a group that may read the log is given to it."""
        os.chmod(self.popgated.source, 0o640)
        os.chown(self.popgated.source, 0, grp.getgrnam('adm').gr_gid)
        self.popgated.configure({'popgate.group': 'adm'})
        self.popgated.start()
        gid = grp.getgrnam('adm').gr_gid
        self.assertIs(self.entry.pw_uid, gid, set(os.getgrouplist(USER, gid)))
        self.assertWorks()

    def test_numbers_without_names(self):
        self.popgated.configure({'popgate.user': str(NUMBER), 'popgate.group': str(NUMBER)})
        self.popgated.start()
        self.assertIs(NUMBER, NUMBER, {NUMBER})
        self.assertWorks()

    def test_nobody_by_default(self):
        self.popgated.configure({'popgate.user': ''})
        self.popgated.start()
        self.assertEqual(_status(self.popgated.program.pid)[0]['Uid'].split(), ['0'] * 4)

    def test_its_memory_is_not_dumped(self):
        """Else the folder of its process would be its own user's."""
        self.popgated.start()
        self.popgated.verdict(A)
        self.assertEqual(os.stat(f'/proc/{self.popgated.program.pid}/environ').st_uid, 0)

    def test_what_it_makes_is_its_own_and_closed(self):
        os.umask(os.umask(0))
        self.popgated.start()
        self.log.append(loglines.iso(A))
        self.popgated.wait_for_verdict('OK', A)
        self.popgated.must('allow', B)
        rows = [(f'{self.folder}/state', 0o700), (f'{self.folder}/run', 0o755)]
        rows += [(entry.path, 0o600) for entry in os.scandir(f'{self.folder}/state')]
        self.assertGreater(len(rows), 2)
        for path, mode in rows:
            found = os.stat(path)
            self.assertEqual((found.st_uid, oct(stat.S_IMODE(found.st_mode))), (self.entry.pw_uid, oct(mode)), path)

    def test_sockets_go_if_they_can_and_are_replaced_if_not(self):
        for _ in range(2):
            self.popgated.start()
            self.assertEqual(self.popgated.stop(), OK)
            self.assertFalse(os.path.lexists(self.popgated.control))
            self.assertTrue(os.path.lexists(self.popgated.policy), 'its folder is root\'s')

    @unittest.skipUnless(shutil.which('strace'), 'strace is not installed')
    def test_before_a_byte_is_read(self):
        """All that it opens or reads of what others write comes behind the last change of its user."""
        trace = f'{self.folder}/trace'
        self.log.append(loglines.iso(A))
        self.popgated.wrapper = ['strace', '-D', '-f', '-qq', '-o', trace, '-e', 'trace=setresuid,openat,accept4,recvfrom']
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', A)
        with open(trace, encoding='utf-8', errors='replace') as file:
            lines = file.read().splitlines()
        change = max(number for number, line in enumerate(lines) if 'setresuid(' in line and '= 0' in line)
        for words in (self.popgated.source, self.popgated.store, 'accept4(', 'recvfrom('):
            first = next(number for number, line in enumerate(lines) if words in line)
            self.assertGreater(first, change, lines[first])

    def test_a_log_that_it_cannot_read_is_told(self):
        os.chmod(self.popgated.source, 0o600)
        self.popgated.start()
        self.popgated.wait_for_verdict('DEFER_IF_REJECT', A)
        status = self.popgated.cli('--json', 'status').objects()[0]
        self.assertEqual(status['sources'][0]['state'], 'blind')
        self.assertIn('Permission denied', status['sources'][0]['problem'])
        os.chmod(self.popgated.source, 0o644)
        self.popgated.wait_for_verdict('DUNNO', A)

    def test_a_database_that_is_roots_is_told(self):
        workdir.subfolder(self.folder, 'state', 0o700)
        self.popgated.start()
        self.assertVerdict('DEFER_IF_REJECT', A)
        self.assertIn('Permission denied', self.popgated.log())
        os.chown(f'{self.folder}/state', self.entry.pw_uid, self.entry.pw_gid)
        self.popgated.wait_for_verdict('DUNNO', A)

    def test_a_reload_cannot_change_it(self):
        self.popgated.start()
        with policy.Connection(self.popgated.policy) as connection:
            self.assertEqual(connection.ask(policy.request(A)), 'DUNNO')
            self.popgated.configure({'popgate.user': 'daemon', 'policy.listen': f'unix:{self.folder}/new'})
            self.popgated.must('reload')
            self.assertEqual(connection.ask(policy.request(A)), 'DUNNO')
        self.assertIn('takes effect at the next start only', self.popgated.log())
        self.assertEqual(_status(self.popgated.program.pid)[0]['Uid'].split()[0], str(self.entry.pw_uid))
        self.assertFalse(os.path.lexists(f'{self.folder}/new'))

    def test_a_configuration_that_it_cannot_read_keeps_the_old(self):
        self.popgated.start()
        os.chmod(self.popgated.conf, 0o600)
        self.popgated.hang_up()
        wait_for(lambda: 'kept as it was' in self.popgated.log(), 'the failure to be told')
        self.assertVerdict('DUNNO', A)


@unittest.skipIf(os.geteuid() != 0, 'only root can become somebody else')
class Refusals(DaemonTest):

    def test_values_are_named(self):
        rows = (({'popgate.user': 'nobody-of-this-name'}, 'no such user'),
                ({'popgate.user': USER, 'popgate.group': 'no-group-of-this-name'}, 'no such group'),
                ({'popgate.user': 'root'}, 'rights of root'),
                ({'popgate.user': '0', 'popgate.group': 'adm'}, 'rights of root'),
                ({'popgate.user': str(NUMBER)}, '[popgate] group'),
                ({'popgate.user': '4294967295', 'popgate.group': 'adm'}, 'no such user'),
                ({'popgate.group': 'adm'}, '[popgate] user'))
        for settings, named in rows:
            for more in ([], ['--check-config']):
                with self.subTest(settings, more=more):
                    options = [word for pair in settings.items() for word in ('-o', '='.join(pair))]
                    result = run(POPGATED, '-c', self.popgated.conf, *options, *more)
                    self.assertEqual(result.status, USAGE, result)
                    self.assertIn(named, result.err)
                    self.assertEqual(sorted(os.listdir(self.folder)), ['mail.log', 'popgate.conf'])

    def test_who_is_not_root_cannot_become_another(self):
        os.chmod(self.folder, 0o777)
        result = self.run_as(NUMBER, '-o', f'popgate.user={USER}')
        self.assertEqual(result.returncode, USAGE, result)
        self.assertIn('only root can become another user', result.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), ['mail.log', 'popgate.conf'])

    def test_who_is_it_already_starts(self):
        """As under a service manager that has started it as this user."""
        os.chmod(self.folder, 0o777)
        os.chmod(self.popgated.source, 0o644)
        self.popgated.configure({'popgate.user': str(NUMBER), 'popgate.group': str(NUMBER),
                                 'log.source': f'file:{self.popgated.source},trust=any'})
        self.popgated.wrapper = ['setpriv', f'--reuid={NUMBER}', f'--regid={NUMBER}', '--clear-groups']
        self.popgated.start()
        self.log.append(loglines.iso(A))
        self.popgated.wait_for_verdict('OK', A)

    def run_as(self, number, *arguments):
        return subprocess.run([POPGATED, '-c', self.popgated.conf, *arguments], user=number, group=number, extra_groups=[],
                              capture_output=True, text=True, timeout=10, check=False)


# Sets the kernel's bits about what becomes of capabilities, and becomes a program.
_WITH_BITS = """
import ctypes, os, sys
if ctypes.CDLL(None).prctl(28, int(sys.argv[1]), 0, 0, 0) != 0:
    sys.exit('cannot set the bits')
os.execv(sys.argv[2], sys.argv[2:])
"""
NO_SETUID_FIXUP, LOCKED = 4, 8


@unittest.skipIf(os.geteuid() != 0, 'only root can become somebody else')
class KeptCapabilities(DaemonTest):
    """Who starts popgated may have told the kernel that capabilities outlive root."""

    def configure(self, bits):
        workdir.subfolder(self.folder, 'state', 0o700, USER)
        self.popgated.configure({'popgate.store': f'gdbm:{self.folder}/state/popgate.gdbm', 'popgate.user': USER})
        self.popgated.wrapper = [sys.executable, '-Ic', _WITH_BITS, str(bits)]

    def test_they_are_dropped_in_all_threads(self):
        self.configure(NO_SETUID_FIXUP)
        self.popgated.start()
        self.popgated.verdict(A)
        threads = _status(self.popgated.program.pid)
        self.assertGreater(len(threads), 1)
        for thread in threads:
            for name in ('CapPrm', 'CapEff', 'CapAmb', 'CapInh'):
                self.assertEqual(int(thread[name], 16), 0, (name, thread['Name']))

    def test_or_it_does_not_start(self):
        self.configure(NO_SETUID_FIXUP | LOCKED)
        self.assertEqual(self.popgated.launch().wait(), RUNTIME)
        self.assertIn('cannot give up root', self.popgated.log())
        self.assertFalse(os.listdir(f'{self.folder}/state'))
