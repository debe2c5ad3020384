#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""popgated against the least that any policy server must do, measured on one machine in one run.

Both servers are asked in turn, round by round, by the same load generator, so that what else the machine does hits both;
every ratio is the median of the rounds' ratios. The grants come through the daemon's own log. Then: how soon does a
login line permit its address? And popgate parse beside grep: see bench_parse.py.

POPGATED and POPGATE name the programs, BENCH_DIR the folder with the built bench-* programs; by default both are looked for in the
build tree in which this is run, then in the source tree.
"""

import argparse
import contextlib
import grp
import json
import os
import pwd
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import bench_parse  # noqa: E402

SPARE_FDS = 64
READY_S = 10
LOAD_S = 300
STRANGER = '198.51.100.1'  # in none of the sets of bench-address
FLOOR_CONNECTIONS = 100
FLOOR_RATIO = 0.6
CEILING_PERMIT_P99_US = 10_000

CONFIG = """\
[popgate]
window=30m
store=gdbm:{folder}/db
[policy]
listen=unix:{folder}/popgated
socket_owner={user}
socket_group={group}
[log]
source=file:{folder}/log,format=syslog
never_grant=none
[control]
listen=unix:{folder}/control
"""


class Failed(Exception):
    """The benchmark could not be run to its end."""


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--connections', default='1,16,100,1000', help='list of numbers of connections (%(default)s)')
    parser.add_argument('--grants', type=int, default=100_000, help='addresses that may relay (%(default)s)')
    parser.add_argument('--rounds', type=int, default=5, help='how often each is measured (%(default)s)')
    parser.add_argument('--seconds', type=float, default=1.5, help='for how long each time (%(default)s)')
    parser.add_argument('--logins', type=int, default=1000, help='logins whose delay is measured (%(default)s)')
    parser.add_argument('--megabytes', type=int, default=300, help='log that popgate parse reads; 0: none (%(default)s)')
    parser.add_argument('--quick', action='store_true', help='little of all, only to see that it works')
    parser.add_argument('--check', action='store_true', help='exit 1 if popgated is slower than it must be')
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.grants, arguments.rounds, arguments.seconds, arguments.logins = 2000, 3, 0.2, 50
        arguments.megabytes = min(arguments.megabytes, 20)
    arguments.connections = [int(number) for number in arguments.connections.split(',')]
    return arguments


def find_program(name, given, folders):
    """The path of a program: as given, or in the first of the folders that has it."""
    candidates = [given] if given else [os.path.join(folder, name) for folder in folders]
    for path in candidates:
        if os.access(path, os.X_OK):
            return os.path.abspath(path)
    raise Failed(f'{name} not found: looked at {", ".join(candidates)}')


class Programs:
    """Where the programs are."""

    def __init__(self):
        here = os.path.dirname(os.path.abspath(__file__))
        tree = os.path.dirname(os.path.dirname(here))
        self.popgated = find_program('popgated', os.environ.get('POPGATED'), [os.getcwd(), tree])
        self.popgate = find_program('popgate', os.environ.get('POPGATE'), [os.getcwd(), tree])
        folder = os.environ.get('BENCH_DIR')
        for name in ('echo', 'load', 'lines', 'latency', 'log'):
            folders = [folder] if folder else [os.path.join(os.getcwd(), 'tests', 'bench'), here]
            setattr(self, name, find_program('bench-' + name, None, folders))


def raise_descriptors():
    """As many descriptors as there may be, for this program and all that it starts; returns how many."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def run_tool(*argv):
    """Run a bench program to its end; returns the object that it printed."""
    done = subprocess.run([str(word) for word in argv], stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise Failed(f'{os.path.basename(argv[0])} failed ({done.returncode}): {" ".join(map(str, argv))}')
    return json.loads(done.stdout)


def wait_for(predicate, what, timeout):
    deadline = time.monotonic() + timeout
    while not predicate():
        if time.monotonic() > deadline:
            raise Failed(f'waited {timeout} s in vain: {what}')
        time.sleep(0.01)


class Server:
    """A policy server on a socket of its own."""

    def __init__(self, name, argv, path, log_path):
        self.name = name
        self.path = path
        self._log_path = log_path
        with open(log_path, 'wb') as log:
            self._popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait_ready(self):
        wait_for(self._accepts, f'{self.name} accepts a connection', READY_S)

    def _accepts(self):
        if self._popen.poll() is not None:
            raise Failed(f'{self.name} ended by itself ({self._popen.returncode})')
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.path) == 0

    @property
    def pid(self):
        return self._popen.pid

    def tail(self):
        """What it logged last."""
        with open(self._log_path, errors='replace') as log:
            return ''.join(log.readlines()[-10:])

    def memory_kb(self):
        with open(f'/proc/{self._popen.pid}/status') as status:
            return next(int(line.split()[1]) for line in status if line.startswith('RssAnon:'))

    def stop(self):
        self._popen.send_signal(signal.SIGTERM)
        try:
            self._popen.wait(5)
        except subprocess.TimeoutExpired:
            print(f'{self.name} had to be killed', file=sys.stderr)
            self._popen.kill()
            self._popen.wait()


