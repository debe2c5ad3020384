# SPDX-License-Identifier: GPL-3.0-or-later
"""popgate doctor: on a site set up as README says it has no finding; each fault is found by name, with the line to change.

Where that line stands in main.cf, it is written there, and then the fault has to be gone.
"""

import contextlib
import itertools
import os
import time
import unittest
import unittest.mock

import loglines
import postfix
import workdir
from mailsite import SiteTest, lacks_ipv6
from popgate import MAY, MAY_NOT, POPGATE, USAGE, run

ALL_WELL, FINDINGS = MAY, MAY_NOT

# As README has it.
ASK = 'check_policy_service { unix:private/popgate, timeout=5s, { default_action = DEFER_IF_REJECT 4.7.1 try again } }'
FIRST = 'permit_mynetworks, permit_sasl_authenticated, permit_auth_destination,\n    '
RELAY = f'smtpd_relay_restrictions = {FIRST}{ASK},\n    reject_unauth_destination\n'
MASTER_CF = """\
smtp inet n - y - - smtpd
submission inet n - y - - smtpd
    -o syslog_name=postfix/submission
    -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
"""

SYSTEMCTL = """\
#!/bin/sh
test "$3" = popgated.socket || exit 1
echo 'ActiveState=active'
echo 'Listen={path} (Stream)'
"""


def relay(ask):
    return f'smtpd_relay_restrictions = {FIRST}{ask}, reject_unauth_destination\n'


def ask_with(options, endpoint='unix:private/popgate'):
    return f'check_policy_service {{ {endpoint}, {options} }}'


# In main.cf: what is written there, the check that finds it, and a part of the line to change.
MAIN_CF_FAULTS = {
    'not asked': ('smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n', 'relay-list', ASK),
    'wrong list': (f'{RELAY}smtpd_recipient_restrictions = {ASK}, reject_unknown_recipient_domain\n', 'wrong-list',
                   'smtpd_recipient_restrictions = reject_unknown_recipient_domain'),
    'asked of clients': (f'{RELAY}smtpd_client_restrictions = check_policy_service unix:private/popgate\n', 'wrong-list',
                         'smtpd_client_restrictions ='),
    'behind the refusal': (f'smtpd_relay_restrictions = {FIRST} reject_unauth_destination, {ASK}\n', 'relay-order',
                           f'{ASK}, reject_unauth_destination'),
    'first of all': (f'smtpd_relay_restrictions = {ASK}, {FIRST} reject_unauth_destination\n', 'relay-order',
                     f'permit_auth_destination, {ASK}'),
    'no refusal': (f'smtpd_relay_restrictions = {FIRST} {ASK}\n', 'open-relay', f'{ASK}, reject_unauth_destination'),
    'permit': (f'smtpd_relay_restrictions = {FIRST} {ASK}, permit, reject_unauth_destination\n', 'open-relay',
               f'{ASK}, reject_unauth_destination'),
    'refused again': (f'{RELAY}smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination\n', 'recipient-list',
                      'smtpd_recipient_restrictions = permit_mynetworks'),
    'no braces': (relay('check_policy_service unix:private/popgate'), 'default-action', ASK),
    'permits when down': (relay(ask_with('timeout=5s, default_action=OK')), 'default-action', ASK),
    'bounces when down': (relay(ask_with('timeout=5s, default_action=DUNNO')), 'default-action', ASK),
    'wrong way round': (relay(ask_with('timeout=5s, { default_action = DEFER_IF_PERMIT 4.7.1 x }')), 'default-action', ASK),
    'milliseconds': (relay(ask_with('timeout=200ms, { default_action = DEFER_IF_REJECT x }')), 'timeout', ASK),
    'context': (f'smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, '
                f'{ask_with("timeout=5s, policy_context=popgate-reject")}, reject_unauth_destination\n', 'policy-context',
                'permit_auth_destination, check_policy_service { unix:private/popgate, timeout=5s, policy_context=popgate-reject'),
    'another socket': (relay(ask_with('timeout=5s', 'unix:private/popgated')), 'socket-path', ASK),
    'a list by name': (f'ours = {FIRST} {ASK}\nsmtpd_relay_restrictions = $ours\n', 'open-relay',
                       f'{ASK}, reject_unauth_destination'),
    'everybody': (f'{RELAY}mynetworks = 127.0.0.0/8 0.0.0.0/0\n', 'mynetworks', 'mynetworks = 127.0.0.0/8'),
}


