# SPDX-License-Identifier: GPL-3.0-or-later
"""A real logrotate while a real rsyslogd writes a thousand logins a second: no line is missed, and none is read twice.

Each login is of an address of its own, so what was read is told by the addresses, and what was read twice by the counter.
"""

import glob
import gzip
import os
import re
import shutil
import subprocess
import threading
import time
import unittest

import loglines
import rsyslog
import workdir
from mailsite import DaemonTest
from rsyslog import Rsyslogd, Writer
from waiting import wait_for

A_SECOND = 1000
ROTATIONS = 5

_LINE = re.compile(rb'\S+ mx dovecot: pop3-login: Login: user=<bob>, method=PLAIN, rip=([0-9.]+), lip=[0-9.]+, mpid=12345, '
                   rb'session=<OWtHDPBgf6N/AAAD>')


def _path():
    return shutil.which('logrotate', path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')


def _lacking():
    if _path() is None:
        return 'logrotate is not installed'
    return '' if rsyslog.installed() else 'rsyslog is not installed'


class Logrotate:
    """logrotate with a configuration and a state file of its own."""

    def __init__(self, folder, log, options):
        self._argv = [_path(), '--force', '--state', f'{folder}/logrotate.state', f'{folder}/logrotate.conf']
        lines = ['nomail', 'rotate 99', *options]
        workdir.write(f'{folder}/logrotate.conf', f'"{log}" {{\n' + ''.join(f'    {line}\n' for line in lines) + '}\n')
        os.chmod(f'{folder}/logrotate.conf', 0o644)

    def run(self):
        """Rotate once."""
        done = subprocess.run(self._argv, capture_output=True, text=True, timeout=20, check=False)
        if done.returncode != 0 or done.stderr:
            raise AssertionError(f'logrotate: {done}')


class Logins(threading.Thread):
    """Logs in, at an even pace, from one address after the other, until it is told to stop."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self._writer = Writer(path)
        self._stopped = threading.Event()
        self._failure = None
        self.done = []
        self.seconds = 0

    def run(self):
        begun = time.monotonic()
        try:
            while not self._stopped.wait(0.005):
                while len(self.done) < (time.monotonic() - begun) * A_SECOND:
                    self._log_in()
        except OSError as error:
            self._failure = error
        self.seconds = time.monotonic() - begun

    def _log_in(self):
        number = len(self.done)
        address = f'198.{18 + number // 65536}.{number // 256 % 256}.{number % 256}'
        self._writer.log(f'pop3-login: Login: {loglines.ELEMENTS}'.format(user='bob', address=address))
        self.done.append(address)

    def stop(self):
        self._stopped.set()
        self.join(10)
        self._writer.__exit__()
        if self._failure:
            raise self._failure


@unittest.skipIf(_lacking(), _lacking())
class LogrotateTest(DaemonTest):

    def setUp(self):
        super().setUp()
        self.rsyslogd = Rsyslogd(self.folder, rsyslog.to_file(self.log.path))
        self.addCleanup(self.rsyslogd.stop)
        self.rsyslogd.start()
        self.popgated.start()

    # --- while lines arrive

    def log_in_and_rotate(self, *options, between=lambda: None):
        """Returns the addresses that have logged in, when all of them were written."""
        logrotate = Logrotate(self.folder, self.log.path, options)
        logins = Logins(self.rsyslogd.socket)
        logins.start()
        try:
            for number in range(1, ROTATIONS + 1):
                wait_for(lambda wanted=number * A_SECOND // 2: len(logins.done) >= wanted, 'logins before a rotation')
                logrotate.run()
                between()
            wait_for(lambda: len(logins.done) >= (ROTATIONS + 1) * A_SECOND // 2, 'logins after the last rotation')
        finally:
            logins.stop()
        self.assertGreater(len(logins.done) / logins.seconds, 0.9 * A_SECOND, 'logins a second')
        wait_for(lambda: self.is_written(logins.done[-1]), 'the last login to be written')  # rsyslogd's end may come before
        self.rsyslogd.stop()
        self.assertEqual(len(self.files()), ROTATIONS + 1)
        return logins.done

    def files(self):
        return glob.glob(f'{self.log.path}*')

    def is_written(self, address):
        with open(self.log.path, 'rb') as log:
            return f' rip={address},'.encode() in log.read()

    def in_files(self):
        """The addresses in whole login lines of all files that there are."""
        found = []
        for path in self.files():
            with (gzip.open if path.endswith('.gz') else open)(path, 'rb') as log:
                matches = [_LINE.fullmatch(line) for line in log.read().split(b'\n')[:-1]]
            found += [match[1].decode() for match in matches if match]
        return found

    # --- what popgate has read

    def logins_read(self):
        return self.popgated.cli('--json', 'status').objects()[0]['lines']['logins']

    def assertAllGranted(self, wanted):
        missed = set(wanted)

        def is_all():
            missed.difference_update(self.popgated.grants())
            return not missed

        try:
            wait_for(is_all, 'all to be read', timeout=5, interval=0.2)
        except AssertionError as error:
            raise AssertionError(f'{len(missed)} of {len(wanted)} were missed: {sorted(missed)[:5]}') from error

    def assertRead(self, wanted):
        """All of these were read, and nothing twice."""
        self.assertAllGranted(wanted)
        self.assertEqual(self.logins_read(), len(self.popgated.grants()), 'lines were read twice')

    def assertAllRead(self, done):
        self.assertCountEqual(self.in_files(), done, 'rsyslogd and logrotate lose nothing')
        self.assertRead(done)

    # --- a file is renamed, and rsyslogd told to open the new one

    def hang_up(self):
        return ['create', 'postrotate', f'    kill -HUP $(cat {self.folder}/rsyslogd.pid)', 'endscript']

    def test_create(self):
        self.assertAllRead(self.log_in_and_rotate(*self.hang_up()))

    def test_create_and_compress(self):
        """As Debian has it."""
        self.assertAllRead(self.log_in_and_rotate('missingok', 'notifempty', 'compress', 'delaycompress', *self.hang_up()))

    def test_create_with_dates(self):
        """logrotate would not rotate twice in the same second: the name is taken then."""
        def next_second():
            now = int(time.time())
            wait_for(lambda: int(time.time() - 0.1) > now, 'the next second')  # logrotate's clock is a coarse one

        self.assertAllRead(self.log_in_and_rotate('dateext', 'dateformat -%Y%m%d-%s', *self.hang_up(), between=next_second))

    def test_nocreate(self):
        """For a moment there is no file."""
        options = self.hang_up()
        self.assertAllRead(self.log_in_and_rotate('nocreate', *options[1:]))

    def test_create_while_popgated_restarts(self):
        """What was written meanwhile is read from where it stopped; what was read before a stop is not read again."""
        def restart():
            self.popgated.end()
            self.popgated.start()

        done = self.log_in_and_rotate(*self.hang_up(), between=restart)
        self.assertCountEqual(self.in_files(), done)
        self.assertAllGranted(done)
        self.assertEqual({row['count'] for row in self.popgated.grants().values()}, {'1'})

    # --- popgated is killed while it happens

    def kill_here(self):
        """The command that kills popgated out of a script of logrotate."""
        with open(f'{self.folder}/popgated.pid', 'w', encoding='ascii') as file:
            file.write(str(self.popgated.program.pid))
        return f'    kill -9 $(cat {self.folder}/popgated.pid)'

    def start_again(self):
        wait_for(self.popgated.program.exited, 'popgated to be gone')
        self.popgated.kill()  # it is dead already: only what is left of it goes
        self.popgated.start()
        self.kill_here()

    def assertAllReadOnce(self, wanted):
        """A grant's count is that of the logins that were stored, over all lives of popgated."""
        self.assertAllGranted(wanted)
        grants = self.popgated.grants()
        self.assertEqual({address for address, row in grants.items() if row['count'] != '1'}, set(), 'counted twice')
        self.assertEqual(set(grants), set(wanted))

    def rotate_and_kill(self, before_hup, after_hup):
        hang_up = f'    kill -HUP $(cat {self.folder}/rsyslogd.pid)'
        done = self.log_in_and_rotate('create', 'postrotate', *before_hup, hang_up, *after_hup, 'endscript', between=self.start_again)
        self.assertCountEqual(self.in_files(), done)
        self.assertAllReadOnce(done)

    def test_killed_before_the_new_file_is_written_to(self):
        self.rotate_and_kill([self.kill_here()], [])

    def test_killed_when_the_new_file_is_written_to(self):
        self.rotate_and_kill([], [self.kill_here()])

    def test_killed_before_the_rename(self):
        hang_up = self.hang_up()
        done = self.log_in_and_rotate('prerotate', self.kill_here(), 'endscript', *hang_up, between=self.start_again)
        self.assertCountEqual(self.in_files(), done)
        self.assertAllReadOnce(done)

    def test_killed_before_copying(self):
        """What was written meanwhile is in the copy."""
        done = self.log_in_and_rotate('copytruncate', 'prerotate', self.kill_here(), 'endscript', between=self.start_again)
        self.assertReadOnceFromCopies(done)

    def test_killed_behind_the_cut(self):
        done = self.log_in_and_rotate('copytruncate', 'postrotate', self.kill_here(), 'endscript', between=self.start_again)
        self.assertReadOnceFromCopies(done)

    def assertReadOnceFromCopies(self, done):
        """What is in a file was read; what came between copy and cut may have been read before, and is of those that were."""
        self.assertAllGranted(self.in_files())
        grants = self.popgated.grants()
        self.assertLessEqual(set(grants), set(done))
        self.assertEqual({row['count'] for row in grants.values()}, {'1'})

    # --- a file is copied and cut

    def test_copytruncate(self):
        """What comes between logrotate's copy and its cut is in no file. All else was to be read, wherever it is now."""
        done = self.log_in_and_rotate('copytruncate')
        written = self.in_files()
        self.assertEqual(len(written), len(set(written)), 'logrotate has copied something twice')
        self.assertLessEqual(set(written), set(done))
        self.assertGreater(len(written), len(done) * 0.9, 'logrotate has lost too much to tell anything by')
        self.assertRead(written)
