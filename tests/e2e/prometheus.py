# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Prometheus on loopback that scrapes one target each second, and what it can be asked."""

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import workdir
from processes import Program
from waiting import wait_for

PROMETHEUS, PROMTOOL = shutil.which('prometheus'), shutil.which('promtool')

_CONFIGURATION = """
global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files: {rules}
scrape_configs:
  - job_name: popgate
    static_configs:
      - targets: ['127.0.0.1:{target}']
"""


def lacking():
    """Why it can't be run; empty if it can."""
    return '' if PROMETHEUS and PROMTOOL else 'prometheus is not installed'


def promtool(*arguments, text=''):
    """What promtool says; raises AssertionError if it finds anything wrong."""
    done = subprocess.run([PROMTOOL, *arguments], input=text, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise AssertionError(f'promtool {" ".join(arguments)}: {done.stdout}{done.stderr}')
    return done.stdout + done.stderr


class Prometheus:
    """It scrapes 127.0.0.1:`target` as job popgate, with the alerts of the files `rules`."""

    def __init__(self, folder, target, rules):
        self._folder = workdir.subfolder(folder, 'prometheus')
        self._port = workdir.free_port()
        self._configuration = workdir.write(f'{self._folder}/prometheus.yml', _CONFIGURATION.format(
            target=target, rules=json.dumps([os.path.abspath(path) for path in rules])))
        self._program = None

    def start(self):
        self._program = Program('prometheus', [
            PROMETHEUS, f'--config.file={self._configuration}', f'--storage.tsdb.path={self._folder}/data',
            f'--web.listen-address=127.0.0.1:{self._port}', '--log.level=warn'], f'{self._folder}/log').start()
        wait_for(lambda: self._program.must_run() and self._is_ready(), 'Prometheus to be ready', 30)
        return self

    def stop(self):
        if self._program:
            self._program.stop()

    def _is_ready(self):
        try:
            return self._get('/-/ready') is not None
        except OSError:
            return False

    def _get(self, path):
        with urllib.request.urlopen(f'http://127.0.0.1:{self._port}{path}', timeout=10) as reply:
            return reply.read().decode()

    def ask(self, path, **parameters):
        """The data of an answer of its API; raises AssertionError if it is an error."""
        try:
            answer = json.loads(self._get(f'/api/v1/{path}?{urllib.parse.urlencode(parameters)}'))
        except urllib.error.HTTPError as error:
            raise AssertionError(f'{path} {parameters}: {error.read().decode()}') from error
        return answer['data']

    def query(self, expression):
        """The result of an expression now: [(labels, value)]."""
        return [(row['metric'], float(row['value'][1])) for row in self.ask('query', query=expression)['result']]

    def value(self, expression):
        """The one value of an expression; None: there is none, or more than one."""
        result = self.query(expression)
        return result[0][1] if len(result) == 1 else None

    def names(self):
        """The names of all series that it has seen."""
        return set(self.ask('label/__name__/values'))

    def rules(self):
        """Its alert rules by name."""
        return {rule['name']: rule for group in self.ask('rules')['groups'] for rule in group['rules']}
