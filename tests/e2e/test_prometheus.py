# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Prometheus scrapes the exporter; the alerts and the dashboard that come with popgate ask only for what is there."""

import json
import os
import re
import unittest

import exporter
import exposition
import loglines
import prometheus
from exporter import Exporter
from mailsite import DaemonTest
from prometheus import Prometheus, promtool
from waiting import wait_for

A = '192.0.2.1'
TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
ALERTS = os.path.join(TOP, 'doc', 'popgate-alerts.yml')
ALERT_TESTS = os.path.join(TOP, 'tests', 'alerts-test.yml')
DASHBOARD = os.path.join(TOP, 'doc', 'grafana-dashboard.json')
PARTS = ('_bucket', '_sum', '_count')


def read(path):
    with open(path, encoding='utf-8') as file:
        return file.read()


def metrics_in(expression):
    return set(re.findall(r'\bpopgate_[a-z_]+', expression))


def dashboard_expressions():
    """All that the dashboard asks for: [(title, expression)], with its variables filled in."""
    dashboard = json.loads(read(DASHBOARD))
    asked = [(panel['title'], target['expr']) for panel in dashboard['panels'] for target in panel.get('targets', [])]
    asked += [(note['name'], note['expr']) for note in dashboard['annotations']['list']]
    return [(title, expression.replace('$instance', '.*').replace('$__rate_interval', '1m')) for title, expression in asked]


@unittest.skipIf(prometheus.lacking(), prometheus.lacking())
class Files(unittest.TestCase):

    def test_promtool_finds_the_rules_well(self):
        self.assertIn('SUCCESS', promtool('check', 'rules', ALERTS))

    def test_alerts_fire_when_they_should(self):
        self.assertIn('SUCCESS', promtool('test', 'rules', ALERT_TESTS))

    def test_each_alert_is_tested(self):
        alerts = re.findall(r'- alert: (\w+)', read(ALERTS))
        self.assertGreater(len(alerts), 10)
        self.assertEqual(sorted(alerts), sorted(set(re.findall(r'- name: (\w+)', read(ALERT_TESTS)))))

    def test_the_dashboard_has_its_panels_side_by_side(self):
        panels = json.loads(read(DASHBOARD))['panels']
        self.assertEqual(len({panel['id'] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            place = panel['gridPos']
            cells = {(x, y) for x in range(place['x'], place['x'] + place['w']) for y in range(place['y'], place['y'] + place['h'])}
            self.assertLessEqual(place['x'] + place['w'], 24, panel['title'])
            self.assertFalse(cells & taken, panel['title'])
            taken |= cells


@unittest.skipIf(exporter.lacking() or prometheus.lacking(), exporter.lacking() or prometheus.lacking())
class Scraped(DaemonTest):

    def setUp(self):
        super().setUp()
        self.popgated.configure({'login.listen': f'unix:{self.popgated.login}', 'login.reporters': 'root'})
        self.popgated.start()
        self.log.append(loglines.iso(A))
        self.popgated.wait_for_verdict('OK', A)
        self.exporter = Exporter(self.folder, self.popgated.control).start()
        self.addCleanup(self.exporter.stop)
        self.prometheus = Prometheus(self.folder, self.exporter.port, [ALERTS]).start()
        self.addCleanup(self.prometheus.stop)

    def wait_for_scrapes(self):
        """Two at least, or there is no rate of anything."""
        wait_for(lambda: (self.prometheus.value('count_over_time(popgate_up[1m])') or 0) >= 2, 'scrapes', 20)
        wait_for(lambda: self.prometheus.value('popgate_up') == 1 and self.prometheus.query('rate(popgate_lines_total[1m])'),
                 'rates', 20)

    def test_all_of_it(self):
        """One server for all: it takes a while to start."""
        self.wait_for_scrapes()
        self.assertEqual(self.prometheus.value('up{job="popgate"}'), 1)
        with self.subTest('names'):
            self.check_names()
        with self.subTest('values'):
            self.check_values()
        with self.subTest('alerts'):
            self.check_alerts()
        with self.subTest('dashboard'):
            self.check_dashboard()
        with self.subTest('firing'):
            self.check_firing()

    def check_names(self):
        """What Prometheus has seen is what there is."""
        shown = exposition.Metrics(self.popgated.must('stats', '--prometheus'))
        families = {shown.family_of(name) for name in self.prometheus.names() if name.startswith('popgate_')}
        self.assertEqual(families, shown.names())

    def check_values(self):
        for _ in range(5):
            self.popgated.ask(A)
        n = exposition.Metrics(self.popgated.must('stats', '--prometheus')).total('popgate_requests_total', rule='login')
        wait_for(lambda: self.prometheus.value('sum(popgate_requests_total{rule="login"})') == n, 'the requests to be seen', 20)
        quantile = 'histogram_quantile(0.5, popgate_request_duration_seconds_bucket)'
        self.assertLess(self.prometheus.value(quantile), 0.1)

    def check_alerts(self):
        """Each can be evaluated, asks only for what there is, and finds nothing wrong now."""
        wait_for(lambda: all(rule['health'] == 'ok' for rule in self.prometheus.rules().values()), 'all rules to be evaluated', 20)
        for name, rule in self.prometheus.rules().items():
            self.assertEqual((rule['state'], rule.get('lastError', '')), ('inactive', ''), name)
            self.assertLessEqual(metrics_in(rule['query']), self.prometheus.names(), name)

    def check_dashboard(self):
        names = self.prometheus.names()
        for title, expression in dashboard_expressions():
            self.assertLessEqual(metrics_in(expression), names, title)
            self.assertTrue(metrics_in(expression), title)
            result = self.prometheus.query(expression)
            if '> 0' not in expression:  # what did not happen is not shown
                self.assertTrue(result, f'{title}: {expression}')

    def check_firing(self):
        """What it takes to fire is tested apart; here the real series lead there."""
        self.popgated.must('freeze')
        wait_for(lambda: self.prometheus.rules()['PopgateFrozen']['state'] == 'pending', 'the freeze to be noticed', 20)
        self.popgated.stop()
        wait_for(lambda: self.prometheus.rules()['PopgateDown']['state'] == 'pending', 'the end to be noticed', 20)
        alert = self.prometheus.rules()['PopgateDown']['alerts'][0]
        self.assertEqual(alert['annotations']['summary'], f'popgated on 127.0.0.1:{self.exporter.port} cannot be asked')
        self.exporter.stop()
        wait_for(lambda: self.prometheus.rules()['PopgateExporterDown']['state'] == 'pending', 'the exporter to be missed', 20)
