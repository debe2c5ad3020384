# SPDX-License-Identifier: GPL-3.0-or-later
"""popgate(1): against the daemon, and against the database alone."""

import fcntl
import re
import signal
import subprocess
import time

import loglines
import terminal
from mailsite import DaemonTest
from popgate import CANNOT_TELL, DONE, FAILED, MAY, MAY_NOT, USAGE, POPGATE, run
from waiting import wait_for

A, B, C = '192.0.2.1', '192.0.2.2', '2001:db8::3'
STRANGER = '198.51.100.1'


class CliTest(DaemonTest):

    def setUp(self):
        super().setUp()
        self.login_time = time.time() - 60
        self.log.append(loglines.iso(A, 'bob', self.login_time) + loglines.iso(A, 'alice', self.login_time + 10)
                        + loglines.iso(B, 'carol', self.login_time) + loglines.iso(C, 'bob', service='imap'))
        self.popgated.start()
        for address in (A, B, C):
            self.popgated.wait_for_verdict('OK', address)

    def assertCli(self, status, *arguments):
        """popgate ends with `status`; returns its result."""
        result = self.popgated.cli(*arguments)
        self.assertEqual(result.status, status, result)
        return result


class Asking(CliTest):

    def test_check(self):
        self.assertIn(A, self.assertCli(MAY, 'check', A).out)
        self.assertIn(STRANGER, self.assertCli(MAY_NOT, 'check', STRANGER).out)
        self.assertCli(MAY, 'check', '2001:DB8:0::3')
        self.assertCli(MAY, 'check', '::ffff:192.0.2.1')

    def test_check_changes_nothing(self):
        before = self.popgated.grants()
        self.assertCli(MAY, 'check', A)
        self.assertCli(MAY_NOT, 'check', STRANGER)
        self.assertEqual(self.popgated.grants(), before)

    def test_check_says_when_it_cannot_tell(self):
        self.popgated.stop()
        with open(self.popgated.store, 'rb') as store:
            fcntl.flock(store, fcntl.LOCK_EX)
            self.popgated.start()
            self.assertCli(CANNOT_TELL, 'check', A)
        self.popgated.wait_for_verdict('OK', A)
        self.assertCli(MAY, 'check', A)

    def test_explain(self):
        told = self.assertCli(MAY, 'explain', A).out
        self.assertIn('alice', told)
        self.assertCli(MAY_NOT, 'explain', STRANGER)

    def test_explain_tells_all_rules_in_order(self):
        numbers = re.findall(r'^[ >-]*(\d+)  ', self.popgated.must('explain', A), re.MULTILINE)
        self.assertEqual(numbers, [str(number) for number in range(1, 13)])
        steps = self.popgated.cli('--json', 'explain', A).objects()[0]['steps']
        self.assertEqual([step['rule'] for step in steps], list(range(1, 13)))
        self.assertEqual([step['rule'] for step in steps if step['decides']], [9])

    def test_list(self):
        grants = self.popgated.grants()
        self.assertEqual(set(grants), {A, B, C})
        grant = grants[A]
        self.assertEqual((grant['user'], grant['service'], grant['count']), ('alice', 'pop3', '2'))
        self.assertAlmostEqual(float(grant['newest']), self.login_time + 10, delta=1.0)
        self.assertAlmostEqual(float(grant['until']), self.login_time + 10 + 30 * 60, delta=1.0)
        self.assertEqual(grants[C]['service'], 'imap')

    def test_list_of_some(self):
        self.assertEqual(set(self.popgated.grants('--user', 'carol')), {B})
        self.assertEqual(set(self.popgated.grants('--net', '192.0.2.0/24')), {A, B})
        self.assertEqual(set(self.popgated.grants('--net', '2001:db8::/32')), {C})

    def test_status(self):
        self.assertIn(self.popgated.source, self.popgated.must('status'))

    def test_json(self):
        for command in (('check', A), ('check', STRANGER), ('explain', A), ('list',), ('status',)):
            with self.subTest(command):
                objects = self.popgated.cli('--json', *command).objects()
                self.assertTrue(objects)
                self.assertTrue(all(isinstance(one, dict) for one in objects), objects)

    def test_json_list(self):
        grants = {one['address']: one for one in self.popgated.cli('--json', 'list').objects()}
        self.assertEqual(set(grants), {A, B, C})
        self.assertEqual(grants[A]['user'], 'alice')

    def test_names_in_bad_utf8_cannot_break_json(self):
        self.log.append(loglines.iso(STRANGER, 'b@d').replace(b'b@d', b'b\xff"\\\xc3d'))
        self.popgated.wait_for_verdict('OK', STRANGER)
        grants = {one['address']: one for one in self.popgated.cli('--json', 'list').objects()}
        self.assertEqual(grants[STRANGER]['user'], 'b\ufffd"\\\ufffdd')

    def test_names_cannot_break_lines(self):
        self.log.append(loglines.iso(STRANGER, 'b@d').replace(b'b@d', b'b\x7f\xc2\x9bd'))
        self.popgated.wait_for_verdict('OK', STRANGER)
        self.assertNotRegex(self.popgated.must('list'), '[\x7f\x9b]')

    def test_usage(self):
        for arguments in (('check',), ('check', 'no-address'), ('list', A), ('no-such-command',), ('--no-such-option',), (),
                          ('allow', '192.0.2.0/33'), ('deny', A, '--for', '2'), ('list', '--net', 'x'), ('forget', 'x')):
            with self.subTest(arguments):
                result = self.assertCli(USAGE, *arguments)
                self.assertEqual(result.out, '')
                self.assertTrue(result.err)


