# SPDX-License-Identifier: GPL-3.0-or-later
"""popgate explain: the whole story, now and at an earlier moment."""

import json
import re
import time

import loglines
import terminal
from mailsite import DaemonTest
from popgate import CANNOT_TELL, MAY, MAY_NOT, POPGATE, USAGE

A, B, C = '192.0.2.1', '192.0.2.2', '2001:db8::3'
STRANGER = '198.51.100.1'
MINUTE = 60


class ExplainTest(DaemonTest):
    """Logins are merged by `import`, so that they may be of long ago."""

    def setUp(self):
        super().setUp()
        self.log.append(b'')
        self.popgated.start()
        self.now = time.time()

    def bring(self, address, *logins):
        """Have it know of `logins`: (user, minutes ago), ..., the newest first."""
        users = [{'user': user, 'time_us': self.micro(ago), 'service': 'pop3', 'server': 'dovecot'} for user, ago in logins]
        first = min(user['time_us'] for user in users)
        self.import_rows({'grant': address, 'newest_us': users[0]['time_us'], 'first_us': first, 'count': len(users),
                          'dropped_us': None, 'users': users})

    def bring_note(self, kind, target, ago, **others):
        self.import_rows({'note': kind, 'target': target, 'by': 'ann', 'made_us': self.micro(ago), 'until_us': None, 'why': '',
                          **others})

    def import_rows(self, *rows):
        head = {'popgate_export': 1, 'time_us': round(self.now * 1e6)}
        end = {'end': True, 'notes': sum('note' in row for row in rows), 'grants': sum('grant' in row for row in rows)}
        result = self.popgated.cli('import', stdin=''.join(f'{json.dumps(row)}\n' for row in (head, *rows, end)))
        self.assertEqual((result.status, result.err), (0, ''))

    def micro(self, ago):
        return round((self.now - ago * MINUTE) * 1e6)

    def explain(self, *arguments, status=None):
        """Its object, as of --json."""
        result = self.popgated.cli('--json', 'explain', *arguments)
        if status is not None:
            self.assertEqual(result.status, status, result)
        return result.objects()[0]

    def explain_at(self, ago, *arguments, status=None):
        return self.explain('--at', f'@{int(self.now - ago * MINUTE)}', *arguments, status=status)


