# SPDX-License-Identifier: GPL-3.0-or-later
"""Work folders and free ports.

Paths are kept short because a unix socket's path holds some 100 bytes, and every parent must be searchable by others
because Postfix, Dovecot and the sink give up root.
"""

import os
import random
import shutil
import socket
import stat
import tempfile

import evidence

LONGEST = 60
KEEP = 'POPGATE_E2E_KEEP'

# Set to "K/N" in the K-th of N processes that run tests at the same time: each has ports of its own.
PLACE = 'POPGATE_E2E_PLACE'
PORTS = range(20000, 32000)

_made = set()
_handed_out = set()


def _searchable(path):
    """May others pass through `path` and all its parents?"""
    while True:
        if not os.stat(path).st_mode & stat.S_IXOTH:
            return False
        if path == '/':
            return True
        path = os.path.dirname(path)


def _parent():
    for path in (os.path.realpath(tempfile.gettempdir()), '/tmp', '/var/tmp', '/run'):
        if os.path.isdir(path) and len(path) <= LONGEST - 16 and _searchable(path):
            return path
    raise RuntimeError('no folder for temporary files has a short path that others may search')


def make(prefix='pg-'):
    """A new empty folder; whoever asks for it also calls remove()."""
    path = tempfile.mkdtemp(prefix=prefix, dir=_parent())
    os.chmod(path, 0o755)
    _made.add(path)
    return path


def remove(path):
    """Remove a work folder, unless the one who runs the tests wants to look into it (POPGATE_E2E_KEEP=1)."""
    evidence.forget_under(path)
    _made.discard(path)
    if not os.environ.get(KEEP):
        shutil.rmtree(path, ignore_errors=True)


def remove_all():
    """Remove what a run that was broken off has left."""
    for path in list(_made):
        remove(path)


def subfolder(parent, name, mode=0o755, owner=None, group=None):
    """Make a folder with exactly this mode, whatever the umask is."""
    path = os.path.join(parent, name)
    os.makedirs(path)
    os.chmod(path, mode)
    if owner or group:
        shutil.chown(path, owner, group)
    return path


def write(path, text):
    """Write a text file; returns its path."""
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    return path


def has_ipv6():
    """Does this machine have [::1]?"""
    return _is_free(socket.AF_INET6, '::1', 0)


def free_port():
    """A TCP port that is free on 127.0.0.1 and on [::1], that nobody was given before, and that no client gets by chance."""
    while True:
        port = random.choice(_own_ports())
        if port not in _handed_out and all(_is_free(*address, port) for address in _loopback()):
            _handed_out.add(port)
            return port


def _own_ports():
    place, number = map(int, os.environ.get(PLACE, '0/1').split('/'))
    return PORTS[place::number]


def _loopback():
    yield socket.AF_INET, '127.0.0.1'
    if has_ipv6():
        yield socket.AF_INET6, '::1'


def _is_free(family, address, port):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((address, port))
        return True
    except OSError:
        return False
