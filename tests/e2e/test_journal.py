# SPDX-License-Identifier: GPL-3.0-or-later
"""Logins out of the journal: genuine ones count, forged ones do not; rotated, vacuumed, absent; and after a restart."""

import os
import time
import unittest

import journal
import loglines
from journal import GENUINE, Journal, login
from mailsite import DaemonTest
from waiting import wait_for

A, B, C, D = '192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'
HOUR = 3600
UNIT = 'dovecot.service'


@unittest.skipIf(journal.lacking(), journal.lacking())
class JournalTest(DaemonTest):

    def setUp(self):
        super().setUp()
        self.journal = Journal(f'{self.folder}/journal')
        self.use(f'journal:dovecot,dir={self.journal.folder}')

    def use(self, *sources):
        self.popgated.configure({'log.source': ', '.join(sources)})

    def assertGranted(self, *addresses):
        for address in addresses:
            self.popgated.wait_for_verdict('OK', address)

    def assertUntouched(self, *addresses):
        """To be asked after a later login was granted: entries are read in their order."""
        for address in addresses:
            self.assertVerdict('DUNNO', address)

    def n_logins(self, address):
        return self.popgated.grants()[address]['count']


class Forgery(JournalTest):
    """Who is not a process of the unit can write what he wants."""

    FORGERS = {
        'logger(1)': {'_SYSTEMD_UNIT': 'session-7.scope', '_UID': '1001', '_COMM': 'logger'},
        'logger(1) of root': {'_SYSTEMD_UNIT': 'session-7.scope', '_UID': '0', '_COMM': 'logger'},
        'another service': {'_SYSTEMD_UNIT': 'apache2.service', '_UID': '33'},
        'a container': {'_SYSTEMD_UNIT': 'docker.service', '_UID': '0', 'CONTAINER_NAME': UNIT},
        'no unit': {'_UID': '0'},
        'systemd about the unit': {'_SYSTEMD_UNIT': 'init.scope', 'UNIT': UNIT, '_UID': '0'},
        "a user's own unit of that name": {'_SYSTEMD_UNIT': 'user@1001.service', '_SYSTEMD_USER_UNIT': UNIT, '_UID': '1001'},
        'fields like the trusted ones': {'SYSTEMD_UNIT': UNIT, 'OBJECT_SYSTEMD_UNIT': UNIT, 'COREDUMP_UNIT': UNIT, '_UID': '0'},
        'a longer name': {'_SYSTEMD_UNIT': f'{UNIT}.service', '_UID': '0'},
        "a mailbox's own process in the unit": {'_SYSTEMD_UNIT': UNIT, '_UID': '1001'},
    }

    def test_forged_and_genuine(self):
        for number, fields in enumerate(self.FORGERS.values()):
            self.journal.append(login(f'203.0.113.{number}'), trusted={'_HOSTNAME': 'mx', **fields})
        self.journal.append(login(A))
        self.popgated.start()
        self.assertGranted(A)
        for number, (name, fields) in enumerate(self.FORGERS.items()):
            with self.subTest(name):
                self.assertUntouched(f'203.0.113.{number}')
                self.journal.append(login(f'198.51.100.{number}'), trusted={'_HOSTNAME': 'mx', **fields})
                genuine = f'192.0.2.{100 + number}'
                self.journal.append(login(genuine))
                self.assertGranted(genuine)
                self.assertUntouched(f'198.51.100.{number}')

    def test_messages_that_are_no_login(self):
        self.journal.append(f'imap(bob)<1><x>: {login(B)}', f' {login(B)}', f'x {login(B)}')
        self.journal.append(login(B), identifier='postfix/smtpd')
        self.journal.append(login(B), identifier='dovecot: dovecot')
        self.journal.append(login(A))
        self.popgated.start()
        self.assertGranted(A)
        self.assertUntouched(B)

    def test_only_root(self):
        self.use(f'journal:dovecot,uid=root,dir={self.journal.folder}')
        self.journal.append(login(B), trusted={**GENUINE, '_UID': '97'})
        self.journal.append(login(A))
        self.popgated.start()
        self.assertGranted(A)
        self.assertUntouched(B)

    def test_a_folder_for_all_to_write(self):
        os.chmod(self.journal.folder, 0o777)
        self.journal.append(login(A))
        self.popgated.start()
        self.popgated.wait_for_verdict('DEFER_IF_REJECT', A)
        self.assertIn('is not trusted: everybody may write', self.popgated.must('status'))
        os.chmod(self.journal.folder, 0o755)
        self.assertGranted(A)

    def test_hosts(self):
        self.popgated.configure({'log.hosts': 'mx'})
        self.journal.append(login(B), trusted={**GENUINE, '_HOSTNAME': 'other'})
        self.journal.append(login(A))
        self.popgated.start()
        self.assertGranted(A)
        self.assertUntouched(B)


