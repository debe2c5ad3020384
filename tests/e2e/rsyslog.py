# SPDX-License-Identifier: GPL-3.0-or-later
"""A real rsyslogd with a configuration, a socket and files of its own; it needs neither root nor /dev/log."""

import os
import shutil
import signal
import socket
import time

import workdir
from processes import Program
from waiting import wait_for

MAIL, INFO = 2, 6  # facility and severity

_CONFIGURATION = '''global(workDirectory="{folder}/spool" localHostname="mx" maxMessageSize="{max_message}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{socket}" RateLimit.Interval="0")
{action}
'''


def installed():
    return _path() is not None


def _path():
    return shutil.which('rsyslogd', path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')


def to_file(path, template='RSYSLOG_FileFormat'):
    """The action that writes everything to a file."""
    return f'action(type="omfile" file="{path}" template="{template}")'


def to_program(command, output):
    """The action that starts a program and writes mail's lines to it, as the guide has it.

    By default omprog leaves the program running when rsyslogd ends, drops the line that the program did not take, and waits
    for half a minute before it starts it again.
    """
    return (f'module(load="omprog")\n'
            f'mail.info action(type="omprog" binary="{command}" template="RSYSLOG_FileFormat" output="{output}"'
            f' signalOnClose="on" action.resumeRetryCount="-1" action.resumeInterval="1")')


class Rsyslogd:
    """One that does `action` with each message."""

    def __init__(self, folder, action, max_message='8k'):
        self.socket = f'{folder}/devlog'
        self.conf = f'{folder}/rsyslog.conf'
        self._folder = folder
        self._program = None
        os.makedirs(f'{folder}/spool', exist_ok=True)
        workdir.write(self.conf, _CONFIGURATION.format(folder=folder, socket=self.socket, action=action,
                                                       max_message=max_message))

    def start(self):
        """Start it and wait until it takes messages."""
        self._program = Program('rsyslogd', [_path(), '-n', '-f', self.conf, '-i', f'{self._folder}/rsyslogd.pid'],
                                f'{self._folder}/rsyslogd.log').start()
        wait_for(lambda: self._program.must_run() and self._listens(), 'rsyslogd to listen')
        return self

    def stop(self):
        """End it in peace: it writes what it still has, and ends what it started."""
        return self._program.stop() if self._program else None

    @property
    def program(self):
        return self._program

    def hang_up(self):
        """What logrotate tells it: open the files anew."""
        self._program.send_signal(signal.SIGHUP)

    def children(self):
        """The pids of the programs it has started and that still run."""
        return [pid for pid in _pids() if _parent(pid) == self._program.pid]

    def _listens(self):
        try:
            with Writer(self.socket):
                return True
        except OSError:
            return False


class Writer:
    """A program that logs, as by syslog(3). It waits when rsyslogd has no time: nothing gets lost between them."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def log(self, text, tag='dovecot: ', facility=MAIL):
        stamp = time.strftime('%b %e %H:%M:%S').encode()
        text = text if isinstance(text, bytes) else text.encode()
        self._socket.send(b'<%d>%s %s%s' % (facility * 8 + INFO, stamp, tag.encode(), text))


def _pids():
    return [int(name) for name in os.listdir('/proc') if name.isdigit()]


def is_running(pid):
    return _parent(pid) is not None


def _parent(pid):
    """The parent of a process that runs; None if there is none, or nothing is left of it but its exit status."""
    try:
        with open(f'/proc/{pid}/stat', encoding='ascii', errors='replace') as file:
            state, parent = file.read().rpartition(')')[2].split()[:2]
        is_over = state == 'Z' and len(os.listdir(f'/proc/{pid}/task')) == 1  # other threads may keep its files open yet
    except OSError:
        return None
    return None if is_over else int(parent)
