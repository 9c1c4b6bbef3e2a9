# SPDX-License-Identifier: LGPL-2.1-or-later
"""plumctl with a STUN server on the internet (--stun), and the TCP test of the doctor from the inside:
cases for test-lab.py.
"""

import json
import pathlib
import re
import signal
import subprocess
import tempfile
import time

import lab
import stun_server
import traffic
from two_gateways import SECOND_WAN

SECOND_CLIENT = '192.168.2.10'
HIDDEN_WAN = '1.2.9.4'
SERVER = f'{stun_server.ADDRESS}:{stun_server.PORT}'
OTHER = f'{stun_server.OTHER_ADDRESS}:{stun_server.OTHER_PORT}'
NAT_BEYOND, NOT_REACHED = 33, 34


def expected(server, reflexive, strangers, other=OTHER, reason=None):
    return {'server': server, 'address': SERVER, 'reflexive': reflexive, 'other_address': other,
            'open_to_strangers': strangers, 'reason': reason}


class Outside:
    """The cases; commands is a Commands."""

    def __init__(self, commands, plumctl_map):
        self.plumctl = commands.plumctl
        self.program = commands.program
        self.plumctl_map = plumctl_map

    def doctor(self, server, verdict, exit_code, *options):
        """Runs the doctor with both outputs, and checks that it leaves nothing behind. Returns the
        report, the external port of UDP in it, and the text.
        """
        before = lab.run('lab-router', 'nft-table')
        text = self.plumctl('doctor', '--stun', server, *options)
        done = self.plumctl('doctor', '--json', '--stun', server, *options)
        lab.equal(lab.run('lab-router', 'nft-table'), before, 'the table of the router')
        report = json.loads(done.stdout)
        lab.equal((report['verdict'], report['exit_code']), (verdict, exit_code), 'verdict')
        lab.equal((text.returncode, done.returncode), (exit_code, exit_code), 'exit status')
        (udp,) = [trial for trial in report['trial'] if trial['protocol'] == 'udp'
                  and trial['family'] == 4]
        return report, udp['external_port'], text.stdout

    def proven(self, server):
        with stun_server.stun_server():
            report, port, text = self.doctor(server, 'works', 0)
        lab.equal(report['stun'], expected(server, f'{lab.WAN}:{port}', True), 'stun')
        lab.equal(report['families'][0]['stun'], report['stun'], 'stun of the family')
        lab.equal(report['sentence'], f'Port mapping works. Proven from outside (UDP): a packet from '
                  f'{OTHER}, to which nothing was sent, reached {lab.WAN}:{port}.', 'sentence')
        assert '  an answer from another address: arrived\n' in text, text
        assert 'verdict: Port mapping works. Proven from outside (UDP): ' in text, text

    def blocked(self):
        """A firewall on the client drops the packets of hosts that it has not contacted."""
        with stun_server.stun_server(), lab.firewall():
            report, port, text = self.doctor(stun_server.NAME, 'not-reached', NOT_REACHED)
        lab.equal(report['stun'], expected(stun_server.NAME, f'{lab.WAN}:{port}', False), 'stun')
        lab.equal(report['sentence'], f'Packets from the internet do not reach the port: packets from {OTHER} to '
                  f'{lab.WAN}:{port} did not arrive, although the port is mapped.', 'sentence')
        assert 'firewall' in report['next_step'], report['next_step']
        assert '  an answer from another address: did not arrive\n' in text, text

    def one_address(self):
        """Without a second address of the server, nothing is said about packets of other hosts."""
        with stun_server.stun_server(two_addresses=False), lab.firewall():
            report, port, _ = self.doctor(stun_server.ADDRESS, 'works', 0)
        lab.equal(report['stun'], expected(
            stun_server.ADDRESS, f'{lab.WAN}:{port}', None, None,
            f'the STUN server {SERVER} does not offer to answer from another address'), 'stun')
        lab.equal(report['sentence'], 'Port mapping works.', 'sentence')

    def no_answer(self):
        """A server that does not answer says nothing about the port."""
        report, _, text = self.doctor(stun_server.NAME, 'works', 0)
        lab.equal(report['stun'], expected(
            stun_server.NAME, None, None, None,
            f'the STUN server {SERVER} did not answer within 7.5 s'), 'stun')
        lab.equal(report['sentence'], 'Port mapping works.', 'sentence')
        assert 'the view from outside is unknown: the STUN server' in text, text

    def unknown_name(self):
        report, _, _ = self.doctor('nowhere.example', 'works', 0)
        lab.equal((report['stun']['address'], report['stun']['reflexive']), (None, None), 'stun')
        assert '“nowhere.example” could not be found' in report['stun']['reason'], report['stun']

    def hidden_nat(self):
        """A NAT beyond the router, which the router does not know."""
        with stun_server.stun_server():
            report, port, _ = self.doctor(stun_server.NAME, 'nat-beyond', NAT_BEYOND)
            event = self.verified('--stun', stun_server.NAME, 'udp:9300')
        # This NAT keeps the port.
        lab.equal(report['stun'], expected(stun_server.NAME, f'{lab.WAN}:{port}', False), 'stun')
        lab.equal(report['sentence'],
                  f'Another NAT is beyond the router: the internet sees {lab.WAN}:{port}, but the '
                  f'router reports the external address {HIDDEN_WAN}.', 'sentence')
        lab.equal((event['verified'], event['external_host'], event['stun']['reflexive']),
                  ('no', HIDDEN_WAN, f'{lab.WAN}:9300'), 'the mapping')

    def verified(self, *arguments):
        """The last event of plumctl map --once."""
        done = self.plumctl('map', '--once', '--json', *arguments)
        lab.equal((done.returncode, done.stderr), (0, ''), 'exit status and errors of map')
        return json.loads(done.stdout.splitlines()[-1])

    def map_proven(self):
        """The result comes before the end, and the port can be used during the mapping."""
        with stun_server.stun_server(), \
                self.plumctl_map('--stun', stun_server.NAME, 'udp:9301', 'tcp:9301') as plumctl:
            event = plumctl.wait_until(lambda event: event['verified'] is not None, 10)
            lab.equal((event['verified'], event['protocol'], event['state']),
                      ('yes', 'udp', 'success'), 'event')
            lab.equal(event['stun'], expected(stun_server.NAME, f'{lab.WAN}:9301', True), 'stun')
            lab.equal([seen['verified'] for seen in plumctl.seen if seen is not event],
                      [None] * (len(plumctl.seen) - 1), 'earlier events and those of TCP')
            with traffic.echo_server('udp', 9301):
                assert lab.reached('udp', lab.WAN, 9301), 'not reached'
            lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
        lab.equal(lab.rules(9301), [], 'rules left on the router')

    def map_blocked(self):
        with stun_server.stun_server(), lab.firewall():
            event = self.verified('--stun', stun_server.ADDRESS, 'udp:9302')
        lab.equal((event['verified'], event['stun']['open_to_strangers']), ('no', False), 'event')

    def map_other_port(self):
        """The router translates incoming packets only: the server sees another port."""
        with stun_server.stun_server():
            event = self.verified('--stun', stun_server.ADDRESS, 'udp:9303:19303')
        lab.equal((event['external_port'], event['verified'], event['stun']['reflexive']),
                  (19303, 'unknown', f'{lab.WAN}:9303'), 'event')

    def map_used_port(self):
        """A program that has the port keeps it, and no packet of the test."""
        with stun_server.stun_server(), traffic.echo_server('udp', 9304):
            event = self.verified('--stun', stun_server.ADDRESS, 'udp:9304')
            lab.equal((event['verified'], event['stun']['reflexive'], event['stun']['reason']),
                      ('unknown', None, 'port 9304 is in use by a program, and was not tested'),
                      'event')
            assert lab.reached('udp', lab.WAN, 9304), 'the program is not reached'

    def map_text(self):
        with stun_server.stun_server():
            done = self.plumctl('map', '--once', '--stun', stun_server.NAME, 'udp:9305')
        lab.equal(done.stdout.splitlines()[-1],
                  f'udp:9305: it can be reached from outside: a packet from {OTHER}, to which nothing '
                  f'was sent, reached {lab.WAN}:9305', 'last line')

    def address_changes(self):
        """After the external address has changed, the result is no longer valid."""
        with stun_server.stun_server(), \
                self.plumctl_map('--stun', stun_server.NAME, 'udp:9306') as plumctl:
            plumctl.wait_until(lambda event: event['verified'] == 'yes', 10)
            with lab.wan_address('router', '1.2.3.5', lab.WAN):
                event = plumctl.wait_until(lambda event: event['external_host'] == '1.2.3.5', 60)
                lab.equal(event['verified'], 'unknown', 'after the change')
                lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')

    def run(self):
        """The command gets the result, and starts after the test: it can bind the port at once."""
        script = ('echo $PLUM_UDP_9307 $PLUM_UDP_9307_VERIFIED ${PLUM_TCP_9307_VERIFIED-none}; '
                  'exec python3 -c "import socket; '
                  's = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); '
                  "s.bind(('0.0.0.0', 9307))\"")
        with stun_server.stun_server():
            done = self.plumctl('run', '--stun', stun_server.NAME, 'udp:9307', 'tcp:9307', '--', 'sh',
                                '-c', script)
        lab.equal((done.returncode, done.stdout), (0, f'{lab.WAN}:9307 yes none\n'), 'the command')
        assert 'udp:9307: it can be reached from outside: ' in done.stderr, done.stderr

    def interrupted(self):
        """SIGINT during the test ends it, and removes the mapping."""
        with self.plumctl_map('--stun', stun_server.NAME, 'udp:9308') as plumctl:
            plumctl.wait_for('success', 'udp')
            started = time.monotonic()
            lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
            assert time.monotonic() - started < 3, 'SIGINT waited for the test'
        lab.equal(lab.rules(9308), [], 'rules left on the router')

    def recording_is_masked(self):
        """The addresses of the router and of the server are masked in the notes and the report."""
        wan = '1.2.3.77'  # unlike the usual one, it is not a replacement itself
        with tempfile.TemporaryDirectory() as folder, stun_server.stun_server(), \
                lab.wan_address('router', wan, lab.WAN):
            done = self.plumctl('doctor', '--stun', stun_server.NAME, '--record', folder)
            lab.equal(done.returncode, 0, 'exit status')
            data = b''.join(path.read_bytes() for path in pathlib.Path(folder).iterdir())
        assert b'an answer from ' in data and b'"reflexive":"' in data, 'no notes of the test'
        for address in wan, stun_server.ADDRESS, stun_server.OTHER_ADDRESS:
            assert not re.search(rb'(?<![0-9.])' + re.escape(address.encode()) + rb'(?![0-9])', data), \
                f'{address} is in the recording'

    def doctor_interrupted(self):
        """SIGINT during the test ends the doctor, and removes the trial mappings."""
        before = lab.run('lab-router', 'nft-table')
        with subprocess.Popen([self.program(), 'doctor', '--stun', stun_server.NAME],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as process:
            try:
                lab.eventually(lambda: len(lab.run('lab-router', 'nft-table')) > len(before),
                               'trial mappings')
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=5)
            finally:
                process.kill()
        lab.equal((process.returncode, out, err), (1, '', ''), 'exit status and output')
        lab.equal(lab.run('lab-router', 'nft-table'), before, 'the table of the router')

    def other_interface(self):
        """The packets pass the router of the mapping, although the default route has another one."""
        lab.run('ip', 'rule', 'del', 'from', SECOND_CLIENT, 'lookup', '2')
        with stun_server.stun_server():
            event = self.verified('--interface', 'eth1', '--stun', stun_server.ADDRESS, 'udp:9309')
        lab.equal((event['external_host'], event['stun']['reflexive'], event['verified']),
                  (SECOND_WAN, f'{SECOND_WAN}:9309', 'yes'), 'event')

    def hairpin(self, expected_value):
        before = lab.run('lab-router', 'nft-table')
        report = json.loads(self.plumctl('doctor', '--json').stdout)
        text = self.plumctl('doctor').stdout
        lab.equal(lab.run('lab-router', 'nft-table'), before, 'the table of the router')
        lab.equal([(trial['protocol'], trial['hairpin']) for trial in report['trial']],
                  [('tcp', expected_value), ('udp', None)], 'hairpin')
        lab.equal((report['verdict'], report['stun']), ('works', None), 'verdict')
        line = ('arrived: the router forwards the port' if expected_value else
                'did not arrive, which proves nothing: many routers do not forward from the inside')
        assert f'  a connection to it from this computer {line}\n' in text, text

    def both_families(self):
        """The server has no IPv6 address: nothing is said about IPv6."""
        with stun_server.stun_server():
            done = self.plumctl('doctor', '--json', '--stun', stun_server.NAME, '--backend', 'upnp')
        report = json.loads(done.stdout)
        lab.equal([family['family'] for family in report['families']], [4, 6], 'families')
        lab.equal(report['families'][0]['stun']['open_to_strangers'], True, 'IPv4')
        lab.equal(report['families'][1]['stun'], {
            **dict.fromkeys(['address', 'reflexive', 'other_address', 'open_to_strangers']),
            'server': stun_server.NAME, 'reason': report['families'][1]['stun']['reason']}, 'IPv6')

    def suites(self):
        """Suite name: options of the lab, cases."""
        return {
            'outside': (['--router=all', '--stun'], [
                ('proven-by-name', self.proven, stun_server.NAME),
                ('proven-by-address', self.proven, stun_server.ADDRESS),
                ('proven-by-address-and-port', self.proven, SERVER),
                ('blocked-by-a-firewall', self.blocked),
                ('server-with-one-address', self.one_address),
                ('unknown-name', self.unknown_name),
                ('no-hairpin', self.hairpin, None),
                ('no-answer', self.no_answer),
                ('recording-is-masked', self.recording_is_masked),
                ('interrupted', self.doctor_interrupted),
            ]),
            'outside-map': (['--router=all', '--stun'], [
                ('map-proven', self.map_proven),
                ('map-blocked', self.map_blocked),
                ('map-other-port', self.map_other_port),
                ('map-used-port', self.map_used_port),
                ('map-text', self.map_text),
                ('address-changes', self.address_changes),
                ('run', self.run),
                ('interrupted', self.interrupted),
            ]),
            'outside-upnp': (['--router=upnp', '--stun'], [
                ('proven', self.proven, stun_server.NAME),
            ]),
            'outside-hidden-nat': (['--router=all', f'--hidden-nat={HIDDEN_WAN}', '--stun'], [
                ('hidden-nat', self.hidden_nat),
            ]),
            'outside-two-gateways': (['--router=all', '--two-gateways', '--stun'], [
                ('other-interface', self.other_interface),
            ]),
            'outside-hairpin': (['--router=mapper', '--hairpin'], [
                ('hairpin', self.hairpin, True),
            ]),
            'outside-ipv6': (['--router=upnp', '--ipv6', '--stun'], [
                ('both-families', self.both_families),
            ]),
        }
