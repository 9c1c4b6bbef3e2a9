# SPDX-License-Identifier: LGPL-2.1-or-later
"""plumctl maps ports through a chain of routers: cases for test-lab.py."""

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

import forger
import lab
import port_owner
import traffic

BACKENDS = 'pcp', 'natpmp', 'upnp'
# Apart, because a router may choose the next port, and miniupnpd one of another program of the same
# host.
PORTS = 9207, 9217, 9227
BOTH = [lab.ROUTER, lab.OUTER]
ANYCAST = '192.0.0.9'
SHARED_WAN = '100.64.0.2'
OTHER_INNER_WAN = '192.168.0.51'

HEALED_WITHIN = 25.0
RENEWED_WITHIN = 90.0  # a lease of 120 s
RESTART_DETECTABLE_AFTER = 4.0  # seconds, as in recovery.py
# After 15 s and 60 s, a router that has refused is asked again. The first attempt finds that the
# restarted daemon has another port.
RETRIED_WITHIN = 90.0
ANSWERED_WITHIN = 1.5  # seconds: what the lab's own server delays, and more

UDP, MAP = 17, 1


def assert_chain(event, addresses, port, backends=None):
    """The event reports the endpoint of the outermost router, and all routers."""
    lab.equal((event['external_host'], event['external_port'], event['external_scope']),
              (lab.WAN, port, 'public'), 'the endpoint')
    lab.equal([hop['address'] for hop in event['hops']], addresses, 'the routers')
    lab.equal(event['upstream_error'], None, 'upstream_error')
    if backends:
        lab.equal([hop['backend'] for hop in event['hops']], backends, 'the backends')


def assert_only_first(event, code, host=lab.INNER_WAN):
    """The first router alone maps the port."""
    lab.equal((event['state'], event['external_host']), ('success', host), 'the endpoint')
    lab.equal([hop['address'] for hop in event['hops']], [lab.ROUTER], 'the routers')
    lab.equal((event['upstream_error'] or {}).get('code'), code, 'the upstream error')


def assert_nothing_left(*ports):
    for name in lab.ROUTERS:
        for port in ports:
            lab.equal(lab.rules(port, name), [], f'rules of the {name}')


def pcp_nonces(packets, server):
    """The nonces of all MAP requests to a server."""
    found = set()
    for packet in packets:
        data = packet[(packet[0] & 0x0f) * 4:]
        if packet[9] == UDP and packet[16:20] == socket.inet_aton(server) and \
                data[2:4] == struct.pack('!H', 5351) and data[8:10] == bytes([2, MAP]):
            found.add(data[32:44])
    return found


