# SPDX-License-Identifier: GPL-3.0-or-later
"""[metrics] textfile: whole whenever it is read, and never the daemon's trouble."""

import os
import re
import stat
import unittest

import exposition
import loglines
import workdir
from mailsite import DaemonTest
from popgate import POPGATED, run
from waiting import wait_for

A = '192.0.2.1'
USAGE = 2
EVERY_S = 15


class TextfileTest(DaemonTest):

    def setUp(self):
        super().setUp()
        self.collected = workdir.subfolder(self.folder, 'collected')
        self.path = f'{self.collected}/popgate.prom'
        self.popgated.configure({'metrics.textfile': self.path})

    def read(self):
        with open(self.path, encoding='utf-8') as file:
            return exposition.Metrics(file.read())

    def wait_for_file(self):
        wait_for(lambda: os.path.exists(self.path), 'the file to be written')
        return self.read()


class Writing(TextfileTest):

    def test_off_by_default(self):
        self.popgated.configure({'metrics.textfile': ''})
        self.popgated.start()
        self.popgated.wait_for_verdict('DUNNO', A)
        self.assertEqual(os.listdir(self.collected), [])

    def test_is_what_stats_shows(self):
        self.popgated.start()
        self.popgated.wait_for_verdict('DUNNO', A)
        metrics = self.wait_for_file()
        self.assertEqual(metrics.names(), exposition.Metrics(self.popgated.must('stats', '--prometheus')).names())
        self.assertEqual(metrics.value('popgate_up'), 1)
        status = os.stat(self.path)
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o644)
        self.assertEqual(os.listdir(self.collected), ['popgate.prom'])

    def test_mode_whatever_the_umask(self):
        mask = os.umask(0o077)
        try:
            self.popgated.start()
        finally:
            os.umask(mask)
        self.wait_for_file()
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o644)

    def test_is_whole_whenever_it_is_read(self):
        """It is another file each time, and whoever has the old one open reads that to its end."""
        self.popgated.start()
        self.wait_for_file()
        with open(self.path, encoding='utf-8') as old:
            before = os.stat(self.path).st_ino
            self.popgated.configure({'metrics.textfile': ''})
            self.popgated.must('reload')
            self.assertFalse(os.path.exists(self.path))
            self.popgated.configure({'metrics.textfile': self.path})
            self.popgated.must('reload')
            self.wait_for_file()
            self.assertNotEqual(os.stat(self.path).st_ino, before)
            exposition.Metrics(old.read())

    def test_is_written_again_and_again(self):
        self.popgated.start()
        before = self.wait_for_file().value('popgate_collected_timestamp_seconds')
        self.popgated.ask(A)

        def is_new():
            return self.read().value('popgate_collected_timestamp_seconds') > before  # each time it must be whole

        wait_for(is_new, 'the file to be written anew', EVERY_S + 10)
        self.assertGreater(self.read().total('popgate_requests_total'), 0)
        self.assertAlmostEqual(self.read().value('popgate_collected_timestamp_seconds') - before, EVERY_S, delta=5)

    def test_goes_with_the_daemon(self):
        self.popgated.start()
        self.wait_for_file()
        self.assertEqual(self.popgated.stop(), 0)
        self.assertEqual(os.listdir(self.collected), [])

    def test_moves_at_a_reload(self):
        self.popgated.start()
        self.wait_for_file()
        other = f'{self.collected}/other.prom'
        self.popgated.configure({'metrics.textfile': other})
        self.popgated.must('reload')
        wait_for(lambda: os.listdir(self.collected) == ['other.prom'], 'the file to move')

    def test_what_stands_in_the_way_is_not_followed(self):
        victim = workdir.write(f'{self.folder}/victim', 'untouched')
        os.symlink(victim, f'{self.path}.new')
        os.symlink(victim, self.path)
        self.popgated.start()
        wait_for(lambda: not os.path.islink(self.path), 'the link to be replaced')
        self.read()
        with open(victim, encoding='utf-8') as file:
            self.assertEqual(file.read(), 'untouched')


class Trouble(TextfileTest):

    def complaints(self):
        return re.findall(r'\[metrics\] textfile: (.*)', self.popgated.log())

    def assertWell(self):
        self.log.append(loglines.iso(A))
        self.popgated.wait_for_verdict('OK', A)

    def test_no_folder(self):
        """It is told once, and when there is one the file comes."""
        os.rmdir(self.collected)
        self.popgated.start()
        wait_for(self.complaints, 'the trouble to be told')
        self.assertIn(self.path, self.complaints()[0])
        self.assertWell()
        os.mkdir(self.collected)
        wait_for(lambda: os.path.exists(self.path), 'the file to come', EVERY_S + 10)
        self.assertEqual(len(self.complaints()), 1)

    def test_a_folder_in_its_place(self):
        os.mkdir(self.path)
        self.popgated.start()
        wait_for(self.complaints, 'the trouble to be told')
        self.assertWell()
        self.assertEqual(os.listdir(self.collected), ['popgate.prom'])  # nothing is left beside it

    @unittest.skipIf(os.geteuid() != 0, 'only root can mount a disk')
    def test_a_full_disk(self):
        """The disk is the daemon's own; it is looked at through its root."""
        self.popgated.wrapper = ['unshare', '--mount', 'sh', '-c',
                                 f'mount -t tmpfs -o size=4k none {self.collected} && exec "$0" "$@"']
        self.popgated.start()
        wait_for(self.complaints, 'the trouble to be told')
        self.assertIn('No space left', self.complaints()[0])
        self.assertWell()
        self.assertEqual(os.listdir(f'/proc/{self.popgated.program.pid}/root{self.collected}'), [])

    def test_a_name_that_is_none(self):
        for name in ('popgate.prom', '/var/lib/', './x'):
            result = run(POPGATED, '-c', self.popgated.conf, '-o', f'metrics.textfile={name}', '--check-config')
            self.assertEqual(result.status, USAGE, (name, result))
            self.assertIn('[metrics] textfile', result.err)
