# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the fault table: what each is called, how its fault is made, and what came of it.

A row is a generator over a faultsite.FaultSite. The runner has started popgated and let a client in; the generator makes
the fault, yields while it is in force, and then takes it away, as far as the fault does not end by itself:

    @row('the log vanishes', 'mail.log is removed', says='log: cannot open .*')
    def log_vanishes(site):
        os.unlink(site.syslog.path)
        yield
        site.syslog.append(b'')

What it yields, if anything, is the address that has logged in and is looked at from then on.
"""

from typing import Callable, NamedTuple, Tuple

KEPT = 'kept'  # the client's mail never bounces
OUT_FOR_A_WHILE = 'out for a while'  # it's right that it bounces during the fault, and not afterwards
ENDS = 'ends'  # and it's right that it goes on bouncing

SECTIONS = []
ROWS = []


class Row(NamedTuple):
    section: str
    fault: str  # what is broken: the row's name
    how: str  # how the test makes it
    make: Callable
    says: Tuple[str, ...]  # 'WHERE: PATTERN', what popgated has to say; see FaultSite.said()
    settings: dict
    launch: dict  # how popgated is started: see faultsite.FaultPopgated.how
    grant: str  # KEPT, or what else is right to become of the client's
    needs_thaw: bool  # does it go on only when an administrator has seen to it?


class Outcome(NamedTuple):
    """What was seen. Codes are Postfix's, for who never logged in, for who has, and for mail to the own domain."""
    stranger: int
    client: int
    local: int
    afterwards: str  # stranger and client, once the fault is over
    said: Tuple[str, ...]


def section(title):
    """The rows that follow belong to `title`."""
    SECTIONS.append(title)


def row(fault, how, says=(), settings=None, launch=None, grant=KEPT, needs_thaw=False):
    def add(make):
        texts = (says,) if isinstance(says, str) else tuple(says)
        ROWS.append(Row(SECTIONS[-1], fault, how, make, texts, settings or {}, launch or {}, grant, needs_thaw))
        return make
    return add
