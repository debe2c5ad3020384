# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways in which a Postfix reaches us: from a chroot, from none, over TCP."""

import mail
from mailsite import SiteTest


class Listeners(SiteTest):

    def check(self, service):
        """A stranger, a login, a restart of ours, and an outage, by way of one smtpd service."""
        client = mail.fresh_address()
        self.assertDenied(client, service=service)
        self.site.let_in(client)
        self.assertRelays(client, service=service)
        self.site.popgated.restart()
        self.assertRelays(client, service=service)
        self.assertDenied(mail.fresh_address(), service=service)
        self.site.popgated.stop()
        self.assertDeferred(client, service=service)
        self.site.popgated.start()

    def test_smtpd_outside_a_chroot(self):
        self.check('plain')

    def test_smtpd_in_a_chroot(self):
        self.check('chroot')

    def test_over_tcp(self):
        self.check('inet')
