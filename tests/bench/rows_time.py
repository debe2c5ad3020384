# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows about how soon something is done: a login that permits, a start, a log that is caught up with."""

import contextlib
import os
import shutil
import statistics
import subprocess
import time

import bench_parse
from harness import STRANGER, Asker, Failed, Result, ask, beside, prefer, run_tool, wait_for

LOGINS_PER_S = 1000
WANTED_PERMIT_US = 1000
WANTED_PERMIT_P99_US = 5000
TOLERABLE_PERMIT_P99_US = 10_000
WANTED_START_MS = 30
WANTED_CATCH_UP = 3.0
WANTED_MEANWHILE_MS = 5
CATCH_UP_ADDRESSES = 80_000
DAY_S = 86400
LAST_S = 120


def _permit_delay(bench, how):
    """From just before a login line is written until its address has been answered with OK."""
    count = bench.arguments.logins
    seen = run_tool(bench.programs.latency, '--socket', bench.daemon.path, '--file', bench.daemon.log, '--count', count,
                    '--first', bench.take('fresh', count))
    yield Result(f'login line to permit, {how}: median', f'{WANTED_PERMIT_US / 1000:.0f} ms',
                 f'{seen["median_us"] / 1000:.2f} ms', seen['median_us'] <= WANTED_PERMIT_US)
    yield Result(f'login line to permit, {how}: p99', f'{WANTED_PERMIT_P99_US / 1000:.0f} ms', f'{seen["p99_us"] / 1000:.2f} ms',
                 seen['p99_us'] <= WANTED_PERMIT_P99_US, seen['p99_us'] <= TOLERABLE_PERMIT_P99_US)


def permit(bench):
    """Idle, and while others log in."""
    yield from _permit_delay(bench, 'idle')
    count = LOGINS_PER_S * LAST_S
    with beside(bench.programs.lines, '--file', bench.daemon.log, '--set', 'background', '--first',
                bench.take('background', count), '--count', count, '--rate', LOGINS_PER_S):
        yield from _permit_delay(bench, f'{LOGINS_PER_S} logins/s')


def start(bench):
    """From the start of the program to its first answer, which is right."""
    daemon = bench.daemon
    address = _last_grant(bench)
    waits_ms = []
    for _ in range(bench.arguments.rounds):
        daemon.stop()
        began = time.perf_counter()
        daemon.start()
        wait_for(lambda: _answers(daemon, address), 'an answer after the start', LAST_S, pause=0.0002)
        waits_ms.append((time.perf_counter() - began) * 1000)
        daemon.wait_current()
    median = statistics.median(waits_ms)
    yield Result(f'start to first answer, {bench.arguments.grants} grants', f'{WANTED_START_MS} ms',
                 f'{median:.0f} ms; at worst {max(waits_ms):.0f}', median <= WANTED_START_MS)


def _last_grant(bench):
    """Writes the login line of the last grant once more."""
    return run_tool(bench.programs.lines, '--file', bench.daemon.log, '--count', 1, '--first',
                    bench.arguments.grants - 1)['last']


def _answers(daemon, address):
    try:
        return ask(daemon.path, address) == 'OK'
    except OSError:
        return False


def parse(bench):
    """popgate parse beside grep."""
    arguments = bench.arguments
    if arguments.megabytes == 0:
        return []
    return bench_parse.measure(bench.programs.popgate, bench.programs.log, bench.folder('parse'), arguments.megabytes,
                               arguments.rounds)


def catch_up(bench):
    """A day's log that was written while the daemon was down goes into its database."""
    if bench.arguments.megabytes == 0:
        return
    with bench.another(window='7d') as daemon:
        written = os.path.join(daemon.folder, 'written')
        last = run_tool(bench.programs.log, '--file', written, '--megabytes', bench.arguments.megabytes, '--users',
                        CATCH_UP_ADDRESSES, '--first', int(time.time()) - 3 * DAY_S)['last']
        least = min(_grep_s(written, daemon.folder) for _ in range(2))
        _let_begin(bench, daemon)
        with open(daemon.log, 'ab') as log, open(written, 'rb') as source:
            shutil.copyfileobj(source, log, 1 << 20)
        began = time.perf_counter()
        daemon.start()
        daemon.wait_ready()
        waits_ms = _ask_until_current(daemon)
        seconds = time.perf_counter() - began
        if ask(daemon.path, last) != 'OK':
            raise Failed(f'{last}, the last of the log, is not permitted')
    yield Result(f'catch-up at the start, {bench.arguments.megabytes} MB, beside grep', f'{WANTED_CATCH_UP:.1f} x',
                 f'{seconds / least:.2f} x; {seconds:.1f} s', seconds <= WANTED_CATCH_UP * least)
    yield Result('longest answer meanwhile', f'{WANTED_MEANWHILE_MS} ms',
                 f'{max(waits_ms):.1f} ms; p99 {sorted(waits_ms)[len(waits_ms) * 99 // 100]:.1f}',
                 max(waits_ms) <= WANTED_MEANWHILE_MS)


def _let_begin(bench, daemon):
    """Gives it a position in its log."""
    daemon.start()
    daemon.wait_ready()
    daemon.fill(1)
    daemon.stop()


def _grep_s(path, folder):
    """What it counts goes to a file: it would stop at the first match if it could see that nobody reads it."""
    with open(os.path.join(folder, 'counted'), 'wb') as out:
        began = time.perf_counter()
        subprocess.run(['grep', '-cE', bench_parse.PATTERN, path], stdout=out, env=dict(os.environ, LC_ALL='C'), check=True,
                       preexec_fn=lambda: prefer(0))
        return time.perf_counter() - began


def _ask_until_current(daemon):
    """How long each answer takes, in ms, until a stranger is no longer deferred."""
    waits_ms = []
    with contextlib.closing(Asker(daemon.path)) as asker:
        deadline = time.monotonic() + LAST_S
        while time.monotonic() < deadline:
            began = time.perf_counter()
            answer = asker.ask(STRANGER)
            waits_ms.append((time.perf_counter() - began) * 1000)
            if answer == 'DUNNO':
                return waits_ms
            time.sleep(0.001)
    raise Failed('the log is not read to its end')