class Now(ExplainTest):

    def test_all_logins_are_told(self):
        self.bring(A, ('alice', 12), ('bob', 45))
        story = self.explain(A, status=MAY)
        self.assertEqual([(login['user'], login['counts'], login['why_not']) for login in story['logins']],
                         [('alice', True, None), ('bob', False, 'its window is over')])
        for login in story['logins']:
            self.assertEqual(login['until'], login['time'] + 30 * MINUTE)
        self.assertEqual((story['stored']['address'], story['stored']['count'], story['stored']['dropped']), (A, 2, None))
        self.assertEqual(story['stored']['first'], self.micro(45) // 10**6)
        self.assertEqual((story['at'], story['can_tell'], story['unknown']), (None, True, []))

    def test_nothing_is_stored(self):
        story = self.explain(STRANGER, status=MAY_NOT)
        self.assertEqual((story['logins'], story['stored'], story['notes']), ([], None, []))
        self.assertIn('one permits for 30m', story['why'])

    def test_which_note_it_was(self):
        self.bring(A, ('alice', 5), ('bob', 6), ('carol', 7))
        self.popgated.must('deny', 'user:alice', '--why', 'stolen')
        self.popgated.must('revoke', 'user:Bob')
        story = self.explain(A, status=MAY)
        self.assertEqual([login['why_not'] for login in story['logins']],
                         ['its user is denied by note 1', 'revoked by note 2', None])
        self.assertEqual([(note['note'], note['kind'], note['target'], note['in_force']) for note in story['notes']],
                         [(1, 'deny', 'user:alice', True), (2, 'revoke', 'user:bob', True)])
        self.popgated.must('revoke', A)
        self.assertEqual({login['counts'] for login in self.explain(A, status=MAY_NOT)['logins']}, {False})

    def test_notes_that_concern_it(self):
        self.bring(A, ('alice', 5))
        for target in ('192.0.2.0/24', '198.51.100.0/24', 'user:alice', 'user:dora'):
            self.popgated.must('deny', target)
        self.popgated.must('freeze', '--why', 'moving')
        told = {note['target'] for note in self.explain(A)['notes']}
        self.assertEqual(told, {'192.0.2.0/24', 'user:alice', 'all'})
        self.assertIn('user:dora', {note['target'] for note in self.explain(A, '--user', 'dora')['notes']})

    def test_notes_that_are_over_are_told_as_well(self):
        self.bring_note('deny', A, 120, until_us=self.micro(60))
        note, = self.explain(A)['notes']
        self.assertFalse(note['in_force'])
        self.assertIn('over since', self.popgated.cli('explain', A).out)

    def test_where_a_user_logged_in(self):
        for number in range(30):
            self.bring(f'10.0.0.{number}', ('Bob', number + 1))
        self.bring(A, ('alice', 1))
        story = self.explain('--user', 'bob', A, status=MAY)
        self.assertEqual([login['address'] for login in story['user_logins']], [f'10.0.0.{number}' for number in range(20)])
        self.assertEqual(story['user_addresses'], 30)
        told = self.popgated.must('explain', '--user', 'bob', A)
        self.assertIn('of 10 other addresses', told)
        self.assertIn('10.0.0.0, pop3', told)

    def test_a_user_who_never_logged_in(self):
        self.bring(A, ('alice', 1))
        self.assertEqual(self.explain('--user', 'nobody', A)['user_logins'], [])
        self.assertIn('none is stored', self.popgated.must('explain', '--user', 'nobody', A))

    def test_among_very_many(self):
        count = 3000
        self.log.append(b''.join(loglines.iso(f'10.1.{n >> 8}.{n & 255}', 'mary') for n in range(count)))
        self.popgated.wait_for_verdict('OK', f'10.1.{count - 1 >> 8}.{count - 1 & 255}')
        self.bring(A, ('alice', 1))
        self.assertEqual(self.explain('--user', 'mary', A)['user_addresses'], count)
        self.assertEqual([login['address'] for login in self.explain('--user', 'alice', A)['user_logins']], [A])

    def test_several(self):
        self.bring(A, ('alice', 1))
        self.bring(B, ('bob', 50))
        rows = self.popgated.cli('--json', 'explain', '--user', 'bob', A, B, STRANGER).objects()
        self.assertEqual([row['address'] for row in rows], [A, B, STRANGER])
        self.assertEqual({len(row['user_logins']) for row in rows}, {1})

    def test_offline(self):
        self.bring(A, ('alice', 5), ('bob', 45))
        self.popgated.must('deny', 'user:bob')
        online = self.explain(A, '--user', 'bob')
        self.popgated.stop()
        offline = self.explain(A, '--user', 'bob', status=MAY)
        for member in ('logins', 'stored', 'notes', 'user_logins'):
            self.assertEqual(offline[member], online[member])
        self.assertIn('popgated does not run', offline['steps'][10]['saw'])
        self.assertEqual(self.explain_at(10, A)['verdict'], 'DUNNO')

    def test_it_fits_a_terminal(self):
        self.bring('2001:db8:1234:5678:9abc:def0:1234:5678', ('somebody.with.a.very.long.name@mail.example.org', 5), ('bob', 45))
        self.popgated.must('deny', 'user:bob', '--why', 'word ' * 30)
        _, shown = terminal.run([POPGATE, '-c', self.popgated.conf, 'explain', '--user', 'bob',
                                 '2001:db8:1234:5678:9abc:def0:1234:5678'])
        lines = terminal.plain(shown).splitlines()
        self.assertLessEqual(max(map(len, lines)), 80, shown)
        numbers = re.findall(r'^[ >-]{3,4}(\d+)  ', terminal.plain(shown), re.MULTILINE)
        self.assertEqual(len(numbers), 12, shown)


class Then(ExplainTest):
    """At an earlier moment."""

    def test_what_was_permitted_then(self):
        self.bring(A, ('alice', 100))
        self.assertTrue(self.explain_at(90, A, status=MAY)['may_relay'])
        self.assertFalse(self.explain_at(60, A, status=MAY_NOT)['may_relay'])
        self.assertFalse(self.explain_at(110, A, status=MAY_NOT)['may_relay'])
        story = self.explain_at(90, A)
        self.assertEqual(story['at'], int(self.now - 90 * MINUTE))
        self.assertTrue(story['unknown'])
        self.assertIn('not known', story['steps'][10]['saw'])

    def test_what_cannot_be_told(self):
        """Alice may have logged in before her newest login as well; that she did is all that is stored."""
        self.import_rows({'grant': A, 'newest_us': self.micro(10), 'first_us': self.micro(200), 'count': 9, 'dropped_us': None,
                          'users': [{'user': 'alice', 'time_us': self.micro(10), 'service': 'pop3', 'server': 'uw'}]})
        story = self.explain_at(60, A, status=CANNOT_TELL)
        self.assertFalse(story['can_tell'])
        self.assertIn('earlier logins', ' '.join(story['unknown']))
        self.assertEqual(story['logins'][0]['why_not'], 'it came later')
        self.assertIn('cannot be told', self.popgated.cli('explain', '--at', f'@{int(self.now) - 60 * MINUTE}', A).out)
        self.explain_at(5, A, status=MAY)
        self.explain_at(201, A, status=MAY_NOT)

    def test_notes_of_then(self):
        self.bring(A, ('alice', 25))
        self.bring_note('deny', A, 20)
        self.explain_at(22, A, status=MAY)
        story = self.explain_at(15, A, status=MAY_NOT)
        self.assertEqual(story['reason'], 'denied')
        self.assertEqual([note['in_force'] for note in self.explain_at(22, A)['notes']], [False])

    def test_a_time_of_today(self):
        midnight = time.mktime((*time.localtime(self.now)[:3], 0, 0, 0, 0, 0, -1))
        self.assertEqual(self.explain('--at', '00:00', A)['at'], midnight)
        self.assertEqual(self.explain('--at', time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(midnight)), A)['at'], midnight)
        self.assertIn(time.strftime('%Y-%m-%d 00:00:00', time.localtime(midnight)),
                      self.popgated.cli('explain', '--at', '00:00:00', A).out)

    def test_no_moment(self):
        for moment in ('', '25:00', 'noon', '2026-02-30 12:00', '@', f'@{int(self.now) + 3600}', '2100-01-01 00:00'):
            with self.subTest(moment):
                result = self.popgated.cli('explain', '--at', moment, A)
                self.assertEqual((result.status, result.out), (USAGE, ''))
                self.assertIn('expected', result.err)
