# SPDX-License-Identifier: LGPL-2.1-or-later
"""plumctl doctor with several routers in a row, and on a terminal: cases for test-lab.py."""

import contextlib
import json
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile

import lab
import stun_server

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'translations'))

import german

THIRD = '10.0.0.1'
OUTER_WAN = '10.0.0.2'
ANYCAST = '192.0.0.9'
DIRECT_CLIENT, DIRECT_GATEWAY = '100.64.0.10', '100.64.0.1'
HIDDEN_WAN = '1.2.9.4'
SECOND_SHARED_WAN = '100.64.3.4'
OTHER = f'{stun_server.OTHER_ADDRESS}:{stun_server.OTHER_PORT}'
WAY = f'{lab.ROUTER} and {lab.OUTER}'
TIMEOUT = 60.0

COMPUTER = f'this computer  {lab.CLIENT} on eth0'
FIRST = f'router         {lab.ROUTER}, external address {lab.INNER_WAN} (private)'
SECOND = f'second router  {lab.OUTER}, external address '


@contextlib.contextmanager
def second_deaf():
    """The second router drops everything from the first one while the block runs."""
    lab.nft(f'''table inet deaf {{
  chain input {{
    type filter hook input priority -5; policy accept;
    ip saddr {lab.INNER_WAN} drop
  }}
}}''', 'outer')
    try:
        yield
    finally:
        lab.nft('delete table inet deaf', 'outer')


def on_terminal(arguments, columns, env):
    """Runs a program on a terminal. Returns its output without escape sequences, and its status."""
    parent, child = pty.openpty()
    size = subprocess.run(['stty', 'cols', str(columns), 'rows', '24'], stdin=child, check=True)
    assert size.returncode == 0
    with subprocess.Popen(arguments, stdin=child, stdout=child, stderr=child, env=env) as process:
        os.close(child)
        output = b''
        # The end of the last process that has the terminal is reported as an error.
        with contextlib.suppress(OSError):
            while block := os.read(parent, 65536):
                output += block
        os.close(parent)
        status = process.wait(TIMEOUT)
    return re.sub(rb'\x1b\[[0-9;]*[mK]', b'', output).replace(b'\r\n', b'\n'), status


def get_links(drawing):
    """The links of a drawing, from this computer to the internet."""
    return ''.join(line[6] for line in drawing if line.startswith('      '))


