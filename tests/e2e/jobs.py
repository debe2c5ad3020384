# SPDX-License-Identifier: GPL-3.0-or-later
"""Several modules at once, each in a process of its own: most tests wait most of the time."""

import concurrent.futures
import os
import re
import signal
import subprocess

import workdir

LAST_LINE = 'e2e: {} passed, {} failed, {} skipped'

# Those that take longest are begun first, so that none is left for the end.
_LONG = ('test_clients', 'test_completion', 'test_exporter', 'test_logfaults', 'test_login', 'test_logrotate', 'test_recovery',
         'test_report_page', 'test_systemd', 'test_textfile')

_NUMBERS = re.compile('^' + LAST_LINE.replace('{}', '([0-9]+)') + '$', re.MULTILINE)


def _run_module(module, command, place):
    """Run one module with the free ports of `place`; returns what it counted, its output told."""
    with subprocess.Popen([*command, '--module', module], env=dict(os.environ, **{workdir.PLACE: place}), text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        _running[process.pid] = process
        output, _ = process.communicate()
        del _running[process.pid]
    end = None
    for end in _NUMBERS.finditer(output):
        pass
    told = output[:end.start()] if end else f'{output}\nFAILED  {module}: ended with {process.returncode}, and no result'
    print(told.rstrip(), flush=True)
    return tuple(map(int, end.groups())) if end else (0, 1, 0)


_running = {}


def run(modules, command, number):
    """Run `modules` by `command`, `number` of them at once; returns the sums of passed, failed and skipped."""
    places = [f'{place}/{number}' for place in range(number)]
    queue = sorted(modules, key=lambda module: (module not in _LONG, module))

    def work(place):
        sums = [0, 0, 0]
        while queue:
            counted = _run_module(queue.pop(0), command, place)
            sums = [total + new for total, new in zip(sums, counted)]
        return sums

    with concurrent.futures.ThreadPoolExecutor(number) as pool:
        try:
            return [sum(column) for column in zip(*pool.map(work, places))]
        except BaseException:
            queue.clear()
            for process in list(_running.values()):
                process.send_signal(signal.SIGTERM)
            raise
