# SPDX-License-Identifier: GPL-3.0-or-later
"""What can befall a log: each is seen in `popgate status` within a second, bounces nobody's mail, and grants nothing."""

import calendar
import glob
import gzip
import os
import pwd
import shutil
import signal
import subprocess
import time
import unittest
import unittest.mock

import loglines
from mailsite import DaemonTest
from waiting import hold_for, wait_for

A, B, C, D = '192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'
STRANGER = '203.0.113.9'
HOUR = 3600
SEEN = 1.5  # a second, and what the command and a busy machine take


class LogFault(DaemonTest):
    """A granted address, and a log that is well."""

    SETTINGS = {'log.stale': '1s'}

    def setUp(self):
        super().setUp()
        self.login(A)
        self.start()
        self.popgated.wait_for_verdict('OK', A)
        self.assertEqual(self.popgated.first_source(), self.row('current'))

    def start(self):
        self.popgated.start()

    def login(self, address, **how):
        self.log.append(loglines.iso(address, **how))

    @staticmethod
    def row(state, **members):
        return {'name': members.get('name', unittest.mock.ANY), 'state': state, 'problem': None, 'warning': None, 'since': 0,
                **members}

    def see(self, state, problem):
        """`status` tells it within a second."""
        def is_told():
            source = self.popgated.first_source()
            return source['state'] == state and problem in (source['problem'] or '')

        wait_for(is_told, f'{state}: {problem}', SEEN)

    def see_warning(self, text):
        wait_for(lambda: text in (self.popgated.first_source()['warning'] or ''), f'a warning: {text}', SEEN)

    def assertBlind(self, problem):
        """Strangers are told to wait when it lasts, and who has a grant keeps it."""
        self.see('blind', problem)
        self.popgated.wait_for_verdict('DEFER_IF_REJECT', STRANGER, timeout=3)
        self.assertVerdict('OK', A)
        self.assertIn(problem, self.popgated.log())

    def assertWell(self, login=B):
        """Logins are read again, and strangers are strangers."""
        self.login(login)
        self.popgated.wait_for_verdict('OK', login)
        self.popgated.wait_for_verdict('DUNNO', STRANGER)
        self.see('current', '')


class CannotBeRead(LogFault):

    def test_it_vanishes(self):
        os.unlink(self.log.path)
        self.assertBlind('No such file')
        self.assertWell()

    def test_it_vanishes_for_less_than_stale(self):
        """Nobody is to wait because of a slow rotation."""
        self.popgated.restart({'log.stale': '60s'})
        self.see('current', '')
        os.unlink(self.log.path)
        self.see('blind', 'No such file')
        self.assertVerdict('DUNNO', STRANGER)
        self.assertWell()

    def test_it_becomes_a_folder(self):
        os.unlink(self.log.path)
        self.see('blind', 'No such file')
        os.mkdir(self.log.path)
        self.assertBlind('not a regular file')  # which is logged, too
        os.rmdir(self.log.path)
        self.assertWell()

    def test_it_becomes_a_pipe(self):
        """Neither waits popgated for a writer, nor does it take part in what others write to each other."""
        os.unlink(self.log.path)
        os.mkfifo(self.log.path)
        self.assertBlind('not a regular file')
        with self.assertRaises(OSError):
            os.open(self.log.path, os.O_WRONLY | os.O_NONBLOCK)
        os.unlink(self.log.path)
        self.assertWell()

    def test_others_may_write_to_it(self):
        new = loglines.LogFile(self.log.path + '.new')
        new.append(loglines.iso(B))
        os.chmod(new.path, 0o666)
        os.rename(new.path, self.log.path)
        self.assertBlind(self.log.path)
        self.assertVerdict('DEFER_IF_REJECT', B)
        os.chmod(self.log.path, 0o640)
        self.popgated.wait_for_verdict('OK', B)
        self.assertWell(C)

    def test_its_folder_is_renamed(self):
        """The file is the log until there is a new one: syslogd has it open, and writes on."""
        folder, log = f'{self.folder}/logs', loglines.LogFile(f'{self.folder}/logs/mail.log')
        os.mkdir(folder)
        log.append(b'')
        self.popgated.restart({'log.source': f'file:{log.path},format=syslog'})
        self.see('current', '')
        os.rename(folder, folder + '.old')
        loglines.LogFile(f'{folder}.old/mail.log').append(loglines.iso(B))
        self.popgated.wait_for_verdict('OK', B)
        os.mkdir(folder)
        log.append(loglines.iso(C))
        self.popgated.wait_for_verdict('OK', C)
        self.see('current', '')


