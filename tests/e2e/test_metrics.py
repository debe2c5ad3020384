# SPDX-License-Identifier: GPL-3.0-or-later
"""What popgated counts and measures: popgate stats in all its forms, against what was done."""

import json
import os
import re
import shutil
import time
import unittest

import exposition
import loglines
import policy
from mailsite import DaemonTest
from popgate import DONE, FAILED, USAGE
from waiting import wait_for

A, B, STRANGER = '192.0.2.1', '192.0.2.2', '192.0.2.9'
MANUAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'doc', 'popgate.1')


class MetricsTest(DaemonTest):

    def metrics(self):
        return exposition.Metrics(self.popgated.must('stats', '--prometheus'))

    def value(self, name, **labels):
        return self.metrics().value(name, **labels)

    def wait_for_value(self, expected, name, **labels):
        wait_for(lambda: self.value(name, **labels) == expected, f'{name} {labels} to be {expected}')

    def log_in(self, address, *arguments, **how):
        self.log.append(loglines.iso(address, *arguments, **how))
        self.popgated.wait_for_verdict('OK', address)


class Forms(MetricsTest):

    def setUp(self):
        super().setUp()
        self.popgated.start()
        self.log_in(A)

    def test_all_forms_tell_the_same(self):
        self.popgated.ask(STRANGER)
        rows = self.popgated.cli('--json', 'stats').objects()
        metrics = self.metrics()
        self.assertEqual({row['name'] for row in rows}, metrics.names())
        for row in rows:
            self.assertEqual(metrics.types[row['name']], row['type'], row)
        count = {row['labels']['rule']: row['value'] for row in rows if row['name'] == 'popgate_requests_total'}
        self.assertEqual(metrics.value('popgate_requests_total', rule='no-login', verdict='DUNNO'), count['no-login'])

    def test_histogram_in_json(self):
        rows = self.popgated.cli('--json', 'stats').objects()
        row = next(row for row in rows if row['name'] == 'popgate_request_duration_seconds')
        counts = [bucket['count'] for bucket in row['buckets']]
        bounds = [float(bucket['le']) for bucket in row['buckets']]
        self.assertEqual(counts, sorted(counts))
        self.assertEqual(bounds, sorted(bounds))
        self.assertEqual((bounds[0], bounds[-1]), (0.00001, 10))
        self.assertLessEqual(counts[-1], row['count'])
        self.assertGreater(row['count'], 0)
        self.assertGreater(row['sum'], 0)

    def test_human_output_fits(self):
        shown = self.popgated.must('stats')
        self.assertLessEqual(max(map(len, shown.splitlines())), 80, shown)
        self.assertRegex(shown, r'(?m)^  answered: login, OK +\d+$')
        self.assertRegex(shown, r'(?m)^  time, 99 of 100 +up to ')
        for group in ('popgated', 'requests', 'connections', 'logins', 'sources', 'store', 'process'):
            self.assertRegex(shown, f'(?m)^{group}$')

    def test_names_are_those_of_the_manual(self):
        with open(MANUAL, encoding='utf-8') as manual:
            documented = dict(re.findall(r'^\.It Li (popgate_\w+)(?: Ar (.*))?$', manual.read(), re.M))
        metrics = self.metrics()
        rare = {name for name in documented if '_login_reports_' in name}  # no socket for them here
        self.assertEqual(metrics.names(), set(documented) - rare)
        for name in metrics.names():
            for labels, _ in metrics.of(name):
                self.assertEqual(sorted(labels), sorted(documented[name].split()), name)

    @unittest.skipUnless(shutil.which('promtool'), 'promtool (prometheus) is not installed')
    def test_promtool_finds_nothing(self):
        self.assertEqual(exposition.promtool_says(self.popgated.must('stats', '--prometheus')), '')

    def test_usage(self):
        self.assertEqual(self.popgated.cli('--json', 'stats', '--prometheus').status, USAGE)
        self.assertEqual(self.popgated.cli('stats', 'x').status, USAGE)

    def test_needs_the_daemon(self):
        self.popgated.stop()
        for arguments in (('stats',), ('stats', '--prometheus'), ('--json', 'stats')):
            result = self.popgated.cli(*arguments)
            self.assertEqual((result.status, result.out), (FAILED, ''), arguments)


