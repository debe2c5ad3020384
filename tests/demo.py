#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job before your eyes: a login line arrives, its address may relay, another may not, the window ends.

Runs popgated and popgate (environment: POPGATED, POPGATE) in a folder of its own; nothing of the system is touched.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone

WINDOW_S = 3
PATIENCE_S = 10
CUSTOMER = '192.0.2.7'
STRANGER = '203.0.113.66'

CONFIG = '''[popgate]
window = {window}s
store = gdbm:{folder}/popgate.gdbm
[policy]
listen = unix:{folder}/policy
socket_owner =
socket_group =
[log]
source = file:{folder}/mail.log
[control]
listen = unix:{folder}/control
'''


def say(text=''):
    print(text, flush=True)


def wait_until(question, what):
    """Ask until the answer is yes."""
    end = time.monotonic() + PATIENCE_S
    while not question():
        if time.monotonic() > end:
            sys.exit(f'demo: gave up waiting: {what}')
        time.sleep(0.02)


class Demo:
    def __init__(self, folder):
        self.folder = folder
        self.policy = os.path.join(folder, 'policy')
        self.log = os.path.join(folder, 'mail.log')
        self.config = os.path.join(folder, 'popgate.conf')
        open(self.log, 'w').close()
        with open(self.config, 'w') as file:
            file.write(CONFIG.format(window=WINDOW_S, folder=folder))

    def start(self):
        self.daemon = subprocess.Popen([os.environ['POPGATED'], '-c', self.config])
        wait_until(lambda: self.daemon.poll() is not None or self.connects(), 'popgated to listen')
        if self.daemon.poll() is not None:
            sys.exit('demo: popgated ended by itself')

    def stop(self):
        self.daemon.terminate()
        return self.daemon.wait(PATIENCE_S)

    def connects(self):
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(self.policy) == 0

    def ask(self, address):
        """Ask as Postfix does; returns the action."""
        request = ('request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\n'
                   f'client_address={address}\nsender=a@example.org\nrecipient=b@example.net\n\n')
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(self.policy)
            client.sendall(request.encode())
            with client.makefile() as replies:
                return replies.readline().strip()

    def show(self, address):
        say(f'  Postfix asks about {address}: {self.ask(address)}')

    def log_in(self, user, address):
        stamp = datetime.now(timezone.utc).strftime('%Y-%m-%dT%H:%M:%S.%f+00:00')
        line = (f'{stamp} mail dovecot: pop3-login: Login: user=<{user}>, method=PLAIN, rip={address}, '
                'lip=198.51.100.1, mpid=4711, TLS, session=<ahN4kl1b2uLLAHFj>')
        say(f'  {line}')
        with open(self.log, 'a') as file:
            file.write(line + '\n')

    def command(self, *arguments):
        say(f'  $ popgate {" ".join(arguments)}')
        subprocess.run([os.environ['POPGATE'], '-c', self.config, *arguments])


def run(demo):
    say(f'\n1. popgated runs, with a window of {WINDOW_S} seconds. Nobody has logged in.')
    wait_until(lambda: demo.ask(CUSTOMER) == 'action=DUNNO', 'the empty log to be read')
    demo.show(CUSTOMER)
    say('\n2. Dovecot logs that somebody has checked the mail:')
    demo.log_in('bob@example.org', CUSTOMER)
    wait_until(lambda: demo.ask(CUSTOMER) == 'action=OK', 'the login to count')
    say(f'\n3. That address may relay, another may not:')
    demo.show(CUSTOMER)
    demo.show(STRANGER)
    demo.command('check', CUSTOMER)
    demo.command('check', STRANGER)
    say('\n4. The window ends. No clean-up is needed for that: the answer is decided when Postfix asks.')
    wait_until(lambda: demo.ask(CUSTOMER) == 'action=DUNNO', 'the window to end')
    demo.show(CUSTOMER)
    demo.command('explain', CUSTOMER)


def main():
    folder = tempfile.mkdtemp(prefix='popgate-demo-')
    demo = Demo(folder)
    try:
        demo.start()
        run(demo)
        status = demo.stop()
    finally:
        shutil.rmtree(folder)
    if status != 0:
        sys.exit(f'demo: popgated ended with status {status}')
    say('\nThat was the main job. README says how to set it up for Postfix and Dovecot.')


if __name__ == '__main__':
    main()
