# SPDX-License-Identifier: GPL-3.0-or-later
"""A Dovecot of our own: POP3, IMAP, and the SASL socket that Postfix asks. It logs to a file of its own.

Its penalty for failed logins, which makes the next one wait for seconds, is switched off.
"""

import os
import shutil
import socket

import workdir
from processes import Program
from waiting import wait_for

DOVECOT = '/usr/sbin/dovecot'

PASSWORD = 'secret'
USERS = ('bob', 'alice', 'carol')

DOVECOT_CONF = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {log}
protocols = pop3 imap
listen = {listen}
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
login_trusted_networks = {trusted}
first_valid_uid = 1
mail_location = maildir:~/Maildir
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/mail/%u
}}
service auth {{
  unix_listener {auth_socket} {{
    mode = 0660
    user = postfix
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop_port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


class Dovecot:
    """Not started yet; it logs to `log`. Clients at `trusted` may say for whom they stand."""

    def __init__(self, folder, auth_socket, trusted):
        self.folder = workdir.subfolder(folder, 'dovecot')
        self.log = f'{self.folder}/dovecot.log'
        self.pop_port = workdir.free_port()
        self.imap_port = workdir.free_port()
        self._write_configuration(auth_socket, trusted)
        self._program = Program('dovecot', [DOVECOT, '-F', '-c', f'{self.folder}/dovecot.conf'], self.log)

    def start(self):
        self._program.start()
        wait_for(lambda: self._program.must_run() and self._greets(), 'Dovecot to greet')
        return self

    def stop(self):
        self._program.stop()

    def configure(self, text):
        """Say more in its configuration; before it starts."""
        with open(f'{self.folder}/dovecot.conf', 'a', encoding='utf-8') as conf:
            conf.write(text)

    def _greets(self):
        return _greeting(self.pop_port) == b'+OK' and _greeting(self.imap_port) == b'* O'

    def _write_configuration(self, auth_socket, trusted):
        workdir.subfolder(self.folder, 'mail', 0o700, 'nobody')
        workdir.write(f'{self.folder}/users', ''.join(f'{user}:{PASSWORD}\n' for user in USERS))
        workdir.write(f'{self.folder}/dovecot.conf', DOVECOT_CONF.format(
            folder=self.folder, log=self.log, trusted=trusted, auth_socket=auth_socket,
            listen='127.0.0.1, ::1' if workdir.has_ipv6() else '127.0.0.1',
            pop_port=self.pop_port, imap_port=self.imap_port))


def installed():
    modules = '/usr/lib/dovecot'
    return shutil.which(DOVECOT) is not None and all(os.path.exists(f'{modules}/{name}') for name in ('pop3', 'imap'))


def _greeting(port):
    try:
        with socket.create_connection(('127.0.0.1', port), timeout=1) as connection:
            return connection.recv(3)
    except OSError:
        return b''
