# SPDX-License-Identifier: GPL-3.0-or-later
"""The mail site of e2e, with a popgated that is made anew for each row, and ways to break what is around it."""

import contextlib
import ctypes
import ctypes.util
import errno
import os
import pwd
import re
import shutil
import subprocess

import mail
import mailsite
import postfix
import workdir
from popgate import ENVIRONMENT, POPGATED, Popgated
from processes import Program
from waiting import wait_for

# The names that a real installation has, for the document.
REAL_NAMES = {'store': '/var/lib/popgate/popgate.gdbm', 'syslog': '/var/log/mail.log', 'dovecot': '/var/log/dovecot.log',
              'policy': '/var/spool/postfix/private/popgate', 'conf': '/etc/popgate/popgate.conf'}


# More smtpd services than rows that want one.
N_FRESH = 10


class FaultPopgated(Popgated):
    """It may be started in other ways than as root with an environment like ours."""

    how = {}  # 'argv': what to put in front, 'env': variables

    def launch(self, *arguments, stdin=None):
        argv = [*self.how.get('argv', ()), POPGATED, '-c', self.conf, *arguments]
        self._program = Program('popgated', argv, self.log_path, {**ENVIRONMENT, **self.how.get('env', {})})
        return self._program.start()


class FaultSite(mailsite.Site):
    """Started once; renew() gives each row a popgated without a past."""

    client = stranger = None  # the addresses of the row
    service = 'plain'  # of Postfix's master.cf: whom the clients ask

    def __init__(self):
        names = [f'fresh{number}' for number in range(N_FRESH)]
        postfix.SERVICES.update({name: postfix.SERVICES['plain'] for name in names})
        self._fresh_services = iter(names)
        super().__init__()
        self.postfix_uid = pwd.getpwnam('postfix').pw_uid
        self._rows = 0
        self._undo = contextlib.ExitStack()

    def renew(self, settings, launch):
        """A popgated with an empty database in a folder of its own, and a log of its own; started."""
        self._rows += 1
        self.service = 'plain'
        self.store_folder = workdir.subfolder(self.folder, f'db{self._rows}')
        self.syslog = mailsite.LogFile(f'{self.folder}/mail{self._rows}.log')
        self.syslog.append(b'')
        folder = workdir.subfolder(self.folder, f'row{self._rows}')
        self.popgated = FaultPopgated(folder, {
            'policy.listen': f'unix:{self.postfix.policy_socket}',
            'policy.socket_owner': 'postfix',
            'policy.socket_group': 'postfix',
            'popgate.store': f'gdbm:{self.store_folder}/popgate.gdbm',
            'log.source': f'file:{self.dovecot.log},format=dovecot, file:{self.syslog.path},format=syslog',
            **settings})
        self.popgated.store = f'{self.store_folder}/popgate.gdbm'
        self.popgated.policy = self.postfix.policy_socket
        self.popgated.how = launch
        self.popgated.start()

    def clear(self):
        """Behind a row: end popgated, and take back what the row has left."""
        try:
            self._undo.close()
            self.popgated.end()
        finally:
            self._undo = contextlib.ExitStack()


    def stop(self):
        self._undo.close()
        super().stop()

    def afterwards(self, act, *arguments):
        """Do so when the row is over, however it ends."""
        self._undo.callback(act, *arguments)

    def use_fresh_smtpd(self):
        """Postfix's processes keep the connections to popgated that they have; ask others, which have none."""
        self.service = next(self._fresh_services)

    # --- what popgated says

    def said(self, where_and_pattern):
        """The text that matches, as a real installation would have it, or None."""
        where, _, pattern = where_and_pattern.partition(': ')
        text = self.popgated.log() if where == 'log' else self.popgated.cli(*self._question(where)).out
        match = re.search(pattern, re.sub(' +', ' ', self._with_real_names(text)))
        return match[0] if match else None

    def _question(self, where):
        return {'status': ('status',), 'check client': ('check', self.client), 'check stranger': ('check', self.stranger)}[where]

    def _with_real_names(self, text):
        for name, path in (('store', self.popgated.store), ('syslog', self.syslog.path), ('dovecot', self.dovecot.log),
                           ('policy', self.popgated.policy), ('conf', self.popgated.conf)):
            text = text.replace(path, REAL_NAMES[name])
        for address, real in ((self.client, '192.0.2.7'), (self.stranger, '192.0.2.9')):
            text = text.replace(address, real)
        text = re.sub(r'damaged-\d{8}T\d{6}Z', 'damaged-DATE', text)
        return text.replace(self.store_folder, os.path.dirname(REAL_NAMES['store']))

    # --- the store

    def with_popgated_down(self, act, *arguments):
        """Do it to the files of a popgated that has ended in order, then start it again."""
        self.popgated.end()
        act(*arguments)
        self.popgated.start()

    def wait_until_said(self, where_and_pattern):
        wait_for(lambda: self.said(where_and_pattern), f'popgated to say {where_and_pattern}')

    # --- file systems

    def mount_store_folder(self, size):
        """A small file system of its own below the store. popgated has to be down."""
        mount('tmpfs', self.store_folder, 0, f'size={size},mode=0755')
        self.afterwards(umount, self.store_folder)

    def remount_store_folder(self, read_only):
        mount('tmpfs', self.store_folder, MS_REMOUNT | (MS_RDONLY if read_only else 0), '')


MS_RDONLY, MS_REMOUNT, MNT_DETACH = 1, 32, 2

_libc = ctypes.CDLL(ctypes.util.find_library('c'), use_errno=True)


def mount(kind, folder, flags, options):
    if _libc.mount(b'none', folder.encode(), kind.encode(), flags, options.encode()) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f'mount: {os.strerror(number)}', folder)


def umount(folder):
    if _libc.umount2(folder.encode(), MNT_DETACH) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f'umount: {os.strerror(number)}', folder)


def fill(folder):
    """Write a file until not one more block fits; returns its path."""
    path = f'{folder}/filler'
    with open(path, 'wb', buffering=0) as file:
        try:
            while file.write(b'x' * 4096):
                pass
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    return path


def fresh_login(site):
    """The address of a login that is in the log, whether or not it is granted."""
    address = mail.fresh_address()
    if not site.pop_login(address):
        raise AssertionError(f'Dovecot refused the login from {address}')
    return address


def lacks(*programs):
    """Those of `programs` that are not installed."""
    return [program for program in programs if shutil.which(program) is None]


def run(*argv):
    subprocess.run(argv, check=True, timeout=20, stdout=subprocess.DEVNULL)
