# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two gateways: the first network, which has the default route, and a second one."""

import json
import os
import subprocess
import time

import lab
import traffic

SECOND_WAN = '1.2.4.4'


def second_rules(port):
    return [line.strip() for line in lab.run('lab-router', '--second', 'nft-table').splitlines()
            if f'dport {port} ' in line]


class TwoGateways:
    """The cases; plumctl returns the path of plumctl, plumctl_map starts `plumctl map`."""

    def __init__(self, plumctl, plumctl_map, say):
        self.plumctl = plumctl
        self.plumctl_map = plumctl_map
        self.say = say

    def mapping_at_each(self):
        """One manager maps the same port at both gateways, and removes both mappings."""
        program = os.path.join(os.environ['PLUM_LAB_PROGRAMS'], 'lab-each-gateway')
        with traffic.echo_server('tcp', 9030), \
                subprocess.Popen([program, '9030'], text=True, stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE) as each:
            lines = sorted(each.stdout.readline().strip() for _ in range(2))
            lab.equal(lines, [f'eth0 {lab.WAN} 9030', f'eth1 {SECOND_WAN} 9030'], 'endpoints')
            for host in lab.WAN, SECOND_WAN:
                assert lab.reached('tcp', host, 9030), f'{host} is not reached'
            each.stdin.close()
            lab.equal(each.wait(10), 0, 'exit status')
        lab.equal(lab.rules(9030) + second_rules(9030), [], 'rules left on the routers')

    def mapping_follows_default_route(self):
        """The first link goes down and up. Then the second router has no mapping."""
        with traffic.echo_server('tcp', 9031), self.plumctl_map('tcp:9031') as plumctl:
            lab.equal(plumctl.wait_for('success', 'tcp')['external_host'], lab.WAN, 'first host')
            lab.run('lab-client', 'link', 'down')
            pulled = time.monotonic()
            plumctl.wait_until(lambda event: event['external_host'] == SECOND_WAN, 10)
            self.say(f'through the second router after {time.monotonic() - pulled:.2f} s')
            assert lab.reached('tcp', SECOND_WAN, 9031), 'not reached through the second router'

            lab.run('lab-client', 'link', 'up')
            plumctl.wait_until(lambda event: event['external_host'] == lab.WAN, 10)
            assert lab.reached('tcp', lab.WAN, 9031), 'not reached through the first router again'
            lab.eventually(lambda: not second_rules(9031), 'no mapping on the second router')
            lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
        lab.equal(lab.rules(9031) + second_rules(9031), [], 'rules left on the routers')

    def server_of_a_vpn(self):
        """A NAT-PMP server chosen with --gateway, and a mapping at the default gateway."""
        with traffic.echo_server('tcp', 9032), self.plumctl_map('tcp:9032') as at_home, \
                self.plumctl_map('--gateway', '192.168.2.1', '--backend', 'natpmp',
                                 '--lifetime', '60', 'tcp:9032') as in_vpn:
            lab.equal(at_home.wait_for('success', 'tcp')['external_host'], lab.WAN, 'at home')
            event = in_vpn.wait_for('success', 'tcp')
            lab.equal((event['external_host'], event['backend']), (SECOND_WAN, 'natpmp'), 'in VPN')
            for host in lab.WAN, SECOND_WAN:
                assert lab.reached('tcp', host, 9032), f'{host} is not reached'
            lab.equal(in_vpn.interrupt()[0], 0, 'exit status after SIGINT')
            assert lab.rules(9032), 'the rule at home is gone'
            lab.equal(second_rules(9032), [], 'rules left on the second router')
            lab.equal(at_home.interrupt()[0], 0, 'exit status after SIGINT')

    def interface_option(self):
        with traffic.echo_server('tcp', 9033), \
                self.plumctl_map('--interface', 'eth1', 'tcp:9033') as plumctl:
            lab.equal(plumctl.wait_for('success', 'tcp')['external_host'], SECOND_WAN, 'host')
            assert lab.reached('tcp', SECOND_WAN, 9033), 'not reached'
            lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')

    def status(self):
        """status lists both gateways, that of the default route first, and marks the other one."""
        done = subprocess.run([self.plumctl(), 'status', '--json'], check=True, text=True,
                              timeout=30, stdout=subprocess.PIPE)
        gateways = [json.loads(line) for line in done.stdout.splitlines()]
        lab.equal([(gateway['interface'], gateway['address'], gateway['default'])
                   for gateway in gateways],
                  [('eth0', '192.168.1.1', True), ('eth1', '192.168.2.1', False)], 'gateways')
        lab.equal([(gateway['external_address'], gateway['connection_status'])
                   for gateway in gateways],
                  [(lab.WAN, 'connected'), (SECOND_WAN, 'connected')], 'what the routers report')
        text = subprocess.run([self.plumctl(), 'status'], check=True, text=True, timeout=30,
                              stdout=subprocess.PIPE).stdout
        lines = text.splitlines()
        lab.equal(lines[0], 'gateway   192.168.1.1 on eth0', 'first line')
        assert 'gateway   192.168.2.1 on eth1, not used by default' in lines, text

    def doctor(self):
        """The verdict depends on the gateway of the default route, and names a better one."""
        lab.run('lab-router', '--second', 'stop')
        done = subprocess.run([self.plumctl(), 'doctor', '--json'], check=False, text=True,
                              timeout=30, stdout=subprocess.PIPE)
        report = json.loads(done.stdout)
        lab.equal((report['verdict'], done.returncode), ('works', 0), 'verdict')
        lab.equal([gateway['interface'] for gateway in report['gateways']], ['eth0', 'eth1'],
                  'gateways')
        lab.run('lab-router', '--second', 'start')

        lab.run('lab-router', 'stop')
        done = subprocess.run([self.plumctl(), 'doctor', '--json'], check=False, text=True,
                              timeout=30, stdout=subprocess.PIPE)
        report = json.loads(done.stdout)
        lab.equal((report['verdict'], done.returncode), ('other-gateway', 17), 'verdict')
        lab.run('lab-router', 'start')

    def cases(self):
        return [
            ('mapping-at-each', self.mapping_at_each),
            ('mapping-follows-default-route', self.mapping_follows_default_route),
            ('server-of-a-vpn', self.server_of_a_vpn),
            ('interface-option', self.interface_option),
            ('status', self.status),
            ('doctor', self.doctor),
        ]
