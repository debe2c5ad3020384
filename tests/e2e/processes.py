# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs started by the tests: every one is known by its pid and is ended, however the run ends.

Each program leads a session of its own, so that its helpers (Postfix and Dovecot have many) can be ended with it, and a
Ctrl-C reaches the tests only, which then stop the programs in order.
"""

import atexit
import os
import signal
import subprocess
import sys
import threading

import evidence
from waiting import NotReached, wait_for

_running = []


class Terminated(KeyboardInterrupt):
    """SIGTERM, as an exception that unittest lets through, so that cleaning up happens."""


class Program:
    """One program in the foreground, its output in a log file."""

    def __init__(self, name, argv, log_path, env=None, descriptors=()):
        self.name = name
        self.argv = argv
        self.log_path = log_path
        self._env = dict(os.environ, **(env or {}))
        self._descriptors = descriptors
        self._popen = None

    def start(self, stdin=subprocess.DEVNULL):
        """Start it. Whether it serves yet is for the caller to see."""
        evidence.watch(self.name, self.log_path)
        with open(self.log_path, 'ab') as log:
            self._popen = subprocess.Popen(self.argv, stdin=stdin, stdout=log, stderr=log,
                                           env=self._env, start_new_session=True, pass_fds=self._descriptors)
        _running.append(self)
        return self

    @property
    def pid(self):
        return self._popen.pid

    def exited(self):
        """Has it ended? It is not reaped yet: while it is a zombie, its pid and its group are nobody else's."""
        if self._popen is None or self._popen.returncode is not None:
            return True
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def must_run(self):
        """True while it runs; fails at once, and not after a long wait, when it has ended."""
        if self.exited():
            raise NotReached(f'{self.name} ended by itself: {" ".join(self.argv)}\n{evidence.tell()}')
        return True

    def send_signal(self, number):
        if not self.exited():
            os.kill(self.pid, number)

    def stop(self, number=signal.SIGTERM, timeout=10.0):
        """End it and its helpers; returns its exit status (negative: the signal that ended it)."""
        if self._popen is None or self._popen.returncode is not None:
            return None
        self.send_signal(number)
        try:
            wait_for(self.exited, f'{self.name} to end after signal {number}', timeout)
        finally:
            self._reap()
        return self._popen.returncode

    def wait(self, timeout=10.0):
        """Wait until it ends by itself; returns its exit status."""
        wait_for(self.exited, f'{self.name} to end', timeout)
        self._reap()
        return self._popen.returncode

    def _reap(self):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._popen.wait()
        if self in _running:
            _running.remove(self)


def stop_all():
    """End whatever still runs, the last started first."""
    for program in reversed(list(_running)):
        try:
            program.stop(timeout=5.0)
        except NotReached:
            print(f'{program.name} had to be killed', file=sys.stderr)


def _terminate(_number, _frame):
    raise Terminated


def _watch_signals():
    atexit.register(stop_all)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminate)


_watch_signals()
