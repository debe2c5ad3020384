# SPDX-License-Identifier: GPL-3.0-or-later
"""The database: absent, damaged, not ours, locked, on a full or read-only disk, removed or cut under the daemon.

It is three things: the file that is read, a base, and a redo log of what was changed since. The names are in popgated(8).
"""

import fcntl
import glob
import os
import shutil
import time

import gdbm_file
import loglines
import mail
from faultsite import fill, fresh_login
from rows import row, section
from waiting import wait_for

# Runs popgated as another user than the tests: the one who may open Postfix's folder of sockets.
AS_POSTFIX = ('setpriv', '--reuid=postfix', '--regid=postfix', '--clear-groups', '--')

DENIED = '192.0.2.50'

# What popgated logs.
MADE = 'log: was [a-z ]*; made anew of base'
SAVED = 'log: damaged \\(.*\\)'
KEPT = 'log: what stood there is kept as .*'
CUT = 'log: refusals are deferred until the database can be used'  # before that it says how it was seen
FROZEN = 'status: FROZEN.*'
FULL = 'status: cannot write the redo log: No space left on device'


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def empty(folder):
    for name in os.listdir(folder):
        remove(os.path.join(folder, name))


def overwrite(path, data):
    with open(path, 'wb') as file:
        file.write(data)


def cut(path):
    """Leave GDBM's header and directory. What half of it is depends on the room that stands free for what comes."""
    os.truncate(path, 8192)


def spoil(path, place=0.5):
    """Overwrite 64 bytes, in the middle or where said."""
    with open(path, 'r+b') as file:
        file.seek(int(os.stat(path).st_size * place))
        file.write(os.urandom(64))


def bases(site):
    return glob.glob(f'{site.popgated.store}.base-*')


def redo_log(site):
    return glob.glob(f'{site.popgated.store}.redo-*')


def note_a_deny(site):
    """A note is what no log brings back."""
    site.popgated.must('deny', DENIED)


def expect_the_deny(site, verdict='DUNNO'):
    if site.popgated.verdict(DENIED) != verdict or DENIED not in site.popgated.must('status'):
        raise AssertionError('the note is lost')


def wait_until_quiet(site):
    """Until all that was on its way is in the database: nothing has been added to the redo log for more than a tick."""
    def size():
        return sum(os.stat(path).st_size for path in redo_log(site))

    def is_quiet():
        before, began = size(), time.monotonic()
        while size() == before:
            if time.monotonic() - began > 1.3:
                return True
            time.sleep(0.02)
        return False
    wait_for(is_quiet, 'popgated to have nothing to write')


def crash_and(act, verdict='DUNNO'):
    """A row in which popgated is killed, and `act` done to its files before it starts again. No note may be lost; `verdict`
    is that of a denied address."""
    def make(site):
        note_a_deny(site)
        wait_until_quiet(site)
        site.popgated.kill()
        act(site)
        site.popgated.start()
        yield
        expect_the_deny(site, verdict)
    return make


section('The database, when popgated starts')


@row('all is missing', 'The folder is emptied while popgated is down. A new database is begun, and the logs are read again.')
def all_missing(site):
    site.with_popgated_down(empty, site.store_folder)
    yield


@row('its folder is missing', 'rm -r while popgated is down. It is made again.')
def folder_missing(site):
    site.with_popgated_down(remove, site.store_folder)
    yield


@row('cannot be read', "popgated runs as another user, and the files are root's, mode 0600.", says='status: STORE .*')
def unreadable(site):
    site.popgated.end()
    run_as_postfix(site)
    site.popgated.start()
    yield
    give_to_postfix(site)


def run_as_postfix(site):
    site.popgated.how = {'argv': AS_POSTFIX}
    for folder in (site.popgated.folder, site.store_folder):
        os.chown(folder, site.postfix_uid, -1)
    os.chmod(site.dovecot.log, 0o644)
    os.chmod(site.syslog.path, 0o644)


def give_to_postfix(site):
    for path in glob.glob(f'{site.popgated.store}*'):
        os.chown(path, site.postfix_uid, -1)


