# SPDX-License-Identifier: GPL-3.0-or-later
"""Three clients that ask Postfix all the while a fault comes and goes: a stranger, one who has logged in, and one who writes
to the own domain. So no moment goes unseen, least of all those in which things change.
"""

import threading
import time

import mail
from waiting import wait_for

PAUSE = 0.02
LONGEST = 15.0  # of one answer: popgated hangs, and Postfix tries twice, 5 s each time, a second apart


class Client:
    """Asks for one recipient again and again, each time in a session of its own."""

    def __init__(self, site, source, recipient):
        self.source = source
        self.seen = []  # (code, text) whenever it changes
        self._site = site
        self._recipient = recipient
        self._begun = 0
        self._done = 0
        self._last = None
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._ends.wait(PAUSE):
            self._begun += 1
            reply = self._ask()
            if not self.seen or self.seen[-1] != reply:
                self.seen.append(reply)
            self._last = reply
            self._done = self._begun

    def _ask(self):
        try:
            return self._site.rcpt(self.source, self._recipient, self._site.service)
        except Exception as error:  # whatever it is, it's an answer that must not be
            return mail.Reply(0, repr(error))

    def next_code(self, number):
        """The code of an answer that was asked for after `number` questions; None if there is none yet."""
        return self._last.code if self._done > number else None

    @property
    def begun(self):
        return self._begun

    def stop(self):
        self._ends.set()
        self._thread.join(LONGEST)


class Clients:
    """The three. Codes are told in the order stranger, client, local."""

    def __init__(self, site, stranger, client):
        self._site = site
        self._clients = [Client(site, stranger, mail.FOREIGN), Client(site, client, mail.FOREIGN),
                         Client(site, stranger, mail.OWN)]

    def replace(self, address):
        """Another client has logged in, and is looked at from now on."""
        self._clients[1].stop()
        self._clients[1] = Client(self._site, address, mail.FOREIGN)

    def codes(self):
        """What each is told now: an answer that is under way is of before, so it may take two."""
        numbers = [client.begun for client in self._clients]
        return wait_for(lambda: self._codes_after(numbers), 'Postfix to answer all three', 2 * LONGEST)

    def _codes_after(self, numbers):
        codes = [client.next_code(number) for client, number in zip(self._clients, numbers)]
        return None if None in codes else tuple(codes)

    def wait_for(self, stranger, client, timeout):
        """Wait until both are answered so."""
        deadline = time.monotonic() + timeout
        while (codes := self.codes())[:2] != (stranger, client) and time.monotonic() < deadline:
            pass
        return codes

    def wrongs(self, client_keeps_grant):
        """What must never have been: a stranger relays, mail of the client bounces, local mail is touched."""
        stranger, client, local = self._clients
        wrong = [f'a stranger got {reply}' for reply in stranger.seen if not 400 <= reply.code <= 599]
        if client_keeps_grant:
            wrong += [f'the client got {reply}' for reply in client.seen if reply.code != 250 and not 400 <= reply.code <= 499]
        return wrong + [f'local mail got {reply}' for reply in local.seen if reply.code != 250]

    def stop(self):
        for client in self._clients:
            client.stop()
