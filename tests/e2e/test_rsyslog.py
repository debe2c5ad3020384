# SPDX-License-Identifier: GPL-3.0-or-later
"""A real rsyslogd: it writes the file that is followed, or starts popgated itself and writes to it (omprog)."""

import os
import signal
import unittest

import loglines
import policy
import popgate
import rsyslog
from mailsite import DaemonTest
from rsyslog import Rsyslogd, Writer
from waiting import hold_for, wait_for

A, B, C, D = '192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'


def login(address, user='bob', word='Login'):
    """What Dovecot hands to syslog(3)."""
    return f'pop3-login: {word}: {loglines.ELEMENTS}'.format(user=user, address=address)


def addresses(count):
    return [f'198.{18 + number // 65536}.{number // 256 % 256}.{number % 256}' for number in range(count)]


@unittest.skipIf(not rsyslog.installed(), 'rsyslog is not installed')
class RsyslogTest(DaemonTest):

    MAX_MESSAGE = '8k'

    def action(self):
        raise NotImplementedError

    def setUp(self):
        super().setUp()
        self.rsyslogd = self.make_rsyslogd()

    def make_rsyslogd(self):
        rsyslogd = Rsyslogd(self.folder, self.action(), self.MAX_MESSAGE)
        self.addCleanup(rsyslogd.stop)
        return rsyslogd.start()

    def say(self, text, tag='dovecot: '):
        with Writer(self.rsyslogd.socket) as writer:
            writer.log(text, tag)

    def assertGranted(self, *granted):
        for address in granted:
            self.popgated.wait_for_verdict('OK', address)

    def assertUntouched(self, *others):
        """To be asked after a later login was granted."""
        for address in others:
            self.assertVerdict('DUNNO', address)


class WritesFile(RsyslogTest):

    TEMPLATE = 'RSYSLOG_FileFormat'
    MAX_MESSAGE = '1k'

    def action(self):
        return rsyslog.to_file(self.log.path, self.TEMPLATE)

    def setUp(self):
        super().setUp()
        self.popgated.start()

    def test_logins(self):
        self.say(login(A))
        self.say(login(B, word='Logged in'))
        self.say(login(C, user='anna@example.org'), tag='dovecot[77]: ')
        self.assertGranted(A, B, C)
        self.assertEqual(self.popgated.grants()[C]['user'], 'anna@example.org')

    def test_quoted_by_others(self):
        """Neither the name of a program, nor a whole line within a line, with the newline that rsyslogd makes harmless."""
        line = loglines.iso(A).decode().rstrip('\n')
        self.say(login(A), tag='dovecot2: ')
        self.say(login(A), tag='')
        self.say(f'NOQUEUE: reject: helo=<{login(A)}>', tag='postfix/smtpd[7]: ')
        self.say(f'auth failed, 1 attempts\n{line}')
        self.say(f'\n{line}', tag='sshd[7]: ')
        self.say(f'x\0{line}', tag='sshd[7]: ')
        self.say(login(B))
        self.assertGranted(B)
        self.assertUntouched(A)

    def test_cut_by_the_limit_of_a_message(self):
        """Whatever a cut leaves of 203.0.113.177, it is nobody's grant."""
        whole = login('203.0.113.177').replace('method=PLAIN', 'method=PLAIN, x=<FILL>')
        upto = whole.index('203.0.113.177') + len('<22>Nov 23 11:59:00 dovecot: ') - len('FILL')
        for n_kept in range(8, 14):
            self.say(whole.replace('FILL', 'x' * (1024 - upto - n_kept)))
        self.say(login(B))
        self.assertGranted(B)
        with open(self.log.path, encoding='ascii') as log:
            cut = [line for line in log.read().splitlines() if line.endswith(('rip=203.0.113.1', 'rip=203.0.113.17'))]
        self.assertEqual(len(cut), 2, 'the lines were to be cut within the address')
        self.assertUntouched('203.0.113.1', '203.0.113.17', '203.0.113.177')

    def test_restarted(self):
        self.say(login(A))
        self.assertGranted(A)  # what rsyslogd has not read yet when it ends, nobody will
        self.assertEqual(self.rsyslogd.stop(), 0)
        self.rsyslogd = self.make_rsyslogd()
        self.say(login(B))
        self.assertGranted(A, B)


class WritesClassicFile(WritesFile):
    """The same with the stamps of old: local time, whole seconds, no year."""

    TEMPLATE = 'RSYSLOG_TraditionalFileFormat'


