# SPDX-License-Identifier: GPL-3.0-or-later
"""A service manager's part, played by the test: sockets that outlive popgated, and somebody who listens to what it tells.

popgated is told of both as systemd does it: sd_listen_fds(3), sd_notify(3).
"""

import os
import shutil
import socket
import sys

import workdir
from waiting import wait_for

# Puts the descriptors where they are expected, and becomes the program: only then is its pid known, which it wants to be told.
_HAND_OVER = """
import fcntl, os, sys
held = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 100) for fd in sys.argv[1].split(',')]
for target, fd in enumerate(held, 3):
    os.dup2(fd, target)
    os.close(fd)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(held)), LISTEN_FDNAMES=sys.argv[2])
os.execv(sys.argv[3], sys.argv[3:])
"""


class Sockets:
    """Sockets to be passed to one popgated after the other."""

    def __init__(self):
        self._held = []

    def hold(self, name, held):
        """Pass this socket under this name, too."""
        self._held.append((name, held))

    def hold_unix(self, name, path, kind=socket.SOCK_STREAM, mode=0o666, owner=None, listens=True):
        held = socket.socket(socket.AF_UNIX, kind)
        held.bind(path)
        os.chmod(path, mode)
        if owner:
            shutil.chown(path, owner, owner)
        if listens:
            held.listen(4096)
        self.hold(name, held)

    def hold_inet(self, name):
        """On 127.0.0.1; returns the port."""
        port = workdir.free_port()
        held = socket.create_server(('127.0.0.1', port), backlog=4096)
        self.hold(name, held)
        return port

    def pass_to(self, popgated):
        """From now on `popgated` is started with them."""
        descriptors = tuple(held.fileno() for _, held in self._held)
        popgated.descriptors = descriptors
        popgated.wrapper = [sys.executable, '-Ic', _HAND_OVER, ','.join(map(str, descriptors)),
                            ':'.join(name for name, _ in self._held)]

    def close(self):
        for _, held in self._held:
            held.close()


class Listener:
    """What popgated tells over NOTIFY_SOCKET, message by message."""

    def __init__(self, folder):
        self.path = f'{folder}/notify'
        self.messages = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.setblocking(False)

    def listen_to(self, popgated, **environment):
        """From now on `popgated` is started so that it tells us."""
        popgated.environment.update(environment, NOTIFY_SOCKET=self.path)

    def close(self):
        self._socket.close()

    def read(self):
        """Take what has come, and return all that ever came."""
        try:
            while True:
                self.messages.append(self._socket.recv(65536).decode())
        except BlockingIOError:
            return self.messages

    def told(self, start):
        """The messages that begin so."""
        return [message for message in self.read() if message.startswith(start)]

    def wait_for(self, start, count=1):
        """Wait until so many of these have come; returns the last."""
        return wait_for(lambda: len(self.told(start)) >= count and self.told(start)[-1], f'{count} x {start} to be told')

    def forget(self):
        self.read()
        self.messages.clear()
