# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock, stepped under the running popgated; libfaketime does it, for popgated alone."""

import glob
import os

from rows import OUT_FOR_A_WHILE, row, section
from waiting import wait_for

section('The clock')

HOUR = 3600
LIBRARY = next(iter(glob.glob('/usr/lib/*/faketime/libfaketimeMT.so.1')), None)


class Clock:
    """The clock of popgated: a file says by how much it is wrong."""

    def __init__(self, site):
        if LIBRARY is None:
            raise RuntimeError('the package faketime is not installed')
        self._path = f'{site.popgated.folder}/clock'
        self._site = site
        self.step(0)
        site.popgated.end()
        site.popgated.how = {'env': {'LD_PRELOAD': LIBRARY, 'FAKETIME_TIMESTAMP_FILE': self._path, 'FAKETIME_NO_CACHE': '1',
                                     'DONT_FAKE_MONOTONIC': '1'}}
        site.popgated.start()

    def step(self, seconds):
        new = f'{self._path}.new'
        with open(new, 'w', encoding='ascii') as file:
            file.write(f'{seconds:+d}')
        os.rename(new, self._path)


@row('set back by two hours', 'libfaketime, under the running popgated. The login of the client is in the future then.',
     says='check client: the clock was stepped back')
def set_back(site):
    clock = Clock(site)
    clock.step(-2 * HOUR)
    yield
    clock.step(0)


@row('set ahead by two hours', 'The same. The window is over, and opens again when the clock is right again.',
     grant=OUT_FOR_A_WHILE)
def set_ahead(site):
    clock = Clock(site)
    clock.step(2 * HOUR)
    yield
    clock.step(0)


@row('set back by three seconds', 'The same, as time daemons do it. Up to 5 s count as now.')
def set_back_a_little(site):
    clock = Clock(site)
    clock.step(-3)
    yield
    clock.step(0)


@row('stepped back and forth', 'By an hour ahead and by an hour back, ten times, and at last right.', grant=OUT_FOR_A_WHILE)
def back_and_forth(site):
    clock = Clock(site)
    for _ in range(10):
        clock.step(HOUR)
        site.rcpt(site.client)
        clock.step(-HOUR)
        site.rcpt(site.client)
    clock.step(0)
    yield
