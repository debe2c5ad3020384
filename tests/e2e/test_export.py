# SPDX-License-Identifier: GPL-3.0-or-later
"""popgate export and import: from one database to another."""

import base64
import json
import os
import random
import re
import socket
import subprocess
import time

import loglines
from mailsite import DaemonTest
from popgate import DONE, FAILED, POPGATE, USAGE, Popgated, run

A, B, C = '192.0.2.1', '192.0.2.2', '2001:db8::3'
STRANGER = '198.51.100.1'
MICRO = 1_000_000
MEMORY = 4_000_000  # bytes: the text alone of 30,000 grants is more


class ExportTest(DaemonTest):
    """`popgated` is the old host; `other` the new one, which begins with nothing."""

    def setUp(self):
        super().setUp()
        self.began = time.time() - 60
        self.log.append(loglines.iso(A, 'bob', self.began) + loglines.iso(A, 'alice', self.began + 10)
                        + loglines.iso(B, 'carol', self.began) + loglines.iso(C, 'bob', self.began, service='imap'))
        self.popgated.start()
        for address in (A, B, C):
            self.popgated.wait_for_verdict('OK', address)

    def start_other(self, settings=None):
        folder = f'{self.folder}/other'
        os.mkdir(folder)
        other = Popgated(folder, settings)
        loglines.LogFile(other.source).append(b'')
        self.addCleanup(other.end)
        return other.start()

    def export(self, popgated=None):
        result = (popgated or self.popgated).cli('export')
        self.assertEqual((result.status, result.err), (DONE, ''))
        return result.out

    def bring(self, popgated, text, *options, status=DONE):
        """Import `text`; returns what was told, as an object, and the standard error."""
        result = popgated.cli('--json', 'import', *options, stdin=text)
        self.assertEqual(result.status, status, result)
        return (result.objects() or [None])[0], result.err

    @staticmethod
    def objects(text, kind):
        return [row for row in map(json.loads, text.splitlines()) if kind in row]

    @staticmethod
    def make(*rows, told=None):
        """An export of these rows."""
        head = {'popgate_export': 1, 'version': '0', 'time_us': round((told or time.time()) * MICRO)}
        end = {'end': True, 'notes': sum('note' in row for row in rows), 'grants': sum('grant' in row for row in rows)}
        return ''.join(f'{json.dumps(row)}\n' for row in (head, *rows, end))

    @staticmethod
    def grant(address, user='bob', when=None, **others):
        us = round((when or time.time() - 60) * MICRO)
        return {'grant': address, 'newest_us': us, 'first_us': us, 'count': 1, 'dropped_us': None,
                'users': [{'user': user, 'time_us': us, 'service': 'pop3', 'server': 'dovecot'}], **others}

    @staticmethod
    def note(kind, target, made=None, **others):
        return {'note': kind, 'target': target, 'by': 'ann', 'made_us': round((made or time.time() - 5) * MICRO), 'until_us': None,
                'why': '', **others}


class Exporting(ExportTest):

    def test_all_is_told(self):
        self.popgated.must('deny', B, '--why', 'lost "it"', '--for', '1h')
        self.popgated.must('revoke', 'user:carol')
        text = self.export()
        rows = [json.loads(line) for line in text.splitlines()]
        self.assertEqual(rows[0]['popgate_export'], 1)
        self.assertAlmostEqual(rows[0]['time_us'] / MICRO, time.time(), delta=5)
        self.assertEqual(rows[-1], {'end': True, 'notes': 2, 'grants': 3})
        deny, revoke = self.objects(text, 'note')
        self.assertEqual((deny['note'], deny['target'], deny['why'], deny['by']), ('deny', B, 'lost "it"', 'root'))
        self.assertAlmostEqual((deny['until_us'] - deny['made_us']) / MICRO, 3600, delta=1)
        self.assertEqual((revoke['note'], revoke['target'], revoke['until_us']), ('revoke', 'user:carol', None))
        grant = {row['grant']: row for row in self.objects(text, 'grant')}[A]
        self.assertEqual((grant['count'], grant['dropped_us']), (2, None))
        self.assertEqual([user['user'] for user in grant['users']], ['alice', 'bob'])
        self.assertAlmostEqual(grant['newest_us'] / MICRO, self.began + 10, delta=0.001)
        self.assertAlmostEqual(grant['first_us'] / MICRO, self.began, delta=0.001)

    def test_offline_is_the_same(self):
        online = self.export()
        self.popgated.stop()
        result = self.popgated.cli('export')
        self.assertEqual(result.status, DONE)
        for kind in ('grant', 'note', 'end'):
            self.assertEqual(sorted(map(str, self.objects(result.out, kind))), sorted(map(str, self.objects(online, kind))))

    def test_no_memory_for_many(self):
        """The command is given less memory than all grants would need."""
        count = 30_000
        self.log.append(b''.join(loglines.iso(f'10.{n >> 16}.{n >> 8 & 255}.{n & 255}') for n in range(count)))
        self.popgated.wait_for_verdict('OK', f'10.0.{count - 1 >> 8}.{count - 1 & 255}')
        with open(f'{self.folder}/export', 'w', encoding='utf-8') as out:
            argv = ['prlimit', f'--data={MEMORY}', POPGATE, '-c', self.popgated.conf, 'export']
            subprocess.run(argv, stdout=out, check=True, timeout=60)
        with open(f'{self.folder}/export', encoding='utf-8') as text:
            lines = text.readlines()
        self.assertEqual(json.loads(lines[-1])['grants'], count + 3)
        self.assertEqual(len(lines), count + 5)
        self.assertGreater(sum(map(len, lines)), MEMORY)

    def test_a_full_disk_is_told(self):
        with open('/dev/full', 'w', encoding='utf-8') as full:
            done = subprocess.run([POPGATE, '-c', self.popgated.conf, 'export'], stdout=full, stderr=subprocess.PIPE, text=True,
                                  timeout=10, check=False)
        self.assertEqual(done.returncode, FAILED)
        self.assertIn('cannot write', done.stderr)


