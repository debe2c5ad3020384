#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much slower do other clients get while somebody means no good?

A client asks about a thousand times a second, as a busy Postfix does, without and with each attack, in one run; of each the
median and the 99th percentile of its waits are told, and their ratio to the quiet times before and behind. An attack runs
in processes of its own, which share the machine with server and client: where there are not enough processors, most of what
is seen is their scheduler; --prefer keeps them apart as far as one machine can, and --echo tells what a server that does
nothing else suffers by the same attack in the same run. Memory is what the server itself has in use at the end of each attack.

POPGATED names the server; without it, it is the one at the top of the tree.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import statistics
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'e2e'))

import hostile  # noqa: E402
import loglines  # noqa: E402
import policy  # noqa: E402
import workdir  # noqa: E402
from popgate import Popgated  # noqa: E402
from processes import Program  # noqa: E402
from waiting import wait_for  # noqa: E402

ADDRESS = '192.0.2.1'
SHORT = b'request=smtpd_access_policy\n\n'
BEGUN = b'request=smtpd_access_policy\nsender=' + b'x' * 60_000
MANY = 10_000
CEILING = 3.0
PAUSE_S = 0.001


# --- attacks: each runs until it is ended, and says when it is under way


def silent(path, ready):
    with hostile.Crowd(path) as crowd:
        crowd.join(MANY)
        ready.set()
        time.sleep(3600)


def half_requests(path, ready):
    with hostile.Crowd(path) as crowd:
        crowd.join(MANY, SHORT[:-1])
        ready.set()
        time.sleep(3600)


def huge_requests(path, ready):
    while True:
        with hostile.Crowd(path) as crowd:
            crowd.join(600, BEGUN)
        ready.set()


def trickle(path, ready):
    """1,000 connections, a byte at a time."""
    with hostile.Crowd(path) as crowd:
        crowd.join(1000)
        ready.set()
        while True:
            for byte in SHORT:
                for client in crowd.sockets:
                    client.send(bytes([byte]))
            crowd.n_open()


def in_a_row(path, ready):
    ready.set()
    while True:
        with policy.Connection(path) as connection, contextlib.suppress(ConnectionError):
            connection.socket.setblocking(False)
            send_in_a_row(connection.socket)


def send_in_a_row(client):
    """Until it is closed."""
    while True:
        hostile.send_until_full(client, SHORT * 1000)
        with contextlib.suppress(BlockingIOError):
            while client.recv(1 << 20):
                continue


def never_read(path, ready):
    with hostile.Crowd(path) as crowd:
        crowd.join(100)
        ready.set()
        while True:
            for client in crowd.sockets:
                hostile.send_until_full(client, SHORT * 100)
            time.sleep(0.01)


def garbage(path, ready):
    while True:
        with hostile.Crowd(path) as crowd:
            crowd.join(50, b'garbage\n\n')
        ready.set()


def come_and_go(path, ready):
    while True:
        with hostile.Crowd(path) as crowd:
            crowd.join(50)
        ready.set()


ATTACKS = (silent, half_requests, huge_requests, trickle, in_a_row, never_read, garbage, come_and_go)


# --- measuring


def run_attack(attack, path, ready):
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    attack(path, ready)


def ask_for(connection, action, seconds):
    """Waits of a client that asks about a thousand times a second, and has to get `action`, in us."""
    request = policy.request(ADDRESS)
    waits = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.perf_counter()
        if connection.ask(request) != action:
            raise SystemExit('a wrong answer')
        waits.append((time.perf_counter() - began) * 1e6)
        time.sleep(PAUSE_S)
    return sorted(waits)


@contextlib.contextmanager
def under(attack, path):
    ready = multiprocessing.Event()
    process = multiprocessing.Process(target=run_attack, args=(attack, path, ready))
    process.start()
    try:
        if not ready.wait(60):
            raise SystemExit(f'{attack.__name__} does not get under way')
        yield
    finally:
        process.kill()
        process.join()


