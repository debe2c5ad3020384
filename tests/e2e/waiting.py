# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for things that happen by themselves, and telling what was seen when they do not.

Nothing here sleeps "long enough": a condition is polled until it holds or its time is up, so a test is as fast as the
machine allows and fails with a reason.
"""

import time

import evidence


class NotReached(AssertionError):
    """A condition did not come true in time, or did not stay true. Carries the programs' last log lines."""


def wait_for(predicate, what, timeout=10.0, interval=0.01):
    """Poll `predicate` until it returns something true, and return that; `what` says what was waited for."""
    deadline = time.monotonic() + timeout
    while True:
        result = predicate()
        if result:
            return result
        if time.monotonic() > deadline:
            raise NotReached(f'waited {timeout:g} s in vain: {what}\n{evidence.tell()}')
        time.sleep(interval)


def hold_for(predicate, what, seconds, interval=0.02):
    """Prove that `predicate` is true now and stays true for `seconds`: for what must not come to an end yet."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not predicate():
            early = until - time.monotonic()
            raise NotReached(f'ended {early:.2f} s too early: {what}\n{evidence.tell()}')
        time.sleep(interval)