class Importing(ExportTest):

    def test_the_new_host_answers_as_the_old_one(self):
        self.popgated.must('deny', B)
        self.popgated.must('allow', '198.51.100.0/28', '--why', 'meters')
        text = self.export()
        other = self.start_other()
        told, _ = self.bring(other, text)
        self.assertEqual(told, {'new': 5, 'renewed': 0, 'kept': 0, 'refused': 0, 'bad': 0, 'dry_run': False})
        for address in (A, B, C, STRANGER, '203.0.113.1'):
            self.assertEqual(other.verdict(address), self.popgated.verdict(address), address)
        self.assertEqual(other.grants(), self.popgated.grants())
        again = self.export(other)
        for kind in ('grant', 'note', 'end'):
            self.assertEqual(sorted(map(str, self.objects(again, kind))), sorted(map(str, self.objects(text, kind))))

    def test_twice_is_as_once(self):
        self.popgated.must('revoke', 'user:alice')
        text = self.export()
        other = self.start_other()
        self.bring(other, text)
        before = self.export(other).splitlines()[1:]
        told, _ = self.bring(other, text)
        self.assertEqual((told['new'], told['renewed'], told['kept']), (0, 0, 4))
        self.assertEqual(self.export(other).splitlines()[1:], before)

    def test_it_is_on_the_disk(self):
        text = self.export()
        other = self.start_other()
        self.bring(other, text)
        other.kill()
        other.start()
        self.assertEqual(other.verdict(A), 'OK')

    def test_dry_run(self):
        text = self.export()
        other = self.start_other()
        told, _ = self.bring(other, text, '--dry-run')
        self.assertEqual((told['new'], told['dry_run']), (3, True))
        self.assertEqual((other.verdict(A), other.grants()), ('DUNNO', {}))
        self.assertNotIn('control by=', other.log())

    def test_nothing_becomes_newer(self):
        old = time.time() - 29 * 60
        text = self.make(self.grant(STRANGER, when=old), self.grant(A, 'alice', when=old))
        told, _ = self.bring(self.popgated, text)
        self.assertEqual((told['new'], told['renewed']), (1, 1))  # of the latter, the first login
        grants = self.popgated.grants()
        self.assertAlmostEqual(float(grants[STRANGER]['newest']), old, delta=1)
        self.assertAlmostEqual(float(grants[A]['newest']), self.began + 10, delta=1)

    def test_users_are_brought_together(self):
        self.bring(self.popgated, self.make(self.grant(A, 'dora', when=self.began + 20), self.grant(B, 'carol', self.began + 30)))
        users = self.popgated.cli('--json', 'explain', A).objects()[0]['logins']
        self.assertEqual([login['user'] for login in users], ['dora', 'alice', 'bob'])
        self.assertAlmostEqual(float(self.popgated.grants()[B]['newest']), self.began + 30, delta=1)

    def test_the_future_is_not_taken(self):
        now = time.time()
        text = self.make(self.grant(STRANGER, when=now + 3600), self.grant('198.51.100.2', when=now + 2), told=now)
        told, err = self.bring(self.popgated, text)
        self.assertEqual((told['new'], told['refused']), (1, 1))
        self.assertIn('line 2: not taken: its login is later than the export', err)
        self.assertVerdict('DUNNO', STRANGER)
        self.assertLessEqual(int(self.popgated.grants()['198.51.100.2']['newest']), time.time())

    def test_an_export_of_the_future_is_refused(self):
        text = self.make(self.grant(STRANGER, when=time.time() + 600), told=time.time() + 600)
        self.assertIn('in the future', self.bring(self.popgated, text, status=USAGE)[1])
        self.assertVerdict('DUNNO', STRANGER)

    def test_what_is_set_here_holds(self):
        text = self.export()
        other = self.start_other({'log.never_users': 'alice', 'log.services': 'pop3', 'log.never_grant': '192.0.2.2'})
        told, err = self.bring(other, text)
        self.assertEqual((told['new'], told['refused']), (2, 1), err)
        self.assertIn('its service does not grant', err)
        self.assertEqual([other.verdict(address) for address in (A, B, C)], ['OK', 'DUNNO', 'DUNNO'])
        self.assertEqual(other.grants()[A]['user'], 'bob')

    def test_denies_and_revokes_hold(self):
        text = self.export()
        other = self.start_other()
        other.must('deny', 'user:carol')
        other.must('revoke', A)
        self.bring(other, text)
        self.assertEqual([other.verdict(address) for address in (A, B, C)], ['DUNNO', 'DUNNO', 'OK'])

    def test_a_revoke_keeps_its_moment(self):
        self.popgated.must('revoke', A)
        text = self.export()
        self.log.append(loglines.iso(A))
        self.popgated.wait_for_verdict('OK', A)
        other = self.start_other()
        self.bring(other, text)
        self.assertEqual(other.verdict(A), 'DUNNO')
        self.bring(other, self.export())
        self.assertEqual(other.verdict(A), 'OK')
        self.bring(other, text)
        self.assertEqual(other.verdict(A), 'OK')

    def test_of_two_notes_the_later_one_stays(self):
        old, new = time.time() - 100, time.time() - 50
        self.bring(self.popgated, self.make(self.note('deny', A, old, why='first')))
        self.bring(self.popgated, self.make(self.note('deny', A, new, why='second')))
        told, _ = self.bring(self.popgated, self.make(self.note('deny', A, old, why='third')))
        self.assertEqual(told['kept'], 1)
        note, = self.popgated.cli('--json', 'status').objects()[0]['notes']
        self.assertEqual((note['why'], note['by'], note['made']), ('second', 'ann', int(new)))

    def test_a_freeze_is_told(self):
        result = self.popgated.cli('import', stdin=self.make(self.note('freeze', 'all')))
        self.assertEqual(result.status, DONE)
        self.assertIn('thaw', result.out)
        self.assertVerdict('DEFER_IF_REJECT', A)

    def test_each_note_is_logged(self):
        self.bring(self.popgated, self.make(self.note('deny', '192.0.2.7', why='thief'), self.note('deny', '192.0.2.8'),
                                            *(self.grant(f'10.0.0.{n}') for n in range(200))))
        lines = [line for line in self.popgated.log().splitlines() if 'command="import"' in line]
        self.assertEqual(len(lines), 3, lines)
        self.assertIn('192.0.2.7', lines[0])
        self.assertIn('192.0.2.8', lines[1])
        self.assertIn('new=202', lines[2])

    def test_names_of_any_bytes(self):
        self.log.append(loglines.iso(STRANGER, 'b@d').replace(b'b@d', b'b\xff"\\\xc3d'))
        self.popgated.wait_for_verdict('OK', STRANGER)
        other = self.start_other()
        self.bring(other, self.export())
        grant, = (row for row in self.objects(self.export(other), 'grant') if row['grant'] == STRANGER)
        self.assertEqual(base64.b64decode(grant['users'][0]['user_base64']), b'b\xff"\\\xc3d')

    def test_bad_lines_are_told_and_the_rest_is_done(self):
        bad = ('x', '[]', '{"x":1}', json.dumps(self.grant('nobody')), json.dumps(self.grant(B, users=[{}])),
               json.dumps(self.note('deny', 'user:')), json.dumps(self.note('what', A)),
               json.dumps(self.grant(B, newest_us='x')), '{"grant":"' + 'x' * 20000 + '"}', json.dumps(self.grant(B, 'a\0b')))
        good = [json.dumps(self.grant(f'10.0.0.{n}')) for n in range(len(bad))]
        head, end = self.make().splitlines()
        lines = [head] + [line for pair in zip(bad, good) for line in pair]
        end = json.dumps({**json.loads(end), 'grants': len(lines) - 1})
        told, err = self.bring(self.popgated, '\n'.join([*lines, end]), status=USAGE)
        self.assertEqual((told['bad'], told['new']), (len(bad), len(good)), err)
        self.assertEqual(sorted(map(int, re.findall(r'^popgate: line (\d+): ', err, re.MULTILINE))),
                         list(range(2, len(lines), 2)))

    def test_a_cut_export_is_told(self):
        text = self.export()
        other = self.start_other()
        lines = text.splitlines(keepends=True)
        told, err = self.bring(other, ''.join(lines[:-1]), status=USAGE)
        self.assertEqual(told['new'], 3)
        self.assertIn('is cut', err)
        _, err = self.bring(other, ''.join(lines[:2] + lines[3:]), status=USAGE)
        self.assertIn('expected 3 lines', err)
        _, err = self.bring(other, ''.join(lines[:-1]) + text, status=USAGE)
        self.assertIn(f'line {len(lines)}: the export before it is cut', err)

    def test_nothing_is_no_export(self):
        for text in ('', '\n'):
            self.assertIn('empty: expected an export', self.bring(self.popgated, text, status=USAGE)[1])

    def test_each_note_of_a_request_by_hand_is_logged(self):
        note = self.note('allow', STRANGER, why='forged')
        exits = [self.ask_by_hand({'command': 'import', 'told_us': round(time.time() * MICRO), 'grants': None, 'notes': notes})
                 for notes in ([note], [note, note])]
        self.assertEqual(exits, [DONE, USAGE])
        self.assertEqual(len([line for line in self.popgated.log().splitlines() if 'forged' in line]), 2)

    def ask_by_hand(self, request):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.popgated.control)
            client.sendall(json.dumps(request).encode() + b'\n')
            with client.makefile() as answer:
                return next(row['exit'] for row in map(json.loads, answer) if 'exit' in row)

    def test_several_exports_in_a_row(self):
        told, _ = self.bring(self.popgated, self.make(self.grant('10.0.0.1')) + self.make(self.grant('10.0.0.2')))
        self.assertEqual(told['new'], 2)

    def test_what_is_no_export_is_refused_at_once(self):
        for text in ('x\n', json.dumps(self.grant(STRANGER)) + '\n', '{"popgate_export":2,"time_us":1}\n', '{"popgate_export":1}\n'):
            with self.subTest(text):
                self.bring(self.popgated, text + self.make(self.grant(STRANGER)), status=USAGE)
                self.assertVerdict('DUNNO', STRANGER)

    def test_it_needs_the_daemon(self):
        text = self.export()
        self.popgated.stop()
        result = self.popgated.cli('import', stdin=text)
        self.assertEqual(result.status, FAILED)
        self.assertIn('needs popgated to run', result.err)

    def test_many_lines_need_little_of_the_loop(self):
        """While very many grants are imported, others are answered as they were."""
        text = self.make(*(self.grant(f'10.{n >> 16}.{n >> 8 & 255}.{n & 255}') for n in range(20_000)))
        program = subprocess.Popen([POPGATE, '-c', self.popgated.conf, '--json', 'import'], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        program.stdin.write(text[:1 << 15])
        waits = []
        chunks = [text[at:at + (1 << 15)] for at in range(1 << 15, len(text), 1 << 15)]
        for chunk in chunks:
            program.stdin.write(chunk)
            program.stdin.flush()
            began = time.perf_counter()
            self.assertVerdict('OK', A)
            waits.append(time.perf_counter() - began)
        out, _ = program.communicate(timeout=60)
        self.assertEqual(json.loads(out)['new'], 20_000)
        self.assertLess(sorted(waits)[len(waits) // 2], 0.05)


class Damage(ExportTest):
    """Exports with bytes changed at random: nothing is granted that is not there, and the daemon stays well."""

    def test_random_changes(self):
        text = self.export().encode()
        other = self.start_other()
        random.seed(1)
        for _ in range(60):
            damaged = bytearray(text)
            for _ in range(3):
                damaged[random.randrange(len(damaged))] = random.randrange(256)
            done = subprocess.run([POPGATE, '-c', other.conf, 'import'], input=bytes(damaged), capture_output=True, timeout=10,
                                  check=False)
            self.assertIn(done.returncode, (DONE, USAGE), done)
        self.assertEqual(run(POPGATE, '-c', other.conf, 'status').status, DONE)
        self.assertLessEqual(max(int(grant['newest']) for grant in other.grants().values()), time.time())