class Reading(DaemonTest):
    """Whoever reads may stop."""

    N = 20000

    def test_it_ends_with_its_reader(self):
        self.log.append(b''.join(loglines.iso(f'10.1.{number // 256}.{number % 256}') for number in range(self.N)))
        self.popgated.start()
        self.popgated.wait_for_verdict('OK', f'10.1.{(self.N - 1) // 256}.{(self.N - 1) % 256}')
        for arguments in (('list',), ('--json', 'list'), ('export',)):
            with self.subTest(arguments):
                popgate = subprocess.Popen([POPGATE, '-c', self.popgated.conf, *arguments], stdout=subprocess.PIPE,
                                           stderr=subprocess.PIPE)
                self.assertTrue(popgate.stdout.readline())
                popgate.stdout.close()
                self.assertEqual((popgate.wait(timeout=10), popgate.stderr.read()), (-signal.SIGPIPE, b''))
                popgate.stderr.close()


class Changing(CliTest):

    def test_allow_and_forget(self):
        self.popgated.must('allow', STRANGER, '--why', 'the old scanner')
        self.assertCli(MAY, 'check', STRANGER)
        self.assertVerdict('OK', STRANGER)
        self.assertIn('the old scanner', self.popgated.must('explain', STRANGER))
        self.popgated.must('forget', self.note_of('allow', STRANGER))
        self.assertVerdict('DUNNO', STRANGER)

    def test_deny_and_forget(self):
        self.popgated.must('deny', '192.0.2.0/24')
        self.assertCli(MAY_NOT, 'check', A)
        self.assertVerdict('DUNNO', A)
        self.assertVerdict('OK', C)
        self.popgated.must('forget', self.note_of('deny', '192.0.2.0/24'))
        self.assertVerdict('OK', A)

    def test_deny_for_a_while(self):
        self.popgated.must('deny', A, '--for', '1s')
        self.assertVerdict('DUNNO', A)
        self.popgated.wait_for_verdict('OK', A)

    def test_deny_user(self):
        self.popgated.must('deny', 'user:bob')
        self.assertVerdict('OK', A)
        self.assertVerdict('DUNNO', C)

    def test_revoke(self):
        self.popgated.must('revoke', A)
        self.assertVerdict('DUNNO', A)
        self.log.append(loglines.iso(A))
        self.popgated.wait_for_verdict('OK', A)

    def test_revoke_user(self):
        self.popgated.must('revoke', 'user:alice')
        self.assertVerdict('OK', A)
        self.popgated.must('revoke', 'user:bob')
        self.assertVerdict('DUNNO', A)
        self.assertVerdict('DUNNO', C)
        self.assertVerdict('OK', B)

    def test_freeze_and_thaw(self):
        self.popgated.must('freeze')
        self.assertVerdict('DEFER_IF_REJECT', A)
        self.assertCli(MAY_NOT, 'check', A)
        self.popgated.restart()
        self.assertVerdict('DEFER_IF_REJECT', A)
        self.popgated.must('thaw')
        self.assertVerdict('OK', A)

    def test_reload(self):
        self.popgated.configure({'popgate.window': '20s'})
        self.assertVerdict('OK', A)
        self.popgated.must('reload')
        self.popgated.wait_for_verdict('DUNNO', A)
        self.assertVerdict('OK', C)

    def test_notes_are_durable(self):
        """What was said to be done is still done after a crash at the very next moment."""
        for number, command in enumerate((('deny', A), ('allow', STRANGER), ('revoke', B), ('deny', 'user:bob'))):
            with self.subTest(command):
                self.popgated.must(*command)
                self.popgated.kill()
                self.popgated.start()
                self.assertVerdict('DUNNO', A)
                self.assertVerdict('OK' if number >= 1 else 'DUNNO', STRANGER)
                self.assertVerdict('DUNNO' if number >= 2 else 'OK', B)
                self.assertVerdict('DUNNO' if number >= 3 else 'OK', C)

    def test_json_of_a_change(self):
        result = self.popgated.cli('--json', 'deny', A)
        self.assertEqual(result.status, DONE)
        self.assertEqual(len(result.objects()), 1)

    def note_of(self, kind, target):
        """The number by which `explain` names the note."""
        told = self.popgated.cli('explain', target.partition('/')[0]).out
        match = re.search(rf'{kind} {re.escape(target)}\b.*?\(note (\d+)\)', told)
        self.assertTrue(match, told)
        return match[1]


