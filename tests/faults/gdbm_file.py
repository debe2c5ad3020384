# SPDX-License-Identifier: GPL-3.0-or-later
"""GDBM files by hand: a foreign one, and what popgate's own looks like from outside."""

import ctypes
import ctypes.util
import socket

NEWDB = 3
INSERT = 0


class _Datum(ctypes.Structure):
    _fields_ = [('dptr', ctypes.c_char_p), ('dsize', ctypes.c_int)]


def make_foreign(path):
    """A sound database that another program made."""
    gdbm = ctypes.CDLL(ctypes.util.find_library('gdbm'))
    gdbm.gdbm_open.restype = ctypes.c_void_p
    gdbm.gdbm_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_void_p]
    gdbm.gdbm_store.argtypes = [ctypes.c_void_p, _Datum, _Datum, ctypes.c_int]
    gdbm.gdbm_close.argtypes = [ctypes.c_void_p]
    handle = gdbm.gdbm_open(path.encode(), 4096, NEWDB, 0o600, None)
    for number in range(100):
        text = f'127.1.0.{number}'.encode()
        gdbm.gdbm_store(handle, _Datum(text, len(text)), _Datum(b'ok', 2), INSERT)
    gdbm.gdbm_close(handle)


def _edit(path, find):
    """Change one byte; `find` tells where and into what."""
    with open(path, 'r+b') as file:
        data = file.read()
        place, byte = find(data)
        file.seek(place)
        file.write(bytes([byte]))


def raise_version(path):
    """Let the database be of a version that does not exist yet."""
    key, version = b'popgater', b'\x03'

    def find(data):
        place = data.rindex(key + version) + len(key)
        return place, data[place] + 100
    _edit(path, find)


def flip_bit_of(path, address):
    """Flip a bit in the grant of an IPv4 address, which is kept in it, behind a header of 16 bytes, as IPv6 maps it."""
    mapped = bytes(10) + b'\xff\xff' + socket.inet_aton(address)

    def find(data):
        place = data.rindex(mapped)
        while data[place - 16:place - 15] != b'g':  # a usage tells of the address as well
            place = data.rindex(mapped, 0, place)
        return place, data[place] ^ 0x10
    _edit(path, find)