class Figures(MetricsTest):

    def test_requests(self):
        self.popgated.start()
        self.log_in(A)
        before = self.metrics()
        self.popgated.must('allow', B)
        for address in (A, A, A, B, STRANGER):
            self.popgated.ask(address)
        self.popgated.ask(STRANGER, protocol_state='DATA')
        self.popgated.must('freeze')
        self.popgated.ask(A)
        after = self.metrics()
        for rule, verdict, n in (('login', 'OK', 3), ('allowed', 'OK', 1), ('no-login', 'DUNNO', 1), ('frozen', 'DEFER_IF_REJECT', 1)):
            grown = (after.value('popgate_requests_total', rule=rule, verdict=verdict)
                     - before.value('popgate_requests_total', rule=rule, verdict=verdict))
            self.assertEqual(grown, n, rule)
        self.assertEqual(after.value('popgate_frozen'), 1)
        self.assertEqual(after.value('popgate_notes', kind='freeze'), 1)
        self.assertEqual(after.value('popgate_notes', kind='allow'), 1)

    def test_each_request_is_measured_once(self):
        self.popgated.start()
        with policy.Connection(self.popgated.policy) as connection:
            connection.send(policy.request(STRANGER) * 5)
            for _ in range(5):
                connection.read_action()
            metrics = self.metrics()
        self.assertEqual(metrics.value('popgate_request_duration_seconds_count'), metrics.total('popgate_requests_total'))
        self.assertEqual(metrics.value('popgate_request_duration_seconds_count'),
                         metrics.value('popgate_request_duration_seconds_bucket', le='+Inf'))
        self.assertLess(metrics.value('popgate_request_duration_seconds_sum'), 5)

    def test_a_verdict_of_reject(self):
        self.popgated.configure({'policy.reject': 'check your mail first'})
        self.popgated.start()
        self.popgated.wait_for_verdict('DUNNO', STRANGER)
        self.popgated.ask(STRANGER, policy_context='popgate-reject')
        self.assertEqual(self.value('popgate_requests_total', rule='no-login', verdict='REJECT'), 1)

    def test_connections(self):
        self.popgated.start()
        before = self.value('popgate_policy_connections_accepted_total')
        with policy.Connection(self.popgated.policy) as good, policy.Connection(self.popgated.policy) as bad:
            good.ask(policy.request(A))
            bad.send(b'EHLO mx\n\n')
            self.assertEqual(bad.read_to_end(), b'')
            metrics = self.metrics()
            self.assertEqual(metrics.value('popgate_policy_connections'), 1)
            self.assertEqual(metrics.value('popgate_policy_connections_accepted_total'), before + 2)
            self.assertEqual(metrics.value('popgate_policy_connections_failed_total', reason='protocol'), 1)

    def test_logins(self):
        self.popgated.configure({'log.services': 'pop3', 'log.never_users': 'monitor'})
        self.popgated.start()
        when = time.time()
        self.log_in(A, 'alice', when=when)
        self.log.append(loglines.iso(A, 'alice', when=when) + loglines.iso(B, 'monitor') + loglines.iso(B, service='imap'))
        self.log.append(b'nothing\n')
        self.wait_for_value(1, 'popgate_lines_total', kind='foreign')
        metrics = self.metrics()
        for service, fate, n in (('pop3', 'granted', 1), ('pop3', 'kept', 1), ('pop3', 'refused', 1), ('imap', 'refused', 1)):
            self.assertEqual(metrics.value('popgate_logins_total', server='dovecot', service=service, fate=fate), n, fate)
        self.assertEqual(metrics.value('popgate_lines_total', kind='login'), 4)
        self.assertEqual(metrics.value('popgate_grants'), 1)
        self.wait_for_value(0, 'popgate_grants_waiting')
        source = f'file:{self.popgated.source}'
        for name, labels in (('popgate_newest_login_timestamp_seconds', {}),
                             ('popgate_source_newest_login_timestamp_seconds', {'source': source})):
            self.assertAlmostEqual(metrics.value(name, **labels), time.time(), delta=30)

    def test_usages(self):
        self.popgated.start()
        self.log_in(A, 'alice')
        self.popgated.must('report')  # writes what is counted
        metrics = self.metrics()
        self.assertEqual((metrics.value('popgate_usages'), metrics.value('popgate_usages_lost_total')), (1, 0))

    def test_no_user_and_no_client_is_named(self):
        self.popgated.start()
        self.log_in(A, 'alice')
        self.popgated.must('deny', 'user:alice')
        text = self.popgated.must('stats', '--prometheus')
        self.assertNotIn('alice', text)
        self.assertNotIn(A, text)

    def test_store(self):
        self.popgated.start()
        self.log_in(A)
        self.popgated.end()
        self.popgated.start()
        before = self.metrics()
        self.assertEqual(self.popgated.verdict(A), 'OK')
        self.log_in('192.0.2.77')
        wait_for(lambda: self.value('popgate_store_unsynced_bytes') == 0, 'all to be on the disk')
        after = self.metrics()
        for name, labels in (('popgate_store_reads_total', {'result': 'found'}), ('popgate_store_writes_total', {'result': 'done'}),
                             ('popgate_store_sync_duration_seconds_count', {})):
            self.assertGreater(after.value(name, **labels), before.value(name, **labels), name)
        self.assertGreater(after.value('popgate_process_resident_memory_bytes'), 1 << 20)
        self.assertGreater(after.value('popgate_process_cpu_seconds_total'), 0)
        self.assertAlmostEqual(after.value('popgate_start_time_seconds'), time.time(), delta=60)
        self.assertEqual(after.value('popgate_window_seconds'), 1800)


