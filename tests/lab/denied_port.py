# SPDX-License-Identifier: LGPL-2.1-or-later
"""A port that the router denies: how much plumctl asks of it."""

import json
import time

import lab

TABLE = 'plum_lab_count'
MOST_DATAGRAMS = 8  # to the PCP and NAT-PMP port, discovery included
MOST_CONNECTIONS = 11  # for UPnP, discovery included; each carries one request
SECONDS = 5.0


def start_counting():
    lab.run('nft', f'add table inet {TABLE}; '
            f'add chain inet {TABLE} out {{ type filter hook output priority 0; }}; '
            f'add rule inet {TABLE} out ip daddr 192.168.1.1 udp dport 5351 counter; '
            f'add rule inet {TABLE} out ip daddr 192.168.1.1 tcp flags syn / syn,ack counter')


def stop_counting():
    """Returns the numbers of datagrams and of connections."""
    rules = json.loads(lab.run('nft', '--json', 'list', 'chain', 'inet', TABLE, 'out'))['nftables']
    lab.run('nft', 'delete', 'table', 'inet', TABLE)
    return [expression['counter']['packets'] for entry in rules if 'rule' in entry
            for expression in entry['rule']['expr'] if 'counter' in expression]


def denied(plumctl_map, say, *options):
    before = lab.run('lab-router', 'nft-table')
    start_counting()
    try:
        with plumctl_map(*options, 'tcp:80') as plumctl:
            event = plumctl.wait_for('failure', 'tcp', 60)
            seconds = time.monotonic() - plumctl.started
            lab.equal(plumctl.wait(60), 1, 'exit status')
    finally:
        datagrams, connections = stop_counting()
    say(f'failed after {seconds:.1f} s: {datagrams} datagrams, {connections} connections')
    lab.equal(event['error']['code'], 'refused', 'error code')
    assert datagrams <= MOST_DATAGRAMS, f'{datagrams} datagrams'
    assert connections <= MOST_CONNECTIONS, f'{connections} connections'
    assert seconds < SECONDS, f'{seconds:.1f} s'
    lab.equal(lab.run('lab-router', 'nft-table'), before, 'the table of the router')


def cases(plumctl_map, say):
    return [
        ('denied-port', denied, plumctl_map, say),
        *((f'denied-port-{backend}', denied, plumctl_map, say, '--backend', backend)
          for backend in ('pcp', 'natpmp', 'upnp')),
    ]
