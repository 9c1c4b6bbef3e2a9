# SPDX-License-Identifier: LGPL-2.1-or-later
"""plumctl with two routers in a row: cases for test-lab.py."""

import contextlib
import json
import pathlib
import signal
import socket
import subprocess
import tempfile

import lab
from neighbours import neighbour

ROUTER = '192.168.1.1'
OUTER = '192.168.0.1'
INNER_WAN = '192.168.0.50'
SHARED_WAN = '100.64.0.2'
PROVIDER = '100.64.0.1'

SERIAL = 'LAB-20231118'  # of all routers; the start of their UUIDs
UUID = '0c6cbb3a-1e9b'

COMPUTER = f'this computer  {lab.CLIENT} on eth0'
NO_PUBLIC_ADDRESS = 'it is behind another router'
DOUBLE_NAT, CGNAT, NOT_CONNECTED = 30, 31, 14


class TwoRouters:
    """The cases; commands is a Commands."""

    def __init__(self, commands):
        self.plumctl = commands.plumctl
        self.program = commands.program

    @contextlib.contextmanager
    def nothing_left(self, one=False):
        """Checks that no rule is left on the routers."""
        tables = [('lab-router', 'nft-table'), ('lab-router', '--outer', 'nft-table')]
        tables = tables[:1] if one else tables
        before = [lab.run(*table) for table in tables]
        yield
        lab.equal([lab.run(*table) for table in tables], before, 'the tables of the routers')

    def doctor(self, exit_code, lines, *options):
        """Checks the lines before the verdict. Returns the verdict and the next step."""
        with self.nothing_left():
            done = self.plumctl('doctor', *options)
        printed = done.stdout.splitlines()
        assert printed[-2].startswith('verdict: '), printed[-2:]
        assert printed[-1].startswith('next step: '), printed[-2:]
        lab.equal(printed[-2 - len(lines):-2], lines, 'routers')
        lab.equal(done.returncode, exit_code, 'exit status')
        return printed[-2].removeprefix('verdict: '), printed[-1].removeprefix('next step: ')

    def report(self, verdict, *options, one=False):
        with self.nothing_left(one):
            report = json.loads(self.plumctl('doctor', '--json', *options).stdout)
        lab.equal(report['verdict'], verdict, 'verdict')
        return report

    @staticmethod
    def routers(report):
        return [(router['role'], router['address'], router['external_address'],
                 router['external_scope']) for router in report['routers']]

    # The real daemon on the first router, which refuses. miniupnpd 2.3.1 does not report a private
    # external address; 2.3.9 does, but not by NAT-PMP.

    @staticmethod
    def first_router(*options, scope='private'):
        """The line of the first router, according to what it reports."""
        told = None if 'natpmp' in options else lab.reported_address()
        address = f'{told} ({scope})' if told else 'unknown'
        return f'router         {ROUTER}, external address {address}'

    @staticmethod
    def first_router_json(role):
        told = lab.reported_address()
        return (role, ROUTER, told, 'private' if told else 'unknown')

    def refusing(self, *options):
        verdict, step = self.doctor(DOUBLE_NAT, [
            COMPUTER, self.first_router(*options),
            f'second router  {OUTER}, external address {lab.WAN} (public)'], *options)
        assert ROUTER in verdict and OUTER in verdict and 'second router' in verdict, verdict
        assert ROUTER in step and OUTER in step and 'a bridge' in step, step

    def refusing_json(self):
        report = self.report('double-nat')
        lab.equal(self.routers(report), [self.first_router_json('asked'),
                                         ('next', OUTER, lab.WAN, 'public')], 'routers')
        lab.equal(report['gateways'][0]['address'], ROUTER, 'gateway')
        lab.equal(len(report['gateways']), 1, 'gateways')
        assert OUTER in report['sentence'], report['sentence']
        peers = {event.get('peer') for event in report['routers'][1]['exchange']} - {None}
        assert f'{OUTER}:5351' in peers, peers
        path = [event for event in report['gateways'][0]['exchange'] if event['backend'] == 'path']
        lab.equal([event.get('direction') for event in path], ['sent', None], 'hop probe')
        assert OUTER in path[1]['note'], path[1]

    def other_commands(self):
        done = self.plumctl('status')
        lab.equal(done.returncode, 0, 'exit status of status')
        told = lab.reported_address()
        if told:
            assert f'external  {told} (private' in done.stdout, done.stdout
        else:
            assert NO_PUBLIC_ADDRESS in done.stdout, done.stdout
        done = self.plumctl('external')
        if told:
            lab.equal((done.returncode, done.stdout), (0, told + '\n'), 'external')
        else:
            lab.equal((done.returncode, done.stdout), (1, ''), 'external')
            assert NO_PUBLIC_ADDRESS in done.stderr, done.stderr

    def silent_second(self):
        """The second router supports no protocol: only its own address is known."""
        lab.run('lab-router', '--outer', 'kill')
        try:
            self.doctor(DOUBLE_NAT, [
                COMPUTER, self.first_router(),
                f'second router  {OUTER}, external address unknown'], '--no-map')
        finally:
            lab.run('lab-router', '--outer', 'start')

    def no_second(self):
        """No router answers beyond the first one."""
        lab.run('lab-router', '--outer', 'link', 'down')
        try:
            self.doctor(DOUBLE_NAT if lab.reported_address() else NOT_CONNECTED, [
                COMPUTER, self.first_router(),
                'second router  address unknown: no router answered beyond the first one'])
        finally:
            lab.run('lab-router', '--outer', 'link', 'up')

    def recording_is_masked(self):
        """The external address of the second router is masked in packets, texts and the report, and
        so are the serial numbers and the names of both routers.
        """
        address = '1.2.3.77'
        lab.run('lab-router', '--outer', 'wan-address', address)
        try:
            with tempfile.TemporaryDirectory() as folder:
                done = self.plumctl('doctor', '--record', folder)
                assert f'external address {address}' in done.stdout, done.stdout
                data = b''.join(path.read_bytes() for path in pathlib.Path(folder).iterdir())
        finally:
            lab.run('lab-router', '--outer', 'wan-address', lab.WAN)
        assert OUTER.encode() in data, 'the second router is not in the recording'
        assert address.encode() not in data and socket.inet_aton(address) not in data, 'not masked'
        assert b'<serialNumber>' in data, 'no description is in the recording'
        for identifier in SERIAL, UUID:
            assert identifier.encode() not in data, f'{identifier} is not masked'

    # The second router, chosen with --gateway.

    def chosen(self, *options):
        verdict, step = self.doctor(DOUBLE_NAT, [
            COMPUTER, self.first_router(*options),
            f'second router  {OUTER}, external address {lab.WAN} (public)'],
            '--gateway', OUTER, *options)
        lab.equal(verdict, f'Another router, {ROUTER}, is between this computer and {OUTER}: '
                           f'ports that {OUTER} maps lead to that router only.', 'verdict')
        assert ROUTER in step, step

    def chosen_json(self):
        report = self.report('double-nat', '--gateway', OUTER)
        lab.equal(self.routers(report), [self.first_router_json('between'),
                                         ('asked', OUTER, lab.WAN, 'public')], 'routers')
        lab.equal([trial['mapped'] for trial in report['trial']], [True, True], 'mapped')
        described = [event.get('what') or '' for event in report['gateways'][0]['exchange']]
        assert any('ADDRESS_MISMATCH' in what for what in described), described

    def first_chosen(self):
        """--gateway with the address of the default gateway changes nothing."""
        self.refusing('--gateway', ROUTER)

    # A single router.

    def one_router(self):
        """Its external address is public: no second router is reported, even with --gateway."""
        report = self.report('works', one=True)
        lab.equal(report['routers'], [], 'routers')
        backends = {event['backend'] for event in report['gateways'][0]['exchange']}
        assert 'path' not in backends, 'a second router was looked for'
        lab.equal(self.report('works', '--gateway', ROUTER, one=True)['routers'], [], 'routers')

    # CGNAT.

    def shared(self):
        with neighbour('mapper', ROUTER):
            verdict, _ = self.doctor(CGNAT, [
                COMPUTER, f'router         {ROUTER}, external address {SHARED_WAN} (shared by the '
                     'provider: CGNAT)', f'provider       {PROVIDER}, not queried'])
            assert ROUTER in verdict and SHARED_WAN in verdict, verdict
            report = self.report('cgnat')
        lab.equal(self.routers(report), [('asked', ROUTER, SHARED_WAN, 'cgnat'),
                                         ('provider', PROVIDER, None, 'unknown')], 'routers')
        lab.equal(report['routers'][1]['exchange'], [], 'the exchange with the provider')

    def shared_and_refusing(self):
        """If the router does not report its address: that of the next router is a CGNAT address."""
        self.doctor(CGNAT, [COMPUTER, self.first_router(scope='shared by the provider: CGNAT'),
                            f'provider       {PROVIDER}, not queried'])

    # A first router that maps ports although its external address is private.

    def mapping(self):
        """The neighbour maps no port in earnest, but the second router does."""
        with neighbour('mapper', ROUTER):
            verdict, step = self.doctor(DOUBLE_NAT, [
                COMPUTER, f'router         {ROUTER}, external address {INNER_WAN} (private)',
                f'second router  {OUTER}, external address {lab.WAN} (public)'], '--max-hops=1')
            lab.equal(verdict, f'The external address of the router {ROUTER} is the private '
                               f'address {INNER_WAN}: it is behind a second router, {OUTER}. '
                               'That router is not asked to map ports, because of --max-hops 1.',
                      'verdict')
            assert 'Repeat with --max-hops 2' in step, step
            assert f'forward the port on that router to {INNER_WAN} manually' in step, step
            report = self.report('double-nat', '--max-hops=1')
        lab.equal(self.routers(report), [('asked', ROUTER, INNER_WAN, 'private'),
                                         ('next', OUTER, lab.WAN, 'public')], 'routers')
        lab.equal([trial['mapped'] for trial in report['trial']], [True, True], 'mapped')

    def served(self, *options):
        """Returns the external address of a port of plumctl serve."""
        with tempfile.NamedTemporaryFile('w', encoding='utf-8') as file:
            file.write('[tcp:9110]\n')
            file.flush()
            with subprocess.Popen([self.program(), 'serve', '--json', *options, file.name],
                                  text=True, stdout=subprocess.PIPE) as process:
                events = map(json.loads, process.stdout)
                host = next(event['external_host'] for event in events
                            if event['state'] == 'success')
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=15)
        lab.equal(process.returncode, 0, 'exit status of serve')
        return host

    def mapping_in_other_commands(self):
        with neighbour('mapper', ROUTER):
            done = self.plumctl('map', '--once', '--json', '--max-hops=1', 'tcp:9110')
            event = json.loads(done.stdout.splitlines()[-1])
            lab.equal((event['state'], event['external_host'], event['external_scope']),
                      ('success', INNER_WAN, 'private'), 'the mapping')
            lab.equal(self.served('--max-hops=1'), INNER_WAN, 'the address of a port that is served')
            lab.equal(self.served(), lab.WAN, 'the address of a port that is served')
            done = self.plumctl('status')
            assert f'external  {INNER_WAN} (private: a second router' in done.stdout, done.stdout
            done = self.plumctl('external', '--max-hops=1')
            lab.equal((done.returncode, done.stdout), (0, INNER_WAN + '\n'), 'external')
            assert 'private: a second router' in done.stderr, done.stderr
            done = self.plumctl('external')
            lab.equal((done.returncode, done.stdout), (0, lab.WAN + '\n'), 'external')

    def mapping_no_second(self):
        lab.run('lab-router', '--outer', 'link', 'down')
        try:
            with neighbour('mapper', ROUTER):
                verdict, _ = self.doctor(DOUBLE_NAT, [
                    COMPUTER, f'router         {ROUTER}, external address {INNER_WAN} (private)',
                    'second router  address unknown: no router answered beyond the first one'])
            assert verdict.endswith(f'{INNER_WAN}: it is behind a second router.'), verdict
        finally:
            lab.run('lab-router', '--outer', 'link', 'up')