class DoctorTest(SiteTest):
    """Each test gives doctor configurations of its own; popgated, Postfix and Dovecot are the class's."""

    SETTINGS = {'log.never_grant': ''}
    _numbers = itertools.count()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site.pop_login('127.0.5.5')
        cls.site.syslog.append(loglines.iso('192.0.2.1'))
        cls.site.popgated.wait_for_verdict('OK', '192.0.2.1')

    def setUp(self):
        self.folder = workdir.subfolder(self.site.folder, f'doctor-{next(self._numbers)}')
        self.etc = workdir.subfolder(self.folder, 'etc')
        workdir.subfolder(self.folder, 'etc/rsyslog.d')
        workdir.subfolder(self.folder, 'etc/systemd')
        workdir.write(f'{self.etc}/rsyslog.conf', 'module(load="imuxsock")\n')
        workdir.write(f'{self.etc}/systemd/journald.conf', '[Journal]\n#RateLimitBurst=10000\n')
        self.conf = self.site.popgated.conf
        self.dovecot = f'{self.site.dovecot.folder}/dovecot.conf'
        self.write_postfix(RELAY)

    def write_postfix(self, more, master=MASTER_CF):
        with open(f'{self.site.postfix.folder}/etc/main.cf', encoding='utf-8') as main:
            lines = [line for line in main if not line.startswith(('asks_', 'smtpd_relay_restrictions'))]
        postfix_folder = f'{self.folder}/postfix'
        os.makedirs(postfix_folder, exist_ok=True)
        workdir.write(f'{postfix_folder}/main.cf', ''.join(lines) + more)
        workdir.write(f'{postfix_folder}/master.cf', master)
        os.utime(f'{postfix_folder}/main.cf', (0, time.time() - 60))  # postconf lets a new file cool down for two seconds

    def write_conf(self, **settings):
        """popgate.conf for doctor alone; popgated does not see it."""
        groups = {}
        changed = {key.replace('__', '.'): value for key, value in settings.items()}
        for name, value in {**self.site.popgated.settings, **changed}.items():
            group, _, key = name.partition('.')
            groups.setdefault(group, []).append(f'{key} = {value}\n')
        self.conf = workdir.write(f'{self.folder}/popgate.conf',
                                  ''.join(f'[{group}]\n{"".join(lines)}\n' for group, lines in groups.items()))

    def doctor(self, *options):
        return run(POPGATE, '-c', self.conf, *options, 'doctor', '--postfix-config', f'{self.folder}/postfix',
                   '--dovecot-config', self.dovecot, '--etc', self.etc)

    def findings(self, *options):
        """{check: its findings}; the exit status has to agree."""
        result = self.doctor('--json', *options)
        self.assertEqual(result.err, '')
        found = {}
        for row in result.objects():
            entries = [entry for entry in row['entries'] if entry['result'] == 'finding']
            self.assertEqual(row['result'] == 'finding', bool(entries), row)
            if entries:
                found[row['check']] = entries
        self.assertEqual(result.status, FINDINGS if found else ALL_WELL, result)
        return found

    def assertFound(self, check, where, change, *options):
        """`check` finds it, and says what to change; returns that entry."""
        found = self.findings(*options)
        self.assertIn(check, found)
        for entry in found[check]:
            if where in (entry['where'] or '') and change in (entry['change'] or ''):
                return entry
        return self.fail(f'no such line in {found[check]}')


