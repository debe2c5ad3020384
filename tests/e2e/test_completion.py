# SPDX-License-Identifier: GPL-3.0-or-later
"""Completion in bash, zsh and fish, on a live popgated: as it is typed, in a terminal."""

import functools
import os
import re
import signal
import time
import unittest

import exposition
import loglines
import workdir
from mailsite import DaemonTest
from popgate import POPGATE, POPGATE_LOGIN, POPGATED, Popgated, run
from shells import PATIENCE, SHELLS, Bash, BashWithPackage, Fish, Shell, Zsh
from waiting import wait_for

A, B, C = '192.0.2.1', '192.0.2.2', '2001:db8::3'

# Names that a shell would take for something else. RAN is a file that must not come to be.
HOSTILE = ('$(touch RAN)', '`touch RAN`', 'a;touch RAN', 'a|touch RAN', 'two  words', "it's", '~root', '-rf', '#hash', '*',
           '[a-z]', '{a,b}', '!!', '=ls', 'a=b:c@example.com', '%s%n', '^a^b', '$HOME', '(x)', '?', '<x', 'a&', '--',
           "';touch RAN;'")

# Names that are not offered: it is easier to be right about.
NOT_OFFERED = ('q"uote', 'back\\slash', '\\e[31m', '\\x41', 'ü', '\u202egnp', '\x7f', '\x9b31m')

LIMIT = 200
N_GRANTS = 25000  # more than are looked at for users
SOON = 8.0  # seconds for one TAB at a daemon that does not answer: two, on a machine with no time for it


def lacking():
    return ', '.join(filter(None, (shell.lacks() for shell in SHELLS)))


def options_of(program, *arguments):
    """The options that the help has, each as it is typed."""
    told = run(program, *arguments, '--help').out
    return set(re.findall(r'^  (-\w), --', told, re.MULTILINE)) | set(re.findall(r'^  (?:-\w, )?(--[a-z-]+)', told, re.MULTILINE))


def commands():
    told = run(POPGATE, '--help').out.partition('\nCommands:\n')[2].partition('\n\n')[0]
    return set(re.findall(r'^  ([a-z-]+)', told, re.MULTILINE))


def in_each(*kinds):
    """Run the test with every shell, started, each as a part of it."""
    def wrap(test):
        @functools.wraps(test)
        def run_all(self):
            for kind in kinds:
                with self.subTest(kind.__name__):
                    shell = kind(self.folder)
                    self.addCleanup(shell.stop)
                    test(self, shell.start())
        return run_all
    return wrap


@unittest.skipIf(lacking(), lacking())
class CompletionTest(DaemonTest):

    def log_in(self, popgated, *logins):
        with open(popgated.source, 'ab') as log:
            log.write(b''.join(loglines.iso(address, user) for address, user in logins))
        popgated.start()
        popgated.wait_for_verdict('OK', logins[-1][0])

    def popgate(self, rest, popgated=None):
        return f'popgate -c {(popgated or self.popgated).conf} {rest}'


class Help(CompletionTest):
    """What --help has is offered, and nothing else."""

    @in_each(*SHELLS)
    def test_commands(self, shell):
        self.assertIn('check', commands())
        self.assertEqual(shell.offers('popgate '), commands())
        self.assertEqual(shell.complete('popgate ch'), 'popgate check ')
        self.assertEqual(shell.complete('popgate --json rel'), 'popgate --json reload ')

    @in_each(*SHELLS)
    def test_options(self, shell):
        self.assertLessEqual({'-c', '--config', '--json', '--sender'}, options_of(POPGATE, 'check'))
        for name, program in (('popgate', POPGATE), ('popgated', POPGATED), ('popgate-login', POPGATE_LOGIN)):
            self.assertEqual(shell.offers(f'{name} -'), options_of(program), name)
        for command in sorted(commands()):
            self.assertEqual(shell.offers(f'popgate {command} -'), options_of(POPGATE, command), command)

    @in_each(*SHELLS)
    def test_no_options_behind_two_dashes(self, shell):
        self.assertEqual(shell.offers('popgate check -- -'), set())

    @in_each(*SHELLS)
    def test_nothing_is_run_but_commands(self, shell):
        ran = f'{self.folder}/ran'
        for word in (f'$(touch {ran})', f'`touch {ran}`', f'"$(touch {ran})"', 'no-such-command'):
            self.assertEqual(shell.offers(f'popgate {word} '), set(), word)
        self.assertFalse(os.path.exists(ran))


