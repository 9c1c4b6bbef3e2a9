# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mappings that are restricted to a remote host, and mappings for a host that speaks no protocol."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile

import lab

PRINTER = '192.168.1.50'
INTERNET = '1.2.3.1'
OTHER_INTERNET = '1.2.3.9'
OTHER_INTERNET6 = '2a00:1111:1:2::9'
INTERNET6 = '2a00:1111:1:2::1'
HERE = lab.HERE


def add_printer():
    """Adds a host to the home network, which stays until the end of the lab."""
    if os.path.exists('/run/netns/printer'):
        return
    lab.run('ip', 'netns', 'add', 'printer')
    lab.run('ip', 'link', 'add', 'link', 'eth0', 'name', 'eth1', 'netns', 'printer', 'type',
            'macvlan', 'mode', 'bridge')
    for command in ('link set lo up', f'address add {PRINTER}/24 dev eth1', 'link set eth1 up',
                    'route add default via 192.168.1.1'):
        lab.run('ip', '-n', 'printer', *command.split())


@contextlib.contextmanager
def printer(protocol, port):
    """A host with one open port, and nothing else that runs on it."""
    add_printer()
    server = subprocess.Popen(
        ['nsenter', '--net=/run/netns/printer', '--', sys.executable, str(HERE / 'traffic.py'),
         'serve', protocol, str(port)], stdout=subprocess.PIPE, text=True)
    try:
        lab.equal(server.stdout.readline().strip(), 'ready', 'the server of the printer')
        yield
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


@contextlib.contextmanager
def other_internet_host(family):
    """A second address of the internet, which connections can come from."""
    address = f'{OTHER_INTERNET}/24' if family == 4 else f'{OTHER_INTERNET6}/64'
    lab.run('lab-host', 'internet', 'ip', 'address', 'add', address, 'dev', 'eth0')
    try:
        yield
    finally:
        lab.run('lab-host', 'internet', 'ip', 'address', 'del', address, 'dev', 'eth0')


def reached_from(source, protocol, address, port, timeout=3.0):
    return lab.reached(protocol, address, port, timeout, source=source)


