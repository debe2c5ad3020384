# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rows of the benchmark stand on: the programs, servers that are started and ended, and results."""

import contextlib
import dataclasses
import functools
import grp
import json
import os
import pwd
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

READY_S = 10
LOAD_S = 900
STRANGER = '198.51.100.1'  # in none of the sets of bench-address

CONFIG = """\
[popgate]
window={window}
store=gdbm:{folder}/db
[policy]
listen=unix:{folder}/socket
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


@dataclasses.dataclass(frozen=True)
class Result:
    """One line of the table. `met` tells whether it is as good as wanted; `tolerable` what --check asks, on a busy machine too."""
    what: str
    wanted: str
    seen: str
    met: bool
    tolerable: bool = True


# --- who has the processors


PREFER = False  # set by --prefer: servers, and those who ask them, come before all else


def prefer(pid):
    """Put a process of ours before all others. Threads that it makes later, as popgated does to wait for the disk, are not."""
    if PREFER:
        os.sched_setscheduler(pid, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(1))


# --- programs


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


def _words(argv):
    return [str(word) for word in argv]


def run_tool(*argv):
    """Run a bench program to its end; returns the object that it printed."""
    done = subprocess.run(_words(argv), stdout=subprocess.PIPE, check=False, preexec_fn=lambda: prefer(0))
    if done.returncode != 0:
        raise Failed(f'{os.path.basename(argv[0])} failed ({done.returncode}): {" ".join(_words(argv))}')
    return json.loads(done.stdout)


@contextlib.contextmanager
def beside(*argv):
    """A bench program that runs meanwhile, and is ended if it has not come to its end."""
    with subprocess.Popen(_words(argv), stdout=subprocess.DEVNULL, preexec_fn=lambda: prefer(0)) as process:
        try:
            yield process
        finally:
            process.terminate()


def raise_descriptors():
    """As many descriptors as there may be, for this program and all that it starts; returns how many."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def wait_for(predicate, what, timeout, pause=0.01):
    deadline = time.monotonic() + timeout
    while not predicate():
        if time.monotonic() > deadline:
            raise Failed(f'waited {timeout} s in vain: {what}')
        time.sleep(pause)


# --- questions


class Asker:
    """One policy connection."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(READY_S)
        self._socket.connect(path)

    def ask(self, address):
        """What does the server say about this address?"""
        self._socket.sendall(f'request=smtpd_access_policy\nprotocol_state=RCPT\nclient_address={address}\n\n'.encode())
        answer = b''
        while not answer.endswith(b'\n\n'):
            got = self._socket.recv(512)
            if not got:
                raise Failed(f'the server closed the connection instead of an answer about {address}')
            answer += got
        return answer.decode().split('=')[1].split()[0]

    def close(self):
        self._socket.close()


def ask(path, address):
    with contextlib.closing(Asker(path)) as asker:
        return asker.ask(address)


# --- servers


class Server:
    """A policy server on a socket of its own, in a folder of its own."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = folder
        self.path = os.path.join(folder, 'socket')
        self._out = os.path.join(folder, 'out')
        self._popen = None

    @property
    def pid(self):
        return self._popen.pid

    def start(self, *argv):
        """Not ready yet when it returns."""
        with open(self._out, 'ab') as out:
            self._popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                           preexec_fn=lambda: prefer(0))

    def wait_ready(self, timeout=READY_S):
        wait_for(self._accepts, f'{self.name} accepts a connection', timeout)

    def _accepts(self):
        if self._popen.poll() is not None:
            raise Failed(f'{self.name} ended by itself ({self._popen.returncode}); it said last:\n{self._tail()}')
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(self.path) == 0

    def _tail(self):
        with open(self._out, errors='replace') as out:
            return ''.join(out.readlines()[-10:])

    def memory_kb(self):
        with open(f'/proc/{self.pid}/status') as status:
            return next(int(line.split()[1]) for line in status if line.startswith('RssAnon:'))

    def cpu_s(self):
        """Processor time it has taken: in user space, and in the kernel."""
        with open(f'/proc/{self.pid}/stat') as stat:
            fields = stat.read().rpartition(')')[2].split()
        return tuple(int(ticks) / os.sysconf('SC_CLK_TCK') for ticks in fields[11:13])

    def stop(self):
        if self._popen is None:
            return
        self._popen.send_signal(signal.SIGTERM)
        try:
            self._popen.wait(30)
        except subprocess.TimeoutExpired:
            print(f'{self.name} had to be killed', file=sys.stderr)
            self._popen.kill()
            self._popen.wait()
        self._popen = None


