# SPDX-License-Identifier: GPL-3.0-or-later
"""Interactive shells in a terminal, with the completions of the tree: what TAB offers, and what it makes of a line."""

import os
import pty
import shutil
import signal
import subprocess
import termios
import threading

import workdir
from popgate import POPGATE
from processes import Program
from waiting import wait_for

COMPLETIONS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), 'completions')
PROGRAMS = ('popgate', 'popgated', 'popgate-login')
ROWS_COLUMNS = (1000, 250)  # no shell asks first whether it should list so many

PATIENCE = 30.0  # seconds for what a shell does, on a machine with no time for it

TAKE = '\x18\x18'  # C-x C-x: the shell writes its line to the file "line", and empties it

# Opens the terminal as the leader of a session, so that it becomes the session's.
_IN_TERMINAL = ('/bin/sh', '-c', 'exec "$@" <"$0" >"$0" 2>&1')


class Shell(Program):
    """One shell; what `rc` is, and how it is started, its subclasses say. `{folder}` is its HOME."""

    NAME = RC_NAME = RC = ''

    def __init__(self, folder):
        self.folder = workdir.subfolder(folder, type(self).__name__.lower())
        self._line = f'{self.folder}/line'
        self._offered = f'{self.folder}/offered'
        self._terminal, self._inner = pty.openpty()
        termios.tcsetwinsize(self._inner, ROWS_COLUMNS)
        self._install()
        argv = [*_IN_TERMINAL, os.ttyname(self._inner), shutil.which(self.NAME), *self._arguments()]
        super().__init__(self.NAME, argv, f'{self.folder}/terminal', {
            'HOME': self.folder, 'ZDOTDIR': self.folder, 'TERM': 'xterm', 'LC_ALL': 'C.UTF-8',
            'PATH': os.path.dirname(POPGATE) + ':' + os.environ['PATH'],
            'XDG_DATA_HOME': self.folder, 'XDG_CONFIG_HOME': self.folder})

    @classmethod
    def lacks(cls):
        return '' if shutil.which(cls.NAME) else f'{cls.NAME} is not installed'

    def _install(self):
        """The scripts as they are installed, with a name for each program."""
        for folder, name in (('bash-completion/completions', 'popgate.bash'), ('fish/vendor_completions.d', 'popgate.fish')):
            os.makedirs(f'{self.folder}/{folder}')
            for program in PROGRAMS:
                os.symlink(f'{COMPLETIONS}/{name}', f'{self.folder}/{folder}/{name.replace("popgate", program)}')
        workdir.write(f'{self.folder}/{self.RC_NAME}', self.RC.format(folder=self.folder, completions=COMPLETIONS))

    def _arguments(self):
        raise NotImplementedError

    # --- life

    def start(self, stdin=subprocess.DEVNULL):
        threading.Thread(target=_copy, args=(self._terminal, f'{self.folder}/terminal'), daemon=True).start()
        super().start(stdin)
        self.wait_for_prompt()
        return self

    def stop(self, number=signal.SIGKILL, timeout=10.0):
        """At once: what it does at SIGHUP depends on what it is about."""
        status = super().stop(number, timeout)
        os.close(self._inner)
        return status

    def wait_for_prompt(self):
        """It edits a line. Before that the terminal itself would take the keys."""
        wait_for(lambda: self.must_run() and not self._has_line_mode(), f'{self.name} to prompt', PATIENCE)

    def _has_line_mode(self):
        return termios.tcgetattr(self._inner)[3] & termios.ICANON

    # --- what is typed

    def type(self, keys):
        os.write(self._terminal, keys.encode())

    def complete(self, text):
        """What TAB makes of a line that has only `text`."""
        self.type(f'{text}\t{TAKE}')
        wait_for(lambda: os.path.exists(self._line), f'{self.name} to complete "{text}"', PATIENCE)
        line = _read(self._line)
        os.unlink(self._line)
        return line

    def offers(self, text):
        """What TAB offers there: whole words, but in bash what is behind ":", "=" and "@"."""
        workdir.write(self._offered, '')
        self.complete(text)
        return set(filter(None, _read(self._offered).splitlines()))


class Bash(Shell):
    """Alone; the script is sourced."""

    NAME = 'bash'
    RC_NAME = 'bashrc'
    RC = """
    HISTFILE=
    bind 'set enable-bracketed-paste off'
    _take() {{ printf %s "$READLINE_LINE" >{folder}/taken && mv {folder}/taken {folder}/line; READLINE_LINE= READLINE_POINT=0; }}
    bind -x '"\\C-x\\C-x": _take'
    . {completions}/popgate.bash
    _observe() {{ _popgate "$@"; printf '%s\\n' "${{COMPREPLY[@]}}" >>{folder}/offered; }}
    complete -F _observe popgate popgated popgate-login
    """

    def _arguments(self):
        return ['--noprofile', '--rcfile', f'{self.folder}/{self.RC_NAME}', '-i']


class BashWithPackage(Bash):
    """With bash-completion, which finds the script by the command's name."""

    PACKAGE = '/usr/share/bash-completion/bash_completion'
    RC = Bash.RC.replace('. {completions}/popgate.bash', f'. {PACKAGE}\n_completion_loader popgate')

    @classmethod
    def lacks(cls):
        return '' if os.path.exists(cls.PACKAGE) else 'bash-completion is not installed'


class Zsh(Shell):

    NAME = 'zsh'
    RC_NAME = '.zshrc'
    RC = """
    unset HISTFILE
    bindkey -e
    fpath=({completions} $fpath)
    autoload -Uz compinit && compinit -u -d {folder}/dump
    compadd() {{
        local -a found
        builtin compadd -A found "$@"
        print -rl -- "$found[@]" >>{folder}/offered
        builtin compadd "$@"
    }}
    take() {{ print -rn -- "$BUFFER" >{folder}/taken && mv {folder}/taken {folder}/line; BUFFER= }}
    zle -N take
    bindkey '^X^X' take
    """

    def _arguments(self):
        return ['-i']


class Fish(Shell):

    NAME = 'fish'
    RC_NAME = 'init.fish'
    RC = """
    set -g fish_greeting
    set -g fish_autosuggestion_enabled 0
    set -p fish_complete_path {folder}/fish/vendor_completions.d
    function take
        printf %s (commandline | string collect) >{folder}/taken; and mv {folder}/taken {folder}/line
        commandline ''
    end
    bind \\cx\\cx take
    """

    def _arguments(self):
        return ['--no-config', '-i', '-C', f'source {self.folder}/{self.RC_NAME}']

    def offers(self, text):
        command = f'source {self.folder}/{self.RC_NAME}; complete -C -- $argv[1]'
        done = subprocess.run([self.NAME, '--no-config', '-c', command, text], env=self._env, capture_output=True, text=True,
                              timeout=10, check=True)
        if done.stderr:
            raise AssertionError(f'fish: {done.stderr}')
        return {line.partition('\t')[0] for line in done.stdout.splitlines()}


SHELLS = (Bash, BashWithPackage, Zsh, Fish)


def _read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def _copy(terminal, path):
    """What the shell shows, to a file, until it has ended."""
    try:
        with open(path, 'ab', buffering=0) as log:
            while True:
                log.write(os.read(terminal, 65536))
    except OSError:
        os.close(terminal)
