#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast popgated and popgate are, as ratios that are measured on one machine in one run.

popgated is measured against the least that any policy server must do: both are asked in turn, round by round, by the same load
generator, so that what else the machine does hits both, and every ratio is the median of the rounds' ratios. The grants come
through the daemon's own log. popgate parse is measured beside grep: see bench_parse.py.

Each row can be measured alone (--only). What is wanted stands in the table beside what was seen; --write puts it into
doc/performance.

POPGATED and POPGATE name the programs, BENCH_DIR the folder with the built bench-* programs; by default both are looked for in the
build tree in which this is run, then in the source tree.
"""

import argparse
import contextlib
import os
import signal
import sys

sys.dont_write_bytecode = True

import document  # noqa: E402
import harness  # noqa: E402
import rows_cost  # noqa: E402
import rows_load  # noqa: E402
import rows_time  # noqa: E402
from harness import Bench, Failed, Programs  # noqa: E402

# In this order; those of the second table only if they are asked for, since they take minutes and gigabytes.
ROWS = {
    'connections': rows_load.connections,
    'writing': rows_load.writing,
    'connects': rows_load.connects,
    'permit': rows_time.permit,
    'memory': rows_cost.memory,
    'start': rows_time.start,
    'instructions': rows_cost.instructions,
    'idle': rows_cost.idle,
    'parse': rows_time.parse,
    'catch-up': rows_time.catch_up,
}
LONG_ROWS = {
    'many': rows_load.many,
}

QUICK = {'grants': 2000, 'rounds': 3, 'seconds': 0.2, 'logins': 50, 'requests': 20_000, 'many': 10_000, 'megabytes': 10,
         'idle_s': 3, 'connections': '1,16,100'}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--only', action='append', choices=[*ROWS, *LONG_ROWS], help='only this row; may be given several times')
    parser.add_argument('--all', action='store_true', help=f'what takes long too: {", ".join(LONG_ROWS)}')
    parser.add_argument('--connections', default='1,16,100,1000,5000', help='list of numbers of connections (%(default)s)')
    parser.add_argument('--grants', type=int, default=1_000_000, help='addresses that may relay (%(default)s)')
    parser.add_argument('--many', type=int, default=10_000_000, help='for the row of that name (%(default)s)')
    parser.add_argument('--rounds', type=int, default=5, help='how often each is measured (%(default)s)')
    parser.add_argument('--seconds', type=float, default=1.5, help='for how long each time (%(default)s)')
    parser.add_argument('--logins', type=int, default=1000, help='logins whose delay is measured (%(default)s)')
    parser.add_argument('--requests', type=int, default=10_000_000, help='over which memory must not grow (%(default)s)')
    parser.add_argument('--megabytes', type=int, default=300, help='log that is read; 0: none (%(default)s)')
    parser.add_argument('--idle-s', type=float, default=20, help='for how long nothing happens (%(default)s)')
    parser.add_argument('--prefer', action='store_true', help='servers and those who ask them come before all else (SCHED_RR); '
                        'needs root; for a machine that is not at rest')
    parser.add_argument('--quick', action='store_true', help='little of all, only to see that it works')
    parser.add_argument('--check', action='store_true', help='exit 1 if popgated is slower than is tolerable on a busy machine')
    parser.add_argument('--write', nargs='?', const=document.PATH, metavar='PATH',
                        help='put the table into this document (doc/performance)')
    arguments = parser.parse_args()
    if arguments.quick and arguments.write:
        parser.error('what --quick measures is no result to be written')
    if arguments.quick:
        vars(arguments).update(QUICK)
    arguments.connections = [int(number) for number in arguments.connections.split(',')]
    return arguments


def chosen_rows(arguments):
    rows = {**ROWS, **LONG_ROWS} if arguments.all or arguments.only else ROWS
    return [rows[name] for name in rows if not arguments.only or name in arguments.only]


def run_all(arguments):
    """All results, in the table's order."""
    results = []
    with contextlib.closing(Bench(Programs(), arguments)) as bench:
        for row in chosen_rows(arguments):
            results += row(bench)
    return results


def main():
    arguments = parse_arguments()
    load = os.getloadavg()[0]
    print(f'{document.machine()}; load average {load:.1f} before; on a busy machine the ratios scatter', flush=True)
    arguments.descriptors = harness.raise_descriptors()
    harness.PREFER = arguments.prefer
    results = run_all(arguments)
    print('\n' + document.render(results), end='')
    if arguments.quick:
        print('too little was measured to judge by')
    if arguments.write:
        document.write(arguments.write, results, sys.argv[1:], load)
    return 1 if arguments.check and not all(row.tolerable for row in results) else 0


def terminate(_number, _frame):
    raise KeyboardInterrupt


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, terminate)
    try:
        sys.exit(main())
    except Failed as error:
        sys.exit(f'bench: {error}')
    except KeyboardInterrupt:
        sys.exit('bench: interrupted')
