# SPDX-License-Identifier: GPL-3.0-or-later
"""The followed log: rotated, truncated, absent, torn, huge; and where reading goes on after a restart."""

import os
import signal
import time

import loglines
from mailsite import DaemonTest
from waiting import hold_for

A, B, C, D = '192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4'
HOUR = 3600


class SourceTest(DaemonTest):

    def start(self):
        self.popgated.start()

    def login(self, address, **how):
        self.log.append(loglines.iso(address, **how))

    def assertGranted(self, *addresses):
        for address in addresses:
            self.popgated.wait_for_verdict('OK', address)

    def assertUntouched(self, *addresses):
        """To be asked after a later login was granted: lines are read in their order."""
        for address in addresses:
            self.assertVerdict('DUNNO', address)


class Following(SourceTest):

    def setUp(self):
        super().setUp()
        self.login(A)
        self.start()
        self.assertGranted(A)

    def test_appended_lines(self):
        for number in range(50):
            self.login(f'198.51.100.{number}')
            self.assertGranted(f'198.51.100.{number}')

    def test_rename_and_create(self):
        self.log.rename()
        self.login(B)
        self.assertGranted(B)
        self.login(C)
        self.assertGranted(C)

    def test_written_to_the_old_file_after_the_rename(self):
        """syslogd keeps the old file open until it is told."""
        old = os.open(self.log.path, os.O_WRONLY | os.O_APPEND)
        self.addCleanup(os.close, old)
        self.log.rename()
        os.write(old, loglines.iso(B))
        self.login(C)
        self.assertGranted(B, C)

    def test_copy_and_truncate(self):
        self.log.copy_and_truncate()
        self.login(B)
        self.assertGranted(B)
        self.login(C)
        self.assertGranted(C)

    def test_truncated_and_grown_beyond_where_we_were(self):
        """Then only the bytes themselves tell that it is another text."""
        self.log.append(loglines.filler(20000))
        self.login(B)
        self.assertGranted(B)
        os.truncate(self.log.path, 0)
        self.log.append(loglines.iso(C) + loglines.filler(60000) + loglines.iso(D))
        self.assertGranted(D, C)

    def test_removed_and_made_again(self):
        os.unlink(self.log.path)
        self.login(B)
        self.assertGranted(B)

    def test_one_rotation_after_the_other(self):
        for number in range(1, 20):
            self.login(f'198.51.100.{number}')
            self.log.shift()
            self.login(f'203.0.113.{number}')
            self.assertGranted(f'198.51.100.{number}', f'203.0.113.{number}')

    def test_two_rotations_at_once(self):
        """So quickly, or while we were held up, that we never saw the file between them."""
        self.hold_up()
        for address in (B, C, D):
            self.login(address)
            self.log.shift()
        self.log.append(b'')
        self.go_on()
        self.assertGranted(B, C, D)

    def test_truncated_before_we_had_read_all(self):
        """What is missing is in the copy."""
        self.hold_up()
        self.login(B)
        self.log.copy_and_truncate()
        self.login(C)
        self.go_on()
        self.assertGranted(B, C)

    def hold_up(self):
        """Stop the daemon, as on a machine with no time for it."""
        self.popgated.program.send_signal(signal.SIGSTOP)
        self.addCleanup(self.go_on)

    def go_on(self):
        self.popgated.program.send_signal(signal.SIGCONT)

    def test_a_line_in_pieces(self):
        line = loglines.iso(B)
        for cut in (1, 30, len(line) - 1):
            self.log.append(line[:cut])
            self.log.append(line[cut:])
        self.assertGranted(B)

    def test_a_line_counts_when_it_is_whole(self):
        self.log.append(loglines.iso(B).rstrip(b'\n'))
        hold_for(lambda: self.popgated.verdict(B) == 'DUNNO', 'a line without its end to be left alone', 0.3)
        self.log.append(b'\n')
        self.assertGranted(B)

    def test_a_line_torn_by_a_rotation(self):
        self.log.append(loglines.iso(B)[:60])
        self.log.rename()
        self.log.append(loglines.iso(B)[60:])
        self.login(C)
        self.assertGranted(C)
        self.assertUntouched(B)

    def test_a_huge_line(self):
        """1 MiB in one line, with what looks like a login in it and behind it: the line is one, and is dropped."""
        half = b'x' * (512 * 1024)
        self.log.append(half + loglines.iso(B).rstrip(b'\n') + half + b' ' + loglines.iso(C))
        self.login(D)
        self.assertGranted(D)
        self.assertUntouched(B, C)

    def test_bytes_of_all_kinds(self):
        self.log.append(bytes(range(256)) * 100 + b'\n' + b'\0' * 5000 + b'\n')
        self.login(B)
        self.assertGranted(B)

    def test_no_grant_by_the_middle_of_a_line(self):
        self.log.append(b'x' + loglines.iso(B))
        self.log.append(b'postfix/smtpd[1]: reject: from=<' + loglines.iso(B).rstrip(b'\n') + b'>\n')
        self.login(C)
        self.assertGranted(C)
        self.assertUntouched(B)