def in_its_place(site, put):
    note_a_deny(site)
    site.popgated.end()
    os.unlink(site.popgated.store)
    put(site.popgated.store)
    site.popgated.start()


@row('an empty file in its place', 'Only the database itself; base and redo log are there.', says=(KEPT, MADE))
def empty_file(site):
    in_its_place(site, lambda path: overwrite(path, b''))
    yield
    expect_the_deny(site)


@row('text in its place', '12 KB of it.', says=MADE)
def text(site):
    in_its_place(site, lambda path: overwrite(path, b'no database\n' * 1000))
    yield
    expect_the_deny(site)


@row('a folder in its place', 'mkdir(1).', says=MADE)
def folder_in_its_place(site):
    in_its_place(site, os.mkdir)
    yield
    expect_the_deny(site)


@row("another program's database in its place", 'A GDBM file in which the addresses are plain keys.', says=MADE)
def foreign(site):
    in_its_place(site, gdbm_file.make_foreign)
    yield
    expect_the_deny(site)


@row('of a newer version', 'The version of its root is raised. It is left alone.', says='status: STORE .*')
def newer_version(site):
    site.with_popgated_down(gdbm_file.raise_version, site.popgated.store)
    yield
    site.with_popgated_down(empty, site.store_folder)


@row('cut to 8 KB', 'truncate(1) while popgated is down.', says=MADE)
def cut_at_start(site):
    note_a_deny(site)
    site.with_popgated_down(cut, site.popgated.store)
    yield
    expect_the_deny(site)


@row('one bit flipped', "In the client's own record, while popgated is down. Who asks for it is deferred until it is made anew.",
     says=('log: a stored record .* fails its checksum', 'log: made anew of base'))
def flipped_bit(site):
    site.with_popgated_down(gdbm_file.flip_bit_of, site.popgated.store, site.client)
    site.wait_until_said('log: made anew of base')
    yield


@row('locked by another process', 'flock(2) is held on the file while popgated starts.', says='status: STORE .*')
def locked(site):
    site.popgated.end()
    with open(site.popgated.store, 'rb') as store:
        fcntl.flock(store, fcntl.LOCK_EX)
        site.popgated.start()
        yield


@row('on a full disk', 'An empty folder on a tmpfs of 2 MB, on which another file takes all there is.',
     says='status: STORE .*No space.*')
def full_at_start(site):
    site.popgated.end()
    site.mount_store_folder('2m')
    filler = fill(site.store_folder)
    site.popgated.start()
    yield
    os.unlink(filler)


@row('on a read-only disk', 'Its tmpfs is mounted read-only while popgated is down.', says='status: STORE .*Read-only.*')
def read_only_at_start(site):
    client = on_small_disk(site)
    site.popgated.end()
    site.remount_store_folder(read_only=True)
    site.popgated.start()
    yield client
    site.remount_store_folder(read_only=False)


section('The database, when popgated was killed')

row('nothing else', 'SIGKILL. It is made anew of its base and redo log.', says=MADE)(crash_and(lambda site: None))
row('damaged', 'Its first 64 bytes are overwritten.', says=MADE)(crash_and(lambda site: spoil(site.popgated.store, 0)))
row('gone', 'rm.', says=MADE)(crash_and(lambda site: os.unlink(site.popgated.store)))
row('its base is damaged', '64 bytes. All three files are searched record by record, and what is whole is kept.',
    says=SAVED)(crash_and(lambda site: [spoil(path) for path in bases(site)]))
row('its base is gone', 'rm.', says=SAVED)(crash_and(lambda site: [os.unlink(path) for path in bases(site)]))
row('its redo log is damaged', '64 bytes. A note could be missing, so it freezes itself.', needs_thaw=True,
    says=('log: damaged .*: damaged at byte', FROZEN))(
    crash_and(lambda site: [spoil(path) for path in redo_log(site)], 'DEFER_IF_REJECT'))
