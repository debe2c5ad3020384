# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault table of doc/security: made from what was seen, and compared with it, so that it can't say anything else.

It stands between two lines that mark it. Each row is a block: the fault and the codes, how it is made, what popgated said.
"""

import os
import textwrap

PATH = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), 'doc', 'security')

BEGIN = '--- the table ---\n'
END = '--- end of the table ---\n'

WIDTH = 120
FAULT = 68
INDENT = '      '
HEAD = f"{'':{FAULT}}  during the fault           afterwards\n{'':{FAULT}}  stranger  client  local    stranger  client\n"


def _block(row, outcome):
    """One row as lines."""
    codes = f'{outcome.stranger:>8}  {outcome.client:>6}  {outcome.local:>5}'
    lines = textwrap.wrap(row.fault, FAULT - 4)
    text = f'  {lines[0]:{FAULT - 2}}  {codes}    {outcome.afterwards}\n'
    text += ''.join(f'    {line}\n' for line in lines[1:])
    text += _wrapped(row.how)
    return text + ''.join(_wrapped(f'{where.partition(":")[0]}: "{said}"', '  ')
                          for where, said in zip(row.says, outcome.said))


def _wrapped(text, hanging=''):
    return textwrap.fill(text, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT + hanging, break_long_words=False,
                         break_on_hyphens=False) + '\n'


def _table(seen):
    """All rows under their sections' titles."""
    text, title = HEAD, None
    for row, outcome in seen:
        if row.section != title:
            title = row.section
            text += f'\n{title}\n'
        text += '\n' + _block(row, outcome)
    return text + '\n'


def _read(path):
    """The document as three parts: before, in and behind the table."""
    with open(path, encoding='utf-8') as file:
        before, begin, rest = file.read().partition(BEGIN)
    table, end, behind = rest.partition(END)
    if not begin or not end:
        raise ValueError(f'{path} lacks the lines that mark the table')
    return before, table, behind


def write(path, seen):
    before, _, behind = _read(path)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(before + BEGIN + _table(seen) + END + behind)


def compare(path, seen, whole):
    """What the document says otherwise, as lines; with `whole`, `seen` has to be all that it says."""
    seen = [(row, outcome) for row, outcome in seen if outcome is not None]
    table = _read(path)[1]
    differences = [f'not in the document: {_block(row, outcome)}' for row, outcome in seen if _block(row, outcome) not in table]
    if whole and not differences and table != _table(seen):
        differences.append('the document has rows, or an order, that was not seen')
    return differences