class OldLines(SourceTest):
    """What counts is the time of the line, not when it is read."""

    SETTINGS = {'popgate.window': '30m'}

    def test_an_old_line_grants_nothing(self):
        self.login(A)
        self.start()
        self.login(B, when=time.time() - HOUR)
        self.login(C)
        self.assertGranted(A, C)
        self.assertUntouched(B)

    def test_a_line_of_the_future_is_one_of_now(self):
        self.popgated.configure({'popgate.window': '2s'})
        self.start()
        self.login(A, when=time.time() + HOUR)
        self.assertGranted(A)
        self.popgated.wait_for_verdict('DUNNO', A)


class FirstStart(SourceTest):

    def test_lines_from_before_the_first_start(self):
        self.log.append(loglines.iso(A, when=time.time() - HOUR) + loglines.iso(B, when=time.time() - 60)
                        + loglines.filler(300000) + loglines.iso(C))
        self.start()
        self.assertGranted(B, C)
        self.assertUntouched(A)

    def test_the_file_before_the_last_rotation(self):
        self.login(A, when=time.time() - HOUR)
        self.login(B, when=time.time() - 120)
        self.log.rename()
        self.login(C)
        self.start()
        self.assertGranted(C, B)
        self.assertUntouched(A)

    def test_the_file_before_the_last_rotation_with_a_date(self):
        self.login(B, when=time.time() - 120)
        self.log.rename(time.strftime('-%Y%m%d'))
        self.login(C)
        self.start()
        self.assertGranted(C, B)

    def test_no_file_yet(self):
        os.unlink(self.log.path)
        self.start()
        self.login(A)
        self.assertGranted(A)

    def test_no_folder_yet(self):
        self.popgated.configure({'log.source': f'file:{self.folder}/later/mail.log'})
        self.start()
        os.mkdir(f'{self.folder}/later')
        loglines.LogFile(f'{self.folder}/later/mail.log').append(loglines.iso(A))
        self.assertGranted(A)

    def test_an_empty_file(self):
        self.log.append(b'')
        self.start()
        self.assertVerdict('DUNNO', A)
        self.login(A)
        self.assertGranted(A)