@unittest.skipIf(os.geteuid() != 0 or shutil.which('setpriv') is None, 'only root can run popgated as nobody, with setpriv')
class AsNobody(LogFault):
    """root reads everything; who is not root may be locked out."""

    def start(self):
        nobody = pwd.getpwnam('nobody')
        os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
        os.chown(self.log.path, nobody.pw_uid, nobody.pw_gid)
        self.popgated.wrapper = ['setpriv', f'--reuid={nobody.pw_uid}', f'--regid={nobody.pw_gid}', '--clear-groups']
        self.popgated.configure({'control.admins': 'root, nobody', 'log.source': f'file:{self.log.path},format=syslog,trust=any'})
        self.popgated.start()

    def test_the_new_file_cannot_be_read(self):
        """As after a rotation with a wrong `create`."""
        self.log.rename()
        self.log.append(loglines.iso(B))
        os.chmod(self.log.path, 0)
        self.assertBlind('Permission denied')
        self.assertVerdict('DEFER_IF_REJECT', B)
        os.chmod(self.log.path, 0o644)
        self.popgated.wait_for_verdict('OK', B)
        self.assertWell(C)

    def test_it_cannot_be_read_from_the_start(self):
        os.chmod(self.log.path, 0)
        self.popgated.restart()
        self.see('blind', 'Permission denied')
        self.assertVerdict('DEFER_IF_REJECT', STRANGER)
        os.chmod(self.log.path, 0o644)
        self.assertWell()

    def test_what_is_open_is_read_on(self):
        os.chmod(self.log.path, 0)
        self.assertWell()

    def test_a_predecessor_cannot_be_read(self):
        """It is told, since its logins are missing, and nobody is kept waiting for it."""
        self.popgated.end()
        self.log.append(loglines.iso(B))
        self.log.rename()
        os.chmod(self.log.path + '.1', 0)
        self.log.append(loglines.iso(C))
        os.chmod(self.log.path, 0o644)
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', C)
        self.see_warning('logins may be missing')
        self.assertIn('mail.log.1: Permission denied', self.popgated.log())
        self.assertIn('logins may be missing', self.popgated.must('status'))
        self.assertVerdict('DUNNO', B)


class OldLines(LogFault):

    def test_more_predecessors_than_are_followed(self):
        """Of those that are too many logins are missing; that is told."""
        self.popgated.end()
        for address in (B, C, B, C, B, C, B, C):
            self.log.append(loglines.iso(address))
            self.log.shift()
        self.log.append(loglines.iso(C))
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', C)
        self.see_warning('logins may be missing')
        self.assertIn('more than 6 files', self.popgated.must('status'))

    def test_more_predecessors_than_are_looked_back_at(self):
        self.popgated.end()
        for path in glob.glob(self.popgated.store + '*'):
            os.unlink(path)
        self.test_more_predecessors_than_are_followed()

    def test_as_many_predecessors_as_are_followed(self):
        self.popgated.end()
        for _ in range(5):
            self.log.append(loglines.iso(C))
            self.log.shift()
        self.log.append(loglines.iso(B))
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', B)
        self.assertNotIn('logins may be missing', self.popgated.must('status'))

    def test_stamps_jump_back(self):
        """What is too old grants nothing, and the next line with a right stamp ends it."""
        self.login(B, when=time.time() - 2 * HOUR + 30)
        self.see_warning('its stamps jumped back by 1h 59m')
        self.assertIn('jumped back', self.popgated.must('status'))
        self.assertVerdict('DUNNO', B)
        self.assertWell(C)
        self.assertEqual(self.popgated.first_source()['warning'], None)
        self.assertEqual(self.popgated.log().count('jumped back'), 1)

    def test_replaced_by_an_older_file(self):
        """A copy of yesterday, put back: a revoke stays, and what is old stays old."""
        older = (loglines.iso(B, when=time.time() - 2 * HOUR) + loglines.iso(C, when=time.time() - 20 * 60)
                 + loglines.iso(D, when=time.time() - 15 * 60))
        self.popgated.must('revoke', D)
        loglines.LogFile(self.log.path + '.new').append(older)
        os.rename(self.log.path + '.new', self.log.path)
        self.see_warning('its stamps jumped back by')
        self.popgated.wait_for_verdict('OK', C)
        until = int(self.popgated.grants()[C]['until'])
        self.assertLess(until, time.time() + 11 * 60)
        self.assertVerdict('DUNNO', B)
        self.assertVerdict('DUNNO', D)

    def test_put_back_in_place(self):
        """The same file, with older contents, as `cp` does it."""
        with open(self.log.path, 'rb') as log:
            old = log.read()
        self.login(B)
        self.popgated.wait_for_verdict('OK', B)
        self.popgated.must('revoke', B)
        with open(self.log.path, 'r+b') as log:
            log.truncate(0)
            log.write(old)
        self.assertWell(C)
        self.assertVerdict('DUNNO', B)
        self.assertEqual(self.popgated.grants()[A]['count'], '1')

    def test_replaced_by_an_empty_one(self):
        """What was not read yet of the old one is."""
        self.popgated.program.send_signal(signal.SIGSTOP)
        try:
            self.login(B)
            loglines.LogFile(self.log.path + '.new').append(b'')
            os.rename(self.log.path + '.new', self.log.path)
        finally:
            self.popgated.program.send_signal(signal.SIGCONT)
        self.popgated.wait_for_verdict('OK', B)
        self.assertWell(C)

    def test_truncated_in_place(self):
        os.truncate(self.log.path, 0)
        self.assertWell()

    def test_of_another_year(self):
        """Its lines tell no year, and so could be of today: the file was last written a year ago."""
        self.popgated.end()
        os.unlink(self.popgated.store)
        os.truncate(self.log.path, 0)
        now = time.time()
        tm = time.localtime(now)
        then = calendar.timegm((tm.tm_year - 1, tm.tm_mon, min(tm.tm_mday, 28), 0, 0, 0))
        self.log.append(loglines.rfc3164(B, when=now - 60))
        os.utime(self.log.path, (then, then))
        self.popgated.start()
        self.popgated.wait_for_verdict('DUNNO', STRANGER)
        self.assertVerdict('DUNNO', B)
        self.log.append(loglines.rfc3164(C))
        self.popgated.wait_for_verdict('OK', C)
        self.assertVerdict('DUNNO', B)


