# SPDX-License-Identifier: GPL-3.0-or-later
"""A large database that has to be made anew: questions and commands are answered meanwhile, and popgated can be ended."""

import glob
import os
import shutil
import time

import loglines
import policy
import workdir
from mailsite import DaemonTest
from manager import Listener
from popgate import FAILED, Popgated
from waiting import wait_for

N_GRANTS = 300_000  # it takes a few seconds to read them, and as long to make their database anew
DENIED = '192.0.2.50'

# An answer may take so long in a start that waits for a small database, and on a machine that is busy.
USUAL_S, SLOWEST_S = 0.1, 1.0


def nth(number):
    return f'10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}'


def status(popgated):
    return popgated.cli('--json', 'status').objects()[0]


class Anew(DaemonTest):
    """Each test begins when popgated was killed: all of its grants are in the redo log."""

    @classmethod
    def setUpClass(cls):
        cls.left = workdir.make()
        cls.addClassCleanup(workdir.remove, cls.left)
        popgated = Popgated(cls.left)
        cls.addClassCleanup(popgated.kill)
        login = loglines.iso('ADDRESS').decode()
        workdir.write(popgated.source, ''.join(login.replace('ADDRESS', nth(number)) for number in range(N_GRANTS)))
        popgated.start()
        wait_for(lambda: popgated.first_source()['state'] == 'current', 'all logins to be read', 60, 0.1)
        popgated.must('deny', DENIED)  # waits until all before it is on the disk
        popgated.kill()

    def setUp(self):
        super().setUp()
        for path in glob.glob(f'{self.left}/popgate.gdbm*'):
            shutil.copy(path, self.folder)
        self.manager = Listener(self.folder)
        self.addCleanup(self.manager.close)
        self.manager.listen_to(self.popgated)

    def launch(self):
        self.popgated.launch()
        wait_for(lambda: policy.is_open(self.popgated.policy), 'popgated to listen')

    def n_made(self):
        return status(self.popgated)['store']['made']

    def assertAllThere(self):
        self.assertEqual(status(self.popgated)['store']['grants'], N_GRANTS)
        for number in range(0, N_GRANTS, N_GRANTS // 97):
            self.assertVerdict('OK', nth(number))
        self.assertIn(DENIED, self.popgated.must('status'))
        self.assertEqual(glob.glob(f'{self.popgated.store}.damaged-*'), [])

    def test_each_question_is_answered(self):
        self.launch()
        took, words, told = [], [], []
        while words[-1:] != ['OK']:
            began = time.monotonic()
            words.append(self.popgated.verdict(nth(7)))
            took.append(time.monotonic() - began)
            told.append(status(self.popgated)['store'])
        self.assertEqual(set(words), {'DEFER_IF_REJECT', 'OK'})
        self.assertLess(sorted(took)[len(took) // 2], USUAL_S)
        self.assertLess(max(took), SLOWEST_S)
        made = [store['made'] for store in told if store['made'] is not None]
        self.assertEqual(made, sorted(made))
        self.assertGreater(len(set(made)), 3)
        self.assertTrue(all('is being made anew' in store['problem'] for store in told if store['made'] is not None))
        self.assertIsNone(self.n_made())
        wait_for(lambda: any('records done' in text for text in self.manager.told('STATUS=')), 'how far it was to be told')
        self.assertAllThere()

    def test_meanwhile_nobody_answers_from_it(self):
        """What the redo log alone has would be lacking; and an export of a part would look as one of all."""
        for command in (('check', nth(7)), ('explain', nth(7)), ('list',), ('export',), ('report',)):
            result = self.popgated.cli(*command)
            self.assertEqual((result.status, result.out), (FAILED, ''), command)
            self.assertIn(f'{self.popgated.store}, its database, was not closed in order', result.err)
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', nth(7), 60)
        self.assertEqual(self.popgated.stop(), 0)
        self.popgated.must('check', nth(7))

    def test_it_can_be_ended_at_any_time(self):
        for part in (0, 0.3, 0.9):
            self.launch()
            wait_for(lambda part=part: (self.n_made() or 0) > part * N_GRANTS, 'a part to be made', 60)
            began = time.monotonic()
            self.assertEqual(self.popgated.stop(), 0)
            self.assertLess(time.monotonic() - began, 1.0)
            self.assertIn('ended in order', self.popgated.log().splitlines()[-1])
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', nth(7), 60)
        self.assertAllThere()

    def test_it_is_made_anew_under_a_running_popgated(self):
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', nth(7), 60)
        wait_for(lambda: status(self.popgated)['store']['write_problem'] is None, 'it to be written')
        os.unlink(self.popgated.store)
        self.popgated.wait_for_verdict('DEFER_IF_REJECT', nth(7))
        self.popgated.wait_for_verdict('OK', nth(7), 60)
        self.assertAllThere()

    def test_without_a_base_it_is_copied(self):
        """Closed in order, it can be read at once; a login waits until there is a base."""
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', nth(7), 60)
        self.assertEqual(self.popgated.stop(), 0)
        for path in glob.glob(f'{self.popgated.store}.base-*'):
            os.unlink(path)
        self.launch()
        self.log.append(loglines.iso('192.0.2.1'))
        self.popgated.wait_for_verdict('OK', nth(7))
        self.popgated.wait_for_verdict('OK', '192.0.2.1')
