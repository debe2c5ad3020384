# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows about how much popgated answers: beside the bare echo server, while logins come, with many grants, and in a crowd."""

import statistics

from harness import Failed, Result, beside

SPARE_FDS = 64
WANTED_RATIO = {1: 0.90}  # of the echo server's requests a second, by connections
WANTED_RATIO_ELSE = 0.80
WANTED_P99_RATIO = 1.25
TOLERABLE_RATIO = 0.6
JUDGED = 100  # connections
LOGINS_PER_S = 10_000
WANTED_WRITING = 0.80
WANTED_WRITING_P99 = 2.0
WANTED_WRITING_MAX_US = 20_000
FEW = 1000
WANTED_MANY = 0.85
CROWD = 2000
WANTED_CROWD_MS = 200


def _median_ratio(mine, least, key):
    """The median of the rounds' ratios."""
    return statistics.median(a[key] / b[key] for a, b in zip(mine, least))


def _median(results, key):
    return statistics.median(one[key] for one in results)


def _in_turn(rounds, *measurements):
    """A list of results of each measurement, made round by round, so that what else the machine does hits all of them."""
    results = [[] for _ in measurements]
    for turn in range(rounds):
        order = list(zip(measurements, results))
        for measure, result in order if turn % 2 == 0 else reversed(order):
            result.append(measure())
    return results


def _tell(number, echo, mine):
    line = f'{number:>11}'
    for key, width, digits in (('requests_per_s', 10, 0), ('p99_us', 10, 1), ('server_us_each', 8, 2)):
        line += f' {_median(echo, key):>{width}.{digits}f} {_median(mine, key):>{width}.{digits}f}'
        line += f' {_median_ratio(mine, echo, key):>7.2f}'
    if sum(one['limited_by_load'] for one in mine) * 2 > len(mine):
        line += '  (the load generator was the limit)'
    print(line, flush=True)


def _compare(bench, number):
    """One number of connections."""
    arguments = bench.arguments
    timed = ('--seconds', arguments.seconds)
    echo, mine = _in_turn(arguments.rounds, lambda: bench.load(bench.echo, number, *timed),
                          lambda: bench.load(bench.daemon, number, *timed))
    _tell(number, echo, mine)
    ratio, wanted = _median_ratio(mine, echo, 'requests_per_s'), WANTED_RATIO.get(number, WANTED_RATIO_ELSE)
    yield Result(f'requests/s beside the echo server, {number} connections', f'{wanted:.2f} x',
                 f'{ratio:.2f} x; {_median(mine, "requests_per_s"):.0f} a second', ratio >= wanted,
                 number != JUDGED or ratio >= TOLERABLE_RATIO)
    if number == JUDGED:
        ratio = _median_ratio(mine, echo, 'p99_us')
        yield Result(f'p99 latency beside the echo server, {number} connections', f'{WANTED_P99_RATIO:.2f} x',
                     f'{ratio:.2f} x; {_median(mine, "p99_us"):.0f} us', ratio <= WANTED_P99_RATIO)


def connections(bench):
    """Half of the requests are hits."""
    bench.daemon  # pylint: disable=pointless-statement
    print(f'{"":11} {"requests/s":^29} {"p99 latency, us":^29} {"CPU us/request":^25}')
    print('connections' + ''.join(f' {"echo":>{width}} {"popgated":>{width}} {"ratio":>7}' for width in (10, 10, 8)))
    for number in bench.arguments.connections:
        if number + SPARE_FDS > bench.arguments.descriptors:
            print(f'{number:>11} left out: only {bench.arguments.descriptors} descriptors (ulimit -Hn)')
        else:
            yield from _compare(bench, number)


def writing(bench):
    """New addresses log in meanwhile; each is asked for nowhere."""
    arguments, daemon = bench.arguments, bench.daemon
    timed = ('--seconds', arguments.seconds)

    def busy():
        count = int(LOGINS_PER_S * (arguments.seconds + 1))
        first = bench.take('background', count)
        with beside(bench.programs.lines, '--file', daemon.log, '--set', 'background', '--first', first, '--count', count,
                    '--rate', LOGINS_PER_S):
            return bench.load(daemon, JUDGED, *timed)

    quiet, written = _in_turn(arguments.rounds, lambda: bench.load(daemon, JUDGED, *timed), busy)
    ratio, p99 = (_median_ratio(written, quiet, key) for key in ('requests_per_s', 'p99_us'))
    worst_us = max(one['max_us'] for one in written)
    what = f'while {LOGINS_PER_S} logins/s are written'
    yield Result(f'requests/s {what}', f'{WANTED_WRITING:.2f} x quiet', f'{ratio:.2f} x', ratio >= WANTED_WRITING)
    yield Result(f'p99 latency {what}', f'{WANTED_WRITING_P99:.1f} x quiet', f'{p99:.2f} x', p99 <= WANTED_WRITING_P99)
    yield Result(f'longest answer {what}', f'{WANTED_WRITING_MAX_US / 1000:.0f} ms', f'{worst_us / 1000:.1f} ms',
                 worst_us <= WANTED_WRITING_MAX_US)


def many(bench):
    """Many grants against few."""
    arguments = bench.arguments
    timed = ('--seconds', arguments.seconds)
    with bench.another() as few, bench.another() as lots:
        for daemon, count in ((few, FEW), (lots, arguments.many)):
            daemon.start()
            daemon.wait_ready()
            daemon.fill(count)
            bench.load(daemon, 16, '--hits', 1, '--requests', 5 * count, '--warm-up', 0, grants=count)
        small, large = _in_turn(arguments.rounds, lambda: bench.load(few, JUDGED, *timed, grants=FEW),
                                lambda: bench.load(lots, JUDGED, *timed, grants=arguments.many))
    ratio = _median_ratio(large, small, 'requests_per_s')
    yield Result(f'requests/s, {arguments.many} grants against {FEW}', f'{WANTED_MANY:.2f} x', f'{ratio:.2f} x',
                 ratio >= WANTED_MANY)


def connects(bench):
    """All connect at once, and each asks."""
    if CROWD + SPARE_FDS > bench.arguments.descriptors:
        raise Failed(f'only {bench.arguments.descriptors} descriptors (ulimit -Hn)')
    rounds = [bench.load(bench.daemon, CROWD, '--requests', 1, '--warm-up', 0) for _ in range(bench.arguments.rounds)]
    refused = sum(one['refused'] for one in rounds)
    worst_ms = max(one['started_ms'] for one in rounds)
    yield Result(f'{CROWD} connects at once: refused', 'none', f'{refused}', refused == 0)
    yield Result(f'{CROWD} connects at once: the last is answered after', f'{WANTED_CROWD_MS} ms',
                 f'{_median(rounds, "started_ms"):.0f} ms; at worst {worst_ms:.0f}', worst_ms <= WANTED_CROWD_MS)
