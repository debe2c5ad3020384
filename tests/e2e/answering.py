# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody who answers on a control socket in popgated's place: for what no popgated could be brought to say within a test."""

import json
import os
import socket
import threading


class Answering:
    """Gives the same rows to whoever asks, whatever it is."""

    def __init__(self, path, rows):
        self.path = path
        self._answer = b''.join(json.dumps({'row': row}).encode() + b'\n' for row in rows) + b'{"exit": 0}\n'
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(path)
        self._socket.listen(5)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        os.unlink(self.path)

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, connection.makefile('rb') as requests:
                requests.readline()
                connection.sendall(self._answer)