class Restart(SourceTest):
    """The position is saved beside the grants."""

    def setUp(self):
        super().setUp()
        self.log.append(loglines.filler(200000))
        self.login(A)
        self.start()
        self.assertGranted(A)

    def test_written_while_it_was_down(self):
        self.popgated.stop()
        self.login(B)
        self.start()
        self.assertGranted(B, A)

    def test_rotated_while_it_was_down(self):
        self.popgated.stop()
        self.login(B)
        self.log.rename()
        self.login(C)
        self.start()
        self.assertGranted(C, B, A)

    def test_rotated_twice_while_it_was_down(self):
        self.popgated.stop()
        for address in (B, C, D):
            self.login(address)
            self.log.shift()
        self.log.append(b'')
        self.start()
        self.assertGranted(B, C, D)

    def test_truncated_while_it_was_down(self):
        self.popgated.stop()
        self.login(B)
        self.log.copy_and_truncate()
        self.login(C)
        self.start()
        self.assertGranted(B, C, A)

    def test_replaced_by_a_longer_one_while_it_was_down(self):
        """The place where it stopped is in the middle of a line there: that must not be read from there."""
        stopped_at = os.stat(self.log.path).st_size
        self.popgated.stop()
        os.truncate(self.log.path, 0)
        self.log.append(b'x' * stopped_at + loglines.iso(B) + loglines.iso(C))
        self.start()
        self.assertGranted(C)
        self.assertUntouched(B)

    def test_after_a_crash(self):
        self.popgated.kill()
        self.login(B)
        self.start()
        self.assertGranted(B, A)

    def test_what_was_read_is_not_read_again(self):
        """A login put in where reading is over grants nothing; one at the end does."""
        self.popgated.stop()
        with open(self.log.path, 'r+b') as log:
            line = loglines.iso(B)
            log.seek(len(loglines.filler(50000)))
            log.write(b'\n' + line)
        self.login(C)
        self.start()
        self.assertGranted(C)
        self.assertUntouched(B)

    def test_a_replayed_line_does_not_undo_a_revoke(self):
        line = loglines.iso(B)
        self.log.append(line)
        self.assertGranted(B)
        self.popgated.must('revoke', B)
        self.assertVerdict('DUNNO', B)
        self.log.append(line)
        self.login(C)
        self.assertGranted(C)
        self.assertUntouched(B)
        self.popgated.restart()
        self.assertUntouched(B)


class Formats(SourceTest):
    """A file is syslog's or Dovecot's own, and never both."""

    def test_auto(self):
        for number, line in enumerate((loglines.iso, loglines.rfc3164, loglines.own_file)):
            with self.subTest(line.__name__):
                path = f'{self.folder}/auto{number}.log'
                loglines.LogFile(path).append(line('198.51.100.1'))
                self.popgated.configure({'log.source': f'file:{path}', 'popgate.store': f'gdbm:{path}.gdbm'})
                self.popgated.restart()
                self.assertGranted('198.51.100.1')

    def test_auto_decides_once_a_file(self):
        self.popgated.configure({'log.source': f'file:{self.log.path}'})
        self.login(A)
        self.start()
        self.assertGranted(A)
        self.log.append(loglines.own_file(B))
        self.login(C)
        self.assertGranted(C)
        self.assertUntouched(B)

    def test_said_outright(self):
        self.popgated.configure({'log.source': f'file:{self.log.path},format=dovecot'})
        self.start()
        self.login(A)
        self.log.append(loglines.own_file(B))
        self.assertGranted(B)
        self.assertUntouched(A)

    def test_several_files(self):
        other = loglines.LogFile(f'{self.folder}/other.log')
        self.popgated.configure({'log.source': f'file:{self.log.path}, file:{other.path},format=dovecot'})
        self.start()
        self.login(A)
        other.append(loglines.own_file(B))
        self.assertGranted(A, B)

    def test_services(self):
        self.popgated.configure({'log.services': 'pop3'})
        self.start()
        self.login(A, service='imap')
        self.login(B, service='pop3')
        self.assertGranted(B)
        self.assertUntouched(A)

    def test_hosts(self):
        self.popgated.configure({'log.hosts': 'mx'})
        self.start()
        self.log.append(loglines.iso(A).replace(b' mx ', b' another '))
        self.login(B)
        self.assertGranted(B)
        self.assertUntouched(A)

    def test_dovecot_name(self):
        self.popgated.configure({'log.dovecot_name': 'dovecot, emps'})
        self.start()
        self.log.append(loglines.iso(A).replace(b' dovecot: ', b' emps: '))
        self.log.append(loglines.iso(B).replace(b' dovecot: ', b' emps2: '))
        self.login(C)
        self.assertGranted(C, A)
        self.assertUntouched(B)


