# SPDX-License-Identifier: GPL-3.0-or-later
"""popgated as popgated.service confines it: its whole job, in a cage whose bars were felt first."""

import grp
import gzip
import os
import subprocess
import sys
import time
import unittest

import confine
import journal
import loglines
import policy
import workdir
from mailsite import DaemonTest
from manager import Listener, Sockets
from waiting import wait_for

A, B, C, D, E = (f'192.0.2.{number}' for number in range(1, 6))
OK = 0
NUMBER = 54321  # of a user that does not exist: the unit's is made by an installation

HERE = os.path.dirname(os.path.abspath(__file__))
UNIT = os.path.join(os.path.dirname(os.path.dirname(HERE)), 'systemd', 'popgated.service.in')

# What must not work in there: prints the names of what does.
_PROBE = """
import ctypes, errno, mmap, os, socket
folder, log = arguments
libc = ctypes.CDLL(None, use_errno=True)
def refused(result, *numbers):
    return result == -1 and ctypes.get_errno() in numbers
def fails(what, *arguments):
    try:
        what(*arguments)
    except OSError:
        return True
rows = {
    'open an IPv4 socket': fails(socket.socket, socket.AF_INET),
    'open a netlink socket': fails(socket.socket, socket.AF_NETLINK, socket.SOCK_RAW),
    'open a unix socket': not fails(socket.socket, socket.AF_UNIX),
    'map memory to write and run': fails(mmap.mmap, -1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, 7),
    'mount': refused(libc.mount(b'tmpfs', b'/tmp', b'tmpfs', 0, None), errno.EPERM),
    'become root': fails(os.setuid, 0),
    'give a file away': fails(os.chown, folder + '/own', 1, 1),
    'change its priority': fails(os.setpriority, os.PRIO_PROCESS, 0, 5),
    'make a namespace': refused(libc.unshare(0x10000000), errno.EPERM),
    'trace a process': refused(libc.ptrace(0, 0, 0, 0), errno.EPERM),
    'write to its folder': not fails(open, folder + '/own', 'w'),
    'write beside it': fails(open, folder + '/../other', 'w') and fails(open, '/etc/popgate-was-here', 'w'),
    'call what is unknown': refused(libc.syscall(100000), errno.ENOSYS),
    'read the log of adm': not fails(open, log),
}
print(', '.join(name for name, holds in rows.items() if not holds))
"""