class Doctor(DoctorTest):

    def test_the_recommended_set_up(self):
        self.assertEqual(self.findings(), {})
        result = self.doctor()
        self.assertEqual(result.status, ALL_WELL, result)
        self.assertIn('ok        relay-list', result.out)
        self.assertNotIn('FINDING', result.out)

    def test_what_cannot_be_told_is_not_all_well(self):
        """With no Dovecot to ask, its checks say so."""
        self.dovecot = '/nonexistent'
        rows = {row['check']: row for row in self.doctor('--json').objects()}
        self.assertEqual(rows['dovecot-name']['result'], 'unknown')

    def test_main_cf(self):
        for name, (text, check, change) in MAIN_CF_FAULTS.items():
            with self.subTest(name):
                self.write_postfix(text)
                entry = self.assertFound(check, f'{self.folder}/postfix/main.cf', change)
                setting = entry['change'].partition(' =')[0]
                kept = [line for line in text.replace('\n   ', ' ').splitlines(True) if not line.startswith(setting)]
                self.write_postfix(''.join(kept) + entry['change'] + '\n')
                self.assertEqual(self.findings(), {})

    def test_all_faults_are_told_once(self):
        """Services that share a list share its faults."""
        self.write_postfix(relay('check_policy_service unix:private/popgate'),
                           MASTER_CF + 'smtps inet n - y - - smtpd\n    -o smtpd_client_restrictions=permit\n')
        found = self.findings()
        self.assertEqual(len(found['default-action']), 1, found)
        self.assertIn('(smtp inet, smtps inet)', found['default-action'][0]['what'])

    def test_an_override_in_master_cf(self):
        override = f'2525 inet n - n - - smtpd\n    -o {{ smtpd_relay_restrictions = {ASK}, permit }}\n'
        self.write_postfix(RELAY, MASTER_CF + override)
        entry = self.assertFound('open-relay', f'{self.folder}/postfix/master.cf, below "2525 inet"',
                                 '-o { smtpd_relay_restrictions = permit_auth_destination, check_policy_service')
        self.write_postfix(RELAY, f'{MASTER_CF}2525 inet n - n - - smtpd\n    {entry["change"]}\n')
        self.assertEqual(self.findings(), {})

    def test_an_absolute_path_in_a_chroot(self):
        path = self.site.postfix.policy_socket
        self.write_postfix(relay(ASK.replace('private/popgate', path)))
        self.assertFound('socket-path', 'main.cf', ASK)
        self.write_postfix(relay(ASK.replace('private/popgate', path)), MASTER_CF.replace('inet n - y', 'inet n - n'))
        self.assertEqual(self.findings(), {})

    def test_another_policy_server_is_not_taken_for_popgate(self):
        self.write_postfix(relay(ask_with('timeout=5s', 'unix:private/postgrey')))
        rows = {row['check']: row['result'] for row in self.doctor('--json').objects()}
        self.assertEqual((rows['relay-list'], rows['default-action']), ('unknown', 'unknown'))

    def test_text(self):
        self.write_postfix('smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination\n')
        lines = self.doctor().out.splitlines()
        at = next(number for number, line in enumerate(lines) if line.startswith('FINDING   relay-list: '))
        self.assertEqual(lines[at + 1].strip(), f'in {self.folder}/postfix/main.cf:')
        self.assertTrue(lines[at + 2].strip().startswith('smtpd_relay_restrictions = permit_mynetworks, '), lines[at + 2])

    def test_usage(self):
        self.assertEqual(run(POPGATE, 'doctor', 'x').status, USAGE)
        self.assertEqual(run(POPGATE, 'doctor', '--nonsense').status, USAGE)


class Host(DoctorTest):

    def test_rsyslog_drops_lines(self):
        path = workdir.write(f'{self.etc}/rsyslog.d/limits.conf', '$SystemLogRateLimitInterval 10\n$SystemLogRateLimitBurst 200\n')
        self.assertFound('rsyslog-limit', path, '$SystemLogRateLimitInterval 0')

    def test_journald_drops_lines(self):
        path = workdir.write(f'{self.etc}/systemd/journald.conf',
                             '[Journal]\nRateLimitIntervalSec=30s\nRateLimitBurst=200\n')
        self.assertFound('journald-limit', path, 'RateLimitBurst=10000')

    def write_dovecot(self, more):
        with open(self.dovecot, encoding='utf-8') as conf:
            self.dovecot = workdir.write(f'{self.folder}/dovecot.conf', conf.read() + more)

    def test_dovecot_has_another_name(self):
        self.write_dovecot('instance_name = popserver\n')
        self.assertFound('dovecot-name', self.conf, '[log]\ndovecot_name = dovecot, popserver')

    def test_dovecot_logs_elsewhere(self):
        self.write_dovecot('log_path = /var/log/elsewhere.log\n')
        self.assertFound('dovecot-log', self.conf, 'file:/var/log/elsewhere.log,format=dovecot')

    @unittest.skipIf(lacks_ipv6(), lacks_ipv6())
    def test_pop_has_ipv6_and_smtp_has_not(self):
        self.write_postfix(f'{RELAY}inet_protocols = ipv4\n')
        self.assertFound('address-families', 'main.cf', 'inet_protocols = all')

    def test_popgate_conf_is_wrong(self):
        self.write_conf(popgate__window='30')
        self.assertFound('config', 'run', 'popgated --check-config')

    def test_loopback_is_granted(self):
        self.write_conf(log__never_grant='none')
        self.assertFound('config', self.conf, '[log]\nnever_grant =')