class Chains:
    """plumctl_map starts `plumctl map`; commands is a Commands."""

    def __init__(self, plumctl_map, commands, say):
        self.start = plumctl_map
        self.commands = commands
        self.say = say

    @contextlib.contextmanager
    def plumctl_map(self, *arguments, env=None):
        """Without env, the run knows nothing of earlier ones."""
        with tempfile.TemporaryDirectory() as state, \
                self.start(*arguments, env=env or dict(os.environ, XDG_STATE_HOME=state)) as plumctl:
            yield plumctl

    def interrupt(self, plumctl, *ports):
        lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
        assert_nothing_left(*ports)

    def through_both(self, protocol, port, backends, *options, addresses=None):
        """Traffic from the internet arrives at the reported endpoint; nothing is left."""
        since = time.monotonic()
        with traffic.echo_server(protocol, port), \
                self.plumctl_map(*options, f'{protocol}:{port}') as plumctl:
            event = plumctl.wait_for('success', protocol)
            self.say(f'mapped through two routers in {time.monotonic() - since:.2f} s')
            assert_chain(event, addresses or BOTH, port, backends)
            assert lab.reached(protocol, event['external_host'], event['external_port']), \
                'not reached from the internet'
            self.interrupt(plumctl, port)
            assert not lab.reached(protocol, lab.WAN, port, lab.UNREACHED_AFTER), 'still reached'
            lab.equal(lab.violations(), [], 'violations of the protocols')

    def mixed(self, kinds, backends, port):
        """Routers of two kinds, which support one protocol each."""
        for name, kind in zip(lab.ROUTERS, kinds):
            lab.router(name, 'kind', kind)
        for protocol in 'tcp', 'udp':
            self.through_both(protocol, port, backends)

    def permanent_once(self):
        """The lease of the second router expires, but that of the first one does not."""
        lab.router('router', 'kind', 'mapper-upnp-permanent')
        done = self.printed('map', '--once', 'tcp:9216')
        assert 'tcp:9216 does not expire: the router granted a permanent' in done.stderr, done
        self.printed('unmap', 'tcp:9216')

    def once(self, *options):
        """The first success, and the packets that went beyond the first router."""
        lab.reset_beyond()
        with self.plumctl_map(*options, 'tcp:9205') as plumctl:
            event = plumctl.wait_for('success', 'tcp')
            beyond = lab.beyond()
            self.interrupt(plumctl, 9205)
        return event, beyond

    def hidden_hop(self):
        """No router answers the probe: the guess is asked."""
        with lab.hidden_hops():
            event, _ = self.once()
            assert_chain(event, BOTH, 9205)

    def one_hop(self):
        event, beyond = self.once('--max-hops=1')
        assert_only_first(event, None)
        lab.equal(beyond, {}, 'packets beyond the first router')

    def public_first(self):
        """A router with a public address: nothing goes beyond it."""
        lab.reset_beyond()
        for backend in BACKENDS:
            with self.plumctl_map('--backend', backend, 'tcp:9206') as plumctl:
                event = plumctl.wait_for('success', 'tcp')
                lab.equal([hop['address'] for hop in event['hops']], [lab.ROUTER], 'the routers')
                lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
        for command in 'status', 'external', 'doctor':
            self.printed(command)
        lab.equal(lab.beyond(), {}, 'packets beyond the router')
        self.say('datagrams beyond a router with a public address: 0')

    def in_words(self):
        """What plumctl map prints names both routers."""
        printed = []
        with subprocess.Popen([self.commands.program(), 'map', 'tcp:9205'], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as plumctl:
            deadline = threading.Timer(10.0, plumctl.kill)
            deadline.start()
            for line in plumctl.stdout:
                printed.append(line)
                if '→' in line:
                    break
            plumctl.send_signal(signal.SIGINT)
            plumctl.communicate()
            deadline.cancel()
        lab.equal(plumctl.returncode, 0, 'exit status after SIGINT')
        lab.equal(printed[-1:], [f'tcp:9205 → {lab.WAN}:9205 by PCP, for 7200 s, '
                                 f'through {lab.ROUTER} and {lab.OUTER}\n'], 'the mapping')
        assert_nothing_left(9205)

    def nonces(self):
        """The servers get different nonces, so that neither can act in the name of the other."""
        with lab.captured() as packets:
            event, _ = self.once('--backend', 'pcp')
        assert_chain(event, BOTH, 9205, ['pcp', 'pcp'])
        nonces = {router: pcp_nonces(packets, router) for router in BOTH}
        for router in BOTH:
            lab.equal(len(nonces[router]), 1, f'nonces for {router}')
        assert nonces[lab.ROUTER] != nonces[lab.OUTER], f'both routers got {nonces[lab.ROUTER]}'

    # Faults. Each protocol has a program of its own, with a port and records of its own.

    @contextlib.contextmanager
    def mapped_by_each(self, *options):
        """Yields pairs of a port and the program that has mapped it."""
        with contextlib.ExitStack() as stack:
            programs = []
            for port, backend in zip(PORTS, BACKENDS):
                stack.enter_context(traffic.echo_server('tcp', port))
                programs.append((port, stack.enter_context(self.plumctl_map(
                    '--keep-trying', '--backend', backend, *options, f'tcp:{port}'))))
            for _, plumctl in programs:
                plumctl.wait_for('success', 'tcp')
            yield programs

    @contextlib.contextmanager
    def mapped(self, *options, port=9207, env=None):
        with traffic.echo_server('tcp', port), \
                self.plumctl_map('--keep-trying', *options, f'tcp:{port}', env=env) as plumctl:
            yield plumctl, plumctl.wait_for('success', 'tcp')

    def assert_back(self, port, within=HEALED_WITHIN, host=lab.WAN):
        since = time.monotonic()
        lab.eventually(lambda: lab.rules(port, 'router') and lab.rules(port, 'outer') and
                       lab.reached('tcp', host, port, lab.UNREACHED_AFTER),
                       'the port is reachable again', within)
        self.say(f'reachable again after {time.monotonic() - since:.1f} s')

    def restarts(self, name):
        """A router loses its rules. The first one announces its restart; that of the second one is
        seen when the lease is renewed.
        """
        with self.mapped_by_each('--lifetime=120') as programs:
            for (port, plumctl), backend in zip(programs, BACKENDS):
                assert_chain(plumctl.seen[-1], BOTH, port, [backend] * 2)
            time.sleep(RESTART_DETECTABLE_AFTER)
            with lab.power_cycle(name):
                for port, _ in programs:
                    lab.equal(lab.rules(port, name), [], 'rules while the router is off')
            for port, _ in programs:
                self.assert_back(port, RENEWED_WITHIN if name == 'outer' else HEALED_WITHIN)
            for port, plumctl in programs:
                self.interrupt(plumctl, port)

    def first_moves(self):
        """The external address of the first router changes: the second one gets another entry. It
        does not let another address delete the old one, which expires.
        """
        def has_moved(event):
            return event['state'] == 'success' and len(event['hops']) == 2 and \
                event['hops'][0]['external_host'] == OTHER_INNER_WAN

        with contextlib.ExitStack() as stack:
            stack.callback(lab.router, 'outer', 'restart')
            stack.callback(lab.router, 'router', 'wan-address', lab.INNER_WAN)
            programs = stack.enter_context(self.mapped_by_each())
            for port, plumctl in programs:
                assert_chain(plumctl.seen[-1], BOTH, port)
            since = time.monotonic()
            with lab.power_cycle('router'):
                lab.router('router', 'wan-address', OTHER_INNER_WAN)
            for port, plumctl in programs:
                moved = plumctl.wait_until(has_moved, HEALED_WITHIN)
                assert lab.reached('tcp', moved['external_host'], moved['external_port']), moved
                self.say(f'reachable again after {time.monotonic() - since:.1f} s')
                lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
                lab.equal(lab.rules(port), [], 'rules of the first router')
                lab.equal(lab.rules(moved['external_port'], 'outer'), [], 'new rules')

    def second_refuses(self, backend, code, words):
        with lab.refusing('outer'):
            event, _ = self.once('--backend', backend)
            assert_only_first(event, code)
        assert words in event['upstream_error']['message'], event['upstream_error']['message']

    def second_accepts_later(self):
        """The refusal of UPnP is not final: the next attempt succeeds."""
        with lab.refusing('outer'):
            with self.mapped('--backend', 'upnp') as (plumctl, event):
                lab.equal(event['external_host'], lab.INNER_WAN, 'the endpoint')
                lab.equal(lab.rules(9207, 'outer'), [], 'rules of the second router')
                lab.router('outer', 'accept')
                plumctl.wait_until(lambda event: event['external_host'] == lab.WAN, RETRIED_WITHIN)
                assert_chain(plumctl.seen[-1], BOTH, 9207)
                self.assert_back(9207)
                self.interrupt(plumctl, 9207)

    def second_silent(self):
        with lab.silent('outer'):
            since = time.monotonic()
            with self.mapped_by_each() as programs:
                took = time.monotonic() - since
                assert 2.5 < took < 8, f'reported after {took:.1f} s'
                for port, plumctl in programs:
                    assert_only_first(plumctl.seen[-1], 'timed-out')
                    self.interrupt(plumctl, port)

    def first_silent(self):
        """The first router maps nothing, so nothing is sent beyond it; then it answers."""
        with lab.silent('router'), contextlib.ExitStack() as stack:
            lab.reset_beyond()
            programs = []
            for port, backend in zip(PORTS, BACKENDS):
                stack.enter_context(traffic.echo_server('tcp', port))
                programs.append((port, stack.enter_context(self.plumctl_map(
                    '--keep-trying', '--backend', backend, f'tcp:{port}'))))
            for _, plumctl in programs:
                plumctl.wait_for('failure', 'tcp')
            lab.equal(lab.beyond(), {}, 'packets beyond the first router')
            lab.router('router', 'undrop')
            lab.router('router', 'restart')
            for port, plumctl in programs:
                assert_chain(plumctl.wait_for('success', 'tcp', HEALED_WITHIN), BOTH, port)
                self.assert_back(port)
                self.interrupt(plumctl, port)

    def cancelled(self, backend):
        """The answer of the second router arrives after the mapping was cancelled."""
        with lab.late('outer'), self.plumctl_map('--backend', backend, 'tcp:9207') as plumctl:
            lab.eventually(lambda: lab.rules(9207, 'outer'), 'the port is mapped beyond')
            assert all(event['state'] == 'pending' for event in plumctl.seen), plumctl.seen
            status, seconds = plumctl.interrupt()
            lab.equal(status, 0, 'exit status after SIGINT')
            self.say(f'exited after {seconds:.2f} s')
            time.sleep(ANSWERED_WITHIN)
            assert_nothing_left(9207)
            lab.equal(lab.violations('outer'), [], 'violations of the protocols')

    def killed(self, backend):
        """After SIGKILL, the next run leaves nothing on either router."""
        with tempfile.TemporaryDirectory() as state:
            env = dict(os.environ, XDG_STATE_HOME=state)
            with self.mapped('--backend', backend, env=env) as (plumctl, event):
                assert_chain(event, BOTH, 9207, [backend] * 2)
                plumctl.process.kill()
                plumctl.process.wait()
            for name in lab.ROUTERS:
                assert lab.rules(9207, name), 'a crash must not remove mappings'

            # The same port is taken over, with the same external port.
            with self.mapped('--backend', backend, env=env) as (plumctl, event):
                assert_chain(event, BOTH, 9207, [backend] * 2)
                plumctl.process.kill()
                plumctl.process.wait()

            # Another port: what is left is deleted when plumctl ends.
            with self.mapped('--backend', backend, port=9209, env=env) as (plumctl, event):
                assert_chain(event, BOTH, 9209)
                self.interrupt(plumctl, 9207, 9209)

    # The commands that map no port.

    def printed(self, *arguments, env=None, exit_code=0):
        done = self.commands.plumctl(*arguments, env=env)
        lab.equal(done.returncode, exit_code, f'exit status of {arguments[0]}: {done.stderr}')
        return done

    def shown(self):
        """status, external and monitor find the second router, and map nothing there."""
        before = lab.router('outer', 'nft-table')
        beyond = [line for line in self.printed('status').stdout.splitlines()
                  if line.startswith(('beyond', 'path'))]
        lab.equal(beyond, [f'beyond    {lab.OUTER} by PCP, external address {lab.WAN} (public)',
                           f'path      through {lab.ROUTER} and {lab.OUTER}'], 'status')
        upstream = [{'address': lab.OUTER, 'external_address': lab.WAN,
                     'external_scope': 'public', 'backend': 'pcp'}]
        for command in ('status', 'external'):
            event = json.loads(self.printed(command, '--json').stdout.splitlines()[0])
            lab.equal((event['upstream'], event['upstream_error']), (upstream, None), command)
        done = self.printed('external')
        lab.equal((done.stdout, done.stderr),
                  (lab.WAN + '\n', f'Through {lab.ROUTER} and {lab.OUTER}.\n'), 'external')
        lab.equal(lab.router('outer', 'nft-table'), before, 'the table of the second router')

    def shown_in_one_hop(self):
        lab.reset_beyond()
        done = self.printed('status', '--max-hops=1')
        assert f'beyond    No router beyond {lab.ROUTER} is asked' in done.stdout, done.stdout
        done = self.printed('external', '--max-hops=1')
        lab.equal(done.stdout, lab.INNER_WAN + '\n', 'external')
        lab.equal(lab.beyond(), {}, 'packets beyond the first router')

    def shown_silent(self):
        """The second router does not answer: the commands name it, and what is known."""
        with lab.silent('outer'):
            done = self.printed('external')
            lab.equal(done.stdout, lab.INNER_WAN + '\n', 'external')
            assert f'The router {lab.OUTER} beyond {lab.ROUTER} does not map ports: PCP: no ' \
                   f'answer from {lab.OUTER}' in done.stderr, done.stderr
            event = json.loads(self.printed('status', '--json').stdout)
            lab.equal((event['upstream'], event['upstream_error']['code']), ([], 'no-backend'),
                      'status')

    def shown_unknown(self):
        """No router answers the probe, and nothing is at the guessed address."""
        with lab.silent('outer'), lab.hidden_hops():
            done = self.printed('status')
            assert f'beyond    The router beyond {lab.ROUTER} is unknown: no router has answered ' \
                   f'the probe, and the address {lab.OUTER} does not map' in done.stdout, done.stdout

    def monitored(self):
        wanted = {('upstream', lab.OUTER), ('external', f'{lab.WAN} (public)')}
        with subprocess.Popen([self.commands.program(), 'monitor', '--json'], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as monitor:
            deadline = threading.Timer(10.0, monitor.kill)
            deadline.start()
            for line in monitor.stdout:
                event = json.loads(line)
                wanted.discard((event['event'], event['text']))
                if not wanted:
                    break
            monitor.send_signal(signal.SIGINT)
            monitor.communicate()
            deadline.cancel()
        lab.equal((monitor.returncode, wanted), (0, set()), 'exit status, and what was not printed')

    def leftover(self, env):
        """A program is killed: both routers keep its mapping."""
        with self.mapped('--backend', 'upnp', env=env) as (plumctl, event):
            assert_chain(event, BOTH, 9207)
            plumctl.process.kill()
            plumctl.process.wait()

    def listed(self):
        with tempfile.TemporaryDirectory() as state:
            env = dict(os.environ, XDG_STATE_HOME=state)
            self.leftover(env)
            done = self.printed('list', env=env)
            marked = [line for line in done.stdout.splitlines() if line.startswith('*')]
            lab.equal(len(marked), 2, 'marked entries')
            assert f'9207 → {lab.CLIENT}:9207' in marked[0], marked
            assert f'9207 → {lab.INNER_WAN}:9207' in marked[1], marked
            assert marked[1].endswith(f'(on {lab.OUTER})'), marked
            events = [json.loads(line) for line in
                      self.printed('list', '--json', env=env).stdout.splitlines()]
            lab.equal([(event['gateway'], event['ours'], event['recorded']) for event in events],
                      [(lab.ROUTER, True, False), (lab.OUTER, True, False)], 'entries')

            # Other protocols cannot list: the record is shown.
            for backend in ('pcp', 'natpmp'):
                done = self.printed('list', '--backend', backend, env=env, exit_code=1)
                assert f'(recorded, on {lab.OUTER})' in done.stdout, done.stdout
            assert f'NAT-PMP cannot list the mappings of {lab.OUTER}' in done.stderr, done.stderr

            # What is recorded has another external port, and stays.
            done = self.printed('unmap', '--json', 'tcp:9207:9299', env=env, exit_code=4)
            event = json.loads(done.stdout)
            lab.equal((event['outcome'], event['asked_beyond']), ('not-found', False), 'unmap')
            assert lab.rules(9207) and lab.rules(9207, 'outer'), 'removed by another command'

            done = self.printed('unmap', '--json', 'tcp:9207:9207', env=env)
            event = json.loads(done.stdout)
            lab.equal((event['outcome'], event['asked_beyond']), ('removed', True), 'unmap')
            assert_nothing_left(9207)

    def unmapped(self, *arguments):
        with tempfile.TemporaryDirectory() as state:
            env = dict(os.environ, XDG_STATE_HOME=state)
            for backend in ('pcp', 'natpmp', 'upnp'):
                with self.mapped('--backend', backend, env=env) as (plumctl, event):
                    assert_chain(event, BOTH, 9207, [backend] * 2)
                    plumctl.process.kill()
                    plumctl.process.wait()
                done = self.printed('unmap', *arguments, env=env)
                lab.equal(done.stdout, 'tcp:9207 removed\n', 'unmap')
                assert_nothing_left(9207)

    def unmapped_unrecorded(self):
        """What “map --once” leaves is not recorded: its removal from the second router is not said."""
        with tempfile.TemporaryDirectory() as state:
            env = dict(os.environ, XDG_STATE_HOME=state)
            self.printed('map', '--once', 'tcp:9208', env=env)
            done = self.printed('unmap', 'tcp:9208', env=env)
            lab.equal(done.stdout, 'tcp:9208 removed\n', 'unmap')
            assert 'Nothing is recorded about these ports' in done.stderr, done.stderr
            self.printed('map', '--once', 'tcp:9208', env=env)
            done = self.printed('unmap', '--quiet', 'tcp:9208', env=env)
            lab.equal((done.stdout, done.stderr), ('', ''), 'quiet unmap')
            lab.equal(lab.rules(9208), [], 'rules of the first router')
            assert lab.rules(9208, 'outer'), 'rules of the second router'
            with lab.power_cycle('outer'):
                pass
            done = self.printed('unmap', '--all-mine', env=env)
            lab.equal((done.stdout, done.stderr), ('no mappings to remove\n', ''), 'unmap')

    def unmapped_silent(self):
        """What the second router does not confirm is not said to be removed, until it does."""
        with tempfile.TemporaryDirectory() as state:
            env = dict(os.environ, XDG_STATE_HOME=state)
            self.leftover(env)
            with lab.silent('outer'):
                done = self.printed('unmap', 'tcp:9207', env=env, exit_code=5)
                assert 'removed\n' not in done.stdout, done.stdout
                assert f'The router {lab.OUTER} may keep the mapping until' in done.stderr, done
            lab.equal(lab.rules(9207), [], 'rules of the first router')
            assert lab.rules(9207, 'outer'), 'rules of the second router'
            done = self.printed('unmap', '--all-mine', env=env)
            lab.equal(done.stdout, 'tcp:9207 removed\n', 'unmap')
            assert_nothing_left(9207)

    def listed_by_owner(self):
        """All hosts have the same address on the second router: the first one knows whose an entry is,
        and what it does not know is marked if it is recorded.
        """
        def listed(ours):
            events = [json.loads(line) for line in
                      self.printed('list', '--json', env=env).stdout.splitlines()]
            lab.equal([(event['gateway'], event['external_port'], event['ours'])
                       for event in events], ours, 'entries')

        with tempfile.TemporaryDirectory() as state:
            env = dict(os.environ, XDG_STATE_HOME=state)
            self.leftover(env)
            lab.router('router', 'restart')
            listed([(lab.OUTER, 9207, True)])
            with port_owner.having(9207):
                listed([(lab.ROUTER, 9207, False), (lab.OUTER, 9207, False)])
            lab.router('router', 'restart')
            self.printed('unmap', '--all-mine', env=env)
            assert_nothing_left(9207)

    # A host of the inner network forges the second router.

    def forged_hop(self, address):
        """Whatever router the forged message names, the mapping leads through the real one."""
        with forger.icmp(address):
            event, _ = self.once()
            assert_chain(event, BOTH, 9205)

    def forged_public_hop(self):
        """A public address is left alone, and nothing is mapped elsewhere."""
        with forger.icmp('5.6.7.8'):
            event, beyond = self.once()
            assert_only_first(event, 'no-gateway')
            assert '5.6.7.8' in event['upstream_error']['message'], event
            lab.equal(beyond, {'other-udp': 1}, 'packets beyond the first router')

    def forged_answers(self, backend):
        """Answers in the name of the second router that come first."""
        with forger.answers():
            event, _ = self.once('--backend', backend)
            assert_chain(event, BOTH, 9205)
            assert any(line.startswith('forged') for line in forger.log()), 'nothing was forged'
            assert not any(line.startswith('visited') for line in forger.log()), forger.log()

    # The doctor.

    def doctor(self, verdict, sentence, *options):
        report = json.loads(self.commands.plumctl('doctor', '--json', *options).stdout)
        lab.equal((report['verdict'], report['sentence']), (verdict, sentence), 'the verdict')
        lab.equal([trial['left_behind'] for trial in report['trial']], [False, False],
                  'left behind')
        assert_nothing_left(*[trial['internal_port'] for trial in report['trial']])
        return report

    def doctor_works(self):
        report = self.doctor('works', f'Port mapping works, through {lab.ROUTER} and {lab.OUTER}.')
        lab.equal([(router['role'], router['address'], router['external_address'])
                   for router in report['routers']],
                  [('asked', lab.ROUTER, lab.INNER_WAN), ('next', lab.OUTER, lab.WAN)], 'routers')
        peers = {event.get('peer') for event in report['routers'][1]['exchange']} - {None}
        assert f'{lab.OUTER}:5351' in peers, peers

    def doctor_one_hop(self):
        self.doctor('double-nat', f'The external address of the router {lab.ROUTER} is the private '
                    f'address {lab.INNER_WAN}: it is behind a second router, {lab.OUTER}. That router is '
                    'not asked to map ports, because of --max-hops 1.', '--max-hops=1')

    def doctor_refuses(self):
        with lab.refusing('outer'):
            self.doctor('double-nat', f'The external address of the router {lab.ROUTER} is the '
                        f'private address {lab.INNER_WAN}: it is behind a second router, '
                        f'{lab.OUTER}. {lab.OUTER} refuses to map the port.')

    def doctor_silent(self):
        with lab.silent('outer'):
            self.doctor('double-nat', f'The external address of the router {lab.ROUTER} is the '
                        f'private address {lab.INNER_WAN}: it is behind a second router, '
                        f'{lab.OUTER}. {lab.OUTER} does not answer any protocol.')

    # The provider.

    def carrier(self, protocol, port):
        self.through_both(protocol, port, None, addresses=[lab.ROUTER, ANYCAST])

    def carrier_direct(self, protocol, port):
        """A host without a router of its own: the server is asked for the host's own address."""
        with traffic.echo_server(protocol, port), \
                self.plumctl_map(f'{protocol}:{port}') as plumctl:
            assert_chain(plumctl.wait_for('success', protocol), [ANYCAST], port, ['pcp'])
            assert lab.reached(protocol, lab.WAN, port), 'not reached from the internet'
            lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
            assert not lab.reached(protocol, lab.WAN, port, lab.UNREACHED_AFTER), 'still reached'

    def carrier_direct_commands(self):
        """The gateway maps no ports, and is not listed: the provider's server is the first router."""
        with tempfile.TemporaryDirectory() as state:
            env = dict(os.environ, XDG_STATE_HOME=state)
            with self.plumctl_map('tcp:9224', env=env) as plumctl:
                plumctl.wait_for('success', 'tcp')
                plumctl.process.kill()
                plumctl.process.wait()
            done = self.printed('list', env=env, exit_code=1)
            assert done.stdout.startswith('* tcp  9224 → '), done.stdout
            assert done.stdout.endswith(f'(recorded, on {ANYCAST})\n'), done.stdout
            lab.equal(done.stderr, f'plumctl: PCP cannot list the mappings of {ANYCAST}: only UPnP '
                      'can\n', 'list')

            done = self.printed('unmap', 'tcp:9224', env=env)
            lab.equal(done.stdout, 'tcp:9224 removed\n', 'unmap')
            assert not lab.reached('tcp', lab.WAN, 9224, lab.UNREACHED_AFTER), 'still reached'

    def doctor_carrier(self):
        self.doctor('works', f"Port mapping works, through {lab.ROUTER} and the provider's server "
                    f'{ANYCAST}.')

    def carrier_without_server(self):
        with self.plumctl_map('tcp:9207') as plumctl:
            event = plumctl.wait_for('success', 'tcp')
            assert_only_first(event, 'timed-out', SHARED_WAN)
            self.interrupt(plumctl, 9207)

    def doctor_carrier_without_server(self):
        self.doctor('cgnat', f'The external address of the router {lab.ROUTER} is {SHARED_WAN}, '
                    'which the provider shares among several customers (CGNAT).')


def each_protocol(case):
    return [(f'{protocol}-by-{backend}', case.through_both, protocol, 9200 + i, [backend] * 2,
             '--backend', backend)
            for i, (protocol, backend) in enumerate(
                (protocol, backend) for protocol in ('tcp', 'udp')
                for backend in ('pcp', 'natpmp', 'upnp'))]


def suites(plumctl_map, commands, say):
    """Suite name: options of the lab, cases."""
    case = Chains(plumctl_map, commands, say)
    return {
        'chain': (['--two-routers'], each_protocol(case) + [
            ('hidden-hop', case.hidden_hop),
            ('one-hop', case.one_hop),
            ('in-words', case.in_words),
            ('nonces', case.nonces),
        ]),
        'chain-faults': (['--two-routers'], [
            ('first-moves', case.first_moves),
            ('first-restarts', case.restarts, 'router'),
            ('second-refuses-by-pcp', case.second_refuses, 'pcp', 'refused', 'NOT_AUTHORIZED (2)'),
            ('second-refuses-by-natpmp', case.second_refuses, 'natpmp', 'refused',
             '“not authorized” (2)'),
            ('second-refuses-by-upnp', case.second_refuses, 'upnp', 'refused',
             'refused AddPortMapping (error 606, Action not authorized)'),
            ('second-silent', case.second_silent),
            ('first-silent', case.first_silent),
            *[(f'killed-{backend}', case.killed, backend) for backend in BACKENDS],
        ]),
        'chain-cancelled': (['--two-routers', '--outer=mapper'], [
            (f'{backend}-answers-late', case.cancelled, backend) for backend in BACKENDS
        ]),
        'chain-shown': (['--two-routers'], [
            ('shown', case.shown),
            ('in-one-hop', case.shown_in_one_hop),
            ('silent', case.shown_silent),
            ('unknown', case.shown_unknown),
            ('monitored', case.monitored),
        ]),
        'chain-unmap': (['--two-routers'], [
            ('listed', case.listed),
            ('by-port', case.unmapped, 'tcp:9207'),
            ('all-mine', case.unmapped, '--all-mine'),
            ('unrecorded', case.unmapped_unrecorded),
            ('silent', case.unmapped_silent),
            ('listed-by-owner', case.listed_by_owner),
        ]),
        'chain-second-accepts': (['--two-routers'], [
            ('second-accepts-later', case.second_accepts_later),
        ]),
        'chain-second-restarts': (['--two-routers'], [
            ('second-restarts', case.restarts, 'outer'),
        ]),
        'chain-forged': (['--two-routers'], [
            ('hop-is-this-host', case.forged_hop, lab.CLIENT),
            ('hop-is-of-the-inner-network', case.forged_hop, '192.168.1.77'),
            ('hop-is-loopback', case.forged_hop, '127.0.0.1'),
            ('hop-is-a-group', case.forged_hop, '224.0.0.1'),
            ('hop-is-public', case.forged_public_hop),
            ('answers-of-pcp', case.forged_answers, 'pcp'),
            ('answers-of-natpmp', case.forged_answers, 'natpmp'),
            ('answers-of-upnp', case.forged_answers, 'upnp'),
        ]),
        'chain-doctor': (['--two-routers'], [
            ('works', case.doctor_works),
            ('one-hop', case.doctor_one_hop),
            ('second-refuses', case.doctor_refuses),
            ('second-silent', case.doctor_silent),
        ]),
        'chain-mixed': (['--two-routers'], [
            ('-'.join(backends), case.mixed, kinds, backends, port)
            for port, (kinds, backends) in enumerate([
                (('mapper-pcp', 'mapper-natpmp'), ['pcp', 'natpmp']),
                (('mapper-pcp', 'upnp'), ['pcp', 'upnp']),
                (('mapper-natpmp', 'pcp'), ['natpmp', 'pcp']),
                (('mapper-natpmp', 'upnp'), ['natpmp', 'upnp']),
                (('mapper-upnp', 'mapper-natpmp'), ['upnp', 'natpmp']),
                (('mapper-upnp-permanent', 'pcp'), ['upnp', 'pcp']),
            ], 9210)
        ] + [('permanent-once', case.permanent_once)]),
        'chain-one-router': (['--router=mapper'], [
            ('public-first', case.public_first),
        ]),
        'carrier': (['--carrier=pcp'], [
            ('tcp', case.carrier, 'tcp', 9220),
            ('udp', case.carrier, 'udp', 9221),
            ('doctor', case.doctor_carrier),
        ]),
        'carrier-direct': (['--carrier=pcp', '--direct'], [
            ('tcp', case.carrier_direct, 'tcp', 9222),
            ('udp', case.carrier_direct, 'udp', 9223),
            ('commands', case.carrier_direct_commands),
        ]),
        'carrier-none': (['--carrier=none'], [
            ('qualified', case.carrier_without_server),
            ('doctor', case.doctor_carrier_without_server),
        ]),
    }