class Predecessors(LogFault):

    def pack(self, cut):
        """Rotated and compressed while popgated is down, with `cut` bytes missing at its end."""
        self.popgated.end()
        self.log.append(b''.join(loglines.iso(f'198.51.100.{number % 250}', user=os.urandom(9).hex()) for number in range(5000)))
        with open(self.log.path, 'rb') as log:
            packed = gzip.compress(log.read())
        os.unlink(self.log.path)
        loglines.LogFile(self.log.path + '.1.gz').append(packed[:len(packed) - cut])
        self.login(B)
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', B)

    def test_damaged(self):
        """What can be read of it is, and that more is missing is told."""
        self.pack(1000)
        self.see_warning('logins may be missing')
        self.assertIn('mail.log.1.gz', self.popgated.first_source()['warning'])
        self.assertEqual(self.popgated.log().count('logins may be missing'), 1)
        self.assertVerdict('OK', '198.51.100.7')
        self.assertVerdict('DUNNO', STRANGER)

    def test_well(self):
        self.pack(0)
        self.popgated.wait_for_verdict('OK', '198.51.100.249')
        self.assertEqual(self.popgated.first_source(), self.row('current'))


class Torn(LogFault):
    """A line that nobody has finished."""

    def test_syslogd_crashes_within_a_line(self):
        """The next line stands right behind what there is of the first, wherever it was cut."""
        line = loglines.iso(B)
        for cut in range(1, len(line)):
            self.log.append(line[:cut] + loglines.iso(f'198.51.100.{cut % 250}'))
        self.login(C)
        self.popgated.wait_for_verdict('OK', C)
        self.assertEqual(set(self.popgated.grants()), {A, C})

    def test_popgated_crashes_within_a_line(self):
        line = loglines.iso(B)
        for cut in (1, 40, len(line) - 1):
            self.log.append(line[:cut])
            self.popgated.kill()
            self.log.append(line[cut:])
            self.popgated.start()
            self.popgated.wait_for_verdict('OK', B)
            self.popgated.must('revoke', B)
            self.assertVerdict('DUNNO', B)
            line = loglines.iso(B)
        self.assertEqual(set(self.popgated.grants('--expired')), {A, B})


class CatchingUp(DaemonTest):

    def test_who_waits_behind_a_backlog_is_not_bounced(self):
        """Not one DUNNO before the login, at the end of 200 MB, is read."""
        filler = loglines.filler(10_000_000)
        for _ in range(20):
            self.log.append(filler)
        self.log.append(loglines.iso(A))
        self.popgated.launch()
        wait_for(lambda: self.popgated.program.must_run() and os.path.exists(self.popgated.policy), 'the socket')
        seen = []
        wait_for(lambda: seen.append(self.verdict_or_none(A)) or seen[-1] == 'OK', 'the login to be read', 30, 0)
        self.assertEqual(set(seen) - {None}, {'DEFER_IF_REJECT', 'OK'})
        self.popgated.wait_for_verdict('DUNNO', STRANGER)

    def verdict_or_none(self, address):
        try:
            return self.popgated.verdict(address)
        except OSError:
            return None


