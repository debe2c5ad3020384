#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the fault table of doc/security against a real Postfix, and compare what is seen with the document.

    run.py                 every row; each must be in the document, and do what it says there
    run.py -k PATTERN      only rows whose fault matches; the others are not compared
    run.py --write         put what was seen into the document
    run.py --list          the rows

POPGATED and POPGATE name the programs; without them it is those at the top of the tree. Needs root.
"""

import argparse
import os
import random
import sys
import time
import traceback
from concurrent import futures

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), 'e2e')]
sys.dont_write_bytecode = True

import crash_daemon  # noqa: E402
import crash_store  # noqa: E402
import document  # noqa: E402
import evidence  # noqa: E402
import mail  # noqa: E402
import processes  # noqa: E402
import rows  # noqa: E402
import rows_process  # noqa: E402,F401  the order of the table
import rows_store  # noqa: E402,F401
import rows_log  # noqa: E402,F401
import rows_clock  # noqa: E402,F401
import rows_clients  # noqa: E402,F401
import workdir  # noqa: E402
from clients import Clients  # noqa: E402
from faultsite import FaultSite  # noqa: E402
from waiting import wait_for  # noqa: E402

SAYS_WITHIN = 5.0
HEALS_WITHIN = 15.0


class Wrong(AssertionError):
    """A row went as it never may, whatever the document says."""


def observe(site, row):
    """Run one row; returns its rows.Outcome."""
    site.renew(row.settings, row.launch)
    clients = None
    try:
        site.client, site.stranger = site.let_in(), mail.fresh_address()
        clients = Clients(site, site.stranger, site.client)
        if clients.codes() != (554, 250, 250):
            raise Wrong(f'before the fault: {clients.codes()}')
        outcome = _break_and_heal(site, row, clients)
        clients.stop()
        wrong = clients.wrongs(row.grant == rows.KEPT)
        if wrong:
            raise Wrong('; '.join(wrong))
        return outcome
    finally:
        if clients:
            clients.stop()
        site.clear()


def _break_and_heal(site, row, clients):
    story = row.make(site)
    other = next(story)
    if other:
        clients.replace(other)
    codes = clients.codes()
    said = tuple(_said(site, text) for text in row.says)
    for _ in story:
        raise Wrong('the row yields twice')
    if row.needs_thaw:
        site.popgated.must('thaw')
    healthy = (554, 554 if row.grant == rows.ENDS else 250)
    seen = clients.wait_for(*healthy, HEALS_WITHIN)[:2]
    if seen != healthy:
        raise Wrong(f'does not get over it: {seen}')
    afterwards = f'{seen[0]:>8}  {seen[1]:>6}' + ('  (thawed)' if row.needs_thaw else '')
    return rows.Outcome(*codes, afterwards, said)


def _said(site, text):
    return wait_for(lambda: site.said(text), f'popgated to say {text}', SAYS_WITHIN)


def _run_row(site, row):
    """Returns what was seen, or None if it went wrong, which is told."""
    began = time.monotonic()
    try:
        outcome = observe(site, row)
    except Exception as error:
        print(traceback.format_exc(), evidence.tell(), f'FAILED  {row.fault}: {error!r}', sep='\n', flush=True)
        return None
    print(f'{outcome.stranger} {outcome.client} {outcome.local}  {outcome.afterwards}  {row.fault}'
          f' ({time.monotonic() - began:.1f} s)', flush=True)
    return outcome


def _run_rows(chosen):
    site = FaultSite()
    try:
        site.start()
        site.popgated.end()
        return [(row, _run_row(site, row)) for row in chosen]
    finally:
        site.stop()


def _crash(arguments):
    """Print the count of crashes; returns it. Two storms on stores go on beside the one on popgated."""
    half = arguments.kills // 2, arguments.power_losses // 2
    rest = arguments.kills - half[0], arguments.power_losses - half[1]
    with futures.ThreadPoolExecutor() as pool:
        storms = [pool.submit(crash_store.run, *numbers, random.Random(arguments.seed + number))
                  for number, numbers in enumerate((half, rest))]
        count = crash_daemon.run(arguments.restarts, arguments.restarts // 2, random.Random(arguments.seed))
        count = sum((storm.result() for storm in storms), count)
    print(*count.wrong, count, sep='\n', flush=True)
    return count


def _parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('-k', metavar='PATTERN', action='append', help='only rows whose fault has PATTERN in it; repeatable')
    parser.add_argument('--list', action='store_true', help='print the rows and run nothing')
    parser.add_argument('--write', action='store_true', help='write the table of the document')
    parser.add_argument('--seed', type=int, default=random.randrange(1 << 32), help='for what is left to chance')
    parser.add_argument('--document', default=document.PATH)
    parser.add_argument('--only', choices=('rows', 'crashes'))
    parser.add_argument('--kills', type=int, default=500, help='of the store')
    parser.add_argument('--power-losses', type=int, default=200, help='of the store')
    parser.add_argument('--restarts', type=int, default=60, help='of popgated, killed; and half as many with a loss of power')
    return parser.parse_args()


def _check_rows(arguments):
    """Run the rows; returns how many went wrong or are otherwise in the document."""
    chosen = [row for row in rows.ROWS if not arguments.k or any(part in row.fault for part in arguments.k)]
    seen = _run_rows(chosen)
    failed = [row for row, outcome in seen if outcome is None]
    if arguments.write and not failed and not arguments.k:
        document.write(arguments.document, seen)
    differences = document.compare(arguments.document, seen, whole=not arguments.k)
    print(*differences, sep='\n', end='\n' if differences else '')
    print(f'faults: {len(seen) - len(failed)} rows well, {len(failed)} failed, {len(differences)} not as in {arguments.document}',
          flush=True)
    return len(failed) + len(differences) + (not seen)


def main():
    arguments = _parse_arguments()
    if arguments.list:
        print('\n'.join(f'{row.section}: {row.fault}' for row in rows.ROWS))
        return 0
    print(f'seed {arguments.seed}', flush=True)
    random.seed(arguments.seed)
    wrong = 0
    try:
        if arguments.only != 'crashes':
            wrong += _check_rows(arguments)
        if arguments.only != 'rows' and not arguments.k:
            wrong += len(_crash(arguments).wrong)
    finally:
        processes.stop_all()
        workdir.remove_all()
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
