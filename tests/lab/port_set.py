# SPDX-License-Identifier: LGPL-2.1-or-later
"""A range of ports with a PCP server that does not know sets of ports (RFC 7753), and its nonces."""

import os
import struct
import time

import denied_port
import lab
from itself_mapper import MALFORMED_OPTION, SUCCESS, TCP, exchange, mapped, pcp_map

FIRST, N = 9200, 11
LEAST_DATAGRAMS = 1 + 1 + N  # the discovery, the refused set, and each port
MOST_DATAGRAMS = 3 * LEAST_DATAGRAMS  # a slow router gets each of them three times


def port_set_is_malformed(say):
    """The server refuses each option whose length is not a multiple of 4 (quirk 99)."""
    option = struct.pack('!BxHHHB3x', 130, 5, N, FIRST, 0)
    request = struct.pack('!BBHI16s12sB3xHH16s', 2, 1, 0, 120, mapped(lab.CLIENT), os.urandom(12),
                          TCP, FIRST, FIRST, mapped('0.0.0.0')) + option
    answer = exchange(request)
    assert answer is not None, 'no answer'
    say(f'PORT_SET: result {answer[3]}, {len(answer)} bytes')
    lab.equal(answer[3], MALFORMED_OPTION, 'result')
    lab.equal([lab.rules(FIRST + i) for i in range(N)], [[]] * N, 'rules')


def nonce_is_not_checked(say):
    """Another program takes over the mapping by a renewal, and can remove it then (quirk 98)."""
    first, second = os.urandom(12), os.urandom(12)
    lab.equal(pcp_map(FIRST, first, suggested=FIRST)[0], SUCCESS, 'the mapping')
    results = [pcp_map(FIRST, second, lifetime=0)[0],
               pcp_map(FIRST, second, suggested=FIRST)[0],
               pcp_map(FIRST, first, lifetime=0)[0],
               pcp_map(FIRST, second, lifetime=0)[0]]
    say(f'the results of another nonce: {results}')
    lab.equal(lab.rules(FIRST), [], 'rules')
    lab.equal(results[1], SUCCESS, 'the renewal with another nonce')


def cases(plumctl_map, say):
    def range_of_ports():
        denied_port.start_counting()
        with plumctl_map('--backend', 'pcp', f'tcp:{FIRST}-{FIRST + N - 1}') as plumctl:
            try:
                lab.eventually(lambda: all(lab.rules(FIRST + i) for i in range(N)),
                               'all are mapped')
                seconds = time.monotonic() - plumctl.started
            finally:
                datagrams, _ = denied_port.stop_counting()
            lab.equal(plumctl.interrupt()[0], 0, 'exit status after SIGINT')
        say(f'{N} ports after {seconds:.2f} s; {datagrams} datagrams')
        lab.equal([lab.rules(FIRST + i) for i in range(N)], [[]] * N, 'rules left')
        assert LEAST_DATAGRAMS <= datagrams <= MOST_DATAGRAMS, f'{datagrams} datagrams'

    return [
        ('port-set-is-malformed', port_set_is_malformed, say),
        ('nonce-is-not-checked', nonce_is_not_checked, say),
        ('range-of-ports', range_of_ports),
    ]
