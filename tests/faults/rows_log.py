# SPDX-License-Identifier: GPL-3.0-or-later
"""The logs: gone, closed, unsafe, replaced, in disorder, and unread at the start."""

import os
import time

import loglines
import mail
from rows import ENDS, KEPT, row, section
from rows_store import give_to_postfix, run_as_postfix
from waiting import wait_for

section('The log')

SHOWN = 'status: SOURCE file:/var/log/mail.log.*, blind for'
MINUTE = 60
WINDOW = 30 * MINUTE


@row('vanishes', 'rm mail.log. Until [log] stale is over (60s) only the status tells; it does within a second.', says=SHOWN)
def vanishes(site):
    os.unlink(site.syslog.path)
    began = time.monotonic()
    site.wait_until_said(SHOWN)
    if time.monotonic() - began > 2:
        raise AssertionError('not told within a second, and one more for a busy machine')
    yield
    site.syslog.append(b'')


@row('stays away', 'The same, with stale = 1s.', settings={'log.stale': '1s'}, says='check stranger: .*')
def stays_away(site):
    os.unlink(site.syslog.path)
    site.wait_for_code(450, site.stranger)
    yield
    site.syslog.append(b'')


@row('is not there at the start', 'rm mail.log while popgated is down; with the default stale.', says='check stranger: .*')
def absent_at_start(site):
    site.with_popgated_down(os.unlink, site.syslog.path)
    yield
    site.syslog.append(b'')


@row('cannot be read', 'After a rotation the new file is root\'s, mode 0600, and popgated runs as another user; stale = 1s.',
     settings={'log.stale': '1s'}, says='status: cannot open /var/log/mail.log.*')
def unreadable(site):
    site.popgated.end()
    run_as_postfix(site)
    give_to_postfix(site)
    site.popgated.start()
    site.syslog.rename()
    site.syslog.append(b'')
    os.chmod(site.syslog.path, 0o600)
    site.wait_for_code(450, site.stranger)
    yield
    os.chmod(site.syslog.path, 0o644)


@row('may be written by everybody', 'After a rotation the new file has mode 0666, and a login of a stranger in it; stale = 1s.',
     settings={'log.stale': '1s'}, says='status: /var/log/mail.log is not trusted.*')
def unsafe(site):
    site.syslog.rename()
    make_log(site, loglines.iso(site.stranger), 0o666)
    site.wait_for_code(450, site.stranger)
    yield
    os.unlink(site.syslog.path)
    site.syslog.append(b'')


def make_log(site, data, mode=0o640):
    """A new mail.log at one go."""
    path = f'{site.syslog.path}.new'
    with open(path, 'wb') as file:
        file.write(data)
    os.chmod(path, mode)
    os.rename(path, site.syslog.path)


@row('is replaced by an older one', 'mv, and in it are logins of a stranger from before the window.')
def replaced(site):
    long_ago = time.time() - WINDOW - MINUTE
    make_log(site, b''.join(loglines.iso(site.stranger, when=long_ago + number / 100) for number in range(1000)))
    see_a_line_read(site)
    yield


def see_a_line_read(site):
    """A login behind all that is in the log: when it counts, all of that was judged."""
    witness = mail.fresh_address()
    site.syslog.append(loglines.iso(witness))
    site.popgated.wait_for_verdict('OK', witness)


@row('jumps back in time', 'Logins of a stranger come in with stamps of an hour ago, as after a log host\'s clock was set back.')
def jumps_back(site):
    for number in range(100):
        site.syslog.append(loglines.iso(site.stranger, when=time.time() - 60 * MINUTE + number))
    see_a_line_read(site)
    yield


@row('is from the future', "The client's login is stamped two hours ahead, with a window of 3s that is over.",
     settings={'popgate.window': '3s'}, grant=ENDS)
def from_the_future(site):
    address = mail.fresh_address()
    site.syslog.append(loglines.iso(address, when=time.time() + 2 * 60 * MINUTE))
    site.popgated.wait_for_verdict('OK', address)
    site.wait_for_code(554, address)
    yield address


@row('is read late', 'popgated starts behind 300,000 logins; the client\'s is the last.', says='status: SOURCE .*behind')
def behind(site):
    site.popgated.end()
    client = mail.fresh_address()
    line = loglines.iso('10.0.0.0').decode()
    site.syslog.append(''.join(line.replace('10.0.0.0', f'10.{number >> 16}.{number >> 8 & 255}.{number & 255}')
                               for number in range(300000)).encode() + loglines.iso(client))
    site.popgated.start()
    yield client


@row('is cut while it is read', 'copytruncate, a hundred times, with a login of the client in each; the last one counts.')
def truncated_often(site):
    client = mail.fresh_address()
    for _ in range(100):
        site.syslog.append(loglines.iso(client) + loglines.filler(2000))
        site.syslog.copy_and_truncate()
    site.popgated.wait_for_verdict('OK', client)
    yield client


@row('is garbage', '4 MB of random bytes are written to it, with pieces of login lines of a stranger in them.')
def garbage(site):
    piece = loglines.iso(site.stranger).rstrip(b'\n')
    for _ in range(64):
        site.syslog.append(os.urandom(32768).replace(b'\n', b'.') + piece + os.urandom(32768).replace(b'\n', b'.'))
    site.syslog.append(b'\n')
    see_a_line_read(site)
    yield
