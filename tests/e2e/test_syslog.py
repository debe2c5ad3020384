# SPDX-License-Identifier: GPL-3.0-or-later
"""popgated --syslog: what it says goes to /dev/log, which here is a socket of the test's, in a file system of the daemon's own."""

import os
import socket
import subprocess
import sys
import unittest

import loglines
import popgate
import workdir

NEEDED_DEVICES = ('null', 'urandom')
MAIL = 2 << 3
NOTICE, WARNING = 5, 4

# Becomes the program behind a /dev that has just what stands in the folder DEV.
_BEHIND = """
import os, subprocess, sys
dev, program = sys.argv[1], sys.argv[2:]
for name in %r:
    subprocess.run(['mount', '--bind', f'/dev/{name}', f'{dev}/{name}'], check=True)
subprocess.run(['mount', '--rbind', dev, '/dev'], check=True)
os.execv(program[0], program)
""" % (NEEDED_DEVICES,)


def _lacking():
    if os.geteuid() != 0:
        return 'only root can put a socket in the place of /dev/log'
    tried = subprocess.run(['unshare', '-m', 'true'], capture_output=True, check=False)
    return '' if tried.returncode == 0 else 'no mount name space can be made here'


@unittest.skipIf(_lacking(), _lacking())
class Syslog(unittest.TestCase):
    def setUp(self):
        self.folder = workdir.make()
        self.dev = os.path.join(self.folder, 'dev')
        os.mkdir(self.dev)
        for name in NEEDED_DEVICES:
            workdir.write(os.path.join(self.dev, name), '')
        self.log = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.log.close)
        self.log.bind(os.path.join(self.dev, 'log'))
        self.log.settimeout(10)
        self.daemon = popgate.Popgated(self.folder)
        self.lines = loglines.LogFile(self.daemon.source)
        self.lines.append(b'')
        self.daemon.wrapper = ['unshare', '-m', sys.executable, '-c', _BEHIND, self.dev]
        self.addCleanup(self.daemon.end)

    def _until(self, word):
        """The messages up to the first that has `word`."""
        messages = []
        while not messages or word not in messages[-1]:
            messages.append(self.log.recv(8192).decode('ascii'))
        return messages

    def _start(self):
        self.daemon.launch('--syslog')
        return self._until('is ready')

    def test_what_it_says_goes_there(self):
        messages = self._start()
        for message in messages:
            self.assertRegex(message, r'^<%d>.* popgated\[\d+\]: ' % (MAIL | NOTICE))
        self.assertIn(f' popgated[{self.daemon.program.pid}]: ', messages[-1])
        self.assertEqual('', self.daemon.log())

    def test_foreign_text_is_escaped_and_warnings_have_their_priority(self):
        self._start()
        self.lines.append(loglines.iso('192.0.2.7', 'j\u00fcrgen'))
        self.assertIn(r'user="j\xc3\xbcrgen"', self._until('grant ')[-1])
        os.unlink(self.daemon.source)
        self.assertRegex(self._until('mail.log: ')[-1], r'^<%d>.*: warning: ' % (MAIL | WARNING))

    def test_a_failed_start_is_told_on_the_standard_error(self):
        self.daemon.configure({'policy.listen': f'unix:{self.folder}/absent/policy'})
        program = self.daemon.launch('--syslog')
        self.assertEqual(1, program.wait())
        self.assertIn('absent/policy', self.daemon.log())
