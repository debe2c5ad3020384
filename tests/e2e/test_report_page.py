# SPDX-License-Identifier: GPL-3.0-or-later
"""popgate report --html in a real browser: light and dark, wide and on a phone, with names that mean harm."""

import datetime
import unittest

import browser
import workdir
from answering import Answering
from popgate import POPGATE, run

TODAY = datetime.date(2026, 11, 26)
N_DAYS = 30
NASTY = ['<img src=x onerror=alert(1)>', '"><script>alert(1)</script>', '</style><b>', 'x' * 180, '\u202egro.elpmaxe@nomis',
         "a'b&amp;c", 'javascript:alert(1)@example.org']

USE, DEPENDS, MOVED = '--use', '--depends', '--moved'
WIDTHS = {'a desk': 1280, 'a tablet': 800, 'a phone': 390, 'a small phone': 320}


def _date(back):
    return str(TODAY - datetime.timedelta(days=back))


def _seconds(back):
    noon = datetime.datetime.combine(TODAY, datetime.time(12), datetime.timezone.utc)
    return int(noon.timestamp()) - back * 86400


def _pair(user, address, way, days):
    """`days`: {days back: recipients}."""
    return {'user': user, 'address': address, 'way': way, 'first': _seconds(max(days)), 'last': _seconds(min(days)),
            'total': sum(days.values()), 'days': {_date(back): n for back, n in days.items()}}


def _rows():
    yield {'today': str(TODAY), 'days': N_DAYS, 'pairs': 60, 'pairs_max': 100000, 'not_counted': 0}
    for number in range(20):
        stop = number % 5 * 4
        days = {back: 1 + (number + back) % 7 for back in range(stop, N_DAYS) if (back + number) % 3}
        yield _pair(f'user{number:02}@example.org', f'192.0.2.{number}', 'login', days)
        if stop:
            yield _pair(f'user{number:02}@example.org', f'198.51.100.{number}', 'auth', {back: 2 for back in range(stop)})
    for number, name in enumerate(NASTY):
        yield _pair(name, f'2001:db8:1234:5678:9abc:def0:1234:{number:x}', 'login', {2: 1, 5: 4})
    yield _pair('', '192.0.2.200', 'allow', {1: 2})


def _expected_recipients():
    """Of each day, the first first."""
    return [sum(row['days'].get(_date(back), 0) for row in _rows() if row.get('way') in ('login', 'allow'))
            for back in reversed(range(N_DAYS))]


