#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of the bare echo server's speed can a policy server reach that has to decide something?

The echo server is measured beside itself: with each request it computes for some time, and touches no memory for that. popgated
stands below, which does both. They are measured in turn, in one run; a ratio is the median of the rounds'.

Whoever asks has only so many connections. As soon as it is faster than the server, requests queue up there, and are in no cache
any more when they are read; and it sleeps, and has to be woken. So what a server computes costs more than its time.
"""

import argparse
import contextlib
import os
import statistics
import sys

sys.dont_write_bytecode = True

import document  # noqa: E402
import harness  # noqa: E402

BARE = 'nothing'


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split('?')[0] + '?')
    parser.add_argument('--work', default='100,200,300,400,600', help='list of nanoseconds (%(default)s)')
    parser.add_argument('--connections', default='16,100,1000,5000', help='list of numbers of connections (%(default)s)')
    parser.add_argument('--grants', type=int, default=1_000_000, help='addresses that may relay, for popgated (%(default)s)')
    parser.add_argument('--rounds', type=int, default=3, help='how often each is measured (%(default)s)')
    parser.add_argument('--seconds', type=float, default=1, help='for how long each time (%(default)s)')
    arguments = parser.parse_args()
    for name in ('work', 'connections'):
        setattr(arguments, name, [int(number) for number in getattr(arguments, name).split(',')])
    return arguments


def measure(bench, server, connections):
    """What bench-load says, and the processor's time by request, in microseconds: in user space, and in the kernel."""
    before = server.cpu_s()
    seen = bench.load(server, connections, '--seconds', bench.arguments.seconds)
    user, kernel = (now - then for then, now in zip(before, server.cpu_s()))
    return {**seen, 'user_us': seen['server_us_each'] * user / (user + kernel),
            'kernel_us': seen['server_us_each'] * kernel / (user + kernel)}


def compare(bench, servers, connections):
    """All in turn: so none is idle for long, and its memory in use."""
    rounds = [{name: measure(bench, server, connections) for name, server in servers.items()}
              for _ in range(bench.arguments.rounds)]
    for name in servers:
        ratio, p99 = (statistics.median(one[name][key] / one[BARE][key] for one in rounds) for key in ('requests_per_s', 'p99_us'))
        user, kernel = (statistics.median(one[name][key] for one in rounds) for key in ('user_us', 'kernel_us'))
        print(f'{connections:>11}   {name:<12} {ratio:>14.2f} {p99:>10.2f} {user:>14.2f} {kernel:>10.2f}', flush=True)


def main():
    arguments = parse_arguments()
    print(f'{document.machine()}; load average {os.getloadavg()[0]:.1f} before')
    harness.raise_descriptors()
    with contextlib.closing(harness.Bench(harness.Programs(), arguments)) as bench:
        servers = {BARE: bench.echo, **{f'{work} ns': bench.start_echo(str(work)) for work in arguments.work},
                   'popgated': bench.daemon}
        print(f'{"":27} {"beside the bare one":^25} {"CPU us/request":^25}')
        print(f'{"connections":11}   {"computes":12} {"requests/s":>14} {"p99":>10} {"user space":>14} {"kernel":>10}')
        for connections in arguments.connections:
            compare(bench, servers, connections)


if __name__ == '__main__':
    try:
        main()
    except harness.Failed as error:
        sys.exit(f'bench_limit: {error}')