@contextlib.contextmanager
def running(name, argv, path, log_path):
    """A server that is ready, and is ended however the work with it ends."""
    server = Server(name, argv, path, log_path)
    try:
        server.wait_ready()
        yield server
    except Failed as failure:
        said = server.tail()
        raise Failed(f'{failure}\n{name} said last:\n{said}' if said else str(failure)) from failure
    finally:
        server.stop()


@contextlib.contextmanager
def work_folder():
    folder = tempfile.mkdtemp(prefix='pgb-', dir='/tmp')
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_config(folder):
    path = os.path.join(folder, 'conf')
    with open(path, 'w') as config:
        config.write(CONFIG.format(folder=folder, user=pwd.getpwuid(os.getuid()).pw_name,
                                   group=grp.getgrgid(os.getgid()).gr_name))
    with open(os.path.join(folder, 'log'), 'w'):
        return path


def ask(path, address):
    """What does the server say about this address?"""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(READY_S)
        connection.connect(path)
        connection.sendall(f'request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address={address}\n\n'.encode())
        answer = b''
        while not answer.endswith(b'\n\n'):
            got = connection.recv(512)
            if not got:
                raise Failed(f'the server closed the connection instead of an answer about {address}')
            answer += got
    return answer.decode().split('=')[1].split()[0]


def load_grants(programs, daemon, log, count):
    """Let `count` addresses log in; returns how many of these logins the daemon read in a second."""
    began = time.monotonic()
    last = run_tool(programs.lines, '--file', log, '--count', count)['last']
    wait_for(lambda: ask(daemon.path, last) == 'OK', f'{last}, the last that logged in, is permitted', LOAD_S)
    wait_for(lambda: ask(daemon.path, STRANGER) == 'DUNNO', 'a stranger gets a plain answer', LOAD_S)
    return count / (time.monotonic() - began)


def measure(programs, server, connections, arguments):
    extra = ['--expect'] if server.name == 'popgated' else []
    return run_tool(programs.load, '--socket', server.path, '--connections', connections, '--grants', arguments.grants,
                    '--seconds', arguments.seconds, '--seed', time.monotonic_ns() >> 20, *extra)


def measure_rounds(programs, servers, arguments):
    """Results by number of connections and server's name, a list of one a round."""
    results = {number: {server.name: [] for server in servers} for number in arguments.connections}
    for turn in range(arguments.rounds):
        for number in arguments.connections:
            for server in servers if turn % 2 == 0 else reversed(servers):
                results[number][server.name].append(measure(programs, server, number, arguments))
    return results


def median_ratio(results, key):
    """popgated's to echo's, the median of the rounds."""
    return statistics.median(mine[key] / least[key] for mine, least in zip(results['popgated'], results['echo']))