@unittest.skipUnless(browser.CHROMIUM, 'Chromium is not installed')
class Page(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        folder = workdir.make()
        cls.addClassCleanup(workdir.remove, folder)
        answering = Answering(f'{folder}/control', _rows())
        cls.addClassCleanup(answering.stop)
        result = run(POPGATE, '--socket', answering.path, 'report', '--html', '--days', str(N_DAYS))
        cls.html = result.out
        cls.path = f'{folder}/report.html'
        workdir.write(cls.path, result.out)
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.close)

    def show(self, **how):
        self.browser.show(self.path, **how)

    def ask(self, expression):
        return self.browser.evaluate(expression)

    def colour(self, name):
        """(r, g, b) of a colour that the style sheet names."""
        text = self.ask(f'getComputedStyle(document.documentElement).getPropertyValue("{name}")').strip().lstrip('#')
        if len(text) == 3:
            text = ''.join(2 * digit for digit in text)
        return tuple(bytes.fromhex(text))

    # --- nothing from elsewhere

    def test_it_loads_nothing_and_nothing_is_wrong(self):
        for script in (True, False):
            self.show(script=script)
            self.assertEqual(self.browser.requests, [f'file://{self.path}'])
            self.assertEqual(self.browser.complaints, [])

    def test_names_are_text(self):
        self.show()
        self.assertEqual(self.ask('[document.images.length, document.scripts.length, document.styleSheets.length]'), [0, 1, 1])
        names = self.ask('[...document.querySelectorAll("section .who")].map(cell => cell.textContent)')
        for name in NASTY:
            self.assertIn(name.replace('\u202e', '\ufffd'), names)

    def test_a_script_that_got_in_would_not_run(self):
        path = self.path.replace('report.html', 'broken.html')
        workdir.write(path, self.html.replace('<footer>', '<script>document.title = "owned"</script><img src="x"><footer>'))
        self.browser.show(path)
        self.assertNotEqual(self.ask('document.title'), 'owned')
        self.assertTrue(any('Content Security Policy' in text for text in self.browser.complaints), self.browser.complaints)

    # --- charts

    def test_bars_are_as_high_as_the_numbers(self):
        self.show()
        expected = _expected_recipients()
        heights = self.ask('[...document.querySelectorAll(".plot .bar")].map(bar => bar.getBoundingClientRect().height)')
        self.assertEqual(len(heights), N_DAYS)
        for number, height in zip(expected, heights, strict=True):
            self.assertAlmostEqual(height / max(heights), number / max(expected), delta=0.02)
        title = self.ask('document.querySelectorAll(".day title")[29].textContent')
        self.assertEqual(title, f'Thu 26 Nov 2026: {expected[-1]} recipients')

    def test_charts_are_seen_in_light_and_dark(self):
        for dark in (False, True):
            with self.subTest(dark=dark):
                self.show(dark=dark)
                for selector, names in (('figure', [USE]), ('figure:last-of-type', [DEPENDS, MOVED]), ('.shares', [DEPENDS, MOVED]),
                                        ('.spark', [DEPENDS])):
                    colours = self.browser.screenshot(selector).colours()
                    for name in names:
                        self.assertGreater(colours.get(self.colour(name), 0), 60, f'{name} in {selector}')

    def test_light_and_dark_are_that(self):
        for dark in (False, True):
            self.show(dark=dark)
            colours = self.browser.screenshot('h1').colours()
            ground = max(colours, key=colours.get)
            self.assertEqual(sum(ground) < 120, dark, ground)
            self.assertEqual(ground, self.colour('--page'))

    def test_text_can_be_told_from_its_ground(self):
        """WCAG 2.1, 1.4.3: a contrast of 4.5 at least."""
        for dark in (False, True):
            self.show(dark=dark)
            card = self.colour('--card')
            for name in ('--text', '--faint', USE, DEPENDS, '--both', MOVED):
                self.assertGreater(_contrast(self.colour(name), card), 4.5, f'{name}, dark: {dark}')

    # --- sizes

    def test_nothing_is_wider_than_the_screen(self):
        for name, width in WIDTHS.items():
            with self.subTest(name):
                self.show(width=width, phone=width < 500)
                self.assertEqual(self.ask('innerWidth'), width)
                self.assertLessEqual(self.ask('document.documentElement.scrollWidth'), width)
                beyond = self.ask('[...document.querySelectorAll("main *")].filter(one => one.checkVisibility() && '
                                  f'one.getBoundingClientRect().right > {width} + 1).map(one => one.outerHTML.slice(0, 80))')
                self.assertEqual(beyond, [])

    def test_it_can_be_read_on_a_phone(self):
        self.show(width=390, height=844, phone=True)
        smallest = self.ask('Math.min(...[...document.querySelectorAll("main *")].filter(one => one.checkVisibility())'
                            '.map(one => parseFloat(getComputedStyle(one).fontSize)))')
        self.assertGreaterEqual(smallest, 12)
        plot = self.ask('(r => [r.width, r.height])(document.querySelector(".plot svg").getBoundingClientRect())')
        self.assertGreater(plot[0], 250)
        self.assertGreater(plot[1], 150)
        labels = self.ask('[...document.querySelectorAll("section tbody tr")[0].cells].slice(1).filter(c => c.checkVisibility())'
                          '.map(c => getComputedStyle(c, "::before").content)')
        self.assertIn('"Recipients"', labels)
        colours = self.browser.screenshot('figure').colours()
        self.assertGreater(colours.get(self.colour(USE), 0), 5000)

    # --- the script

    def click(self, heading):
        self.ask(f'[...document.querySelectorAll("section th button")].find(b => b.textContent === "{heading}").click()')

    def column(self, number):
        return self.ask('[...document.querySelectorAll("section tbody tr")].filter(row => !row.hidden)'
                        f'.map(row => row.cells[{number}].textContent)')

    def test_a_heading_sorts(self):
        self.show()
        self.click('Recipients')
        numbers = [int(text.replace(',', '')) for text in self.column(6)]
        self.assertEqual(numbers, sorted(numbers, reverse=True))
        self.click('Recipients')
        self.assertEqual([int(text.replace(',', '')) for text in self.column(6)], sorted(numbers))
        self.click('User')
        users = [text.lower() for text in self.column(0)]
        self.assertEqual(users, sorted(users, reverse=True))

    def test_a_word_is_looked_for(self):
        self.show()
        self.ask('(find => { find.value = "USER07"; find.dispatchEvent(new Event("input")) })(document.querySelector(".find"))')
        self.assertEqual(self.column(0), ['user07@example.org'])

    def test_without_script_nothing_is_missing(self):
        self.show(script=False)
        rows = self.ask('document.querySelectorAll("section tbody tr").length')
        self.assertEqual(rows, 20 + len(NASTY) + 1)
        self.assertEqual(self.ask('document.querySelectorAll("button, input").length'), 0)


def _luminance(colour):
    parts = [part / 255 for part in colour]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one, other):
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)