class Logs(DoctorTest):
    """Logs that doctor alone looks at."""

    def write_log(self, data, mode=0o640):
        path = f'{self.folder}/mail.log'
        loglines.LogFile(path).append(data)
        os.chmod(path, mode)
        self.write_conf(log__source=f'file:{path},format=syslog, file:{self.site.dovecot.log},format=dovecot')
        return path

    def test_absent(self):
        self.write_conf(log__source=f'file:{self.folder}/absent.log')
        self.assertFound('log-access', self.conf, f'source = file:{self.site.dovecot.log},format=dovecot')

    def test_others_may_write(self):
        path = self.write_log(loglines.iso('192.0.2.1'), 0o666)
        self.assertFound('log-writers', 'run', f'chmod go-w {path}')

    def test_old(self):
        path = self.write_log(loglines.iso('192.0.2.1', when=time.time() - 5 * 86400))
        os.utime(path, (0, time.time() - 5 * 86400))
        self.assertFound('log-fresh', 'run', 'systemctl restart rsyslog')

    def test_another_zone(self):
        self.write_log(loglines.rfc3164('192.0.2.1', when=time.time() + 7200))
        self.assertFound('log-time', f'{self.etc}/rsyslog.conf', 'RSYSLOG_FileFormat')

    def test_webmail(self):
        address = postfix.MYNETWORKS.replace('.0.0/16', '.0.9')
        self.write_log(loglines.iso(address, 'anna') + loglines.iso(address, 'bob'))
        found = self.findings()
        self.assertNotIn('shared-addresses', found)  # loopback is never granted
        self.write_postfix(f'{RELAY}mynetworks = 192.0.2.0/24\n')
        self.write_log(loglines.iso('192.0.2.9', 'anna') + loglines.iso('192.0.2.9', 'bob'))
        self.assertFound('shared-addresses', self.conf, '[log]\nnever_grant = 192.0.2.9')

    def test_forged_text_is_shown_harmlessly(self):
        self.write_log(loglines.iso('192.0.2.1', '\x1b[31mred') * 30)
        self.assertNotIn('\x1b', self.doctor().out)


class Daemon(DoctorTest):

    def test_frozen(self):
        self.site.popgated.must('freeze')
        try:
            self.assertFound('daemon', 'run', 'popgate thaw')
            self.assertFound('live-query', 'run', 'popgate explain')
        finally:
            self.site.popgated.must('thaw')
        self.assertEqual(self.findings(), {})

    def test_postfix_may_not_connect(self):
        path = self.site.postfix.policy_socket
        with self._mode(path, 0o600), self._owner(path, 0):
            self.assertFound('socket-rights', self.conf, '[policy]\nsocket_mode = 0660\nsocket_owner = postfix')

    def test_postfix_may_not_pass_a_folder(self):
        with self._mode(self.site.postfix.queue, 0o700):
            self.assertFound('socket-rights', 'run', f'chmod o+x {self.site.postfix.queue}')

    def test_others_may_read_the_database(self):
        with self._mode(self.site.popgated.store, 0o644):
            self.assertFound('database', 'run', f'chmod 600 {self.site.popgated.store}')

    def test_popgated_does_not_run(self):
        self.write_conf(policy__listen=f'unix:{self.folder}/nobody')
        found = self.findings('--socket', f'{self.folder}/no-control')
        self.assertIn('systemctl enable --now popgated', found['daemon'][0]['change'])
        self.assertIn('live-query', found)

    def test_systemd_makes_the_sockets(self):
        """What [policy] listen says is not looked at then. systemctl's answer is the test's."""
        path = self.site.postfix.policy_socket
        self.write_conf(policy__listen=f'unix:{self.folder}/nobody')
        self.assertIn('socket-path', self.findings())
        program = workdir.write(f'{workdir.subfolder(self.folder, "bin")}/systemctl', SYSTEMCTL.format(path=path))
        os.chmod(program, 0o755)
        with unittest.mock.patch.dict(os.environ, PATH=f'{self.folder}/bin:{os.environ["PATH"]}'):
            self.assertEqual(self.findings(), {})
            with self._mode(path, 0o600), self._owner(path, 0):
                self.assertFound('socket-rights', 'popgated.socket.d/override.conf', '[Socket]\nSocketMode=0660')

    @staticmethod
    @contextlib.contextmanager
    def _owner(path, uid):
        before = os.stat(path).st_uid
        os.chown(path, uid, -1)
        try:
            yield
        finally:
            os.chown(path, before, -1)

    @staticmethod
    @contextlib.contextmanager
    def _mode(path, mode):
        before = os.stat(path).st_mode & 0o7777
        os.chmod(path, mode)
        try:
            yield
        finally:
            os.chmod(path, before)


if __name__ == '__main__':
    unittest.main()