def print_table(results):
    print(f'{"":11} {"requests/s":^29} {"p99 latency, us":^29} {"CPU us/request":^25}')
    print('connections' + ''.join(f' {"echo":>{width}} {"popgated":>{width}} {"ratio":>7}' for width in (10, 10, 8)))
    for number, result in results.items():
        line = f'{number:>11}'
        for key, width, digits in (('requests_per_s', 10, 0), ('p99_us', 10, 1), ('server_us_each', 8, 2)):
            for name in ('echo', 'popgated'):
                line += f' {statistics.median(one[key] for one in result[name]):>{width}.{digits}f}'
            line += f' {median_ratio(result, key):>7.2f}'
        if sum(one['limited_by_load'] for one in result['popgated']) * 2 > len(result['popgated']):
            line += '  (the load generator was the limit)'
        print(line)


def shortfalls(results, latency):
    """What is slower than it must be, in words."""
    found = []
    if FLOOR_CONNECTIONS in results:
        ratio = median_ratio(results[FLOOR_CONNECTIONS], 'requests_per_s')
        if ratio < FLOOR_RATIO:
            found.append(f'{ratio:.2f} of the echo server at {FLOOR_CONNECTIONS} connections, not {FLOOR_RATIO:.2f}')
    if latency['p99_us'] > CEILING_PERMIT_P99_US:
        found.append(f'p99 from login line to permit {latency["p99_us"]:.0f} us, not {CEILING_PERMIT_P99_US}')
    return found


def keep_possible(arguments, descriptors):
    """Drop what this machine has too few descriptors for, and say so."""
    for number in list(arguments.connections):
        if number + SPARE_FDS > descriptors:
            print(f'{number} connections: left out, only {descriptors} descriptors (ulimit -Hn)')
            arguments.connections.remove(number)


def run_all(programs, arguments, echo, daemon, log):
    logins_per_s = load_grants(programs, daemon, log, arguments.grants)
    first = run_tool(programs.load, '--socket', daemon.path, '--connections', 16, '--grants', arguments.grants,
                     '--requests', 5 * arguments.grants, '--warm-up', 0, '--expect')
    results = measure_rounds(programs, [echo, daemon], arguments)
    memory_kb = daemon.memory_kb()
    latency = run_tool(programs.latency, '--socket', daemon.path, '--file', log, '--count', arguments.logins)

    print_table(results)
    print(f'{arguments.grants} grants, half of the requests hits, median of {arguments.rounds} rounds of '
          f'{arguments.seconds:g} s; popgated RssAnon {memory_kb / 1024:.1f} MB')
    print(f'grants read from the log: {logins_per_s:.0f} a second; each asked for the first time: '
          f'{first["requests_per_s"]:.0f} requests/s on 16 connections')
    print(f'login line written to address permitted, {latency["logins"]} times: median {latency["median_us"]:.0f} us, '
          f'p99 {latency["p99_us"]:.0f} us, max {latency["max_us"]:.0f} us')
    return shortfalls(results, latency)


def main():
    arguments = parse_arguments()
    programs = Programs()
    print(f'{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} before; on a busy machine the ratios scatter')
    keep_possible(arguments, raise_descriptors())
    with work_folder() as folder:
        echo_path, policy_path = os.path.join(folder, 'echo'), os.path.join(folder, 'popgated')
        log, config = os.path.join(folder, 'log'), write_config(folder)
        with running('echo', [programs.echo, echo_path], echo_path, os.path.join(folder, 'echo.out')) as echo, \
             running('popgated', [programs.popgated, '-c', config], policy_path,
                     os.path.join(folder, 'popgated.out')) as daemon:
            found = run_all(programs, arguments, echo, daemon, log)
        if arguments.megabytes > 0:
            found += bench_parse.measure(programs.popgate, programs.log, folder, arguments.megabytes, arguments.rounds)
    for shortfall in found:
        print(f'too slow: {shortfall}')
    return 1 if found and arguments.check else 0


def terminate(_number, _frame):
    raise KeyboardInterrupt


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, terminate)
    try:
        sys.exit(main())
    except (Failed, bench_parse.Failed) as error:
        sys.exit(f'bench: {error}')
    except KeyboardInterrupt:
        sys.exit('bench: interrupted')
