#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much longer do policy answers take while an administrator lists or exports very many grants, and what do that command
and popgated need of memory?

Each is measured in turn with quiet times, in one run; a ratio is the median of the rounds' ratios. The command runs over and
over, and what it writes is thrown away. It shares the machine with popgated and the load generator: where there are fewer
than three processors, most of what is seen is their scheduler. --prefer gives popgated a processor of its own, and has the
command run on the others when the load generator does not, before all else that the machine does. --check fails if p99 is more
than CEILING times that of the quiet times.
"""

import argparse
import contextlib
import os
import resource
import statistics
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True

import harness  # noqa: E402

CEILING = 2.0
WORKS = {
    'list': ('list',),
    'list --json': ('--json', 'list'),
    'list --user (finds nothing)': ('list', '--user', 'nobody-at-all'),
    'export': ('export',),
}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split('?')[0] + '?')
    parser.add_argument('--grants', type=int, default=1_000_000, help='addresses that may relay (%(default)s)')
    parser.add_argument('--connections', default='1,16,100', help='list of numbers of connections (%(default)s)')
    parser.add_argument('--rounds', type=int, default=5, help='how often each is measured (%(default)s)')
    parser.add_argument('--seconds', type=float, default=1.5, help='for how long each time (%(default)s)')
    parser.add_argument('--work', action='append', choices=WORKS, help='only this command; repeatable')
    parser.add_argument('--prefer', action='store_true', help='keep them apart (SCHED_RR, affinity); needs root')
    parser.add_argument('--check', action='store_true', help='exit 1 if answers take too long')
    arguments = parser.parse_args()
    arguments.connections = [int(number) for number in arguments.connections.split(',')]
    return arguments


class Work:
    """A popgate that runs over and over until it is ended."""

    def __init__(self, argv):
        self._argv = argv
        self._ended = False
        self._popen = None
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        while not self._ended:
            self._popen = subprocess.Popen(self._argv, stdout=subprocess.DEVNULL, preexec_fn=come_second)
            if self._popen.wait() != 0 and not self._ended:
                raise harness.Failed(f'{" ".join(self._argv)} failed')

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended = True
        with contextlib.suppress(AttributeError):
            self._popen.kill()
        self._thread.join()


def come_second():
    """In a command's process: behind the load generator, if that is preferred."""
    if os.sched_getscheduler(0) == os.SCHED_RR:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def prefer(daemon_pid):
    """The daemon alone on a processor, and what this program starts on the others, before all that is not ours."""
    first, *others = sorted(os.sched_getaffinity(0))
    if not others:
        raise harness.Failed('--prefer wants two processors')
    os.sched_setscheduler(daemon_pid, os.SCHED_RR, os.sched_param(2))
    os.sched_setaffinity(daemon_pid, {first})
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(2))
    os.sched_setaffinity(0, others)


def run_alone(argv):
    """One run with nothing else going on: how long it takes, how many bytes it writes, and its memory at its largest, in KiB."""
    began = time.monotonic()
    with subprocess.Popen(argv, stdout=subprocess.PIPE, preexec_fn=come_second) as popen:
        size = 0
        while portion := popen.stdout.read(1 << 20):
            size += len(portion)
    if popen.returncode != 0:
        raise harness.Failed(f'{" ".join(argv)} failed')
    return time.monotonic() - began, size, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def tell_alone(name, argv, daemon):
    before = daemon.memory_kb()
    seconds, size, peak = run_alone(argv)
    print(f'{name}: {seconds:.1f} s, {size / 1e6:.0f} MB written; popgate at most {peak / 1024:.0f} MB (the greatest so far), '
          f'popgated RssAnon {before / 1024:.1f} MB before, {daemon.memory_kb() / 1024:.1f} MB behind')


def measure(bench, daemon, argv, connections):
    """Ratios of one number of connections, while the command runs to quiet times before it."""
    ratios = {'p50_us': [], 'p99_us': [], 'requests_per_s': []}
    last = {}
    timed = ('--seconds', bench.arguments.seconds)
    for _ in range(bench.arguments.rounds):
        quiet = bench.load(daemon, connections, *timed)
        with Work(argv):
            time.sleep(0.2)
            last = bench.load(daemon, connections, *timed)
        for key, values in ratios.items():
            values.append(last[key] / quiet[key])
    return {key: statistics.median(values) for key, values in ratios.items()}, quiet, last


def run_all(bench, daemon):
    worst = 0.0
    for name in bench.arguments.work or WORKS:
        argv = [bench.programs.popgate, '-c', daemon.config, *WORKS[name]]
        tell_alone(name, argv, daemon)
        for connections in bench.arguments.connections:
            ratio, quiet, busy = measure(bench, daemon, argv, connections)
            worst = max(worst, ratio['p99_us'])
            print(f'  {connections:>4} connections: p50 {ratio["p50_us"]:.2f}, p99 {ratio["p99_us"]:.2f}, '
                  f'requests {ratio["requests_per_s"]:.2f} of quiet times (last round: p99 {quiet["p99_us"]:.0f} us, then '
                  f'{busy["p99_us"]:.0f} us)', flush=True)
    return worst


def main():
    arguments = parse_arguments()
    print(f'{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} before; {arguments.grants} grants')
    with contextlib.closing(harness.Bench(harness.Programs(), arguments)) as bench, bench.another() as daemon:
        daemon.start()
        daemon.wait_ready()
        daemon.fill(arguments.grants)
        if arguments.prefer:
            prefer(daemon.pid)
        worst = run_all(bench, daemon)
    print(f'worst p99: {worst:.2f} of quiet times, {"within" if worst <= CEILING else "NOT within"} {CEILING:g}')
    return 1 if arguments.check and worst > CEILING else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except harness.Failed as error:
        sys.exit(f'bench_list: {error}')