class Faults(MetricsTest):

    def test_a_blind_source(self):
        self.popgated.configure({'log.stale': '1s'})
        self.popgated.start()
        self.popgated.wait_for_verdict('DUNNO', A)
        source = f'file:{self.popgated.source}'
        before = self.metrics()
        self.assertEqual(before.value('popgate_source_state', source=source, state='current'), 1)
        self.assertEqual(before.value('popgate_source_lag_seconds', source=source), 0)
        self.assertEqual(before.value('popgate_fault', fault='source'), 0)
        os.unlink(self.popgated.source)
        self.popgated.wait_for_verdict('DEFER_IF_REJECT', A)
        after = self.metrics()
        self.assertEqual(after.value('popgate_source_state', source=source, state='blind'), 1)
        self.assertEqual(after.value('popgate_source_state', source=source, state='current'), 0)
        self.assertGreater(after.value('popgate_source_lag_seconds', source=source), 0)
        self.assertEqual(after.value('popgate_fault', fault='source'), 1)
        self.assertEqual(after.value('popgate_faults_total', fault='source'), before.value('popgate_faults_total', fault='source') + 1)

    def test_a_store_that_cannot_be_opened(self):
        self.popgated.configure({'popgate.store': f'gdbm:{self.folder}/none/popgate.gdbm'})
        with open(f'{self.folder}/none', 'wb'):
            pass
        self.popgated.start()
        self.popgated.wait_for_verdict('DEFER_IF_REJECT', A)
        self.wait_for_value(1, 'popgate_faults_total', fault='store')
        metrics = self.metrics()
        self.assertEqual(metrics.value('popgate_fault', fault='store'), 1)
        self.assertGreater(metrics.value('popgate_requests_total', rule='store', verdict='DEFER_IF_REJECT'), 0)

    def test_the_position_is_never_old(self):
        self.popgated.start()
        self.log_in(A)
        source = f'file:{self.popgated.source}'
        wait_for(lambda: (self.value('popgate_source_position_age_seconds', source=source) or 9) < 2, 'the position to be stored')


class Labels(MetricsTest):

    def test_a_source_of_odd_name(self):
        name = 'a"b"\\c.log'
        self.popgated.source = f'{self.folder}/{name}'
        self.log = loglines.LogFile(self.popgated.source)
        self.log.append(b'')
        self.popgated.configure({'log.source': f'file:{self.popgated.source},format=syslog'})
        self.popgated.start()
        text = self.popgated.must('stats', '--prometheus')
        sources = {labels['source'] for labels, _ in exposition.Metrics(text).of('popgate_source_state')}
        self.assertEqual(len(sources), 1, sources)
        self.assertIn('\\"b\\"\\\\c.log', sources.pop())
        self.assertEqual(json.loads(self.popgated.cli('--json', 'stats').out.splitlines()[0])['name'], 'popgate_up')


class Reports(MetricsTest):

    def test_are_there_with_a_socket(self):
        self.assertEqual(self.popgated.cli('stats').status, FAILED)
        self.popgated.configure({'login.listen': f'unix:{self.popgated.login}', 'login.reporters': 'root'})
        self.popgated.start()
        result = self.popgated.cli('stats', '--prometheus')
        self.assertEqual(result.status, DONE)
        metrics = exposition.Metrics(result.out)
        outcomes = {labels['outcome'] for labels, _ in metrics.of('popgate_login_reports_total')}
        self.assertEqual(outcomes, {'login', 'refused', 'stranger', 'dropped'})
        self.assertEqual(metrics.value('popgate_login_reports_waiting'), 0)
