# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients do that mean no good, and what a process has cost."""

import contextlib
import os
import pwd
import resource
import socket

TICKS = os.sysconf('SC_CLK_TCK')
SPARE_FDS = 100


def allow_descriptors(number):
    """Raise our own limit; returns why that can't be done, or nothing."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < number + SPARE_FDS:
        return f'{number} connections need more descriptors than the {hard} that are permitted here'
    resource.setrlimit(resource.RLIMIT_NOFILE, (number + SPARE_FDS, hard))
    return ''


class Crowd:
    """Many connections to one unix socket, of which none is ever read unless the test does."""

    def __init__(self, path, kind=socket.SOCK_STREAM):
        self.path = path
        self.sockets = []
        self._kind = kind

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.leave()

    def join(self, number, data=b''):
        """`number` more; each sends `data`, as far as there is room for it."""
        for _ in range(number):
            client = socket.socket(socket.AF_UNIX, self._kind)
            self.sockets.append(client)
            client.connect(self.path)  # waits while there are too many in the line
            client.setblocking(False)
            if data:
                with contextlib.suppress(OSError):
                    client.send(data)
        return self

    def leave(self):
        for client in self.sockets:
            client.close()
        self.sockets.clear()

    def n_open(self):
        """How many of them the other side has not closed. What they were sent is thrown away."""
        return sum(not _is_closed(client) for client in self.sockets)


def _is_closed(client):
    try:
        while client.recv(65536):
            continue
        return True
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def send_until_full(client, data):
    """Send `data` again and again until there is no room, or it is closed; returns how many bytes that were."""
    n_sent = 0
    try:
        while True:
            n_sent += client.send(data)
    except (BlockingIOError, ConnectionError):
        return n_sent


def as_nobody(action):
    """Run `action` in a child that is user nobody; returns its exit status: 0, if nothing was raised."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setuid(pwd.getpwnam('nobody').pw_uid)
            action()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _status(pid, name):
    with open(f'/proc/{pid}/status', encoding='ascii') as status:
        return next(int(line.split()[1]) for line in status if line.startswith(f'{name}:'))


def anonymous_kib(pid):
    """Memory of its own that a process has in use."""
    return _status(pid, 'RssAnon')


def descriptor_table(pid):
    """How many descriptors the kernel has room for before it must make a larger table."""
    return _status(pid, 'FDSize')


def n_threads(pid):
    return _status(pid, 'Threads')


def cpu_seconds(pid):
    with open(f'/proc/{pid}/stat', encoding='ascii') as stat:
        fields = stat.read().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def n_descriptors(pid):
    return len(os.listdir(f'/proc/{pid}/fd'))


def limit_descriptors(pid, number):
    """From now on a process gets no descriptor of this number or above."""
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (number, resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]))