class DoctorChain:
    """The cases; commands is a Commands."""

    def __init__(self, commands):
        self.plumctl = commands.plumctl
        self.program = commands.program

    def report(self, verdict, *options):
        report = json.loads(self.plumctl('doctor', '--json', *options).stdout)
        lab.equal(report['verdict'], verdict, 'verdict')
        return report

    def drawn(self, links, *options, columns=100):
        """Runs the doctor on a terminal. Returns the drawing, and the verdict with the next step."""
        env = dict(os.environ, TERM='xterm', LC_ALL='C.UTF-8', LANGUAGE='')
        output, _ = on_terminal([self.program(), 'doctor', *options], columns, env)
        lines = output.decode().splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith('this computer'))
        end = lines.index('internet')
        lab.equal(get_links(lines[start:end]), links, f'links of {lines[start:end]}')
        return lines[start:end + 1], '\n'.join(lines[end + 1:])

    # With a STUN server.

    def proven(self):
        with stun_server.stun_server():
            report = self.report('works', '--stun', stun_server.NAME)
            _, text = self.drawn('|||', '--stun', stun_server.NAME)
        sentence = (f'Port mapping works, through {WAY}. Proven from outside (UDP): a packet from '
                    f'{OTHER}, to which nothing was sent, reached {lab.WAN}:')
        assert report['sentence'].startswith(sentence), report['sentence']
        assert f'verdict: {sentence}' in text, text

    def blocked(self):
        """Nobody knows which router, or this computer, drops the packets."""
        with stun_server.stun_server(), lab.firewall():
            report = self.report('not-reached', '--stun', stun_server.NAME)
            self.drawn('??|', '--stun', stun_server.NAME)
        assert f'then those of {WAY}' in report['next_step'], report['next_step']

    def second_confirms_no_removal(self, backend):
        """The table of the first router says nothing about the second one. The test with the STUN
        server, which does not answer, leaves time before the removal.
        """
        with subprocess.Popen([self.program(), 'doctor', '--json', '--backend', backend, '--stun',
                               stun_server.NAME], stdout=subprocess.PIPE, text=True) as process:
            # TCP and UDP, each with a rule that forwards and one that accepts.
            lab.eventually(lambda: lab.router('outer', 'nft-table').count('dport') == 4,
                           'trial mappings')
            with second_deaf():
                out, _ = process.communicate(timeout=TIMEOUT)
        report = json.loads(out)
        lab.equal([trial['left_behind'] for trial in report['trial']], [None, None], 'left_behind')
        lab.equal(report['verdict'], 'left-behind', 'verdict')
        assert lab.OUTER in report['sentence'], report['sentence']
        lab.router('outer', 'restart')

    def hidden_nat(self):
        """A NAT beyond the second router, which that router does not know."""
        with stun_server.stun_server():
            report = self.report('nat-beyond', '--stun', stun_server.NAME)
            drawing, _ = self.drawn('||x', '--stun', stun_server.NAME)
        assert report['sentence'].startswith(f'Another NAT is beyond the router {lab.OUTER}: the '
                                             f'internet sees {lab.WAN}:'), report['sentence']
        assert f'the internet sees {lab.WAN}:' in drawing[-2], drawing

    # Three routers.

    def third_not_asked(self):
        drawing, text = self.drawn('||x|')
        lab.equal([line for line in drawing if line[0] != ' '], [
            COMPUTER, FIRST, f'{SECOND}{OUTER_WAN} (private)',
            f'third router   {THIRD}, external address unknown', 'internet'], 'routers')
        report = self.report('double-nat')
        lab.equal(report['sentence'], f'The external address of the router {lab.OUTER} is the private '
                  f'address {OUTER_WAN}: it is behind a third router, {THIRD}. That router is not '
                  'asked to map ports, because of --max-hops 2.', 'sentence')
        assert '--max-hops 3' in report['next_step'], report['next_step']
        assert report['sentence'] in text, text

    def second_not_asked(self):
        """The second router reports that a third one is beyond it."""
        self.drawn('|xx|', '--max-hops', '1')
        report = self.report('double-nat', '--max-hops', '1')
        assert report['sentence'].endswith('because of --max-hops 1.'), report['sentence']
        assert '--max-hops 3' in report['next_step'], report['next_step']
        lab.equal([router['address'] for router in report['routers']], [lab.ROUTER, lab.OUTER, None],
                  'routers')

    def through_three(self):
        self.drawn('||||', '--max-hops', '3')
        report = self.report('works', '--max-hops', '3')
        lab.equal(report['sentence'], f'Port mapping works, through {lab.ROUTER}, {lab.OUTER} and '
                  f'{THIRD}.', 'sentence')
        # Each router has its own exchange.
        for router, address in zip(report['routers'], [None, lab.OUTER, THIRD]):
            peers = {event['peer'].split(':')[0] for event in router['exchange'] if 'peer' in event}
            lab.equal(peers & {lab.ROUTER, lab.OUTER, THIRD}, {address} - {None}, 'exchange')

    def second_maps_tcp(self):
        """The second router was asked: --max-hops is not the reason."""
        lab.router('outer', 'kind', 'mapper')
        lab.router('outer', 'refuse', 'udp')
        self.drawn('|x|')
        report = self.report('double-nat')
        assert report['sentence'].endswith(f', {lab.OUTER}. {lab.OUTER} maps only one of TCP and '
                                           'UDP.'), report['sentence']
        assert '--max-hops' not in report['next_step'], report['next_step']
        lab.equal([router['address'] for router in report['routers']], [lab.ROUTER, lab.OUTER],
                  'routers')

    # Shared addresses.

    def second_shared(self):
        """The second router has an address that its provider shares."""
        drawing, _ = self.drawn('||x|')
        assert drawing[-3].startswith('provider '), drawing
        report = self.report('cgnat')
        lab.equal(report['sentence'], f'The external address of the router {lab.OUTER} is '
                  f'{SECOND_SHARED_WAN}, which the provider shares among several customers (CGNAT).',
                  'sentence')
        assert '--max-hops 3' in report['next_step'], report['next_step']

    def third_silent(self):
        """The third router is a server of the provider that does not answer: the second one is not
        blamed.
        """
        report = self.report('cgnat', '--max-hops', '3')
        assert f'the router {lab.OUTER} is {SECOND_SHARED_WAN}' in report['sentence'], report
        assert '--max-hops' not in report['next_step'], report['next_step']

    def direct(self):
        """A computer without a router of its own: a server of the provider maps the port."""
        report = self.report('works')
        lab.equal(report['sentence'], 'Port mapping works, through the provider\'s server '
                  f'{ANYCAST}.', 'sentence')
        lab.equal([trial['mapped'] for trial in report['trial']], [True, True], 'mapped')
        lab.equal([(router['role'], router['address']) for router in report['routers']],
                  [('provider', ANYCAST)], 'routers')
        self.drawn('||')

    def direct_without_server(self):
        report = self.report('cgnat')
        assert DIRECT_CLIENT in report['sentence'], report['sentence']
        lab.equal([router['address'] for router in report['routers']], [DIRECT_GATEWAY], 'routers')

    # --gateway.

    def first_named(self):
        """--gateway with the address of the default gateway changes nothing."""
        self.drawn('|||', '--gateway', lab.ROUTER)
        report = self.report('works', '--gateway', lab.ROUTER)
        lab.equal(report['sentence'], f'Port mapping works, through {WAY}.', 'sentence')

    def nat_between(self):
        drawing, _ = self.drawn('x||', '--gateway', lab.OUTER)
        assert drawing[2].startswith(f'router         {lab.ROUTER}'), drawing
        self.report('double-nat', '--gateway', lab.OUTER)

    def unknown_between(self):
        """With NAT-PMP alone, nothing shows whether the router in between translates addresses."""
        self.drawn('?||', '--gateway', lab.OUTER, '--backend', 'natpmp')
        report = self.report('works', '--gateway', lab.OUTER, '--backend', 'natpmp')
        assert f'{lab.ROUTER}, is between it and this computer: if' in report['sentence'], report

    # Terminals.

    def terminal(self, columns):
        drawing, text = self.drawn('|||', columns=columns)
        lab.equal([line for line in drawing if not line.startswith('      ')],
                  [COMPUTER, FIRST, f'{SECOND}{lab.WAN} (public)', 'internet'], 'routers')
        assert f'verdict: Port mapping works, through {WAY}.' in text, text

    def terminal_ascii(self):
        """In the locale C, only ASCII is printed, and nothing is lost."""
        env = dict(os.environ, TERM='xterm', LC_ALL='C', LANGUAGE='')
        output, status = on_terminal([self.program(), 'doctor'], 80, env)
        lab.equal(status, 0, 'exit status')
        text = output.decode('ascii')
        assert '\n      |\nsecond router  ' in text and '?' not in text, text

    def terminal_german(self):
        obstacle = german.find_obstacle()
        if obstacle:
            print(f'# not tested in German: {obstacle}')
            return
        with tempfile.TemporaryDirectory() as folder:
            env = dict(os.environ, TERM='xterm', **german.environment(folder))
            lines = on_terminal([self.program(), 'doctor'], 100, env)[0].decode().splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith('dieser Rechner'))
        lab.equal(get_links(lines[start:]), '|||', 'links')
        # The addresses are in one column.
        lab.equal({line.index(re.search(r'\d+\.', line)[0]) for line in lines[start:start + 6:2]},
                  {lines[start].index('1')}, 'columns of the addresses')
        assert lines[start + 6] == 'Internet', lines


