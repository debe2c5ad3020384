# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of popgated's sockets that are too many, too slow, too loud, or talk nonsense."""

import contextlib
import os
import resource
import subprocess
import sys
import threading

import policy
from rows import row, section
from waiting import wait_for

section("Other clients of popgated's sockets")

MANY = 10000


def connect(site, number):
    """So many connections to the policy socket, which the row's end closes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < number + 500:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, number + 500), hard))
    stack = contextlib.ExitStack()
    site.afterwards(stack.close)
    return [stack.enter_context(policy.Connection(site.popgated.policy)) for _ in range(number)], stack


@row('10,000 connections', 'Opened at once, and each asks once.', says='status: connections 100')
def many_connections(site):
    connections, stack = connect(site, MANY)
    for connection in connections:
        connection.send(policy.request(site.stranger))
    for connection in connections:
        connection.read_action()
    yield
    stack.close()


@row('half a request', 'A thousand connections send one byte, then nothing.')
def half_requests(site):
    connections, stack = connect(site, 1000)
    for connection in connections:
        connection.send(b'r')
    yield
    stack.close()


@row('replies that are not read', 'Twenty connections send requests as long as popgated takes any, and read nothing.')
def never_reads(site):
    connections, stack = connect(site, 20)
    for connection in connections:
        connection.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                connection.socket.send(policy.request(site.stranger) * 50)
    yield
    stack.close()


class Storm:
    """Threads that do something to the policy socket over and over."""

    def __init__(self, site, act, threads):
        self._ends = threading.Event()
        self.count = 0
        self._path = site.popgated.policy
        self._act = act
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()
        site.afterwards(self.stop)
        wait_for(lambda: self.count >= 200, 'the storm to blow')

    def _run(self):
        while not self._ends.is_set():
            with contextlib.suppress(OSError):
                self._act(self._path)
            self.count += 1

    def stop(self):
        self._ends.set()
        for thread in self._threads:
            thread.join(10)


def send_garbage(path):
    with policy.Connection(path) as connection:
        connection.send(os.urandom(2000))
        connection.read_to_end()


def connect_and_go(path):
    with policy.Connection(path):
        pass


@row('garbage', 'Two threads connect, send 2 KB of random bytes, and begin again, as fast as they can.',
     says='log: connection closed without a reply')
def garbage(site):
    storm = Storm(site, send_garbage, 2)
    yield
    storm.stop()


@row('connections that come and go', 'Two threads connect and close, as fast as they can.')
def come_and_go(site):
    storm = Storm(site, connect_and_go, 2)
    yield
    storm.stop()


@row('no descriptors left',
     'popgated may have 400, and 600 connections come. Those it had are answered; Postfix comes with new ones.',
     launch={'argv': ('prlimit', '--nofile=400:400', '--')}, says='log: only 400 descriptors.*')
def no_descriptors(site):
    with policy.Connection(site.popgated.policy) as early:
        early.ask(policy.request(site.client))
        crowd = Crowd(site.popgated.policy, 'postfix', 600)
        site.afterwards(crowd.stop)
        site.use_fresh_smtpd()
        if early.ask(policy.request(site.client)) != 'OK':
            raise AssertionError('a connection that was there is not served')
        yield
        crowd.stop()


CROWD = """\
import socket, sys, time
crowd = []
try:
    for number in range(int(sys.argv[2])):
        crowd.append(socket.socket(socket.AF_UNIX))
        crowd[-1].setblocking(False)
        crowd[-1].connect(sys.argv[1])
        crowd[-1].send(b'{"command":')
except OSError:
    pass
print('there', flush=True)
sys.stdin.read()
"""


class Crowd:
    """A process of `user` with so many connections, on each of which something was begun; as many as it is let have."""

    def __init__(self, path, user, number):
        argv = ['setpriv', f'--reuid={user}', '--clear-groups', '--', sys.executable, '-c', CROWD, path, str(number)]
        self._popen = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self._popen.stdout.readline() != b'there\n':
            raise AssertionError(f'the crowd did not get to {path}')

    def stop(self):
        if self._popen.returncode is None:
            self._popen.communicate(timeout=10)


@row('strangers on the control socket', 'A thousand connections of a user who may not use it, each with half a message.',
     says='status: store [^,]*')
def control_strangers(site):
    crowd = Crowd(site.popgated.control, 'nobody', 1000)
    site.afterwards(crowd.stop)
    yield
    crowd.stop()
