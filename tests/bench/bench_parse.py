#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""popgate parse beside grep -cE with one pattern of Dovecot's, over the same mail log in the same run.

Each ratio is the median of the rounds' ratios. It is to be as fast; on a busy machine twice the time is tolerable: all servers'
grammars for the price of two patterns. The memory is told for the whole log and for a tenth of it: it must not grow. Part of
bench.py, and a program of its own.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from harness import Failed, Result, prefer

WANTED_RATIO = 1.0
CEILING_RATIO = 2.0
CEILING_GROWTH_KB = 2048
JUDGED_MB = 100  # a smaller log is read in less time than a program needs to start
PATTERN = r'dovecot: (pop3|imap)-login: Login: user=<[^>]*>, .*rip=[0-9a-f.:]+,'
MODES = {'rows': [], 'JSON': ['--json'], 'summary': ['--summary']}


def _run(argv, out):
    """Run a program; returns its seconds."""
    began = time.perf_counter()
    status = subprocess.run(argv, stdout=out, env=dict(os.environ, LC_ALL='C'), check=False, preexec_fn=lambda: prefer(0)).returncode
    if status != 0:
        raise Failed(f'{argv[0]} failed ({status})')
    return time.perf_counter() - began


def _peak_kb(pid):
    """0 once it has ended. What wait4() tells would be the peak of the program that this one was forked from."""
    with open(f'/proc/{pid}/status') as status:
        return next((int(line.split()[1]) for line in status if line.startswith('VmHWM:')), 0)


def _watch(argv, out):
    """Run a program; returns its peak RSS in kB as it was last seen, a few milliseconds before its end."""
    peak_kb = 0
    with subprocess.Popen(argv, stdout=out) as process:
        while process.poll() is None:
            peak_kb = max(peak_kb, _peak_kb(process.pid))
            time.sleep(0.001)
    return peak_kb


class Bench:
    """One log in a folder of its own."""

    def __init__(self, popgate, bench_log, folder):
        self._popgate = popgate
        self._bench_log = bench_log
        self._folder = folder
        self._log = os.path.join(folder, 'mail.log')
        self._out = os.path.join(folder, 'out')
        self._conf = os.path.join(folder, 'parse.conf')
        with open(self._conf, 'w'):
            pass

    def write_log(self, megabytes, head):
        argv = [self._bench_log, '--file', self._log, '--megabytes', str(megabytes), '--head', head]
        return json.loads(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout)

    def remove_log(self):
        os.unlink(self._log)

    def grep(self):
        """Its seconds. What it counts goes to a file: it would stop at the first match if it could see that nobody reads it."""
        with open(self._out, 'wb') as out:
            return _run(['grep', '-cE', PATTERN, self._log], out)

    def counted(self):
        with open(self._out) as out:
            return int(out.read())

    def parse(self, mode, run=_run):
        """Its seconds, or what else `run` tells."""
        with open(self._out, 'wb') as out:
            return run([self._popgate, '-c', self._conf, 'parse', *MODES[mode], self._log], out)

    def peaks_kb(self):
        return {mode: self.parse(mode, _watch) for mode in MODES}

    def rows(self):
        with open(self._out, 'rb') as out:
            return sum(1 for _line in out)


def _check_counts(bench, logins):
    """Both must find the same, or one of them is fast by doing nothing. This also brings the log into memory."""
    bench.grep()
    counted = bench.counted()
    bench.parse('rows')
    if not logins == counted == bench.rows():
        raise Failed(f'{logins} logins written, grep found {counted}, popgate {bench.rows()}')


def _measure_modes(bench, rounds):
    """By mode: the rounds' (ratio, seconds)."""
    results = {mode: [] for mode in MODES}
    for _turn in range(rounds):
        for mode, result in results.items():
            least = bench.grep()
            seconds = bench.parse(mode)
            result.append((seconds / least, seconds))
    return results


def measure(popgate, bench_log, folder, megabytes, rounds):
    """The rows of the table; what is more is printed."""
    bench = Bench(popgate, bench_log, folder)
    is_judged = megabytes >= JUDGED_MB
    for head in ('rfc3339', 'rfc3164'):
        bench.write_log(max(megabytes // 10, 1), head)
        small_kb = bench.peaks_kb()
        written = bench.write_log(megabytes, head)
        _check_counts(bench, written['logins'])
        large_kb = bench.peaks_kb()
        for mode, result in _measure_modes(bench, rounds).items():
            ratio, seconds = (statistics.median(column) for column in zip(*result))
            print(f'popgate parse, {mode}, {head}: {ratio:.2f} x grep; {written["bytes"] / seconds / 1e6:.0f} MB/s, '
                  f'{written["lines"]} lines, {written["logins"]} logins; peak RSS {large_kb[mode]} kB, '
                  f'with a tenth of the log {small_kb[mode]} kB')
            grown_kb = large_kb[mode] - small_kb[mode]
            yield Result(f'popgate parse beside grep, {mode}, {head}', f'{WANTED_RATIO:.1f} x', f'{ratio:.2f} x',
                         ratio <= WANTED_RATIO, not is_judged or (ratio <= CEILING_RATIO and grown_kb <= CEILING_GROWTH_KB))
        bench.remove_log()


def _main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--megabytes', type=int, default=300, help='size of the log (%(default)s)')
    parser.add_argument('--rounds', type=int, default=5, help='how often each is measured (%(default)s)')
    parser.add_argument('--check', action='store_true', help='exit 1 if it is slower or larger than it must be')
    arguments = parser.parse_args()
    popgate = os.path.abspath(os.environ.get('POPGATE', 'popgate'))
    bench_log = os.path.abspath(os.path.join(os.environ.get('BENCH_DIR', 'tests/bench'), 'bench-log'))
    with tempfile.TemporaryDirectory(prefix='pgb-') as folder:
        found = [row for row in measure(popgate, bench_log, folder, arguments.megabytes, arguments.rounds) if not row.tolerable]
    for row in found:
        print(f'too slow or too large: {row.what}: {row.seen}')
    return 1 if found and arguments.check else 0


if __name__ == '__main__':
    sys.exit(_main())