def suites(commands):
    """Suite name: options of the lab, cases."""
    case = DoctorChain(commands)
    return {
        'outside-chain': (['--two-routers', '--stun'], [
            ('proven', case.proven),
            ('blocked-by-a-firewall', case.blocked),
            ('second-confirms-no-removal-by-upnp', case.second_confirms_no_removal, 'upnp'),
            ('second-confirms-no-removal-by-pcp', case.second_confirms_no_removal, 'pcp'),
        ]),
        'outside-chain-hidden-nat': (['--two-routers', f'--hidden-nat={HIDDEN_WAN}', '--stun'], [
            ('hidden-nat', case.hidden_nat),
        ]),
        'doctor-three-routers': (['--three-routers'], [
            ('third-not-asked', case.third_not_asked),
            ('second-not-asked', case.second_not_asked),
            ('through-three', case.through_three),
        ]),
        'doctor-second-shared': (['--two-routers', '--outer=mapper',
                                  f'--hidden-nat={SECOND_SHARED_WAN}'], [
            ('second-shared', case.second_shared),
            ('third-silent', case.third_silent),
        ]),
        'doctor-carrier-direct': (['--carrier=pcp', '--direct'], [('direct', case.direct)]),
        'doctor-carrier-none': (['--carrier=none', '--direct'], [
            ('direct', case.direct_without_server),
        ]),
        'doctor-between': (['--two-routers', '--router=none'], [
            ('nat', case.nat_between),
            ('unknown', case.unknown_between),
        ]),
        'doctor-terminal': (['--two-routers'], [
            ('wide', case.terminal, 100),
            ('narrow', case.terminal, 40),
            ('ascii', case.terminal_ascii),
            ('german', case.terminal_german),
            ('first-named', case.first_named),
            ('second-maps-tcp', case.second_maps_tcp),
        ]),
    }