def _lacks_namespaces():
    if os.geteuid() != 0 or shutil.which('unshare') is None:
        return 'only root can make name spaces, with unshare'
    done = subprocess.run(['unshare', '--user', '--mount', '--map-root-user', 'true'], capture_output=True, check=False, timeout=10)
    return '' if done.returncode == 0 else f'no name spaces: {done.stderr.decode().strip()}'


@unittest.skipIf(_lacks_namespaces(), _lacks_namespaces())
class NoEvents(LogFault):
    """Where the kernel tells nothing, looking once a second has to do."""

    def start(self):
        pass

    def setUp(self):
        DaemonTest.setUp(self)

    def wrap(self, commands):
        self.popgated.wrapper = ['unshare', '--user', '--mount', '--map-root-user', 'sh', '-e', '-c', f'{commands}\nexec "$@"', 'sh']

    def assertFollows(self):
        self.popgated.start()
        self.login(A)
        self.popgated.wait_for_verdict('OK', A, timeout=3)
        self.log.rename()
        self.login(B)
        self.popgated.wait_for_verdict('OK', B, timeout=3)
        self.log.copy_and_truncate('.2')
        self.login(C)
        self.popgated.wait_for_verdict('OK', C, timeout=3)
        os.unlink(self.log.path)
        wait_for(lambda: self.popgated.first_source()['state'] == 'blind', 'it to be seen', SEEN)
        self.login(D)
        self.popgated.wait_for_verdict('OK', D, timeout=3)

    def test_no_inotify(self):
        self.wrap('echo 0 > /proc/sys/user/max_inotify_instances')
        self.assertFollows()

    def test_no_watches(self):
        self.wrap('echo 0 > /proc/sys/user/max_inotify_watches')
        self.assertFollows()

    def test_one_watch(self):
        """The folder's; there is none for the file."""
        self.wrap('echo 1 > /proc/sys/user/max_inotify_watches')
        self.assertFollows()

    def test_a_file_system_that_tells_nothing(self):
        """An overlay, as of a container, that is written to from below."""
        for name in ('lower', 'work', 'merged'):
            os.mkdir(f'{self.folder}/{name}')
        upper = f'{self.folder}/upper'
        os.mkdir(upper)
        self.log = loglines.LogFile(f'{upper}/mail.log')
        self.log.append(b'')
        merged = f'{self.folder}/merged'
        self.wrap(f'mount -t overlay overlay -o lowerdir={self.folder}/lower,upperdir={upper},workdir={self.folder}/work {merged}')
        self.popgated.configure({'log.source': f'file:{merged}/mail.log,format=syslog'})
        self.popgated.start()
        self.login(A)
        self.popgated.wait_for_verdict('OK', A, timeout=3)
        self.login(B)
        self.popgated.wait_for_verdict('OK', B, timeout=3)


class Tai64n(DaemonTest):
    """multilog's stamps are ten seconds ahead of UTC; s6-log adds today's leap seconds, 27 in all, and so is ahead of us."""

    SETTINGS = {'popgate.window': '3s'}

    def line(self, address, ahead):
        now = time.time()
        label = (1 << 62) + int(now) + ahead
        return (f'@{label:016x}{int(now % 1 * 1e9):08x} dovecot: pop3-login: Login: {loglines.ELEMENTS}\n'
                .format(user='bob', address=address).encode())

    def test_both(self):
        self.popgated.configure({'log.source': f'file:{self.log.path},format=tai64n'})
        self.popgated.start()
        for address, ahead in ((A, 10), (B, 37)):
            with self.subTest(ahead=ahead):
                begun = time.monotonic()
                self.log.append(self.line(address, ahead))
                self.popgated.wait_for_verdict('OK', address)
                hold_for(lambda one=address: self.popgated.verdict(one) == 'OK', 'the window', 1)
                self.popgated.wait_for_verdict('DUNNO', address, timeout=5)
                self.assertLess(time.monotonic() - begun, 4)

    def test_a_revoke_outlives_the_loss_of_the_position(self):
        """The line, read again, is no login behind the revoke, though its stamp is ahead of it."""
        self.popgated.configure({'log.source': f'file:{self.log.path},format=tai64n', 'popgate.window': '30m'})
        self.popgated.start()
        line = self.line(B, 37)
        self.log.append(line)
        self.popgated.wait_for_verdict('OK', B)
        self.popgated.must('revoke', B)
        self.popgated.kill()
        os.truncate(self.log.path, 0)
        self.log.append(b'another beginning\n' + line + self.line(A, 10))
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', A)
        self.assertVerdict('DUNNO', B)
