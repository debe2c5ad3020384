# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the relayed mail ends: Postfix's smtp-sink, which writes each message to a file."""

import os
import socket

import workdir
from processes import Program
from waiting import wait_for

SMTP_SINK = '/usr/sbin/smtp-sink'


class Sink:
    def __init__(self, folder):
        self._folder = workdir.subfolder(folder, 'sink', 0o700, 'nobody')
        self.port = workdir.free_port()
        argv = [SMTP_SINK, '-u', 'nobody', '-d', f'{self._folder}/mail.', f'127.0.0.1:{self.port}', '100']
        self._program = Program('sink', argv, f'{folder}/sink.log')

    def start(self):
        self._program.start()
        wait_for(lambda: self._program.must_run() and self._listens(), 'the sink to listen')
        return self

    def stop(self):
        self._program.stop()

    def _listens(self):
        try:
            socket.create_connection(('127.0.0.1', self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def wait_for_message(self, token):
        """Wait until a message with `token` in it has arrived; returns its text with the envelope on top."""
        return wait_for(lambda: self.find(token), f'a message with {token} to arrive', timeout=20)

    def find(self, token):
        for name in os.listdir(self._folder):
            with open(os.path.join(self._folder, name), encoding='utf-8', errors='replace') as file:
                text = file.read()
            if token in text:
                return text
        return None
