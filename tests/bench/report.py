# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the figures of the bench as a table and as a plot, for docs/performance.md."""

import math
import os
import platform
import re
from xml.sax.saxutils import escape

BEGIN, END = '<!-- The bench writes this part. -->', '<!-- End of this part. -->'
TITLES = {'pcp': 'PCP', 'natpmp': 'NAT-PMP', 'upnp': 'UPnP IGD'}
COLORS = {'plum-glib': '#1c71d8', 'one bare exchange after the other': '#77767b',
          'libplum': '#26a269', 'libnatpmp': '#e66100', 'miniupnpc': '#c64600',
          'gupnp-igd': '#813d9c'}
DASHES = {'one bare exchange after the other': '5 3', 'miniupnpc': '8 3', 'gupnp-igd': '2 2'}

PANEL, HEIGHT, LEFT, TOP, BOTTOM, GAP = 250, 260, 62, 34, 40, 24


NOT_MEASURED = 'not measured'


def curves(rows, protocol):
    """Returns name -> [(n, ms)]; ms is None if it was not measured."""
    found = {}
    for row in rows:
        if row.get('curve') == protocol:
            found.setdefault(row['name'], []).append((row['n'], row['ms']))
    return found


def number(value):
    return '%.0f' % value if value >= 100 else '%.1f' % value if value >= 10 else '%.2f' % value


def time_label(ms):
    return '%g s' % (ms / 1000) if ms >= 1000 else '%g ms' % ms


class Plot:
    """Logarithmic panels, one for each protocol, with one scale for the time."""

    def __init__(self, rows):
        measured = [row for row in rows if row.get('ms') is not None]
        self.panels = [(protocol, curves(measured, protocol)) for protocol in TITLES]
        self.panels = [panel for panel in self.panels if panel[1]]
        times = [ms for _, found in self.panels for points in found.values() for _, ms in points]
        self.low = math.floor(math.log10(min(times)))
        self.high = math.ceil(math.log10(max(times)))
        self.most = max(n for _, found in self.panels for points in found.values()
                        for n, _ in points)
        self.out = []

    def x(self, left, n):
        return left + PANEL * math.log10(n) / math.log10(self.most)

    def y(self, ms):
        return TOP + HEIGHT * (self.high - math.log10(ms)) / (self.high - self.low)

    def text(self, x, y, text, anchor='middle', extra=''):
        self.out.append('<text x="%.1f" y="%.1f" text-anchor="%s"%s>%s</text>' %
                        (x, y, anchor, extra, escape(text)))

    def line(self, x1, y1, x2, y2):
        self.out.append('<line class="grid" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>' %
                        (x1, y1, x2, y2))

    def panel(self, left, protocol, found, first):
        self.text(left + PANEL / 2, TOP - 14, TITLES[protocol], extra=' font-weight="bold"')
        for exponent in range(self.low, self.high + 1):
            y = self.y(10 ** exponent)
            self.line(left, y, left + PANEL, y)
            if first:
                self.text(left - 6, y + 4, time_label(10 ** exponent), 'end')
        for exponent in range(int(math.log10(self.most)) + 1):
            x = self.x(left, 10 ** exponent)
            self.line(x, TOP, x, TOP + HEIGHT)
            self.text(x, TOP + HEIGHT + 16, '{:,}'.format(10 ** exponent))
        self.text(left + PANEL / 2, TOP + HEIGHT + 33, 'mappings')
        for name, points in found.items():
            color = COLORS[name]
            self.out.append('<polyline fill="none" stroke="%s" stroke-width="2"%s points="%s"/>' %
                            (color, ' stroke-dasharray="%s"' % DASHES[name]
                             if name in DASHES else '',
                             ' '.join('%.1f,%.1f' % (self.x(left, n), self.y(ms))
                                      for n, ms in points)))
            for n, ms in points:
                self.out.append('<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>' %
                                (self.x(left, n), self.y(ms), color))

    def legend(self, width):
        names = [name for name in COLORS if any(name in found for _, found in self.panels)]
        y = TOP + HEIGHT + BOTTOM + 18
        x = LEFT
        for name in names:
            self.out.append('<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="%s" stroke-width="2"%s/>'
                            % (x, y - 4, x + 26, y - 4, COLORS[name],
                               ' stroke-dasharray="%s"' % DASHES[name] if name in DASHES else ''))
            self.text(x + 32, y, name, 'start')
            x += 60 + 7 * len(name)
        return max(width, x)

    def render(self):
        left = LEFT
        for index, (protocol, found) in enumerate(self.panels):
            self.panel(left, protocol, found, index == 0)
            left += PANEL + GAP
        width = self.legend(left)
        height = TOP + HEIGHT + BOTTOM + 30
        return '\n'.join([
            '<?xml version="1.0" encoding="UTF-8"?>',
            '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" '
            'viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">' %
            (width, height, width, height),
            '<title>Time until all mappings are up</title>',
            '<style>text { fill: #241f31 } .grid { stroke: #deddda }</style>',
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            *self.out, '</svg>', ''])


def tables(rows):
    out = []
    for protocol, title in TITLES.items():
        found = curves(rows, protocol)
        if not found:
            continue
        counts = sorted({n for points in found.values() for n, _ in points})
        out += ['', '%s, in ms:' % title, '',
                '| mappings | ' + ' | '.join('{:,}'.format(n) for n in counts) + ' |',
                '|---|' + '---:|' * len(counts)]
        for name, points in found.items():
            times = dict(points)
            out.append('| %s | %s |' % (name, ' | '.join(
                number(times[n]) if times.get(n) is not None else NOT_MEASURED for n in counts)))

    out += ['', 'Single operations:', '', '| | plum-glib | compared with | | ratio |',
            '|---|---:|---|---:|---:|']
    for row in rows:
        if 'ours' not in row:
            continue
        missing = NOT_MEASURED if row['against'] else ''
        unit = ' ' + row['unit'] if row['unit'] else ''
        out.append('| %s | %s%s | %s | %s | %s |' % (
            row['case'], number(row['ours']), unit, row['against'] or '',
            number(row['other']) + unit if row['other'] is not None else missing,
            '%.2f' % row['ratio'] if row['ratio'] is not None else ''))
    if any(NOT_MEASURED in line for line in out):
        out += ['', '*Not measured* means that the other program is not installed, or did not end.']
    return out


def write(directory, rows):
    with open(os.path.join(directory, 'images', 'performance.svg'), 'w', encoding='utf-8') as out:
        out.write(Plot(rows).render())

    path = os.path.join(directory, 'performance.md')
    with open(path, encoding='utf-8') as page:
        text = page.read()
    machine = '%d processors, Linux %s, %s' % (os.cpu_count(), platform.release().split('-')[0],
                                               platform.machine())
    part = '\n'.join([BEGIN, '', 'Measured on a machine with %s.' % machine, *tables(rows), '', END])
    text = re.sub(re.escape(BEGIN) + '.*' + re.escape(END), lambda _: part, text, flags=re.S)
    with open(path, 'w', encoding='utf-8') as page:
        page.write(text)
