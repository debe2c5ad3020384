# SPDX-License-Identifier: GPL-3.0-or-later
"""What the programs say of themselves."""

import re
import unittest

from popgate import DONE, POPGATE, POPGATE_LOGIN, POPGATED, USAGE, run

COLUMNS = 80
CALLS = ((POPGATE,), (POPGATED,), (POPGATE_LOGIN,))


def listed():
    """{command: (arguments, summary)}, as popgate --help lists them."""
    text = run(POPGATE, '--help').out.partition('\nCommands:\n')[2].partition('\n\n')[0]
    rows = re.findall(r'^  (?=\S)(.*)$', re.sub(r'\n {10,}', '   ', text), re.MULTILINE)
    return {name: (arguments, summary) for name, arguments, summary in map(_cut, rows)}


def _cut(row):
    usage, _, summary = row.partition('  ') if '  ' in row else (row[:22], '', row[22:])
    name, _, arguments = usage.strip().partition(' ')
    return name, arguments, summary.strip()


class Help(unittest.TestCase):

    def told(self, *call):
        result = run(*call)
        self.assertEqual((result.status, result.err), (DONE, ''), call)
        return result.out

    def test_it_fits_a_terminal(self):
        for call in CALLS + tuple((POPGATE, command) for command in listed()):
            with self.subTest(call):
                self.assertLessEqual(max(map(len, self.told(*call, '--help').splitlines())), COLUMNS)

    def test_of_each_command(self):
        """It has what the list has, and says what each value is."""
        self.assertIn('check', listed())
        for command, (arguments, summary) in listed().items():
            with self.subTest(command):
                told = self.told(POPGATE, command, '--help')
                self.assertEqual(told.splitlines()[1], f'  popgate {command} [OPTION…] {arguments}'.rstrip())
                self.assertIn(f'\n\n{summary}\n\n', told)
                for option in re.findall(r'^  (?:-\w, )?(--.*)', told, re.MULTILINE):
                    self.assertRegex(option, r'^--[a-z-]+(=[A-Za-z][\w.=:|]*)? +["\w].*\w')

    def test_of_the_arguments(self):
        """Each word in capitals that a command takes is explained."""
        for command, (arguments, _) in listed().items():
            told = self.told(POPGATE, command, '--help').partition('\nArguments:\n')[2]
            words = [word for word in re.split(r'[|\[\].]+', arguments) if re.search('[A-Z]', word)]
            self.assertEqual(re.findall(r'^  (\S+) +\w', told, re.MULTILINE), words, command)

    def test_the_command_help(self):
        self.assertEqual(self.told(POPGATE, 'help'), self.told(POPGATE, '--help'))
        self.assertEqual(self.told(POPGATE, '-h'), self.told(POPGATE, '--help'))
        for command in listed():
            self.assertEqual(self.told(POPGATE, 'help', command), self.told(POPGATE, command, '--help'))

    def test_without_a_command(self):
        self.assertWrong((), 'expected a command', 'popgate --help')

    def test_commands_that_are_not(self):
        self.assertWrong(('chekc',), '"chekc"', 'Did you mean "check"?', 'popgate --help')
        self.assertWrong(('help', 'relaod'), 'Did you mean "reload"?')
        self.assertWrong(('somewhat-else',), 'there is no such command. See popgate --help')

    def test_arguments_that_are_not(self):
        self.assertWrong(('check', '--no-such-option', '192.0.2.1'), '--no-such-option', 'popgate check --help')
        self.assertWrong(('check',), 'expected ADDRESS...', 'popgate check --help')
        self.assertWrong(('help', 'check', 'list'), 'popgate help --help')

    def assertWrong(self, arguments, *parts):
        result = run(POPGATE, *arguments)
        self.assertEqual((result.status, result.out), (USAGE, ''))
        self.assertEqual(result.err.count('\n'), 1, result.err)
        for part in parts:
            self.assertIn(part, result.err)
