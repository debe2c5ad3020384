# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus's text format, read strictly: what is not as the format has it is an error."""

import re
import shutil
import subprocess

_LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
_SAMPLE = re.compile(rf'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{{({_LABEL}(?:,{_LABEL})*)?\}})? (\S+)')
_META = re.compile(r'# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)')
_PARTS = ('_bucket', '_sum', '_count')


class Metrics:
    """What a text holds: `types` by family, and samples by name and labels."""

    def __init__(self, text):
        if not text.endswith('\n'):
            raise ValueError('the last line does not end')
        self.types = {}
        self._help = {}
        self._samples = {}
        for line in text.splitlines():
            self._take(line)

    def _take(self, line):
        meta = _META.fullmatch(line)
        if meta:
            kind, name, rest = meta.groups()
            table = self._help if kind == 'HELP' else self.types
            if name in table:
                raise ValueError(f'{name} has two {kind} lines')
            table[name] = rest
            return
        sample = _SAMPLE.fullmatch(line)
        if not sample:
            raise ValueError(f'no line of the format: {line!r}')
        name, labels = sample.group(1), dict(re.findall(_LABEL, sample.group(2) or ''))
        if self.family_of(name) != list(self.types)[-1] or self.family_of(name) not in self._help:
            raise ValueError(f'{name} does not stand behind its HELP and TYPE')
        key = (name, frozenset(labels.items()))
        if key in self._samples:
            raise ValueError(f'twice: {line}')
        self._samples[key] = float(sample.group(sample.re.groups))

    def family_of(self, name):
        """The family that a sample's name belongs to."""
        for part in _PARTS:
            if name.endswith(part) and self.types.get(name.removesuffix(part)) == 'histogram':
                return name.removesuffix(part)
        return name

    def value(self, name, **labels):
        """The one sample of exactly these labels; None: there is none."""
        return self._samples.get((name, frozenset(labels.items())))

    def of(self, name):
        """All samples of that name: [(labels, value)]."""
        return [(dict(labels), value) for (found, labels), value in self._samples.items() if found == name]

    def total(self, name, **labels):
        """The sum of all samples of that name that have these labels."""
        return sum(value for found, value in self.of(name) if labels.items() <= found.items())

    def names(self):
        """The names of all families that have samples."""
        return {self.family_of(name) for name, _ in self._samples}


def promtool_says(text):
    """What `promtool check metrics` finds in a text; '' if nothing."""
    done = subprocess.run([shutil.which('promtool'), 'check', 'metrics'], input=text, capture_output=True, text=True,
                          timeout=30, check=False)
    return (done.stdout + done.stderr).strip() or ('' if done.returncode == 0 else f'status {done.returncode}')
