# SPDX-License-Identifier: GPL-3.0-or-later
"""A power failure, for the files of one folder whose writer runs under power.so and was killed.

What was synced is there. Of what was not, each page of a file is there or is as it was before, at random; so is each new
length; and each new, removed or changed name that no sync of the folder followed. A rename happens as a whole or not at all.
"""

import os
import shutil

PAGE = 4096


class Disk:
    """A folder, `path`, and beside it what of it is on the disk."""

    def __init__(self, path, library):
        self.path = path
        self._shadow = path + '.shadow'
        self._library = library

    def environment(self):
        """For the writer."""
        return {'LD_PRELOAD': self._library, 'POWER_SHADOW': self._shadow}

    def settle(self):
        """All that is there now is on the disk. To be called before the writer starts."""
        shutil.rmtree(self._shadow, ignore_errors=True)
        os.mkdir(self._shadow)
        names = []
        for name, inode in self._names_now().items():
            file = f'{self.path}/{name}'
            os.link(file, f'{self._shadow}/inode-{inode}')
            shutil.copyfile(file, f'{self._shadow}/data-{inode}')
            names.append(f'{inode} {name}\n')
        with open(f'{self._shadow}/names', 'w', encoding='utf-8') as file:
            file.writelines(names)

    def lose_power(self, chance):
        """Put into the folder what may be there when the power is back. The writer has been killed."""
        now = self._names_now()
        latest = {inode: f'{self.path}/{name}' for name, inode in now.items()}
        fresh = self.path + '.fresh'
        os.mkdir(fresh, 0o700)
        for name, inode in _survivors(self._names_on_disk(), now, chance).items():
            with open(f'{fresh}/{name}', 'wb') as file:
                file.write(_mix(_read(f'{self._shadow}/data-{inode}'),
                                _read(latest.get(inode, f'{self._shadow}/inode-{inode}')), chance))
        shutil.rmtree(self.path)
        os.rename(fresh, self.path)

    def _names_now(self):
        with os.scandir(self.path) as entries:
            return {entry.name: entry.inode() for entry in entries if entry.is_file(follow_symlinks=False)}

    def _names_on_disk(self):
        with open(f'{self._shadow}/names', encoding='utf-8') as file:
            return {name: int(inode) for inode, name in (line.rstrip('\n').split(' ', 1) for line in file)}


def _mix(synced, latest, chance):
    """Each page as it was synced or as it was at the end."""
    low, high = sorted((len(synced), len(latest)))
    size = chance.choice((low, high, chance.randint(low, high)))
    share = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
    pages = []
    for at in range(0, size, PAGE):
        source = latest if chance.random() < share else synced
        pages.append(source[at:at + PAGE].ljust(PAGE, b'\0'))
    return b''.join(pages)[:size]


def _read(path):
    try:
        with open(path, 'rb') as file:
            return file.read()
    except FileNotFoundError:
        return b''


def _survivors(before, now, chance):
    """{name: inode} after the failure: of each file that got, lost or changed its name this happened, or it did not."""
    names = dict(before)
    files = sorted(set(before.values()) | set(now.values()))
    happened = [inode for inode in files if _name_of(before, inode) != _name_of(now, inode) and chance.random() < 0.5]
    for inode in happened:
        name = _name_of(before, inode)
        if name and (name not in now or inode in now.values()):  # else another was renamed over it, or was not
            names.pop(name)
    for inode in happened:
        if inode in now.values():
            names[_name_of(now, inode)] = inode
    return names


def _name_of(names, inode):
    return next((name for name, there in names.items() if there == inode), None)