class Several(CliTest):
    """Several operands at once, as arguments or as lines of the standard input."""

    def json(self, *arguments, stdin=''):
        result = self.popgated.cli('--json', *arguments, stdin=stdin)
        return result, result.objects()

    def test_each_is_answered_in_order(self):
        result, rows = self.json('check', B, A, C)
        self.assertEqual([row['address'] for row in rows], [B, A, C])
        self.assertEqual(result.status, MAY)

    def test_the_worst_is_the_exit_status(self):
        for status, addresses in ((MAY_NOT, (A, STRANGER, B)), (USAGE, (A, 'nobody', STRANGER))):
            with self.subTest(addresses):
                self.assertCli(status, 'check', *addresses)

    def test_cannot_tell_is_worse_than_no(self):
        self.popgated.must('deny', STRANGER)
        self.popgated.restart({'log.source': f'file:{self.folder}/none.log', 'log.stale': '1s'})
        self.popgated.wait_for_verdict('DEFER_IF_REJECT', '198.51.100.2')
        self.assertCli(CANNOT_TELL, 'check', '198.51.100.2', STRANGER)
        self.assertCli(CANNOT_TELL, 'check', STRANGER, '198.51.100.2', 'nobody')

    def test_lines_of_stdin(self):
        lines = f'# who asks\n\n  {A}\t\n#{B}\r\n{STRANGER}\r\n{C}'
        result, rows = self.json('check', '-', stdin=lines)
        self.assertEqual([row['address'] for row in rows], [A, STRANGER, C])
        self.assertEqual((result.status, result.err), (MAY_NOT, ''))

    def test_arguments_and_stdin(self):
        _, rows = self.json('check', B, '-', C, stdin=f'{A}\n')
        self.assertEqual([row['address'] for row in rows], [B, A, C])

    def test_a_bad_line_is_told_with_its_number_and_the_rest_is_done(self):
        for bad in ('no-address', 'x' * 600, 'x' * 20000, 'a\0b'):
            with self.subTest(bad[:20]):
                result, rows = self.json('check', '-', stdin=f'#\n{A}\n{bad}\n{bad}\n{B}\n')
                self.assertEqual([row['address'] for row in rows], [A, B])
                self.assertEqual(result.status, USAGE)
                self.assertEqual(re.findall(r'^popgate: line (\d+): ', result.err, re.MULTILINE), ['3', '4'])

    def test_a_bad_argument_is_told_and_the_rest_is_done(self):
        result = self.assertCli(USAGE, 'deny', A, 'nobody', '192.0.2.0/33', B)
        self.assertIn('"nobody"', result.err)
        self.assertIn('"192.0.2.0/33"', result.err)
        self.assertVerdict('DUNNO', A)
        self.assertVerdict('DUNNO', B)
        self.assertVerdict('OK', C)

    def test_a_long_last_line_without_end(self):
        result, rows = self.json('check', '-', stdin=f'{A}\n{"x" * 20000}')
        self.assertEqual((result.status, len(rows)), (USAGE, 1))
        self.assertIn('line 2: ', result.err)

    def test_nothing_on_stdin(self):
        self.assertEqual(self.assertCli(MAY, 'check', '-').out, '')

    def test_many_over_one_connection(self):
        """More than there may be connections, and each answered."""
        addresses = [f'198.51.{number // 250}.{number % 250}' for number in range(2000)]
        _, rows = self.json('check', '-', stdin='\n'.join(addresses))
        self.assertEqual([row['address'] for row in rows], addresses)

    def test_answers_come_as_lines_come(self):
        program = subprocess.Popen([POPGATE, '-c', self.popgated.conf, 'check', '-'], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait, 10)
        self.addCleanup(program.stdin.close)
        for address in (A, STRANGER, B):
            program.stdin.write(f'{address}\n')
            program.stdin.flush()
            self.assertIn(address, program.stdout.readline())

    def test_a_daemon_that_goes_ends_it(self):
        program = subprocess.Popen([POPGATE, '-c', self.popgated.conf, 'check', '-'], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        program.stdin.write(f'{A}\n')
        program.stdin.flush()
        self.assertIn(A, program.stdout.readline())
        self.popgated.stop()
        _, err = program.communicate(f'{B}\n{C}\n', 10)
        self.assertEqual((program.returncode, len(err.splitlines())), (CANNOT_TELL, 1), err)
        self.assertIn('line 2: ', err)

    def test_notes(self):
        self.popgated.must('deny', A, 'user:bob', '--why', 'stolen')
        self.assertVerdict('DUNNO', A)
        self.assertVerdict('DUNNO', C)
        notes = self.popgated.cli('--json', 'status').objects()[0]['notes']
        self.assertEqual([(note['target'], note['why']) for note in notes], [(A, 'stolen'), ('user:bob', 'stolen')])
        numbers = ''.join(f'{note["note"]}\n' for note in notes)
        self.assertCli(USAGE, 'forget', '999', 'x')
        self.assertEqual(self.popgated.cli('forget', '-', stdin=numbers).status, DONE)
        self.assertVerdict('OK', A)
        self.assertVerdict('OK', C)
        self.popgated.must('revoke', B, 'user:bob')
        self.assertVerdict('DUNNO', B)
        self.popgated.must('allow', B, STRANGER, '198.51.100.0/30')
        for address in (B, STRANGER, '198.51.100.2'):
            self.assertVerdict('OK', address)

    def test_allow_of_a_user_names_it(self):
        self.assertIn('user:bob', self.assertCli(USAGE, 'allow', 'user:bob', STRANGER).err)
        self.assertVerdict('OK', STRANGER)

    def test_offline(self):
        self.popgated.stop()
        result, rows = self.json('check', A, '-', stdin=f'{STRANGER}\nx\n{B}\n')
        self.assertEqual([row['may_relay'] for row in rows], [True, False, True])
        self.assertEqual(result.status, USAGE)
        self.assertIn('line 2: ', result.err)
        self.assertEqual(len(self.assertCli(MAY, 'check', A, B, C).err.splitlines()), 1)


class OnTerminal(CliTest):
    """What people see: tables that fit, colours where there may be some."""

    LONG = '2001:db8:1234:5678:9abc:def0:1234:5678'

    def show(self, *arguments, **how):
        return terminal.run([POPGATE, '-c', self.popgated.conf, *arguments], **how)

    def table(self, *arguments, **how):
        status, shown = self.show('list', *arguments, **how)
        self.assertEqual(status, DONE)
        return terminal.plain(shown).splitlines()

    def test_list_is_a_table(self):
        title, *rows = self.table()
        self.assertEqual(title.split(), ['ADDRESS', 'LAST', 'PERMITS', 'LOGINS', 'SERVICE', 'USER'])
        row = next(row for row in rows if row.startswith(f'{A} '))
        self.assertRegex(row, r'^192\.0\.2\.1 +\d+s ago +29m more +2  pop3 +alice$')
        for word in ('LAST', 'PERMITS', 'SERVICE', 'USER'):
            self.assertEqual({row[title.index(word) - 1] for row in rows}, {' '}, rows)

    def test_list_fits(self):
        self.log.append(loglines.iso(self.LONG, 'somebody.with.a.very.long.name@example.org') + loglines.iso(STRANGER, 'x' * 80))
        self.popgated.wait_for_verdict('OK', STRANGER)
        for columns in (80, 40, 132):
            with self.subTest(columns):
                lines = self.table(columns=columns)
                self.assertLessEqual(max(map(len, lines)), max(columns, 80))
                self.assertIn(self.LONG, [word for line in lines for word in line.split()])
        self.assertTrue(any(line.endswith('example.org') for line in self.table(columns=132)))

    def test_list_of_what_is_over(self):
        self.popgated.configure({'popgate.window': '55s'})
        self.popgated.must('reload')
        self.assertFalse(any(B in row for row in self.table()))
        over = [row for row in self.table('--expired') if row.startswith(f'{B} ')]
        self.assertRegex(over[0], r' 1m ago +over ')

    def test_list_of_many(self):
        count = 1200
        self.log.append(b''.join(loglines.iso(f'10.0.{n >> 8}.{n & 255}') for n in range(count)))
        self.popgated.wait_for_verdict('OK', f'10.0.{count - 1 >> 8}.{count - 1 & 255}')
        lines = self.table('--net', '10.0.0.0/8')
        self.assertEqual(len({line.split()[0] for line in lines}), count + 1)
        self.assertEqual(len({line.index(' bob') for line in lines[1:]}), 1)

    def test_list_of_nothing(self):
        self.assertEqual(self.table('--user', 'nobody'), [])

    def test_json_is_the_same_everywhere(self):
        _, shown = self.show('--json', 'list', '--net', B)
        self.assertEqual(shown, self.popgated.must('--json', 'list', '--net', B))

    def test_colours(self):
        for address, colour in ((A, '\x1b[32m'), (STRANGER, '\x1b[31m')):
            self.assertTrue(self.show('check', address)[1].startswith(colour))
        self.popgated.must('freeze')
        self.assertTrue(self.show('check', A)[1].startswith('\x1b[31m'))
        self.assertIn('\x1b[31m', self.show('status')[1])

    def test_no_colours(self):
        for command in (('check', A), ('explain', A), ('list',)):
            with self.subTest(command):
                self.assertNotIn('\x1b', self.show(*command, environment={'NO_COLOR': '1'})[1])
                self.assertNotIn('\x1b', self.popgated.must(*command))
                self.assertIn('\x1b', self.show(*command, environment={'NO_COLOR': ''})[1])

    def test_status_fits_and_is_aligned(self):
        self.popgated.must('deny', 'user:bob', '--for', '2h', '--why', 'the account was stolen, ask Ann before you forget it')
        self.popgated.must('allow', '198.51.100.0/28')
        _, shown = self.show('status')
        lines = shown.splitlines()
        self.assertLessEqual(max(map(len, lines)), 80, shown)
        self.assertEqual({line[12:13] for line in lines}, {' '}, shown)
        self.assertNotIn(' ', {line[13:14] for line in lines}, shown)
        self.assertRegex(' '.join(shown.split()), r'note 1 deny user:bob, by root at .*, for [12]h more, until .*: the account was stolen')

    def test_status_shouts(self):
        """What is wrong is told in capitals, and red where there may be colour; and nothing else is."""
        self.assertNotRegex(self.popgated.must('status'), r'(?m)^[A-Z]')
        self.popgated.must('freeze')
        self.popgated.restart({'log.source': f'file:{self.folder}/absent.log', 'log.stale': '1s'})
        wait_for(lambda: 'blind' in self.popgated.must('status'), 'the log to be missed')
        self.assertRegex(self.show('status')[1], r'(?m)^\x1b\[31mSOURCE ')
        self.popgated.stop()
        with open(self.popgated.store, 'rb') as store:
            fcntl.flock(store, fcntl.LOCK_EX)
            self.popgated.start()
            self.assertRegex(self.show('status')[1], r'(?m)^\x1b\[31mSTORE ')
        wait_for(lambda: 'FROZEN' in self.popgated.must('status'), 'the freeze to be known again')
        self.assertRegex(self.show('status')[1], r'(?m)^\x1b\[31mFROZEN ')
        self.assertNotIn('\x1b', self.popgated.must('status'))

    def test_help_fits(self):
        commands = re.findall(r'^  ([a-z]+)', run(POPGATE, '--help').out.partition('Commands:')[2], re.MULTILINE)
        self.assertIn('list', commands)
        for command in ([], *([name] for name in commands)):
            with self.subTest(command):
                result = run(POPGATE, *command, '--help')
                self.assertEqual(result.status, DONE)
                self.assertLessEqual(max(map(len, result.out.splitlines())), 80, result.out)


class Offline(CliTest):
    """No daemon runs: what only reads is told from the database, and what changes something fails."""

    def setUp(self):
        super().setUp()
        self.popgated.must('deny', B)
        self.online = self.popgated.grants()
        self.popgated.stop()

    def test_check(self):
        self.assertCli(MAY, 'check', A)
        self.assertCli(MAY_NOT, 'check', B)
        self.assertCli(MAY_NOT, 'check', STRANGER)

    def test_explain(self):
        self.assertIn('alice', self.assertCli(MAY, 'explain', A).out)

    def test_list(self):
        self.assertEqual(self.popgated.grants(), self.online)

    def test_changes_fail(self):
        for command in (('allow', STRANGER), ('deny', A), ('revoke', A), ('freeze',), ('thaw',), ('reload',), ('status',)):
            with self.subTest(command):
                self.assertTrue(self.assertCli(FAILED, *command).err)

    def test_without_database(self):
        self.popgated.configure({'popgate.store': f'gdbm:{self.folder}/absent.gdbm'})
        self.assertCli(CANNOT_TELL, 'check', A)

    def test_damaged_database(self):
        with open(self.popgated.store, 'r+b') as store:
            store.write(b'x' * 4096)
        self.assertCli(CANNOT_TELL, 'check', A)

    def test_reading_does_not_hinder_the_daemon(self):
        self.assertCli(MAY, 'check', A)
        self.popgated.start()
        self.assertVerdict('OK', A)


class Parse(CliTest):
    """The dry run over logs needs neither daemon nor database."""

    def parse(self, *arguments, stdin=''):
        result = run(POPGATE, *arguments, stdin=stdin)
        self.assertEqual(result.status, DONE, result)
        return result

    def test_files(self):
        found = self.parse('--json', 'parse', self.popgated.source).objects()
        self.assertEqual([(one['line'], one['address'], one['user'], one['service']) for one in found],
                         [(1, A, 'bob', 'pop3'), (2, A, 'alice', 'pop3'), (3, B, 'carol', 'pop3'), (4, C, 'bob', 'imap')])
        self.assertTrue(all(one['grants'] is True for one in found), found)

    def test_stdin(self):
        lines = (loglines.rfc3164('127.0.0.5') + loglines.filler(1000) + loglines.rfc3164(A)).decode()
        found = self.parse('--json', 'parse', stdin=lines).objects()
        self.assertEqual([(one['address'], one['grants']) for one in found], [('127.0.0.5', False), (A, True)])

    def test_dovecot_format(self):
        lines = loglines.own_file(A).decode()
        self.assertEqual(len(self.parse('--json', 'parse', '--format', 'dovecot', stdin=lines).objects()), 1)
        self.assertEqual(self.parse('--json', 'parse', '--format', 'syslog', stdin=lines).objects(), [])

    def test_for_people(self):
        self.assertIn('alice', self.parse('parse', self.popgated.source).out)
