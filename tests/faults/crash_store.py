# SPDX-License-Identifier: GPL-3.0-or-later
"""The store, killed at random moments under a storm of writes, with and without a loss of power: whatever was reported as
synced is there afterwards, and nothing that was never written. storm-store writes and verifies.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from typing import NamedTuple

import workdir
from power_loss import Disk

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STORM = os.path.abspath(os.environ.get('STORM_STORE', os.path.join(TOP, 'tests/faults/storm-store')))
POWER = os.path.abspath(os.environ.get('POWER', os.path.join(TOP, 'tests/faults/power.so')))

SHORTEST, LONGEST = 0.003, 0.040  # seconds until the kill
SMALL_CHECKPOINT = 200000  # bytes: then one is nearly always being made
ENOUGH = (500, 2000, 10000)  # grants; then a new database is begun


class Count(NamedTuple):
    crashes: int
    with_power_lost: int
    wrong: tuple  # each in words; what is invented says so

    @property
    def invented(self):
        return sum('invented' in text for text in self.wrong)

    @property
    def lost(self):
        """Or it did not start again, or not all came back as it was."""
        return len(self.wrong) - self.invented

    def __str__(self):
        return (f'crashes {self.crashes} ({self.with_power_lost} with a loss of power), '
                f'lost {self.lost}, invented {self.invented}')

    def __add__(self, other):
        return Count(self.crashes + other.crashes, self.with_power_lost + other.with_power_lost, self.wrong + other.wrong)


class Storm:
    """One database, and how much of it must be there."""

    def __init__(self, folder, seed, chance):
        self.disk = Disk(f'{folder}/db{seed}', POWER)
        os.mkdir(self.disk.path, 0o700)
        self.path = f'{self.disk.path}/popgate.gdbm'
        self.seed = seed
        self.synced = 0
        self.enough = chance.choice(ENOUGH)
        self._chance = chance

    def blow(self, loses_power):
        """Write, and be killed."""
        environment = dict(os.environ)
        if self._chance.random() < 0.5:
            environment['STORM_CHECKPOINT'] = str(SMALL_CHECKPOINT)
        if loses_power:
            self.disk.settle()
            environment.update(self.disk.environment())
        with subprocess.Popen([STORM, self.path, 'write', str(self.seed)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=environment) as writer:
            time.sleep(self._chance.uniform(SHORTEST, LONGEST))
            writer.kill()
            out, err = writer.communicate()
        if writer.returncode != -signal.SIGKILL:
            raise AssertionError(f'storm-store ended by itself: {err.decode()}')
        lines = out.decode().splitlines(keepends=True)
        self.synced = max([self.synced] + [int(line.split()[1]) for line in lines if line.endswith('\n')])
        if loses_power:
            self.disk.lose_power(self._chance)

    def copy(self):
        """The folder as it is now, once more; returns its path."""
        path = f'{self.disk.path}.copy'
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.disk.path, path)
        return path

    def verify(self):
        """What is wrong with what is left; '' if nothing."""
        done = subprocess.run([STORM, self.path, 'verify', str(self.seed), str(self.synced)], capture_output=True, text=True,
                              timeout=60, check=False)
        return '' if done.returncode == 0 else f'seed {self.seed}, {self.synced} synced: {done.returncode}: {done.stderr.strip()}'


def run(kills, power_losses, chance):
    """Crash so often; returns the Count. A database that came out wrong is kept, and another begun."""
    folder = workdir.make()
    wrong = []
    storm = None
    for loses_power in [False] * kills + [True] * power_losses:
        if storm is None or storm.synced > storm.enough:
            storm = _begin(folder, storm, chance)
        storm.blow(loses_power)
        crashed = storm.copy()
        found = storm.verify()
        if found:
            kept = f'{tempfile.gettempdir()}/popgate-crash-{os.path.basename(folder)}-{len(wrong)}'
            os.rename(crashed, kept)
            wrong.append(f'{found}; {"power loss" if loses_power else "kill"}, before the start: {kept}')
            storm = None
    workdir.remove(folder)
    return Count(kills + power_losses, power_losses, tuple(wrong))


def _begin(folder, last, chance):
    if last is not None:
        shutil.rmtree(last.disk.path)
    return Storm(folder, chance.randrange(1, 1 << 31), chance)