class Values(CompletionTest):

    def setUp(self):
        super().setUp()
        self.log_in(self.popgated, (A, 'alice'), (B, 'carol'), (C, 'bob@example.com'))
        self.popgated.must('deny', '198.51.100.0/24', '--why', '{"note":99,"kind":"allow","target":"x"}')
        self.popgated.must('allow', '203.0.113.7')

    @in_each(*SHELLS)
    def test_values_of_all_kinds(self, shell):
        users = {'alice', 'bob@example.com', 'carol'}
        rows = (('check ', {A, B, C}), ('explain --sender x ', {A, B, C}), ('check --sender ', set()),
                ('deny ', {A, B, C, 'user:'}), ('list --user ', users), ('list --net ', {A, B, C}), ('list ', set()),
                ('allow --for ', set()), ('forget ', {'1', '2'}), ('parse --format ', {'auto', 'syslog', 'dovecot', 'tai64n'}),
                ('watch ', {'logins', 'verdicts', 'notes', 'sources', 'store'}), ('watch --user ', users), ('help ', commands()),
                ('watch --verdict ', {'OK', 'DUNNO', 'DEFER_IF_REJECT', 'REJECT'}))
        for text, offered in rows:
            self.assertEqual(shell.offers(self.popgate(text)), offered, text)

    @in_each(*SHELLS)
    def test_lines(self, shell):
        rows = ((f'check {A[:-1]}1', f'check {A} '), (f'check {B} 2001:', f'check {B} {C} '), ('check 2001:db8::', f'check {C} '),
                ('deny us', 'deny user:'), ('deny user:al', 'deny user:alice '),
                ('revoke user:b', 'revoke user:bob@example.com '),
                ('list --user=c', 'list --user=carol '), ('list --user bob@e', 'list --user bob@example.com '),
                ('list --user=bob@e', 'list --user=bob@example.com '), ('list --net=2001:d', f'list --net={C} '),
                ('parse --format=dov', 'parse --format=dovecot '), ('watch --verdict=DE', 'watch --verdict=DEFER_IF_REJECT '),
                ('list --exp', 'list --expired '))
        for text, line in rows:
            self.assertEqual(shell.complete(self.popgate(text)), self.popgate(line))

    @in_each(*SHELLS)
    def test_where_popgated_is_asked(self, shell):
        for where in (f'-c {self.popgated.conf}', f'--config={self.popgated.conf}', f'--socket {self.popgated.control}',
                      f'--socket={self.popgated.control}'):
            self.assertEqual(shell.offers(f'popgate {where} check '), {A, B, C})
            self.assertEqual(shell.offers(f'popgate check {where} '), {A, B, C})

    @in_each(*SHELLS)
    def test_files(self, shell):
        for option in ('-c ', '--config ', '--config=', '--socket ', 'parse ', 'parse x '):
            line = f'popgate {option}{self.popgated.conf}'
            self.assertEqual(shell.complete(line[:-2]), f'{line} ')
        self.assertEqual(shell.complete(f'popgate doctor --etc {shell.folder[:-1]}'), f'popgate doctor --etc {shell.folder}/')

    @in_each(*SHELLS)
    def test_settings(self, shell):
        self.assertEqual(shell.complete('popgated -o popgate.win'), 'popgated -o popgate.window=')

    @in_each(Bash, BashWithPackage)
    def test_open_quotes(self, shell):
        self.assertEqual(shell.complete(self.popgate("deny 'user:al")), self.popgate("deny 'user:alice' "))
        self.assertEqual(shell.complete(self.popgate('list --user="al')), self.popgate('list --user="alice" '))

    @in_each(Bash)
    def test_other_word_breaks(self, shell):
        for breaks in ("' \t\n'", '"${COMP_WORDBREAKS//:}"', '"${COMP_WORDBREAKS//@}"', '"${COMP_WORDBREAKS//=}"'):
            shell.type(f'COMP_WORDBREAKS={breaks}\r')
            self.assertEqual(shell.complete(self.popgate('check 2001:db8::')), self.popgate(f'check {C} '))
            self.assertEqual(shell.complete(self.popgate('deny user:bob@e')), self.popgate('deny user:bob@example.com '))
            self.assertEqual(shell.complete(self.popgate('list --user=bob@e')), self.popgate('list --user=bob@example.com '))

    @in_each(BashWithPackage, Zsh)
    def test_behind_sudo(self, shell):
        self.assertEqual(shell.complete('sudo popgate ch'), 'sudo popgate check ')
        for text, line in (('deny user:al', 'deny user:alice '), ('list --user bob@e', 'list --user bob@example.com ')):
            self.assertEqual(shell.complete(f'sudo {self.popgate(text)}'), f'sudo {self.popgate(line)}')


