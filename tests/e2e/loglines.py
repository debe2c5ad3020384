# SPDX-License-Identifier: GPL-3.0-or-later
"""Login lines as Dovecot writes them, and the log file they are written to."""

import os
import time
from datetime import datetime, timezone

ELEMENTS = 'user=<{user}>, method=PLAIN, rip={address}, lip=192.0.2.250, mpid=12345, session=<OWtHDPBgf6N/AAAD>'


def _time(when):
    return time.time() if when is None else when


def iso(address, user='bob', when=None, service='pop3'):
    """Dovecot 2.3 through rsyslog, RFC 3339 stamp: to the microsecond."""
    stamp = datetime.fromtimestamp(_time(when), timezone.utc).isoformat(timespec='microseconds')
    return f'{stamp} mx dovecot: {service}-login: Login: {ELEMENTS}\n'.format(user=user, address=address).encode()


def rfc3164(address, user='bob', when=None, word='Login'):
    """Dovecot through a classic syslogd: local time, whole seconds. Dovecot 2.4 has the word `Logged in`."""
    return f'{_classic(when)} mx dovecot: pop3-login: {word}: {ELEMENTS}\n'.format(user=user, address=address).encode()


def own_file(address, user='bob', when=None):
    """Dovecot's own log file."""
    return f'{_classic(when)} pop3-login: Info: Login: {ELEMENTS}\n'.format(user=user, address=address).encode()


def filler(size):
    """Lines of a busy mail log that are no logins, `size` bytes."""
    line = iso('192.0.2.99').replace(b'dovecot: pop3-login: Login', b'postfix/smtpd[77]: x').rstrip(b'\n')
    lines = (line + b'\n') * (size // (len(line) + 1) + 1)
    return lines[:size - 1] + b'\n'


def _classic(when):
    moment = time.localtime(_time(when))
    return time.strftime('%b ', moment) + f'{moment.tm_mday:2} ' + time.strftime('%H:%M:%S', moment)


class LogFile:
    """A log that the test writes; it exists once something was written."""

    def __init__(self, path):
        self.path = path

    def append(self, data):
        """Write, in one go, as syslogd does."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            self._write(descriptor, data)
        finally:
            os.close(descriptor)

    @staticmethod
    def _write(descriptor, data):
        written = os.write(descriptor, data)
        if written != len(data):
            raise OSError(f'{written} of {len(data)} bytes written')

    def rename(self, suffix='.1'):
        """What logrotate does first; the next append makes a new file."""
        os.rename(self.path, self.path + suffix)

    def shift(self):
        """Rename it to FILE.1, and FILE.1 to FILE.2 before that, and so on, as logrotate does."""
        paths = [self.path]
        while os.path.exists(f'{self.path}.{len(paths)}'):
            paths.append(f'{self.path}.{len(paths)}')
        for number, path in reversed(list(enumerate(paths, 1))):
            os.rename(path, f'{self.path}.{number}')

    def copy_and_truncate(self, suffix='.1'):
        """What logrotate's copytruncate does."""
        with open(self.path, 'rb') as old, open(self.path + suffix, 'wb') as copy:
            copy.write(old.read())
        os.truncate(self.path, 0)
