# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs under test: popgated with a configuration of its own, and popgate that talks to it."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
from typing import NamedTuple

import evidence
import policy
import workdir
from processes import Program
from waiting import wait_for

_TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_BIN = tempfile.TemporaryDirectory(prefix='pg-bin-')
os.chmod(_BIN.name, 0o755)


def _within_reach(program):
    """A copy of a program, which users without a way to the tree can run as well: tests do so, and Dovecot does."""
    return shutil.copy(os.path.abspath(program), _BIN.name)


_BUILT = os.environ.get('POPGATED', os.path.join(_TOP, 'popgated'))
POPGATED = _within_reach(_BUILT)
POPGATE = _within_reach(os.environ.get('POPGATE', os.path.join(_TOP, 'popgate')))
POPGATE_LOGIN = _within_reach(os.environ.get('POPGATE_LOGIN', os.path.join(os.path.dirname(_BUILT), 'popgate-login')))

MAY, MAY_NOT, USAGE, CANNOT_TELL = 0, 1, 2, 3  # exit status of `popgate check`
DONE, FAILED = 0, 3  # exit status of the others

ENVIRONMENT = {'G_DEBUG': 'fatal-criticals'}


class Result(NamedTuple):
    """What a program that has ended left behind."""
    status: int
    out: str
    err: str

    def objects(self):
        """Its output as JSON, one object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def run(*argv, stdin=''):
    """Run a program to its end."""
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=10, check=False,
                          env=dict(os.environ, **ENVIRONMENT))
    return Result(done.returncode, done.stdout, done.stderr)


class Popgated:
    """A daemon with its files in `folder`. Settings are given as {'log.stale': '1s'}, over defaults fit for one machine."""

    def __init__(self, folder, settings=None):
        self.folder = folder
        self.policy = f'{folder}/policy'
        self.control = f'{folder}/control'
        self.login = f'{folder}/login'
        self.store = f'{folder}/popgate.gdbm'
        self.source = f'{folder}/mail.log'
        self.conf = f'{folder}/popgate.conf'
        self.log_path = f'{folder}/popgated.log'
        self.settings = {
            'popgate.store': f'gdbm:{self.store}',
            'policy.listen': f'unix:{self.policy}',
            'policy.socket_owner': '',
            'policy.socket_group': '',
            'log.source': f'file:{self.source},format=syslog',
            'log.never_grant': 'none',
            'control.listen': f'unix:{self.control}',
        }
        self.environment = dict(ENVIRONMENT)
        self.wrapper = []  # the beginning of a command that becomes popgated
        self.descriptors = ()  # that it inherits
        self.configure(settings or {})
        self._program = None

    # --- configuration

    def configure(self, settings):
        """Change settings and write the file. A running daemon sees it when it is told to."""
        self.settings.update(settings)
        workdir.write(self.conf, _key_file(self.settings))

    # --- life

    def start(self, **how):
        """Start it and wait until it serves."""
        self.launch(**how)
        wait_for(lambda: self._program.must_run() and self._serves(), 'popgated to serve')
        return self

    def launch(self, *arguments, stdin=subprocess.DEVNULL):
        """Start it without waiting for anything; returns the program."""
        argv = [*self.wrapper, POPGATED, '-c', self.conf, *arguments]
        self._program = Program('popgated', argv, self.log_path, self.environment, self.descriptors)
        return self._program.start(stdin)

    def stop(self):
        """End it in peace; returns its exit status."""
        return self._program.stop() if self._program else None

    def end(self):
        """End it behind a test: if it still runs it must end in order, or something had gone wrong unseen."""
        status = self.stop()
        if status not in (None, 0):
            raise AssertionError(f'popgated ended with status {status}\n{evidence.tell()}')

    def kill(self):
        """End it without warning."""
        self._program.stop(signal.SIGKILL)

    def restart(self, settings=None):
        self.end()
        self.configure(settings or {})
        return self.start()

    def hang_up(self):
        """Tell it to read its configuration again."""
        self._program.send_signal(signal.SIGHUP)

    @property
    def program(self):
        return self._program

    def _serves(self):
        return policy.is_open(self.policy) and policy.is_open(self.control)

    # --- what it says

    def ask(self, address, **attributes):
        """Its whole action for a client at RCPT, asked over a new connection."""
        with policy.Connection(self.policy) as connection:
            return connection.ask(policy.request(address, **attributes))

    def verdict(self, address):
        """The first word of its action."""
        return self.ask(address).split()[0]

    def wait_for_verdict(self, word, address, timeout=10.0):
        wait_for(lambda: self.verdict(address) == word, f'{address} to get {word}', timeout)

    def first_source(self):
        """What `popgate status` says of the first source."""
        return self.cli('--json', 'status').objects()[0]['sources'][0]

    def log(self):
        """All that it has logged so far."""
        with open(self.log_path, encoding='utf-8', errors='replace') as log:
            return log.read()

    # --- the command

    def cli(self, *arguments, stdin=''):
        """Run popgate against it, or against its files when it is down."""
        return run(POPGATE, '-c', self.conf, *arguments, stdin=stdin)

    def must(self, *arguments):
        """Run popgate; it has to succeed. Returns what it wrote."""
        result = self.cli(*arguments)
        if result.status != DONE:
            raise AssertionError(f'popgate {" ".join(arguments)}: {result}')
        return result.out

    def grants(self, *arguments):
        """`popgate list` as {address: {column: text}}."""
        columns = ('address', 'newest', 'until', 'user', 'service', 'count', 'by')
        rows = [line.split('\t') for line in self.must('list', *arguments).splitlines()]
        return {row[0]: dict(zip(columns, row, strict=True)) for row in rows}


def _key_file(settings):
    groups = {}
    for name, value in settings.items():
        group, _, key = name.partition('.')
        groups.setdefault(group, []).append(f'{key} = {value}\n')
    return ''.join(f'[{group}]\n{"".join(lines)}\n' for group, lines in groups.items())
