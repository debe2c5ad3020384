#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the end-to-end tests: a real Postfix and a real Dovecot around the real programs.

POPGATED and POPGATE name the programs; without them it is those at the top of the tree. POPGATE_E2E_KEEP=1 keeps the work
folders. Root is needed for what starts Postfix. With --jobs each module runs in a process of its own, and what it printed is
told when it has ended.
"""

import argparse
import os
import signal
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import evidence  # noqa: E402
import jobs  # noqa: E402
import popgate  # noqa: E402
import processes  # noqa: E402
import workdir  # noqa: E402

TEST_TIMEOUT = 90


class TookTooLong(Exception):
    """Raised in a test that hangs."""


class Lines(unittest.TestResult):
    """One line a test, as it ends; what went wrong follows at once, with what the programs logged."""

    def __init__(self, no_skip):
        super().__init__()
        self.passed = 0
        self.failed = set()
        self.left_out = 0
        self._no_skip = no_skip
        self._began = time.monotonic()

    def startTest(self, test):
        super().startTest(test)
        self._began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, TEST_TIMEOUT, 1)

    def stopTest(self, test):
        signal.setitimer(signal.ITIMER_REAL, 0)
        super().stopTest(test)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1
        self._tell('ok', test)

    def addSubTest(self, test, subtest, err):
        """A part of a test; the test itself is told of only when all its parts are well."""
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._fail(test, err, str(subtest))

    def addError(self, test, err):
        super().addError(test, err)
        self._fail(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._fail(test, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        if self._no_skip:
            self.failed.add(test.id())
        else:
            self.left_out += 1
        self._tell('FAILED' if self._no_skip else 'skipped', test, f': skipped: {reason}')

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self._tell('known', test, f': fails as is known: {test.shortDescription()}')

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.failed.add(test.id())
        self._tell('FAILED', test, ': passes, but is marked as a known failure')

    def _fail(self, test, err, part=''):
        self.failed.add(test.id())
        self._tell('FAILED', test, part and f': {part}')
        print(self._exc_info_to_string(err, test), evidence.tell(), sep='\n', flush=True)

    def _tell(self, word, test, rest=''):
        print(f'{word:8}{test.id()}{rest} ({time.monotonic() - self._began:.2f} s)', flush=True)


def _parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('-k', metavar='PATTERN', action='append', help='only tests whose name matches; repeatable')
    parser.add_argument('--module', metavar='NAME', help='only the tests of this module')
    parser.add_argument('--jobs', metavar='N', type=int, default=1, help='so many modules at once')
    parser.add_argument('--no-skip', action='store_true', help='a skipped test counts as failed')
    parser.add_argument('--list', action='store_true', help='print the names and run nothing')
    return parser.parse_args()


def _load(patterns, module):
    loader = unittest.TestLoader()
    if patterns:
        loader.testNamePatterns = [pattern if '*' in pattern else f'*{pattern}*' for pattern in patterns]
    suite = loader.discover(HERE, f'{module or "test_*"}.py')
    if loader.errors:
        sys.exit('\n'.join(loader.errors))
    return suite


def _each(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _each(test)
        else:
            yield test


def _give_up(_number, _frame):
    raise TookTooLong(f'the test has taken {TEST_TIMEOUT} s')


def _run(suite, no_skip):
    signal.signal(signal.SIGALRM, _give_up)
    result = Lines(no_skip)
    try:
        suite.run(result)
    except KeyboardInterrupt:
        sys.exit('e2e: broken off')
    finally:
        processes.stop_all()
        workdir.remove_all()
    return _tell_end(result.passed, len(result.failed), result.left_out)


def _tell_end(passed, failed, left_out):
    print(jobs.LAST_LINE.format(passed, failed, left_out))
    return 1 if failed or not passed else 0


def _run_modules(suite, arguments):
    modules = sorted({test.id().partition('.')[0] for test in _each(suite)})
    same = [word for pattern in arguments.k or () for word in ('-k', pattern)] + ['--no-skip'] * arguments.no_skip
    try:
        return _tell_end(*jobs.run(modules, [sys.executable, os.path.abspath(__file__), *same], arguments.jobs))
    except KeyboardInterrupt:
        sys.exit('e2e: broken off')


def main():
    arguments = _parse_arguments()
    suite = _load(arguments.k, arguments.module)
    if arguments.list:
        print('\n'.join(test.id() for test in _each(suite)))
        return 0
    for program in (popgate.POPGATED, popgate.POPGATE):
        if not os.access(program, os.X_OK):
            sys.exit(f'e2e: no program {program}: build it first, or set POPGATED and POPGATE')
    if arguments.jobs > 1:
        return _run_modules(suite, arguments)
    return _run(suite, arguments.no_skip)


if __name__ == '__main__':
    sys.exit(main())
