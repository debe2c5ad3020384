# SPDX-License-Identifier: GPL-3.0-or-later
"""A terminal that a program writes to, as people see it."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

COLOUR = re.compile(r'\x1b\[\d*m')


def run(argv, columns=80, environment=None, timeout=10):
    """Run a program whose standard output is a terminal; returns its exit status and what it showed, colours included."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, columns, 0, 0))
    inherited = {name: value for name, value in os.environ.items() if name != 'NO_COLOR'}
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=slave, stderr=subprocess.DEVNULL,
                          env={**inherited, **(environment or {})}) as program:
        os.close(slave)
        shown = _read_all(master, time.monotonic() + timeout)
        return program.wait(timeout), shown


def _read_all(master, deadline):
    shown = b''
    try:
        while time.monotonic() < deadline:
            if select.select([master], [], [], 0.1)[0]:
                shown += os.read(master, 1 << 16)
    except OSError:  # the other end is closed
        pass
    os.close(master)
    return shown.decode().replace('\r\n', '\n')


def plain(shown):
    """What was shown, without colours."""
    return COLOUR.sub('', shown)