class StartsPopgated(RsyslogTest):
    """As the guide's section on omprog has it."""

    SETTINGS = {'log.source': 'stdin:,format=syslog', 'log.stale': '1s'}

    def action(self):
        return rsyslog.to_program(f'{popgate.POPGATED} -c {self.popgated.conf}', self.popgated.log_path)

    def start(self):
        """The first line starts it."""
        self.say(login(A))
        wait_for(lambda: policy.is_open(self.popgated.policy), 'popgated to serve')
        self.assertGranted(A)
        return self.child()

    def child(self):
        children = self.rsyslogd.children()
        self.assertEqual(len(children), 1)
        return children[0]

    def test_started_by_the_first_line(self):
        self.assertEqual(self.rsyslogd.children(), [])
        self.start()
        self.say(login(B))
        self.assertGranted(B)

    def test_every_line_arrives_whole(self):
        """So many that the pipe is full again and again: each read ends somewhere in a line."""
        many = addresses(5000)
        with Writer(self.rsyslogd.socket) as writer:
            for number, address in enumerate(many):
                writer.log(login(address, user='u' * (1 + number % 70)))
        wait_for(lambda: policy.is_open(self.popgated.policy), 'popgated to serve')
        self.assertGranted(many[-1])
        self.assertEqual(set(self.popgated.grants()), set(many))

    def test_waits_while_popgated_is_held_up(self):
        pid = self.start()
        os.kill(pid, signal.SIGSTOP)
        many = addresses(2000)
        try:
            with Writer(self.rsyslogd.socket) as writer:
                for address in many:
                    writer.log(login(address))
        finally:
            os.kill(pid, signal.SIGCONT)
        self.assertGranted(many[-1])
        self.assertEqual(set(self.popgated.grants()), {A, *many})

    def test_ends_with_rsyslogd(self):
        pid = self.start()
        self.assertEqual(self.rsyslogd.stop(), 0)
        self.assertFalse(rsyslog.is_running(pid), 'popgated outlives rsyslogd')
        self.assertIn('ended in order', self.popgated.log())

    def test_grants_outlive_a_restart_of_rsyslogd(self):
        self.start()
        self.rsyslogd.stop()
        self.rsyslogd = self.make_rsyslogd()
        self.say(login(B))
        wait_for(lambda: policy.is_open(self.popgated.policy), 'popgated to serve again')
        self.assertGranted(A, B)

    def test_started_again_after_its_end(self):
        """The next line starts it, and is not lost. (What stood in the pipe when it ended is, and what was not on the disk.)"""
        pid = self.start()
        self.popgated.must('allow', D)  # when this is on the disk, so is all before it
        for number in (signal.SIGKILL, signal.SIGTERM):
            os.kill(pid, number)
            wait_for(lambda ended=pid: not rsyslog.is_running(ended), 'popgated to end')
            self.say(login(B))
            self.say(login(C))
            wait_for(lambda: policy.is_open(self.popgated.policy), 'popgated to be started again')
            self.assertGranted(A, B, C)
            pid = self.child()

    def test_told_to_open_its_files_anew(self):
        """logrotate's HUP to rsyslogd disturbs nothing."""
        pid = self.start()
        self.rsyslogd.hang_up()
        self.say(login(B))
        self.assertGranted(B)
        self.assertEqual(self.child(), pid)

    def lose_rsyslogd(self):
        """It crashes: popgated is told of it by the end of its input only."""
        pid = self.start()
        os.kill(self.rsyslogd.program.pid, signal.SIGKILL)
        wait_for(self.rsyslogd.program.exited, 'rsyslogd to be gone')
        os.unlink(f'{self.folder}/rsyslogd.pid')
        return pid

    def test_defers_what_it_cannot_know_behind_a_crash_of_rsyslogd(self):
        """Until it has ended, which leaves Postfix with its default action, or sees again."""
        self.lose_rsyslogd()
        wait_for(lambda: not policy.is_open(self.popgated.policy) or self.popgated.verdict(D) == 'DEFER_IF_REJECT',
                 'what is not known to be deferred')

    def test_serves_again_behind_a_crash_of_rsyslogd(self):
        """Who has lost its input ends, and leaves sockets and database to the one that rsyslogd starts anew."""
        pid = self.lose_rsyslogd()
        wait_for(lambda: not rsyslog.is_running(pid), 'the orphan to end')
        self.rsyslogd = self.make_rsyslogd()

        def is_granted():
            self.say(login(B))
            return policy.is_open(self.popgated.policy) and self.popgated.verdict(B) == 'OK'

        wait_for(is_granted, 'the new popgated to serve', timeout=4, interval=0.2)
        self.assertGranted(A)


class QuietStart(RsyslogTest):
    """Without a line there is no popgated, and Postfix has its default action."""

    SETTINGS = {'log.source': 'stdin:,format=syslog'}
    action = StartsPopgated.action

    def test_other_facilities_start_nothing(self):
        with Writer(self.rsyslogd.socket) as writer:
            writer.log(login(A), facility=4)
        hold_for(lambda: not self.rsyslogd.children(), 'popgated not to be started', 0.3)
