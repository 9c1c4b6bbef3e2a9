#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures the library, other libraries and bare exchanges in one run.

Runs in the lab, where the host of the router runs a fake gateway or miniupnpd. Prints medians. A value
that exceeds 1.5 times its limit is a failure; values without a limit are informative. For libraries
that are not installed, the report says that they were not measured.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time

import report

ROUTER, CLIENT = '192.168.1.1', '192.168.1.10'
RUNS = 7
SHORT_RUNS = 61  # for operations that take less than a millisecond
COLD_RUNS = 15   # complete processes
SLACK = 1.5


def microseconds(*command, stderr=None):
    """Runs a bench program, which prints one line per run. Returns the times in ms."""
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=stderr, text=True,
                         timeout=60).stdout
    return [int(line) / 1000 for line in out.split()]


def processes(*command, runs=RUNS):
    """Measures complete processes. Returns the times in ms."""
    times = []
    for _ in range(runs):
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # A wait with a timeout polls, in steps that grow to the time that is measured here.
        limit = threading.Timer(60, process.kill)
        limit.start()
        status = process.wait()
        times.append((time.monotonic() - start) * 1000)
        limit.cancel()
        if status:
            raise subprocess.CalledProcessError(status, command)
    return times


class Bench:
    def __init__(self, build, rows):
        self.rows = rows
        self.tool = lambda name: os.path.join(build, 'tests', 'bench', name)
        self.plumctl = os.path.join(build, 'tools', 'plumctl', 'plumctl')

    def row(self, case, ours, limit=None, against=None, other=None, unit='ms', ratio=None):
        """Adds a result. limit applies to ours, in its unit, and ratio to ours / other."""
        ours = statistics.median(ours)
        other = statistics.median(other) if other else None
        bad = (limit is not None and ours > SLACK * limit) or \
            (ratio is not None and other and ours / other > SLACK * ratio)
        self.rows.append({'case': case, 'ours': round(ours, 2), 'unit': unit, 'against': against,
                          'other': round(other, 2) if other else None,
                          'ratio': round(ours / other, 2) if other else None,
                          'limit': limit, 'ratio_limit': ratio, 'ok': not bad})

    def plum(self, n, *backends, runs=RUNS):
        return microseconds(self.tool('bench-plum'), 'map', str(n), str(runs), *backends)

    def bare(self, protocol, n, runs=RUNS):
        return microseconds(self.tool('bench-bare'), protocol, ROUTER, CLIENT, str(n), str(runs))

    def gupnp(self, n, runs=RUNS):
        program = self.tool('bench-gupnp')
        if not os.path.exists(program):
            return None
        try:
            return microseconds(program, CLIENT, str(n), str(runs), stderr=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return None    # it never terminates if its port is in use

    @staticmethod
    def client(*command):
        """Measures the client program of another library. Returns None if it is not installed."""
        return processes(*command) if shutil.which(command[0]) else None

    def optional(self, name, *args, **options):
        """Runs the bench program of another library. Returns None if it is not installed."""
        program = self.tool(name)
        return microseconds(program, *args, **options) if os.path.exists(program) else None

    def libplum(self, n, runs):
        """Measures libplum. Returns None if it is not installed, or a mapping fails."""
        try:
            return self.optional('bench-libplum', str(n), str(runs), stderr=subprocess.DEVNULL)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return None

    def libplum_processes(self, runs):
        """Measures the first mapping of a process with libplum. Returns None like libplum()."""
        times = []
        for _ in range(runs):
            measured = self.libplum(1, 1)
            if measured is None:
                return None
            times += measured
        return times

    def cold(self, protocol):
        """Measures the first mapping of a process, with the time in which modules are loaded."""
        ours = [microseconds(self.tool('bench-plum'), 'cold', '1', protocol)[0]
                for _ in range(SHORT_RUNS)]
        bare = [self.bare(protocol, 1, 1)[0] for _ in range(SHORT_RUNS)]
        self.row(protocol + ': first mapping of a process', ours, None, 'bare exchange', bare)
        self.row(protocol + ': first mapping of a process', ours, None, 'libplum',
                 self.libplum_processes(SHORT_RUNS))
        version = processes(self.plumctl, '--version', runs=COLD_RUNS)
        once = processes(self.plumctl, 'map', '--once', '--quiet', 'tcp:15000', runs=COLD_RUNS)
        self.row('plumctl map --once, %s, complete process' % protocol, once, 10,
                 'plumctl --version', version, ratio=2.5)
        if protocol == 'pcp':
            self.row('a manager that lists its backends, complete process',
                     processes(self.tool('bench-plum'), 'backends', runs=SHORT_RUNS), None,
                     'a program with GIO', processes(self.tool('bench-bare'), runs=SHORT_RUNS))

    def scale(self, protocol):
        """Measures one change at each number of live mappings, with a state file."""
        for n in (100, 1000, 10000):
            runs = [microseconds(self.tool('bench-plum'), 'scale', str(n), protocol)
                    for _ in range(5)]
            for index, what in ((1, 'one more mapping'), (2, 'one mapping less')):
                self.row('%s: %s, %d live, with a state file' % (protocol, what, n),
                         [run[index] for run in runs], 10)

    def curve(self, protocol):
        """Measures the time for different numbers of mappings."""
        most = 1000 if protocol == 'upnp' else 10000
        for n in (1, 10, 100, 1000, 10000):
            if n > most:
                break
            runs = {1: COLD_RUNS, 10000: 3}.get(n, RUNS)
            measured = [('plum-glib', self.plum(n, protocol, runs=runs)),
                        ('one bare exchange after the other', self.bare(protocol, n, runs))]
            if protocol != 'upnp' and n <= 1000:
                measured += [('libplum', self.libplum(n, runs))]
            if protocol == 'natpmp':
                measured += [('libnatpmp', self.optional('bench-libnatpmp', str(n), str(runs)))]
            if protocol == 'upnp':
                measured += [('miniupnpc', self.optional('bench-miniupnpc', str(n), '3')),
                             ('gupnp-igd', self.gupnp(n, 3))]
            for name, times in measured:
                self.rows.append({'curve': protocol, 'name': name, 'n': n, 'ok': True,
                                  'ms': round(statistics.median(times), 3) if times else None})

    def idle(self, backend):
        out = subprocess.run([self.tool('bench-plum'), 'idle', '1000', '5', backend], check=True,
                             stdout=subprocess.PIPE, text=True, timeout=60).stdout.split()
        self.row('1000 live mappings, memory each', [int(out[0])], limit=4096, unit='bytes')
        self.row('1000 live mappings, wake-ups in 5 s', [int(out[1])], limit=2, unit='')

    def datagrams(self, protocol):
        bare = self.bare(protocol, 1, SHORT_RUNS)
        ours = self.plum(1, protocol, runs=SHORT_RUNS)
        self.row(protocol + ': one mapping', ours, 1.5, 'bare exchange', bare, ratio=1.5)
        self.row(protocol + ': one mapping', ours, None, 'blocking sockets',
                 self.bare('raw' + protocol, 1, SHORT_RUNS))
        ratio = {'pcp': 0.6, 'natpmp': 1.3}[protocol]
        hundred = self.plum(100, protocol, runs=5)
        thousand = self.plum(1000, protocol, runs=5)
        self.row(protocol + ': 100 mappings', hundred, None, 'bare, sequential',
                 self.bare(protocol, 100, 5), ratio=ratio)
        self.row(protocol + ': 1000 mappings', thousand, None, 'bare, sequential',
                 self.bare(protocol, 1000, 5), ratio=ratio)
        self.row(protocol + ': each of 1000 versus each of 100',
                 [statistics.median(thousand) / 10], None, 'each of 100', hundred, ratio=1.2)
        self.cold(protocol)
        self.scale(protocol)
        self.curve(protocol)
        if protocol == 'pcp':
            self.idle('pcp')
        else:
            self.row('plumctl map --once, natpmp, complete process',
                     processes(self.plumctl, 'map', '--once', '--quiet', 'tcp:15000'), None,
                     'natpmpc', self.client('natpmpc', '-a', '15000', '15000', 'tcp', '60'))

    def fake_upnp(self):
        self.row('upnp, fake gateway: one mapping', self.plum(1, 'upnp'), None, 'gupnp-igd',
                 self.gupnp(1), ratio=0.6)
        self.row('upnp, fake gateway: one mapping', self.plum(1, 'upnp'), None, 'bare exchange',
                 self.bare('upnp', 1))
        hundred = self.plum(100, 'upnp', runs=5)
        thousand = self.plum(1000, 'upnp', runs=5)
        self.row('upnp, fake gateway: 100 mappings', hundred, None, 'gupnp-igd',
                 self.gupnp(100, 5), ratio=0.5)
        self.row('upnp, fake gateway: 1000 mappings', thousand, None, 'gupnp-igd',
                 self.gupnp(1000, 5), ratio=0.5)
        self.curve('upnp')
        self.row('upnp: each of 1000 versus each of 100', [statistics.median(thousand) / 10], None,
                 'each of 100', hundred, ratio=1.2)

    def real_upnp(self):
        ours = self.plum(1, 'upnp')
        self.row('upnp, miniupnpd: one mapping', ours, None, 'bare exchange',
                 self.bare('upnp', 1), ratio=1.2)
        self.row('upnp, miniupnpd: one mapping', ours, None, 'gupnp-igd', self.gupnp(1))
        self.row('plumctl map --once, miniupnpd, complete process',
                 processes(self.plumctl, 'map', '--once', '--quiet', 'tcp:15000'), None, 'upnpc',
                 self.client('upnpc', '-a', CLIENT, '15000', '15000', 'tcp', '60'))

    def both_families(self):
        """Compares both families, as complete processes, with the slower one alone."""
        def once(family):
            return processes(self.plumctl, 'map', '--once', '--quiet', '--family', family,
                             'tcp:15000')

        slower = max(once('4'), once('6'), key=statistics.median)
        self.row('upnp, miniupnpd: both families', once('both'), None, 'the slower family', slower,
                 ratio=1.2)

    def silent_others(self):
        """Measures the additional time with PCP and NAT-PMP packets dropped over UPnP alone."""
        alone = statistics.median(self.plum(1, 'upnp'))
        together = statistics.median(self.plum(1))
        self.row('pcp and natpmp silent, upnp answers: additional time', [together - alone], 400)

    def no_router(self):
        out = subprocess.run([self.tool('bench-plum'), 'verdict'], check=True,
                             stdout=subprocess.PIPE, text=True, timeout=60).stdout.splitlines()
        self.row('no router: time to failure (%s)' % out[1], [int(out[0]) / 1000], 10000)


def inside(build, what):
    """Runs in the lab, on the client."""
    rows = []
    bench = Bench(build, rows)
    gateway = None
    cpus = sorted(os.sched_getaffinity(0))
    if what in ('pcp', 'natpmp', 'fake_upnp'):
        # A router is a separate machine, so run each side on a processor of its own. Otherwise, the
        # decisions of the scheduler dominate the result.
        os.sched_setaffinity(0, cpus[-1:])
        gateway = subprocess.Popen(
            ['lab-host', 'router', bench.tool('bench-gateway'), ROUTER, what.replace('fake_', '')],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert gateway.stdout.readline() == 'ready\n'
        os.sched_setaffinity(0, cpus[:1])

    if what in ('pcp', 'natpmp'):
        bench.datagrams(what)
    else:
        getattr(bench, what)()

    if gateway:
        gateway.stdin.close()
        gateway.wait()
    print(json.dumps(rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('build')
    parser.add_argument('--json', help='also write the figures to this file')
    parser.add_argument('--write', metavar='DIR',
                        help='also write the table and the plot of performance.md in DIR')
    parser.add_argument('--inside', help=argparse.SUPPRESS)
    parser.add_argument('cases', nargs='*')
    args = parser.parse_args()
    if args.inside:
        return inside(args.build, args.inside)

    lab = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lab', 'lab')
    if subprocess.run([lab, '--check'], check=False).returncode == 77:
        return 77

    # If the library is not installed, it does not find its modules.
    os.environ.setdefault('PLUM_BACKEND_PATH',
                          os.path.abspath(os.path.join(args.build, 'backends', 'modules')))
    rows = []
    for what, options in (('pcp', ['--router=none']), ('natpmp', ['--router=none']),
                          ('fake_upnp', ['--router=none']), ('real_upnp', ['--router=upnp']),
                          ('both_families', ['--router=upnp', '--ipv6']),
                          ('silent_others', ['--router=upnp', '--drop']),
                          ('no_router', ['--router=none', '--drop'])):
        if args.cases and what not in args.cases:
            continue
        done = subprocess.run([lab, *options, '--', sys.executable, __file__, args.build,
                               '--inside', what], stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            print('not ok: %s exited with status %d' % (what, done.returncode))
            rows.append({'case': what, 'ok': False})
            continue
        rows += json.loads(done.stdout)

    for row in rows:
        if 'ours' not in row:
            continue
        other = '%10.2f  %5.2f x %s' % (row['other'], row['ratio'], row['against']) \
            if row['other'] is not None else \
            '%20s: not measured' % row['against'] if row['against'] else ''
        limit = '  (limit: %s)' % ', '.join(
            text for text in ('%g %s' % (row['limit'], row['unit']) if row['limit'] else '',
                              '%g x' % row['ratio_limit'] if row['ratio_limit'] else '') if text) \
            if row['limit'] or row['ratio_limit'] else ''
        print('%-4s %-52s %9.2f %-5s %s%s' % ('' if row['ok'] else 'BAD', row['case'][:52],
                                              row['ours'], row['unit'], other, limit))
    if args.json:
        with open(args.json, 'w', encoding='utf-8') as out:
            json.dump(rows, out, indent=1)
    if args.write:
        report.write(args.write, rows)
    return 0 if all(row['ok'] for row in rows) else 1


if __name__ == '__main__':
    sys.exit(main())
