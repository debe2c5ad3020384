# SPDX-License-Identifier: GPL-3.0-or-later
"""A journal that the test writes, without any journald.

systemd-journal-remote makes journal files of the export format and takes each field as it is, those too that only journald
sets. So what Dovecot logs and what a forger logs stand side by side.
"""

import os
import subprocess
import time
import uuid

import loglines

_PLACES = ('/usr/lib/systemd/systemd-journal-remote', '/lib/systemd/systemd-journal-remote')
_BOOT = uuid.uuid4().hex

GENUINE = {'_SYSTEMD_UNIT': 'dovecot.service', '_UID': '0', '_PID': '197', '_HOSTNAME': 'mx', '_COMM': 'log'}


def _tool():
    return next((path for path in _PLACES if os.access(path, os.X_OK)), None)


def lacking():
    """Why there can be no journal; empty if there can."""
    return '' if _tool() else 'systemd-journal-remote is not installed'


def login(address, **how):
    """The message of a login, as Dovecot hands it to syslog."""
    return loglines.iso(address, **how).decode().split(' dovecot: ', 1)[1].rstrip('\n')


class Journal:
    """Journal files in a folder. The one that is written to has a number: rotate() takes the next."""

    def __init__(self, folder):
        self.folder = folder
        self._number = 0
        os.mkdir(folder, 0o755)

    def _path(self, number):
        return f'{self.folder}/part{number}.journal'

    def append(self, *messages, trusted=None, when=None, identifier='dovecot'):
        """An entry for each message, by the process that `trusted` tells of: by default Dovecot's."""
        self._write(''.join(_entry(message, GENUINE if trusted is None else trusted, when, identifier) for message in messages))

    def _write(self, text):
        subprocess.run([_tool(), '-o', self._path(self._number), '-'], input=text.encode(), check=True, timeout=20,
                       capture_output=True)

    def stream(self):
        """A program that appends entries as they are written to its standard input; see Stream."""
        return Stream(subprocess.Popen([_tool(), '-o', self._path(self._number), '-'], stdin=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL))

    def rotate(self):
        """From now on another file is written to."""
        self._number += 1

    def vacuum(self):
        """Remove all files but the one that is written to."""
        for number in range(self._number):
            if os.path.exists(self._path(number)):
                os.unlink(self._path(number))


class Stream:
    """Appends to one file, without opening it anew."""

    def __init__(self, program):
        self._program = program

    def append(self, message, trusted=None):
        self._program.stdin.write(_entry(message, GENUINE if trusted is None else trusted, None, 'dovecot').encode())
        self._program.stdin.flush()

    def close(self):
        self._program.stdin.close()
        self._program.wait(20)


def _entry(message, trusted, when, identifier):
    moment = time.time_ns() // 1000 if when is None else int(when * 1000000)
    fields = {'__REALTIME_TIMESTAMP': moment, '__MONOTONIC_TIMESTAMP': time.monotonic_ns() // 1000, '_BOOT_ID': _BOOT, **trusted,
              'SYSLOG_IDENTIFIER': identifier, 'MESSAGE': message}
    return ''.join(f'{name}={value}\n' for name, value in fields.items()) + '\n'
