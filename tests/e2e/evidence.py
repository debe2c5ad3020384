# SPDX-License-Identifier: GPL-3.0-or-later
"""What the programs under test wrote: shown when a test fails, because the reason mostly stands there."""

LINES = 15
TAIL_BYTES = 16384

_logs = {}


def watch(name, path):
    """Remember that the program `name` logs to `path`. A later program of the same name takes its place."""
    _logs[name] = path


def forget_under(folder):
    """Drop the logs below `folder`, which is about to be removed."""
    for name in [name for name, path in _logs.items() if path.startswith(folder + '/')]:
        del _logs[name]


def tail(path, lines=LINES):
    """The last lines of a file; a remark in place of them if it cannot be read."""
    try:
        with open(path, 'rb') as log:
            log.seek(0, 2)
            log.seek(max(0, log.tell() - TAIL_BYTES))
            text = log.read().decode('utf-8', 'replace')
    except OSError as error:
        return [f'({error.strerror})']
    return text.splitlines()[-lines:] or ['(empty)']


def tell():
    """The last lines of every program, as one text."""
    parts = []
    for name, path in sorted(_logs.items()):
        parts.append(f'--- {name} ({path})')
        parts.extend('    ' + line for line in tail(path))
    return '\n'.join(parts)
