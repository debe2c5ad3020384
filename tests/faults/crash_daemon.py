# SPDX-License-Identifier: GPL-3.0-or-later
"""popgated, killed at random moments under a storm of login lines, its notes and rotations going on; some of the times with a
loss of power. Each start has to serve by itself. Then every address of the log may relay, but for those that were denied,
and no other; and at no moment before that would the mail of one have bounced.
"""

import os
import threading
import time

import loglines
import policy
import workdir
from crash_store import POWER, Count
from faultsite import FaultPopgated
from power_loss import Disk
from waiting import wait_for

SHORTEST, LONGEST = 0.005, 0.4  # seconds from the start to the kill
LINES_AT_ONCE = 10
MOST_LINES = 6000  # then a new log and a new database are begun
PAUSE = 0.005
ROTATE_EVERY = 12  # crashes
DENY_EVERY = 3
STRANGERS = 200
BATCH = 100


def _address(number):
    return f'10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}'


def _last(number):
    """Of the line that a crash's storm ends with."""
    return f'172.30.{number >> 8 & 255}.{number & 255}'


def _stranger(number):
    return f'172.16.{number >> 8 & 255}.{number & 255}'


class Storm:
    """Writes logins of ever new addresses, until it is told to pause."""

    def __init__(self, path):
        self.log = loglines.LogFile(path)
        self.log.append(b'')
        self.n_written = 0
        self._lock = threading.Lock()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._ends.wait(PAUSE):
            with self._lock:
                numbers = range(self.n_written, self.n_written + LINES_AT_ONCE)
                self.log.append(b''.join(loglines.iso(_address(number)) for number in numbers))
                self.n_written += LINES_AT_ONCE

    def pause(self):
        """Until the end of a `with` nothing is written."""
        return self._lock

    def stop(self):
        self._ends.set()
        self._thread.join()


class DoesNotServe(Exception):
    """popgated did not come back by itself."""


class Trial:
    """One popgated, and what it has to know."""

    def __init__(self, chance):
        self._chance = chance
        self.folder = workdir.make()
        self.storm = Storm(f'{self.folder}/mail.log')
        db = workdir.subfolder(self.folder, 'db', 0o700)
        self.disk = Disk(db, POWER)
        self.popgated = FaultPopgated(self.folder, {'popgate.store': f'gdbm:{db}/popgate.gdbm'})
        self.denied = set()
        self.wrong = []

    def crash(self, number, loses_power):
        """Start, be killed, start, look."""
        if loses_power:
            self.disk.settle()
        self.popgated.how = {'env': self.disk.environment()} if loses_power else {}
        self.popgated.launch()
        time.sleep(self._chance.uniform(SHORTEST, LONGEST))
        if number % DENY_EVERY == 0:
            self._deny(self._chance.randrange(max(1, self.storm.n_written)))
        self.popgated.kill()
        if loses_power:
            self.disk.lose_power(self._chance)
        if number % ROTATE_EVERY == 0:
            with self.storm.pause():
                self.storm.log.shift()
                self.storm.log.append(b'')
        self.popgated.how = {}
        try:
            self._look(number)
        except AssertionError as error:
            raise DoesNotServe(f'crash {number}: {error}') from error

    def _deny(self, number):
        """A note that was said to be kept is kept; of one that was not, nobody can tell."""
        if self.popgated.cli('deny', _address(number)).status == 0:
            self.denied.add(number)

    def _look(self, number):
        n_before = self.storm.n_written
        self.popgated.start()
        asked = [self._chance.randrange(n_before) for _ in range(BATCH if n_before else 0)]
        early = dict(zip(asked, self._ask(map(_address, asked))))
        with self.storm.pause():
            n_written = self.storm.n_written
            self._wait_until_read(number)
            verdicts = self._ask([_address(n) for n in range(n_written)])
        strangers = self._ask([_stranger(self._chance.randrange(1 << 16)) for _ in range(STRANGERS)])
        self._judge(number, early, verdicts, strangers)
        if number % 2:
            self.popgated.end()
        else:
            self.popgated.kill()

    def _judge(self, number, early, verdicts, strangers):
        lost = [n for n, verdict in enumerate(verdicts) if verdict != 'OK' and n not in self.denied]
        bounced = [n for n, verdict in early.items() if verdict == 'DUNNO' and n not in self.denied]
        invented = [n for n in self.denied if n < len(verdicts) and verdicts[n] != 'DUNNO']
        for numbers, what in ((lost, 'lost'), (bounced, 'lost for a moment'), (invented, 'denied, and may relay: invented')):
            if numbers:
                self.wrong.append(f'crash {number}: {len(numbers)} of {len(verdicts)} {what}, first {_address(numbers[0])}')
        if set(strangers) != {'DUNNO'}:
            self.wrong.append(f'crash {number}: strangers got {set(strangers)}: invented')

    def _wait_until_read(self, number):
        """Lines are read in their order: with the last one all are. That strangers are told so again says less, for a moment."""
        self.storm.log.append(loglines.iso(_last(number)))
        wait_for(lambda: self.popgated.verdict(_last(number)) == 'OK', 'popgated to have read the log', 15)

    def _ask(self, addresses):
        """Their verdicts, asked in batches."""
        addresses = list(addresses)
        verdicts = []
        with policy.Connection(self.popgated.policy) as connection:
            for at in range(0, len(addresses), BATCH):
                batch = addresses[at:at + BATCH]
                connection.send(b''.join(map(policy.request, batch)))
                verdicts += [connection.read_action().split()[0] for _ in batch]
        return verdicts

    def end(self):
        """Returns what went wrong; if anything did, the files are kept."""
        self.storm.stop()
        self.popgated.stop()
        if self.wrong:
            kept = f'{self.folder}-crashed'
            os.rename(self.folder, kept)
            self.wrong[-1] += f'; files: {kept}'
        workdir.remove(self.folder)
        return self.wrong


def run(kills, power_losses, chance):
    """Crash so often; returns the Count."""
    trial = Trial(chance)
    wrong = []
    for number, loses_power in enumerate([False] * kills + [True] * power_losses, 1):
        if trial.storm.n_written > MOST_LINES:
            wrong += trial.end()
            trial = Trial(chance)
        try:
            trial.crash(number, loses_power)
        except DoesNotServe as error:
            trial.wrong.append(str(error))
            wrong += trial.end()
            trial = Trial(chance)
    wrong += trial.end()
    return Count(kills + power_losses, power_losses, tuple(wrong))
