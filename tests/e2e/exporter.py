# SPDX-License-Identifier: GPL-3.0-or-later
"""popgate exporter, and how it is asked."""

import http.client
import os
import signal
import subprocess

import workdir
from popgate import ENVIRONMENT, POPGATE, run
from processes import Program
from waiting import wait_for


def lacking():
    """Why it can't be tested; empty if it can."""
    said = run(POPGATE, '--socket', '/none', 'exporter', '--listen', 'nowhere')
    return 'popgate was built without libmicrohttpd' if 'without libmicrohttpd' in said.err else ''


class Exporter:
    """It asks at `control`, and listens at a port of its own."""

    def __init__(self, folder, control):
        self.control = control
        self.log_path = f'{folder}/exporter.log'
        self.port = workdir.free_port()
        self.wrapper = []
        self.descriptors = ()
        self._program = None

    def start(self):
        before = self._n_starts()
        argv = [*self.wrapper, POPGATE, '--socket', self.control, 'exporter', '--listen', f'127.0.0.1:{self.port}']
        self._program = Program('exporter', argv, self.log_path, ENVIRONMENT, self.descriptors).start(subprocess.DEVNULL)
        wait_for(lambda: self._program.must_run() and self._n_starts() > before, 'the exporter to serve')
        return self

    def stop(self, number=signal.SIGTERM):
        """End it in peace; returns its exit status."""
        return self._program.stop(number) if self._program else None

    @property
    def pid(self):
        return self._program.pid

    def _n_starts(self):
        return self.log().count('exporter listens') if os.path.exists(self.log_path) else 0

    def log(self):
        with open(self.log_path, encoding='utf-8', errors='replace') as log:
            return log.read()

    def ask(self, path, method='GET', body=None):
        """(status, headers, text) of one request."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=10)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read().decode()
        finally:
            connection.close()
