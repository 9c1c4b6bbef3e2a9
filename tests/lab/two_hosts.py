# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two hosts of the home network that run plumctl, and want the same external port."""

import contextlib
import os
import subprocess
import tempfile

import lab

ADDRESS = '192.168.1.12'
ROUTER = '192.168.1.1'
HOST = 'client2'

NOTHING_THERE, OTHER_HOST = 4, 6


@contextlib.contextmanager
def second_host():
    """Adds a host to the home network. Yields the command prefix that runs a program on it, and its
    environment.
    """
    lab.run('ip', 'netns', 'add', HOST)
    try:
        lab.run('ip', 'link', 'add', 'link', 'eth0', 'name', 'eth1', 'netns', HOST, 'type',
                'macvlan', 'mode', 'bridge')
        for command in ('link set lo up', f'address add {ADDRESS}/24 dev eth1', 'link set eth1 up',
                        f'route add default via {ROUTER}'):
            lab.run('ip', '-n', HOST, *command.split())
        with tempfile.TemporaryDirectory() as state:
            yield (['nsenter', f'--net=/run/netns/{HOST}', '--'],
                   {**os.environ, 'XDG_STATE_HOME': state})
    finally:
        lab.run('ip', 'netns', 'del', HOST)


def owner(port):
    """The address that the external port is forwarded to. Other rules contain internal ports."""
    owners = [rule.split('dnat ip to ')[1].split(':')[0] for rule in lab.rules(port)
              if 'dnat ip to ' in rule]
    return owners[0] if owners else None


class TwoHosts:
    """The cases; plumctl returns the path of plumctl, plumctl_map starts `plumctl map`."""

    def __init__(self, plumctl, plumctl_map, say):
        self.plumctl = plumctl
        self.plumctl_map = plumctl_map
        self.say = say

    def same_port(self, first_ends_first):
        """The second host gets another port. Each Ctrl-C removes only the own mapping."""
        with second_host() as (prefix, env), self.plumctl_map('tcp:9060') as first:
            lab.equal(first.wait_for('success', 'tcp')['external_port'], 9060, 'the first port')
            with self.plumctl_map('tcp:9060', prefix=prefix, env=env) as second:
                other = second.wait_for('success', 'tcp')['external_port']
                assert other != 9060, 'the port of the first host'
                lab.equal((owner(9060), owner(other)), (lab.CLIENT, ADDRESS), 'owners')

                programs = [first, second] if first_ends_first else [second, first]
                lab.equal(programs[0].interrupt()[0], 0, 'exit status after SIGINT')
                lab.equal((owner(9060), owner(other)),
                          (None, ADDRESS) if first_ends_first else (lab.CLIENT, None),
                          'owners after one host has ended')
                lab.equal(programs[1].interrupt()[0], 0, 'exit status after SIGINT')
                lab.equal(lab.rules(9060) + lab.rules(other), [], 'rules left on the router')

    def exact_port(self):
        """The second host requires the port: it fails, and leaves it."""
        with second_host() as (prefix, env), self.plumctl_map('tcp:9061') as first:
            first.wait_for('success', 'tcp')
            with self.plumctl_map('--exact', 'tcp:9061', prefix=prefix, env=env) as second:
                event = second.wait_for('failure', 'tcp')
                lab.equal(event['error']['code'], 'conflict', 'error code')
                lab.equal(second.wait(), 1, 'exit status')
            lab.equal(owner(9061), lab.CLIENT, 'owner')
            lab.equal(first.interrupt()[0], 0, 'exit status after SIGINT')

    def run(self, prefix, env, *arguments):
        done = subprocess.run([*prefix, self.plumctl(), *arguments], check=False, text=True,
                              env=env, timeout=30, stdin=subprocess.DEVNULL,
                              capture_output=True)
        self.say(f'{" ".join(arguments)}: {done.returncode}: {(done.stdout + done.stderr).strip()}')
        return done

    def unmap_of_another_host(self):
        """Deletes nothing, and adds nothing."""
        with second_host() as (prefix, env), self.plumctl_map('tcp:9062') as first:
            first.wait_for('success', 'tcp')
            before = lab.run('lab-router', 'nft-table')
            done = self.run(prefix, env, 'unmap', 'tcp:9062')
            lab.equal(done.returncode, OTHER_HOST, 'exit status')
            assert lab.CLIENT in done.stdout + done.stderr, 'the owner is not named'
            done = self.run(prefix, env, 'unmap', 'tcp:9063')
            lab.equal(done.returncode, NOTHING_THERE, 'exit status for an unused port')
            self.run(prefix, env, 'unmap', '--all-mine')
            lab.equal(lab.run('lab-router', 'nft-table'), before, 'the table of the router')
            lab.equal(first.interrupt()[0], 0, 'exit status after SIGINT')
            lab.equal(lab.rules(9062), [], 'rules left on the router')

    def cases(self):
        return [
            ('first-host-ends-first', self.same_port, True),
            ('second-host-ends-first', self.same_port, False),
            ('exact-port', self.exact_port),
            ('unmap-of-another-host', self.unmap_of_another_host),
        ]