def suites(commands):
    """Suite name: options of the lab, cases."""
    case = TwoRouters(commands)
    return {
        'two-routers': (['--two-routers', '--router=all'], [
            ('refusing', case.refusing),
            ('refusing-unmapped', case.refusing, '--no-map'),
            ('refusing-by-natpmp', case.refusing, '--backend', 'natpmp'),
            ('refusing-by-upnp', case.refusing, '--backend', 'upnp'),
            ('refusing-json', case.refusing_json),
            ('other-commands', case.other_commands),
            ('silent-second', case.silent_second),
            ('no-second', case.no_second),
            ('recording-is-masked', case.recording_is_masked),
            ('chosen', case.chosen),
            ('chosen-by-natpmp', case.chosen, '--backend', 'natpmp'),
            ('chosen-by-upnp-unmapped', case.chosen, '--backend', 'upnp', '--no-map'),
            ('chosen-json', case.chosen_json),
            ('first-chosen', case.first_chosen),
        ]),
        'two-routers-cgnat': (['--two-routers', '--router=all', f'--wan={SHARED_WAN}'], [
            ('shared-and-refusing', case.shared_and_refusing),
        ]),
        'two-routers-cgnat-maps': (['--two-routers', f'--wan={SHARED_WAN}', '--router=none'], [
            ('shared', case.shared),
        ]),
        'two-routers-maps': (['--two-routers', '--router=none'], [
            ('mapping', case.mapping),
            ('mapping-in-other-commands', case.mapping_in_other_commands),
            ('mapping-no-second', case.mapping_no_second),
        ]),
    }
