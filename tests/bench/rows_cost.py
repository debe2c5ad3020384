# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows about what popgated takes: memory, instructions, and the processor's sleep."""

import contextlib
import glob
import os
import re
import shutil
import subprocess
import time

from harness import Asker, Failed, Result

KB_PER_MB = 1024
CLIENTS = 1000
WANTED_MEMORY_MB = 64
WANTED_GROWTH_KB = 256
WANTED_INSTRUCTIONS = 6000
WANTED_WAKE_UPS = 1.0
SETTLED_S = 12
CALLGRIND_GRANTS = 5000
CALLGRIND_CONNECTIONS = 100


def memory(bench):
    """Private memory with connections that stay, and whether answers make it grow."""
    daemon, arguments = bench.daemon, bench.arguments
    with contextlib.ExitStack() as stack:
        for index in range(CLIENTS):
            asker = stack.enter_context(contextlib.closing(Asker(daemon.path)))
            asker.ask(f'198.51.100.{index % 250}')
        seen_kb = daemon.memory_kb()
        yield Result(f'RssAnon, {arguments.grants} grants, {CLIENTS} connections', f'{WANTED_MEMORY_MB} MB',
                     f'{seen_kb / KB_PER_MB:.1f} MB', seen_kb <= WANTED_MEMORY_MB * KB_PER_MB)
        bench.load(daemon, 100, '--requests', arguments.requests // 10)
        before_kb = daemon.memory_kb()
        bench.load(daemon, 100, '--requests', arguments.requests)
        grown_kb = daemon.memory_kb() - before_kb
    yield Result(f'growth over {arguments.requests} requests', 'none', f'{grown_kb} kB', grown_kb <= WANTED_GROWTH_KB)


def idle(bench):
    """How often its threads are put to work while nothing happens, by how often they went to sleep again."""
    with bench.another() as daemon:
        daemon.start()
        daemon.wait_ready()
        daemon.fill(1)
        time.sleep(SETTLED_S)  # what was read and counted is on the disk
        before, began = _sleeps(daemon.pid), time.monotonic()
        time.sleep(bench.arguments.idle_s)
        after, took_s = _sleeps(daemon.pid), time.monotonic() - began
        a_second = sum(count - before.get(thread, 0) for thread, count in after.items()) / took_s
    yield Result('wake-ups a second when idle', f'{WANTED_WAKE_UPS:.0f}', f'{a_second:.1f}', a_second < WANTED_WAKE_UPS + 0.5)


def _sleeps(pid):
    """By thread; one that ends meanwhile was not needed any more."""
    count = {}
    for path in glob.glob(f'/proc/{pid}/task/*/status'):
        with open(path) as status:
            count[path] = int(re.search(r'^voluntary_ctxt_switches:\s*(\d+)', status.read(), re.MULTILINE).group(1))
    return count


def instructions(bench):
    """Of the whole process, by request, when each is a hit; the kernel's are not in it."""
    if not shutil.which('callgrind_control'):
        print('instructions: left out, as valgrind is not installed')
        return
    out = os.path.join(bench.folder('callgrind'), 'out')
    under = ('valgrind', '-q', '--tool=callgrind', '--instr-atstart=no', f'--callgrind-out-file={out}')
    with bench.another(under=under) as daemon:
        daemon.start()
        daemon.wait_ready(60)
        daemon.fill(CALLGRIND_GRANTS)
        _hits(bench, daemon, 6 * CALLGRIND_GRANTS)
        _control(daemon, '-i', 'on')
        count = _hits(bench, daemon, 2 * CALLGRIND_GRANTS)
        _control(daemon, '-i', 'off')
        _control(daemon, '-d')
        with open(out + '.1') as dump:
            total = sum(int(number) for number in re.findall(r'^totals: (\d+)', dump.read(), re.MULTILINE))
    each = total / count
    yield Result('instructions a request, a hit', f'{WANTED_INSTRUCTIONS}', f'{each:.0f}', each < WANTED_INSTRUCTIONS)


def _hits(bench, daemon, count):
    """Returns how many were answered, those before and behind the counted ones included."""
    seen = bench.load(daemon, CALLGRIND_CONNECTIONS, '--hits', 1, '--requests', count, '--warm-up', 0, grants=CALLGRIND_GRANTS)
    return seen['requests'] + 2 * CALLGRIND_CONNECTIONS


def _control(daemon, *options):
    done = subprocess.run(['callgrind_control', *options, str(daemon.pid)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          check=False)
    if done.returncode != 0:
        raise Failed(f'callgrind_control: {done.stderr.decode(errors="replace")}')
