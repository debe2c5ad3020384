# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses chosen so that they are one and the same to GDBM's own hash function, which everybody can compute.

As keys of a GDBM database 167 of them would stop it for good. A client has 2^64 addresses to choose from, and logs in.
"""

import glob
import ipaddress
import itertools
import os
import random
import time

import loglines
import policy
from mailsite import DaemonTest
from waiting import wait_for

N_ADDRESSES = 10_000
NETWORK = '2001:db8:1:2:'
MASK = 0x7fffffff


def gdbm_hash(key):
    """_gdbm_hash() of GDBM 1.8 to 1.24, before it is scrambled, which makes nothing differ that is the same here."""
    value = 0x238f13af * len(key)
    for index, byte in enumerate(key):
        value = (value + (byte << index * 5 % 24)) & MASK
    return value


def colliding_binary():
    """In 16 bytes: two steps up in one byte and one step down in another, whose weight is the double."""
    head = ipaddress.ip_address(NETWORK + ':').packed[:8]
    for x, y, z in itertools.product(range(64), repeat=3):
        tail = bytes((2 * x, 2 * y, 2 * z, 0, 0, 63 - x, 63 - y, 63 - z))
        yield str(ipaddress.ip_address(head + tail))


def colliding_text():
    """As it is written: the same with decimal digits, and where two weights are the same, a step up and a step down."""
    template = NETWORK + '5555:5555:5555:5555'
    free = [at for at in range(len(NETWORK), len(template)) if template[at] == '5']
    for steps in itertools.product(*(_balanced(pair) for pair in _pairs(free))):
        text = list(template)
        for at, digit in itertools.chain.from_iterable(steps):
            text[at] = str(digit)
        yield ''.join(text)


def _pairs(free):
    """Positions two by two, whose weights are the same or differ by a factor of two; each is used once."""
    free = list(free)
    while free:
        first = free.pop(0)
        for difference in (0, 1, -1):
            second = next((at for at in free if at * 5 % 24 - first * 5 % 24 == difference), None)
            if second is not None:
                free.remove(second)
                yield (first, second) if difference >= 0 else (second, first)
                break


def _balanced(pair):
    """All pairs of digits, none of them 0, at the two positions that leave the hash as it is."""
    light, heavy = pair
    factor = 1 << heavy * 5 % 24 - light * 5 % 24
    total = 5 + 5 * factor
    return [((light, one), (heavy, (total - one) // factor)) for one in range(1, 10)
            if (total - one) % factor == 0 and 1 <= (total - one) // factor <= 9]


def at_random():
    chance = random.Random(7)
    while True:
        yield str(ipaddress.ip_address(ipaddress.ip_address(NETWORK + ':').packed[:8] + chance.randbytes(8)))


class HostileKeys(DaemonTest):

    def addresses(self, source):
        found = list(itertools.islice(source, N_ADDRESSES))
        self.assertEqual(len(set(found)), N_ADDRESSES)
        return found

    def permit_all(self, addresses):
        """Log in from all of them; returns how long it took until the last one may relay, and how large the database is, with all that belongs to it."""
        now = time.time()
        self.log.append(b''.join(loglines.iso(address, when=now) for address in addresses))
        self.popgated.start()
        began = time.monotonic()
        with policy.Connection(self.popgated.policy) as connection:
            wait_for(lambda: connection.ask(policy.request(addresses[-1])) == 'OK', 'the last login to count', timeout=60)
            took = time.monotonic() - began
            for address in addresses:
                self.assertEqual(connection.ask(policy.request(address)), 'OK', address)
        self.assertEqual(self.popgated.grants().keys(), set(addresses))
        # So many at once are more than popgate usage keeps; whether that is said yet is a matter of when the second was over.
        self.assertEqual([line for line in self.popgated.log().splitlines() if 'warning' in line and 'than are kept' not in line], [])
        self.popgated.end()
        return took, sum(map(os.path.getsize, glob.glob(f'{self.popgated.store}*')))

    def assertLikeOthers(self, addresses):
        usual = self.permit_all(self.addresses(at_random()))
        for path in glob.glob(f'{self.popgated.store}*') + [self.popgated.source]:
            os.unlink(path)
        hostile = self.permit_all(addresses)
        print(f'        {N_ADDRESSES} addresses: chosen {hostile[0]:.2f} s, {hostile[1] // 1024} KiB; '
              f'at random {usual[0]:.2f} s, {usual[1] // 1024} KiB')
        self.assertLess(hostile[0], 5 * usual[0] + 2)
        self.assertLess(hostile[1], 2 * usual[1])

    def test_binary_addresses_of_one_hash(self):
        addresses = self.addresses(colliding_binary())
        self.assertEqual(len({gdbm_hash(ipaddress.ip_address(address).packed) for address in addresses}), 1)
        self.assertLikeOthers(addresses)

    def test_written_addresses_of_one_hash(self):
        addresses = self.addresses(colliding_text())
        self.assertEqual({str(ipaddress.ip_address(address)) for address in addresses}, set(addresses))
        self.assertEqual(len({gdbm_hash(address.encode()) for address in addresses}), 1)
        self.assertLikeOthers(addresses)