class Following(JournalTest):

    def setUp(self):
        super().setUp()
        self.journal.append(login(A))
        self.popgated.start()
        self.assertGranted(A)

    def test_appended_entries(self):
        for number in range(20):
            self.journal.append(login(f'198.51.100.{number}'))
            self.assertGranted(f'198.51.100.{number}')

    def test_appended_to_an_open_file(self):
        self.journal.rotate()
        stream = self.journal.stream()
        self.addCleanup(stream.close)
        for number in range(50):
            stream.append(login(f'198.51.100.{number}'))
            self.assertGranted(f'198.51.100.{number}')

    def test_rotation(self):
        for number in range(5):
            self.journal.append(login(f'198.51.100.{number}'))
            self.journal.rotate()
            self.journal.append(login(f'203.0.113.{number}'))
            self.assertGranted(f'198.51.100.{number}', f'203.0.113.{number}')

    def test_vacuum(self):
        for number in range(3):
            self.journal.rotate()
            self.journal.append(login(f'198.51.100.{number}'))
            self.journal.vacuum()
            self.assertGranted(f'198.51.100.{number}')

    def test_gone_and_found_again(self):
        self.journal.rotate()
        self.journal.vacuum()
        wait_for(lambda: 'has no file that can be read' in self.popgated.must('status'), 'the journal to be missed')
        self.assertVerdict('OK', A)
        self.journal.append(login(B))
        self.assertGranted(B)
        wait_for(lambda: 'can be read again' in self.popgated.log(), 'the journal to be found')


class Start(JournalTest):

    def test_no_journal_yet(self):
        os.rmdir(self.journal.folder)
        self.popgated.start()
        self.popgated.wait_for_verdict('DEFER_IF_REJECT', A)
        self.assertIn(self.journal.folder, self.popgated.must('status'))
        os.mkdir(self.journal.folder, 0o755)
        self.journal.append(login(A))
        self.assertGranted(A)
        self.popgated.wait_for_verdict('DUNNO', B)

    def test_one_window_back(self):
        self.journal.append(login(B), when=time.time() - HOUR)
        self.journal.append(login(C), when=time.time() - 60)
        self.journal.append(login(A))
        self.popgated.start()
        self.assertGranted(A, C)
        self.assertUntouched(B)
        self.assertNotIn(B, self.popgated.must('list', '--expired'))

    def test_the_time_is_the_journals(self):
        """Not when it is read, and not what the writer says."""
        moment = int(time.time()) - 600
        self.journal.append(login(A), trusted={**GENUINE, 'SYSLOG_TIMESTAMP': 'Nov 23 11:39:33 '}, when=moment)
        self.popgated.start()
        self.assertGranted(A)
        self.assertEqual(int(float(self.popgated.grants()[A]['newest'])), moment)

    def test_two_units(self):
        self.use(f'journal:dovecot,courier-pop,dir={self.journal.folder}')
        self.journal.append(login(A))
        self.journal.append(login(B), trusted={**GENUINE, '_SYSTEMD_UNIT': 'courier-pop.service'})
        self.journal.append(login(D), trusted={**GENUINE, '_SYSTEMD_UNIT': 'courier-imap.service'})
        self.journal.append(login(C))
        self.popgated.start()
        self.assertGranted(A, B, C)
        self.assertUntouched(D)

    def test_an_unknown_user(self):
        self.use('journal:dovecot,uid=no-such-user')
        self.assertEqual(self.popgated.launch().wait(10), 2)
        self.assertIn('uid=no-such-user: expected a user that exists', self.popgated.log())


