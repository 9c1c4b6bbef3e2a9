# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a mapping lives through: each case ends with traffic through it again, and says how long it took."""

import contextlib
import os
import tempfile
import time

import lab
import traffic

BACK_WITHIN = 10.0  # seconds after the router announced itself

# A clock that has just begun tells nothing of a restart: a second back or forth is allowed
# (RFC 6887 8.5, RFC 6886 3.6).
CLOCK_TELLS_AFTER = 4.0


def cases(plumctl_map, say, backend):
    @contextlib.contextmanager
    def mapped(*specs, env=None):
        """Ports that are mapped and answered for."""
        with contextlib.ExitStack() as stack:
            for spec in specs:
                protocol, port = spec.split(':')
                stack.enter_context(traffic.echo_server(protocol, int(port)))
            plumctl = stack.enter_context(plumctl_map('--backend', backend, '--keep-trying', *specs,
                                                      env=env))
            for spec in specs:
                plumctl.wait_for('success', spec.split(':')[0])
            yield plumctl

    def assert_back(*specs, host=lab.WAN, within=BACK_WITHIN, since=None):
        since = since or time.monotonic()
        for spec in specs:
            protocol, port = spec.split(':')
            lab.eventually(lambda p=protocol, n=int(port): lab.rules(n) and
                           lab.reached(p, host, n, lab.UNREACHED_AFTER),
                           f'{spec} is reached again', within)
        say(f'reached again after {time.monotonic() - since:.1f} s')

    def leave(plumctl, *specs):
        lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
        for spec in specs:
            lab.equal(lab.rules(int(spec.split(':')[1])), [], 'rules left on the router')

    def router_restarts():
        specs = 'tcp:9005', 'udp:9006'
        with mapped(*specs) as plumctl:
            time.sleep(CLOCK_TELLS_AFTER)
            lab.run('lab-router', 'restart')
            lab.equal(lab.rules(9005), [], 'rules right after the restart')
            assert_back(*specs)
            leave(plumctl, *specs)

    def another_wan_address():
        try:
            with mapped('tcp:9005') as plumctl:
                since = time.monotonic()
                lab.run('lab-router', 'wan-address', '1.2.3.9')
                plumctl.wait_until(lambda event: event['external_host'] == '1.2.3.9', 20)
                assert_back('tcp:9005', host='1.2.3.9', since=since)
                leave(plumctl, 'tcp:9005')
        finally:
            lab.run('lab-router', 'wan-address', lab.WAN)
            lab.run('lab-router', 'restart')

    def cable_pulled():
        with mapped('tcp:9005') as plumctl:
            lab.run('lab-client', 'link', 'down')
            plumctl.wait_until(lambda event: event['state'] == 'pending', 10)
            since = time.monotonic()
            lab.run('lab-client', 'link', 'up')
            plumctl.wait_until(lambda event: event['state'] == 'success', 20)
            assert_back('tcp:9005', since=since)
            leave(plumctl, 'tcp:9005')

    def no_network_at_start():
        lab.run('lab-client', 'link', 'down')
        with traffic.echo_server('tcp', 9007), plumctl_map(
                '--backend', backend, '--keep-trying', 'tcp:9007') as plumctl:
            time.sleep(0.5)
            assert plumctl.process.poll() is None, f'it gave up: {plumctl.errors}'
            since = time.monotonic()
            lab.run('lab-client', 'link', 'up')
            plumctl.wait_for('success', 'tcp', 20)
            assert_back('tcp:9007', since=since)
            leave(plumctl, 'tcp:9007')

    def client_crashes():
        specs = 'tcp:9005', 'tcp:9010'
        with tempfile.TemporaryDirectory() as state:
            env = dict(os.environ, XDG_STATE_HOME=state)
            with mapped(*specs, env=env) as plumctl:
                lab.eventually(lambda: lab.rules(9005) and lab.rules(9010), 'both are mapped')
                rules = len(lab.rules(9005))
                plumctl.process.kill()
                plumctl.process.wait()
                assert lab.rules(9005) and lab.rules(9010), 'a crash removes nothing'

            since = time.monotonic()
            with mapped('tcp:9005', env=env) as plumctl:
                assert_back('tcp:9005', since=since)
                lab.equal(len(lab.rules(9005)), rules, 'rules for the port')
                leave(plumctl, *specs)

    def two_processes():
        """One dies; the other keeps its port; a third, leaving, takes the port of the dead along."""
        with tempfile.TemporaryDirectory() as state:
            env = dict(os.environ, XDG_STATE_HOME=state)
            with mapped('tcp:9005', env=env) as living, mapped('tcp:9010', env=env) as dying:
                dying.process.kill()
                dying.process.wait()
                assert lab.rules(9010), 'a crash removes nothing'

                with mapped('udp:9006', env=env) as third:
                    leave(third, 'udp:9006', 'tcp:9010')
                assert_back('tcp:9005')
                leave(living, 'tcp:9005')

    functions = [router_restarts, cable_pulled, no_network_at_start, client_crashes,
                 two_processes]
    if backend != 'upnp':
        functions.append(another_wan_address)
    return [(function.__name__.replace('_', '-'), function) for function in functions]
