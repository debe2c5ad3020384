# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of doc/performance: it stands between two lines that mark it, and is made of what was measured."""

import os
import platform
import time

PATH = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), 'doc', 'performance')

BEGIN = '--- the table ---\n'
END = '--- end of the table ---\n'

WIDTHS = (64, 14)


def render(results):
    """The results as lines."""
    lines = [_line('', 'wanted', 'seen', '')]
    lines += [_line(row.what, row.wanted, row.seen, '' if row.met else '  NOT MET') for row in results]
    return ''.join(lines)


def _line(what, wanted, seen, met):
    return f'{what:<{WIDTHS[0]}}{wanted:<{WIDTHS[1]}}{seen}{met}'.rstrip() + '\n'


def machine():
    """What it was measured on."""
    with open('/proc/cpuinfo') as file:
        model = next((line.partition(':')[2].strip() for line in file if line.startswith('model name')), platform.machine())
    return f'{os.cpu_count()} processors ({model}), Linux {platform.release()}'


def write(path, results, flags, load):
    """Put the table, and how it was made, into the document."""
    with open(path, encoding='utf-8') as file:
        before, begin, rest = file.read().partition(BEGIN)
    _table, end, behind = rest.partition(END)
    if not begin or not end:
        raise ValueError(f'{path} lacks the lines that mark the table')
    head = (f'Measured {time.strftime("%Y-%m-%d", time.gmtime())} on {machine()}; load average {load:.1f} before it began:\n\n'
            f'    make bench BENCH_FLAGS="{" ".join(flags)}"\n\n')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(before + BEGIN + head + render(results) + END + behind)