class Stdin(DaemonTest):
    """Lines from a pipe."""

    SETTINGS = {'log.source': 'stdin:,format=syslog'}

    def test_lines_from_a_pipe(self):
        reader, writer = os.pipe()
        self.popgated.start(stdin=reader)
        os.close(reader)
        self.addCleanup(os.close, writer)
        os.write(writer, loglines.iso(A))
        self.popgated.wait_for_verdict('OK', A)
        os.write(writer, loglines.iso(B)[:40])
        os.write(writer, loglines.iso(B)[40:])
        self.popgated.wait_for_verdict('OK', B)

    def start_with_pipe(self):
        """Start it; returns our end of its input."""
        reader, writer = os.pipe()
        self.popgated.start(stdin=reader)
        os.close(reader)
        return writer

    def add_source(self):
        """Tell it to read a file besides; it makes all its sources anew."""
        other = loglines.LogFile(f'{self.folder}/other.log')
        other.append(loglines.iso(C))
        self.popgated.configure({'log.source': f'stdin:,format=syslog, file:{other.path}'})
        self.popgated.hang_up()
        self.popgated.wait_for_verdict('OK', C)

    def test_a_reload_within_a_line(self):
        """The pipe can't be read again: what was read of the line is kept."""
        writer = self.start_with_pipe()
        self.addCleanup(os.close, writer)
        os.write(writer, loglines.iso(A) + loglines.iso(B)[:60])
        self.popgated.wait_for_verdict('OK', A)
        self.add_source()
        os.write(writer, loglines.iso(B)[60:])
        self.popgated.wait_for_verdict('OK', B)

    def test_a_reload_makes_no_line_of_the_end_of_one(self):
        writer = self.start_with_pipe()
        self.addCleanup(os.close, writer)
        os.write(writer, loglines.iso(A) + loglines.filler(100)[:60])
        self.popgated.wait_for_verdict('OK', A)
        self.add_source()
        os.write(writer, loglines.iso(B) + loglines.iso('192.0.2.77'))
        self.popgated.wait_for_verdict('OK', '192.0.2.77')
        self.assertVerdict('DUNNO', B)

    def test_its_end_is_the_end(self):
        """What was written before it is taken, the database closed, the sockets gone."""
        writer = self.start_with_pipe()
        os.write(writer, loglines.filler(60000) + loglines.iso(A))
        os.close(writer)
        self.assertEqual(self.popgated.program.wait(), 0)
        self.assertIn('ended in order', self.popgated.log())
        self.assertEqual([path for path in (self.popgated.policy, self.popgated.control) if os.path.exists(path)], [])
        writer = self.start_with_pipe()
        self.addCleanup(os.close, writer)
        self.popgated.wait_for_verdict('OK', A)

    def test_no_input_at_all(self):
        program = self.popgated.launch()
        self.assertEqual(program.wait(), 0)

    def test_blind_beside_a_source_that_goes_on(self):
        self.popgated.configure({'log.source': f'stdin:,format=syslog, file:{self.log.path},format=syslog', 'log.stale': '1s'})
        os.close(self.start_with_pipe())
        self.popgated.wait_for_verdict('DEFER_IF_REJECT', B)
        self.log.append(loglines.iso(A))
        self.popgated.wait_for_verdict('OK', A)
        states = {row['name']: row['state'] for row in self.popgated.cli('--json', 'status').objects()[0]['sources']}
        self.assertEqual(states, {'stdin:': 'blind', f'file:{self.log.path}': 'current'})