class Daemon(Server):
    """popgated, with a log that bench programs write."""

    def __init__(self, programs, folder, window='30m', under=()):
        super().__init__('popgated', folder)
        self.log = os.path.join(folder, 'log')
        self._programs = programs
        self.config = os.path.join(folder, 'conf')
        self._argv = [*under, programs.popgated, '-c', self.config]
        with open(self.config, 'w') as config:
            config.write(CONFIG.format(folder=folder, window=window, user=pwd.getpwuid(os.getuid()).pw_name,
                                       group=grp.getgrgid(os.getgid()).gr_name))
        with open(self.log, 'a'):
            pass

    def start(self):
        super().start(*self._argv)

    def wait_current(self, timeout=LOAD_S):
        """Until the log is read to its end: before that a stranger is deferred."""
        wait_for(lambda: ask(self.path, STRANGER) == 'DUNNO', 'a stranger gets a plain answer', timeout)

    def fill(self, count):
        """Let the first `count` addresses log in; returns how many of these logins it read in a second."""
        began = time.monotonic()
        last = run_tool(self._programs.lines, '--file', self.log, '--count', count)['last']
        wait_for(lambda: ask(self.path, last) == 'OK', f'{last}, the last that logged in, is permitted', LOAD_S)
        self.wait_current()
        return count / (time.monotonic() - began)


class Bench:
    """The servers that several rows share, started when they are first needed and ended with the bench."""

    def __init__(self, programs, arguments):
        self.programs = programs
        self.arguments = arguments
        self._stack = contextlib.ExitStack()
        self._root = tempfile.mkdtemp(prefix='pgb-', dir='/tmp')
        self._stack.callback(shutil.rmtree, self._root, ignore_errors=True)
        self._used = {}

    def close(self):
        self._stack.close()

    def folder(self, name):
        return tempfile.mkdtemp(prefix=name + '-', dir=self._root)

    def _keep(self, server):
        self._stack.callback(server.stop)
        return server

    @functools.cached_property
    def echo(self):
        return self.start_echo()

    def start_echo(self, *options):
        """One more echo server."""
        server = self._keep(Server('echo', self.folder('echo')))
        server.start(self.programs.echo, server.path, *options)
        server.wait_ready()
        return server

    @functools.cached_property
    def daemon(self):
        """With as many grants as --grants says. All but 7 in 1,000 of them have been asked for: the first permit is logged."""
        server = self._keep(Daemon(self.programs, self.folder('popgated')))
        server.start()
        server.wait_ready()
        logins_per_s = server.fill(self.arguments.grants)
        first = self.load(server, 16, '--hits', 1, '--requests', 5 * self.arguments.grants, '--warm-up', 0)
        print(f'{self.arguments.grants} grants: {logins_per_s:.0f} logins/s read from the log; each asked for the first time: '
              f'{first["requests_per_s"]:.0f} requests/s on 16 connections')
        return server

    @contextlib.contextmanager
    def another(self, **options):
        """One more popgated, not started; it is ended, and forgotten, however the work with it ends."""
        server = Daemon(self.programs, self.folder('popgated'), **options)
        try:
            yield server
        finally:
            server.stop()
            shutil.rmtree(server.folder, ignore_errors=True)

    def load(self, server, connections, *options, grants=None):
        """What bench-load says of a server."""
        expect = ['--expect'] if isinstance(server, Daemon) else []
        return run_tool(self.programs.load, '--socket', server.path, '--connections', connections, '--grants',
                        grants or self.arguments.grants, '--seed', time.monotonic_ns() >> 20, *expect, *options)

    def take(self, name, count):
        """Where `count` addresses of a set begin that nobody has used yet."""
        first = self._used.get(name, 0)
        self._used[name] = first + count
        return first