def percentiles(waits):
    return waits[len(waits) // 2], waits[len(waits) * 99 // 100]


class Echo:
    """The echo server, as far as it is like popgated here."""

    action = 'DUNNO'

    def __init__(self, folder):
        self.policy = f'{folder}/echo'
        program = os.path.join(os.environ.get('BENCH_DIR', os.path.join(os.path.dirname(os.environ.get('POPGATED', 'popgated')), 'tests', 'bench')), 'bench-echo')
        self.program = Program('bench-echo', [program, self.policy], f'{folder}/echo.log')

    def start(self):
        self.program.start()
        wait_for(lambda: self.program.must_run() and policy.is_open(self.policy), 'the echo server to serve')

    def stop(self):
        self.program.stop()


class Daemon(Popgated):
    """popgated, and somebody who has logged in."""

    action = 'OK'

    def start(self, **how):
        loglines.LogFile(self.source).append(loglines.iso(ADDRESS))
        super().start(**how)
        self.wait_for_verdict('OK', ADDRESS)


def measure(server, attack, seconds):
    """Median and p99 of others' waits, in us, in quiet times and during an attack; and the server's memory then, in KiB."""
    with policy.Connection(server.policy) as connection:
        before = percentiles(ask_for(connection, server.action, seconds / 2))
        with under(attack, server.policy):
            during = percentiles(ask_for(connection, server.action, seconds))
            memory = hostile.anonymous_kib(server.program.pid)
        time.sleep(0.5)  # those who were there are gone
        behind = percentiles(ask_for(connection, server.action, seconds / 2))
    return [statistics.mean(pair) for pair in zip(before, behind)], during, memory


def describe(popgated, echo, attack, seconds):
    quiet, during, memory = measure(popgated, attack, seconds)
    row = {'attack': attack.__name__, 'p50_us': round(during[0]), 'p99_us': round(during[1]),
           'quiet_p50_us': round(quiet[0]), 'quiet_p99_us': round(quiet[1]),
           'ratio_p50': round(during[0] / quiet[0], 2), 'ratio_p99': round(during[1] / quiet[1], 2),
           'anonymous_kib': memory}
    if echo:
        quiet, during, _ = measure(echo, attack, seconds)
        row['echo_p99_us'] = round(during[1])
        row['echo_ratio_p99'] = round(during[1] / quiet[1], 2)
    return row


def prefer(pid):
    os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(1))


def parse_arguments():
    parser = argparse.ArgumentParser(description='Other clients while somebody means no good.')
    parser.add_argument('--seconds', type=float, default=4, help='how long each attack is measured (4)')
    parser.add_argument('--attack', action='append', choices=[attack.__name__ for attack in ATTACKS], help='only this one')
    parser.add_argument('--echo', action='store_true', help='the same with the echo server, in turns')
    parser.add_argument('--prefer', action='store_true', help='run server and client before all else (SCHED_RR), as on '
                        'processors of their own; needs root')
    return parser.parse_args()


def main():
    options = parse_arguments()
    lack = hostile.allow_descriptors(MANY)
    if lack:
        raise SystemExit(lack)
    folder = workdir.make()
    servers = [Daemon(folder)] + [Echo(folder)] * options.echo
    try:
        for server in servers:
            server.start()
            if options.prefer:
                prefer(server.program.pid)
        if options.prefer:
            prefer(os.getpid())
        worst = 0.0
        for attack in ATTACKS:
            if options.attack and attack.__name__ not in options.attack:
                continue
            row = describe(servers[0], servers[1] if options.echo else None, attack, options.seconds)
            worst = max(worst, row['ratio_p99'])
            print(json.dumps(row), flush=True)
        print(json.dumps({'worst_ratio_p99': worst, 'ceiling': CEILING, 'within': worst <= CEILING}))
    finally:
        for server in servers:
            server.stop()
        workdir.remove(folder)


if __name__ == '__main__':
    main()
