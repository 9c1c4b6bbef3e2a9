#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The real router of the lab, controlled as the fake router of tests/service/service-router.c is.

Reads commands from standard input, and answers each with the number of mappings. At the end of its
input, it makes the router what it was.
"""

import sys
import time

import lab

ADDRESS = '192.168.1.1'
PRIVATE = '10.0.0.5'  # miniupnpd refuses all requests while its external address is private

# With a low epoch a restart cannot be detected (RFC 6887 8.5).
RESTART_DETECTABLE_AFTER = 4.0


class Router:
    def __init__(self):
        self.changed = self.filtered = False

    def restart(self):
        lab.run('lab-router', 'restart')

    def reboot(self):
        time.sleep(RESTART_DETECTABLE_AFTER)
        self.restart()

    def set_external(self, address):
        self.changed = True
        lab.run('lab-router', 'wan-address', address)

    def refuse(self):
        self.set_external(PRIVATE)
        self.restart()

    def silence(self):
        for port in '5351', '1900':
            lab.run('lab-router', 'drop', 'udp', port)

    def drop_pcp(self):
        """Drops the requests of version 2, which are those of PCP."""
        self.filtered = True
        lab.run('lab-host', 'router', 'nft', 'insert', 'rule', 'inet', 'filter', 'input',
                'iifname', 'lan0', 'udp', 'dport', '5351', '@th,64,8', '2', 'drop')

    def execute(self, command, *arguments):
        {'table': lambda: None,
         'reboot': self.reboot,
         'quiet-reboot': self.reboot,
         'external': self.set_external,
         'refuse': self.refuse,
         'silent': self.silence,
         'no-pcp': self.drop_pcp,
         'no-natpmp': lambda: lab.run('lab-router', 'drop')}[command](*arguments)

    def count_mappings(self):
        return lab.run('lab-router', 'nft-table').count(' dnat ')

    def restore(self):
        lab.run('lab-router', 'undrop')
        if self.filtered:
            rules = lab.run('lab-host', 'router', 'nft', '--handle', 'list', 'chain', 'inet',
                            'filter', 'input').splitlines()
            for handle in [rule.split()[-1] for rule in rules if '@th,64,8' in rule]:
                lab.run('lab-host', 'router', 'nft', 'delete', 'rule', 'inet', 'filter', 'input',
                        'handle', handle)
        if self.changed:
            lab.run('lab-router', 'wan-address', lab.WAN)
            self.restart()


def main():
    router = Router()
    print(f'ready {ADDRESS}', flush=True)
    try:
        for line in sys.stdin:
            router.execute(*line.split())
            print(router.count_mappings(), flush=True)
    finally:
        router.restore()


if __name__ == '__main__':
    main()
