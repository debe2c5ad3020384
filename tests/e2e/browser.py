# SPDX-License-Identifier: GPL-3.0-or-later
"""A real browser, Chromium, without a window: shows a page at some size and in some colours, and tells what came of it.

It is spoken to over a pipe in its own protocol (DevTools): one JSON object, then a NUL.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import struct
import subprocess
import tempfile
import time
import zlib

CHROMIUM = shutil.which('chromium')
TIMEOUT = 30


class Browser:
    """Started at once. What a page wants to load, and what it complains of, is in `requests` and `complaints`."""

    def __init__(self):
        self._profile = tempfile.mkdtemp(prefix='pg-chromium-')
        self._process, self._out, self._in = _launch(self._profile)
        self._received = b''
        self._number = 0
        self._session = None
        self.requests, self.complaints = [], []
        self._loaded = 0
        target = self._call('Target.createTarget', url='about:blank')['targetId']
        self._session = self._call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        for domain in ('Page', 'Network', 'Log', 'Runtime'):
            self._call(f'{domain}.enable')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._out)
        os.close(self._in)
        shutil.rmtree(self._profile, ignore_errors=True)

    # --- pages

    def show(self, path, width=1280, height=900, dark=False, phone=False, script=True):
        """Load a file. `phone`: with its pixels and its viewport; `script`: may the page's own run?"""
        self.requests, self.complaints = [], []
        self._call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=2 if phone else 1,
                   mobile=phone)
        self._call('Emulation.setScriptExecutionDisabled', value=not script)
        self._call('Emulation.setEmulatedMedia',
                   features=[{'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}])
        before = self._loaded
        self._call('Page.navigate', url=f'file://{path}')
        self._read_until(lambda: self._loaded > before)

    def evaluate(self, expression):
        """The value of an expression of JavaScript in the page."""
        answer = self._call('Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True)
        if 'exceptionDetails' in answer:
            raise AssertionError(f'{expression}: {answer["exceptionDetails"]}')
        return answer['result'].get('value')

    def screenshot(self, selector=None):
        """A picture of the whole page, or of the first element that matches."""
        what = f'document.querySelector({json.dumps(selector)})' if selector else 'document.documentElement'
        left, top, width, height = self.evaluate(
            f'(() => {{ const r = {what}.getBoundingClientRect();'
            ' return [r.left + scrollX, r.top + scrollY, r.width, r.height] })()')
        data = self._call('Page.captureScreenshot', captureBeyondViewport=True,
                          clip={'x': left, 'y': top, 'width': width, 'height': height, 'scale': 1})['data']
        return Picture(base64.b64decode(data))

    # --- the protocol

    def _call(self, method, **parameters):
        self._number += 1
        number = self._number
        message = {'id': number, 'method': method, 'params': parameters}
        if self._session:
            message['sessionId'] = self._session
        os.write(self._out, json.dumps(message).encode() + b'\0')
        answers = []
        self._read_until(lambda: answers, lambda answer: answers.append(answer) if answer.get('id') == number else None)
        if 'error' in answers[0]:
            raise AssertionError(f'{method}: {answers[0]["error"]}')
        return answers[0]['result']

    def _read_until(self, holds, take=lambda message: None):
        deadline = time.monotonic() + TIMEOUT
        while not holds():
            message = self._read_message(deadline)
            self._note(message)
            take(message)

    def _read_message(self, deadline):
        while b'\0' not in self._received:
            if not select.select([self._in], [], [], max(0, deadline - time.monotonic()))[0]:
                raise AssertionError('the browser does not answer')
            chunk = os.read(self._in, 1 << 16)
            if not chunk:
                raise AssertionError('the browser has ended')
            self._received += chunk
        message, _, self._received = self._received.partition(b'\0')
        return json.loads(message)

    def _note(self, message):
        method, parameters = message.get('method'), message.get('params', {})
        if method == 'Page.loadEventFired':
            self._loaded += 1
        elif method == 'Network.requestWillBeSent':
            self.requests.append(parameters['request']['url'])
        elif method == 'Log.entryAdded':
            self.complaints.append(parameters['entry']['text'])
        elif method == 'Runtime.exceptionThrown':
            self.complaints.append(str(parameters['exceptionDetails']))


class Picture:
    """A PNG as the browser makes it: 8 bits, RGB or RGBA, not interlaced."""

    def __init__(self, png):
        self.png = png
        self.width, self.height, depth, kind, *_ = struct.unpack('>IIBBBBB', png[16:29])
        if depth != 8 or kind not in (2, 6):
            raise AssertionError('not a picture as expected')
        self._size = 3 if kind == 2 else 4

    def colours(self):
        """{(r, g, b): how many pixels}. It takes a second for half a million of them."""
        counts = {}
        for row in _unfilter(zlib.decompress(b''.join(_chunks(self.png))), self.width * self._size, self.height, self._size):
            for at in range(0, len(row), self._size):
                colour = tuple(row[at:at + 3])
                counts[colour] = counts.get(colour, 0) + 1
        return counts

    def save(self, path):
        with open(path, 'wb') as file:
            file.write(self.png)


def _chunks(png):
    at = 8
    while at < len(png):
        length, name = struct.unpack('>I4s', png[at:at + 8])
        if name == b'IDAT':
            yield png[at + 8:at + 8 + length]
        at += length + 12


def _paeth(left, up, corner):
    guess = left + up - corner
    distances = abs(guess - left), abs(guess - up), abs(guess - corner)
    return (left, up, corner)[distances.index(min(distances))]


def _unfilter(data, stride, height, size):
    rows, before = [], bytes(stride)
    for number in range(height):
        kind, row = data[number * (stride + 1)], bytearray(data[number * (stride + 1) + 1:(number + 1) * (stride + 1)])
        for i in range(stride) if kind else ():
            left, corner = (row[i - size], before[i - size]) if i >= size else (0, 0)
            row[i] = row[i] + (left, before[i], (left + before[i]) // 2, _paeth(left, before[i], corner))[kind - 1] & 255
        rows.append(bytes(row))
        before = row
    return rows


def _launch(profile):
    """The process, and where to write to it and read from it: its descriptors 3 and 4."""
    their_in, ours_out = os.pipe()
    ours_in, their_out = os.pipe()
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 10) for fd in (their_in, their_out)]  # out of the way of 3 and 4
    argv = ['bash', '-c', f'exec "$@" 3<&{high[0]} 4>&{high[1]}', 'bash', CHROMIUM, '--headless', '--no-sandbox', '--disable-gpu',
            '--remote-debugging-pipe', '--hide-scrollbars', f'--user-data-dir={profile}', '--no-first-run',
            '--disable-background-networking', '--disable-component-update', '--disable-extensions']
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               pass_fds=high)
    for fd in (their_in, their_out, *high):
        os.close(fd)
    return process, ours_out, ours_in