@unittest.skipIf(confine.lacking(), confine.lacking())
class Sandbox(DaemonTest):

    SETTINGS = {'log.never_grant': 'none'}

    def setUp(self):
        super().setUp()
        self.state = workdir.subfolder(self.folder, 'state', 0o700, NUMBER, NUMBER)
        self.popgated.store = f'{self.state}/popgate.gdbm'
        self.popgated.configure({'popgate.store': f'gdbm:{self.popgated.store}'})
        os.chmod(self.popgated.source, 0o640)
        os.chown(self.popgated.source, 0, grp.getgrnam('adm').gr_gid)
        self.cage = [sys.executable, os.path.join(HERE, 'confine.py'), UNIT, str(NUMBER), self.state]

    def hold_sockets(self):
        sockets = Sockets()
        self.addCleanup(sockets.close)
        sockets.hold_unix('policy', self.popgated.policy)
        sockets.hold_unix('control', self.popgated.control)
        self.port = sockets.hold_inet('policy')
        sockets.pass_to(self.popgated)
        self.popgated.wrapper += self.cage
        os.makedirs(f'{self.folder}/notify.d')
        self.manager = Listener(f'{self.folder}/notify.d')
        self.addCleanup(self.manager.close)
        os.chmod(self.manager.path, 0o666)
        self.manager.listen_to(self.popgated, WATCHDOG_USEC='400000')

    def test_the_bars_hold(self):
        done = subprocess.run([*self.cage, '-c', _PROBE, self.state, self.popgated.source], timeout=30,
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, '\n', ''))

    def start(self):
        self.popgated.start()
        self.manager.wait_for('READY=1')

    def test_its_whole_job(self):
        """Logins, questions, notes on the disk, a sync in a thread, metrics in a file, a reload, a restart, and each end in
        order."""
        self.popgated.configure({'metrics.textfile': f'{self.state}/popgate.prom'})
        self.hold_sockets()
        self.start()
        self.log.append(loglines.iso(A))
        self.popgated.wait_for_verdict('OK', A)
        with policy.Connection(('127.0.0.1', self.port)) as connection:
            self.assertEqual(connection.ask(policy.request(A)), 'OK')
        wait_for(lambda: os.path.exists(f'{self.state}/popgate.prom'), 'the metrics to be written')
        self.assertIn('popgate_process_resident_memory_bytes', self.popgated.must('stats', '--prometheus'))
        self.popgated.must('allow', B)
        self.popgated.must('deny', 'user:bob')
        self.assertVerdict('DUNNO', A)
        self.popgated.configure({'popgate.window': '1h'})
        self.popgated.must('reload')
        self.popgated.hang_up()
        self.manager.wait_for('RELOADING=1', 2)
        self.manager.wait_for('WATCHDOG=1', 2)
        self.log.append(b''.join(loglines.iso(f'198.51.{n // 200}.{n % 200}', user='eve') for n in range(5000)))
        self.popgated.wait_for_verdict('OK', '198.51.24.199')
        self.assertEqual(self.popgated.stop(), OK)
        self.start()
        self.assertVerdict('OK', '198.51.24.199')
        self.assertVerdict('OK', B)
        self.assertNotIn('warning', self.popgated.log())

    def test_after_a_crash(self):
        """The database was not closed, and all of it is verified."""
        self.hold_sockets()
        self.start()
        self.log.append(loglines.iso(A))
        self.popgated.must('allow', B)
        self.popgated.wait_for_verdict('OK', A)
        self.popgated.kill()
        self.start()
        self.popgated.wait_for_verdict('OK', A)
        self.assertVerdict('OK', B)

    def test_rotated_and_packed_logs(self):
        self.hold_sockets()
        self.log.append(loglines.iso(A))
        self.start()
        self.popgated.wait_for_verdict('OK', A)
        self.log.rename()
        self.log.append(loglines.iso(B))
        os.chmod(self.popgated.source, 0o644)
        self.popgated.wait_for_verdict('OK', B)
        self.popgated.stop()
        self.log.append(loglines.iso(C))
        self._pack()
        self.log.append(loglines.iso(D))
        os.chmod(self.popgated.source, 0o644)
        self.start()
        self.popgated.wait_for_verdict('OK', C)
        self.popgated.wait_for_verdict('OK', D)

    def _pack(self):
        """As logrotate does it: the time of the last change stays."""
        os.rename(f'{self.popgated.source}.1', f'{self.popgated.source}.2')
        with open(self.popgated.source, 'rb') as file, gzip.open(f'{self.popgated.source}.1.gz', 'wb') as packed:
            packed.write(file.read())
        os.utime(f'{self.popgated.source}.1.gz', (time.time(), time.time()))
        os.unlink(self.popgated.source)

    @unittest.skipIf(journal.lacking(), journal.lacking())
    def test_the_journal(self):
        written = journal.Journal(f'{self.folder}/journal')
        written.append(journal.login(E))
        os.chown(f'{self.folder}/journal/part0.journal', 0, grp.getgrnam('systemd-journal').gr_gid)
        self.popgated.configure({'log.source': f'journal:dovecot,dir={self.folder}/journal,trust=any'})
        self.hold_sockets()
        self.start()
        self.popgated.wait_for_verdict('OK', E)
        written.append(journal.login(D))
        self.popgated.wait_for_verdict('OK', D)
        self.assertEqual(self.popgated.stop(), OK)
