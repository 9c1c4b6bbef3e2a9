# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two routers in a row: what plumctl says of them. Cases for test-lab.py."""

import contextlib
import json
import pathlib
import socket
import tempfile

import lab
from neighbours import neighbour

ROUTER = '192.168.1.1'
OUTER = '10.77.0.1'
INNER_WAN = '10.77.0.2'
SHARED_WAN = '100.64.0.2'
PROVIDER = '100.64.0.1'

YOU = f'you            {lab.CLIENT} on eth0'
NO_PUBLIC_ADDRESS = 'it is behind another router'
DOUBLE_NAT, CGNAT, NOT_CONNECTED = 30, 31, 14


class TwoRouters:
    """The cases, with the commands that they run (a Commands)."""

    def __init__(self, commands):
        self.plumctl = commands.plumctl

    @contextlib.contextmanager
    def nothing_left(self, one=False):
        """Whatever is asked leaves no rule on either router."""
        tables = [('lab-router', 'nft-table'), ('lab-router', '--outer', 'nft-table')]
        tables = tables[:1] if one else tables
        before = [lab.run(*table) for table in tables]
        yield
        lab.equal([lab.run(*table) for table in tables], before, 'the tables of the routers')

    def doctor(self, exit_code, lines, *options):
        """The last lines but two, which are the verdict and the next step: these are given back."""
        with self.nothing_left():
            done = self.plumctl('doctor', *options)
        said = done.stdout.splitlines()
        assert said[-2].startswith('verdict: ') and said[-1].startswith('next: '), said[-2:]
        lab.equal(said[-2 - len(lines):-2], lines, 'which address belongs to whom')
        lab.equal(done.returncode, exit_code, 'exit status')
        return said[-2].removeprefix('verdict: '), said[-1].removeprefix('next: ')

    def report(self, verdict, *options, one=False):
        with self.nothing_left(one):
            report = json.loads(self.plumctl('doctor', '--json', *options).stdout)
        lab.equal(report['verdict'], verdict, 'verdict')
        return report

    @staticmethod
    def routers(report):
        return [(router['role'], router['address'], router['external_address'],
                 router['external_scope']) for router in report['routers']]

    # The real daemon on the first router, which refuses.

    def refusing(self, *options):
        verdict, step = self.doctor(DOUBLE_NAT, [
            YOU, f'router         {ROUTER}, its outer address is unknown',
            f'second router  {OUTER}, its outer address is {lab.WAN} (public)'], *options)
        assert ROUTER in verdict and OUTER in verdict and 'second router' in verdict, verdict
        assert ROUTER in step and OUTER in step and 'a bridge' in step, step

    def refusing_json(self):
        report = self.report('double-nat')
        lab.equal(self.routers(report), [('asked', ROUTER, None, 'unknown'),
                                         ('next', OUTER, lab.WAN, 'public')], 'routers')
        lab.equal(report['gateways'][0]['address'], ROUTER, 'gateway')
        lab.equal(len(report['gateways']), 1, 'gateways')
        assert OUTER in report['sentence'], report['sentence']
        peers = {event.get('peer') for event in report['routers'][1]['exchange']} - {None}
        assert f'{OUTER}:5351' in peers, peers
        path = [event for event in report['gateways'][0]['exchange'] if event['backend'] == 'path']
        lab.equal([event.get('direction') for event in path], ['sent', None], 'looking for it')
        assert OUTER in path[1]['note'], path[1]

    def other_commands(self):
        done = self.plumctl('status')
        lab.equal(done.returncode, 0, 'exit status of status')
        assert NO_PUBLIC_ADDRESS in done.stdout, done.stdout
        done = self.plumctl('external')
        lab.equal((done.returncode, done.stdout), (1, ''), 'external')
        assert NO_PUBLIC_ADDRESS in done.stderr, done.stderr

    def silent_second(self):
        """It forwards, and speaks none of the protocols: it is seen, and its address unknown."""
        lab.run('lab-router', '--outer', 'kill')
        try:
            self.doctor(DOUBLE_NAT, [
                YOU, f'router         {ROUTER}, its outer address is unknown',
                f'second router  {OUTER}, its outer address is unknown'], '--no-map')
        finally:
            lab.run('lab-router', '--outer', 'start')

    def no_second(self):
        """Nothing comes back from beyond the first: nobody is made up."""
        lab.run('lab-router', '--outer', 'link', 'down')
        try:
            self.doctor(NOT_CONNECTED, [
                YOU, f'router         {ROUTER}, its outer address is unknown',
                'second router  unknown: none has answered on the way to the internet'])
        finally:
            lab.run('lab-router', '--outer', 'link', 'up')

    def recording_is_masked(self):
        """Also what the second router said of its address, in packets, text and report."""
        address = '1.2.3.77'
        lab.run('lab-router', '--outer', 'wan-address', address)
        try:
            with tempfile.TemporaryDirectory() as folder:
                done = self.plumctl('doctor', '--record', folder)
                assert f'its outer address is {address}' in done.stdout, done.stdout
                data = b''.join(path.read_bytes() for path in pathlib.Path(folder).iterdir())
        finally:
            lab.run('lab-router', '--outer', 'wan-address', lab.WAN)
        assert OUTER.encode() in data, 'the second router is not in the recording'
        assert address.encode() not in data and socket.inet_aton(address) not in data, 'not masked'

    # The second router, named.

    def named(self, *options):
        verdict, step = self.doctor(DOUBLE_NAT, [
            YOU, f'router         {ROUTER}, its outer address is unknown',
            f'second router  {OUTER}, its outer address is {lab.WAN} (public)'],
            '--gateway', OUTER, *options)
        lab.equal(verdict, f'Another router, {ROUTER}, stands between this computer and {OUTER}: '
                           f'what {OUTER} opens leads to that one, and no further.', 'verdict')
        assert ROUTER in step, step

    def named_json(self):
        report = self.report('double-nat', '--gateway', OUTER)
        lab.equal(self.routers(report), [('between', ROUTER, None, 'unknown'),
                                         ('asked', OUTER, lab.WAN, 'public')], 'routers')
        lab.equal([trial['mapped'] for trial in report['trial']], [True, True], 'mapped')
        said = [event.get('what') or '' for event in report['gateways'][0]['exchange']]
        assert any('ADDRESS_MISMATCH' in what for what in said), said

    def first_named(self):
        """The first router named is the first router still."""
        self.refusing('--gateway', ROUTER)

    # One router alone.

    def one_router(self):
        """Its address is public: nobody is looked for, or, if it was named, nobody is told of."""
        report = self.report('works', one=True)
        lab.equal(report['routers'], [], 'routers')
        backends = {event['backend'] for event in report['gateways'][0]['exchange']}
        assert 'path' not in backends, 'a second router was looked for'
        lab.equal(self.report('works', '--gateway', ROUTER, one=True)['routers'], [], 'routers')

    # CGNAT.

    def shared(self):
        with neighbour('mapper', ROUTER):
            verdict, _ = self.doctor(CGNAT, [
                YOU, f'router         {ROUTER}, its outer address is {SHARED_WAN} (shared by the '
                     'provider, CGNAT)', f'provider       {PROVIDER}, which was not asked'])
            assert ROUTER in verdict and SHARED_WAN in verdict, verdict
            report = self.report('cgnat')
        lab.equal(self.routers(report), [('asked', ROUTER, SHARED_WAN, 'cgnat'),
                                         ('provider', PROVIDER, None, 'unknown')], 'routers')
        lab.equal(report['routers'][1]['exchange'], [], 'what was said to the provider')

    def shared_and_refusing(self):
        """It does not tell its address; the next one has one of those that providers share."""
        self.doctor(CGNAT, [YOU, f'router         {ROUTER}, its outer address is unknown',
                            f'provider       {PROVIDER}, which was not asked'])

    # A first router that maps all the same.

    def mapping(self):
        with neighbour('mapper', ROUTER):
            verdict, step = self.doctor(DOUBLE_NAT, [
                YOU, f'router         {ROUTER}, its outer address is {INNER_WAN} (private)',
                f'second router  {OUTER}, its outer address is {lab.WAN} (public)'])
            lab.equal(verdict, f'The router {ROUTER} has only the private address {INNER_WAN} on '
                               f'its outer side: it stands behind a second router, {OUTER}.',
                      'verdict')
            assert f'Forward the port on {OUTER} to {INNER_WAN} as well' in step, step
            report = self.report('double-nat')
        lab.equal(self.routers(report), [('asked', ROUTER, INNER_WAN, 'private'),
                                         ('next', OUTER, lab.WAN, 'public')], 'routers')
        lab.equal([trial['mapped'] for trial in report['trial']], [True, True], 'mapped')

    def mapping_told_by_others(self):
        with neighbour('mapper', ROUTER):
            done = self.plumctl('map', '--once', '--json', 'tcp:9110')
            event = json.loads(done.stdout.splitlines()[-1])
            lab.equal((event['state'], event['external_host'], event['external_scope']),
                      ('success', INNER_WAN, 'private'), 'the mapping')
            done = self.plumctl('status')
            assert f'external  {INNER_WAN} (private: another router' in done.stdout, done.stdout
            done = self.plumctl('external')
            lab.equal((done.returncode, done.stdout), (0, INNER_WAN + '\n'), 'external')
            assert 'private: another router' in done.stderr, done.stderr

    def mapping_no_second(self):
        lab.run('lab-router', '--outer', 'link', 'down')
        try:
            with neighbour('mapper', ROUTER):
                verdict, _ = self.doctor(DOUBLE_NAT, [
                    YOU, f'router         {ROUTER}, its outer address is {INNER_WAN} (private)',
                    'second router  unknown: none has answered on the way to the internet'])
            assert verdict.endswith(f'{INNER_WAN} on its outer side: it stands behind a second '
                                    'router.'), verdict
        finally:
            lab.run('lab-router', '--outer', 'link', 'up')