row('its redo log is gone', 'rm. A note could be missing, so it freezes itself.', needs_thaw=True, says=(SAVED, FROZEN))(
    crash_and(lambda site: [os.unlink(path) for path in redo_log(site)], 'DEFER_IF_REJECT'))


@row('notes of administrators are lost', 'Base and redo log are removed, and the database is cut. It freezes itself.',
     needs_thaw=True, says=(SAVED, 'log: of the administrators.*', FROZEN))
def notes_lost(site):
    note_a_deny(site)
    site.popgated.kill()
    for path in bases(site) + redo_log(site):
        os.unlink(path)
    cut(site.popgated.store)
    site.popgated.start()
    yield


section('The database, at run time')


def on_small_disk(site):
    """Move the database to a tmpfs of 2 MB; returns a client whose grant is in it."""
    site.popgated.end()
    site.mount_store_folder('2m')
    site.popgated.start()
    return site.let_in()


@row('the disk gets full', 'A tmpfs of 2 MB; another file takes all that is left. The client has logged in before.')
def disk_full(site):
    client = on_small_disk(site)
    filler = fill(site.store_folder)
    yield client
    os.unlink(filler)


def log_in_many(site, number):
    site.syslog.append(b''.join(loglines.iso(f'10.1.{n >> 8}.{n & 255}') for n in range(number)))


@row('the disk is full, and clients log in', 'The same; 200 log in, and behind them the one that is looked at.',
     says=FULL)
def disk_full_login(site):
    on_small_disk(site)
    filler = fill(site.store_folder)
    log_in_many(site, 200)
    yield fresh_login(site)
    os.unlink(filler)
    wait_for(lambda: not site.said(FULL), 'all to be written')


@row('the disk is full, and many clients log in', 'The same with 1,000. There is no room for all, so reading the log waits.',
     says=(FULL, 'check stranger: 192.*'))
def disk_full_logins(site):
    on_small_disk(site)
    filler = fill(site.store_folder)
    log_in_many(site, 1000)
    address = mail.fresh_address()
    site.syslog.append(loglines.iso(address))
    site.wait_for_code(450, site.stranger)
    yield address
    os.unlink(filler)
    wait_for(lambda: not site.said(FULL), 'all to be written')


@row('removed', 'rm, under the running popgated.', says=('log: was removed while in use', MADE))
def removed(site):
    note_a_deny(site)
    os.unlink(site.popgated.store)
    site.wait_until_said(MADE)
    yield
    expect_the_deny(site)


@row('its folder is removed', 'rm -r, under the running popgated.', says='status: STORE .*')
def folder_removed(site):
    shutil.rmtree(site.store_folder)
    site.wait_until_said('status: STORE .*deferred')
    yield
    os.mkdir(site.store_folder)


@row('cut to 8 KB under popgated', 'truncate(1), under the running popgated, when nothing is on its way to it.', says=(CUT, MADE))
def cut_live(site):
    note_a_deny(site)
    wait_until_quiet(site)
    cut(site.popgated.store)
    site.wait_until_said(MADE)
    yield
    expect_the_deny(site)


@row('cut to nothing under popgated', 'The same, to 0 bytes.', says=(CUT, MADE))
def cut_to_nothing(site):
    note_a_deny(site)
    wait_until_quiet(site)
    os.truncate(site.popgated.store, 0)
    site.wait_until_said(MADE)
    yield
    expect_the_deny(site)


@row('replaced', "Another program's database is moved over it, under the running popgated.",
     says=(CUT, MADE))
def replaced(site):
    note_a_deny(site)
    other = f'{site.store_folder}/other'
    gdbm_file.make_foreign(other)
    os.rename(other, site.popgated.store)
    site.wait_until_said(MADE)
    yield
    expect_the_deny(site)


@row('its base or redo log is removed', 'rm of both, under the running popgated.',
     says='log: its base or its redo log was removed while in use.*')
def rest_removed(site):
    note_a_deny(site)
    for path in bases(site) + redo_log(site):
        os.unlink(path)
    site.wait_until_said('log: its base or its redo log was removed while in use')
    yield
    expect_the_deny(site)