class RemoteHosts:
    """The cases; plumctl returns the path of plumctl, plumctl_map starts `plumctl map`."""

    def __init__(self, plumctl, plumctl_map, echo_server, say):
        self.plumctl = plumctl
        self.plumctl_map = plumctl_map
        self.echo_server = echo_server
        self.say = say

    def never_wider(self, backend, reason, *arguments):
        """miniupnpd 2.3.1 does not report a restriction, or ignores it: nothing stays mapped."""
        with self.echo_server('tcp', 9070), other_internet_host(4), \
                self.plumctl_map('--backend', backend, '--from', '1.2.3.1', *arguments,
                                 'tcp:9070') as plumctl:
            event = plumctl.wait_for('failure', 'tcp')
            assert reason in event['error']['message'], event['error']['message']
            lab.equal(plumctl.wait(), 1, 'exit status')
            lab.equal(lab.rules(9070), [], 'rules on the router')
            for source in ('1.2.3.1', OTHER_INTERNET):
                assert not reached_from(source, 'tcp', lab.WAN, 9070, lab.UNREACHED_AFTER), source

    def restricted(self, backend, source, *others):
        """The lab's own server restricts a mapping, to one host or to a network."""
        with self.echo_server('tcp', 9072), other_internet_host(4), \
                self.plumctl_map('--backend', backend, '--from', source, 'tcp:9072') as plumctl:
            event = plumctl.wait_for('success', 'tcp')
            lab.equal((event['backend'], event['remote_address']), (backend, source), 'the mapping')
            assert reached_from(INTERNET, 'tcp', lab.WAN, 9072), 'the first host cannot connect'
            for other in others:
                assert not reached_from(other, 'tcp', lab.WAN, 9072, lab.UNREACHED_AFTER), \
                    f'{other} can connect'
            lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
            lab.equal(lab.rules(9072), [], 'rules left on the router')
            lab.equal(lab.violations(), [], 'violations of the protocols')

    def pinhole(self):
        """The first host of the internet can connect to the pinhole, the second cannot."""
        address = lab.CLIENT6
        with self.echo_server('tcp', 9071, '::'), other_internet_host(6), \
                self.plumctl_map('--backend', 'upnp', '--from', INTERNET6, 'tcp:9071') as plumctl:
            event = plumctl.wait_for('success', 'tcp')
            lab.equal(event['remote_address'], INTERNET6, 'remote_address')
            assert reached_from(INTERNET6, 'tcp', address, 9071), 'the first host cannot connect'
            assert not reached_from(OTHER_INTERNET6, 'tcp', address, 9071, lab.UNREACHED_AFTER), \
                'the second host can connect'
            lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
            assert not reached_from(INTERNET6, 'tcp', address, 9071, lab.UNREACHED_AFTER), \
                'the pinhole remains'

    def run(self, env, *arguments):
        done = subprocess.run([self.plumctl(), *arguments], check=False, text=True, env=env,
                              timeout=30, stdin=subprocess.DEVNULL, capture_output=True)
        self.say(f'{" ".join(arguments)}: {done.returncode}: {(done.stdout + done.stderr).strip()}')
        return done

    def reached(self, backend):
        """The printer is reached from the internet, is marked in the list, and is unmapped."""
        with printer('tcp', 9100), tempfile.TemporaryDirectory() as state:
            env = {**os.environ, 'XDG_STATE_HOME': state}
            with self.plumctl_map('--backend', backend, '--for', PRINTER, 'tcp:9100',
                                  env=env) as plumctl:
                event = plumctl.wait_for('success', 'tcp')
                lab.equal(event['internal_address'], PRINTER, 'internal_address')
                lab.equal(event['backend'], backend, 'backend')
                assert lab.reached('tcp', lab.WAN, 9100), 'the printer is not reached'
                listed = self.run(env, 'list', '--json', '--backend', 'upnp')
                lab.equal(listed.returncode, 0, 'exit status of list')
                (entry,) = [json.loads(line) for line in listed.stdout.splitlines()]
                lab.equal((entry['internal_address'], entry['ours'], entry['made_here']),
                          (PRINTER, False, True), 'the entry')
                # Without a record, such as for another user, it is not removed.
                with tempfile.TemporaryDirectory() as other:
                    done = self.run({**env, 'XDG_STATE_HOME': other}, 'unmap', '--backend', backend,
                                    '--for', PRINTER, 'tcp:9100')
                    lab.equal(done.returncode, 4, 'exit status without a record')
                assert lab.rules(9100), 'the mapping was removed'
                plumctl.process.kill()
                plumctl.wait()
            assert lab.rules(9100), 'the killed program removed the mapping'
            done = self.run(env, 'unmap', '--backend', backend, '--for', PRINTER, 'tcp:9100')
            lab.equal(done.returncode, 0, 'exit status')
            lab.equal(lab.rules(9100), [], 'rules left on the router')

    def refused(self, backend, reason):
        """A router in secure mode: the reason is reported."""
        with printer('tcp', 9101), \
                self.plumctl_map('--backend', backend, '--for', PRINTER, 'tcp:9101') as plumctl:
            event = plumctl.wait_for('failure', 'tcp')
            assert reason in event['error']['message'], event['error']['message']
            lab.equal(plumctl.wait(), 1, 'exit status')
            lab.equal(lab.rules(9101), [], 'rules on the router')

    def cases(self):
        return [
            ('pcp-filter-is-ignored', self.never_wider, 'pcp', 'it ignores an invalid filter'),
            ('upnp-remote-host-is-not-reported', self.never_wider, 'upnp', 'is open to all hosts'),
            ('natpmp-cannot', self.never_wider, 'natpmp', 'PCP can, and UPnP for one host'),
            ('upnp-secure-mode', self.refused, 'upnp', '“secure mode”'),
            ('pcp-secure-mode', self.refused, 'pcp', 'does not let this host map ports of other'),
        ]

    def open_cases(self):
        return [
            ('printer-by-upnp', self.reached, 'upnp'),
            ('printer-by-pcp', self.reached, 'pcp'),
        ]

    def mapper_cases(self):
        return [
            ('one-host-by-pcp', self.restricted, 'pcp', INTERNET, OTHER_INTERNET),
            ('one-host-by-upnp', self.restricted, 'upnp', INTERNET, OTHER_INTERNET),
            ('one-network-by-pcp', self.restricted, 'pcp', '1.2.3.0/29', OTHER_INTERNET),
        ]

    def ipv6_cases(self):
        return [('pinhole-for-one-host', self.pinhole)]