def suites(commands):
    """Options of the lab, and cases, by the suite's name."""
    case = TwoRouters(commands)
    return {
        'two-routers': (['--two-routers'], [
            ('refusing', case.refusing),
            ('refusing-unmapped', case.refusing, '--no-map'),
            ('refusing-by-natpmp', case.refusing, '--backend', 'natpmp'),
            ('refusing-by-upnp', case.refusing, '--backend', 'upnp'),
            ('refusing-json', case.refusing_json),
            ('other-commands', case.other_commands),
            ('silent-second', case.silent_second),
            ('no-second', case.no_second),
            ('recording-is-masked', case.recording_is_masked),
            ('named', case.named),
            ('named-by-natpmp', case.named, '--backend', 'natpmp'),
            ('named-by-upnp-unmapped', case.named, '--backend', 'upnp', '--no-map'),
            ('named-json', case.named_json),
            ('first-named', case.first_named),
        ]),
        'two-routers-cgnat': (['--two-routers', f'--wan={SHARED_WAN}'], [
            ('shared-and-refusing', case.shared_and_refusing),
        ]),
        'two-routers-cgnat-maps': (['--two-routers', f'--wan={SHARED_WAN}', '--router=none'], [
            ('shared', case.shared),
        ]),
        'two-routers-maps': (['--two-routers', '--router=none'], [
            ('mapping', case.mapping),
            ('mapping-told-by-others', case.mapping_told_by_others),
            ('mapping-no-second', case.mapping_no_second),
        ]),
    }
