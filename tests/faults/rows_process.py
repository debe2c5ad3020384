# SPDX-License-Identifier: GPL-3.0-or-later
"""popgated itself: absent, hanging, restarted, badly configured; and its socket."""

import os
import signal

from rows import row, section

section('popgated, and its socket')


@row('not running', 'It is ended in order.')
def not_running(site):
    site.popgated.stop()
    yield
    site.popgated.start()


@row('killed', 'SIGKILL. Its socket stays behind, and nobody answers it.')
def killed(site):
    site.popgated.kill()
    yield
    site.popgated.start()


@row('hangs', 'SIGSTOP. Postfix waits twice for timeout=5s, and for a second between.')
def hangs(site):
    site.popgated.program.send_signal(signal.SIGSTOP)
    site.afterwards(site.popgated.program.send_signal, signal.SIGCONT)
    yield
    site.popgated.program.send_signal(signal.SIGCONT)


@row('killed and started again, ten times', 'SIGKILL, and a start, without a pause.')
def killed_often(site):
    for _ in range(10):
        site.popgated.kill()
        site.popgated.start()
    yield


@row('restarted, ten times', 'SIGTERM, and a start.')
def restarted_often(site):
    for _ in range(10):
        site.popgated.restart()
    yield


@row('its socket is gone', 'private/popgate is removed under it.')
def socket_gone(site):
    os.unlink(site.popgated.policy)
    site.use_fresh_smtpd()
    yield
    site.popgated.restart()


@row('its socket has the wrong owner', 'private/popgate belongs to root, mode 0600.')
def socket_closed(site):
    os.chown(site.popgated.policy, 0, 0)
    os.chmod(site.popgated.policy, 0o600)
    site.use_fresh_smtpd()
    yield
    site.popgated.restart()


@row('a reload with a bad configuration', 'window = soon, then SIGHUP.', says='log: \\[popgate\\] window.*')
def bad_reload(site):
    good = site.popgated.settings.get('popgate.window', '30m')
    site.popgated.configure({'popgate.window': 'soon'})
    site.popgated.hang_up()
    site.wait_until_said('log: window')
    yield
    site.popgated.configure({'popgate.window': good})
    site.popgated.must('reload')


@row('frozen by an administrator', 'popgate freeze.', says='status: FROZEN.*')
def frozen(site):
    site.popgated.must('freeze')
    yield
    site.popgated.must('thaw')