class Restart(JournalTest):
    """None lost, none doubled."""

    def setUp(self):
        super().setUp()
        for _ in range(3):
            self.journal.append(login(A))
        self.popgated.start()
        self.assertGranted(A)

    def test_written_while_it_was_down(self):
        self.popgated.stop()
        self.journal.append(login(B))
        self.popgated.start()
        self.assertGranted(B, A)
        self.assertOnly(B)

    def test_rotated_while_it_was_down(self):
        self.popgated.stop()
        self.journal.append(login(B))
        self.journal.rotate()
        self.journal.append(login(C))
        self.popgated.start()
        self.assertGranted(C, B, A)
        self.assertOnly(B, C)

    def test_vacuumed_while_it_was_down(self):
        self.popgated.stop()
        self.journal.rotate()
        self.journal.append(login(B))
        self.journal.vacuum()
        self.journal.append(login(C))
        self.popgated.start()
        self.assertGranted(C, B, A)
        self.assertOnly(B, C)

    def test_after_a_crash(self):
        self.popgated.kill()
        self.journal.append(login(B))
        self.popgated.start()
        self.assertGranted(B, A)

    def test_nothing_new(self):
        self.popgated.stop()
        self.popgated.start()
        self.popgated.wait_for_verdict('DUNNO', B)
        self.assertOnly()

    def assertOnly(self, *addresses):
        """Since its start it has read just these logins."""
        status = self.popgated.cli('--json', 'status').objects()[0]
        self.assertEqual(status['lines']['logins'], len(addresses), status)


class SeveralSources(JournalTest):

    def test_a_journal_and_files(self):
        own = loglines.LogFile(f'{self.folder}/dovecot.log')
        self.use(f'journal:dovecot,dir={self.journal.folder}', f'file:{self.log.path},format=syslog',
                 f'file:{own.path},format=dovecot,trust=any')
        self.journal.append(login(A))
        self.log.append(loglines.iso(B))
        own.append(loglines.own_file(C))
        self.popgated.start()
        self.assertGranted(A, B, C)
        self.popgated.stop()
        self.journal.append(login('198.51.100.1'))
        self.log.append(loglines.iso('198.51.100.2'))
        own.append(loglines.own_file('198.51.100.3'))
        self.popgated.start()
        self.assertGranted('198.51.100.1', '198.51.100.2', '198.51.100.3')

    def test_one_of_them_is_blind(self):
        """Its logins may be missing, so that nobody is refused; what the others tell counts."""
        self.use(f'journal:dovecot,dir={self.folder}/absent', f'file:{self.log.path},format=syslog')
        self.log.append(loglines.iso(A))
        self.popgated.start()
        self.assertGranted(A)
        self.assertVerdict('DEFER_IF_REJECT', B)

    def test_the_same_login_twice(self):
        self.use(f'journal:dovecot,dir={self.journal.folder}', f'file:{self.log.path},format=syslog')
        moment = time.time() - 10
        self.journal.append(login(A), when=moment)
        self.log.append(loglines.iso(A, when=moment))
        self.popgated.start()
        self.assertGranted(A)
        self.popgated.wait_for_verdict('DUNNO', B)
        self.assertEqual(self.n_logins(A), '1')


class Trust(JournalTest):
    """Who can write to a log can let any address relay."""

    def test_a_file_for_all_to_write(self):
        self.use(f'file:{self.log.path},format=syslog')
        os.chmod(self.log.path, 0o666)
        self.log.append(loglines.iso(A))
        self.popgated.start()
        self.popgated.wait_for_verdict('DEFER_IF_REJECT', A)
        self.assertIn(f'{self.log.path} is not trusted: everybody may write', self.popgated.must('status'))
        os.chmod(self.log.path, 0o640)
        self.assertGranted(A)

    def test_a_folder_as_tmp(self):
        os.chmod(self.folder, 0o1777)
        self.use(f'file:{self.log.path},format=syslog')
        self.log.append(loglines.iso(A))
        self.popgated.start()
        self.popgated.wait_for_verdict('DEFER_IF_REJECT', A)
        os.chmod(self.folder, 0o755)
        self.assertGranted(A)

    def test_trust_any(self):
        os.chmod(self.log.path, 0o666)
        for options in ('format=syslog,trust=any', 'trust=any,format=syslog', 'trust=any'):
            with self.subTest(options):
                self.use(f'file:{self.log.path},{options}')
                self.log.append(loglines.iso(A))
                self.popgated.restart()
                self.assertGranted(A)
