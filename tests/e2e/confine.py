#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a program as systemd would, confined as popgated.service says.

    confine.py UNIT USER-NUMBER WRITABLE-FOLDER PROGRAM [ARGUMENT...]
    confine.py UNIT USER-NUMBER WRITABLE-FOLDER -c PYTHON-CODE [ARGUMENT...]

Done as systemd does it: user, groups and no capabilities, no new privileges, a file system that can be written to in one
folder only, a network and IPC of its own, the limit of descriptors; and by seccomp: SystemCallFilter= with the sets of this
machine's systemd-analyze, RestrictAddressFamilies=, MemoryDenyWriteExecute=, RestrictNamespaces=, RestrictRealtime=,
LockPersonality=. What else a unit says is not: what it takes away would have to be missed by the program in its files.
"""

import ctypes
import errno
import grp
import mmap  # noqa: F401 - for who runs in here
import os
import re
import resource
import shutil
import socket
import subprocess
import sys

ALLOW, ERRNO = 0x7fff0000, 0x00050000
NE, EQ, GE, GT, MASKED_EQ = 1, 4, 5, 6, 7
NAMESPACES = {'CLONE_NEWNS': 0x20000, 'CLONE_NEWCGROUP': 0x2000000, 'CLONE_NEWUTS': 0x4000000, 'CLONE_NEWIPC': 0x8000000,
              'CLONE_NEWUSER': 0x10000000, 'CLONE_NEWPID': 0x20000000, 'CLONE_NEWNET': 0x40000000}
PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000
FAMILIES = 64
UNKNOWN_CALL = -1

_libc = ctypes.CDLL(None, use_errno=True)


def lacking():
    """Why nothing can be confined here; empty if it can."""
    if os.geteuid() != 0:
        return 'only root can confine a program'
    if not shutil.which('systemd-analyze'):
        return 'systemd-analyze is not installed'
    return '' if _load_libseccomp() else 'libseccomp is not installed'


def read_unit(path):
    """{key: [value, ...]} of a unit file."""
    unit = {}
    with open(path, encoding='utf-8') as file:
        for key, value in re.findall(r'^(\w+)=(.*)$', file.read(), re.M):
            unit.setdefault(key, []).append(value)
    return unit


# --- sets of system calls ----------------------------------------------------------------------------------------------------

def _read_sets():
    """{'@set': [names and other sets]} as systemd knows them."""
    text = subprocess.run(['systemd-analyze', '--no-pager', 'syscall-filter'], capture_output=True, text=True, check=True,
                          timeout=20).stdout
    sets, members = {}, None
    for line in re.sub(r'\x1b\[[0-9;]*m', '', text).splitlines():
        if line.startswith('@'):
            members = sets.setdefault(line.strip(), [])
        elif members is not None and re.fullmatch(r' +[@\w-]+', line):
            members.append(line.strip())
    return sets


def _expand(name, sets):
    if not name.startswith('@'):
        return {name}
    return set().union(*(_expand(member, sets) for member in sets[name]))


def allowed_calls(unit):
    """The names that SystemCallFilter= lets through, and all that systemd knows."""
    sets = _read_sets()
    allowed = _expand('@default', sets)
    for number, words in enumerate(unit['SystemCallFilter']):
        if (number == 0) == words.startswith('~'):
            raise ValueError(f'SystemCallFilter={words}: only a list of what is allowed, and then of what is not, is understood')
        names = set().union(*(_expand(word, sets) for word in words.lstrip('~').split()))
        allowed = allowed - names if words.startswith('~') else allowed | names
    return allowed, _expand('@known', sets)


# --- seccomp -----------------------------------------------------------------------------------------------------------------

class _Comparison(ctypes.Structure):
    _fields_ = [('argument', ctypes.c_uint), ('operation', ctypes.c_int), ('a', ctypes.c_uint64), ('b', ctypes.c_uint64)]


def _load_libseccomp():
    try:
        library = ctypes.CDLL('libseccomp.so.2')
    except OSError:
        return None
    library.seccomp_init.restype = ctypes.c_void_p
    for name in ('seccomp_rule_add_array', 'seccomp_load', 'seccomp_release'):
        getattr(library, name).argtypes = [ctypes.c_void_p]
    library.seccomp_rule_add_array.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint,
                                               ctypes.POINTER(_Comparison)]
    return library


class Filter:
    """One filter; of several the strictest decides."""

    def __init__(self, default=ALLOW):
        self._library = _load_libseccomp()
        self._context = self._library.seccomp_init(ctypes.c_uint32(default))
        self._default = default

    def add(self, action, name, *comparisons):
        """Do `action` at the call `name` if all `comparisons`, as (argument, operation, a[, b]), are true."""
        call = self._library.seccomp_syscall_resolve_name(name.encode())
        if call == UNKNOWN_CALL or action == self._default:
            return
        array = (_Comparison * len(comparisons))(*(_Comparison(*one) for one in comparisons))
        failed = self._library.seccomp_rule_add_array(self._context, action, call, len(comparisons), array)
        if failed not in (0, -errno.EDOM):  # EDOM: this machine's architecture has no such call
            raise OSError(-failed, f'seccomp rule for {name}')

    def load(self):
        failed = self._library.seccomp_load(self._context)
        if failed:
            raise OSError(-failed, 'seccomp_load')


def _errno(number):
    return ERRNO | number


def _call_filter(unit):
    allowed, known = allowed_calls(unit)
    filter_ = Filter(_errno(errno.ENOSYS))  # what systemd does with calls that are newer than it is
    refusal = _errno(getattr(errno, unit['SystemCallErrorNumber'][0]))
    for name in allowed:
        filter_.add(ALLOW, name)
    for name in known - allowed:
        filter_.add(refusal, name)
    return filter_


def _family_filter(unit):
    filter_ = Filter()
    allowed = {getattr(socket, name) for name in unit['RestrictAddressFamilies'][0].split()}
    for family in set(range(FAMILIES)) - allowed:
        filter_.add(_errno(errno.EAFNOSUPPORT), 'socket', (0, EQ, family))
    filter_.add(_errno(errno.EAFNOSUPPORT), 'socket', (0, GE, FAMILIES))
    return filter_


def _memory_filter():
    filter_, refusal = Filter(), _errno(errno.EPERM)
    both = PROT_WRITE | PROT_EXEC
    filter_.add(refusal, 'mmap', (2, MASKED_EQ, both, both))
    for name in ('mprotect', 'pkey_mprotect'):
        filter_.add(refusal, name, (2, MASKED_EQ, PROT_EXEC, PROT_EXEC))
    filter_.add(refusal, 'shmat', (2, MASKED_EQ, SHM_EXEC, SHM_EXEC))
    return filter_


def _other_filter():
    filter_, refusal = Filter(), _errno(errno.EPERM)
    filter_.add(_errno(errno.ENOSYS), 'clone3')
    for flag in NAMESPACES.values():
        filter_.add(refusal, 'clone', (0, MASKED_EQ, flag, flag))
        filter_.add(refusal, 'unshare', (0, MASKED_EQ, flag, flag))
    filter_.add(refusal, 'setns')
    filter_.add(refusal, 'sched_setscheduler', (1, GT, 0))
    filter_.add(refusal, 'personality', (0, NE, 0))
    return filter_


def _filters(unit):
    for key in ('MemoryDenyWriteExecute', 'RestrictNamespaces', 'RestrictRealtime', 'LockPersonality'):
        if unit[key] != ['yes']:
            raise ValueError(f'{key}: expected yes')
    return [_call_filter(unit), _family_filter(unit), _memory_filter(), _other_filter()]


# --- all else ----------------------------------------------------------------------------------------------------------------

def _must(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


class _MountAttributes(ctypes.Structure):
    _fields_ = [('set', ctypes.c_uint64), ('clear', ctypes.c_uint64), ('propagation', ctypes.c_uint64), ('fd', ctypes.c_uint64)]


def _set_readonly(path, readonly):
    """mount_setattr(2), for all mounts below."""
    attributes = _MountAttributes(set=1 if readonly else 0, clear=0 if readonly else 1)
    _must(_libc.syscall(442, -100, path.encode(), 0x8000, ctypes.byref(attributes), ctypes.sizeof(attributes)), 'mount_setattr')


def _close_files(writable):
    """ProtectSystem=strict, and folders of its own for what is temporary."""
    private, recursive, bind = 1 << 18, 1 << 14, 1 << 12
    _must(_libc.unshare(NAMESPACES['CLONE_NEWNS'] | NAMESPACES['CLONE_NEWNET'] | NAMESPACES['CLONE_NEWIPC']), 'unshare')
    _must(_libc.mount(None, b'/', None, private | recursive, None), 'mount')
    _must(_libc.mount(writable.encode(), writable.encode(), None, bind, None), 'mount')
    _set_readonly('/', True)
    _set_readonly(writable, False)
    _must(_libc.mount(b'tmpfs', b'/var/tmp', b'tmpfs', 0, b'mode=1777'), 'mount')
    os.environ['TMPDIR'] = '/var/tmp'


def _become(number, unit):
    groups = [grp.getgrnam(name).gr_gid for name in unit.get('SupplementaryGroups', [''])[0].split()]
    for capability in range(41):
        _libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP; past the last one it fails
    os.setgroups(groups)
    os.setresgid(number, number, number)
    os.setresuid(number, number, number)
    os.umask(int(unit['UMask'][0], 8))
    _must(_libc.prctl(38, 1, 0, 0, 0), 'PR_SET_NO_NEW_PRIVS')


def main():
    unit = read_unit(sys.argv[1])
    number, writable, argv = int(sys.argv[2]), sys.argv[3], sys.argv[4:]
    limit = int(unit['LimitNOFILE'][0])
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    filters = _filters(unit)
    _close_files(writable)
    _become(number, unit)
    for filter_ in reversed(filters):  # the one that may forbid the next one's loading comes last
        filter_.load()
    if argv[0] == '-c':  # by this process: who is confined may not be able to run our Python
        exec(argv[1], {'arguments': argv[2:]})
    else:
        os.execv(argv[0], argv)


if __name__ == '__main__':
    main()
