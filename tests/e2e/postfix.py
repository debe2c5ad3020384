# SPDX-License-Identifier: GPL-3.0-or-later
"""A Postfix of our own: private configuration, queue and ports. Nothing of the machine's own Postfix is touched.

One Postfix, several smtpd services, one a way of asking popgate; each has its port:

  plain    the recommended restrictions, smtpd not in a chroot
  chroot   the same, smtpd in a chroot
  inet     asks over TCP
  reject   asks a second time behind permit_auth_destination, with policy_context=popgate-reject
  data     asks at DATA too, where a permit would let mail through that is refused otherwise
  move     asks in front of permit_sasl_authenticated, so that popgate report sees who has moved to SMTP AUTH
"""

import os
import shutil
import socket

import workdir
from processes import Program
from waiting import wait_for

MASTER = '/usr/lib/postfix/sbin/master'

OWN_DOMAIN = 'own.test'
MYNETWORKS = '127.8.0.0/16'
TRUSTED = '127.9.0.1'  # may say by XCLIENT who its client is

SERVICES = {
    'plain': ('n', 'asks_unix', ''),
    'chroot': ('y', 'asks_unix', ''),
    'inet': ('n', 'asks_inet', ''),
    'reject': ('n', 'asks_with_context', ''),
    'data': ('n', 'asks_unix', 'asks_unix_only, reject'),
    'move': ('n', 'asks_before_auth', ''),
}

ASK = 'check_policy_service {{ {endpoint}, timeout=5s, {{ default_action = DEFER_IF_REJECT 4.7.1 try again }}{more} }}'
RELAY = 'permit_mynetworks, permit_sasl_authenticated, permit_auth_destination, {ask}, reject_unauth_destination'
MOVE = 'permit_mynetworks, permit_auth_destination, {ask}, permit_sasl_authenticated, reject_unauth_destination'

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {queue}
data_directory = {data}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
in_flow_delay = 0
smtpd_error_sleep_time = 0
smtpd_peername_lookup = no
smtpd_client_connection_rate_limit = 0
smtputf8_enable = yes
inet_protocols = {protocols}
inet_interfaces = {interfaces}
myhostname = mx.own.test
mydestination = {own_domain}
local_recipient_maps =
local_transport = smtp:[127.0.0.1]:{sink_port}
relayhost = [127.0.0.1]:{sink_port}
alias_maps =
mynetworks = {mynetworks}
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_authorized_xclient_hosts = {trusted}
asks_unix = {asks_unix}
asks_inet = {asks_inet}
asks_with_context = {asks_with_context}
asks_unix_only = {asks_unix_only}
asks_before_auth = {asks_before_auth}
smtpd_relay_restrictions = $asks_unix
"""

MASTER_CF = """\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

SMTPD = """\
{port} inet n - {chroot} - - smtpd
    -o syslog_name=postfix/{name}
    -o smtpd_relay_restrictions=${relay}
    -o {{ smtpd_data_restrictions = {data} }}
"""


class Postfix:
    """Not started yet; `policy_socket` is where popgated has to listen, and `policy_port` where over TCP."""

    def __init__(self, folder, sink_port):
        self.folder = workdir.subfolder(folder, 'postfix')
        self.queue = _make_queue(self.folder)
        self.policy_socket = f'{self.queue}/private/popgate'
        self.auth_socket = f'{self.queue}/private/auth'
        self.policy_port = workdir.free_port()
        self.maillog = f'{self.folder}/maillog'
        self._ports = {name: workdir.free_port() for name in SERVICES}
        self._write_configuration(sink_port)
        self._program = Program('postfix', [MASTER, '-s', '-c', f'{self.folder}/etc'], self.maillog)

    def port(self, service='plain'):
        return self._ports[service]

    def start(self):
        self._program.start()
        wait_for(lambda: self._program.must_run() and _greets(self.port()), 'Postfix to greet')
        return self

    def stop(self):
        self._program.stop()

    def log(self):
        """All that Postfix has logged so far."""
        with open(self.maillog, encoding='utf-8', errors='replace') as log:
            return log.read()

    def _write_configuration(self, sink_port):
        etc = workdir.subfolder(self.folder, 'etc')
        data = workdir.subfolder(self.folder, 'data', 0o700, 'postfix')
        workdir.write(f'{etc}/main.cf', MAIN_CF.format(
            folder=self.folder, queue=self.queue, data=data, sink_port=sink_port, own_domain=OWN_DOMAIN,
            protocols='all' if workdir.has_ipv6() else 'ipv4',
            interfaces='127.0.0.1, [::1]' if workdir.has_ipv6() else '127.0.0.1',
            mynetworks=MYNETWORKS, trusted=TRUSTED, **self._restrictions()))
        workdir.write(f'{etc}/master.cf', MASTER_CF + ''.join(self._smtpd(name) for name in SERVICES))

    def _restrictions(self):
        ask_unix = ASK.format(endpoint='unix:private/popgate', more='')
        ask_inet = ASK.format(endpoint=f'inet:127.0.0.1:{self.policy_port}', more='')
        ask_with_context = ASK.format(endpoint='unix:private/popgate', more=', policy_context=popgate-reject')
        return {'asks_unix': RELAY.format(ask=ask_unix),
                'asks_inet': RELAY.format(ask=ask_inet),
                'asks_with_context': RELAY.format(ask=ask_with_context),
                'asks_unix_only': ask_unix,
                'asks_before_auth': MOVE.format(ask=ask_unix)}

    def _smtpd(self, name):
        chroot, relay, data = SERVICES[name]
        return SMTPD.format(port=self._ports[name], chroot=chroot, name=name, relay=relay,
                            data=data.replace('asks_unix_only', '$asks_unix_only'))


def installed():
    return os.path.exists(MASTER) and shutil.which('smtp-sink', path='/usr/sbin') is not None


def _make_queue(folder):
    """The queue's folders, as Postfix's own postfix-files lists them; `postfix check` would take two seconds."""
    queue = workdir.subfolder(folder, 'queue')
    for name in 'active bounce corrupt defer deferred flush hold incoming private saved trace'.split():
        workdir.subfolder(queue, name, 0o700, 'postfix')
    workdir.subfolder(queue, 'maildrop', 0o730, 'postfix', 'postdrop')
    workdir.subfolder(queue, 'public', 0o710, 'postfix', 'postdrop')
    workdir.subfolder(queue, 'pid')
    return queue


def _greets(port):
    try:
        with socket.create_connection(('127.0.0.1', port), timeout=1) as connection:
            return connection.recv(4) == b'220 '
    except OSError:
        return False