class HostileNames(CompletionTest):
    """What is completed and then run by Enter means this user, and nothing else happens."""

    def setUp(self):
        super().setUp()
        self.ran = f'{self.folder}/ran'
        self.sites = [self.make_site(number, name.replace('RAN', self.ran)) for number, name in enumerate(HOSTILE)]

    @in_each(Bash)
    def test_in_bash(self, shell):
        self.assertAllTyped(shell)

    @in_each(BashWithPackage)
    def test_in_bash_with_the_package(self, shell):
        self.assertAllTyped(shell)

    @in_each(Zsh)
    def test_in_zsh(self, shell):
        self.assertAllTyped(shell)

    @in_each(Fish)
    def test_in_fish(self, shell):
        self.assertAllTyped(shell)

    def assertAllTyped(self, shell):
        for user, popgated in self.sites:
            with self.subTest(user):
                self.assertTyped(shell, user, popgated)
        self.assertFalse(os.path.exists(self.ran))

    def make_site(self, number, user):
        """A popgated that knows of this user alone."""
        popgated = Popgated(workdir.subfolder(self.folder, str(number)))
        self.addCleanup(popgated.end)
        self.log_in(popgated, (A, user))
        return user, popgated

    def assertTyped(self, shell, user, popgated):
        if isinstance(shell, Fish) and user.startswith('~'):
            self.assertEqual(shell.offers(self.popgate('list --user ', popgated)), set())
        else:
            self.assertLists(shell, user, popgated)
        self.assertDenies(shell, user, popgated)

    def assertLists(self, shell, user, popgated):
        found = f'{shell.folder}/found'
        shell.type(self.popgate('list --user \t', popgated) + f'>{found}\r')
        wait_for(lambda: os.path.exists(found) and os.path.getsize(found), f'{shell.name} to list {user}', PATIENCE)
        os.unlink(found)
        shell.wait_for_prompt()

    def assertDenies(self, shell, user, popgated):
        shell.type(self.popgate('deny user:\t\r', popgated))
        wait_for(lambda: self.notes(popgated), f'{shell.name} to deny {user}', PATIENCE)
        note, = self.notes(popgated)
        self.assertEqual(note['target'], f'user:{user.lower()}')
        popgated.must('forget', str(note['note']))
        shell.wait_for_prompt()

    @staticmethod
    def notes(popgated):
        return popgated.cli('--json', 'status').objects()[0]['notes']


class NamesNotOffered(CompletionTest):

    def setUp(self):
        super().setUp()
        self.log_in(self.popgated, *((f'192.0.2.{number}', user) for number, user in enumerate(NOT_OFFERED, 1)), (C, 'anna'))
        self.assertEqual(len(self.popgated.grants()), len(NOT_OFFERED) + 1)

    @in_each(*SHELLS)
    def test_not_offered(self, shell):
        self.assertEqual(shell.offers(self.popgate('list --user ')), {'anna'})
        self.assertEqual(shell.complete(self.popgate('deny user:')), self.popgate('deny user:anna '))


class Bounds(CompletionTest):

    def setUp(self):
        super().setUp()
        self.log_in(self.popgated, *((f'10.0.{number // 250}.{number % 250}', f'u{number}') for number in range(1, N_GRANTS)))
        # Until then the list is in another order each time, and who comes first in one may be behind the bound in the next.
        wait_for(lambda: self.metric('popgate_grants_waiting') == 0, 'all grants to be in the file', PATIENCE)

    def metric(self, name):
        return exposition.Metrics(self.popgated.must('stats', '--prometheus')).value(name)

    @in_each(*SHELLS)
    def test_many(self, shell):
        self.assertEqual(len(shell.offers(self.popgate('check '))), LIMIT)
        first, *_, last = (line.split('\t') for line in self.popgated.must('list').splitlines() if line[line.index('\t') - 4] == '.')
        self.assertEqual(shell.complete(self.popgate(f'check {last[0]}')), self.popgate(f'check {last[0]} '))
        self.assertEqual(shell.offers(self.popgate(f'check {last[0]}')), {last[0]})
        self.assertIn(first[3], shell.offers(self.popgate(f'list --user {first[3]}')))

    @in_each(*SHELLS)
    def test_no_answer(self, shell):
        self.popgated.program.send_signal(signal.SIGSTOP)
        try:
            self.assertSilent(shell, 'check ')
        finally:
            self.popgated.program.send_signal(signal.SIGCONT)

    @in_each(*SHELLS)
    def test_no_daemon(self, shell):
        self.popgated.end()
        self.popgated.configure({'popgate.store': f'gdbm:{self.folder}/absent.gdbm'})
        for text in ('check ', 'deny user:', 'forget ', 'list --user '):
            self.assertSilent(shell, text)

    def assertSilent(self, shell: Shell, text):
        """TAB offers nothing, soon, and shows nothing."""
        begun = time.monotonic()
        self.assertEqual(shell.complete(self.popgate(text)), self.popgate(text))
        self.assertLess(time.monotonic() - begun, SOON)
        with open(shell.log_path, encoding='utf-8', errors='replace') as shown:
            self.assertNotRegex(shown.read(), 'popgate:|cannot|timeout|[Tt]erminated')
