# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a real router reports besides mappings: its address and the time that is left."""

import json
import time

import lab

HEARD_WITHIN = 70  # seconds: one poll, and the exchange
COUNTED = 3  # seconds between two readings of the table


def cases(commands, plumctl_map, say):
    def entries():
        return [json.loads(line) for line in commands.succeed('list', '--json').splitlines()]

    def external_by_pcp():
        """PCP reports the address only with a mapping, which is removed at once."""
        before = lab.run('lab-router', 'nft-table')
        started = time.monotonic()
        lab.equal(commands.succeed('external', '--backend', 'pcp'), lab.WAN + '\n', 'external')
        say(f'known after {time.monotonic() - started:.2f} s')
        lab.equal(lab.run('lab-router', 'nft-table'), before, 'the table of the router')

    def external_beside_mappings():
        """The mappings of other programs of this host stay."""
        with plumctl_map('--backend', 'pcp', 'udp:9042', 'udp:9043') as plumctl:
            lab.eventually(lambda: lab.rules(9042) and lab.rules(9043), 'both are mapped')
            before = lab.run('lab-router', 'nft-table')
            lab.equal(commands.succeed('external', '--backend', 'pcp'), lab.WAN + '\n', 'external')
            lab.equal(lab.run('lab-router', 'nft-table'), before, 'the table of the router')
            lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')

    def list_counts_down():
        commands.succeed('map', '--once', '--backend', 'upnp', 'tcp:9040')
        first = entries()[0]['lifetime']
        time.sleep(COUNTED)
        second = entries()[0]['lifetime']
        say(f'{first} s, then {second} s')
        assert 1 <= first - second <= 2 * COUNTED, f'{first} s, then {second} s'
        commands.succeed('unmap', '--backend', 'upnp', 'tcp:9040')

    def another_address_by_upnp():
        """The daemon does not announce a new address by SSDP: the poll finds it."""
        try:
            with plumctl_map('--backend', 'upnp', '--keep-trying', 'tcp:9041') as plumctl:
                plumctl.wait_for('success', 'tcp')
                since = time.monotonic()
                lab.run('lab-router', 'wan-address', '1.2.3.9')
                plumctl.wait_until(lambda event: event['external_host'] == '1.2.3.9', HEARD_WITHIN)
                say(f'heard after {time.monotonic() - since:.1f} s')
                lab.equal([event['external_host'] for event in plumctl.seen
                           if event['state'] == 'success'], [lab.WAN, '1.2.3.9'], 'addresses')
                lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
        finally:
            lab.run('lab-router', 'wan-address', lab.WAN)

    functions = [external_by_pcp, external_beside_mappings, list_counts_down,
                 another_address_by_upnp]
    return [(function.__name__.replace('_', '-'), function) for function in functions]
