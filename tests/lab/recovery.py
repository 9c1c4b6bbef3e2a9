# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recovery from faults. Each case checks that traffic passes again, and prints the time."""

import contextlib
import os
import tempfile
import time

import lab
import traffic

BACK_WITHIN = 10.0  # seconds after the router announced itself

# With a low epoch a restart cannot be detected: a difference of one second is allowed
# (RFC 6887 8.5, RFC 6886 3.6).
RESTART_DETECTABLE_AFTER = 4.0


def cases(plumctl_map, say, backend):
    @contextlib.contextmanager
    def mapped(*specs, env=None):
        """Maps ports and runs an echo server for each."""
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
                           f'{spec} is reachable again', within)
        say(f'reachable again after {time.monotonic() - since:.1f} s')

    def interrupt(plumctl, *specs):
        lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
        for spec in specs:
            lab.equal(lab.rules(int(spec.split(':')[1])), [], 'rules left on the router')

    def router_restarts():
        specs = 'tcp:9005', 'udp:9006'
        with mapped(*specs) as plumctl:
            time.sleep(RESTART_DETECTABLE_AFTER)
            with lab.power_cycle('router'):
                lab.equal(lab.rules(9005), [], 'rules while the router is off')
            assert_back(*specs)
            interrupt(plumctl, *specs)

    def another_wan_address():
        try:
            with mapped('tcp:9005') as plumctl:
                since = time.monotonic()
                lab.run('lab-router', 'wan-address', '1.2.3.9')
                plumctl.wait_until(lambda event: event['external_host'] == '1.2.3.9', 20)
                assert_back('tcp:9005', host='1.2.3.9', since=since)
                interrupt(plumctl, 'tcp:9005')
        finally:
            lab.run('lab-router', 'wan-address', lab.WAN)
            lab.run('lab-router', 'restart')

    def link_down_and_up():
        with mapped('tcp:9005') as plumctl:
            lab.run('lab-client', 'link', 'down')
            plumctl.wait_until(lambda event: event['state'] == 'pending', 10)
            since = time.monotonic()
            lab.run('lab-client', 'link', 'up')
            plumctl.wait_until(lambda event: event['state'] == 'success', 20)
            assert_back('tcp:9005', since=since)
            interrupt(plumctl, 'tcp:9005')

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
            interrupt(plumctl, 'tcp:9007')

    def client_crashes():
        specs = 'tcp:9005', 'tcp:9010'
        with tempfile.TemporaryDirectory() as state:
            env = dict(os.environ, XDG_STATE_HOME=state)
            with mapped(*specs, env=env) as plumctl:
                lab.eventually(lambda: lab.rules(9005) and lab.rules(9010), 'both are mapped')
                rules = len(lab.rules(9005))
                plumctl.process.kill()
                plumctl.process.wait()
                assert lab.rules(9005) and lab.rules(9010), 'a crash must not remove mappings'

            since = time.monotonic()
            with mapped('tcp:9005', env=env) as plumctl:
                assert_back('tcp:9005', since=since)
                lab.equal(len(lab.rules(9005)), rules, 'rules for the port')
                interrupt(plumctl, *specs)

    def two_processes():
        """A killed process is cleaned up after by another one; a running process is not."""
        with tempfile.TemporaryDirectory() as state:
            env = dict(os.environ, XDG_STATE_HOME=state)
            with mapped('tcp:9005', env=env) as living, mapped('tcp:9010', env=env) as dying:
                dying.process.kill()
                dying.process.wait()
                assert lab.rules(9010), 'a crash must not remove mappings'

                with mapped('udp:9006', env=env) as third:
                    interrupt(third, 'udp:9006', 'tcp:9010')
                assert_back('tcp:9005')
                interrupt(living, 'tcp:9005')

    functions = [router_restarts, link_down_and_up, no_network_at_start, client_crashes,
                 two_processes]
    if backend != 'upnp':
        functions.append(another_wan_address)
    return [(function.__name__.replace('_', '-'), function) for function in functions]
